"""The days that a cron expression names, month by month.

A day is the ordinal of a date, a month is `year * 12 + month - 1`. A set of days of a month is an
integer: bit n says that the n-th is in it. There are only 28 kinds of month, by length and first
weekday, so what is named in each is worked out once.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from actors.triggers import fields

LOOK_MONTHS = 41 * 12  # 29 February may fall on a given weekday once in forty years.
FIRST_MONTH, LAST_MONTH = 2 * 12, 9998 * 12 - 1  # Some room for zones at either end of dates.
WEEKS = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28
EVERY_MONTH = 0x1FFE


class Month(NamedTuple):
    start: int  # ordinal of the day before its first
    length: int
    weekday: int  # of its first; 0 is Sunday


@lru_cache(maxsize=4096)
def month_of(number: int) -> Month:
    year, month = divmod(number, 12)
    start = date(year, month + 1, 1).toordinal() - 1
    following = date(year + month // 11, (month + 1) % 12 + 1, 1).toordinal() - 1
    return Month(start, following - start, (start + 1) % 7)


class Days:
    """The days that three fields of an expression name."""

    __slots__ = ("_either", "_masks", "_month_days", "_weekdays", "always", "months")

    def __init__(self, day: str, month: str, weekday: str) -> None:
        self._month_days = fields.days(day)
        self.months = fields.numbers(month, fields.MONTH)
        self._weekdays = fields.weekdays(weekday)
        self._either = not (day.startswith("*") or weekday.startswith("*"))
        self.always = day == "*" and weekday == "*" and self.months == EVERY_MONTH
        self._masks: dict[tuple[int, int], int] = {}

    def within(self, number: int) -> int:
        """The days of a month that are named."""
        if not self.months >> (number % 12 + 1) & 1:
            return 0
        month = month_of(number)
        return self._mask(month.length, month.weekday)

    def comes(self) -> bool:
        """Whether any day that there is, in any year, is named."""
        for month in range(12):
            lengths = (28, 29) if month == 1 else (month_of(2024 * 12 + month).length,)
            if self.months >> (month + 1) & 1 and any(
                self._mask(length, weekday) for length in lengths for weekday in range(7)
            ):
                return True
        return False

    def named(self, day: int) -> bool:
        return self.always or bool(self.within(_month(day)) >> (day - _start(day)) & 1)

    def first(self, day: int) -> int | None:
        """The first day that is named, from this one on; None when there is none for long."""
        if self.always:
            return day
        number = _month(day)
        mask = self.within(number) >> (at := day - _start(day)) << at
        for following in range(number + 1, min(number + LOOK_MONTHS, LAST_MONTH)):
            if mask:
                break
            number, mask = following, self.within(following)
        return month_of(number).start + (mask & -mask).bit_length() - 1 if mask else None

    def last(self, day: int) -> int | None:
        """The last day that is named, up to this one; None when there is none for long."""
        if self.always:
            return day
        number = _month(day)
        mask = self.within(number) & ((2 << (day - _start(day))) - 1)
        for before in range(number - 1, max(number - LOOK_MONTHS, FIRST_MONTH), -1):
            if mask:
                break
            number, mask = before, self.within(before)
        return month_of(number).start + mask.bit_length() - 1 if mask else None

    def count(self, first: int, end: int) -> int:
        """How many days are named from the first up to, but without, the end."""
        if first >= end or self.always:
            return max(0, end - first)
        begin, over = _month(first), _month(end)
        whole = sum(self.within(number).bit_count() for number in range(begin, over))
        return whole + self._before(end) - self._before(first)

    def _before(self, day: int) -> int:
        return (self.within(_month(day)) & ((1 << (day - _start(day))) - 1)).bit_count()

    def _mask(self, length: int, weekday: int) -> int:
        mask = self._masks.get((length, weekday))
        if mask is None:
            by_day, by_weekday = self._by_day(length, weekday), self._by_weekday(length, weekday)
            mask = by_day | by_weekday if self._either else by_day & by_weekday
            self._masks[length, weekday] = mask
        return mask

    def _by_day(self, length: int, weekday: int) -> int:
        mask = self._month_days.mask & ((2 << length) - 1)
        if self._month_days.last:
            mask |= 1 << length
        if self._month_days.last_working:
            last = (weekday + length - 1) % 7
            mask |= 1 << (length - {0: 2, 6: 1}.get(last, 0))
        return mask

    def _by_weekday(self, length: int, weekday: int) -> int:
        all_of_them, mask = (2 << length) - 2, 0
        for day in range(7):
            if self._weekdays.mask >> day & 1:
                mask |= _weekly(day, weekday) & all_of_them
        for day, nth in self._weekdays.nth:
            these = _weekly(day, weekday) & all_of_them
            if nth == 0:
                mask |= 1 << (these.bit_length() - 1)
            else:
                mask |= these & (1 << ((day - weekday) % 7 + 7 * nth - 6))
        return mask


def _weekly(day: int, first: int) -> int:
    return WEEKS << ((day - first) % 7 + 1)


@lru_cache(maxsize=4096)
def _at(day: int) -> tuple[int, int]:
    found = date.fromordinal(day)
    return found.year * 12 + found.month - 1, day - found.day


def _month(day: int) -> int:
    return _at(day)[0]


def _start(day: int) -> int:
    return _at(day)[1]
