"""The real side of the clock's door: the wall clock and a thread that waits for it."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Condition, Thread

STRIDE_SECONDS = 30.0  # Never longer at once, so that a clock that was set is noticed.


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


class Timer:
    """Calls `ring(reading)` once for each instant it was armed with, never before it.

    Without an instant it sleeps for good; with one, at most 30 seconds at a time. After ringing
    it waits to be armed again.
    """

    def __init__(self, ring: Callable[[datetime], None]) -> None:
        self._ring = ring
        self._changed = Condition()
        self._instant: datetime | None = None
        self._closed = False
        self._thread = Thread(target=self._wait, name="timer", daemon=True)
        self._thread.start()

    def arm(self, instant: datetime | None) -> None:
        with self._changed:
            if instant != self._instant:
                self._instant = instant
                self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _wait(self) -> None:
        while (reading := self._next()) is not None:
            self._ring(reading)

    def _next(self) -> datetime | None:
        """The reading at which the instant had come; None when the timer is closed."""
        with self._changed:
            while not self._closed:
                if self._instant is None:
                    self._changed.wait()
                    continue
                reading = now()
                left = (self._instant - reading).total_seconds()
                if left <= 0:
                    self._instant = None
                    return reading
                self._changed.wait(min(left, STRIDE_SECONDS))
        return None
