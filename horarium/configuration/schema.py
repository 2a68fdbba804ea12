"""The JSON schema of `config.toml`, from which editors complete and check it.

It is made by the walk that reads the file, so it allows what is read: it cannot know names that
must exist elsewhere in the file, nor whether a day can pay for its work.
"""

import json
from collections.abc import Mapping

import msgspec

from events.configuration import Configuration
from horarium.configuration.descriptions import DESCRIPTIONS
from horarium.configuration.scalar import Scalar, Schema
from horarium.configuration.shapes import (
    ENTRIES_MAX,
    AtOnce,
    Many,
    Named,
    One,
    Setting,
    Shape,
    Short,
    Table,
    table,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> Schema:
    """The schema as a JSON object, of the dialect 2020-12."""
    definitions: dict[str, Schema] = {}
    top = _table(table(Configuration), definitions)
    return {"$schema": DIALECT, "title": "Horarium", **top, "$defs": definitions}


def schema_text() -> str:
    """The schema as `config.schema.json` holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(found: Table, definitions: dict[str, Schema]) -> Schema:
    name = found.struct.__name__
    properties = {setting.key: _property(name, setting, definitions) for setting in found.settings}
    required = [setting.key for setting in found.settings if setting.field.required]
    return {
        "description": DESCRIPTIONS[name],
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _property(name: str, setting: Setting, definitions: dict[str, Schema]) -> Schema:
    described: Schema = {"description": DESCRIPTIONS[f"{name}.{setting.field.name}"]}
    default = setting.field.default
    if default is not None and default is not msgspec.NODEFAULT:
        written = _written(setting.shape, default)
        if written is not None:
            described["default"] = written
    return described | _shape(setting.shape, definitions)


def _written(shape: Shape, value: object) -> object:
    """A default as TOML would have it; None where a table tells the defaults of its own."""
    match shape, value:
        case One(scalar), _:
            return scalar.write(value)
        case Many(One(scalar)), tuple():
            return [scalar.write(each) for each in value]
        case Many(), ():
            return []
    return None


def _shape(shape: Shape, definitions: dict[str, Schema]) -> Schema:
    match shape:
        case One(scalar):
            return dict(scalar.schema)
        case Many(entry):
            items = _shape(entry, definitions)
            return {"type": "array", "items": items, "maxItems": ENTRIES_MAX}
        case Named(name, entry):
            return _named(name, _shape(entry, definitions))
        case Short(inner):
            return {"anyOf": [{"type": "string"}, _reference(inner, definitions)]}
        case AtOnce(One(scalar)):
            return scalar.schema | {"examples": ["2026-12-24T18:00:00+01:00", "now"]}
        case Table():
            return _reference(shape, definitions)
    raise TypeError(f"no schema is known for {shape}")


def _named(name: Scalar, entry: Mapping[str, object]) -> Schema:
    limits = {key: name.schema[key] for key in ("pattern", "enum") if key in name.schema}
    names = {"propertyNames": limits} if limits else {}
    return {
        "type": "object",
        **names,
        "additionalProperties": entry,
        "maxProperties": ENTRIES_MAX,
    }


def _reference(found: Table, definitions: dict[str, Schema]) -> Schema:
    name = found.struct.__name__
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _table(found, definitions)
    return {"$ref": f"#/$defs/{name}"}
