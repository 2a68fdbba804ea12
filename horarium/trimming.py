"""Letting sealed stretches leave the log, and putting them back. Only under the daemon's lock.

Whenever it is stopped, the log is one that was: what leaves, leaves in one transaction, and what
comes back comes back stretch by stretch, the last one that left first.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from msgspec import msgpack

from events.left import Stretch, come_back, leave, stretches
from events.sqlite import told
from events.store import Snapshot, StoreBroken
from horarium import bundle, quiet, sealed
from horarium.leaving import Progress
from horarium.replaying import minds_before

LOG = "log.sqlite"


class CannotReturn(StoreBroken):
    """What has left cannot be put back; the message says which file is wrong and what to do."""


def trim(data: Path, leaving: Sequence[Stretch]) -> None:
    """Let checked stretches leave the log of a data folder. Raises StoreError, Unlivable."""
    until = leaving[-1].until
    with told(), quiet.opened(data / LOG) as log:
        minds = minds_before(log, until).values()
        known = [
            Snapshot(it.rules.actor, it.rules.version, until, msgpack.encode(it.state))
            for it in minds
        ]
    for stretch in leaving:
        _synced(data / stretch.file)
    _synced((data / leaving[-1].file).parent)
    with _writing(data) as log:
        leave(log, leaving, known)


def give_back(data: Path) -> None:
    """Make the file as small as what it holds. Raises StoreError; what the log holds does not
    depend on it."""
    with _writing(data) as log:
        with suppress(sqlite3.Error):  # Where SQLite was built without it, it knows a place, too.
            log.execute(f"PRAGMA temp_store_directory = '{_quoted(data / 'temp')}'")
        log.execute("VACUUM")


def is_loose(log: sqlite3.Connection) -> bool:
    """Whether most of the file holds nothing: its bytes were not given back yet."""
    free = log.execute("PRAGMA freelist_count").fetchone()[0]
    pages = log.execute("PRAGMA page_count").fetchone()[0]
    return bool(2 * free > pages)


def put_back(data: Path, progress: Progress = lambda position: None) -> Sequence[Stretch]:
    """Put all that has left back; what that is. Raises StoreError."""
    with _writing(data) as log:
        gone = stretches(log)
        _refuse(data, gone)
        for stretch in reversed(gone):
            _return(log, data, stretch, progress)
    return gone


def check_files(data: Path, gone: Sequence[Stretch], progress: Progress) -> None:
    """Read all that has left from end to end. Raises CannotReturn."""
    _refuse(data, gone)
    for stretch in gone:
        with _told_of(stretch), bundle.opened(data / stretch.file) as source:
            for _ in _rows(source, progress):
                pass


def refuse_what_is_missing(data: Path, said_before: str) -> None:
    """Raise CannotReturn, with these words in front, when a file is not there."""
    with told(), quiet.opened(data / LOG) as log:
        gone = stretches(log)
    _refuse(data, gone, said_before)


def _refuse(data: Path, gone: Sequence[Stretch], said_before: str = "") -> None:
    if why := sealed.missing(data, gone):
        raise CannotReturn(f"{said_before}{why}")


def _return(log: sqlite3.Connection, data: Path, stretch: Stretch, progress: Progress) -> None:
    with _told_of(stretch), bundle.opened(data / stretch.file) as source:
        come_back(log, stretch, _rows(source, progress))


@contextmanager
def _told_of(stretch: Stretch) -> Iterator[None]:
    try:
        yield
    except bundle.BadLog as error:
        why = f"{stretch.file} is damaged: {error}; bring it back as it was sealed"
        raise CannotReturn(why) from error


def _rows(source: bundle.Source, progress: Progress) -> Iterator[tuple[int, str, bytes]]:
    for row in source.rows:
        if row.masked:
            raise bundle.BadLog(row.position, "is masked")
        yield row.position, row.record.fact.kind, bundle.stored(row)
        if row.position % 2_000 == 0:
            progress(row.position)


@contextmanager
def _writing(data: Path) -> Iterator[sqlite3.Connection]:
    """The one connection that writes, with all that was written safe at its end."""
    with told(), closing(sqlite3.connect(data / LOG, isolation_level=None)) as log:
        log.execute("PRAGMA journal_mode = WAL")
        log.execute("PRAGMA synchronous = FULL")
        log.execute("PRAGMA secure_delete = OFF")
        yield log
        log.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
