"""From a file and the environment to the settings in force."""

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from events.configuration import Budget, Configuration
from horarium.configuration import units
from horarium.configuration.checking import check
from horarium.configuration.digest import digest_of
from horarium.configuration.fault import ConfigError, Fault, Faults
from horarium.configuration.lines import Keys
from horarium.configuration.overrides import override
from horarium.configuration.scalar import Context
from horarium.configuration.shapes import Place, table
from horarium.configuration.words import known_zone

FILE_MAX_BYTES = 16 << 20
VALUES_MAX = 500_000


class Loaded(NamedTuple):
    """The settings in force and where they come from.

    `source` is the absolute path of the file and `text` what it holds; `overrides` names the
    HORARIUM_* variables that changed something.
    """

    configuration: Configuration
    digest: str
    source: str
    overrides: tuple[str, ...]
    text: str
    warnings: tuple[Fault, ...] = ()


class Reading(NamedTuple):
    """What could be understood, and what is wrong with the rest."""

    configuration: Configuration
    faults: Faults
    overrides: tuple[str, ...] = ()
    text: str = ""
    readable: bool = False  # False: there was nothing to understand at all


class _UnreadableError(Exception):
    """There is no TOML to look at: the message says why, and the line if one is to blame."""

    def __init__(self, message: str, line: int | None = None, text: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.text = text


def load(path: Path, environ: Mapping[str, str]) -> Loaded:
    """The settings in force. Raises ConfigError with all that is wrong."""
    return settled(read(path, environ), path)


def settled(reading: Reading, path: Path) -> Loaded:
    """What was read, if it can be used. Raises ConfigError with all that is wrong."""
    found = tuple(reading.faults.found)
    if any(fault.severity == "error" for fault in found):
        raise ConfigError(found)
    configuration, _, overrides, text, _ = reading
    source = str(path.absolute())
    return Loaded(configuration, digest_of(configuration), source, overrides, text, found)


def faults(path: Path, environ: Mapping[str, str]) -> list[Fault]:
    """All that is wrong with a configuration, warnings included."""
    return read(path, environ).faults.found


def read(path: Path, environ: Mapping[str, str]) -> Reading:
    """Understand as much as possible; raises nothing."""
    name = _named(path)
    try:
        text = _text(path)
        raw = _parsed(text)
    except _UnreadableError as unreadable:
        found = Faults(name)
        found.found.append(Fault("", unreadable.line, str(unreadable), file=name))
        return Reading(Configuration(), found, text=unreadable.text)
    found = Faults(name, text)
    for keys, trouble in _unusable(raw):
        found.add(keys, trouble)
    if found.found:
        return Reading(Configuration(), found, text=text)
    return _understood(raw, path, environ, found, text)


def _understood(
    raw: dict[str, Any], path: Path, environ: Mapping[str, str], found: Faults, text: str
) -> Reading:
    settings = table(Configuration)
    folder = path.absolute().parent
    context = _context(raw, folder)
    overrides = override(raw, settings, environ, found, context)
    configuration = settings.read(raw, Place((), found, _context(raw, folder)))
    assert isinstance(configuration, Configuration)
    found.settle()
    check(configuration, found)
    return Reading(configuration, found, overrides, text, readable=True)


def _context(raw: Mapping[str, Any], folder: Path) -> Context:
    """What other values depend on, with the defaults in the place of what is faulty."""
    zone = _inner(raw, "day", "timezone")
    try:
        daily = units.money(_inner(raw, "budget", "daily_usd"))
    except units.UnfitError:
        daily = Budget().daily_usd_micros
    return Context(known_zone(zone) or ZoneInfo("UTC"), daily, folder)


def _inner(raw: Mapping[str, Any], name: str, key: str) -> object:
    held = raw.get(name)
    return held.get(key) if isinstance(held, dict) else None


def _named(path: Path) -> str:
    """The path as a person here would write it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _text(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _UnreadableError("is not a file")
        with path.open("rb") as file:
            held = file.read(FILE_MAX_BYTES + 1)
    except FileNotFoundError:
        raise _UnreadableError(
            "there is no such file; name one with --config or HORARIUM_CONFIG"
        ) from None
    except OSError as error:
        raise _UnreadableError(f"cannot be read: {error.strerror}") from None
    if len(held) > FILE_MAX_BYTES:
        raise _UnreadableError(f"is larger than {FILE_MAX_BYTES >> 20} MiB")
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = held.count(b"\n", 0, error.start) + 1
        raise _UnreadableError("is not UTF-8 here", line) from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except RecursionError:
        raise _UnreadableError("is nested too deeply", text=text) from None
    except ValueError as error:  # TOMLDecodeError is one.
        said = re.sub(r" \(at (line \d+, column \d+|end of document)\)$", "", str(error))
        place = re.search(r"\(at line (\d+), column (\d+)\)$", str(error))
        line = int(place[1]) if place else len(text.splitlines())
        where = f"column {place[2]}" if place else "end of the file"
        raise _UnreadableError(f"is no TOML: {said} ({where})", line, text) from None


def _unusable(raw: object, keys: Keys = ()) -> Iterator[tuple[Keys, str]]:
    """Values that nothing here can hold, and too many of them."""
    waiting: list[tuple[Keys, object]] = [(keys, raw)]
    count = 0
    while waiting:
        keys, value = waiting.pop()
        count += 1
        if count > VALUES_MAX:
            yield (), f"holds more than {VALUES_MAX} values"
            return
        if isinstance(value, dict):
            waiting += [((*keys, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [((*keys, nth), inner) for nth, inner in enumerate(value)]
        elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            yield keys, "a whole number has at most 64 bits"
