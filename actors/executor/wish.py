"""That a run stop: said by any thread at any time, heeded by whoever sees to the run."""

from collections.abc import Callable
from threading import Lock
from typing import Literal

Wished = Literal["cancelled", "daemon_stopped", "at_ceiling"]


class Wish:
    """`heard` is called with each that is new, so that whoever waits wakes up."""

    def __init__(self, heard: Callable[[], None]) -> None:
        self._lock, self._heard = Lock(), heard
        self.reason: str | None = None  # None: nobody wished it
        self.trouble: Wished = "cancelled"
        self.at_once = False

    def say(self, reason: str, trouble: Wished = "cancelled", *, at_once: bool = False) -> None:
        """Wish it. The first reason stays; to one that has ended it means nothing."""
        with self._lock:
            news = self.reason is None or at_once > self.at_once
            if self.reason is None:
                self.trouble, self.reason = trouble, reason
            self.at_once = self.at_once or at_once
        if news:
            self._heard()
