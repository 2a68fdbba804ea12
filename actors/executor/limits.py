"""What a run may use at most, by limits of the kernel.

They are set when the process is its own program and has had a moment: what it starts inherits
them. Memory is of each process, and only what it can write to; computing time likewise. The kernel
counts processes by user and not by run: so a run may add so many to those that there are, and
nothing holds the processes of root. Where one process cannot limit another nothing is limited.
"""

import os
import resource
from contextlib import suppress

from actors.executor import identity
from events.configuration import Action

SECONDS_TO_HEED = 5  # between the signal that says so and the end


def limit(pid: int, action: Action) -> None:
    """Hold that process, and all that it will start, to what the action may use."""
    with suppress(OSError, ValueError, AttributeError):
        for which, soft, hard in _limits(action):
            _, most = resource.prlimit(pid, which)
            if most != resource.RLIM_INFINITY:
                soft, hard = min(soft, most), min(hard, most)
            resource.prlimit(pid, which, (soft, hard))


def _limits(action: Action) -> list[tuple[int, int, int]]:
    found = []
    if (memory := action.memory_max_bytes) is not None:
        found.append((resource.RLIMIT_DATA, memory, memory))
    if (seconds := action.cpu_max_seconds) is not None:
        found.append((resource.RLIMIT_CPU, seconds, seconds + SECONDS_TO_HEED))
    if (more := action.processes_max) is not None:
        most = identity.threads_of(os.getuid()) + more
        found.append((resource.RLIMIT_NPROC, most, most))
    return found
