"""A reader of the bus that only looks on, and is in nobody's way while it does."""

from collections.abc import Sequence
from queue import SimpleQueue
from time import monotonic, sleep
from typing import Any

from pykka import ThreadingActor

from events.bus import News
from events.record import Record

PATIENCE_SECONDS = (
    0.03  # without news: a chain of decisions, from a request to its process, is over,
)
LAG_SECONDS = 0.25  # or after so long in any case
RECORDS_MAX = 4_000  # that wait here


class Watcher(ThreadingActor):
    """Looks at news when no more come, all at once, so that the actors have the processor first."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[Record] = []
        self._latest = 0.0  # when it looks, whether more come or not

    @staticmethod
    def _create_actor_inbox() -> Any:
        return SimpleQueue()

    def on_receive(self, message: object) -> None:
        if isinstance(message, News):
            self._latest = self._latest if self._waiting else monotonic() + LAG_SECONDS
            self._waiting.extend(message.records)
        left = self._latest - monotonic()
        if self._waiting and left > 0 and self.actor_inbox.empty():
            sleep(min(PATIENCE_SECONDS, left))
        if left <= 0 or self.actor_inbox.empty() or len(self._waiting) >= RECORDS_MAX:
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
