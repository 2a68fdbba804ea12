"""Opening a SQLite file to read it, leaving nothing behind."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

BUSY_SECONDS = 5


class Disturbed(sqlite3.OperationalError):
    """Somebody wrote to a file that was read as one that stands still."""


def reading_uri(path: Path) -> str:
    """For `sqlite3.connect(..., uri=True)`. A file that nobody writes just now has no journal
    beside it; SQLite would make one to read it, unless it is told that the file stands still."""
    quiet = "" if path.with_name(path.name + "-wal").exists() else "&immutable=1"
    return f"{path.absolute().as_uri()}?mode=ro{quiet}"


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes nothing; what it makes for itself stays in memory.

    Raises sqlite3.Error: Disturbed when a writer came and what was read cannot be relied upon.
    """
    before, uri = _seen(path), reading_uri(path)
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    with closing(connection):
        try:
            connection.execute("PRAGMA temp_store = MEMORY")
            yield connection
        except sqlite3.DatabaseError as error:
            if "immutable" in uri and _seen(path) != before:
                raise Disturbed("it was written meanwhile; ask again") from error
            raise
        if "immutable" in uri and _seen(path) != before:
            raise Disturbed("it was written meanwhile; ask again")


def _seen(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
