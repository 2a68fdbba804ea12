"""How far the log had come, kept beside it: a lost tail cannot be seen from inside.

Two slots are written in turn, so that a torn write leaves the other. The file is synced once a
second: it may lag behind the log, it never leads.
"""

import os
from collections.abc import Callable
from pathlib import Path

from events.codec import GENESIS, parts
from events.store import Head, Store, StoreBroken

SLOT_BYTES = 128
SYNC_SECONDS = 1.0


class HeadFile:
    """The head beside a log. `monotonic` tells seconds."""

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        self._slot, self._synced = 0, monotonic()

    def write(self, head: Head) -> None:
        line = f"{head.position} {head.hash}".ljust(SLOT_BYTES - 1) + "\n"
        os.pwrite(self._file, line.encode(), self._slot * SLOT_BYTES)
        self._slot = 1 - self._slot
        if self._monotonic() - self._synced >= SYNC_SECONDS:
            os.fsync(self._file)
            self._synced = self._monotonic()

    def close(self) -> None:
        os.fsync(self._file)
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
