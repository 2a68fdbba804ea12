"""How far the log had come, kept beside it: a lost tail cannot be seen from inside.

Two slots are written in turn, so that a torn write leaves the other. The file is synced once a
second: it may lag behind the log, it never leads.
"""

import os
from collections.abc import Callable
from errno import EDQUOT, ENOSPC
from pathlib import Path

from events.codec import GENESIS, parts
from events.store import Head, Store, StoreBroken

SLOT_BYTES = 128
SYNC_SECONDS = 1.0


class HeadFile:
    """The head beside a log. `monotonic` tells seconds. Where the log itself is not synced at
    every commit (`durable` is False), neither is this, or it would lead after a power cut."""

    def __init__(self, path: Path, monotonic: Callable[[], float], *, durable: bool = True) -> None:
        self._path, self._monotonic, self._durable = path, monotonic, durable
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        self._slot, self._synced = 0, monotonic()

    def write(self, head: Head) -> None:
        """Raises StoreBroken when the file has been taken away, and so, it seems, the folder."""
        line = f"{head.position} {head.hash}".ljust(SLOT_BYTES - 1) + "\n"
        try:
            os.pwrite(self._file, line.encode(), self._slot * SLOT_BYTES)
            self._slot = 1 - self._slot
            if self._monotonic() - self._synced >= SYNC_SECONDS:
                self._sync()
                self._synced = self._monotonic()
                self._check_that_it_is_there()
        except OSError as error:
            if error.errno not in (ENOSPC, EDQUOT):  # It may lag.
                raise StoreBroken(f"cannot write {self._path}: {error.strerror}") from error

    def _sync(self) -> None:
        if self._durable:
            os.fsync(self._file)

    def _check_that_it_is_there(self) -> None:
        if not os.path.lexists(self._path) or not os.path.samestat(
            os.lstat(self._path), os.fstat(self._file)
        ):
            raise StoreBroken(f"{self._path} was taken away while the daemon lived")

    def close(self) -> None:
        try:
            self._sync()
        finally:
            os.close(self._file)


def kept_head(path: Path) -> Head:
    """The later of the two slots; an empty head when there is no file."""
    try:
        lines = path.read_bytes()[: 2 * SLOT_BYTES].decode("ascii", "replace").splitlines()
    except FileNotFoundError:
        return Head(0, GENESIS)
    return max((_slot(line) for line in lines), default=Head(0, GENESIS))


def _slot(line: str) -> Head:
    position, _, link = line.strip().partition(" ")
    if position.isdecimal() and len(link) == len(GENESIS):
        return Head(int(position), link)
    return Head(0, GENESIS)


def check_head(store: Store, path: Path) -> None:
    """Raises StoreBroken when the log ends before the head that was kept, or differs there."""
    kept, found = kept_head(path), store.head()
    if kept.position == 0:
        return
    remedy = (
        "restore a backup with `horarium restore FILE`, or, to go on with what is left, "
        f"remove {path}"
    )
    if found.position < kept.position:
        raise StoreBroken(
            f"the log ends at record {found.position}, but {path.name} says that record "
            f"{kept.position} was written: records {found.position + 1} to {kept.position} are "
            f"lost; {remedy}"
        )
    (position, state), *_ = store.page(after=kept.position - 1, limit=1) or [(0, b"")]
    if position != kept.position or parts(position, state)[1] != kept.hash:
        raise StoreBroken(
            f"record {kept.position} is not the one that {path.name} remembers; {remedy}"
        )
