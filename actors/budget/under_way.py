"""What quotas of money hold for runs under way: their ceilings, from being set aside to being
settled.

Whom a run is asked of its start says; until then it counts for each that it may be. What rests
has been told to be spent, and the executor sees to it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from actors.budget.meters import ME, Meter, Meters
from actors.budget.refused import Price
from events.settings import ExecutorKind
from events.time import AlarmRang, AlarmSet

ROOM = "room:"  # and the executor, a slash and the name of the quota
OF = "executor:"  # and the executor, under which a promise counts


class UnderWay(Struct, frozen=True, gc=False):
    """A run that is paid for, and those that may be asked, or the one that was."""

    usd_micros: int
    executors: tuple[ExecutorKind, ...]


Runs = Mapping[str, UnderWay]


def is_short(
    meters: Meters, runs: Runs, price: Price, promised: Mapping[str, int], at: datetime
) -> bool:
    """Whether nobody may be asked, although not all of them rest."""
    short = False
    for kind in price.executors:
        if rests(meters, kind, at):
            continue
        room = room_of(meters, runs, kind, at)
        if room is None or price.usd_micros <= room - promised.get(OF + kind, 0):
            return False
        short = True
    return short


def first_room(
    meters: Meters, runs: Runs, price: Price, promised: Mapping[str, int], at: datetime
) -> int | None:
    """How much the first may still cost that may be asked; None when nothing limits it."""
    for kind in price.executors:
        if rests(meters, kind, at):
            continue
        room = room_of(meters, runs, kind, at)
        left = None if room is None else room - promised.get(OF + kind, 0)
        if left is None or left >= price.usd_micros:
            return left
    return None


def most_room(meters: Meters, runs: Runs, price: Price, at: datetime) -> int:
    """The most that any of them may still cost."""
    awake = (kind for kind in price.executors if not rests(meters, kind, at))
    rooms = (room_of(meters, runs, kind, at) for kind in awake)
    return max((room for room in rooms if room is not None), default=0)


def lacking(
    meters: Meters, runs: Runs, kinds: Iterable[ExecutorKind], amount: int, at: datetime
) -> tuple[ExecutorKind, ...]:
    """Those of them that may not cost so much more, unless all of them rest: then nobody is asked.
    One that rests may be back before the run has found a place at another."""
    found = tuple(
        kind
        for kind in kinds
        if (room := room_of(meters, runs, kind, at)) is not None and room < amount
    )
    return () if all(rests(meters, kind, at) for kind in kinds) else found


def rests(meters: Meters, kind: ExecutorKind, at: datetime) -> bool:
    """Whether one of its quotas was told to be spent."""
    return any(it.rests_until is not None and it.rests_until > at for it in meters.get(kind, ()))


def all_rest(meters: Meters, price: Price, at: datetime) -> bool:
    """Whether all rest that may be asked, so that it is offered nothing until one is back."""
    kinds = price.executors
    return bool(kinds) and all(rests(meters, kind, at) for kind in kinds)


def room_of(meters: Meters, runs: Runs, kind: ExecutorKind, at: datetime) -> int | None:
    """What one may still cost by its quotas; None when none of them limits that."""
    lefts = [
        meter.limit.usd_micros - _used(meter, at)
        for meter in meters.get(kind, ())
        if _holds(meter) and meter.limit.usd_micros is not None
    ]
    if not lefts:
        return None
    return min(lefts) - sum(run.usd_micros for run in runs.values() if kind in run.executors)


def _holds(meter: Meter) -> bool:
    return meter.limit.holds_ceilings and not meter.gone


def _used(meter: Meter, at: datetime) -> int:
    return meter.usd_micros if meter.is_open(at) else 0


def wakes(meters: Meters, price: Price, at: datetime) -> Iterator[AlarmSet]:
    """Alarms for the ends of the windows that would give room, unless they are set."""
    for kind in price.executors:
        for meter in meters.get(kind, ()):
            until = meter.until
            if until is None or not (_holds(meter) and _used(meter, at)):
                continue
            if meter.wakes_at != until:
                yield AlarmSet(f"{ROOM}{kind}/{meter.name}", ME, until)


def learn_alarm(meters: Meters, fact: AlarmSet | AlarmRang) -> None:
    """An alarm was set, or rang."""
    kind, _, name = fact.alarm.removeprefix(ROOM).partition("/")
    for meter in meters.get(kind, ()):
        if meter.name == name:
            meter.wakes_at = fact.rings_at if type(fact) is AlarmSet else None
