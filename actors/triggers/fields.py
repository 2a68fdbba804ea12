"""The fields of a cron expression as sets of numbers: bit n of an integer says that n is in it."""

from functools import lru_cache
from typing import NamedTuple

from actors.triggers.trouble import UnsoundError, nearest, shown

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
TEXT_MAX = 300  # Naming every minute of an hour takes less.
NTH_MAX = 5


class Field(NamedTuple):
    """What may stand in one place of an expression; `names` count from `low`."""

    noun: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    every: str = ""  # the unit of `every` that a long step means

    @property
    def span(self) -> str:
        named = f", or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.noun} is {self.low} to {self.high}{named}"


SECOND = Field("second", 0, 59, every="s")
MINUTE = Field("minute", 0, 59, every="m")
HOUR = Field("hour", 0, 23, every="h")
DAY = Field("day of the month", 1, 31, every="d")
MONTH = Field("month", 1, 12, MONTHS)
WEEKDAY = Field("weekday", 0, 7, WEEKDAYS)  # 0 and 7 are both Sunday.


class Days(NamedTuple):
    """Which days of a month are named."""

    mask: int
    last: bool = False
    last_working: bool = False


class Weekdays(NamedTuple):
    """Which weekdays are named, 0 is Sunday; `nth` are of the month, 0 is the last one."""

    mask: int
    nth: tuple[tuple[int, int], ...] = ()


@lru_cache(maxsize=4096)
def numbers(text: str, field: Field) -> int:
    """The numbers that a field names. Raises UnsoundError."""
    mask = 0
    for term in _terms(text, field):
        mask |= _term(term, field)
    return mask


@lru_cache(maxsize=1024)
def days(text: str) -> Days:
    """The days of the month that a field names. Raises UnsoundError."""
    plain = 0
    last = last_working = False
    for term in _terms(text, DAY):
        if term == "L":
            last = True
        elif term == "LW":
            last_working = True
        else:
            plain |= _term(term, DAY)
    return Days(plain, last, last_working)


@lru_cache(maxsize=1024)
def weekdays(text: str) -> Weekdays:
    """The weekdays that a field names. Raises UnsoundError."""
    plain, nth = 0, []
    for term in _terms(text, WEEKDAY):
        if "#" in term:
            day, _, which = term.partition("#")
            nth.append((_number(day, WEEKDAY) % 7, _nth(which, term)))
        elif term.endswith("L") and len(term) > 1 and "-" not in term and "/" not in term:
            nth.append((_number(term[:-1], WEEKDAY) % 7, 0))
        else:
            plain |= _term(term, WEEKDAY)
    return Weekdays((plain | plain >> 7) & 0x7F, tuple(nth))


def _terms(text: str, field: Field) -> list[str]:
    if len(text) > TEXT_MAX:
        raise UnsoundError(f"the {field.noun} is longer than {TEXT_MAX} characters")
    terms = text.upper().split(",")
    if not all(terms):
        kept = ",".join(term for term in terms if term)
        raise UnsoundError(f"the {field.noun} {shown(text)} has a comma too many", kept)
    return terms


def _term(term: str, field: Field) -> int:
    """A number, a range or a star, with or without a step."""
    text, slash, step_text = term.partition("/")
    step = _step(step_text, field) if slash else 1
    if text == "*":
        first, last = field.low, field.high
    elif "-" in text:
        first, last = _range(text, field)
    else:
        first = _number(text, field)
        last = field.high if slash else first
    mask = 0
    for number in range(first, last + 1, step):
        mask |= 1 << number
    return mask


def _range(text: str, field: Field) -> tuple[int, int]:
    begin, _, end = text.partition("-")
    first, last = _number(begin, field), _number(end, field)
    if field is WEEKDAY and end == "SUN" and first:
        last = 7
    if last < first:
        around = f"{begin}-{field.high},{field.low}-{end}"
        if field is WEEKDAY:
            around = f"{begin}-{'SAT' if begin in WEEKDAYS else 6},{WEEKDAYS[0]}-{end}"
            around = around.replace("SUN-", "0-") if end.isdigit() else around
        raise UnsoundError(f"the {field.noun} {shown(text)} ends before it begins", around)
    return first, last


def _step(text: str, field: Field) -> int:
    step = int(text) if _is_number(text) else 0
    if step < 1:
        raise UnsoundError(f"the step {shown(text)} of the {field.noun} is not 1 or more")
    if step > field.high + 1 - field.low:
        meant = f'every = "{step}{field.every}"' if field.every else ""
        raise UnsoundError(f"a step of {step} is too long: {field.span}", meant)
    return step


def _number(text: str, field: Field) -> int:
    if text in field.names:
        return field.names.index(text) + (field.low if field is MONTH else 0)
    number = int(text) if _is_number(text) else -1
    if field.low <= number <= field.high:
        return number
    raise UnsoundError(f"{field.span}, not {shown(text)}", _meant(text, field))


def _meant(text: str, field: Field) -> str:
    if text == "?":
        return "*"
    if len(text) >= 3 and text.isalpha() and (found := _by_full_name(text, field)):
        return found
    return nearest(text, field.names)


def _by_full_name(text: str, field: Field) -> str:
    return next((name for name in field.names if text.startswith(name)), "")


def _nth(text: str, term: str) -> int:
    if _is_number(text) and 1 <= int(text) <= NTH_MAX:
        return int(text)
    raise UnsoundError(f"in {shown(term)} the number after # is 1 to {NTH_MAX}")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4
