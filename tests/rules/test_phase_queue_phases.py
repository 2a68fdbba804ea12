"""The rules of the phase queue about phases: waiting for one, and being late for it."""

from datetime import datetime, time, timedelta

import msgspec
import pytest

from events.budget import FundsRefused
from events.catalogue import AnyFact
from events.configuration import Configuration, ConfigurationLoaded, Phase
from events.daemon import DaemonStarted
from events.requests import PauseRequested
from events.runs import RunRetrying
from events.settings import AtPhaseEnd
from events.time import AlarmRang, DayStarted, PhaseEnded, PhaseMissed, PhaseStarted
from events.work import WorkDeferred, WorkDropped, WorkFinished
from tests.rules.phase_queue_story import (
    HOUR,
    HOUSE,
    NOON,
    SECOND,
    TODAY,
    TOMORROW,
    Story,
    alarm,
    cleared,
    held,
    over,
    planned,
    released,
    started,
    window,
)

EVENING = window("evening").starts_at
NIGHT = window("night").starts_at
NEXT_NIGHT = window("night", TOMORROW).starts_at
NEXT_MORNING = window("morning", TOMORROW).starts_at
NEXT_NOON = window("afternoon", TOMORROW).starts_at
HUSH = PauseRequested("all", "k")
REFUSED = FundsRefused("r4-1", "w2", "research", 40, 0, "category_spent")


def missed(phase: str, day: int) -> PhaseMissed:
    return PhaseMissed(*window(phase, TODAY + timedelta(days=day)), "daemon_down")


def day_started(days: int) -> DayStarted:
    starts_at = NOON.replace(hour=0) + timedelta(days=days)
    return DayStarted(TODAY + timedelta(days=days), starts_at, starts_at + timedelta(days=1))


def without(phase: str) -> Configuration:
    phases = tuple(some for some in HOUSE.phases if some.name != phase)
    return msgspec.structs.replace(HOUSE, phases=phases)


def test_work_waits_for_its_phase_and_goes_when_it_starts() -> None:
    story = Story()
    assert story.lives(planned("w1", phase="evening")) == [held("w1", "phase_not_open", EVENING)]
    assert story.hears(started("evening"), EVENING) == [released("w1")]


def test_the_most_urgent_goes_first_when_a_phase_starts() -> None:
    story = Story(planned("w1", phase="evening"), planned("w2", phase="evening", priority="high"))
    decisions = story.hears(started("evening"), EVENING)
    assert decisions == [released("w2", priority="high"), held("w1", "lane_full")]


def test_work_for_another_phase_keeps_waiting() -> None:
    story = Story(planned("w1", phase="night"))
    assert story.hears(started("evening"), EVENING) == []


def test_work_that_waits_for_its_phase_blocks_nothing_behind_it() -> None:
    story = Story(planned("w1", phase="night", priority="critical"))
    assert story.hears(planned("w2", priority="idle")) == [released("w2", priority="idle")]


def test_a_night_crosses_midnight_and_stays_that_of_its_day() -> None:
    story = Story(planned("w1", phase="night", day=TODAY))
    story.lives(started("night"), NIGHT)
    story.lives(WorkFinished("w1", "completed"))
    story.lives(day_started(1), NIGHT + 2 * HOUR)
    assert story.hears(planned("w2", phase="night", day=TODAY)) == [released("w2")]


def test_work_that_comes_too_late_for_its_window_waits_for_the_next_one() -> None:
    story = Story()
    decisions = story.lives(planned("w1", phase="morning", day=TODAY))
    assert decisions == [held("w1", "phase_not_open", NEXT_MORNING)]
    assert story.hears(started("morning", TOMORROW), NEXT_MORNING) == [released("w1")]


def test_a_phase_of_another_weekday_is_waited_for() -> None:
    sunday = window("rest", TODAY + timedelta(days=2)).starts_at
    decisions = Story().hears(planned("w1", phase="rest"))
    assert decisions == [held("w1", "phase_not_open", sunday)]


def test_work_for_a_phase_that_does_not_exist_is_dropped() -> None:
    decisions = Story().hears(planned("w1", phase="teatime"))
    assert decisions == [WorkDropped("w1", "no_phase_left")]


def test_work_for_a_phase_that_is_no_longer_configured_is_dropped() -> None:
    story = Story(planned("w1", phase="evening"), planned("w2", phase="night"))
    decisions = story.hears(ConfigurationLoaded("d2", without("evening")))
    assert decisions == [WorkDropped("w1", "no_phase_left")]


def test_a_phase_that_is_moved_is_told_to_those_who_wait_for_it() -> None:
    story = Story(planned("w1", phase="night"))
    late = HOUSE.phases[3]
    later = msgspec.structs.replace(late, start=late.start.replace(hour=23))
    moved = msgspec.structs.replace(HOUSE, phases=(later,))
    decisions = story.hears(ConfigurationLoaded("d2", moved))
    assert decisions == [held("w1", "phase_not_open", NIGHT + HOUR)]


@pytest.mark.parametrize(
    ("start", "end", "late", "goes"),
    [
        pytest.param(12, 20, 19, True, id="longer"),
        pytest.param(12, 15, 16, False, id="shorter"),
        pytest.param(17, 20, 16, True, id="later, so that the clock will soon end it"),
    ],
)
def test_an_open_phase_ends_as_configured_now(start: int, end: int, late: int, goes: bool) -> None:
    phase = Phase(name="afternoon", start=time(start), end=time(end))
    house = msgspec.structs.replace(HOUSE, phases=(phase, *HOUSE.phases[2:]))
    story = Story()
    story.lives(ConfigurationLoaded("d2", house), NOON + HOUR)
    decision, *_ = story.hears(planned("w1", phase="afternoon"), NOON.replace(hour=late))
    assert (decision == released("w1")) is goes


def test_time_and_phase_must_both_have_come() -> None:
    late = EVENING + HOUR
    story = Story(planned("w1", phase="evening", not_before=late))
    decisions = story.lives(started("evening"), EVENING)
    assert decisions == [held("w1", "not_before", late), alarm("w1", late)]
    assert story.hears(AlarmRang("work:w1", "phase_queue", late), late) == [released("w1")]


def test_work_whose_time_comes_after_this_window_waits_for_a_later_one() -> None:
    tomorrow = NEXT_NOON + HOUR
    story = Story()
    story.lives(planned("w1", phase="afternoon", not_before=tomorrow, at_phase_end="drop"))
    decisions = story.lives(over("afternoon"), EVENING)
    assert decisions == [held("w1", "phase_not_open", NEXT_NOON), cleared("w1")]
    decisions = story.hears(started("afternoon", TOMORROW), NEXT_NOON)
    assert decisions == [held("w1", "not_before", tomorrow), alarm("w1", tomorrow)]


@pytest.mark.parametrize(
    ("policy", "decisions"),
    [
        pytest.param(
            "next_phase",
            [WorkDeferred("w2", "evening", TODAY, 1), held("w2", "phase_not_open", EVENING)],
            id="the next phase",
        ),
        pytest.param(
            "next_day",
            [
                WorkDeferred("w2", "afternoon", TOMORROW, 1),
                held("w2", "phase_not_open", NEXT_NOON),
            ],
            id="the same phase of the next day",
        ),
        pytest.param("drop", [WorkDropped("w2", "phase_over")], id="nowhere"),
    ],
)
@pytest.mark.parametrize(
    "because",
    [
        pytest.param([planned("w1")], id="lane full"),
        pytest.param([HUSH], id="paused"),
    ],
)
def test_the_end_of_a_phase_takes_what_has_not_started(
    policy: AtPhaseEnd, decisions: list[AnyFact], because: list[AnyFact]
) -> None:
    story = Story(*because)
    story.lives(planned("w2", phase="afternoon", day=TODAY, at_phase_end=policy))
    assert story.hears(over("afternoon"), EVENING + SECOND) == decisions


def test_work_deferred_into_an_open_phase_keeps_its_place_in_line() -> None:
    story = Story(planned("w1"), planned("w2", phase="afternoon"), planned("w3"))
    story.lives(started("evening"), EVENING)
    assert story.lives(over("afternoon")) == [WorkDeferred("w2", "evening", TODAY, 1)]
    assert story.hears(WorkFinished("w1", "completed")) == [released("w2")]


def test_a_phase_that_should_have_ended_is_not_gone_into() -> None:
    story = Story(planned("w1"), planned("w2", phase="afternoon"))
    story.lives(started("evening"), EVENING - SECOND)
    decisions = story.lives(WorkFinished("w1", "completed"), EVENING + SECOND)
    assert decisions == [WorkDeferred("w2", "evening", TODAY, 1), released("w2", "r6-1")]
    assert story.hears(over("afternoon")) == []


def test_only_as_many_deferrals_as_allowed() -> None:
    story = Story(HUSH, planned("w1", phase="afternoon", defer_limit=2))
    first = story.lives(over("afternoon"), EVENING)
    story.lives(started("evening"))
    second = story.lives(over("evening"), NIGHT)
    story.lives(started("night"))
    third = story.lives(over("night"), NEXT_MORNING)
    assert first[0] == WorkDeferred("w1", "evening", TODAY, 1)
    assert second[0] == WorkDeferred("w1", "night", TODAY, 2)
    assert third == [WorkDropped("w1", "defer_limit")]


def test_deferred_work_is_not_deferred_by_the_same_end_twice() -> None:
    story = Story(HUSH, planned("w1", phase="afternoon", at_phase_end="next_day"))
    story.lives(over("afternoon"), EVENING)
    assert story.hears(over("afternoon")) == []


def test_where_no_other_phase_follows_work_is_dropped() -> None:
    story = Story(HUSH, planned("w1", phase="afternoon"))
    bare = msgspec.structs.replace(HOUSE, phases=())
    story.queue.house = bare
    assert story.hears(over("afternoon"), EVENING) == [WorkDropped("w1", "no_phase_left")]


@pytest.mark.parametrize(
    "life",
    [
        pytest.param([planned("w1", phase="afternoon")], id="runs"),
        pytest.param(
            [planned("w1", phase="afternoon"), RunRetrying("w1", 1, "read", 2, NIGHT)],
            id="waits for its second attempt",
        ),
        pytest.param([planned("w0"), planned("w1")], id="has no phase"),
        pytest.param([planned("w1", phase="night")], id="waits for another phase"),
        pytest.param(
            [HUSH, planned("w1", phase="afternoon", day=TOMORROW)],
            id="waits for another day",
        ),
    ],
)
def test_the_end_of_a_phase_does_not_concern_work_that(life: list[AnyFact]) -> None:
    assert Story(*life).hears(over("afternoon"), EVENING) == []


def test_work_that_is_refused_money_when_its_phase_is_over_is_deferred() -> None:
    story = Story(PauseRequested("lane", "k", "yard"), planned("w2", phase="afternoon"))
    story.lives(over("afternoon"), EVENING)
    decisions = story.hears(REFUSED, EVENING - SECOND)  # its cause is older than the end
    assert decisions == [
        WorkDeferred("w2", "evening", TODAY, 1),
        held("w2", "phase_not_open", EVENING),
    ]


def test_deferred_work_that_was_refused_money_asks_for_it_again_in_its_next_phase() -> None:
    story = Story(PauseRequested("lane", "k", "yard"), planned("w2", phase="afternoon"), REFUSED)
    story.lives(over("afternoon"), EVENING)
    assert story.hears(started("evening")) == [released("w2")]


def test_a_phase_that_was_missed_is_a_phase_that_ended() -> None:
    story = Story(planned("w1", phase="evening", at_phase_end="drop"), planned("w2", phase="night"))
    decisions = story.lives(missed("evening", 0), NEXT_MORNING + HOUR)
    assert decisions == [WorkDropped("w1", "phase_over")]
    assert story.hears(missed("night", 0)) == [
        WorkDeferred("w2", "morning", TOMORROW, 1),
        held("w2", "phase_not_open", NEXT_MORNING),
    ]


def test_windows_missed_before_the_work_was_planned_do_not_concern_it() -> None:
    story = Story(planned("w1", phase="night", at_phase_end="drop"))
    assert story.hears(missed("night", -3)) == []


def test_a_long_absence_counts_as_one_deferral() -> None:
    story = Story(planned("w1", phase="evening"))
    back = NOON + timedelta(days=5)
    deferred = [
        decision
        for days in range(5)
        for phase in ("evening", "night")
        for decision in story.lives(missed(phase, days), back)
        if isinstance(decision, WorkDeferred)
    ]
    assert deferred == [WorkDeferred("w1", "afternoon", TODAY + timedelta(days=5), 1)]


def test_windows_that_nobody_reports_are_found_over_when_a_day_starts() -> None:
    story = Story(
        planned("w1", phase="evening", at_phase_end="drop"),
        planned("w2", phase="evening", at_phase_end="next_day"),
        planned("w3", phase="evening"),
        planned("w4", phase="night"),
    )
    back: datetime = NEXT_MORNING - HOUR
    later = window("evening", TOMORROW).starts_at
    assert story.lives(DaemonStarted("1", 1, "b"), back) == []
    assert story.hears(day_started(1), back) == [
        WorkDropped("w1", "phase_over"),
        WorkDeferred("w2", "evening", TOMORROW, 1),
        held("w2", "phase_not_open", later),
        WorkDeferred("w3", "night", TODAY, 1),
        held("w3", "phase_not_open", NIGHT),
    ]
    assert story.lives(started("night"), back)[0].kind == "work-released"


def test_a_day_that_starts_leaves_those_alone_whose_window_is_to_come() -> None:
    story = Story(planned("w1", phase="night"), planned("w2", phase="morning", day=TOMORROW))
    assert story.hears(day_started(1), NIGHT + 2 * HOUR) == []


def test_a_very_long_absence_leads_into_the_windows_of_today() -> None:
    back = NOON + timedelta(days=30)
    story = Story(planned("w1", phase="evening"), planned("w2", phase="night", at_phase_end="drop"))
    assert story.hears(day_started(30), back) == [
        WorkDeferred("w1", "afternoon", back.date(), 1),
        held("w1", "phase_not_open", back),
        WorkDropped("w2", "phase_over"),
    ]


def test_an_end_reported_by_a_clock_that_ran_ahead_is_forgotten() -> None:
    story = Story(over("night", TODAY + timedelta(days=90)))
    story.lives(started("night"), NIGHT)
    decisions = story.hears(planned("w1", phase="night", day=TOMORROW))
    assert decisions == [held("w1", "phase_not_open", NEXT_NIGHT)]


def test_a_day_may_have_two_windows_of_one_name() -> None:
    early = Phase(name="walk", start=time(13), end=time(14))
    late = Phase(name="walk", start=time(16), end=time(17))
    walks = msgspec.structs.replace(HOUSE, phases=(early, late))
    ends_at, again = NOON + 2 * HOUR, NOON + 4 * HOUR
    story = Story(HUSH, house=walks)
    story.lives(planned("w1", phase="walk", day=TODAY))
    assert story.lives(PhaseEnded(TODAY, "walk", ends_at), ends_at) == [
        WorkDeferred("w1", "walk", TODAY, 1),
        held("w1", "phase_not_open", again),
    ]
    opened = PhaseStarted(TODAY, "walk", again, again + HOUR)
    assert story.hears(opened, again) == [held("w1", "paused")]


def test_a_window_reported_twice_is_open_once() -> None:
    story = Story(started("afternoon"), started("afternoon"))
    story.lives(over("afternoon"), EVENING - SECOND)
    assert story.queue.open == {}
