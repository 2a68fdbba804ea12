"""The projections, alive: one thread that folds what the bus tells into their tables."""

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from pykka import ActorRef, ThreadingActor

from events.bus import CaughtUp, News, Subscribe
from events.record import Record
from events.store import Store, link_at, pages
from projections.projector import Projector

BATCH_RECORDS_MAX = 4_000


class Projecting(ThreadingActor):
    """Catches up by itself, then follows the news; what waits is folded in one transaction."""

    def __init__(
        self,
        projector: Projector,
        store: Store,
        bus: ActorRef[Any],
        choked: Callable[[str, Record | None, BaseException], None],
    ) -> None:
        super().__init__()
        self._projector, self._store, self._bus, self._choked = projector, store, bus, choked
        self._waiting: list[Record] = []

    @staticmethod
    def _create_actor_inbox() -> Any:
        return SimpleQueue()

    def on_start(self) -> None:
        try:
            self._begin_anew_if_another_log()
            for page in pages(self._store, self._projector.position):
                self._projector.apply(page)
        except BaseException as error:
            self._choked("projections", None, error)
            raise
        self._bus.tell(Subscribe(self.actor_ref, self._projector.position))

    def _begin_anew_if_another_log(self) -> None:
        """A restored log may be shorter than what was folded, or another one."""
        place = self._projector.position
        if place > self._store.head().position or (
            place and link_at(self._store, place) != self._projector.hash
        ):
            self._projector.reset()

    def on_receive(self, message: News | CaughtUp) -> None:
        if isinstance(message, News):
            self._waiting.extend(message.records)
        if self.actor_inbox.empty() or len(self._waiting) >= BATCH_RECORDS_MAX:
            self._fold()

    def on_stop(self) -> None:
        self._fold()
        self._projector.close()

    def _fold(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            self._projector.apply(waiting)
        except BaseException as error:
            self._choked("projections", waiting[-1], error)
            raise
