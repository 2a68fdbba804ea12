"""The watch over one live process: its end, its output, its time, and the wish that it stop."""

import os
import select
from contextlib import suppress
from math import ceil
from signal import SIGKILL, SIGTERM
from time import monotonic
from typing import Literal, Protocol

from actors.executor import identity
from actors.executor.output import Output
from actors.executor.wish import Wish, Wished

CHUNK_BYTES = 64 * 1024
DRAIN_SECONDS = 0.5
SAMPLE_SECONDS, SAMPLE_SECONDS_MAX = 0.05, 2.0
BLIND_SECONDS = 0.02  # between looks where the kernel does not tell of a process's end
KILL_AGAIN_SECONDS = 1.0
AT_ONCE_SECONDS = 0.5  # of grace for what must end at once

Stopped = Literal["timed_out"] | Wished


class Process(Protocol):
    """A process that can be watched, be it our child or that of an earlier life."""

    pid: int
    pidfd: int | None

    def has_ended(self) -> bool:
        """Asked again and again where there is no pidfd."""

    def signal(self, number: int) -> None:
        """Send it to all of the process's group, as long as it is still that process."""


def open_pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable with the process's end, where the kernel has them."""
    with suppress(AttributeError, OSError):
        return os.pidfd_open(pid)
    return None


class Watch:
    """Over one process, in the thread that calls `until_end` and then `drain`.

    `grace` seconds pass between TERM and KILL. The reader is closed here.
    """

    def __init__(
        self, process: Process, reader: int | None, output: Output, wish: Wish, grace: float
    ) -> None:
        self._process, self._reader, self._output, self._grace = process, reader, output, grace
        self._poll = select.poll()
        self._wish, self._wished = wish, wish.listen()
        for source in (reader, process.pidfd, self._wished):
            if source is not None:
                self._poll.register(source, select.POLLIN)
        self.stopped: Stopped | None = None
        self.peak_bytes = 0

    def until_end(self, seconds: float) -> None:
        """Watch until it is dead, and stop it when its time is over. A child is not reaped yet."""
        now = monotonic()
        self._deadline, self._sampling = now + seconds, SAMPLE_SECONDS
        self._sample_at = now + SAMPLE_SECONDS
        while not self._look():
            self._keep_time(monotonic())

    def _look(self) -> bool:
        """Wait until something happens and see to it; True when it was the end."""
        process = self._process
        ready = {source for source, _ in self._poll.poll(self._patience_ms())}
        if self._reader in ready:
            self._take()
        if process.pidfd in ready or (process.pidfd is None and process.has_ended()):
            return True
        if self._wished in ready:
            os.read(self._wished, CHUNK_BYTES)
            self._stop(self._wish.trouble)
            if self._wish.at_once:
                self._deadline = min(self._deadline, monotonic() + AT_ONCE_SECONDS)
        return False

    def _patience_ms(self) -> int:
        seconds = max(0.0, min(self._deadline, self._sample_at) - monotonic())
        if self._process.pidfd is None:
            seconds = min(seconds, BLIND_SECONDS)
        return ceil(seconds * 1000)

    def _keep_time(self, now: float) -> None:
        if now >= self._deadline:
            self._run_out(now)
        if now >= self._sample_at:
            self.peak_bytes = max(self.peak_bytes, identity.peak_bytes(self._process.pid))
            self._sampling = min(2 * self._sampling, SAMPLE_SECONDS_MAX)
            self._sample_at = now + self._sampling

    def _run_out(self, now: float) -> None:
        if self.stopped is None:
            self._stop("timed_out")
        else:
            self._process.signal(SIGKILL)
            self._deadline = now + KILL_AGAIN_SECONDS

    def _stop(self, why: Stopped) -> None:
        if self.stopped is None:
            self.stopped = why
            self._process.signal(SIGTERM)
            self._deadline = monotonic() + self._grace

    def _take(self) -> None:
        """One chunk of what was printed; an empty one says that nobody holds the pipe now."""
        if self._reader is None:
            return
        with suppress(BlockingIOError):
            chunk = os.read(self._reader, CHUNK_BYTES)
            if chunk:
                self._output.take(chunk)
            else:
                self.let_go()

    def drain(self) -> None:
        """Read what is left, but not for long: a grandchild may hold the pipe for ever."""
        until = monotonic() + DRAIN_SECONDS
        rest = select.poll()
        if self._reader is not None:
            rest.register(self._reader, select.POLLIN)
        while self._reader is not None and (left := until - monotonic()) > 0:
            if rest.poll(ceil(left * 1000)):
                self._take()
        self.let_go()

    def let_go(self) -> None:
        """Close the reader, if it is open still."""
        if self._reader is not None:
            self._poll.unregister(self._reader)
            os.close(self._reader)
            self._reader = None
