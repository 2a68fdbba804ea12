"""What can be written in the log: a thing that happened, or a thing that was decided."""

from datetime import datetime
from functools import cache
from typing import Annotated, dataclass_transform

from msgspec import Meta, Struct
from msgspec.json import encode

Instant = Annotated[datetime, Meta(tz=True)]  # A time without a zone is no time.
Key = Annotated[str, Meta(max_length=200)]
Words = Annotated[str, Meta(max_length=2_000)]  # of a person
InputJson = Annotated[str, Meta(max_length=65_536)]


@dataclass_transform(frozen_default=True)
class Fact(
    Struct,
    frozen=True,
    tag_field="kind",
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,  # It holds nothing that could hold it.
):
    """Its tag is its name in the log and outlives its class.

    Units stand in the names: `usd_micros` are whole millionths of a dollar, `seconds` are
    seconds, `bytes` are bytes. Every datetime is aware and in UTC; a `date` is a day of ours.
    """

    @property
    def kind(self) -> str:
        """The tag under which the log keeps it."""
        return kind_of(type(self))


@cache
def kind_of(fact: type[Fact]) -> str:
    """The tag of a class of facts."""
    return str(fact.__struct_config__.tag)


def stamp(at: datetime) -> str:
    """An instant as the log writes it."""
    return encode(at)[1:-1].decode()


class Observation(Fact):
    """The world told us: time passed, a request came, a process ended, a model answered."""


class Decision(Fact):
    """An actor concluded this from the facts before it, and from nothing else."""
