"""What cleanup needs of the world: our own folders, and leave to take things out of them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from events.cleanup import Area, EndedProcess, Seal, Sealed, SweepEnded, SweepStarting
from events.policies import Foreign

IsTime = Callable[[], bool]  # whether a sweep has to end here


class OutOfTime(OSError):
    """A thing is too large for what is left of a sweep: the next one goes on with it."""


class Sweeper(Protocol):
    """Takes away what a sweep names, and nothing else; safe to repeat."""

    def sweep(self, starting: SweepStarting, ended: Sequence[str] = ()) -> SweepEnded:
        """Do it all and say what was done; never raises for a thing that would not go.

        `ended` are runs of which the log says that they are over.
        """


class OldFile(Struct, frozen=True):
    """A regular file of ours."""

    name: str
    modified_at: datetime
    bytes: int = 0


class Ended(Struct, frozen=True):
    """What became of processes that were to end."""

    processes: Sequence[EndedProcess] = ()
    failed: Sequence[str] = ()  # each with the reason


class Ground(Protocol):
    """What a sweep stands on. Each failure is an OSError whose `strerror` says why."""

    def files(self, area: Area) -> Sequence[OldFile]:
        """The regular files that lie directly in an area; none when the area is missing."""

    def stale(self, before: datetime) -> Sequence[str]:
        """Sockets on which nobody listens and locks that nobody holds, older than that."""

    def remove_folder(self, area: Area, name: str) -> int:
        """Take away a folder of ours and all in it: its bytes. FileNotFoundError when gone."""

    def remove_file(self, area: Area, name: str) -> int:
        """Take away a regular file of ours: its bytes. FileNotFoundError when gone."""

    def remove_stale(self, area: Area, name: str) -> int:
        """Take away a socket or lock that is as stale as it was. FileNotFoundError when gone."""


class Neighbours(Protocol):
    """What else a sweep may reach: processes, and the log."""

    def end_orphans(self, ended: Sequence[str], is_time: IsTime) -> Ended:
        """End each process of our own of which the log says that its run is over."""

    def foreign(self, patterns: dict[str, Foreign]) -> Sequence[EndedProcess]:
        """The processes that no run began and that fit a pattern."""

    def end_foreign(self, found: Sequence[EndedProcess], is_time: IsTime) -> Ended:
        """End those, as far as they are still who they were."""

    def seal(self, stretch: Seal) -> Sealed:
        """Write a stretch of the log into a file of its own, and read it back."""


class Alone:
    """No process and no log is within reach."""

    def end_orphans(self, ended: Sequence[str], is_time: IsTime) -> Ended:
        """There are none."""
        return Ended()

    def foreign(self, patterns: dict[str, Foreign]) -> Sequence[EndedProcess]:
        """There are none."""
        return ()

    def end_foreign(self, found: Sequence[EndedProcess], is_time: IsTime) -> Ended:
        """There are none."""
        return Ended()

    def seal(self, stretch: Seal) -> Sealed:
        """There is no log."""
        raise OSError(0, "there is no log here")
