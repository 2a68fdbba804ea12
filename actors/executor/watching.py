"""The watch over one live process: its end, its output, its time, and the wish that it stop."""

import os
import signal
from contextlib import suppress
from signal import SIGKILL, SIGTERM
from time import monotonic
from typing import Literal, Protocol

from actors.executor import identity
from actors.executor.loop import Steps, Task
from actors.executor.wish import Wish, Wished

CHUNK_BYTES = 64 * 1024
DRAIN_SECONDS = 0.5
SAMPLE_SECONDS, SAMPLE_SECONDS_MAX = 0.05, 2.0
BLIND_SECONDS = 0.02  # between looks where the kernel does not tell of a process's end
KILL_AGAIN_SECONDS = 1.0
AT_ONCE_SECONDS = 0.5  # of grace for what must end at once because the daemon does

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


class Kindred(Protocol):
    """The other processes of its run."""

    def ask(self, leader: int) -> None:
        """Ask those to end whom a signal to the leader's group does not reach."""

    def sample(self) -> None:
        """Look at what they use."""


def send(pidfd: int, number: int) -> None:
    """A signal to the very process of this descriptor."""
    with suppress(OSError):
        signal.pidfd_send_signal(pidfd, number)


class Taker(Protocol):
    """Where what is printed goes."""

    def take(self, chunk: bytes) -> None:
        """The next of it."""


class Watch:
    """Over one process, by the task that goes through `until_end` and then `drain`.

    `grace` seconds pass between TERM and KILL. The reader is closed here.
    """

    def __init__(
        self,
        process: Process,
        reader: int | None,
        output: Taker,
        wish: Wish,
        task: Task,
        grace: float,
        kin: Kindred,
    ) -> None:
        self._process, self._reader, self._output, self._kin = process, reader, output, kin
        self._wish, self._task, self._grace = wish, task, grace
        self._at_once = False
        self.stopped: Stopped | None = None
        self.peak_bytes = 0

    def until_end(self, seconds: float) -> Steps[None]:
        """Watch until it is dead, and stop it when its time is over. A child is not reaped yet."""
        now = monotonic()
        self._deadline, self._sampling = now + seconds, SAMPLE_SECONDS
        self._sample_at = now + SAMPLE_SECONDS
        pidfd = self._process.pidfd
        for source in (self._reader, pidfd):
            if source is not None:
                self._task.listen(source)
        try:
            while not self._is_over((yield self._due())):
                self._heed()
                self._keep_time(monotonic())
        finally:
            if pidfd is not None:
                self._task.ignore(pidfd)

    def _is_over(self, source: int | None) -> bool:
        """See to what is readable; True when that was the end."""
        if source is not None and source == self._reader:
            self._take()
        pidfd = self._process.pidfd
        return source == pidfd if pidfd is not None else self._process.has_ended()

    @property
    def kill_at(self) -> float:
        """Until when what was asked to end may take its time."""
        return self._deadline if self.stopped is not None else 0.0

    def _due(self) -> float:
        due = min(self._deadline, self._sample_at)
        return due if self._process.pidfd is not None else min(due, monotonic() + BLIND_SECONDS)

    def _heed(self) -> None:
        if self._wish.reason is None:
            return
        self._stop(self._wish.trouble)
        if self._wish.at_once and not self._at_once:
            self._at_once = True
            grace = AT_ONCE_SECONDS if self.stopped == "daemon_stopped" else 0.0
            self._deadline = min(self._deadline, monotonic() + grace)

    def _keep_time(self, now: float) -> None:
        if now >= self._deadline:
            self._run_out(now)
        if now >= self._sample_at:
            self.peak_bytes = max(self.peak_bytes, identity.peak_bytes(self._process.pid))
            self._kin.sample()
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
            self._kin.ask(self._process.pid)
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

    def drain(self) -> Steps[None]:
        """Read what is left, but not for long: a grandchild may hold the pipe for ever."""
        until = monotonic() + DRAIN_SECONDS
        self._take()
        while self._reader is not None and monotonic() < until:
            if (yield until) == self._reader:
                self._take()
        self.let_go()

    def let_go(self) -> None:
        """Close the reader, if it is open still."""
        if self._reader is not None:
            self._task.ignore(self._reader)
            os.close(self._reader)
            self._reader = None
