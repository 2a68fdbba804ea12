"""A single value of the configuration: how it is read, and how a schema describes it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

Schema = dict[str, object]


class Context(NamedTuple):
    """What a value may depend on besides itself."""

    zone: ZoneInfo
    daily_usd_micros: int  # percentages are of it
    folder: Path  # of the configuration file, absolute


class Scalar(NamedTuple):
    """`take` reads a value of TOML or raises UnfitError; `write` says a default as TOML would."""

    take: Callable[[object, Context], object]
    schema: Schema
    blank: object = ""  # stands in for a required value that could not be read
    write: Callable[[object], object] = lambda value: value
