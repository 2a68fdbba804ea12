"""What cleanup needs of the world: our own folders, and leave to take things out of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from events.cleanup import Area, SweepEnded, SweepStarting


class Sweeper(Protocol):
    """Takes away what a sweep names, and nothing else; safe to repeat."""

    def sweep(self, starting: SweepStarting) -> SweepEnded:
        """Do it all and say what was done; never raises for a thing that would not go."""


class OldFile(Struct, frozen=True):
    """A regular file of ours."""

    name: str
    modified_at: datetime


class Ground(Protocol):
    """What a sweep stands on. Each failure is an OSError whose `strerror` says why."""

    def files(self, area: Area) -> Sequence[OldFile]:
        """The regular files that lie directly in an area; none when the area is missing."""

    def remove_folder(self, area: Area, name: str) -> int:
        """Take away a folder of ours and all in it: its bytes. FileNotFoundError when gone."""

    def remove_file(self, area: Area, name: str) -> int:
        """Take away a regular file of ours: its bytes. FileNotFoundError when gone."""
