"""The simulated side of cleanup's door: folders that are only names and sizes."""

import errno
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct, field

from actors.cleanup.door import OldFile
from actors.cleanup.passing import sweep_over
from events.cleanup import Area, SweepEnded, SweepStarting


class Things(Struct):
    """What lies in the data folder of an invented world."""

    folders: dict[tuple[Area, str], int] = field(default_factory=dict)  # bytes
    files: dict[tuple[Area, str], tuple[int, datetime]] = field(default_factory=dict)
    stuck: dict[tuple[Area, str], str] = field(default_factory=dict)  # why it will not go


class SimulatedSweeper:
    """Sweeps an invented data folder by the same rules as a real one."""

    def __init__(self, things: Things, now: Callable[[], datetime]) -> None:
        self.things, self._now = things, now

    def sweep(self, starting: SweepStarting) -> SweepEnded:
        return sweep_over(self, starting, self._now())

    def files(self, area: Area) -> Sequence[OldFile]:
        return [
            OldFile(name, modified_at)
            for (place, name), (_, modified_at) in self.things.files.items()
            if place == area
        ]

    def remove_folder(self, area: Area, name: str) -> int:
        self._check(area, name)
        try:
            return self.things.folders.pop((area, name))
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "not there") from None

    def remove_file(self, area: Area, name: str) -> int:
        self._check(area, name)
        size, _ = self.things.files.pop((area, name))
        return size

    def _check(self, area: Area, name: str) -> None:
        if (why := self.things.stuck.get((area, name))) is not None:
            raise PermissionError(errno.EPERM, why)
