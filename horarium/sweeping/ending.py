"""Ending processes through descriptors of their own: a number that was given to another process
meanwhile reaches nobody."""

import os
from collections.abc import Callable, Sequence
from select import POLLIN, poll
from signal import SIGKILL, SIGTERM
from time import monotonic

from actors.cleanup.door import Ended, IsTime
from actors.executor import identity
from actors.executor.watching import open_pidfd, send
from events.cleanup import EndedProcess

GRACE_SECONDS, KILLED_SECONDS = 2.0, 2.0
LOOK_SECONDS = 0.1

IsStill = Callable[[EndedProcess], bool]  # whether that process is still one that may be ended


def end(found: Sequence[EndedProcess], is_still: IsStill, is_time: IsTime) -> Ended:
    """TERM to all, and after a moment KILL to those that are left."""
    held: dict[int, EndedProcess] = {}
    for it in found:
        pidfd = open_pidfd(it.pid)
        if pidfd is None:
            continue
        if is_same(it) and is_still(it):  # Looked at again, for now it is held.
            held[pidfd] = it
        else:
            os.close(pidfd)
    try:
        left = _asked(held, SIGTERM, GRACE_SECONDS, is_time)
        left = _asked({pidfd: held[pidfd] for pidfd in left}, SIGKILL, KILLED_SECONDS, is_time)
        gone = [it for pidfd, it in held.items() if pidfd not in left]
        return Ended(gone, [f"{held[pidfd].pid} would not end" for pidfd in left])
    finally:
        for pidfd in held:
            os.close(pidfd)


def is_same(it: EndedProcess) -> bool:
    """Whether it lives, and its number was given to nobody else."""
    return identity.is_alive(it.pid, it.start_ticks)


def _asked(
    held: dict[int, EndedProcess], number: int, seconds: float, is_time: IsTime
) -> list[int]:
    """The descriptors of those that live on for so long."""
    for pidfd in held:
        send(pidfd, number)
    left, until = list(held), monotonic() + seconds
    while left and monotonic() < until and not (number == SIGTERM and is_time()):
        waiting = poll()
        for pidfd in left:
            waiting.register(pidfd, POLLIN)
        ended = {pidfd for pidfd, _ in waiting.poll(1000 * LOOK_SECONDS)}
        left = [pidfd for pidfd in left if pidfd not in ended]
    return left
