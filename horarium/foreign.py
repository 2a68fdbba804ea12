"""A SQLite file of somebody else that should hold a log: nothing in it may make us work for it."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec import MsgspecError, Raw, convert, json, msgpack

from events.codec import GENESIS
from events.left import TRIMMED
from horarium.bundle import (
    LINE_MAX_BYTES,
    STATE_MAX_BYTES,
    STATES_MAX,
    BadLog,
    KeptState,
    Link,
    Whole,
)
from horarium.quiet import reading_uri
from horarium.reading import FORMAT

_SELECT = (
    "SELECT originator_version, CASE WHEN length(state) < ? THEN state END "
    "FROM stored_events WHERE originator_id = 'log' ORDER BY originator_version"
)
_TABLE = "SELECT type, sql FROM sqlite_schema WHERE name = ?"
_BASE = "SELECT until, last FROM left_stretches ORDER BY until DESC LIMIT 1"
_STATES = (
    "SELECT actor, version, state FROM snapshots WHERE position = ? AND length(state) < ? LIMIT ?"
)


class Foreign(NamedTuple):
    """The records of a file: behind which one they begin, and what was known there."""

    rows: Iterator[tuple[int, bytes]]  # in order, one at a time in memory
    after: int = 0
    before: str = GENESIS
    states: Mapping[str, KeptState] = {}


@contextmanager
def sqlite_rows(path: Path) -> Iterator[Foreign]:
    """What a SQLite file holds of a log. Raises BadLog, also while its rows are read."""
    try:
        with closing(sqlite3.connect(reading_uri(path), uri=True)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 * LINE_MAX_BYTES)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            _check(path, connection)
            after, before = _base(path, connection)
            states = _states(path, connection, after) if after else {}
            yield Foreign(_rows(connection, after), after, before, states)
    except sqlite3.Error as error:
        raise BadLog(0, f"{path} is not a log: {error}") from error


def _check(path: Path, connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > FORMAT:
        raise BadLog(0, f"written by a newer version (format {found}, this one knows {FORMAT})")
    _check_table(path, connection, "stored_events")


def _check_table(path: Path, connection: sqlite3.Connection, name: str) -> None:
    kind, sql = connection.execute(_TABLE, (name,)).fetchone() or ("", "")
    plain = kind == "table" and not str(sql).upper().startswith("CREATE VIRTUAL")
    if not plain or "GENERATED" in str(sql).upper() or " AS (" in str(sql).upper():
        raise BadLog(0, f"{path} is not a log: it has no table of records")


def _base(path: Path, connection: sqlite3.Connection) -> tuple[int, str]:
    """Behind which record it begins, and the link of that."""
    if connection.execute("PRAGMA user_version").fetchone()[0] < TRIMMED:
        return 0, GENESIS
    _check_table(path, connection, "left_stretches")
    found = connection.execute(_BASE).fetchone()
    try:
        return convert(found, tuple[Whole, Link])
    except MsgspecError as error:
        raise BadLog(0, f"{path} does not say behind which record it begins: {error}") from error


def _states(path: Path, connection: sqlite3.Connection, after: int) -> Mapping[str, KeptState]:
    """What the actors knew there, as a bundle would have it."""
    _check_table(path, connection, "snapshots")
    found = connection.execute(_STATES, (after, STATE_MAX_BYTES, STATES_MAX)).fetchall()
    try:
        kept = convert(found, list[tuple[str, int, bytes]])
        return {
            actor: KeptState(actor, version, Raw(json.encode(msgpack.decode(state))))
            for actor, version, state in kept
        }
    except (MsgspecError, UnicodeDecodeError, RecursionError, TypeError, ValueError) as error:
        raise BadLog(0, f"what was known at record {after} cannot be read: {error}") from error


def _rows(connection: sqlite3.Connection, after: int) -> Iterator[tuple[int, bytes]]:
    expected = after
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
