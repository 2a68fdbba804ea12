"""Cron on a wall that never changes its clock.

A time on the wall is a whole number of seconds, as many as the same time in UTC would be since
the Unix epoch. Five fields, or six with the seconds first. When neither the day of the month nor
the weekday begins with a star, either of them is enough, as Vixie had it.
"""

from functools import lru_cache

from actors.triggers import fields
from actors.triggers.days import Days
from actors.triggers.fields import HOUR, MINUTE, SECOND
from actors.triggers.trouble import UnsoundError, nearest, shown

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
EPOCH_DAY = 719_163  # the ordinal of 1 January 1970
DAY_SECONDS = 86_400
KNOWN = 16_384  # expressions that are kept read


class Cron:
    """An expression that was read. Raises UnsoundError for one that cannot be."""

    __slots__ = ("days", "hours", "minutes", "named", "per_day", "seconds")

    def __init__(self, expression: str) -> None:
        second, minute, hour, day, month, weekday = fields_of(expression)
        self.seconds = fields.numbers(second, SECOND)
        self.minutes = fields.numbers(minute, MINUTE)
        self.hours = fields.numbers(hour, HOUR)
        self.days = _days(day, month, weekday)
        self.named = not minute.startswith("*") and not hour.startswith("*")
        self.per_day = self.seconds.bit_count() * self.minutes.bit_count() * self.hours.bit_count()

    def first(self, at: int) -> int | None:
        """The first match at or after a time; None when there is none for decades."""
        day, of_day = divmod(at, DAY_SECONDS)
        day += EPOCH_DAY
        found = self.days.first(day)
        if found == day:
            if (match := self._first_of_day(of_day)) is not None:
                return (day - EPOCH_DAY) * DAY_SECONDS + match
            found = self.days.first(day + 1)
        if found is None:
            return None
        opening = _low(self.hours) * 3600 + _low(self.minutes) * 60 + _low(self.seconds)
        return (found - EPOCH_DAY) * DAY_SECONDS + opening

    def last(self, at: int) -> int | None:
        """The last match at or before a time; None when there is none for decades."""
        day, of_day = divmod(at, DAY_SECONDS)
        day += EPOCH_DAY
        found = self.days.last(day)
        if found == day:
            if (match := self._last_of_day(of_day)) is not None:
                return (day - EPOCH_DAY) * DAY_SECONDS + match
            found = self.days.last(day - 1)
        if found is None:
            return None
        closing = _high(self.hours) * 3600 + _high(self.minutes) * 60 + _high(self.seconds)
        return (found - EPOCH_DAY) * DAY_SECONDS + closing

    def count(self, first: int, end: int) -> int:
        """How many matches there are from a time up to, but without, another one."""
        if first >= end:
            return 0
        begin, begins = divmod(first, DAY_SECONDS)
        over, ends = divmod(end, DAY_SECONDS)
        begin, over = begin + EPOCH_DAY, over + EPOCH_DAY
        count = self.days.count(begin, over) * self.per_day
        if begins and self.days.named(begin):
            count -= self._before(begins)
        if ends and self.days.named(over):
            count += self._before(ends)
        return count

    def matches(self, at: int) -> bool:
        day, of_day = divmod(at, DAY_SECONDS)
        hour, of_hour = divmod(of_day, 3600)
        minute, second = divmod(of_hour, 60)
        of_time = self.hours >> hour & self.minutes >> minute & self.seconds >> second & 1
        return bool(of_time) and self.days.named(day + EPOCH_DAY)

    def _first_of_day(self, of_day: int) -> int | None:
        hour, rest = divmod(of_day, 3600)
        minute, second = divmod(rest, 60)
        if self.hours >> hour & 1:
            if self.minutes >> minute & 1 and (left := self.seconds >> second):
                return of_day + _low(left)
            if left := self.minutes >> minute + 1:
                return hour * 3600 + (minute + 1 + _low(left)) * 60 + _low(self.seconds)
        if left := self.hours >> hour + 1:
            following = hour + 1 + _low(left)
            return following * 3600 + _low(self.minutes) * 60 + _low(self.seconds)
        return None

    def _last_of_day(self, of_day: int) -> int | None:
        hour, rest = divmod(of_day, 3600)
        minute, second = divmod(rest, 60)
        if self.hours >> hour & 1:
            if self.minutes >> minute & 1 and (left := self.seconds & (2 << second) - 1):
                return of_day - second + _high(left)
            if left := self.minutes & (1 << minute) - 1:
                return hour * 3600 + _high(left) * 60 + _high(self.seconds)
        if left := self.hours & (1 << hour) - 1:
            return _high(left) * 3600 + _high(self.minutes) * 60 + _high(self.seconds)
        return None

    def _before(self, of_day: int) -> int:
        """How many matches of a day come before a time of it."""
        hour, rest = divmod(of_day, 3600)
        minute, second = divmod(rest, 60)
        per_minute = self.seconds.bit_count()
        per_hour = self.minutes.bit_count() * per_minute
        count = (self.hours & (1 << hour) - 1).bit_count() * per_hour
        if self.hours >> hour & 1:
            count += (self.minutes & (1 << minute) - 1).bit_count() * per_minute
            if self.minutes >> minute & 1:
                count += (self.seconds & (1 << second) - 1).bit_count()
        return count


@lru_cache(maxsize=KNOWN)
def cron_of(expression: str) -> Cron:
    """An expression, read once. Raises UnsoundError."""
    return Cron(expression)


def fields_of(expression: str) -> list[str]:
    """The six fields of an expression as they are written. Raises UnsoundError."""
    text = expression.strip()
    if text.startswith("@"):
        text = _alias(text)
    found = text.split()
    if len(found) == 5:
        return ["0", *found]
    if len(found) == 6:
        return found
    words = "cron has five fields (minute hour day month weekday), or six with seconds first"
    told = "there are none" if not found else f"not {len(found)}"
    raise UnsoundError(f"{words}, {told}", _fewer(found))


def _alias(text: str) -> str:
    found = ALIASES.get(text.lower())
    if found is not None:
        return found
    if text.lower() == "@reboot":
        raise UnsoundError("@reboot has no time", 'at = "now"')
    words = f"{shown(text)} is unknown; there are {', '.join(ALIASES)}"
    raise UnsoundError(words, nearest(text, ALIASES))


def _fewer(found: list[str]) -> str:
    """Seven fields are those of Quartz with a year at the end; an asterisk there says nothing."""
    return " ".join(found[:6]) if len(found) == 7 and found[6] in "*?" else ""


@lru_cache(maxsize=4096)
def _days(day: str, month: str, weekday: str) -> Days:
    return Days(day, month, weekday)


def _low(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _high(mask: int) -> int:
    return mask.bit_length() - 1
