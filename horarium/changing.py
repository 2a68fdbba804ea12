"""Single settings changed in a configuration that is in force: `budget.daily_usd=8`.

The names are those of the file, with dots between them; a name that holds dots stands in quotes.
Of a daily limit the `_usd` may be left out.
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from events.configuration import Configuration
from horarium.configuration import ConfigError, load
from horarium.configuration.checking import check
from horarium.configuration.fault import Faults
from horarium.configuration.scalar import Context
from horarium.configuration.shapes import UNFIT, Named, One, Place, Setting, Shape, Table, table

FILE = "--set"


class NotASetting(ValueError):
    """Something that cannot be set like this; the message says why."""


def changed(
    configuration: Configuration, wanted: Sequence[str], shares: Mapping[str, str] | None = None
) -> Configuration:
    """With these settings changed, each `name=value`. Raises NotASetting and ConfigError.

    `shares` are the categories whose limits are percentages of the daily limit.
    """
    faults = Faults(FILE)
    given = [_parted(each) for each in wanted]
    if ["budget", "daily_usd"] in [_full(keys) for keys, _ in given]:
        told = [keys[-1] for keys, _ in given if keys[:2] == ["budget", "categories"]]
        kept = {name: share for name, share in (shares or {}).items() if name not in told}
        given += [(["budget", "categories", name], share) for name, share in kept.items()]
    for keys, text in given:
        place = Place((), faults, _context(configuration))
        put = _put(configuration, table(Configuration), _full(keys), text, place)
        assert isinstance(put, Configuration)
        configuration = put
    if not faults.found:
        check(configuration, faults)
    if any(fault.severity == "error" for fault in faults.found):
        raise ConfigError(faults.found)
    return configuration


def sets_daily_limit(wanted: Sequence[str]) -> bool:
    """Whether the daily limit is among what is to be changed, of which categories may have shares.
    Raises NotASetting."""
    return any(_full(_parted(each)[0]) == ["budget", "daily_usd"] for each in wanted)


def shares_in(path: Path, digest: str) -> dict[str, str] | None:
    """The categories of a file whose limits are percentages; None when it is not the file that
    digest stands for: then nobody can tell."""
    try:
        loaded = load(path, os.environ)
    except ConfigError:
        return None
    if loaded.digest != digest:
        return None
    limits = tomllib.loads(loaded.text).get("budget", {}).get("categories", {})
    return {name: limit for name, limit in limits.items() if str(limit).endswith("%")}


def settings_between(
    before: Configuration, after: Configuration
) -> list[tuple[str, object, object]]:
    """The settings that differ, by the names of their fields: which, before, after."""
    one, other = _flat(msgspec.to_builtins(before)), _flat(msgspec.to_builtins(after))
    return [
        (name, one.get(name), other.get(name))
        for name in dict.fromkeys([*one, *other])
        if one.get(name) != other.get(name)
    ]


def _flat(value: Any, path: str = "") -> dict[str, object]:
    if not isinstance(value, dict):
        return {path: value}
    found: dict[str, object] = {}
    for key, inner in value.items():
        found |= _flat(inner, f"{path}.{key}" if path else str(key))
    return found


def _parted(wanted: str) -> tuple[list[str], str]:
    name, equals, text = wanted.partition("=")
    keys: list[str] = []
    try:
        found: Any = tomllib.loads(f"{name} = 0")
        while isinstance(found, dict):
            [(key, found)] = found.items()
            keys.append(key)
    except ValueError:
        keys = []
    if not equals or not keys:
        raise NotASetting(f"{wanted!r} is not of the form budget.daily_usd=8")
    return keys, text.strip()


def _full(keys: list[str]) -> list[str]:
    """With the ending that a limit of the day has in the file."""
    if keys in (["budget", "daily"], ["budget", "reserve"]):
        return ["budget", f"{keys[1]}_usd"]
    return keys


def _put(value: Any, shape: Shape, keys: Sequence[str], text: str, place: Place) -> object:
    """The value with what lies at the keys set to what the text says."""
    if not keys:
        return _read(shape, value, text, place)
    key, *rest = keys
    match shape:
        case Table(_, settings):
            setting = _setting(settings, key, place)
            held = getattr(value, setting.field.name)
            put = _put(held, setting.shape, rest, text, place.at(key))
            assert isinstance(value, Struct)
            return replace(value, **{setting.field.name: put})
        case Named(_, entry):
            held = value.get(key, entry.blank if isinstance(entry, One) else None)
            if held is None:
                raise NotASetting(f"there is no {key!r} in {_path(place)}")
            return {**value, key: _put(held, entry, rest, text, place.at(key))}
    raise NotASetting(f"{_path(place)} holds nothing called {key!r}")


def _setting(settings: Sequence[Setting], key: str, place: Place) -> Setting:
    for each in settings:
        if each.key == key:
            return each
    meant = place.faults.meant(key, [each.key for each in settings])
    hint = f"; did you mean {meant}?" if meant else ""
    raise NotASetting(f"there is no setting {_path(place.at(key))}{hint}")


def _read(shape: Shape, before: object, text: str, place: Place) -> object:
    """What a text says as TOML, or else as it is."""
    try:
        said = tomllib.loads(f"value = {text}", parse_float=Decimal)
        value: object = said["value"] if len(said) == 1 else text
    except ValueError:
        value = text
    read = shape.read(value, place)
    return before if read is UNFIT else read


def _context(configuration: Configuration) -> Context:
    zone = ZoneInfo(configuration.day.timezone)
    return Context(zone, configuration.budget.daily_usd_micros, Path.cwd())


def _path(place: Place) -> str:
    return ".".join(map(str, place.keys)) or "the configuration"
