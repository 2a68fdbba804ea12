"""The one fold: a record comes in, the rows of every projection that hears it change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from sqlite3 import Connection

from events.fact import Fact
from events.record import Record
from projections import (
    alerts,
    budget,
    daemon,
    days,
    executors,
    intents,
    limits,
    occurrences,
    plan,
    quotas,
    requests,
    runs,
    trails,
)
from projections.database import Place
from projections.moments import rfc3339
from projections.rows import Handler, Handlers, Tables

# In this order they hear each fact: the days count work as it stood before the plan moves it, and
# the budget takes back what a run cost before the run is said to have cost another amount.
PROJECTIONS: Mapping[str, Handlers] = {
    days.NAME: days.HANDLERS,
    plan.NAME: plan.HANDLERS,
    budget.NAME: budget.HANDLERS,
    limits.NAME: limits.HANDLERS,
    quotas.NAME: quotas.HANDLERS,
    runs.NAME: runs.HANDLERS,
    executors.NAME: executors.HANDLERS,
    intents.NAME: intents.HANDLERS,
    occurrences.NAME: occurrences.HANDLERS,
    requests.NAME: requests.HANDLERS,
    daemon.NAME: daemon.HANDLERS,
    alerts.NAME: alerts.HANDLERS,
    trails.NAME: trails.HANDLERS,
}
HANDLERS: Mapping[type[Fact], tuple[Handler, ...]] = {
    kind: tuple(handlers[kind] for handlers in PROJECTIONS.values() if kind in handlers)
    for kind in {kind for handlers in PROJECTIONS.values() for kind in handlers}
}


class Fold:
    """Learns records in order; writes rows and positions into the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tables = Tables(connection)

    def learn(self, records: Sequence[Record]) -> None:
        """They follow without a gap upon those learned before."""
        tables, handlers_of = self._tables, HANDLERS.get
        moment: datetime | None = None
        at = ""
        for record in records:
            if record.at is not moment:
                moment = record.at
                at = rfc3339(moment)
            for handler in handlers_of(type(record.fact), ()):
                handler(tables, record, record.fact, at)
        if records:
            tables.write()
            self._arrive(Place(records[-1].position, at, records[-1].hash))

    def forget(self) -> None:
        """What was learned since the last commit came to nothing."""
        self._tables.forget()

    def _arrive(self, place: Place) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)",
            [(name, *place) for name in PROJECTIONS],
        )
