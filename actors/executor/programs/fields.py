"""Values out of a stranger's object: each has a type and a bound, or is not there."""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal

import orjson

from actors.executor.programs.lines import Event
from actors.executor.programs.program import Tokens

TOKENS_MAX = 10**12
TURNS_MAX = 10**6
COST_USD_MAX = 1_000_000
WAIT_MAX = timedelta(days=40)  # longer than any window of a quota
_EARLIEST, _LATEST = 1_500_000_000, 4_000_000_000  # seconds since 1970, for a time of today
_WORD = re.compile(r"[\w@:/.+\-\[\]]{1,256}")


class AbsurdError(ValueError):
    """A number that cannot be true."""


def text(value: object) -> str:
    """A string, else nothing."""
    return value if isinstance(value, str) else ""


def word(value: object) -> str:
    """A name such as that of a model, else nothing."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def mapping(value: object) -> Event:
    """An object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[Event]:
    """The objects of a list, else none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def count(value: object, most: int = TOKENS_MAX) -> int:
    """A whole number from 0 to `most`; 0 when there is none. Raises AbsurdError."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AbsurdError(value)
    if not 0 <= value <= most or value != int(value):
        raise AbsurdError(value)
    return int(value)


def turns(value: object) -> int:
    """A number of turns; 0 when there is none, or none that can be true."""
    try:
        return count(value, TURNS_MAX)
    except AbsurdError:
        return 0


def micros(value: object) -> int | None:
    """Dollars as whole micro-dollars, rounded up; None when there are none. Raises AbsurdError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AbsurdError(value)
    if not 0 <= value <= COST_USD_MAX:
        raise AbsurdError(value)
    return rounded_up(Decimal(repr(value)) * 1_000_000)


def rounded_up(amount: Decimal) -> int:
    """The next whole number."""
    return int(amount.to_integral_value(ROUND_CEILING))


def tokens(said: Event, *keys: str) -> Tokens:
    """Tokens under these keys: input, output, cache read, cache written. Raises AbsurdError."""
    return Tokens(*(count(said.get(key)) for key in keys))


def instant(value: object) -> datetime | None:
    """Seconds since 1970 as an instant in UTC; None when it is no time of today."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not _EARLIEST <= value <= _LATEST:
        return None
    return datetime.fromtimestamp(int(value), UTC)


def seconds(value: object) -> int | None:
    """How long to wait, rounded up; None when it is not a time that anybody would wait."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= WAIT_MAX.total_seconds():
        return None
    return rounded_up(Decimal(repr(value)))


def as_json(value: object) -> str:
    """A value as one line."""
    try:
        return orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, UnicodeError):
        return ""


def call(name: object, given: object) -> str:
    """The call of a tool as a person reads it: its name and the first thing it was given."""
    first = next((value for value in mapping(given).values() if isinstance(value, str)), "")
    return f"{text(name) or 'a tool'}: {first}" if first else text(name) or "a tool"
