"""A log that somebody hands us as a file, from which nothing is believed.

It may be a copy of a log in SQLite, a bundle, or text with one stored record a line, just as a
store holds them.
"""

import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from events.codec import GENESIS
from events.head import kept_head
from events.record import Record
from events.store import Head
from horarium import bundle
from horarium.bundle import LINE_MAX_BYTES, BadLog
from horarium.quiet import reading_uri
from projections.invariants.past import ACTORS

PAGE_RECORDS = 400
_STORED = b'{"position":'
_TRACKED = (
    "SELECT application_name, notification_id FROM tracking "
    "WHERE typeof(notification_id) = 'integer' LIMIT 100"
)
_IS_TABLE = "SELECT count(*) FROM sqlite_schema WHERE name = 'tracking' AND type = 'table'"


class Handed(NamedTuple):
    """A log that is open. Its pages raise BadLog at the first record that is not one."""

    pages: Iterator[list[Record]]
    after: int = 0
    states: Mapping[str, bundle.KeptState] = {}
    considered: Mapping[str, int] = {}
    anchor: Head | None = None  # what was kept beside it


@contextmanager
def handed(path: Path) -> Iterator[Handed]:
    """Open a file as a log. Raises BadLog, also while its pages are read."""
    with _regular(path) as file:
        begins = file.read(len(bundle.SQLITE))
        if begins.startswith(_STORED):
            file.seek(0)
            yield Handed(_paged(_lines(file)))
            return
    is_sqlite = begins == bundle.SQLITE
    considered = _considered(path) if is_sqlite else {}
    anchor = kept_head(path.with_suffix(".head")) if is_sqlite else None
    with bundle.opened(path) as source:
        pages = _paged(row.record for row in source.rows)
        yield Handed(pages, source.after, source.states, considered, anchor)


def _regular(path: Path) -> IO[bytes]:
    """Only what has an end: no pipe, no device."""
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise BadLog(0, f"cannot read {path}: {error.strerror}") from error
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise BadLog(0, f"{path} is not a regular file")


def _lines(file: IO[bytes]) -> Iterator[Record]:
    position, before = 0, GENESIS
    while line := file.readline(LINE_MAX_BYTES + 1):
        position += 1
        if line[-1:] != b"\n":
            raise BadLog(position, "too long, or it breaks off in the middle of a line")
        if bundle.too_deep(line):
            raise BadLog(position, f"nested deeper than {bundle.DEPTH_MAX}")
        row = bundle.checked(position, before, line[:-1])
        yield row.record
        before = row.link


def _paged(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Pages of records; those in front of a bad one come before it is told."""
    page: list[Record] = []
    try:
        for record in records:
            page.append(record)
            if len(page) == PAGE_RECORDS:
                yield page
                page = []
    except BadLog:
        if page:
            yield page
        raise
    if page:
        yield page


def _considered(path: Path) -> Mapping[str, int]:
    """How far the actors had come, where the file says so."""
    try:
        with closing(sqlite3.connect(reading_uri(path), uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            if not connection.execute(_IS_TABLE).fetchone()[0]:
                return {}
            return {name: at for name, at in connection.execute(_TRACKED) if name in ACTORS}
    except sqlite3.Error:
        return {}  # What is wrong with it will be told when its records are read.
