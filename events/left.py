"""What has left a log in SQLite: whole stretches from record 1 on, each in a sealed file.

The end of the last of them is the base: the first record that is still here stands behind it. A
log that something has left bears another format, so that no older Horarium takes it for whole.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

WHOLE, TRIMMED = 1, 2  # formats: the `user_version` of the file

_TABLE = (
    "CREATE TABLE IF NOT EXISTS left_stretches (after INTEGER NOT NULL, until INTEGER PRIMARY KEY, "
    "before TEXT NOT NULL, last TEXT NOT NULL, latest_at TEXT NOT NULL, file TEXT NOT NULL)"
)


class Stretch(NamedTuple):
    """The records behind `after` until `until`, and where they lie now.

    `before` and `last` are the links of the records at these positions. No record up to the last
    is of a later time than `latest_at`.
    """

    after: int
    until: int
    before: str
    last: str
    latest_at: str
    file: str  # in the data folder


def format_of(log: sqlite3.Connection) -> int:
    """How the file is laid out; 0 for an empty one."""
    return int(log.execute("PRAGMA user_version").fetchone()[0])


def stretches(log: sqlite3.Connection) -> list[Stretch]:
    """What has left, in order; nothing of a whole log."""
    if format_of(log) < TRIMMED:
        return []
    names = ", ".join(Stretch._fields)
    found = log.execute(f"SELECT {names} FROM left_stretches ORDER BY until")  # noqa: S608 our own
    return [Stretch(*row) for row in found]


def base_of(log: sqlite3.Connection) -> int:
    """The last position that has left; 0 for a whole log."""
    gone = stretches(log)
    return gone[-1].until if gone else 0


def leave(
    log: sqlite3.Connection, leaving: Sequence[Stretch], snapshots: Sequence[Sequence[Any]]
) -> None:
    """Let stretches leave that follow upon what has left, all or none; the snapshots of what the
    actors knew there stay. Those before them are of no use any more."""
    until = leaving[-1].until
    with _whole(log):
        log.execute(_TABLE)
        _put(log, "left_stretches", 6, leaving)
        _put(log, "snapshots", 4, snapshots)
        log.execute("DELETE FROM snapshots WHERE position < ?", (until,))
        log.execute("DELETE FROM stored_events WHERE originator_version <= ?", (until,))
        log.execute(f"PRAGMA user_version = {TRIMMED}")


def come_back(
    log: sqlite3.Connection, last: Stretch, rows: Iterable[tuple[int, str, bytes]]
) -> None:
    """Put the last stretch that left back, whole or not at all; what raises in `rows` undoes it.
    With the first of all, the log is as it was."""
    with _whole(log):
        log.executemany("INSERT INTO stored_events VALUES ('log', ?, ?, ?)", rows)
        log.execute("DELETE FROM left_stretches WHERE until = ?", (last.until,))
        if not last.after:
            log.execute("DROP TABLE left_stretches")
            log.execute(f"PRAGMA user_version = {WHOLE}")


def _put(log: sqlite3.Connection, table: str, columns: int, rows: Iterable[Sequence[Any]]) -> None:
    places = ", ".join("?" * columns)
    log.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", rows)  # noqa: S608 our own


@contextmanager
def _whole(log: sqlite3.Connection) -> Iterator[None]:
    log.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if log.in_transaction:
            log.execute("ROLLBACK")
        raise
    log.execute("COMMIT")
