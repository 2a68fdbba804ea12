"""Points of the log to which the projections can be taken back.

Nothing is copied: from a checkpoint on, the file itself keeps of each row what it was there, when
the row is first changed or replaced. What has a position behind the checkpoint did not exist, so
it needs no keeping. It stands in the same file and the same transactions as the rows: it goes
when the file goes, and cannot tell another story than they do.
"""

from collections.abc import Iterator, Sequence
from sqlite3 import Connection
from typing import NamedTuple

from events.record import Record
from projections.database import place_of, wipe
from projections.moments import rfc3339
from projections.row import Row
from projections.tables import TABLES

EVERY_RECORDS = 10_000  # at least; a batch is not divided

_TABLES = (
    "CREATE TABLE IF NOT EXISTS checkpoints (position INTEGER PRIMARY KEY, at TEXT NOT NULL,"
    " latest_at TEXT NOT NULL, hash TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS latest_times (one INTEGER PRIMARY KEY CHECK (one = 1),"
    " at TEXT NOT NULL)",
    "INSERT OR IGNORE INTO checkpoints VALUES (0, '', '', '')",
    "INSERT OR IGNORE INTO latest_times VALUES (1, '')",
)


class Checkpoint(NamedTuple):
    """A place of the log. No record up to it is of a later time than `latest_at`: clocks are set
    back at times, so the last one may be of an earlier."""

    position: int
    at: str
    latest_at: str
    hash: str


class Checkpoints:
    """What the writer of a projections file does for its past, within its own transactions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.prepare()

    def prepare(self) -> None:
        """Make an empty file ready; one that was filled without checkpoints is emptied."""
        connection = self._connection
        if place_of(connection).position and not _has_checkpoints(connection):
            wipe(connection)
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in (*_TABLES, *(line for row in TABLES for line in _keeping(row))):
                connection.execute(statement)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        self.look()

    def look(self) -> None:
        """Learn from the file how things stand: also after a transaction that came to nothing."""
        sql = "SELECT max(position), (SELECT at FROM latest_times) FROM checkpoints"
        self._last, self._at = self._connection.execute(sql).fetchone()

    def learn(self, records: Sequence[Record]) -> None:
        """Told within the transaction of a batch, when its rows are written."""
        at = max(self._at, rfc3339(max(record.at for record in records)))
        if at != self._at:
            self._connection.execute("UPDATE latest_times SET at = ?", (at,))
            self._at = at
        newest = records[-1]
        if newest.position - self._last >= EVERY_RECORDS:
            found = Checkpoint(newest.position, rfc3339(newest.at), at, newest.hash)
            self._connection.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?)", found)
            self._last = newest.position


def _has_checkpoints(connection: Connection) -> bool:
    sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'checkpoints'"
    return connection.execute(sql).fetchone() is not None


def kept_table(row: type[Row]) -> str:
    """Where the former rows of a table stand, each with the checkpoint at which it stood so;
    `was` is 0 for one that did not exist there."""
    return f"{row.TABLE}_before"


def _keeping(row: type[Row]) -> Iterator[str]:
    """A table of former rows, and what fills it whenever a row is written."""
    kept, names = kept_table(row), row.__struct_fields__
    if row.KEY == ("position",):
        changed = f"{row.TABLE}.position = NEW.position"
    else:
        changed = " AND ".join(f'{row.TABLE}."{name}" = NEW."{name}"' for name in row.KEY)
    same = " AND ".join(f'k."{name}" = NEW."{name}"' for name in row.KEY)
    columns = ", ".join(f'"{name}"' for name in names)
    key = ", ".join(f'"{name}"' for name in row.KEY)
    point = "(SELECT max(position) FROM checkpoints)"
    yield (
        f"CREATE TABLE IF NOT EXISTS {kept} (checkpoint INTEGER NOT NULL, was INTEGER NOT NULL,"
        f" {columns}, PRIMARY KEY ({key}, checkpoint)) WITHOUT ROWID"
    )
    unkept = f"NOT EXISTS (SELECT 1 FROM {kept} k WHERE {same} AND k.checkpoint = {point})"  # noqa: S608
    positioned = "position" in names
    old = f"position <= {point} AND " if positioned else ""
    yield (
        f"CREATE TRIGGER IF NOT EXISTS {kept}_changed BEFORE INSERT ON {row.TABLE} BEGIN"  # noqa: S608
        f" INSERT INTO {kept} SELECT {point}, 1, {columns} FROM {row.TABLE}"
        f" WHERE {old}{changed} AND {unkept};"
        + ("" if positioned else _made(row, kept, point, changed, unkept))
        + " END"
    )


def _made(row: type[Row], kept: str, point: str, changed: str, unkept: str) -> str:
    """That there was no such row, where its position does not tell."""
    nothing = ", ".join(
        f'NEW."{name}"' if name in row.KEY else "NULL" for name in row.__struct_fields__
    )
    return (
        f" INSERT INTO {kept} SELECT {point}, 0, {nothing} WHERE {unkept}"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM {row.TABLE} WHERE {changed});"
    )
