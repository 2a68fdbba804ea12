"""How amounts, times and sizes are written in the configuration, each read without rounding."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from horarium.configuration.fault import shown

_DURATION = re.compile(
    r"(?:(\d{1,9})w)? ?(?:(\d{1,9})d)? ?(?:(\d{1,9})h)? ?(?:(\d{1,9})m)? ?(?:(\d{1,9})s)?",
    re.ASCII,
)
_IN_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_SIZE = re.compile(r"(\d{1,15}) ?([KMGT]i?B|B)", re.IGNORECASE | re.ASCII)
_BARE = re.compile(r"\d{1,9}", re.ASCII)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?",
    re.IGNORECASE | re.ASCII,
)


class UnfitError(ValueError):
    """A value that cannot be taken: why, and what was probably meant."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


def duration(value: object) -> int:
    """Whole seconds of a text such as "1h30m". A bare number is refused: its unit is a guess."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise UnfitError(f"{value} is a duration without a unit", f"{value}s")
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match and any(parts := match.groups()):
        in_seconds = zip(parts, _IN_SECONDS.values(), strict=True)
        return sum(int(part or 0) * unit for part, unit in in_seconds)
    meant = f"{value.strip()}s" if isinstance(value, str) and _BARE.fullmatch(value.strip()) else ""
    raise UnfitError(f'{shown(value)} is not a duration such as "90s", "10m" or "1h30m"', meant)


def duration_text(seconds: int) -> str:
    """The shortest way to write a duration."""
    text = ""
    for unit, length in list(_IN_SECONDS.items())[1:]:
        count, seconds = divmod(seconds, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def decimal(value: object, places: int, kind: str) -> int:
    """A number with at most so many decimals, in units of the last of them."""
    number = _number(value)
    if number is None:
        raise UnfitError(f"{shown(value)} is not {kind}")
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or not -1_000_000_000 <= number <= 1_000_000_000:
        raise UnfitError(f"{shown(value)} is not {kind}")
    if -exponent > places:
        raise UnfitError(f"{shown(value)} has more than {places} decimals")
    return int(number.scaleb(places))


def _number(value: object) -> Decimal | None:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def money(value: object) -> int:
    """Micro-dollars of an amount in dollars: 5, 0.25 or "0.25"."""
    return decimal(value, 6, 'an amount in dollars such as 5, 0.25 or "0.25"')


def dollars(usd_micros: int) -> str:
    """An amount as a person reads it: `$0.25`."""
    whole, rest = divmod(usd_micros, 1_000_000)
    return f"${whole}.{f'{rest:06d}'.rstrip('0'):0<2}"


def share(value: object, of_usd_micros: int) -> int:
    """Micro-dollars of an amount, or of a percentage of another one, rounded down."""
    if not isinstance(value, str) or not value.strip().endswith("%"):
        return money(value)
    kind = 'a percentage such as "30%"'
    millionths = decimal(value.strip()[:-1].rstrip(), 6, kind)
    if not 0 <= millionths <= 100_000_000:
        raise UnfitError(f"{shown(value)} is not {kind}")
    return of_usd_micros * millionths // 100_000_000


def size(value: object) -> int:
    """Bytes of a text such as "16MiB" or "64KB", or of a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        unit = match[2].lower().removesuffix("b")
        step = 1024 if "i" in unit else 1000
        return int(match[1]) * int(step ** _POWERS[unit.removesuffix("i")])
    raise UnfitError(f'{shown(value)} is not a size such as "16MiB", "64KB" or 1048576')


def clock(value: object, is_end: bool = False) -> time:
    """A time of day, to the second; an end may be "24:00", which is the midnight after."""
    if isinstance(value, time) and value.tzinfo is None and not value.microsecond:
        return value
    if isinstance(value, str) and (match := _CLOCK.fullmatch(value.strip())):
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        if is_end and (hour, minute, second) == (24, 0, 0):
            return time(0)
        if hour < 24 and minute < 60 and second < 60:
            return time(hour, minute, second)
    raise UnfitError(f'{shown(value)} is not a time of day such as "06:30"')


def day(value: object) -> date:
    """A day on the calendar, without a time."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        with suppress(ValueError):
            return date.fromisoformat(value.strip())
    raise UnfitError(f'{shown(value)} is not a day such as "2026-12-24"')


class _Reading(NamedTuple):
    """A local time as one of its two possible offsets reads it."""

    instant: datetime
    real: bool  # the clock really shows it then


def moment(value: object, zone: ZoneInfo) -> datetime:
    """An instant in UTC. Without an offset it is local, and must name exactly one instant."""
    found = _moment(value)
    if found is None:
        raise UnfitError(
            f"{shown(value)} is not a date and time such as "
            '"2026-12-24T18:00:00+01:00" or "2026-12-24 18:00"',
            _midnight(value, zone),
        )
    try:
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        readings = [_read(found, zone, fold) for fold in (0, 1)]
    except OverflowError:
        raise UnfitError(f"{shown(value)} is too far away") from None
    real = sorted({reading.instant for reading in readings if reading.real})
    if len(real) == 1:
        return real[0]
    choices = " or ".join(
        reading.instant.astimezone(zone).isoformat() for reading in sorted(readings)
    )
    trouble = "comes twice" if real else "does not exist"
    raise UnfitError(f"{shown(str(found))} {trouble} in {zone.key}; write {choices}")


def _midnight(value: object, zone: ZoneInfo) -> str:
    """The beginning of a day as a moment; "" for what is no day."""
    try:
        found = day(value)
    except UnfitError:
        return ""
    return datetime.combine(found, time(0), zone).isoformat()


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and _MOMENT.fullmatch(value.strip()):
        try:
            return datetime.fromisoformat(value.strip().upper())
        except ValueError:
            return None
    return None


def _read(local: datetime, zone: ZoneInfo, fold: int) -> _Reading:
    instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    return _Reading(instant, instant.astimezone(zone).replace(tzinfo=None) == local)
