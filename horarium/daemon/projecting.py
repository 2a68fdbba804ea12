"""The projections, alive: one thread that folds what the bus tells into their tables."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any

from msgspec import Struct
from pykka import ActorDeadError, ActorRef

from events.bus import Subscribe
from events.record import Record
from events.store import Store, link_at, pages
from horarium.daemon.printing import say
from horarium.daemon.watcher import Watcher
from projections.projector import ProjectionError, Projector

RETRY_SECONDS = 0.5
_PASSING = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Again(Struct, frozen=True):
    """Try again what the disk had no room for."""


class Indigestible(Exception):
    """A record that could not be folded."""

    def __init__(self, record: Record, error: Exception) -> None:
        super().__init__(f"record {record.position}: {error}")
        self.record, self.error = record, error


class Projecting(Watcher):
    """Catches up by itself, then follows the news; what waits is folded in one transaction.

    While the disk is full the projections stay behind, and learn what they missed from the log
    when there is space. A damaged file is made anew, once.
    """

    def __init__(
        self,
        path: Path,
        store: Store,
        bus: ActorRef[Any],
        choked: Callable[[str, Record | None, BaseException], None],
        poison: frozenset[int] = frozenset(),
    ) -> None:
        super().__init__()
        self._poison = poison
        self._path, self._store, self._bus, self._choked = path, store, bus, choked
        self._projector = Projector(path)
        self._behind = self._renewed = False

    def on_start(self) -> None:
        self._guarded(self._begin_anew_if_another_log)
        self._guarded(self._catch_up)
        known = self._store.head().position if self._behind else self._projector.position
        self._bus.tell(Subscribe(self.actor_ref, known))

    def on_receive(self, message: object) -> None:
        if isinstance(message, Again):
            self._guarded(self._catch_up)
        else:
            super().on_receive(message)

    def on_stop(self) -> None:
        super().on_stop()
        self._projector.close()

    def look(self, records: Sequence[Record]) -> None:
        if not self._behind:
            self._guarded(lambda: self._fold(records))

    def _begin_anew_if_another_log(self) -> None:
        """A restored log may be shorter than what was folded, or another one."""
        place = self._projector.position
        if place > self._store.head().position or (
            place and link_at(self._store, place) != self._projector.hash
        ):
            self._projector.reset()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Indigestible as mistake:
            self._choked("projections", mistake.record, mistake.error)
            raise
        except BaseException as error:
            self._choked("projections", None, error)
            raise

    def _catch_up(self) -> None:
        self._behind = False
        for page in pages(self._store, self._projector.position):
            self._fold(page)
            if self._behind:
                return

    def _fold(self, records: Sequence[Record]) -> None:
        try:
            self._apply(records)
        except sqlite3.Error:
            raise
        except Exception:
            self._fold_one_by_one(records)

    def _fold_one_by_one(self, records: Sequence[Record]) -> None:
        """So that it is known which one was too much; in safe mode they stand still there."""
        for record in records:
            try:
                self._apply([record])
            except Exception as error:
                if not self._poison:
                    raise Indigestible(record, error) from error
                say("ERROR", f"the projections stand still before record {record.position}")
                self._behind = True
                return

    def _apply(self, records: Sequence[Record]) -> None:
        try:
            self._projector.apply(records)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _PASSING:
                raise
            self._wait()
        except ProjectionError:
            if self._renewed:
                raise
            self._renewed, self._projector = True, Projector(self._path)
            self._wait()

    def _wait(self) -> None:
        """Leave it for now; what is missed meanwhile stands in the log."""
        self._behind = True
        again = Timer(RETRY_SECONDS, _again, (self.actor_ref,))
        again.daemon = True
        again.start()


def _again(projecting: ActorRef[Any]) -> None:
    with suppress(ActorDeadError):
        projecting.tell(Again())
