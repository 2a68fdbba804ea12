"""The journal beside the log, at its size from the beginning.

SQLite writes what is committed into a journal that grows until it is carried over into the log,
and then from its start again. A file that grows takes the journal of the file system with it at
each sync, and whatever folders were made meanwhile; one that is there already is only written.
Where it holds nothing yet it holds zeros, which SQLite takes for the end.
"""

import os
from contextlib import suppress
from pathlib import Path

SIZE_BYTES = 4 << 20  # a little more than what SQLite carries over at once
FREE_BYTES_MIN = 64 * SIZE_BYTES  # With less on the disk it is left as it is.


def spread(log: Path, most_bytes: int) -> None:
    """Let the journal of a log that we alone write have its size, at most so much. Where that
    cannot be it grows as ever."""
    with suppress(OSError):
        free = os.statvfs(log.parent)
        if free.f_bavail * free.f_frsize < FREE_BYTES_MIN:
            return
        journal = os.open(f"{log}-wal", os.O_WRONLY | os.O_NOFOLLOW)
        try:
            _fill(journal, min(SIZE_BYTES, most_bytes))
        finally:
            os.close(journal)


def _fill(journal: int, size: int) -> None:
    before = os.fstat(journal).st_size
    try:
        if before < size:
            os.pwrite(journal, bytes(size - before), before)
            os.fsync(journal)
    except OSError:
        os.ftruncate(journal, before)
