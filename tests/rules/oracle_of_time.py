"""A second opinion on triggers: a slow walk through every minute, with a calendar of its own.

It knows nothing of the code it judges. Only the offset of a zone from UTC is asked of somebody
else. Instants are whole minutes since the Unix epoch, and so are times on the wall.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOUR, DAY = 60, 24 * 60
MINUTE = timedelta(minutes=1)
MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Wall(NamedTuple):
    """What a wall shows."""

    at: int  # minutes since the wall showed 1 January 1970, 00:00
    month: int
    day: int
    month_length: int
    weekday: int  # 0 is Sunday
    hour: int
    minute: int


class Row(NamedTuple):
    """A minute of time."""

    at: int
    shown: Wall
    left_out: tuple[Wall, ...]  # what the wall jumped over to get here
    furthest: int  # the latest time that the wall has shown so far


class Scan(NamedTuple):
    """A walk through time in one zone."""

    zone: str
    rows: Sequence[Row]

    @property
    def first(self) -> int:
        return self.rows[0].at

    @property
    def end(self) -> int:
        return self.rows[-1].at + 1

    def due(self, expression: str, holds: Callable[[Row], bool] | None = None) -> list[int]:
        """The minutes in which an expression comes."""
        cron = Expression(expression)
        found = []
        for row in self.rows:
            comes = cron.matches(row.shown) or (
                cron.names_times and any(cron.matches(wall) for wall in row.left_out)
            )
            if comes and (holds is None or holds(row)):
                found.append(row.at)
        return found

    def passed_over(self, expression: str, gap: str, overlap: str) -> dict[int, str | None]:
        """What the policies for changed clocks say of each minute in which one comes."""
        cron = Expression(expression)
        shown: dict[int, list[int]] = {}
        for row in self.rows:
            shown.setdefault(row.shown.at, []).append(row.at)
        due = set(self.due(expression))
        return {
            row.at: _unwanted(cron, row, shown[row.shown.at], gap, overlap)
            for row in self.rows
            if row.at in due
        }


def _unwanted(
    cron: "Expression", row: Row, passes: list[int], gap: str, overlap: str
) -> str | None:
    if not cron.names_times:
        return None
    said = []
    if any(cron.matches(wall) for wall in row.left_out):
        said.append("dst_gap" if gap == "skip" else None)
    if cron.matches(row.shown):
        wanted = {"first": passes[:1], "last": passes[-1:], "both": passes}[overlap]
        said.append(None if row.at in wanted else "dst_overlap")
    return None if None in said else said[0]


def scan(zone: str, first: int, minutes: int, step: int = 1) -> Scan:
    """Walks from a minute on. With a longer step, times in between are not seen."""
    return Scan(zone, list(_rows(zone, first, minutes, step)))


def _rows(zone: str, first: int, minutes: int, step: int) -> Iterator[Row]:
    furthest = max(at + offset(zone, at) for at in range(first - DAY, first, 5))
    before = first - step + offset(zone, first - step)
    for at in range(first, first + minutes, step):
        shown = at + offset(zone, at)
        left_out = tuple(wall_of(wall) for wall in range(before + step, shown, step))
        furthest, before = max(furthest, shown), shown
        yield Row(at, wall_of(shown), left_out, furthest)


@cache
def changes(zone: str, first_year: int, last_year: int) -> Sequence[int]:
    """The minutes in which a zone has another offset than in the minute before."""
    found = []
    first, end = years_to_days(first_year) * DAY, years_to_days(last_year + 1) * DAY
    known = offset(zone, first)
    for at in range(first, end, DAY // 2):
        later = offset(zone, at + DAY // 2)
        if known != later:
            before, after = at, at + DAY // 2
            while after - before > 1:
                middle = (before + after) // 2
                if offset(zone, middle) == known:
                    before = middle
                else:
                    after = middle
            found.append(after)
        known = later
    return found


def offset(zone: str, at: int) -> int:
    shift = datetime.fromtimestamp(at * 60, zone_named(zone)).utcoffset()
    assert shift is not None and not shift % MINUTE
    return shift // MINUTE


@cache
def zone_named(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as zone:
        return ZoneInfo.from_file(zone, key=name)


def available() -> Sequence[str]:
    """The name of every zone."""
    return files("tzdata").joinpath("zones").read_text("ascii").split()


def wall_of(at: int) -> Wall:
    days, minutes = divmod(at, DAY)
    month, day, length = date_of(days)
    return Wall(at, month, day, length, (days + 4) % 7, minutes // HOUR, minutes % HOUR)


@cache
def date_of(days: int) -> tuple[int, int, int]:
    """Month, day and length of the month of so many days after 1 January 1970."""
    year = 1970
    while days >= 365 + is_leap(year):
        days -= 365 + is_leap(year)
        year += 1
    for month, length in enumerate(LENGTHS, 1):
        length += month == 2 and is_leap(year)
        if days < length:
            return month, days + 1, length
        days -= length
    raise AssertionError("a year is over before its days are")


def years_to_days(year: int) -> int:
    return sum(365 + is_leap(before) for before in range(1970, year))


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


class Expression:
    """Five fields, asked about one time after another."""

    def __init__(self, text: str) -> None:
        minute, hour, self.day, month, self.weekday = text.split()
        self.names_times = minute[0] != "*" and hour[0] != "*"
        self.minutes = {n for n in range(60) if one_of(n, minute, 59)}
        self.hours = {n for n in range(24) if one_of(n, hour, 23)}
        self.months = {n for n in range(1, 13) if one_of(n, month, 12, ["", *MONTH_NAMES], 1)}
        self.known: dict[tuple[int, int, int, int], bool] = {}

    def matches(self, wall: Wall) -> bool:
        return wall.minute in self.minutes and wall.hour in self.hours and self._on(wall)

    def _on(self, wall: Wall) -> bool:
        date = (wall.month, wall.day, wall.month_length, wall.weekday)
        if date not in self.known:
            self.known[date] = wall.month in self.months and self._day(wall)
        return self.known[date]

    def _day(self, wall: Wall) -> bool:
        by_day = any(self._by_day(wall, term) for term in self.day.split(","))
        by_weekday = any(self._by_weekday(wall, term) for term in self.weekday.split(","))
        if self.day[0] == "*" or self.weekday[0] == "*":
            return by_day and by_weekday
        return by_day or by_weekday

    def _by_day(self, wall: Wall, term: str) -> bool:
        if term == "L":
            return wall.day == wall.month_length
        if term == "LW":
            rest = wall.month_length - wall.day
            is_working = 1 <= wall.weekday <= 5
            return is_working and all((wall.weekday + n) % 7 in (0, 6) for n in range(1, rest + 1))
        return one_of(wall.day, term, 31, low=1)

    def _by_weekday(self, wall: Wall, term: str) -> bool:
        if term[-1] == "L":
            return is_day(wall.weekday, term[:-1]) and wall.day + 7 > wall.month_length
        if "#" in term:
            name, nth = term.split("#")
            return is_day(wall.weekday, name) and (wall.day - 1) // 7 + 1 == int(nth)
        return is_day(wall.weekday, term)


def is_day(weekday: int, term: str) -> bool:
    """Sunday is 0 and 7, and as the end of a range it is 7."""
    if term.endswith("-SUN"):
        term = term[:-3] + "7"
    return any(one_of(n, term, 7, DAY_NAMES) for n in ([0, 7] if weekday == 0 else [weekday]))


def one_of(number: int, field: str, high: int, names: Sequence[str] = (), low: int = 0) -> bool:
    """Whether a field names a number."""

    def read(word: str) -> int:
        return names.index(word) if word in names else int(word)

    for term in field.split(","):
        span, _, step = term.partition("/")
        if span == "*":
            first, last = low, high
        elif "-" in span:
            first, last = (read(word) for word in span.split("-"))
        else:
            first = read(span)
            last = high if step else first
        if first <= number <= last and (number - first) % int(step or 1) == 0:
            return True
    return False


def instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
