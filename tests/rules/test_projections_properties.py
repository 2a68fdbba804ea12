"""Wherever the batches end, the tables say what a rebuild from scratch says."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from sqlite3 import Connection
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_any
from hypothesis import strategies as some

from events.budget import (
    BudgetOpened,
    CategoryReopened,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.cleanup import SweepEnded
from events.configuration import ConfigurationLoaded, Phase
from events.daemon import DaemonStarted, DaemonStopped
from events.plan import CandidatePassedOver, OccurrenceSkipped, PlanDrawn
from events.record import Record
from events.requests import (
    CancelRequested,
    Paused,
    PauseRequested,
    RequestRefused,
    Resumed,
    ResumeRequested,
    WorkRequested,
)
from events.runs import (
    Outcome,
    RunAdopted,
    RunClosed,
    RunEnded,
    RunResult,
    RunStarted,
    RunStarting,
)
from events.time import (
    DayStarted,
    OccurrenceDue,
    OccurrenceMissed,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
)
from events.work import (
    HoldReason,
    ReturnReason,
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkState,
    WorkStopping,
)
from projections import rows
from projections.database import wipe
from projections.fold import Fold
from projections.tables import TABLES
from tests.rules.projection_story import DAWN, NOON, STEPS, TODAY, Caused, configured, log

PHASES = ("morning", "evening")
CATEGORIES = ("research", "system")
Draw = Callable[[some.SearchStrategy[Any]], Any]


class Script:
    """A made-up life: each turn something happens to the world or to one piece of work."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._day = TODAY
        self._works: dict[str, Iterator[Caused]] = {}
        self.facts: list[Caused] = []

    def turn(self) -> None:
        name = self.pick(["a new one", "the world", *self._works, *self._works])
        if name == "a new one":
            self._begin(f"w{len(self.facts) + 1}")
        elif name == "the world":
            self.facts += self.pick(self._world())
        elif (fact := next(self._works[name], None)) is None:
            del self._works[name]
        else:
            self.facts.append(fact)

    def pick(self, choices: Any) -> Any:
        return self._draw(some.sampled_from(choices))

    def _begin(self, work: str) -> None:
        day, phase = self.pick(((None, None), (self._day, "morning"), (self._day, "evening")))
        source = self.pick(("template", "intent", "request"))
        if source == "request":
            self.facts.append(WorkRequested("gather", work))
        key = "daily@2026-11-20T12:00:00Z" if source == "intent" else work
        category = self.pick(CATEGORIES)
        planned = WorkPlanned(work, "digest", source, key, STEPS, category, "main", day, phase)
        self.facts.append((planned, max(1, len(self.facts))))
        self._works[work] = self._life(work, category)

    def _life(self, work: str, category: str) -> Iterator[Caused]:
        for _ in range(self.pick(range(3))):
            yield self.pick(
                (
                    WorkHeld(work, self.pick(get_args(HoldReason)), NOON),
                    WorkMoved(work, self.pick(PHASES)),
                    WorkDeferred(work, self.pick(PHASES), self._day + timedelta(days=1), 1),
                )
            )
        if self.pick((False, False, True)):
            yield self.pick((WorkDropped(work, "phase_over"), WorkCancelled(work)))
            return
        for step in range(1, self.pick((2, 3))):
            yield from self._run(work, category, step, f"{work}-r{step}")
        yield WorkFinished(work, self.pick(get_args(WorkState)))
        yield WorkFinished(work, "failed")  # Too late to matter.

    def _run(self, work: str, category: str, step: int, run: str) -> Iterator[Caused]:
        goes_on = WorkReleased if step == 1 else StepReached
        yield goes_on(
            work, run, "gather", step=step, attempt=1, category=category, ceiling_usd_micros=9
        )
        if self.pick((False, False, True)):
            yield FundsRefused(run, work, category, 9, 0, "day_spent")
            return
        day = self._day
        yield FundsReserved(run, work, category, 9, day)
        yield (
            WorkStopping(work)
            if self.pick((False, True))
            else FundsReserved(f"{run}-other", work, category, 0, day)
        )
        if self.pick((False, False, True)):
            yield RunClosed(run, work, "gather", "cancelled", started=False)
            yield RunClosed(run, work, "gather", "failed")  # Too late to matter.
            if self.pick((False, True)):
                yield WorkReturned(work, run, step, 1, self.pick(get_args(ReturnReason)))
                yield WorkHeld(work, "paused")
                yield WorkReleased(work, f"{run}-again", "gather", step, 1, category, 9)
            yield FundsReturned(run, work, category, day, 9)
            return
        yield RunStarting(run, work, "gather", step, 1, self.pick(("command", "noop")), NOON)
        yield self.pick((RunStarted(run, 1, "boot", 2, NOON), RunAdopted(run, 1)))
        result = self.pick((None, RunResult("summary", ("insight",), ("question?",), 5)))
        yield RunEnded(run, True, NOON, 0, duration_ms=7, tail="tail", result=result)
        yield RunClosed(run, work, "gather", self.pick(get_args(Outcome)))
        cost = self.pick((0, 5, 12))
        yield FundsSettled(run, work, category, day, 9, cost, "reported")
        if cost > 9:
            yield FundsOverrun(run, category, day, cost - 9)
        if self.pick((False, True)):
            yield SweepEnded("s", 1, 1, swept_runs=(run, "gone"))

    def _world(self) -> list[tuple[Caused, ...]]:
        day, here = self._day, len(self.facts) + 1
        self._day = self.pick((day, day, day + timedelta(days=1)))
        phase = self.pick(PHASES)
        evening = Phase(name="evening", start=NOON.time(), end=DAWN.time())
        return [
            (
                DayStarted(self._day, DAWN, DAWN + timedelta(days=1)),
                BudgetOpened(self._day, 50, 5, {"research": 20}),
            ),
            (BudgetOpened(self._day, 40, 5, {"system": 30}, 2),),
            (configured(evening),),
            (configured(), ConfigurationLoaded("#")),
            (PhaseStarted(day, phase, DAWN, NOON),),
            (PhaseEnded(day, phase, NOON),),
            (PhaseMissed(day, phase, DAWN, NOON, "daemon_down"),),
            (PlanDrawn(day, here, "asked", PHASES, 5),),
            (CandidatePassedOver(day, here, phase, "essay", "outscored"),),
            (OccurrenceDue("daily", NOON), OccurrenceSkipped("daily", NOON, "still_running")),
            (OccurrenceMissed("daily", DAWN, NOON, 3, "late"),),
            (DaemonStarted("0.1", here, "boot"),),
            (DaemonStarted("0.1", here, "boot"), DaemonStopped("asked")),
            (PauseRequested("all", f"p{here}"), (Paused("all"), here), Resumed("all")),
            (
                ResumeRequested("category", f"r{here}", "research"),
                (RequestRefused(f"r{here}", "research", "not_paused"), here),
                (CategoryReopened("research"), here),
            ),
            (CancelRequested("w0", f"c{here}"),),
        ]


@some.composite
def logs(draw: Draw) -> list[Record]:
    script = Script(draw)
    for _ in range(draw(some.integers(1, 40))):
        script.turn()
    return log(*script.facts)


def empty() -> Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    wipe(connection)
    return connection


def dump(connection: Connection) -> dict[str, list[Any]]:
    return {
        table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)  # noqa: S608 ours
        for table in ("positions", *(row.TABLE for row in TABLES))
    }


def one_by_one(records: list[Record]) -> list[dict[str, list[Any]]]:
    """The tables at every position, the empty log first."""
    connection = empty()
    fold = Fold(connection)
    dumps = [dump(connection)]
    for record in records:
        fold.learn([record])
        dumps.append(dump(connection))
    connection.close()
    return dumps


EMPTY = empty()


def from_scratch(records: list[Record]) -> dict[str, list[Any]]:
    EMPTY.execute("BEGIN")
    Fold(EMPTY).learn(records)
    found = dump(EMPTY)
    EMPTY.execute("ROLLBACK")
    return found


quickly = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quickly
@for_any(logs())
def test_at_every_position_the_tables_equal_a_rebuild(records: list[Record]) -> None:
    for position, then in enumerate(one_by_one(records)):
        assert from_scratch(records[:position]) == then


@pytest.mark.parametrize("kept", [0, 2_000])
@quickly
@for_any(logs(), some.data())
def test_batches_may_end_anywhere_and_fail_and_come_again(
    monkeypatch: pytest.MonkeyPatch, kept: int, records: list[Record], data: some.DataObject
) -> None:
    monkeypatch.setattr(rows, "KEPT_ROWS_MAX", kept)
    dumps = one_by_one(records)
    connection, position = empty(), 0
    fold = Fold(connection)
    while position < len(records):
        size = data.draw(some.integers(1, 12))
        for end in ("ROLLBACK", "COMMIT") if data.draw(some.booleans()) else ("COMMIT",):
            connection.execute("BEGIN")
            fold.learn(records[position : position + size])
            connection.execute(end)
            if end == "ROLLBACK":
                fold.forget()
        position = min(position + size, len(records))
        assert dump(connection) == dumps[position]
    connection.close()


@quickly
@for_any(logs())
def test_the_books_balance(records: list[Record]) -> None:
    connection = empty()
    Fold(connection).learn(records)

    def one(sql: str) -> Any:
        return connection.execute(sql).fetchone()

    assert one("SELECT ifnull(sum(cost_usd_micros), 0) FROM run_tallies") == one(
        "SELECT ifnull(sum(cost_usd_micros), 0) FROM runs"
    )
    assert one("SELECT ifnull(sum(settled_usd_micros), 0) FROM categories") == one(
        "SELECT ifnull(sum(usd_micros), 0) FROM movements WHERE movement = 'settled'"
    )
    assert one("SELECT ifnull(sum(runs), 0) FROM run_tallies") == one(
        "SELECT count(*) FROM runs WHERE state NOT IN ('starting', 'running')"
    )
    assert one("SELECT count(*) FROM categories WHERE reserved_usd_micros < 0") == (0,)
    assert one(
        """SELECT count(*) FROM works
        WHERE (waiting_since IS NULL) = (state IN ('planned', 'queued', 'held'))"""
    ) == (0,)
    connection.close()


@quickly
@for_any(logs())
def test_every_piece_of_work_counts_to_one_day_and_ends_at_most_once(
    records: list[Record],
) -> None:
    connection = empty()
    Fold(connection).learn(records)
    ends = ("completed", "failed", "unknown", "dropped", "cancelled", "buried")
    counted = connection.execute(
        """SELECT day, planned, completed, failed, unknown, dropped, cancelled, buried
        FROM tallies WHERE phase = '' ORDER BY day"""
    ).fetchall()
    states: dict[date, list[str]] = {day: [] for day, *_ in counted}
    for day, state in connection.execute("SELECT day, state FROM works WHERE day IS NOT NULL"):
        states[day].append(state)
    assert counted == [
        (day, len(of_day), *(of_day.count(end) for end in ends)) for day, of_day in states.items()
    ]
    connection.close()
