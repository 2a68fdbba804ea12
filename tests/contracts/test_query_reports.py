"""What days, reports and briefs say of the same life."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from events.catalogue import AnyFact
from events.runs import RunResult
from events.time import DayStarted, PhaseEnded, PhaseMissed
from events.work import (
    WorkFinished,
    WorkPlanned,
    WorkState,
)
from projections.queries.brief import brief
from projections.queries.days import days, rolling_summary
from projections.queries.intents import intents, verdicts
from projections.queries.report import By, report
from projections.queries.requests import lives, pauses, request
from tests.contracts.query_story import (
    STORY,
    YESTERDAY,
    lived,
    names,
    queried,
    renamed,
    shown,
)
from tests.rules.projection_story import (
    DAY,
    EVENING,
    MIDNIGHT,
    NOON,
    STEPS,
    TODAY,
)


@pytest.fixture(scope="module")
def projections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    connection = queried(tmp_path_factory.mktemp("data"), *STORY)
    yield connection
    connection.close()


def test_a_day_in_figures(projections: Connection) -> None:
    (day,) = days(projections)
    assert shown(
        day, "planned", "completed", "failed", "unknown", "dropped", "buried",
        "completion_rate_millis", "cost_by_category", "strongest_phase", "weakest_phase",
    ) == {
        "planned": 9,
        "completed": 2,
        "failed": 1,
        "unknown": 1,
        "dropped": 1,
        "buried": 1,
        "completion_rate_millis": 333,  # 2 of the 6 that ended
        "cost_by_category": {"research": 300, "system": 100},
        "strongest_phase": "morning",
        "weakest_phase": None,
    }  # fmt: skip
    assert days(projections, until=YESTERDAY) == []


def test_a_day_in_words(projections: Connection) -> None:
    assert rolling_summary(days(projections)) == "\n".join(
        (
            "2026-11-20: 2 of 9 completed, 1 failed, 1 unknown, 1 dropped, 1 buried, 0.00 USD",
            "phases: morning in progress (1/2), evening pending (0/1)",
            "occurrences: 12 missed, 1 skipped",
            "- asks: a long story",
        )
    )


def test_only_the_last_word_of_each_kind_of_work_is_told(tmp_path: Path) -> None:
    done = RunResult("it is done")
    again = [renamed(fact, "-again") for fact in lived("a", "succeeded", "completed", result=done)]
    before = lived("a", "succeeded", "completed", result=RunResult("nothing yet"))
    other = lived("b", "succeeded", "completed", result=RunResult("x" * 500))
    connection = queried(tmp_path, DAY, *before, *other, *again)
    assert rolling_summary(days(connection)).splitlines()[1:] == [
        f"- b: {'x' * 159}…",
        "- a: it is done",
    ]
    connection.close()


def in_phase(name: str, phase: str, state: WorkState) -> tuple[AnyFact, AnyFact]:
    planned = WorkPlanned(name, "x", "template", name, STEPS, "system", "main", TODAY, phase)
    return planned, WorkFinished(name, state)


def test_the_strongest_and_the_weakest_phase_are_told_apart(tmp_path: Path) -> None:
    connection = queried(
        tmp_path,
        DAY,
        *in_phase("w1", "morning", "completed"),
        *in_phase("w2", "morning", "failed"),
        *in_phase("w3", "evening", "completed"),
        PhaseEnded(TODAY, "evening", MIDNIGHT),
        PhaseMissed(TODAY, "noon", NOON, EVENING, "daemon_down"),
        PhaseEnded(TODAY, "morning", NOON),
        DayStarted(TODAY + timedelta(days=1), MIDNIGHT, MIDNIGHT + timedelta(days=1)),
    )
    tomorrow, today = days(connection)
    assert (tomorrow.day, tomorrow.completion_rate_millis) == ("2026-11-21", None)
    assert shown(
        today, "phases_completed", "phases_missed", "strongest_phase", "weakest_phase"
    ) == {
        "phases_completed": 2,
        "phases_missed": 1,
        "strongest_phase": "evening",
        "weakest_phase": "morning",
    }
    assert rolling_summary(days(connection)).startswith("2026-11-20: 2 of 3 completed, 1 failed")
    assert rolling_summary(days(connection, limit=1)).startswith("2026-11-21: 0 of 0 completed")
    connection.close()


REPORTS: list[tuple[By, list[tuple[str | None, int, int | None, int]]]] = [
    ("category", [("research", 1, 1_000, 300), ("system", 4, 250, 100)]),
    (
        "action",
        [
            ("gather", 1, 1_000, 300),
            ("tired", 1, 0, 60),
            ("lost", 1, 0, 40),
            ("asks", 1, 1_000, 0),
            ("wrong", 1, 0, 0),
        ],
    ),
    ("phase", [("morning", 1, 1_000, 300), (None, 4, 250, 100)]),
    ("executor", [("command", 1, 1_000, 300), ("noop", 4, 250, 100)]),
]


@pytest.mark.parametrize(("by", "lines"), REPORTS, ids=[by for by, _ in REPORTS])
def test_a_report_groups_the_runs_of_some_days(
    projections: Connection, by: By, lines: list[Any]
) -> None:
    found = report(projections, by=by, first=TODAY, last=TODAY)
    assert [
        (line.group, line.runs, line.success_rate_millis, line.cost_usd_micros)
        for line in found.lines
    ] == lines
    assert found.total is not None
    assert shown(found.total, "group", "runs", "succeeded", "mean_duration_ms") == {
        "group": None,
        "runs": 5,
        "succeeded": 2,
        "mean_duration_ms": (9_000 + 4 * 20) // 5,
    }


def test_a_report_of_empty_days_is_empty(projections: Connection) -> None:
    found = report(projections, by="action", first=date(1999, 1, 1), last=YESTERDAY)
    assert found.lines == []
    assert found.total is not None
    assert (found.total.runs, found.total.success_rate_millis) == (0, None)


def test_a_brief_tells_what_needs_a_person(projections: Connection) -> None:
    found = brief(projections, since=NOON)
    assert sorted((need.kind, need.work, need.what) for need in found.needs) == [
        ("buried", "w-tired", "out of attempts: tired says so"),
        ("misconfigured", "w-wrong", "wrong says 100%"),
        ("no_funds", "w-poor", "waits for money in creative"),
        ("question", "w-asks", "why?"),
        ("unknown", "w-lost", "unknown: lost says so"),
    ]
    assert sorted(names(found.failed, "run")) == ["r-tired", "r-wrong"]
    assert [(gone.work, gone.state, gone.reason) for gone in found.dropped] == [
        ("w-late", "dropped", "phase_over")
    ]
    assert [(m.intent, m.verdict, m.count) for m in found.missed] == [
        ("hourly", "missed", 12),
        ("daily", "skipped", 1),
    ]
    assert sorted((ran.action, ran.runs, ran.succeeded) for ran in found.ran) == [
        ("asks", 1, 1), ("gather", 1, 1), ("lost", 1, 0), ("tired", 1, 0), ("wrong", 1, 0)
    ]  # fmt: skip
    assert (found.runs, found.succeeded, found.cost_usd_micros) == (5, 2, 400)
    assert found.cost_by_category == {"research": 300, "system": 100}


def test_a_brief_of_a_quiet_time_still_says_who_waits_for_money(projections: Connection) -> None:
    found = brief(projections, since=MIDNIGHT)
    assert (found.runs, found.ran, found.failed, found.dropped) == (0, [], [], [])
    assert [need.kind for need in found.needs] == ["no_funds"]


def test_a_request_is_looked_up_by_its_key(projections: Connection) -> None:
    found = request(projections, "k-asked")
    assert found is not None
    assert (found.subject, found.answer, found.note) == ("essay", "", "soon")
    assert request(projections, "k-nobody") is None


def test_occurrences_pauses_and_lives_are_listed(projections: Connection) -> None:
    assert [(o.intent, o.due, o.skipped, o.missed) for o in intents(projections)] == [
        ("daily", 1, 1, 0),
        ("hourly", 0, 0, 12),
    ]
    assert [(v.verdict, v.reason) for v in verdicts(projections, "daily")] == [
        ("skipped", "still_running")
    ]
    assert [(pause.scope, pause.name) for pause in pauses(projections)] == [("lane", "main")]
    assert [(life.pid, life.ending) for life in lives(projections)] == [(7, "")]
