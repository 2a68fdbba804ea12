"""Cron expressions, read once more: whether a wall clock shows a time that one of them names.

Slow and plain: each field becomes the set of its numbers. What cannot be read here matches all.
"""

from calendar import monthrange
from datetime import date, datetime
from typing import NamedTuple

NICKNAMES = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}  # fmt: skip
SOME_DAY = date(2024, 1, 1)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


class Crontab(NamedTuple):
    """The fields of an expression. `named`: it says its minutes and hours."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: str
    months: frozenset[int]
    weekdays: str
    named: bool

    def shows(self, wall: datetime) -> bool:
        """Whether it is a match when the wall shows this."""
        return (
            wall.minute in self.minutes
            and wall.hour in self.hours
            and wall.second in self.seconds
            and wall.month in self.months
            and self._on(wall.date())
        )

    def _on(self, day: date) -> bool:
        """When both kinds of days are named, one of them is enough."""
        if self.days == "*" == self.weekdays:
            return True
        by_month, by_week = self._in_month(day), self._in_week(day)
        if self.days[0] == "*" or self.weekdays[0] == "*":
            return by_month and by_week
        return by_month or by_week

    def _in_month(self, day: date) -> bool:
        for term in self.days.split(","):
            last = monthrange(day.year, day.month)[1]
            if term == "l":
                if day.day == last:
                    return True
            elif term == "lw":
                weekend = max(0, day.replace(day=last).weekday() - 4)
                if day.day == last - weekend:
                    return True
            elif day.day in _numbers(term, 1, 31):
                return True
        return False

    def _in_week(self, day: date) -> bool:
        weekday = (day.weekday() + 1) % 7
        for term in self.weekdays.split(","):
            name, _, nth = term.partition("#")
            if nth:
                if _number(name, WEEKDAYS) % 7 == weekday and (day.day + 6) // 7 == int(nth):
                    return True
            elif term[-1] == "l":
                is_last = day.day > monthrange(day.year, day.month)[1] - 7
                if _number(term[:-1], WEEKDAYS) % 7 == weekday and is_last:
                    return True
            elif weekday in {number % 7 for number in _of_week(term)}:
                return True
        return False


def read(expression: str) -> Crontab | None:
    """Five fields, or six with the seconds first; None when it cannot be read."""
    fields = NICKNAMES.get(expression.strip().lower(), expression).lower().split()
    if len(fields) == 5:
        fields = ["0", *fields]
    try:
        seconds, minutes, hours, days, months, weekdays = fields
        found = Crontab(
            _all(seconds, 0, 59),
            _all(minutes, 0, 59),
            _all(hours, 0, 23),
            days,
            _all(months, 1, 12, MONTHS),
            weekdays,
            named=minutes[0] != "*" and hours[0] != "*",
        )
        found._in_month(SOME_DAY)
        found._in_week(SOME_DAY)
    except (ValueError, IndexError):
        return None
    return found


def _all(field: str, low: int, high: int, names: list[str] | None = None) -> frozenset[int]:
    terms = field.split(",")
    return frozenset(number for term in terms for number in _numbers(term, low, high, names))


def _of_week(term: str) -> range:
    """Sunday stands at both ends of the week."""
    span, _, step = term.partition("/")
    first, dash, last = span.partition("-")
    if dash and last == "sun" and _number(first, WEEKDAYS):
        return range(_number(first, WEEKDAYS), 8, int(step or 1))
    return _numbers(term, 0, 7 if span != "*" else 6, WEEKDAYS)


def _numbers(term: str, low: int, high: int, names: list[str] | None = None) -> range:
    span, slash, step = term.partition("/")
    first, dash, last = span.partition("-")
    if span == "*":
        begin, end = low, high
    else:
        begin = _number(first, names)
        end = _number(last, names) if dash else high if slash else begin
    return range(begin, end + 1, int(step or 1))


def _number(text: str, names: list[str] | None) -> int:
    if names is not None and text in names:
        return names.index(text) + (names is MONTHS)
    return int(text)
