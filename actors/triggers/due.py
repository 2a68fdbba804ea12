"""When an intent is due: its trigger, within its conditions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from actors.triggers import placing
from actors.triggers.cron import Cron, cron_of
from actors.triggers.spans import EPOCH, SECOND, Condition, conditions_of
from actors.triggers.walls import FIRST, LAST
from events.configuration import Configuration, Intent

LOOKS_MAX = 8 * 366  # How often a trigger is looked for between the times its conditions hold.
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
YEARS_MAX = 41 * 366 * 86_400


class Times(Protocol):
    """When a trigger comes, in whole seconds since the Unix epoch, whatever the conditions."""

    def after(self, at: int) -> int | None: ...

    def at_or_before(self, at: int) -> int | None: ...

    def between(self, first: int, end: int) -> int: ...


class ByCron(NamedTuple):
    cron: Cron
    zone: str

    def after(self, at: int) -> int | None:
        return placing.after(self.cron, self.zone, at)

    def at_or_before(self, at: int) -> int | None:
        return placing.at_or_before(self.cron, self.zone, at)

    def between(self, first: int, end: int) -> int:
        return placing.count(self.cron, self.zone, first, end)


class Every(NamedTuple):
    seconds: int

    def after(self, at: int) -> int | None:
        return (at // self.seconds + 1) * self.seconds

    def at_or_before(self, at: int) -> int | None:
        return at // self.seconds * self.seconds

    def between(self, first: int, end: int) -> int:
        return max(0, (end - 1) // self.seconds - (first - 1) // self.seconds)


def next_after(intent: Intent, house: Configuration, after: datetime) -> datetime | None:
    """The first instant strictly later at which an intent is due.

    None when there is none: also for what waits for something else than a time, and when nothing
    comes within eight years of days on which it might.
    """
    if intent.at is not None:
        at = _once(intent, house)
        return at if at is not None and at > after else None
    times = _times(intent, house)
    if times is None:
        return None
    return _instant(_after(times, conditions_of(intent, house), _seconds(after)))


def last_at_or_before(intent: Intent, house: Configuration, now: datetime) -> datetime | None:
    """The latest instant, this one included, at which an intent was due; None if there is none."""
    if intent.at is not None:
        at = _once(intent, house)
        return at if at is not None and at <= now else None
    times = _times(intent, house)
    if times is None:
        return None
    return _instant(_at_or_before(times, conditions_of(intent, house), _seconds(now)))


def due_between(
    intent: Intent, house: Configuration, after: datetime, until: datetime, limit: int
) -> list[datetime]:
    """The first instants at which an intent is due, later than `after` and up to `until`."""
    if intent.at is not None:
        at = _once(intent, house)
        return [at][:limit] if at is not None and after < at <= until else []
    times, conditions = _times(intent, house), conditions_of(intent, house)
    last, end, found = _seconds(after), _seconds(until), list[datetime]()
    while times is not None and len(found) < limit:
        due = _after(times, conditions, last)
        if due is None or due > end:
            break
        found.append(EPOCH + timedelta(seconds=due))
        last = due
    return found


def count_between(intent: Intent, house: Configuration, after: datetime, until: datetime) -> int:
    """How often an intent is due later than `after` and up to `until`."""
    if intent.at is not None:
        at = _once(intent, house)
        return int(at is not None and after < at <= until)
    times = _times(intent, house)
    if times is None:
        return 0
    first, end = _seconds(after) + 1, _seconds(until) + 1
    conditions = conditions_of(intent, house)
    if not conditions:
        return times.between(first, end)
    return sum(times.between(*span) for span in _open(conditions, first, end))


def comes(intent: Intent, house: Configuration) -> bool:
    """Whether there is any instant at which its conditions hold and its trigger comes.

    For a trigger that is not a time: whether its conditions ever hold.
    """
    if intent.at is not None:
        return _once(intent, house) is not None
    cron = cron_of(intent.cron) if intent.cron is not None else None
    conditions = conditions_of(intent, house)
    if not conditions:
        return cron is None or cron.days.comes()
    times = _times(intent, house) or Every(1)
    if intent.ends_at is not None and intent.starts_at is None:
        return _at_or_before(times, conditions, _seconds(intent.ends_at)) is not None
    return _after(times, conditions, _seconds(intent.starts_at or LONG_AGO) - 1) is not None


def _times(intent: Intent, house: Configuration) -> Times | None:
    if intent.cron is not None:
        return ByCron(cron_of(intent.cron), intent.timezone or house.day.timezone)
    if intent.every_seconds is not None and intent.every_from == "scheduled":
        return Every(intent.every_seconds)
    return None


def _after(times: Times, conditions: tuple[Condition, ...], at: int) -> int | None:
    give_up = at + YEARS_MAX
    for _ in range(LOOKS_MAX):
        due = times.after(at)
        if due is None or due > give_up:
            return None
        opens = due
        for condition in conditions:
            span = condition.ahead(due)
            if span is None:
                return None
            opens = max(opens, span[0])
        if opens == due:
            return due
        at = opens - 1
    return None


def _at_or_before(times: Times, conditions: tuple[Condition, ...], at: int) -> int | None:
    give_up = at - YEARS_MAX
    for _ in range(LOOKS_MAX):
        due = times.at_or_before(at)
        if due is None or due < give_up:
            return None
        closes = due
        for condition in conditions:
            span = condition.behind(due)
            if span is None:
                return None
            closes = min(closes, span[1] - 1)
        if closes == due:
            return due
        at = closes
    return None


def _open(conditions: tuple[Condition, ...], first: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans in which all conditions hold."""
    while first < end:
        spans = [condition.ahead(first) for condition in conditions]
        opens, closes = first, end
        for span in spans:
            if span is None:
                return
            opens, closes = max(opens, span[0]), min(closes, span[1])
        if opens < closes:
            yield opens, closes
        first = min(closes, end) if opens < closes else opens


def _once(intent: Intent, house: Configuration) -> datetime | None:
    """The instant of `at`, when its conditions hold then."""
    assert intent.at is not None
    if intent.starts_at is not None and intent.at < intent.starts_at:
        return None
    if intent.ends_at is not None and intent.at >= intent.ends_at:
        return None
    at = _seconds(intent.at)
    for condition in conditions_of(intent, house):
        span = condition.behind(at)
        if span is None or span[1] <= at:
            return None
    return intent.at.astimezone(UTC)


def _seconds(at: datetime) -> int:
    return min(max((at - EPOCH) // SECOND, FIRST), LAST - 1)


def _instant(at: int | None) -> datetime | None:
    if at is None or not FIRST <= at < LAST:
        return None
    return EPOCH + timedelta(seconds=at)
