"""The real side of the clock's door: the machine's clocks and a thread that waits for them."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Condition, Thread

from actors.clock.noticing import Reading, amiss
from events.time import ClockStepped, HostSlept, TimePassed

STRIDE_SECONDS = 30.0  # Never longer at once, so that sleep and a clock that was set are noticed.
AT_ONCE = timedelta(milliseconds=100)  # Clocks read further apart than this do not belong together.
TRIES = 5
AHEAD_SECONDS = 0.003  # in front of an instant, so long everybody is told to be awake,
NEAR_SECONDS = 0.0003  # and so long nobody sleeps any more, for sleep ends late.
# Which clock stands still in sleep and which goes on: Linux has the one as MONOTONIC and the
# other as BOOTTIME, macOS the one as UPTIME_RAW and the other as MONOTONIC.
_UPTIME: int | None = getattr(time, "CLOCK_UPTIME_RAW", None)
_RUNS: int = time.CLOCK_MONOTONIC if _UPTIME is None else _UPTIME
_GOES_ON: int | None = getattr(time, "CLOCK_BOOTTIME", _UPTIME and time.CLOCK_MONOTONIC)

Seen = TimePassed | HostSlept | ClockStepped
Tell = Callable[[datetime, Sequence[Seen]], None]


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def read_clocks() -> Reading:
    """All clocks at one moment."""
    reading, took = _read()
    tries = 1
    while took > AT_ONCE and tries < TRIES:  # The machine was held up in between.
        reading, took = _read()
        tries += 1
    return reading


def _read() -> tuple[Reading, timedelta]:
    began = _since_start() or _clock(_RUNS)
    reading = Reading(now(), _clock(_RUNS), _since_start())
    return reading, (_since_start() or _clock(_RUNS)) - began


def _since_start() -> timedelta | None:
    return None if _GOES_ON is None else _clock(_GOES_ON)


def _clock(number: int) -> timedelta:
    return timedelta(microseconds=time.clock_gettime_ns(number) // 1000)


class Timer:
    """Tells TimePassed once for each instant it was armed with, never before it.

    With each reading come HostSlept and ClockStepped, if there is anything to tell, before the
    TimePassed of the same moment. It looks at every wake-up, and every `stride_seconds` at
    least; after TimePassed it waits to be armed again. `ahead` is called shortly before each.
    """

    def __init__(
        self,
        tell: Tell,
        read: Callable[[], Reading] = read_clocks,
        stride_seconds: float = STRIDE_SECONDS,
        ahead: Callable[[], None] = lambda: None,
    ) -> None:
        self._tell, self._read, self._stride = tell, read, stride_seconds
        self._ahead, self._is_announced = ahead, True
        self._changed = Condition()
        self._instant: datetime | None = None
        self._closed = False
        self._before = read()
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
        while (seen := self._next()) is not None:
            self._tell(*seen)

    def _next(self) -> tuple[datetime, Sequence[Seen]] | None:
        """What is to be told, and the reading at which it is; None when the timer is closed."""
        with self._changed:
            while not self._closed:
                reading = self._read()
                seen: list[Seen] = [*amiss(self._before, reading)]
                self._before = reading
                left = self._left(reading.wall)
                if left <= 0:
                    self._instant = None
                    seen.append(TimePassed())
                if seen:
                    return reading.wall, seen
                self._wait_for(left)
        return None

    def _wait_for(self, left: float) -> None:
        """Come nearer: until everybody is to be awake, until it is near, until it is there."""
        if left > AHEAD_SECONDS:
            self._is_announced = False
            self._changed.wait(min(left - AHEAD_SECONDS, self._stride))
        elif not self._is_announced:
            self._is_announced = True
            self._announce()
        else:
            self._changed.wait(max(0.0, left - NEAR_SECONDS))

    def _announce(self) -> None:
        """Others may take their time over it, and whoever arms us does not wait for them."""
        self._changed.release()
        try:
            self._ahead()
        finally:
            self._changed.acquire()

    def _left(self, wall: datetime) -> float:
        """Seconds until the instant; a stride when there is none."""
        if self._instant is None:
            return self._stride
        return (self._instant - wall).total_seconds()
