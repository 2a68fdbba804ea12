"""A process that we started ourselves: signalled as a group, reaped with what it used."""

import os
import resource
import subprocess
import sys
from contextlib import suppress
from signal import SIGKILL
from typing import NamedTuple

from actors.executor.custody import cpu_ms
from actors.executor.watching import open_pidfd

MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024
MAXRSS_SLACK_BYTES = 1024 * 1024


class Usage(NamedTuple):
    """How it ended and what it used. `exit_code` None: somebody else took its status away."""

    exit_code: int | None  # minus the signal's number when one ended it
    cpu_ms: int
    peak_bytes: int  # 0: not known


class Child:
    """Its number cannot pass to another process before it is reaped, so its group is ours."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = process.pid
        self.pidfd = open_pidfd(process.pid)
        self._process = process
        self._end: tuple[int, resource.struct_rusage] | None = None
        self._our_peak = _peak(resource.getrusage(resource.RUSAGE_SELF))

    def has_ended(self) -> bool:
        """Whether it is dead; where there is no pidfd that means reaped."""
        return self._wait(os.WNOHANG)

    def signal(self, number: int) -> None:
        """Send it to the process and its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def reap(self) -> Usage:
        """Kill what is left of its group, then take its status.

        The kernel counts the memory of the parent, which a child shares until it has become
        its own program, among that of the child: a figure not above our own says nothing.
        """
        self.signal(SIGKILL)
        try:
            self._wait(0)
        except ChildProcessError:
            self._process.returncode = -1
        if self.pidfd is not None:
            os.close(self.pidfd)
        if self._end is None:
            return Usage(None, 0, 0)
        status, used = self._end
        peak = _peak(used)
        known = peak > self._our_peak + MAXRSS_SLACK_BYTES
        return Usage(os.waitstatus_to_exitcode(status), cpu_ms(used), peak if known else 0)

    def _wait(self, options: int) -> bool:
        if self._end is None:
            pid, status, used = os.wait4(self.pid, options)
            if pid:
                self._end = status, used
                self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._end is not None


def _peak(used: resource.struct_rusage) -> int:
    return used.ru_maxrss * MAXRSS_BYTES
