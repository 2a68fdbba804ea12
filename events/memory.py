"""A store that forgets when its process ends: for tests, simulation and replay."""

from collections.abc import Mapping, Sequence

from eventsourcing.persistence import IntegrityError, StoredEvent, Tracking
from eventsourcing.popo import POPOProcessRecorder

from events.codec import GENESIS, parts
from events.store import PAGE_RECORDS, Head, Row, Snapshot, StoreTaken

STREAM = "log"


class MemoryStore:
    """The log over the library's recorder in memory."""

    def __init__(self) -> None:
        self._recorder = POPOProcessRecorder()
        self._snapshots: list[Snapshot] = []

    def head(self) -> Head:
        newest = self._recorder.select_events(STREAM, desc=True, limit=1)
        if not newest:
            return Head(0, GENESIS)
        position = newest[0].originator_version
        return Head(position, parts(position, newest[0].state)[1])

    def base(self) -> Head:
        return Head(0, GENESIS)  # Nothing leaves it.

    def commit(
        self,
        rows: Sequence[Row],
        considered: Mapping[str, int] = {},
        snapshots: Sequence[Snapshot] = (),
    ) -> None:
        events = [StoredEvent(STREAM, row.position, row.kind, row.state) for row in rows]
        try:
            self._recorder.insert_events(events)
        except IntegrityError as error:
            raise StoreTaken(str(error)) from error
        for actor, position in considered.items():
            if position > (-1 if (known := self.considered(actor)) is None else known):
                self._recorder.insert_tracking(Tracking(actor, position))
        self._snapshots.extend(snapshots)

    def page(self, *, after: int = 0, limit: int = PAGE_RECORDS) -> list[tuple[int, bytes]]:
        events = self._recorder.select_events(STREAM, gt=after, limit=limit)
        return [(event.originator_version, event.state) for event in events]

    def considered(self, actor: str) -> int | None:
        return self._recorder.max_tracking_id(actor)

    def snapshot(self, actor: str, version: int, until: int | None = None) -> Snapshot | None:
        fitting = [
            kept
            for kept in self._snapshots
            if (kept.actor, kept.version) == (actor, version)
            and (until is None or kept.position <= until)
        ]
        return max(fitting, key=lambda kept: kept.position, default=None)

    def close(self) -> None:
        """Nothing to close."""
