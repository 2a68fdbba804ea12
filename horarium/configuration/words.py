"""Words, switches, names of zones and folders, and free tables."""

import math
import os
import re
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from actors.calendar import zone_of
from events.settings import PRIORITIES, WEEKDAYS
from horarium.configuration.fault import nearest, shown
from horarium.configuration.scalar import Context, Scalar, Schema
from horarium.configuration.units import UnfitError

JSON_MAX_BYTES = 64 * 1024
JSON_MAX_DEPTH = 32
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SWITCHES = dict.fromkeys(("true", "yes", "on", "1"), "true") | dict.fromkeys(
    ("false", "no", "off", "0"), "false"
)


def text(pattern: str | None = None) -> Scalar:
    """A text; with a pattern it is a name."""
    fits = re.compile(pattern).search if pattern else None

    def take(value: object, context: Context) -> object:
        if not isinstance(value, str):
            raise UnfitError(f"{shown(value)} is not a text", str(value) if _plain(value) else "")
        if "\0" in value:
            raise UnfitError("a text may not hold a zero character")
        if fits and not fits(value):
            raise UnfitError(
                f"{shown(value)} is not a name: a letter, then at most 79 letters, digits, "
                "points, dashes and underscores"
            )
        return value

    schema: Schema = {"type": "string"}
    return Scalar(take, schema | ({"pattern": pattern} if pattern else {}))


def _plain(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def choice(values: Iterable[str]) -> Scalar:
    """One of a few words."""
    known = next((order for order in (PRIORITIES, WEEKDAYS) if set(order) == set(values)), values)
    words = [str(word) for word in known]

    def take(value: object, context: Context) -> object:
        if value in words:
            return value
        meant = (nearest(value, words) or _holding(value, words)) if isinstance(value, str) else ""
        raise UnfitError(f"{shown(value)} is not one of {', '.join(words)}", meant)

    return Scalar(take, {"enum": words}, blank=words[0])


def _holding(part: str, words: Iterable[str]) -> str:
    """The only one that has this among its parts: latest for run_once_latest."""
    found = [word for word in words if part.lower() in word.split("_")]
    return found[0] if len(found) == 1 else ""


def flag() -> Scalar:
    """True or false."""

    def take(value: object, context: Context) -> object:
        if isinstance(value, bool):
            return value
        said = str(value).lower() if isinstance(value, str | int) else ""
        raise UnfitError(f"{shown(value)} is neither true nor false", _SWITCHES.get(said, ""))

    return Scalar(take, {"type": "boolean"}, blank=False)


def flag_or(*values: str) -> Scalar:
    """True, false, or one of a few words that say more."""
    named = ", ".join(f'"{value}"' for value in values)

    def take(value: object, context: Context) -> object:
        if isinstance(value, bool) or value in values:
            return value
        meant = nearest(value, values) if isinstance(value, str) else ""
        raise UnfitError(f"{shown(value)} is not one of true, false, {named}", meant)

    return Scalar(take, {"enum": [False, True, *values]}, blank=False)


def zone(may_be_empty: bool = False) -> Scalar:
    """An IANA time zone that this machine knows."""

    def take(value: object, context: Context) -> object:
        if known_zone(value) or (may_be_empty and value == ""):
            return value
        from actors.triggers.meant import zone_like  # It knows thousands of names.

        meant = zone_like(value) if isinstance(value, str) else ""
        raise UnfitError(f'{shown(value)} is not a time zone such as "Europe/Berlin"', meant)

    blank = "" if may_be_empty else "UTC"
    return Scalar(take, {"type": "string", "examples": ["UTC", "Europe/Berlin"]}, blank)


def known_zone(name: object) -> ZoneInfo | None:
    """The zone of that name; None when there is none."""
    if not isinstance(name, str) or not name:
        return None
    try:
        return zone_of(name)
    except ZoneInfoNotFoundError:
        return None


def directory() -> Scalar:
    """A folder, made absolute: relative ones start at the configuration file's folder."""

    def take(value: object, context: Context) -> object:
        path = str(text().take(value, context))
        try:
            return os.path.normpath(context.folder / Path(path).expanduser()) if path else ""
        except RuntimeError:
            raise UnfitError(f"{shown(path)} starts in a home folder that is not known") from None

    return Scalar(take, {"type": "string"})


def secret() -> Scalar:
    """Where a secret is: a variable of the daemon, or a file, made absolute. What stands there
    instead may be the secret itself: it is never shown."""

    def take(value: object, context: Context) -> object:
        kind, _, place = str(text().take(value, context)).partition(":")
        if kind == "env" and _VARIABLE.fullmatch(place):
            return f"env:{place}"
        if kind == "file" and place:
            return f"file:{directory().take(place, context)}"
        raise UnfitError('it is neither "env:NAME" nor "file:PATH"; the secret itself has no place')

    return Scalar(take, {"type": "string", "pattern": "^(env|file):."}, "env:NOTHING")


def json_table() -> Scalar:
    """A table, kept as canonical JSON text."""

    def take(value: object, context: Context) -> object:
        if not isinstance(value, dict):
            raise UnfitError(f"{shown(value)} is not a table")
        written = msgspec.json.encode(_jsonable(value), order="deterministic")
        if len(written) > JSON_MAX_BYTES:
            raise UnfitError(f"{len(written)} bytes are too many: at most {JSON_MAX_BYTES}")
        return written.decode()

    return Scalar(take, {"type": "object"}, "{}", lambda value: msgspec.json.decode(str(value)))


def _jsonable(value: object, depth: int = 0) -> object:
    if depth > JSON_MAX_DEPTH:
        raise UnfitError(f"it is nested deeper than {JSON_MAX_DEPTH} levels")
    match value:
        case dict():
            return {key: _jsonable(inner, depth + 1) for key, inner in value.items()}
        case list():
            return [_jsonable(inner, depth + 1) for inner in value]
        case Decimal():
            return _finite(value)
        case int() if not -(1 << 63) <= value < 1 << 63:
            raise UnfitError(f"{shown(value)} is too large for a number")
        case date() | time():
            raise UnfitError(f"{shown(value)} is a date or time; write it as a text")
        case _:
            return value


def _finite(value: Decimal) -> float:
    if not math.isfinite(found := float(value)):
        raise UnfitError(f"{shown(value)} is not a number that JSON knows")
    return found
