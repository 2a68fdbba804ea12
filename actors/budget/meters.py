"""Quotas: what a provider lets an executor have in a window of time, and what is gone of it.

A window that is counted from its first use begins with a run and lasts its length; days and weeks
begin as those of the calendar. Runs count when they start, tokens and money when they end; what
those under way may still cost is held beside it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from actors.calendar import day_bounds, day_of
from events.budget import QuotaReset, QuotaSpent
from events.configuration import Day
from events.policies import Provider, Quota
from events.settings import ExecutorKind
from events.time import AlarmCleared, AlarmRang, AlarmSet

ME = "budget"
ALARM = "quota:"  # and the executor, a slash and the name of the quota
ONE_DAY = timedelta(days=1)

Meters = dict[str, list["Meter"]]


class Meter(Struct):
    """A window that is open, or the last to be."""

    executor: ExecutorKind
    name: str
    limit: Quota
    since: datetime | None = None
    until: datetime | None = None
    requests: int = 0
    tokens: int = 0
    usd_micros: int = 0
    rests_until: datetime | None = None  # It is spent, and that was told.
    gone: bool = False  # It is configured no more, and was told to be spent.
    wakes_at: datetime | None = None  # An alarm is set, upon which what waits for it is offered.

    @property
    def is_over(self) -> bool:
        limit = self.limit
        pairs = (
            (self.requests, limit.requests),
            (self.tokens, limit.tokens),
            (self.usd_micros, limit.usd_micros),
        )
        return any(most is not None and used >= most for used, most in pairs if used)

    @property
    def alarm(self) -> str:
        return f"{ALARM}{self.executor}/{self.name}"

    def is_open(self, at: datetime) -> bool:
        """Whether its window is; one that a clock left in the future is not."""
        return self.since is not None and self.until is not None and self.since <= at < self.until

    def turn(self, day: Day, at: datetime) -> None:
        """Begin another window if none is open."""
        if self.is_open(at):
            return
        self.empty()
        self.since, self.until = _window(self.limit, day, at)

    def empty(self) -> None:
        """What it counted is over."""
        self.since = self.until = None
        self.requests = self.tokens = self.usd_micros = 0

    def reset(self, at: datetime) -> None:
        """It is no longer spent; what counts in a window that goes on stays."""
        self.rests_until = None
        if not self.is_open(at):
            self.empty()


def _window(limit: Quota, day: Day, at: datetime) -> tuple[datetime, datetime]:
    if limit.counted_from == "first_use":
        return at, at + timedelta(seconds=limit.window_seconds)
    today = day_of(day, at)
    if limit.counted_from == "day":
        return day_bounds(day, today)
    monday = today - today.weekday() * ONE_DAY
    return day_bounds(day, monday)[0], day_bounds(day, monday + 7 * ONE_DAY)[0]


def start(meters: Meters, executor: ExecutorKind, day: Day, at: datetime) -> None:
    """A run of that executor starts."""
    for meter in meters.get(executor, ()):
        meter.turn(day, at)
        meter.requests += 1


def use(
    meters: Meters, executor: ExecutorKind, tokens: int, usd_micros: int, day: Day, at: datetime
) -> None:
    """A run has used so much; it counts where it ends."""
    for meter in meters.get(executor, ()):
        meter.turn(day, at)
        meter.tokens += tokens
        meter.usd_micros += usd_micros


def configure(meters: Meters, executors: dict[ExecutorKind, Provider]) -> Meters:
    """Those of new settings: a window that is open goes on, with the new limits."""
    found: Meters = {}
    for kind, provider in executors.items():
        for name, limit in provider.quotas.items():
            meter = next((it for it in meters.get(kind, ()) if it.name == name), None)
            meter = meter or Meter(kind, name, limit)
            meter.limit, meter.gone = limit, False
            found.setdefault(kind, []).append(meter)
    for executor, known in meters.items():
        for meter in known:
            if meter.rests_until and not any(it is meter for it in found.get(executor, ())):
                meter.gone = True
                found.setdefault(executor, []).append(meter)
    return found


def restart(meters: Meters, at: datetime) -> None:
    """The clock came back: windows that it left in the future are none."""
    for meter in _all(meters):
        if not meter.rests_until and meter.since is not None and at < meter.since:
            meter.empty()


def reset(meters: Meters, fact: QuotaReset, at: datetime) -> None:
    """Learn that a quota is no longer spent."""
    known = meters.get(fact.executor, [])
    for meter in known:
        if meter.name == fact.quota:
            meter.reset(at)
    kept = [meter for meter in known if not (meter.gone and meter.name == fact.quota)]
    if kept:
        meters[fact.executor] = kept
    else:
        meters.pop(fact.executor, None)


def spend(meters: Meters, fact: QuotaSpent) -> None:
    """Learn that a quota is spent."""
    for meter in meters.get(fact.executor, ()):
        if meter.name == fact.quota:
            meter.rests_until = fact.until


def spent(meters: Meters, executor: str) -> Iterator[QuotaSpent | AlarmSet]:
    """Say which quotas of an executor have just been used up, also when that was said only of a
    window that is over and has not been seen to end."""
    for meter in meters.get(executor, ()):
        if meter.until is None or not meter.is_over:
            continue
        if meter.rests_until is None or meter.rests_until < meter.until:
            yield QuotaSpent(meter.executor, meter.name, meter.until)
            yield AlarmSet(meter.alarm, ME, meter.until)


def ring(meters: Meters, fact: AlarmRang) -> Iterator[QuotaReset | QuotaSpent | AlarmSet]:
    """A window is over, unless the alarm is one of before."""
    executor, _, name = fact.alarm.removeprefix(ALARM).partition("/")
    for meter in list(meters.get(executor, ())):
        if meter.name == name and meter.rests_until == fact.rings_at:
            yield QuotaReset(meter.executor, name)
    yield from spent(meters, executor)


def look_again(
    meters: Meters, at: datetime
) -> Iterator[QuotaReset | QuotaSpent | AlarmSet | AlarmCleared]:
    """After new settings, or when the clock came back: some are spent no longer, others now."""
    for meter in _all(meters):
        in_future = meter.since is not None and at < meter.since
        if meter.rests_until and (meter.gone or in_future or not meter.is_over):
            yield AlarmCleared(meter.alarm, ME)
            yield QuotaReset(meter.executor, meter.name)
    for executor in list(meters):
        yield from spent(meters, executor)


def _all(meters: Meters) -> list[Meter]:
    return [meter for known in meters.values() for meter in known]
