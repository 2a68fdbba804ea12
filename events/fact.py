"""What can be written in the log: a thing that happened, or a thing that was decided."""

from typing import dataclass_transform

from msgspec import Struct


@dataclass_transform(frozen_default=True)
class Fact(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True):
    """Its tag is its name in the log and outlives its class.

    Units stand in the names: `usd_micros` are whole millionths of a dollar, `seconds` are
    seconds, `bytes` are bytes. Every datetime is aware and in UTC; a `date` is a day of ours.
    """

    @property
    def kind(self) -> str:
        """The tag under which the log keeps it."""
        return str(self.__struct_config__.tag)


class Observation(Fact):
    """The world told us: time passed, a request came, a process ended, a model answered."""


class Decision(Fact):
    """An actor concluded this from the facts before it, and from nothing else."""
