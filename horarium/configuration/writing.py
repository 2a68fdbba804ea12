"""Settings in force, said as `config.toml` says them: what was read, the other way round."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

from msgspec import Struct

from horarium.configuration.fault import path_of
from horarium.configuration.shapes import AtOnce, Many, Named, One, Shape, Short, Table, table


def written(settings: Struct) -> list[str]:
    """Those that are not what they would be unsaid, each as a line of TOML."""
    return list(_pairs(table(type(settings)), settings))


def _pairs(found: Table, settings: Struct) -> Iterator[str]:
    for key, field, shape in found.settings:
        value = getattr(settings, field.name)
        if isinstance(shape, AtOnce) and getattr(settings, "now", False):
            value = "now"
        if value is not None and (field.required or value != field.default):
            yield f"{key} = {_value(shape, value)}"


def _value(shape: Shape, value: object) -> str:
    match shape, value:
        case One(scalar), _:
            return _plain(scalar.write(value))
        case AtOnce(inner), _:
            return _value(inner, value)
        case Many(entry), tuple():
            return f"[{', '.join(_value(entry, each) for each in value)}]"
        case Named(_, entry), dict():
            named = (f"{path_of((key,))} = {_value(entry, each)}" for key, each in value.items())
            return _inline(named)
        case (Table() as inner) | Short(Table() as inner), Struct():
            return _inline(_pairs(inner, value))
    raise TypeError(f"{value!r} cannot be written as {shape}")


def _inline(pairs: Iterator[str]) -> str:
    return f"{{ {', '.join(pairs)} }}"


def _plain(value: object) -> str:
    match value:
        case datetime():
            return f'"{value.astimezone(UTC).isoformat().replace("+00:00", "Z")}"'
        case date():
            return f'"{value}"'
        case dict():
            return _inline(f"{path_of((key,))} = {_plain(each)}" for key, each in value.items())
        case list():
            return f"[{', '.join(map(_plain, value))}]"
    return json.dumps(value, ensure_ascii=False)
