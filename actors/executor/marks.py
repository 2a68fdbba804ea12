"""A mark that a process cannot lose by accident: a limit that limits nothing.

RLIMIT_RTTIME bounds how long a process of real-time priority may compute without a pause. Set to
a number of years it bounds nothing; it goes from parent to child through fork, setsid and exec,
whatever becomes of the environment; and it can be read of every process of our user. So each run
has a number of its own. Only a process that sets this very limit anew loses it.
"""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from time import monotonic

from actors.executor import identity

MARKED = 1 << 60
PRIME = (1 << 48) - 59  # the largest of that size
FRESH_SECONDS = 0.25
YOUNG_MAX = 100  # processes looked for one by one
_RTTIME = getattr(resource, "RLIMIT_RTTIME", None)


def mark_of(token: str, data: Path) -> int:
    """The number of a run of this data folder in this boot."""
    return MARKED | int.from_bytes(token.encode() + b"\0" + os.fsencode(data), "big") % PRIME


@contextmanager
def marking(mark: int) -> Iterator[None]:
    """What this process starts meanwhile bears the mark, where the kernel has them; 0 is none."""
    before = None
    with suppress(ValueError, OSError):
        if _RTTIME is not None and mark:
            before = resource.getrlimit(_RTTIME)
            resource.setrlimit(_RTTIME, (mark, before[1]))
    try:
        yield
    finally:
        if before is not None and _RTTIME is not None:
            resource.setrlimit(_RTTIME, before)


def bears(pid: int, mark: int) -> bool:
    """Whether that process bears it, dead or alive."""
    return _of(pid) == mark


def _of(pid: int) -> int:
    try:
        return resource.prlimit(pid, _RTTIME)[0] if _RTTIME is not None else 0
    except (OSError, ValueError, AttributeError):
        return 0


class Census:
    """Who bears which mark. One look at all processes serves all runs for a moment."""

    def __init__(self) -> None:
        self._taken_at, self._newest = -inf, 0
        self._found: dict[int, list[int]] = {}

    def of(self, mark: int, since: float) -> list[int]:
        """The living bearers of a mark, at that monotonic time or later. None is certain: what
        forks and dies while we look is found by its child."""
        if self._taken_at < since:
            self._take()
        return self._known(mark) or self.born_after(self._newest, mark)

    def born_after(self, last: int, mark: int) -> list[int]:
        """Likewise of those whose numbers come after that one, as long as these go up."""
        while (newest := identity.newest()) != last:
            if 0 < newest - last <= YOUNG_MAX:
                numbers = range(last + 1, newest + 1)
                living, last = [pid for pid in numbers if bears(pid, mark) and _lives(pid)], newest
            else:
                self._take()
                living, last = self._known(mark), self._newest
            if living:
                return living
        return []

    def _known(self, mark: int) -> list[int]:
        return [pid for pid in self._found.get(mark, ()) if _lives(pid)]

    def mark_of(self, pid: int) -> int:
        """The mark of a process, dead or alive; 0: it bears none."""
        mark = _of(pid)
        return mark if mark > MARKED else 0

    def _take(self) -> None:
        self._found, self._taken_at, self._newest = {}, monotonic(), identity.newest()
        own = os.getpid()
        for pid in identity.numbers():
            mark = _of(pid)
            if mark > MARKED and pid != own:
                self._found.setdefault(mark, []).append(pid)


def _lives(pid: int) -> bool:
    found = identity.stat(pid)
    return found is not None and found.lives
