"""A small day, record by record, to be spoiled by the tests of what a log can prove."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from events.budget import BudgetOpened, FundsReserved, FundsSettled
from events.catalogue import AnyFact
from events.cleanup import SweepStarting
from events.codec import GENESIS, entry, written
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Intent,
    Lane,
    Phase,
    Step,
)
from events.daemon import DaemonStarted
from events.plan import PlanDrawn
from events.policies import Executor
from events.record import Record
from events.requests import WorkRequested
from events.runs import RunClosed, RunEnded, RunResult, RunRetrying, RunStarted, RunStarting
from events.time import DayStarted, OccurrenceDue, PhaseStarted, TimePassed
from events.work import WorkFinished, WorkHeld, WorkPlanned, WorkReleased
from projections.invariants.check import Violation
from projections.invariants.checker import Checker
from projections.invariants.past import ACTORS

DAY = date(2026, 11, 20)
SIX = datetime(2026, 11, 20, 6, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)

HOUSE = Configuration(
    phases=(Phase(name="morning", start=time(6), end=time(12)),),
    budget=Budget(daily_usd_micros=1_000, reserve_usd_micros=200, categories={"study": 600}),
    lanes={"main": Lane(concurrency=1)},
    executor=Executor(concurrency=2),
    actions={
        "read": Action(category="study", estimate_usd_micros=100),
        "tidy": Action(category="study", estimate_usd_micros=100, executor="sweep"),
    },
    intents={"hourly": Intent(run="read", every_seconds=3_600)},
)

Said = tuple[str, int | None, AnyFact]  # by, cause, fact
Edit = Callable[[list[Said]], None]


def planned(work: str, **more: Any) -> WorkPlanned:
    """Work of one step that nobody scheduled."""
    told: dict[str, Any] = {"source": "request", "key": work, "name": "read", "lane": "main"}
    steps = (Step(action="read"),)
    return WorkPlanned(**{"work": work, "steps": steps, "category": "study", **told, **more})


def released(work: str, run: str, **more: Any) -> WorkReleased:
    told: dict[str, Any] = {"action": "read", "step": 1, "attempt": 1, "category": "study"}
    return WorkReleased(**{"work": work, "run": run, "ceiling_usd_micros": 100, **told, **more})


def starting(work: str, run: str, **more: Any) -> RunStarting:
    told: dict[str, Any] = {"action": "read", "step": 1, "attempt": 1, "executor": "command"}
    return RunStarting(**{"run": run, "work": work, "not_after": SIX + 9 * HOUR, **told, **more})


def ended(run: str, **more: Any) -> RunEnded:
    return RunEnded(**{"run": run, "started": True, "ended_at": SIX, "exit_code": 0, **more})


SMALL_DAY: Sequence[Said] = (
    ("daemon", None, ConfigurationLoaded("d", HOUSE)),  # 1
    ("daemon", None, DaemonStarted("0.1", 1, "boot")),
    ("clock", 2, DayStarted(DAY, SIX - 6 * HOUR, SIX + 18 * HOUR)),
    ("clock", 2, PhaseStarted(DAY, "morning", SIX, SIX + 6 * HOUR)),
    ("budget", 3, BudgetOpened(DAY, 1_000, 200, {"study": 600})),  # 5
    ("planner", 5, PlanDrawn(DAY, 1, "day_opened", ("morning",), 800)),
    ("timer", None, TimePassed()),
    ("clock", 7, OccurrenceDue("hourly", SIX)),
    ("planner", 8, planned("w8-1", source="intent", key="hourly@2026-11-20T06:00:00Z")),
    ("phase_queue", 9, released("w8-1", "r9-1")),  # 10
    ("budget", 10, FundsReserved("r9-1", "w8-1", "study", 100, DAY)),
    ("executor", 11, starting("w8-1", "r9-1")),
    ("process", 12, RunStarted("r9-1", 7, "boot", 7, SIX)),
    ("process", 12, ended("r9-1", result=RunResult(cost_usd_micros=40))),
    ("executor", 14, RunClosed("r9-1", "w8-1", "read", "succeeded", True, "", 40, "reported")),
    ("executor", 14, WorkFinished("w8-1", "completed")),
    ("budget", 15, FundsSettled("r9-1", "w8-1", "study", DAY, 100, 40, "reported")),  # 17
)
END = len(SMALL_DAY)


def change(position: int, *, by: str = "", cause: int = 0, **fields: Any) -> Edit:
    """That record says something else."""

    def edit(log: list[Said]) -> None:
        author, because, fact = log[position - 1]
        log[position - 1] = by or author, cause or because, replace(fact, **fields)

    return edit


def put(position: int, by: str, cause: int | None, fact: AnyFact) -> Edit:
    """Another record stands there."""

    def edit(log: list[Said]) -> None:
        log[position - 1] = by, cause, fact

    return edit


def gone(*positions: int) -> Edit:
    """In their place, time passed."""

    def edit(log: list[Said]) -> None:
        for position in positions:
            log[position - 1] = "timer", None, TimePassed()

    return edit


def cut(position: int) -> Edit:
    """The log ends there."""

    def edit(log: list[Said]) -> None:
        del log[position:]

    return edit


def more(*said: Said) -> Edit:
    """Something follows."""
    return lambda log: log.extend(said)


def records(*edits: Edit, at: datetime = SIX) -> list[Record]:
    """The small day, so changed; a decision bears the time of its cause, and is one deeper."""
    said = list(SMALL_DAY)
    for edit in edits:
        edit(said)
    return recorded(said, at)


def recorded(said: Sequence[Said], at: datetime = SIX) -> list[Record]:
    """What was said as records, a second between one observation and the next."""
    log: list[Record] = []
    before = GENESIS
    for position, (by, cause, fact) in enumerate(said, 1):
        decided = by in ACTORS and cause is not None and 0 < cause < position
        told = log[(cause or 0) - 1] if decided else None
        when = told.at if told is not None else at + position * SECOND
        depth = told.depth + 1 if told is not None else 0
        _, before = written(position, by, entry(fact, when, cause, depth), before)
        log.append(Record(position, when, by, cause, fact, depth, before))
    return log


def stored(log: Sequence[Record]) -> list[tuple[int, bytes]]:
    """Records as a store keeps them."""
    rows, before = [], GENESIS
    for record in log:
        said = entry(record.fact, record.at, record.cause, record.depth)
        state, before = written(record.position, record.by, said, before)
        rows.append((record.position, state))
    return rows


def checked(log: Sequence[Record], considered: int | None = None) -> list[Violation]:
    """What is wrong with a log that everybody has considered, or up to a position."""
    found: list[Violation] = []
    checker = Checker(found.append)
    checker.take(log)
    checker.finish(dict.fromkeys(ACTORS, len(log) if considered is None else considered))
    return found


def wrong(*edits: Edit) -> set[str]:
    """The names of the invariants that such a day breaks."""
    return {violation.invariant for violation in checked(records(*edits))}


# A second piece of work behind the small day, on its way.
N = END
ASKED = ("cli", None, WorkRequested("read", "k"))  # 18
PLANNED = ("planner", N + 1, planned("w18-1", key="k"))  # 19
HELD = ("phase_queue", N + 2, WorkHeld("w18-1", "paused"))
RELEASED = ("phase_queue", N + 2, released("w18-1", "r19-1"))  # 20
RESERVED = ("budget", N + 3, FundsReserved("r19-1", "w18-1", "study", 100, DAY))  # 21
STARTING = ("executor", N + 4, starting("w18-1", "r19-1"))  # 22
WAITING = more(ASKED, PLANNED, HELD)
GOING = more(ASKED, PLANNED, RELEASED)
RUNNING = more(ASKED, PLANNED, RELEASED, RESERVED, STARTING)
FAILED = more(  # an attempt that has failed, and is to be tried again
    ("process", N + 5, ended("r19-1", exit_code=1)),  # 23
    ("executor", N + 6, RunClosed("r19-1", "w18-1", "read", "failed")),
    ("executor", N + 6, RunRetrying("w18-1", 1, "read", 2, SIX + HOUR)),  # 25
    ("budget", N + 7, FundsSettled("r19-1", "w18-1", "study", DAY, 100, 100, "estimated")),
    ("phase_queue", N + 8, WorkHeld("w18-1", "retry_backoff", SIX + HOUR)),
)
DONE = more(
    ("process", N + 5, ended("r19-1")),  # 23
    ("executor", N + 6, RunClosed("r19-1", "w18-1", "read", "succeeded")),
    ("executor", N + 6, WorkFinished("w18-1", "completed")),
    ("budget", N + 7, FundsSettled("r19-1", "w18-1", "study", DAY, 100, 100, "estimated")),
)
SWEEP = SweepStarting("s22-1", "r19-1", ("r9-1",), SIX, SIX, 1, 5, SIX + HOUR, ("w8-1",))
TIDY = (Step(action="tidy"),)
SWEEPING = more(
    ("cli", None, WorkRequested("tidy", "k")),
    (*PLANNED[:2], planned("w18-1", key="k", name="tidy", steps=TIDY)),
    (*RELEASED[:2], released("w18-1", "r19-1", action="tidy")),
    RESERVED,
    (*STARTING[:2], starting("w18-1", "r19-1", action="tidy", executor="sweep")),
)


def sentences(bad: Mapping[str, Iterable[tuple[str, tuple[Edit, ...]]]]) -> list[Any]:
    """The cases of each invariant, one test for each, called by its sentence."""
    return [
        pytest.param(name, edits, id=sentence)
        for name, cases in bad.items()
        for sentence, edits in cases
    ]
