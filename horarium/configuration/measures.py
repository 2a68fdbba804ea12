"""Numbers, amounts, sizes and times, each within its limits."""

from collections.abc import Callable
from datetime import date, time

from msgspec.inspect import IntType

from horarium.configuration import units
from horarium.configuration.fault import shown
from horarium.configuration.scalar import Context, Scalar, Schema
from horarium.configuration.units import UnfitError


def whole(kind: IntType) -> Scalar:
    """A whole number within its limits."""

    def take(value: object, context: Context) -> object:
        if not isinstance(value, int) or isinstance(value, bool):
            raise UnfitError(f"{shown(value)} is not a whole number")
        return _within(value, kind, str)

    return Scalar(take, {"type": "integer"} | _limits(kind), blank=kind.ge or 0)


def duration(kind: IntType) -> Scalar:
    """Whole seconds, written with their unit."""
    return _measured(
        kind,
        units.duration,
        units.duration_text,
        {"type": "string", "pattern": r"^\s*(\d+[wdhms] ?)+\s*$", "examples": ["90s", "1h30m"]},
    )


def money(kind: IntType) -> Scalar:
    """Whole micro-dollars, written in dollars."""
    schema: Schema = {
        "type": ["number", "string"],
        "minimum": (kind.ge or 0) / 1_000_000,
        "pattern": r"^\s*\d+(\.\d{1,6})?\s*$",
    }
    return _measured(kind, units.money, units.dollars, schema, _thing(1_000_000))


def share(kind: IntType) -> Scalar:
    """Whole micro-dollars, written in dollars or as a percentage of the daily limit."""

    def take(value: object, context: Context) -> object:
        return _within(units.share(value, context.daily_usd_micros), kind, units.dollars)

    pattern = r"^\s*\d+(\.\d{1,6})?\s*%?\s*$"
    return Scalar(take, {"type": ["number", "string"], "minimum": 0, "pattern": pattern}, 0)


def weight(kind: IntType) -> Scalar:
    """Whole thousandths, written as a number."""
    return _measured(
        kind,
        lambda value: units.decimal(value, 3, "a number such as 1.5"),
        lambda millis: f"{millis / 1000:g}",
        {"type": "number", "minimum": (kind.ge or 0) / 1000, "maximum": (kind.le or 0) / 1000},
        _thing(1_000),
    )


def size(kind: IntType) -> Scalar:
    """Bytes, written with their unit or as a whole number."""
    pattern = r"^\s*\d+ ?([kKmMgGtT]i?)?[bB]\s*$"
    schema: Schema = {"type": ["integer", "string"], "minimum": kind.ge or 0, "pattern": pattern}
    return _measured(kind, units.size, _size_text, schema)


def _measured(
    kind: IntType,
    read: Callable[[object], int],
    say: Callable[[int], str],
    schema: Schema,
    write: Callable[[int], object] | None = None,
) -> Scalar:
    def take(value: object, context: Context) -> object:
        return _within(read(value), kind, say)

    written = write or say
    return Scalar(take, schema, kind.ge or 0, lambda value: written(int(str(value))))


def _thing(parts: int) -> Callable[[int], object]:
    """Writes a number of parts as a whole number where it is one, else with its decimals."""
    return lambda value: value // parts if value % parts == 0 else value / parts


def _size_text(count: int) -> str:
    for unit, length in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count and count % length == 0:
            return f"{count // length}{unit}"
    return f"{count}B"


def _within(value: int, kind: IntType, say: Callable[[int], str]) -> int:
    low, high = kind.ge or 0, kind.le
    if value < low or (high is not None and value > high):
        allowed = f"at least {say(low)}" if high is None else f"{say(low)} to {say(high)}"
        said = say(value) if value >= 0 else "a negative value"
        raise UnfitError(f"{said} is outside of what is allowed: {allowed}")
    return value


def _limits(kind: IntType) -> Schema:
    limits = {"minimum": kind.ge, "maximum": kind.le}
    return {name: limit for name, limit in limits.items() if limit is not None}


def clock(is_end: bool = False) -> Scalar:
    """A time of day."""

    def write(value: object) -> object:
        return value.isoformat("auto")[:5] if isinstance(value, time) else value

    examples = ["22:00", "24:00"] if is_end else ["22:00"]
    pattern = r"^\s*\d{1,2}:\d\d(:\d\d)?\s*$"
    schema: Schema = {"type": "string", "pattern": pattern, "examples": examples}
    return Scalar(lambda value, _: units.clock(value, is_end), schema, time(0), write)


def day() -> Scalar:
    """A day on the calendar."""
    pattern = r"^\s*\d{4}-\d\d-\d\d\s*$"
    schema: Schema = {"type": "string", "pattern": pattern, "examples": ["2026-12-24"]}
    return Scalar(lambda value, _: units.day(value), schema, date.min)


def moment() -> Scalar:
    """An instant; without an offset it is read in the zone of the table."""
    schema: Schema = {"type": "string", "examples": ["2026-12-24T18:00:00+01:00"]}
    return Scalar(lambda value, context: units.moment(value, context.zone), schema, None)
