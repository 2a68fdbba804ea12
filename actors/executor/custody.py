"""Every process of a run, also those that left its session, its group and its parents.

Whoever has custody is the reaper of its descendants: an orphan becomes its child and not that of
init. Each is known by the mark of its run.
"""

import os
import resource
from collections.abc import Iterable
from contextlib import suppress
from signal import SIGKILL, SIGTERM
from time import monotonic

from actors.executor import identity
from actors.executor.loop import Steps, Task
from actors.executor.marks import FRESH_SECONDS, Census, bears
from actors.executor.watching import open_pidfd, send

LOOK_SECONDS, LOOK_SECONDS_MAX = 0.002, 0.05  # between looks at what is to end
YOUNG_SECONDS = 1.0  # in which the numbers of processes do not begin again twice
GIVEN_UP_SECONDS = 2.0  # What the kernel itself holds up does not end when it is killed.


class Custody:
    """Of all runs of a keeper; used by one thread."""

    def __init__(self) -> None:
        self.census = Census()
        self.leaders: set[int] = set()  # our own children, whose status is for their runs
        self.cpu_ms: dict[int, int] = {}  # of the dead orphans of open runs, by their mark
        self.unended: set[int] = set()  # marks of runs that are over, but not all their processes

    def reap(self) -> None:
        """Take the status of all orphans that have died."""
        with suppress(ChildProcessError):
            while (
                dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            ) is not None:
                if dead.si_pid in self.leaders:
                    return
                mark = self.census.mark_of(dead.si_pid)
                used = os.wait4(dead.si_pid, 0)[2]
                if mark in self.cpu_ms:
                    self.cpu_ms[mark] += cpu_ms(used)

    def has_children(self) -> bool:
        """Whether anything at all is left."""
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return True

    def end_the_unended(self) -> None:
        """Kill again what would not die when its run ended."""
        for mark in list(self.unended):
            left = self.census.of(mark, monotonic() - FRESH_SECONDS)
            if not left:
                self.unended.discard(mark)
            signal_bearers(left, mark, SIGKILL)

    def strays(self) -> list[int]:
        """Our children that are the leaders of no run."""
        own = os.getpid()
        found = ((pid, identity.stat(pid)) for pid in identity.numbers())
        return [
            pid
            for pid, at in found
            if at is not None and at.parent == own and pid not in self.leaders
        ]


class Kin:
    """The processes of one run. Where nobody has custody there is none but its group."""

    def __init__(self, custody: Custody | None, mark: int, task: Task) -> None:
        self._custody, self._mark, self._task = custody, mark, task
        self.most, self.peak_bytes = 0, 0
        self.outlived = False  # Its leader ended by itself, and was not the last.
        self._leader, self._began_at = 0, 0.0  # when we began it

    def living(self, since: float) -> list[int]:
        """Who lives, or lived at that time or later."""
        if self._custody is None:
            return []
        return self._custody.census.of(self._mark, since)

    def begun(self, leader: int) -> None:
        """By us: all of it are our descendants."""
        self._leader, self._began_at = leader, monotonic()
        if self._custody is not None:
            self._custody.leaders.add(leader)
            self._custody.cpu_ms[self._mark] = 0

    def ended(self) -> int:
        """Its leader was reaped, and nothing is left; the processor time, in ms, of those for
        whom nobody of the run waited."""
        if self._custody is None:
            return 0
        self._custody.leaders.discard(self._leader)
        return self._custody.cpu_ms.pop(self._mark, 0)

    def ask(self, leader: int) -> None:
        """TERM to those that are not of the leader's group any more."""
        for pid in self.living(monotonic() - FRESH_SECONDS):
            at = identity.stat(pid)
            if at is not None and at.group != leader:
                signal_bearers([pid], self._mark, SIGTERM)

    def sample(self) -> None:
        """How many they are and what the largest holds."""
        if self._custody is None:
            return
        pids = self.living(monotonic() - FRESH_SECONDS)
        self.most = max(self.most, len(pids))
        self.peak_bytes = max([self.peak_bytes, *map(identity.peak_bytes, pids)])

    def look_back(self) -> None:
        """Its leader has ended by itself, and nothing was done about the others yet."""
        custody = self._custody
        self.outlived = custody is not None and bool(self._left(custody))

    def cleared(self, kill_at: float = 0.0) -> Steps[bool]:
        """Return when none is left, killing those that live at that time; False: some would not
        die."""
        pause, until = LOOK_SECONDS, max(kill_at, monotonic()) + GIVEN_UP_SECONDS
        custody = self._custody
        while custody is not None and (left := self._left(custody)):
            if monotonic() >= kill_at:
                signal_bearers(left, self._mark, SIGKILL)
            if monotonic() >= until:
                custody.unended.add(self._mark)
                return False
            yield monotonic() + pause
            pause = min(2 * pause, LOOK_SECONDS_MAX)
        if custody is not None:
            custody.reap()
        return True

    def _left(self, custody: Custody) -> list[int]:
        """Who lives, now that its leader has ended."""
        if self._leader and not custody.has_children():
            return []
        if monotonic() - self._began_at < YOUNG_SECONDS:
            return custody.census.born_after(self._leader, self._mark)
        return self.living(self._task.woke_at)


def signal_bearers(pids: Iterable[int], mark: int, number: int) -> None:
    """A signal to each that bears the mark still, when its descriptor is held."""
    for pid in pids:
        pidfd = open_pidfd(pid)
        if pidfd is not None:
            if bears(pid, mark):
                send(pidfd, number)
            os.close(pidfd)


def cpu_ms(used: resource.struct_rusage) -> int:
    """The time that was computed for it."""
    return round(1000 * (used.ru_utime + used.ru_stime))
