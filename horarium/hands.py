"""Other processes of ours, each doing a part of one piece of work.

Nothing depends on them: when a part is not done, for whatever reason, the whole work is done in
one process, which also says best what is wrong. They end with the process that began them.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import combinations_with_replacement, pairwise

from msgspec import Struct, msgpack

COMMAND = ("-P", "-m", "horarium.part")  # of the interpreter
HANDS_MAX = 4
LENGTH_BYTES = 4


class Undone(Exception):
    """A part was not done here: the work has to be done by one process."""


class Part(Struct, frozen=True, tag_field="part"):
    """What a process has to do with the log up to a record; what it gives back are bytes."""

    log: str  # its file
    until: int


class Hand:
    """A process that does one part. Raises Undone when it cannot be started."""

    def __init__(self, part: Part) -> None:
        try:
            self._process = subprocess.Popen(
                (sys.executable, *COMMAND),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,  # A Ctrl-C is for us: we end it.
            )
        except OSError as error:
            raise Undone(str(error)) from error
        self._give(msgpack.encode(part))

    def _give(self, said: bytes) -> None:
        """It goes on listening for our end, so the pipe stays open."""
        stdin = self._process.stdin
        assert stdin is not None
        with suppress(OSError):  # It has ended already, as will be seen.
            stdin.write(len(said).to_bytes(LENGTH_BYTES, "big") + said)
            stdin.flush()

    def look(self) -> None:
        """Raises Undone when it has failed already."""
        if self._process.poll():
            raise Undone(f"ended with {self._process.returncode}")

    def result(self) -> bytes:
        """What came of its part, when it is done. Raises Undone."""
        stdout = self._process.stdout
        assert stdout is not None
        found = stdout.read()
        self._process.wait()
        self.look()
        return found

    def end(self) -> None:
        """Whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


@contextmanager
def hands(parts: Iterable[Part]) -> Iterator[list[Hand]]:
    """A process for each part; none of them is left behind."""
    found: list[Hand] = []
    try:
        for part in parts:
            found.append(Hand(part))
        yield found
    finally:
        for hand in found:
            hand.end()


def cores() -> int:
    """How many processes can work at the same time, as far as is good for us."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:
        count = os.cpu_count() or 1
    return min(count, HANDS_MAX)


def divided(weights: Mapping[str, float], ours: float, begin: float, into: int) -> list[list[str]]:
    """Who does what of several things that weigh so much, first we ourselves.

    Neighbours stay together: they need the same. `ours` is what we have to do besides, `begin`
    what it takes another process to begin.
    """
    names = list(weights)

    def longest(shares: list[list[str]]) -> float:
        others = (begin + sum(weights[name] for name in share) for share in shares[1:] if share)
        return max(ours + sum(weights[name] for name in shares[0]), *others, 0.0)

    cuts = combinations_with_replacement(range(len(names) + 1), into - 1)
    ways = ([names[a:b] for a, b in pairwise((0, *places, len(names)))] for places in cuts)
    return min(ways, key=longest)
