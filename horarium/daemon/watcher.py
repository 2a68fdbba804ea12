"""A reader of the bus that only looks on, and is in nobody's way while it does."""

from collections.abc import Sequence
from queue import SimpleQueue
from time import monotonic, sleep
from typing import Any

from pykka import ThreadingActor

from events.bus import News
from events.record import Record

PATIENCE_SECONDS = 0.03  # A chain of decisions, from a request to its process, is over by then.
RECORDS_MAX = 4_000  # that wait here


class Watcher(ThreadingActor):
    """Looks at news a little later and all at once, so that the actors have the processor first."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[Record] = []
        self._due = 0.0

    @staticmethod
    def _create_actor_inbox() -> Any:
        return SimpleQueue()

    def on_receive(self, message: object) -> None:
        if isinstance(message, News):
            self._due = self._due if self._waiting else monotonic() + PATIENCE_SECONDS
            self._waiting.extend(message.records)
        if self._waiting and self.actor_inbox.empty():
            sleep(max(0.0, self._due - monotonic()))
        if self.actor_inbox.empty() or len(self._waiting) >= RECORDS_MAX:
            self._look()

    def on_stop(self) -> None:
        self._look()

    def look(self, records: Sequence[Record]) -> None:
        """What came since the last time, in order."""
        raise NotImplementedError

    def _look(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self.look(waiting)
