"""The simulated side of cleanup's door: folders that are only names and sizes."""

import errno
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct, field

from actors.cleanup.door import Alone, Ended, IsTime, OldFile
from actors.cleanup.passing import sweep_over
from events.cleanup import Area, EndedProcess, SweepEnded, SweepStarting
from events.policies import Foreign


class Things(Struct):
    """What lies in the data folder of an invented world, and what runs beside it."""

    folders: dict[tuple[Area, str], int] = field(default_factory=dict)  # bytes
    files: dict[tuple[Area, str], tuple[int, datetime]] = field(default_factory=dict)
    stuck: dict[tuple[Area, str], str] = field(default_factory=dict)  # why it will not go
    stale: dict[str, datetime] = field(default_factory=dict)
    orphans: list[EndedProcess] = field(default_factory=list)  # of whatever runs
    others: list[EndedProcess] = field(default_factory=list)  # each with the pattern it fits


class SimulatedSweeper(Alone):
    """Sweeps an invented data folder by the same rules as a real one."""

    def __init__(self, things: Things, now: Callable[[], datetime]) -> None:
        self.things, self._now = things, now

    def sweep(self, starting: SweepStarting, ended: Sequence[str] = ()) -> SweepEnded:
        return sweep_over(self, starting, self._now(), self, ended).ended()

    def files(self, area: Area) -> Sequence[OldFile]:
        return [
            OldFile(name, modified_at, size)
            for (place, name), (size, modified_at) in self.things.files.items()
            if place == area
        ]

    def stale(self, before: datetime) -> Sequence[str]:
        return [name for name, since in self.things.stale.items() if since < before]

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

    def remove_stale(self, area: Area, name: str) -> int:
        self._check(area, name)
        del self.things.stale[name]
        return 0

    def end_orphans(self, ended: Sequence[str], is_time: IsTime) -> Ended:
        going = [it for it in self.things.orphans if it.run in ended]
        self.things.orphans = [it for it in self.things.orphans if it.run not in ended]
        return Ended(going)

    def foreign(self, patterns: dict[str, Foreign]) -> Sequence[EndedProcess]:
        return [it for it in self.things.others if it.pattern in patterns]

    def end_foreign(self, found: Sequence[EndedProcess], is_time: IsTime) -> Ended:
        self.things.others = [it for it in self.things.others if it not in found]
        return Ended(found)

    def _check(self, area: Area, name: str) -> None:
        if (why := self.things.stuck.get((area, name))) is not None:
            raise PermissionError(errno.EPERM, why)
