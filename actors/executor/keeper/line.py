"""The daemon's end of its connection with a keeper."""

import socket
import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

from actors.executor.keeper.beginning import begun, connected
from actors.executor.keeper.words import Hello, Order, Report, Stranger, frame, hello, reports

CHUNK_BYTES = 32 * 1024  # more is a mapping of memory anew each time
SILENCE_SECONDS = 5.0  # until it is asked whether it is there, and as long for the answer
PATIENCE_SECONDS = 10.0  # with a keeper that does not take what we say
ENDING_SECONDS = 2.0  # that a keeper may take to end when it has nothing left to keep


class Line:
    """To the keeper that lives, or to a new one; `anew`: to a new one at any rate.

    OSError when there is none and none can be begun.
    """

    def __init__(self, data: Path, anew: bool) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        there = None if anew else connected(data)
        if there is None:
            self._process, there = begun(data)
        self._there = there
        self.is_greeted = self.is_strange = False
        self._ending_seconds = ENDING_SECONDS
        self._is_asked, self._is_useful, self._began_at = True, False, monotonic()
        for which, seconds in (
            (socket.SO_SNDTIMEO, PATIENCE_SECONDS),
            (socket.SO_RCVTIMEO, SILENCE_SECONDS),
        ):
            there.setsockopt(socket.SOL_SOCKET, which, struct.pack("ll", *_parts(seconds)))
        self.say([hello()])

    def say(self, orders: Iterable[Order]) -> None:
        """Send them. When that cannot be, the line is dead, as whoever listens will hear.

        UnicodeEncodeError for text that is none.
        """
        frames = b"".join(map(frame, orders))
        try:
            self._there.sendall(frames)
        except OSError:
            self._cut(socket.SHUT_RDWR)

    def reports(self, silent: Callable[[], None]) -> Iterator[Report]:
        """What the keeper says, until it is gone or not understood. `silent` is called when it
        should have answered."""
        heard = reports()
        with suppress(OSError):
            while (piece := self._heard(silent)) != b"":
                try:
                    yield from map(self._noted, heard.take(piece))
                except Stranger:
                    self.is_strange = True
                    return

    def _heard(self, silent: Callable[[], None]) -> bytes:
        """What comes next; a keeper that says nothing is asked whether it is there."""
        while True:
            try:
                piece = self._there.recv(CHUNK_BYTES)
            except BlockingIOError:
                if self._is_asked:
                    silent()
                self._is_asked = True
                self.say([hello()])
            else:
                self._is_asked = False
                return piece

    def _noted(self, report: Report) -> Report:
        is_greeting = isinstance(report, Hello)
        self.is_greeted = self.is_greeted or is_greeting
        self._is_useful = self._is_useful or not is_greeting
        return report

    @property
    def has_served(self) -> bool:
        """Whether it was worth its while: one that greets and goes is no keeper for us."""
        lasted = monotonic() - self._began_at
        return self.is_greeted and (self._is_useful or lasted >= SILENCE_SECONDS)

    def end(self, *last: Order) -> None:
        """Say the last, and hear what is on the way still. From another thread.

        Without a last word it goes on keeping, and nobody waits for its end.
        """
        self._ending_seconds = ENDING_SECONDS if last else 0.0
        self.say(last)
        self._cut(socket.SHUT_WR)

    def cut(self) -> None:
        """Hear nothing any more. From another thread."""
        self._cut(socket.SHUT_RDWR)

    def _cut(self, how: int) -> None:
        with suppress(OSError):
            self._there.shutdown(how)

    def hang_up(self) -> int | None:
        """When the reports have ended. A keeper that we began is not left behind dead; its exit
        code, when that is known."""
        self._there.close()
        if self._process is None:
            return None
        try:
            return self._process.wait(self._ending_seconds)
        except subprocess.TimeoutExpired:
            self._process.returncode = 0  # It lives on; nobody waits for it.
            return None


def _parts(seconds: float) -> tuple[int, int]:
    return int(seconds), round(seconds % 1 * 1_000_000)
