"""A day in the life of a piece of work, and what the tables say of it."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from events.budget import (
    BudgetExhausted,
    CategoryReopened,
    FundsReserved,
    FundsSettled,
)
from events.catalogue import AnyFact
from events.cleanup import SweepRequested, SweepStarting
from events.configuration import (
    Configuration,
    ConfigurationLoaded,
    ConfigurationRefused,
    Day,
    Intent,
    On,
    Phase,
    Step,
)
from events.intents import (
    AlertCleared,
    AlertRaised,
    IdleAsked,
    IntentAdded,
    IntentAddRequested,
    IntentRemoved,
    IntentRemoveRequested,
    IntentsConfigured,
    IntentSwitched,
    IntentSwitchRequested,
    OccurrenceBuffered,
    OccurrenceEnded,
    SignalReceived,
    WorkOvertaken,
)
from events.plan import PlanDrawn
from events.record import Record
from events.requests import (
    CancelRequested,
    MoveRequested,
    Paused,
    PauseRequested,
    ReleaseRequested,
    ReplanRequested,
    RequestRefused,
    RequestRepeated,
    Resumed,
    ResumeRequested,
    WorkRequested,
)
from events.runs import (
    RunClosed,
    RunEnded,
    RunStarted,
    RunStarting,
)
from events.time import (
    CalendarChanged,
    ClockStepped,
    DayStarted,
    Expected,
    HostSlept,
    IdleProbing,
    IdleSeen,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrencesCoalesced,
    OccurrencesExpected,
    OccurrencesReopened,
    OccurrencesSuperseded,
    PhaseStarted,
)
from events.work import (
    WorkCancelled,
    WorkFinished,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkStopping,
)
from projections.database import (
    wipe,
)
from projections.fold import Fold

TODAY = date(2026, 11, 20)
TOMORROW = date(2026, 11, 21)
DAWN = datetime(2026, 11, 20, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, 0, tzinfo=UTC)
Caused = AnyFact | tuple[AnyFact, int]

DAY = DayStarted(TODAY, DAWN, MIDNIGHT)
MORNING = PhaseStarted(TODAY, "morning", DAWN, NOON)
STEPS = (Step(action="gather"), Step(action="write"))
PLANNED = WorkPlanned(
    "w1", "digest", "template", "digest@2026-11-20#1", STEPS, "research", "main", TODAY, "morning"
)
RELEASED = WorkReleased("w1", "r1", "gather", 1, 1, "research", 500)
RESERVED = FundsReserved("r1", "w1", "research", 500, TODAY)
STARTING = RunStarting("r1", "w1", "gather", 1, 1, "command", NOON)
STARTED = RunStarted("r1", 42, "boot", 7, NOON)
ENDED = RunEnded("r1", True, NOON + timedelta(seconds=9), 0, duration_ms=9_000, tail="done")
CLOSED = RunClosed("r1", "w1", "gather", "succeeded")
SETTLED = FundsSettled("r1", "w1", "research", TODAY, 500, 300, "reported")
FINISHED = WorkFinished("w1", "completed")
LIFE = (DAY, PLANNED, RELEASED, RESERVED, STARTING, STARTED, ENDED, CLOSED, SETTLED, FINISHED)


def log(*facts: Caused, after: int = 0) -> list[Record]:
    """One record a second from noon on; a fact may come with the position of its cause."""
    pairs = [fact if isinstance(fact, tuple) else (fact, None) for fact in facts]
    return [
        Record(position, NOON + timedelta(seconds=position), "test", cause, fact, 0, f"#{position}")
        for position, (fact, cause) in enumerate(pairs, start=after + 1)
    ]


def moment(position: int) -> str:
    return f"2026-11-20T12:00:{position:02}.000000Z"


def given(*facts: Caused) -> Callable[..., list[dict[str, Any]]]:
    """Fold the facts; what comes back asks a table for some columns of every row."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    wipe(connection)
    Fold(connection).learn(log(*facts))

    def rows(table: str, *columns: str) -> list[dict[str, Any]]:
        wanted = ", ".join(columns)
        cursor = connection.execute(f"SELECT {wanted} FROM {table}")  # noqa: S608 names of ours
        return [dict(zip(columns, row, strict=True)) for row in cursor]

    return rows


def configured(*phases: Phase, starts_at: time = time(0)) -> ConfigurationLoaded:
    return ConfigurationLoaded("#", Configuration(day=Day(starts_at=starts_at), phases=phases))


BELL = Intent(run="gather", on=On(signal="bell"))
ASKED = WorkRequested("gather", "k")
BECAME = WorkPlanned("w1", "gather", "request", "k", STEPS, "research", "main")
SWEEPING = SweepStarting("s5-1", "", (), NOON, NOON, 1, 1, NOON, occasion="asked", key="k")
ANSWERS: list[tuple[AnyFact, AnyFact, str]] = [
    (ASKED, BECAME, "planned"),
    (ASKED, RequestRepeated("k", "w1"), "repeated"),
    (ASKED, RequestRefused("k", "gather", "unknown_subject"), "refused"),
    (ReplanRequested("k"), PlanDrawn(TODAY, 2, "asked", (), 0), "drawn"),
    (ReleaseRequested("w1", "k"), RELEASED, "released"),
    (ReleaseRequested("w1", "k"), WorkHeld("w1", "lane_full"), "held"),
    (MoveRequested("w1", "evening", "k"), WorkMoved("w1", "evening"), "moved"),
    (CancelRequested("w1", "k"), WorkCancelled("w1"), "cancelled"),
    (CancelRequested("r1", "k"), WorkStopping("w1"), "stopping"),
    (PauseRequested("all", "k"), Paused("all"), "paused"),
    (ResumeRequested("all", "k"), Resumed("all"), "resumed"),
    (ResumeRequested("category", "k", "research"), CategoryReopened("research"), "reopened"),
    (SignalReceived("bell", "k"), OccurrenceDue("ring", NOON), "due"),
    (SweepRequested("k"), SWEEPING, "started"),
    (IntentAddRequested("ring", BELL, "k"), IntentAdded("ring", BELL, "request", "k"), "added"),
    (IntentRemoveRequested("ring", "k"), IntentRemoved("ring", "asked", "k"), "removed"),
    (IntentSwitchRequested("ring", True, "k"), IntentSwitched("ring", True, "k"), "enabled"),
    (IntentSwitchRequested("ring", False, "k"), IntentSwitched("ring", False, "k"), "disabled"),
]
OF_TIME_AND_INTENTS: tuple[AnyFact, ...] = (
    HostSlept(9_000, NOON),
    ClockStepped(-9_000, NOON),
    IdleSeen(True),
    IdleProbing(NOON),
    IdleAsked("w1"),
    CalendarChanged("tzdata", "2026a", "2026b"),
    ConfigurationRefused("config.toml", ("it is empty",)),
    OccurrencesExpected(TODAY, "day_started", (Expected("daily", DAWN, EVENING, 4),)),
    OccurrencesCoalesced("daily", DAWN, NOON, 2, EVENING, "host_slept"),
    OccurrencesSuperseded("daily", DAWN, NOON, 2, "edited"),
    OccurrenceExpired("daily", NOON, "start_deadline"),
    OccurrencesReopened(DAWN),
    OccurrenceBuffered("daily", NOON),
    OccurrenceEnded("daily", NOON, "completed", "w1"),
    WorkOvertaken("w1", "daily", NOON),
    IntentsConfigured(("daily",)),
    BudgetExhausted(TODAY, "research"),
    AlertRaised("clock_stepped", "by a year"),
    AlertCleared("clock_stepped"),
)
