"""When an intent is due: cron, every so often, or once.

Instants are aware and in UTC. Cron has five fields, or six with the seconds first, and the habits
of Debian's on the days on which clocks change: hours and minutes that are named come once, right
after the gap if they fall into it, at the first of two; a minute or hour that begins with `*`
follows the wall clock, and so comes twice or not at all. cronsim matches times on a wall that
never changes; what they stand for is settled here, because its own way loses a day where clocks
change by half an hour. `every_seconds` counts from the Unix epoch, so that no restart shifts it.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from actors.calendar import instant, passes, zone_of
from events.configuration import Intent

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
A_LEAP_YEAR = datetime(2024, 1, 1, tzinfo=UTC)

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def next_after(intent: Intent, zone: str, after: datetime) -> datetime | None:
    """The first instant strictly later at which an intent is due; None when there is none."""
    if intent.cron is not None:
        return _cron_after(intent.cron, zone, after)
    return next(_due(intent, zone, after), None)


def last_at_or_before(intent: Intent, zone: str, now: datetime) -> datetime | None:
    """The latest instant, this one included, at which an intent was due; None if there is none."""
    if intent.cron is not None:
        return _cron_at_or_before(intent.cron, zone, now)
    if intent.every_seconds is not None:
        every = timedelta(seconds=intent.every_seconds)
        return EPOCH + (now - EPOCH) // every * every
    return intent.at.astimezone(UTC) if intent.at is not None and intent.at <= now else None


def due_between(
    intent: Intent, zone: str, after: datetime, until: datetime, limit: int
) -> list[datetime]:
    """The first instants at which an intent is due, later than `after` and up to `until`."""
    return list(islice(takewhile(lambda due: due <= until, _due(intent, zone, after)), limit))


def count_between(intent: Intent, zone: str, after: datetime, until: datetime, limit: int) -> int:
    """How often an intent is due later than `after` and up to `until`, counted up to a limit."""
    if intent.cron is not None:
        return _cron_count(intent.cron, zone, after, until, limit)
    if intent.every_seconds is not None:
        every = timedelta(seconds=intent.every_seconds)
        return min(limit, max(0, (until - EPOCH) // every - (after - EPOCH) // every))
    return len(due_between(intent, zone, after, until, limit))


def check(intent: Intent, zone: str) -> str | None:
    """What is wrong with a trigger, in words; None when it is sound and can come."""
    triggers = {"cron": intent.cron, "every": intent.every_seconds, "at": intent.at}
    given = [name for name, value in triggers.items() if value is not None]
    if len(given) != 1:
        return f"exactly one of cron, every, at is needed, not {' and '.join(given) or 'none'}"
    try:
        zone_of(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"the time zone {zone!r} is unknown"
    if intent.at is not None and intent.at.utcoffset() is None:
        return "at needs an offset from UTC, as in 2026-11-20T09:00:00Z"
    if intent.every_seconds is not None and intent.every_seconds < 1:
        return "every must be a second or more"
    return None if intent.cron is None else _check_cron(intent.cron, zone)


def _check_cron(cron: str, zone: str) -> str | None:
    shorthand = cron.strip().lower()
    if shorthand == "@reboot":
        return "@reboot has no time; an intent needs one"
    if shorthand.startswith("@") and shorthand not in ALIASES:
        return f"{shorthand!r} is unknown; there are {', '.join(ALIASES)}"
    if shorthand not in ALIASES and len(shorthand.split()) not in (5, 6):
        return "cron has five fields (minute hour day month weekday), or six with seconds first"
    try:
        first = _cron_after(cron, zone, A_LEAP_YEAR)
    except (CronSimError, ValueError, AssertionError) as error:
        return f"cron {cron!r}: {str(error).lower() or 'it cannot be understood'}"
    return f"cron {cron!r} never comes" if first is None else None


def _due(intent: Intent, zone: str, after: datetime) -> Iterator[datetime]:
    """Every instant later than `after`, in order; it may go on for ever."""
    if intent.cron is not None:
        yield from _cron(intent.cron, zone, after)
    elif intent.every_seconds is not None:
        every = timedelta(seconds=intent.every_seconds)
        due = EPOCH + (after - EPOCH) // every * every
        while True:
            due += every
            yield due
    elif intent.at is not None and intent.at > after:
        yield intent.at.astimezone(UTC)


def _cron(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    last = after
    for due in _placed(cron, zone, CronSim(_fields(cron), _wall_before(after, zone_of(zone)))):
        if due > last:
            last = due
            yield due


def _placed(cron: str, zone: str, matches: Iterable[datetime]) -> Iterator[datetime]:
    """Times on the wall, in order and without a zone, become the instants they stand for."""
    if _names_times(cron):
        return (instant(local.date(), local.time(), zone) for local in matches)
    return _shown(matches, zone_of(zone))


def _shown(matches: Iterable[datetime], wall: ZoneInfo) -> Iterator[datetime]:
    second_pass: list[datetime] = []
    for local in matches:
        first, second = passes(local, wall)
        if first < second:
            yield first
            second_pass.append(second)
        elif first == second:
            yield from second_pass
            second_pass.clear()
            yield first
    yield from second_pass


def _wall_before(at: datetime, wall: ZoneInfo) -> datetime:
    """A time on the wall, without a zone, that everything due after an instant lies beyond."""
    local = at.astimezone(wall).replace(tzinfo=None)
    first, second = passes(local, wall)
    return local - (second - first)


@lru_cache(maxsize=4096)
def _cron_after(cron: str, zone: str, after: datetime) -> datetime | None:
    return next(_cron(cron, zone, after), None)


@lru_cache(maxsize=4096)
def _cron_at_or_before(cron: str, zone: str, now: datetime) -> datetime | None:
    beyond = now.astimezone(zone_of(zone)).replace(tzinfo=None, microsecond=0) + SECOND
    backwards = CronSim(_fields(cron), beyond, reverse=True)
    found = next((due for due in _placed(cron, zone, backwards) if due <= now), None)
    while found and (later := _cron_after(cron, zone, found)) and later <= now:
        found = later  # Times that come twice or not at all are out of order backwards.
    return found


@lru_cache(maxsize=1024)
def _cron_count(cron: str, zone: str, after: datetime, until: datetime, limit: int) -> int:
    due = takewhile(lambda due: due <= until, _cron(cron, zone, after))
    return sum(1 for _ in islice(due, limit))


def _fields(cron: str) -> str:
    return ALIASES.get(cron.strip().lower(), cron)


def _names_times(cron: str) -> bool:
    """Whether it names hours and minutes, so that each is meant once on any day."""
    *_, minute, hour, _, _, _ = _fields(cron).split()
    return not minute.startswith("*") and not hour.startswith("*")
