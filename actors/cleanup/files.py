"""The real side of cleanup's door: folders on a disk, entered without following a link.

Every step goes through an open folder (`dir_fd`), so that a folder which somebody exchanges for
a link under our hands leads nowhere. What is removed must be a real folder or a regular file,
of our own user, on the device of the data folder.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from math import inf
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from actors.cleanup import staleness
from actors.cleanup.door import IsTime, Neighbours, OldFile, OutOfTime
from actors.cleanup.passing import ALONE, sweep_over
from events.cleanup import Area, SweepEnded, SweepStarting

FOLDERS: dict[Area, str] = {
    "runs": "runs",
    "works": "work",
    "temp": "temp",
    "archives": "archives",
}
OUTCOMES = "outcomes"  # how each of `runs` ended, in a file that goes with its folder
DEPTH_MAX = 32  # folders open at once
PASSES_MAX = 10_000
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FileSweeper:
    """Sweeps `runs`, `work`, `temp` and `archives` below a data folder, and what is stale in it;
    `now` is in UTC. One that only `looks` takes nothing away and says what it would take."""

    def __init__(
        self,
        root: Path,
        now: Callable[[], datetime],
        neighbours: Neighbours = ALONE,
        *,
        looks: bool = False,
    ) -> None:
        self._root, self._now, self._neighbours = root, now, neighbours
        self._looks, self._until = looks, inf
        self._hurries = False

    def sweep(self, starting: SweepStarting, ended: Sequence[str] = ()) -> SweepEnded:
        began = monotonic()
        self._until = -inf if self._hurries else began + (starting.within_seconds or inf)
        is_time = self._is_enough(starting.until_free_bytes)
        one = sweep_over(self, starting, self._now(), self._neighbours, ended, is_time)
        return one.ended(self._free_bytes(), round(1000 * (monotonic() - began)))

    def hurry(self) -> None:
        """Another thread wants it to end here, with what is left for the next."""
        self._hurries, self._until = True, -inf

    def _is_enough(self, free_bytes: int) -> IsTime:
        """Whether its time is up, or what it is for is reached."""

        def is_enough() -> bool:
            free = self._free_bytes() if free_bytes else None
            return monotonic() >= self._until or (free is not None and free >= free_bytes)

        return is_enough

    def _free_bytes(self) -> int | None:
        try:
            found = os.statvfs(self._root)
        except OSError:
            return None
        return found.f_bavail * found.f_frsize

    def files(self, area: Area) -> Sequence[OldFile]:
        try:
            with self._area(area) as (folder, device), os.scandir(folder) as entries:
                return [_old_file(entry) for entry in entries if _is_our_file(entry, device)]
        except FileNotFoundError:
            return []

    def stale(self, before: datetime) -> Sequence[str]:
        return list(staleness.stale(self._root, before.timestamp()))

    def remove_stale(self, area: Area, name: str) -> int:
        return 0 if self._looks else staleness.remove(self._root, name)

    def remove_folder(self, area: Area, name: str) -> int:
        if area == "runs" and not self._looks:
            self._remove_outcome(name)
        with self._area(area) as (parent, device), _folder(parent, name, device) as folder:
            if self._looks:
                return _size(folder, device)
            try:
                size = _empty(folder, device, self._until)
            except FileNotFoundError:
                raise OSError(errno.EBUSY, "somebody else is at work in it") from None
            os.rmdir(name, dir_fd=parent)
            return size

    def remove_file(self, area: Area, name: str) -> int:
        with self._area(area) as (parent, device):
            seen = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if not _is_ours(seen, device) or not stat.S_ISREG(seen.st_mode):
                raise OSError(errno.EPERM, "not a file of ours")
            if not self._looks:
                os.unlink(name, dir_fd=parent)
            return seen.st_size

    def _remove_outcome(self, run: str) -> None:
        with suppress(FileNotFoundError), self._open(OUTCOMES) as (folder, _):
            os.unlink(run, dir_fd=folder)

    def _area(self, area: Area) -> AbstractContextManager[tuple[int, int]]:
        return self._open(FOLDERS[area])

    @contextmanager
    def _open(self, name: str) -> Iterator[tuple[int, int]]:
        """An open folder of ours, and the device on which everything must lie."""
        try:
            root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise OSError(errno.ENODEV, "the data folder is not there") from None
        try:
            device = os.fstat(root).st_dev
            with _folder(root, name, device) as folder:
                yield folder, device
        finally:
            os.close(root)


@contextmanager
def _folder(parent: int, name: str, device: int) -> Iterator[int]:
    """A folder of ours, opened without following a link, and made writable for us."""
    folder = os.open(name, OPEN_FOLDER, dir_fd=parent)
    try:
        seen = os.fstat(folder)
        if not _is_ours(seen, device):
            raise OSError(errno.EPERM, "of another user or on another device")
        if seen.st_mode & stat.S_IRWXU != stat.S_IRWXU:
            os.fchmod(folder, stat.S_IRWXU)
        yield folder
    finally:
        os.close(folder)


def _size(folder: int, device: int, depth: int = DEPTH_MAX) -> int:
    """The bytes of the files in a folder, as far down as one looks."""
    size = 0
    for name in _names(folder):
        seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISREG(seen.st_mode):
            size += seen.st_size
        elif stat.S_ISDIR(seen.st_mode) and depth:
            inner = os.open(name, OPEN_FOLDER, dir_fd=folder)
            try:
                size += _size(inner, device, depth - 1)
            finally:
                os.close(inner)
    return size


def _empty(top: int, device: int, until: float) -> int:
    """Remove all that is in a folder: the bytes of its files. Raises OutOfTime.

    What lies too deep is lifted to the top and waits for the next pass there. So no depth that
    a job can build costs more than a few open folders and a short stack.
    """
    size = 0
    for _ in range(PASSES_MAX):
        names = _names(top)
        if not names:
            return size
        lift = _Lift(top, device, until, _free_names(names))
        size += _empty_down(top, lift, DEPTH_MAX)
    raise OSError(errno.ELOOP, "too deep, or somebody still writes into it")


def _empty_down(folder: int, lift: "_Lift", depth: int) -> int:
    size = 0
    for name in _names(folder):
        if monotonic() >= lift.until:
            raise OutOfTime(errno.ETIME, "its time is up")
        seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISDIR(seen.st_mode):
            os.unlink(name, dir_fd=folder)
            size += seen.st_size if stat.S_ISREG(seen.st_mode) else 0
        elif depth == 0:
            lift.up(folder, name)
        else:
            with _folder(folder, name, lift.device) as inner:
                size += _empty_down(inner, lift, depth - 1)
            os.rmdir(name, dir_fd=folder)
    return size


class _Lift(NamedTuple):
    """Carries folders up to the top of what is being emptied."""

    top: int
    device: int
    until: float  # in monotonic time
    free: Iterator[str]

    def up(self, folder: int, name: str) -> None:
        with _folder(folder, name, self.device):  # Moving a folder needs leave to write into it.
            os.rename(name, next(self.free), src_dir_fd=folder, dst_dir_fd=self.top)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _free_names(names: Sequence[str]) -> Iterator[str]:
    """Names that nothing in the folder bears."""
    taken = set(names)
    return (name for number in count(1) if (name := f"lifted-{number}") not in taken)


def _is_ours(seen: os.stat_result, device: int) -> bool:
    return seen.st_uid == os.geteuid() and seen.st_dev == device


def _is_our_file(entry: os.DirEntry[str], device: int) -> bool:
    try:
        seen = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False  # It went while we looked.
    return stat.S_ISREG(seen.st_mode) and _is_ours(seen, device)


def _old_file(entry: os.DirEntry[str]) -> OldFile:
    seen = entry.stat(follow_symlinks=False)
    modified_at = EPOCH + timedelta(microseconds=seen.st_mtime_ns // 1000)
    return OldFile(entry.name, modified_at, seen.st_size)
