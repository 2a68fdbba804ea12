"""The projections as they stood at an earlier record: the same tables, the same questions.

A connection is taken back to a checkpoint: views of its own, which hide the tables of the file,
show each row as it was there. From there the one fold goes on to the record that is wanted; what
it writes lands in tables of the connection, in memory. The file is not touched.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from sqlite3 import Connection

from events.record import Record
from projections.checkpoints import Checkpoint, kept_table
from projections.database import wipe
from projections.fold import PROJECTIONS, Fold
from projections.row import Row
from projections.tables import TABLES

CHECKPOINTS_LOOKED_AT = 1_000

Link = Callable[[int], str | None]  # of the log's record at a position


def checkpoint_before(connection: Connection, position: int, link: Link) -> Checkpoint | None:
    """The last one at or before a record that agrees with the log; None where there is none."""
    sql = """SELECT position, at, latest_at, hash FROM checkpoints WHERE position <= ?
        ORDER BY position DESC LIMIT ?"""
    return _agreeing(connection, sql, position, link)


def checkpoint_until(connection: Connection, at: str, link: Link) -> Checkpoint | None:
    """The last one up to which no record is later than a time."""
    sql = """SELECT position, at, latest_at, hash FROM checkpoints WHERE latest_at <= ?
        ORDER BY position DESC LIMIT ?"""
    return _agreeing(connection, sql, at, link)


def _agreeing(connection: Connection, sql: str, until: int | str, link: Link) -> Checkpoint | None:
    """A restored log may have had another past."""
    try:
        found = connection.execute(sql, (until, CHECKPOINTS_LOOKED_AT)).fetchall()
    except sqlite3.OperationalError:  # made before there were any
        return None
    points = (Checkpoint(*row) for row in found)
    return next((point for point in points if point.hash == (link(point.position) or "")), None)


def nothing() -> Connection:
    """Empty projections in memory, for a log whose own cannot be used."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    wipe(connection)
    return connection


def take_back(connection: Connection, point: Checkpoint) -> None:
    """Let the connection show every table as at a checkpoint. Within a transaction, and with
    `temp_store` in memory."""
    for row in TABLES:
        for statement in _overlay(row, point.position):
            connection.execute(statement)
    connection.execute(
        "CREATE TEMP TABLE positions (name TEXT PRIMARY KEY, position INTEGER, at TEXT, hash TEXT)"
    )
    place = (point.position, point.at, point.hash)
    rows = [(name, *place) for name in PROJECTIONS] if point.position else []
    connection.executemany("INSERT INTO temp.positions VALUES (?, ?, ?, ?)", rows)


def go_on(connection: Connection, pages: Iterable[Sequence[Record]]) -> None:
    """Fold what follows. Within a transaction."""
    fold = Fold(connection)
    for page in pages:
        fold.learn(page)


def _overlay(row: type[Row], point: int) -> Iterator[str]:
    """What the row was, where the file keeps it; else what it is, unless it is newer. All names
    are our own classes and fields, and the point is a number."""
    table, kept, then, gone = row.TABLE, kept_table(row), f"{row.TABLE}_then", f"{row.TABLE}_gone"
    positioned = "position" in row.__struct_fields__
    columns = ", ".join(f'"{name}"' for name in row.__struct_fields__)
    new = ", ".join(f'NEW."{name}"' for name in row.__struct_fields__)
    key = ", ".join(f'"{name}"' for name in row.KEY)
    first = f"""checkpoint = (SELECT min(checkpoint) FROM main.{kept} x
        WHERE {_same("x", "k", row)} AND x.checkpoint >= {point})"""  # noqa: S608
    yield f"CREATE TEMP TABLE {then} ({columns}, PRIMARY KEY ({key}))"
    yield (
        f"INSERT INTO temp.{then} SELECT {columns} FROM main.{kept} k "  # noqa: S608
        f"WHERE was {f'AND position <= {point}' if positioned else ''} AND {first}"
    )
    hidden = f"NOT EXISTS (SELECT 1 FROM temp.{then} t WHERE {_same('t', 'm', row)})"  # noqa: S608
    if positioned:
        hidden += f" AND m.position <= {point}"
    else:
        yield f"CREATE TEMP TABLE {gone} ({key}, PRIMARY KEY ({key}))"
        yield (
            f"INSERT INTO temp.{gone} SELECT {key} FROM main.{kept} k "  # noqa: S608
            f"WHERE NOT was AND {first}"
        )
        hidden += f" AND NOT EXISTS (SELECT 1 FROM temp.{gone} g WHERE {_same('g', 'm', row)})"  # noqa: S608
    yield (
        f"CREATE TEMP VIEW {table} AS SELECT {columns} FROM main.{table} m WHERE {hidden} "  # noqa: S608
        f"UNION ALL SELECT {columns} FROM temp.{then}"
    )
    yield (
        f"CREATE TEMP TRIGGER {then}_written INSTEAD OF INSERT ON {table} BEGIN "  # noqa: S608
        f"INSERT OR REPLACE INTO {then} VALUES ({new}); END"
    )


def _same(one: str, other: str, row: type[Row]) -> str:
    return " AND ".join(f'{one}."{name}" = {other}."{name}"' for name in row.KEY)
