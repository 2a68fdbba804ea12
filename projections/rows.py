"""The rows of a table that a batch touches: read once, changed in memory, written once."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from sqlite3 import Connection
from typing import Any, Generic, TypeVar

from msgspec.structs import astuple

from events.bulk import insert_rows
from events.fact import Fact
from events.record import Record
from projections import alert_tables, intent_tables, run_tables, tables
from projections.row import Row

KEPT_ROWS_MAX = 2_000  # between batches

R = TypeVar("R", bound=Row)
Key = str | int | tuple[str | int, ...]


class Rows(Generic[R]):
    """A table as the fold sees it. Where a batch ends makes no difference to what it holds."""

    def __init__(self, connection: Connection, row: type[R]) -> None:
        # The names are our own classes and fields; values are bound.
        self._keys = ", ".join(f'"{name}"' for name in row.KEY)
        where = " AND ".join(f'"{name}" = ?' for name in row.KEY)
        self._into = f'INSERT OR REPLACE INTO "{row.TABLE}"'
        self._columns = f"({', '.join('?' for _ in row.__struct_fields__)})"
        self._select = f'SELECT * FROM "{row.TABLE}" WHERE {where}'  # noqa: S608 see above
        self._connection = connection
        self._row = row
        self._key_of = attrgetter(*row.KEY)
        self._kept: dict[Key, R] = {}
        self._changed: dict[Key, R] = {}

    def see(self, key: Key) -> R | None:
        """The row, not to be changed."""
        return self._changed.get(key) or self._kept.get(key) or self._read(key)

    def find(self, key: Key) -> R | None:
        """The row, to be changed in place."""
        row = self._changed.get(key)
        if row is None:
            row = self._kept.get(key) or self._read(key)
            if row is not None:
                self._changed[key] = row
        return row

    def make(self, *key: str | int) -> R:
        """The row, to be changed in place; a new one where there is none."""
        found = key[0] if len(key) == 1 else key
        return self.find(found) or self.add(self._row(**dict(zip(self._row.KEY, key, strict=True))))

    def add(self, row: R) -> R:
        self._changed[self._key_of(row)] = row
        return row

    def select(self, tail: str, *values: str | int) -> list[R]:
        """The rows that SQL finds behind `FROM table`, to be changed in place.

        What changed is written first: ask before rows are found or made otherwise.
        """
        self.write()
        sql = f"SELECT {self._keys} FROM {self._row.TABLE} {tail}"  # noqa: S608 see above
        keys = self._connection.execute(sql, values).fetchall()
        rows = (self.find(key[0] if len(key) == 1 else key) for key in keys)
        return [row for row in rows if row is not None]

    def write(self) -> None:
        """Put what changed into the open transaction."""
        if not self._changed:
            return
        changed = [astuple(row) for row in self._changed.values()]
        insert_rows(self._connection.cursor(), self._into, self._columns, changed)
        if len(self._kept) > KEPT_ROWS_MAX:
            self._kept.clear()
        self._kept.update(self._changed)
        self._changed.clear()

    def forget(self) -> None:
        """The transaction came to nothing: read again what is needed."""
        self._kept.clear()
        self._changed.clear()

    def _read(self, key: Key) -> R | None:
        bound = key if isinstance(key, tuple) else (key,)
        found = self._connection.execute(self._select, bound).fetchone()
        if found is None:
            return None
        row = self._kept[key] = self._row(*found)
        return row


class Tables:
    """All tables, as the handlers of facts see them."""

    def __init__(self, connection: Connection) -> None:
        self.works = Rows(connection, tables.Work)
        self.runs = Rows(connection, run_tables.Run)
        self.run_tallies = Rows(connection, run_tables.RunTally)
        self.executors = Rows(connection, run_tables.Executor)
        self.plans = Rows(connection, tables.Plan)
        self.passed_over = Rows(connection, tables.PassedOver)
        self.tallies = Rows(connection, tables.Tally)
        self.days = Rows(connection, tables.Day)
        self.phases = Rows(connection, tables.Phase)
        self.purses = Rows(connection, tables.Purse)
        self.categories = Rows(connection, tables.Category)
        self.limits = Rows(connection, tables.Limit)
        self.own_limits = Rows(connection, tables.OwnLimit)
        self.quotas = Rows(connection, tables.Quota)
        self.movements = Rows(connection, tables.Movement)
        self.intents = Rows(connection, intent_tables.Intent)
        self.expectations = Rows(connection, intent_tables.Expectation)
        self.buffered = Rows(connection, intent_tables.Buffered)
        self.verdicts = Rows(connection, intent_tables.Verdict)
        self.requests = Rows(connection, tables.Request)
        self.pauses = Rows(connection, tables.Pause)
        self.lives = Rows(connection, tables.Life)
        self.alerts = Rows(connection, alert_tables.Alert)
        self.latest = Rows(connection, tables.Latest)
        self._all: tuple[Rows[Any], ...] = tuple(vars(self).values())

    def open_day(self) -> str | None:
        """The day that the clock opened last."""
        latest = self.latest.see("day")
        return latest.value if latest else None

    def write(self) -> None:
        for rows in self._all:
            rows.write()

    def forget(self) -> None:
        for rows in self._all:
            rows.forget()


Handler = Callable[[Tables, Record, Any, str], None]  # the last: the record's time as text
Handlers = Mapping[type[Fact], Handler]
