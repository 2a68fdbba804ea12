"""The log in a SQLite file, over the library's recorder.

One connection writes; the file is 0600 in a folder of 0700. The recorder is subclassed through
its public seams, because one transaction must hold a whole batch, the positions that the actors
have considered, and their snapshots.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from eventsourcing.persistence import DatabaseError, PersistenceError
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteProcessRecorder,
)

from events.bulk import insert_rows
from events.codec import GENESIS, parts
from events.journal import spread
from events.left import TRIMMED, WHOLE, format_of, stretches
from events.policies import Storage
from events.store import (
    PAGE_RECORDS,
    Head,
    RecordsLeft,
    Row,
    Snapshot,
    StoreBroken,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreTaken,
)

FORMAT = TRIMMED  # the greatest that is known; a greater one is from a newer Horarium
SPARSE_RECORDS = 20_000  # Old snapshots are kept once in so many records,
HEAVY_BYTES, HEAVY_RECORDS = 1 << 20, 200_000  # heavy ones more rarely.

DEFAULTS = Storage()

_FURTHEST = (
    "ON CONFLICT (application_name) DO UPDATE "
    "SET notification_id = max(notification_id, excluded.notification_id)"
)
_NEWEST = (
    "SELECT originator_version, state FROM stored_events WHERE originator_id = 'log' "
    "ORDER BY originator_version DESC LIMIT 1"
)
_PAGE = (
    "SELECT originator_version, state FROM stored_events WHERE originator_id = 'log' "
    "AND originator_version > ? ORDER BY originator_version LIMIT ?"
)

_WHAT = {
    sqlite3.SQLITE_BUSY: StoreBusy,
    sqlite3.SQLITE_LOCKED: StoreBusy,
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_CONSTRAINT: StoreTaken,
}


class _Pool(SQLiteConnectionPool):
    """Connections as the log wants them."""

    settings = Storage()

    def _create_connection(self) -> SQLiteConnection:
        # Written out anew because the library keeps one prepared statement, not 128.
        raw = sqlite3.connect(
            self.db_name,
            check_same_thread=False,
            isolation_level=None,
            cached_statements=128,
            timeout=self.settings.busy_seconds,
        )
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute(f"PRAGMA synchronous={self.settings.synchronous.upper()}")
        raw.execute(f"PRAGMA journal_size_limit={self.settings.wal_max_bytes}")
        raw.row_factory = sqlite3.Row
        self.is_journal_mode_wal = True
        return SQLiteConnection(sqlite_conn=raw, max_age=self.max_age)


class _Recorder(SQLiteProcessRecorder):
    """The library's tables and one more, written to by whole batches."""

    def construct_create_table_statements(self) -> list[str]:
        return [
            *super().construct_create_table_statements(),
            "CREATE TABLE IF NOT EXISTS snapshots (actor TEXT, version INTEGER, "
            "position INTEGER, state BLOB, PRIMARY KEY (actor, version, position)) WITHOUT ROWID",
        ]

    base = 0  # what the actors knew there is kept as long as the log begins there

    def insert_group(
        self, rows: Sequence[Row], considered: Mapping[str, int], snapshots: Sequence[Snapshot]
    ) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            raw = cursor.sqlite_cursor
            insert_rows(raw, "INSERT INTO stored_events", "('log', ?, ?, ?)", rows)
            insert_rows(raw, "INSERT INTO tracking", "(?, ?)", [*considered.items()], _FURTHEST)
            for kept in snapshots:
                _keep(cursor, kept, self.base)


def _keep(cursor: SQLiteCursor, kept: Snapshot, base: int) -> None:
    """Write a snapshot; of the older ones leave those at the base, the last, and one for each
    sparse stretch."""
    stretch = SPARSE_RECORDS if len(kept.state) < HEAVY_BYTES else HEAVY_RECORDS
    cursor.execute("INSERT OR REPLACE INTO snapshots VALUES (?,?,?,?)", kept)
    cursor.execute(
        "DELETE FROM snapshots WHERE actor = ? AND position != ? AND position < "
        "(SELECT max(position) FROM snapshots WHERE actor = ? AND position < ?) "
        "AND position NOT IN (SELECT min(position) FROM snapshots WHERE actor = ? "
        "GROUP BY version, position / ?)",
        (kept.actor, base, kept.actor, kept.position, kept.actor, stretch),
    )


class SqliteStore:
    """The log in a file. Raises StoreError when the file cannot be used."""

    def __init__(self, path: Path, settings: Storage = DEFAULTS) -> None:
        _make_private(path)
        with told():
            found, self._base = _begins(path)
            datastore = SQLiteDatastore(str(path), originator_id_type="text", pool_size=1)
            datastore.pool.close()
            datastore.pool = _Pool(db_name=str(path), pool_size=1, max_overflow=1)
            datastore.pool.settings = settings
            self._recorder = _Recorder(datastore)
            self._recorder.create_table()
            self._recorder.base = self._base.position
            if not found:
                with datastore.transaction(commit=True) as cursor:
                    cursor.execute(f"PRAGMA user_version={WHOLE}")
        spread(path, settings.wal_max_bytes)

    def base(self) -> Head:
        return self._base

    def head(self) -> Head:
        newest = self._select(_NEWEST, ())
        if not newest:
            return self._base
        position, state = newest[0]
        return Head(position, parts(position, state)[1])

    def commit(
        self,
        rows: Sequence[Row],
        considered: Mapping[str, int] = {},
        snapshots: Sequence[Snapshot] = (),
    ) -> None:
        with told():
            self._recorder.insert_group(rows, considered, snapshots)

    def page(self, *, after: int = 0, limit: int = PAGE_RECORDS) -> list[tuple[int, bytes]]:
        if after < self._base.position:
            raise RecordsLeft(self._base.position)
        return self._select(_PAGE, (after, limit))

    def considered(self, actor: str) -> int | None:
        with told():
            return self._recorder.max_tracking_id(actor)

    def snapshot(self, actor: str, version: int, until: int | None = None) -> Snapshot | None:
        with told(), self._recorder.datastore.transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT actor, version, position, state FROM snapshots WHERE actor = ? "
                "AND version = ? AND position <= ? ORDER BY position DESC LIMIT 1",
                (actor, version, (1 << 62) if until is None else until),
            )
            found = cursor.fetchone()
        return Snapshot(*found) if found else None

    def close(self) -> None:
        self._recorder.datastore.close()

    def _select(self, statement: str, params: Sequence[int]) -> list[tuple[int, bytes]]:
        with told(), self._recorder.datastore.transaction(commit=False) as cursor:
            raw = cursor.sqlite_cursor
            raw.row_factory = None
            raw.execute(statement, params)
            return raw.fetchall()


def _make_private(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)  # Its -wal and -shm take their mode from it.
    except OSError as error:
        raise StoreBroken(f"cannot write {path}: {error.strerror}") from error


def _begins(path: Path) -> tuple[int, Head]:
    """Its format, and behind which record it begins."""
    with closing(sqlite3.connect(path)) as connection:
        found = format_of(connection)
        gone = stretches(connection) if found <= FORMAT else []
    if found > FORMAT:
        raise StoreBroken(
            f"{path} was written by a newer version (format {found}, this one knows {FORMAT}); "
            "install that version, or restore a backup made by this one"
        )
    return found, Head(gone[-1].until, gone[-1].last) if gone else Head(0, GENESIS)


@contextmanager
def told() -> Iterator[None]:
    """Say failures of SQLite in our words, by the code that SQLite gives them."""
    try:
        yield
    except (PersistenceError, sqlite3.Error) as error:
        raise _explained(error) from error


def _explained(error: BaseException) -> StoreError:
    cause = error if isinstance(error, sqlite3.Error) else error.__cause__ or error.args[0]
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None and isinstance(error, DatabaseError | PersistenceError):
        return StoreBroken(f"the store failed: {error}")
    if (code or 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        remedy = "`horarium restore FILE` puts a backup back"
        return StoreBroken(f"the log is damaged ({cause}); {remedy}")
    kind = _WHAT.get((code or 0) & 0xFF, StoreBroken)
    if kind is StoreTaken:
        return kind(f"somebody else writes this log ({cause})")
    return kind(f"the store failed: {cause}")
