"""A short name for settings: the same for the same, however they were written."""

from functools import cache
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from events.configuration import Configuration

DIGITS = 32


def digest_of(configuration: Configuration) -> str:
    """The first 32 hex digits of the SHA-256 of the settings' canonical JSON.

    What equals its default is left out, so that a new setting leaves old digests as they are.
    """
    canonical = msgspec.json.encode(_plain(configuration), order="deterministic")
    return sha256(canonical).hexdigest()[:DIGITS]


def _plain(value: object) -> object:
    match value:
        case Struct():
            return {
                name: _plain(held)
                for name, default in _defaults(type(value))
                if (held := getattr(value, name)) != default
            }
        case dict():
            return {key: _plain(held) for key, held in value.items()}
        case tuple():
            return [_plain(held) for held in value]
        case _:
            return value


@cache
def _defaults(struct: type[Struct]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (each.name, each.default if each.default_factory is NODEFAULT else each.default_factory())
        for each in fields(struct)
    )
