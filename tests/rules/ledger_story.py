"""A day of intents, record by record, to be spoiled by the tests of what a log proves of time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from events.budget import BudgetOpened
from events.catalogue import AnyFact
from events.codec import GENESIS, entry, written
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Dates,
    Day,
    Intent,
    On,
    Phase,
    Step,
)
from events.daemon import DaemonStarted
from events.intents import (
    IdleAsked,
    IntentAdded,
    IntentAddRequested,
    IntentsConfigured,
    OccurrenceBuffered,
)
from events.plan import OccurrenceSkipped, PlanDrawn
from events.policies import Clock, Executor
from events.record import Record
from events.requests import CancelRequested
from events.settings import Hours
from events.time import (
    ClockStepped,
    DayStarted,
    Expected,
    HostSlept,
    IdleProbing,
    OccurrenceDue,
    OccurrenceMissed,
    OccurrencesExpected,
    OccurrencesReopened,
    TimePassed,
)
from events.work import WorkCancelled, WorkHeld, WorkPlanned, WorkReleased
from projections.invariants.past import ACTORS
from tests.rules.verifying_story import checked

DAY = date(2026, 11, 20)
SIX = datetime(2026, 11, 20, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
MIDNIGHT = SIX + 18 * HOUR

HOURLY = Intent(run="read", every_seconds=3_600)
INTENTS = {
    "hourly": HOURLY,
    "line": Intent(run="read", every_seconds=1_800, overlap="buffer_all"),
    "berlin": Intent(run="read", cron="30 2 * * *", timezone="Europe/Berlin"),
    "office": Intent(
        run="read",
        cron="0 * * * mon-fri",
        windows=(Hours(start=time(9), end=time(17)),),
        exclude=(Dates(first=date(2026, 12, 24), last=date(2026, 12, 26)),),
        starts_at=SIX - 24 * HOUR,
    ),
    "heard": Intent(run="read", on=On(signal="bell")),
    "off": Intent(run="read", every_seconds=3_600, enabled=False),
}
HOUSE = Configuration(
    day=Day(timezone="UTC"),
    phases=(Phase(name="morning", start=time(6), end=time(12)),),
    budget=Budget(daily_usd_micros=1_000, reserve_usd_micros=0, categories={"study": 1_000}),
    executor=Executor(concurrency=4),
    clock=Clock(misfire_grace_seconds=60),
    actions={"read": Action(category="study", estimate_usd_micros=100)},
    intents=INTENTS,
)

Said = tuple[str, int | None, AnyFact] | tuple[str, int | None, AnyFact, datetime]

TOLD = (
    Expected("hourly", SIX + HOUR, SIX + 17 * HOUR, 17),
    Expected("line", SIX + HOUR / 2, MIDNIGHT - HOUR / 2, 35),
)
MORNING: Sequence[Said] = (
    ("daemon", None, ConfigurationLoaded("d", HOUSE), SIX),
    ("daemon", None, DaemonStarted("0.2", 1, "boot")),
    ("clock", 1, IntentsConfigured(added=tuple(INTENTS))),
    ("clock", 2, DayStarted(DAY, SIX - 6 * HOUR, MIDNIGHT)),
    ("clock", 2, OccurrencesExpected(DAY, "day_started", TOLD)),  # 5
    ("budget", 4, BudgetOpened(DAY, 1_000, 0, {"study": 1_000})),
    ("planner", 6, PlanDrawn(DAY, 1, "day_opened", (), 1_000)),
)
M = len(MORNING)


def log(*tail: Said) -> list[Record]:
    """The morning and what follows; what is decided bears the time of its cause, and what is
    observed that of the record before it, unless it has a time of its own."""
    records: list[Record] = []
    before, now = GENESIS, SIX
    for position, (by, cause, fact, *at) in enumerate([*MORNING, *tail], 1):
        told = records[(cause or 0) - 1] if by in ACTORS and 0 < (cause or 0) < position else None
        now = at[0] if at else now
        when = told.at if told is not None else now
        depth = told.depth + 1 if told is not None else 0
        _, before = written(position, by, entry(fact, when, cause, depth), before)
        records.append(Record(position, when, by, cause, fact, depth, before))
    return records


def found(*tail: Said, considered: int | None = None) -> set[str]:
    """The names of the invariants that such a day breaks."""
    return {violation.invariant for violation in checked(log(*tail), considered)}


def came(at: datetime) -> Said:
    """A moment that somebody waited for."""
    return "timer", None, TimePassed(), at


def slept(since: datetime, at: datetime) -> Said:
    return "timer", None, HostSlept((at - since) // timedelta(milliseconds=1), since), at


def due(cause: int, intent: str, at: datetime, **more: Any) -> Said:
    return "clock", cause, OccurrenceDue(intent, at, **more)


def clock(cause: int, fact: AnyFact) -> Said:
    return "clock", cause, fact


def planner(cause: int, fact: AnyFact) -> Said:
    return "planner", cause, fact


def queue(cause: int, fact: AnyFact) -> Said:
    return "phase_queue", cause, fact


def work(cause: int, intent: str, at: datetime, **more: Any) -> WorkPlanned:
    """What an occurrence becomes."""
    return WorkPlanned(
        **{
            "work": f"w{cause}-1",
            "name": "read",
            "source": "intent",
            "key": f"{intent}@{at.isoformat().replace('+00:00', 'Z')}",
            "steps": (Step(action="read"),),
            "category": "study",
            "lane": "main",
            **more,
        }
    )


def cancelled(work: str) -> WorkCancelled:
    return WorkCancelled(work)


SEVEN, EIGHT, NINE = SIX + HOUR, SIX + 2 * HOUR, SIX + 3 * HOUR

HALF = SIX + HOUR / 2

TOMORROW = date(2026, 11, 21)

A_YEAR = timedelta(days=365)


def skip(cause: int, intent: str, at: datetime) -> Said:
    return planner(cause, OccurrenceSkipped(intent, at, "still_running"))


def expect(cause: int, *told: Expected, day: date = DAY) -> Said:
    return clock(cause, OccurrencesExpected(day, "intent_changed", told))


def missed(intent: str, first: datetime, last: datetime, count: int) -> OccurrenceMissed:
    return OccurrenceMissed(intent, first, last, count, "late", policy="skip")


def step(before: datetime, at: datetime) -> Said:
    milliseconds = (at - before) // timedelta(milliseconds=1)
    return "timer", None, ClockStepped(milliseconds, before), at


LINE_OPEN: tuple[Said, ...] = (  # the first of `line` waits for a lane, the second for the first
    came(HALF),
    due(M + 1, "line", HALF),  # 9
    planner(M + 2, work(M + 2, "line", HALF)),  # 10
    queue(M + 3, WorkHeld(f"w{M + 2}-1", "paused")),  # 11
    came(SEVEN),
    due(M + 5, "line", SEVEN),  # 13
    planner(M + 6, OccurrenceBuffered("line", SEVEN)),  # 14
)

N = M + len(LINE_OPEN)

FIRST, SECOND_WORK = f"w{M + 2}-1", f"w{N + 2}-1"

CANCEL: tuple[Said, ...] = (
    ("cli", None, CancelRequested(FIRST, "k")),  # 15
    queue(N + 1, cancelled(FIRST)),  # 16
)

LET_IN: tuple[Said, ...] = (
    planner(N + 2, work(N + 2, "line", SEVEN)),
    queue(N + 3, WorkHeld(SECOND_WORK, "paused")),
)

IDLE: tuple[Said, ...] = (
    came(SEVEN),
    due(M + 1, "hourly", SEVEN),  # 9
    planner(M + 2, work(M + 2, "hourly", SEVEN, only_if_idle=True)),  # 10
    queue(M + 3, WorkHeld(f"w{M + 2}-1", "not_idle")),  # 11
    queue(M + 3, IdleAsked(f"w{M + 2}-1")),  # 12
    clock(M + 5, IdleProbing(SEVEN + MINUTE)),  # 13
)

SEEN = M + len(IDLE) + 1


def go(cause: int) -> Said:
    name = f"w{M + 2}-1"
    return queue(cause, WorkReleased(name, f"r{cause}-1", "read", 1, 1, "study", 1_100))


ADD = Intent(run="read", every_seconds=7_200)

ADDED: tuple[Said, ...] = (
    ("cli", None, IntentAddRequested("mine", ADD, "k")),
    planner(M + 1, IntentAdded("mine", ADD, "request", "k")),
    expect(M + 2, Expected("mine", EIGHT, SIX + 16 * HOUR, 8)),
)

FAR_AHEAD: tuple[Said, ...] = (
    step(SIX + MINUTE, SIX + A_YEAR),  # 8
    clock(M + 1, DayStarted(date(2027, 11, 20), SIX + A_YEAR - 6 * HOUR, MIDNIGHT + A_YEAR)),
    ("budget", M + 2, BudgetOpened(date(2027, 11, 20), 1_000, 0, {"study": 1_000})),
    planner(M + 3, PlanDrawn(date(2027, 11, 20), 1, "day_opened", (), 1_000)),
    step(SIX + A_YEAR + MINUTE, SIX + 2 * MINUTE),  # 12
)

F = M + len(FAR_AHEAD)

BACK: tuple[Said, ...] = (
    clock(F, OccurrencesReopened(SIX + 2 * MINUTE)),
    clock(F, DayStarted(DAY, SIX - 6 * HOUR, MIDNIGHT, again=True)),
)

AGAIN: tuple[Said, ...] = (
    ("budget", F + 2, BudgetOpened(DAY, 1_000, 0, {"study": 1_000}, revision=2)),
    planner(F + 3, PlanDrawn(DAY, 2, "day_opened", (), 1_000)),
)
