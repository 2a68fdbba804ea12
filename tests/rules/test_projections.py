"""What the tables say of work, runs, days and plans: given, when, then."""

from datetime import time
from typing import Any

import pytest

from events.budget import (
    FundsReserved,
    FundsReturned,
)
from events.cleanup import SweepEnded
from events.configuration import ConfigurationLoaded, Phase
from events.plan import CandidatePassedOver, PlanDrawn, Score
from events.runs import (
    RunAdopted,
    RunClosed,
    RunEnded,
    RunResult,
)
from events.time import (
    PhaseEnded,
    PhaseMissed,
)
from events.work import (
    StepReached,
    WorkDeferred,
    WorkDropped,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReturned,
)
from tests.rules.projection_story import (
    DAY,
    ENDED,
    EVENING,
    LIFE,
    MORNING,
    NOON,
    PLANNED,
    RELEASED,
    RESERVED,
    STARTING,
    STEPS,
    TODAY,
    TOMORROW,
    Caused,
    configured,
    given,
    moment,
)


def work_after(*facts: Caused) -> dict[str, Any]:
    (work,) = given(DAY, PLANNED, *facts)("works", "state", "reason", "waiting_since", "until")
    return work


def test_planned_work_waits() -> None:
    assert work_after() == {
        "state": "planned",
        "reason": "",
        "waiting_since": moment(2),
        "until": None,
    }


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("phase_not_open", "queued"),
        ("lane_full", "queued"),
        ("daemon_full", "queued"),
        ("not_before", "queued"),
        ("paused", "held"),
        ("no_funds", "held"),
        ("retry_backoff", "held"),
    ],
)
def test_what_waits_its_turn_is_queued_and_what_is_hindered_is_held(
    reason: Any, state: str
) -> None:
    assert work_after(WorkHeld("w1", reason, EVENING)) == {
        "state": state,
        "reason": reason,
        "waiting_since": moment(3),
        "until": "2026-11-20T18:00:00.000000Z",
    }


def test_released_work_waits_no_longer() -> None:
    work = work_after(WorkHeld("w1", "lane_full"), RELEASED)
    assert work == {"state": "released", "reason": "", "waiting_since": None, "until": None}


def test_work_that_is_given_back_before_it_began_waits_again() -> None:
    facts = (DAY, PLANNED, RELEASED, RESERVED, STARTING, WorkReturned("w1", "r1", 1, 1, "paused"))
    (work,) = given(*facts)("works", "state", "reason", "waiting_since", "started_at")
    assert work == {
        "state": "queued",
        "reason": "paused",
        "waiting_since": moment(6),
        "started_at": None,
    }
    (work,) = given(*facts, WorkHeld("w1", "paused"))("works", "state", "waiting_since")
    assert work == {"state": "held", "waiting_since": moment(7)}


def test_work_that_is_given_back_at_a_later_step_has_begun() -> None:
    facts = (DAY, PLANNED, RELEASED, STARTING, WorkReturned("w1", "r2", 2, 1, "paused"))
    assert given(*facts)("works", "started_at") == [{"started_at": moment(4)}]


def test_work_ends_once() -> None:
    late = (WorkDropped("w1", "phase_over"), WorkDeferred("w1", "evening", TOMORROW, 1))
    rows = given(*LIFE, *late, WorkHeld("w1", "paused"), WorkMoved("w1", "evening"))
    assert rows("works", "state", "ended_at") == [{"state": "completed", "ended_at": moment(10)}]
    assert rows("tallies", "phase", "planned", "completed", "dropped") == [
        {"phase": "", "planned": 1, "completed": 1, "dropped": 0},
        {"phase": "morning", "planned": 1, "completed": 1, "dropped": 0},
    ]


def test_a_run_is_remembered_with_all_that_was_seen_of_it() -> None:
    (run,) = given(*LIFE)(
        "runs", "work", "name", "action", "category", "phase", "day", "executor", "state",
        "started_at", "ended_at", "exit_code", "cost_usd_micros", "cost_source", "duration_ms",
        "tail",
    )  # fmt: skip
    assert run == {
        "work": "w1",
        "name": "digest",
        "action": "gather",
        "category": "research",
        "phase": "morning",
        "day": "2026-11-20",
        "executor": "command",
        "state": "succeeded",
        "started_at": "2026-11-20T12:00:00.000000Z",
        "ended_at": "2026-11-20T12:00:09.000000Z",
        "exit_code": 0,
        "cost_usd_micros": 300,
        "cost_source": "reported",
        "duration_ms": 9_000,
        "tail": "done",
    }


def test_what_a_job_says_of_itself_is_kept_however_large_its_numbers() -> None:
    result = RunResult("two commits", ("an insight",), ("why?",), None, 2**70, ("a.md",), "{}")
    ended = RunEnded("r1", True, NOON, 0, result=result)
    (run,) = given(DAY, PLANNED, RELEASED, RESERVED, STARTING, ended)(
        "runs", "summary", "insights", "questions", "artifacts", "data", "tokens"
    )
    assert run == {
        "summary": "two commits",
        "insights": '["an insight"]',
        "questions": '["why?"]',
        "artifacts": '["a.md"]',
        "data": "{}",
        "tokens": 2**63 - 1,
    }


def test_a_process_that_reports_twice_is_heard_once() -> None:
    again = RunEnded("r1", True, EVENING, 1)
    (run,) = given(*LIFE[:7], again)("runs", "exit_code", "ended_at")
    assert run == {"exit_code": 0, "ended_at": "2026-11-20T12:00:09.000000Z"}


def test_a_run_that_nobody_saw_start_began_when_its_money_was_reserved() -> None:
    (run,) = given(DAY, PLANNED, RELEASED, RESERVED, STARTING, ENDED)("runs", "started_at")
    assert run == {"started_at": moment(4)}


def test_a_run_that_never_started_has_an_end_and_no_beginning() -> None:
    closed = RunClosed("r1", "w1", "gather", "cancelled", started=False)
    returned = FundsReturned("r1", "w1", "research", TODAY, 500)
    rows = given(DAY, PLANNED, RELEASED, RESERVED, closed, returned)
    assert rows("runs", "state", "started_at", "ended_at", "cost_usd_micros") == [
        {"state": "cancelled", "started_at": None, "ended_at": moment(5), "cost_usd_micros": 0}
    ]
    assert rows("run_tallies", "runs", "started", "cancelled") == [
        {"runs": 1, "started": 0, "cancelled": 1}
    ]


def test_an_adopted_run_runs_on() -> None:
    (run,) = given(*LIFE[:5], RunAdopted("r1", 42))("runs", "state", "adopted")
    assert run == {"state": "running", "adopted": 1}


def test_the_next_step_has_a_run_of_its_own_and_its_work_keeps_running() -> None:
    reached = StepReached("w1", "r2", "write", 2, "creative", 700)
    rows = given(*LIFE[:-1], reached, FundsReserved("r2", "w1", "creative", 700, TODAY))
    assert rows("works", "state", "run", "action", "step") == [
        {"state": "running", "run": "r2", "action": "write", "step": 2}
    ]
    assert rows("runs", "run", "action", "category", "step", "state") == [
        {"run": "r1", "action": "gather", "category": "research", "step": 1, "state": "succeeded"},
        {"run": "r2", "action": "write", "category": "creative", "step": 2, "state": "starting"},
    ]


def test_swept_runs_are_marked() -> None:
    (run,) = given(*LIFE, SweepEnded("s1", 1, 10, swept_runs=("r1", "r0")))("runs", "swept")
    assert run == {"swept": 1}


def test_runs_are_summed_for_reports_with_what_they_cost() -> None:
    (tally,) = given(*LIFE)(
        "run_tallies", "action", "runs", "succeeded", "duration_ms", "cost_usd_micros"
    )
    assert tally == {
        "action": "gather",
        "runs": 1,
        "succeeded": 1,
        "duration_ms": 9_000,
        "cost_usd_micros": 300,
    }


def test_deferred_work_counts_where_it_went() -> None:
    rows = given(DAY, PLANNED, WorkDeferred("w1", "evening", TOMORROW, 1))
    assert rows("tallies", "day", "phase", "planned", "deferred") == [
        {"day": "2026-11-20", "phase": "", "planned": 0, "deferred": 1},
        {"day": "2026-11-20", "phase": "morning", "planned": 0, "deferred": 1},
        {"day": "2026-11-21", "phase": "", "planned": 1, "deferred": 0},
        {"day": "2026-11-21", "phase": "evening", "planned": 1, "deferred": 0},
    ]
    assert rows("works", "day", "phase", "deferrals") == [
        {"day": "2026-11-21", "phase": "evening", "deferrals": 1}
    ]


def test_work_deferred_within_its_day_is_not_lost_to_the_day() -> None:
    rows = given(DAY, PLANNED, WorkDeferred("w1", "evening", TODAY, 1))
    assert rows("tallies", "phase", "planned", "deferred") == [
        {"phase": "", "planned": 1, "deferred": 0},
        {"phase": "evening", "planned": 1, "deferred": 0},
        {"phase": "morning", "planned": 0, "deferred": 1},
    ]


def test_moved_work_counts_to_its_new_phase() -> None:
    rows = given(DAY, PLANNED, WorkMoved("w1", "evening"))
    assert rows("tallies", "phase", "planned") == [
        {"phase": "", "planned": 1},
        {"phase": "evening", "planned": 1},
        {"phase": "morning", "planned": 0},
    ]


def test_work_without_a_day_counts_to_the_day_that_is_open() -> None:
    loose = WorkPlanned("w2", "gather", "request", "k", STEPS, "research", "main")
    assert given(DAY, loose)("works", "day", "phase") == [{"day": "2026-11-20", "phase": None}]
    assert given(DAY, loose)("tallies", "day", "phase", "planned") == [
        {"day": "2026-11-20", "phase": "", "planned": 1}
    ]
    assert given(loose)("tallies", "day") == []


def test_the_phases_of_a_day_stand_pending_before_they_come() -> None:
    night = Phase(name="night", start=time(1), end=time(5))
    monday = Phase(name="monday", start=time(6), end=time(7), days=("mon",))
    noon = Phase(name="noon", start=time(12), end=time(14))
    rows = given(configured(night, monday, noon, starts_at=time(4)), DAY)
    assert rows("phases", "phase", "state", "window_start", "window_end", "minute") == [
        {
            "phase": "night",
            "state": "pending",
            "window_start": "01:00",
            "window_end": "05:00",
            "minute": 21 * 60,  # It is the small hours of the calendar's next day.
        },
        {
            "phase": "noon",
            "state": "pending",
            "window_start": "12:00",
            "window_end": "14:00",
            "minute": 8 * 60,
        },
    ]


def test_a_phase_passes_from_pending_to_completed() -> None:
    phase = Phase(name="morning", start=time(0), end=time(12))
    began = given(configured(phase), DAY, MORNING)
    assert began("phases", "state", "starts_at") == [
        {"state": "in_progress", "starts_at": "2026-11-20T00:00:00.000000Z"}
    ]
    over = given(configured(phase), DAY, MORNING, PhaseEnded(TODAY, "morning", NOON))
    assert over("phases", "state", "ends_at") == [
        {"state": "completed", "ends_at": "2026-11-20T12:00:00.000000Z"}
    ]


def test_a_missed_phase_says_why_and_where_in_the_day_it_was() -> None:
    missed = PhaseMissed(TODAY, "noon", NOON, EVENING, "daemon_down")
    assert given(DAY, missed)("phases", "phase", "state", "reason", "minute") == [
        {"phase": "noon", "state": "missed", "reason": "daemon_down", "minute": 720}
    ]


def test_a_phase_that_is_configured_no_longer_is_withdrawn_and_may_come_back() -> None:
    morning = Phase(name="morning", start=time(0), end=time(12))
    evening = Phase(name="evening", start=time(18), end=time(20))
    facts = (configured(morning, evening), DAY, MORNING, configured())
    states = (
        {"phase": "evening", "state": "withdrawn"},
        {"phase": "morning", "state": "in_progress"},
    )
    assert given(*facts)("phases", "phase", "state") == list(states)
    again = given(*facts, configured(evening))("phases", "phase", "state")
    assert again[0] == {"phase": "evening", "state": "pending"}


def test_the_same_configuration_by_digest_changes_nothing() -> None:
    evening = Phase(name="evening", start=time(18), end=time(20))
    rows = given(configured(evening), ConfigurationLoaded("#"), DAY)
    assert rows("phases", "phase") == [{"phase": "evening"}]


def test_each_revision_of_a_plan_is_kept_with_what_it_passed_over() -> None:
    first = PlanDrawn(TODAY, 1, "day_opened", ("morning",), 900, 100, 2)
    passed = CandidatePassedOver(TODAY, 1, "morning", "essay", "outscored", Score(412, 400))
    rows = given(DAY, first, passed, PlanDrawn(TODAY, 2, "asked", ("evening",), 800))
    assert rows("plans", "revision", "because", "left_usd_micros", "set_aside_usd_micros") == [
        {
            "revision": 1,
            "because": "day_opened",
            "left_usd_micros": 900,
            "set_aside_usd_micros": 100,
        },
        {"revision": 2, "because": "asked", "left_usd_micros": 800, "set_aside_usd_micros": 0},
    ]
    assert rows("passed_over", "template", "reason", "score") == [
        {
            "template": "essay",
            "reason": "outscored",
            "score": '{"total_millis":412,"window_millis":400}',
        }
    ]
    assert rows("phases", "phase") == [{"phase": "evening"}, {"phase": "morning"}]
