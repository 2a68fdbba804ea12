"""The file of the projections: its schema, and how it is opened for writing and for reading."""

import os
import sqlite3
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple
from zlib import crc32

from msgspec.structs import fields

from projections.row import Row
from projections.tables import TABLES

VERSION = 2  # Counts the meanings of the columns; a changed shape is noticed by itself.
BUSY_SECONDS = 5
WAL_MAX_BYTES = 64 * 1024 * 1024

_COLUMNS = {
    str: "TEXT NOT NULL",
    int: "INTEGER NOT NULL",
    bool: "INTEGER NOT NULL",
    str | None: "TEXT",
    int | None: "INTEGER",
}
_POSITIONS = (
    "CREATE TABLE positions (name TEXT PRIMARY KEY, position INTEGER NOT NULL, at TEXT NOT NULL,"
    " hash TEXT NOT NULL) WITHOUT ROWID"
)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class ProjectionsUnavailable(Exception):
    """There is nothing to read here (yet): the message says why and what makes it."""


class Place(NamedTuple):
    """How far the projections have come: the record learned last and the link of its chain."""

    position: int = 0
    at: str = ""
    hash: str = ""


def schema() -> tuple[str, ...]:
    """Every statement that makes an empty file ready."""
    return (_POSITIONS, *(line for row in TABLES for line in _table(row)))


def fingerprint() -> int:
    """Kept in the file as its `user_version`; never 0, which is that of an empty file."""
    return crc32("\n".join((str(VERSION), *schema())).encode()) >> 2 | 1


def open_readwrite(path: Path) -> Connection:
    """The one connection that writes. A file of another version, or a damaged one, is emptied."""
    try:
        return _prepared(path)
    except sqlite3.DatabaseError as error:
        if not damaged(error):
            raise
    remove(path)
    return _prepared(path)


def open_readonly(path: Path) -> Connection:
    """A connection that can change nothing. ProjectionsUnavailable when there is no such file,
    or one of another version."""
    if not path.exists():
        raise ProjectionsUnavailable(f"no projections at {path}: the daemon makes them")
    try:
        connection = _connected(path, "mode=ro")
    except sqlite3.DatabaseError as error:
        raise ProjectionsUnavailable(f"cannot read {path}: {error}") from error
    if version_of(connection) != fingerprint():
        connection.close()
        raise ProjectionsUnavailable(
            f"{path} is of another version: start the daemon, or run `horarium rebuild`"
        )
    return connection


def wipe(connection: Connection) -> None:
    """Start from nothing, in place: whoever reads keeps its snapshot."""
    connection.execute("BEGIN IMMEDIATE")
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    for (name,) in names:
        connection.execute(f'DROP TABLE "{name}"')
    for statement in schema():
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {fingerprint()}")
    connection.execute("COMMIT")


def damaged(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is broken, and not only busy, full or out of reach."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def remove(path: Path) -> None:
    """Everything in it can be had again from the log."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def place_of(connection: Connection) -> Place:
    """The place of the projection that has come least far."""
    found = connection.execute(
        "SELECT position, at, hash FROM positions ORDER BY position LIMIT 1"
    ).fetchone()
    return Place(*found) if found else Place()


def version_of(connection: Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _prepared(path: Path) -> Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)
    connection = _connected(path, "mode=rw")
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_MAX_BYTES}")
        if version_of(connection) != fingerprint():
            wipe(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connected(path: Path, mode: str) -> Connection:
    """Autocommit: transactions are begun in so many words."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # made by whoever starts the actor, used by its thread alone
    )
    try:
        connection.execute("PRAGMA schema_version")
    except BaseException:
        connection.close()
        raise
    return connection


def _table(row: type[Row]) -> list[str]:
    columns = [f'"{field.name}" {_COLUMNS[field.type]}' for field in fields(row)]
    key = ", ".join(f'"{name}"' for name in row.KEY)
    if "position" in row.__struct_fields__:
        columns[0] = "position INTEGER PRIMARY KEY"
        unique = () if row.KEY == ("position",) else (f"UNIQUE ({key})",)
        table = f'CREATE TABLE "{row.TABLE}" ({", ".join((*columns, *unique))})'
    else:
        columns.append(f"PRIMARY KEY ({key})")
        table = f'CREATE TABLE "{row.TABLE}" ({", ".join(columns)}) WITHOUT ROWID'
    indexes = (
        f'CREATE INDEX "{row.TABLE}_{number}" ON "{row.TABLE}" {index}'
        for number, index in enumerate(row.INDEXES, start=1)
    )
    return [table, *indexes]
