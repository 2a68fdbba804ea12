"""Options that mirror the settings of an intent."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from events.configuration import Intent
from horarium import intending
from horarium.configuration.descriptions import DESCRIPTIONS
from horarium.configuration.shapes import Many, One, Setting, Shape, Table, table
from horarium.configuration.words import known_zone

F = TypeVar("F", bound=Callable[..., Any])
PREFIX, BENEATH = "set_", "__"  # of the parameters


def intent_options(command: F) -> F:
    """Give a command an option for each setting of an intent; see `given_settings`."""
    for names, how in reversed([*_options()]):
        command = click.option(*names, **how)(command)
    return command


def _options() -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for key, _, name, shape in _settings():
        words = DESCRIPTIONS[name]
        if _type(shape) == "boolean":
            is_on = key == "enabled"
            option = "disabled" if is_on else key
            words = "Add it without being due at all." if is_on else words
            yield (_named(option), PREFIX + key), {"is_flag": True, "help": words}
        else:
            how = {"metavar": _metavar(key, shape), "multiple": isinstance(shape, Many)}
            yield (_named(key), PREFIX + key), how | {"help": words}


def _settings() -> Iterator[tuple[str, Setting, str, Shape]]:
    """Each with its key, those of a table within it behind `__`, and what it is described as."""
    for setting in table(Intent).settings:
        if isinstance(setting.shape, Table):
            for inner in setting.shape.settings:
                name = f"{setting.shape.struct.__name__}.{inner.field.name}"
                yield f"{setting.key}{BENEATH}{inner.key}", inner, name, inner.shape
        else:
            yield setting.key, setting, f"Intent.{setting.field.name}", setting.shape


def _named(key: str) -> str:
    return f"--{key.replace(BENEATH, '-').replace('_', '-')}"


def _metavar(key: str, shape: Shape) -> str:
    scalar = shape.scalar if isinstance(shape, One) else None
    if scalar and "enum" in scalar.schema:
        return "|".join(str(word) for word in scalar.schema["enum"])  # type: ignore[attr-defined]
    return {"input": "JSON", "windows": "WINDOW", "exclude": "DAYS"}.get(key, "VALUE")


def _type(shape: Shape) -> object:
    return shape.scalar.schema.get("type") if isinstance(shape, One) else None


def given_settings(given: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """What was given, as `config.toml` would have it. Local times are of the zone, unless
    another one is given."""
    zone = known_zone(given.get(f"{PREFIX}timezone")) or zone
    found: dict[str, Any] = {}
    for key, _, _, shape in _settings():
        value = given.get(PREFIX + key)
        if value in (None, (), False):
            continue
        table_, _, inner = key.rpartition(BENEATH)
        into = found.setdefault(table_, {}) if table_ else found
        into[inner] = _value(key, value, shape, zone, now)
    return found


def _value(key: str, value: Any, shape: Shape, zone: ZoneInfo, now: datetime) -> Any:
    if _type(shape) == "boolean":
        return key != "enabled"
    if key in intending.MOMENTS:
        return intending.moment(value, zone, now)
    if key == "windows":
        return [intending.window(text) for text in value]
    if _type(shape) in ("integer", "object"):
        return intending.json_value(value)
    return list(value) if isinstance(value, tuple) else value
