"""A SQLite file of somebody else that should hold a log: nothing in it may make us work for it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from horarium.bundle import LINE_MAX_BYTES, BadLog
from horarium.quiet import reading_uri
from horarium.reading import FORMAT

_SELECT = (
    "SELECT originator_version, CASE WHEN length(state) < ? THEN state END "
    "FROM stored_events WHERE originator_id = 'log' ORDER BY originator_version"
)
_TABLE = "SELECT type, sql FROM sqlite_schema WHERE name = 'stored_events'"


@contextmanager
def sqlite_rows(path: Path) -> Iterator[Iterator[tuple[int, bytes]]]:
    """Positions and stored records in order, one at a time in memory. Raises BadLog."""
    try:
        with closing(sqlite3.connect(reading_uri(path), uri=True)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 * LINE_MAX_BYTES)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            _check(path, connection)
            yield _rows(connection)
    except sqlite3.Error as error:
        raise BadLog(0, f"{path} is not a log: {error}") from error


def _check(path: Path, connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > FORMAT:
        raise BadLog(0, f"written by a newer version (format {found}, this one knows {FORMAT})")
    kind, sql = connection.execute(_TABLE).fetchone() or ("", "")
    plain = kind == "table" and not str(sql).upper().startswith("CREATE VIRTUAL")
    if not plain or "GENERATED" in str(sql).upper() or " AS (" in str(sql).upper():
        raise BadLog(0, f"{path} is not a log: it has no table of records")


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[int, bytes]]:
    expected = 0
    try:
        cursor = connection.execute(_SELECT, (LINE_MAX_BYTES,))
    except sqlite3.Error as error:
        raise BadLog(1, f"cannot be read: {error}") from error
    try:
        for position, state in cursor:
            expected += 1
            if position != expected:
                raise BadLog(expected, "missing")
            if not isinstance(state, bytes):
                raise BadLog(expected, f"not kept as at most {LINE_MAX_BYTES:,} bytes")
            yield position, state
    except sqlite3.Error as error:  # The cursor is one row ahead of us.
        raise BadLog(expected + 2, f"cannot be read: {error}") from error
