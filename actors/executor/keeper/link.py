"""The keeper's end of its connection with a daemon."""

from collections.abc import Callable
from contextlib import suppress
from math import inf
from socket import MSG_DONTWAIT, socket
from time import monotonic

from actors.executor.keeper.words import (
    Frames,
    Hello,
    Order,
    Report,
    Stranger,
    Told,
    frame,
    hello,
    orders,
)
from actors.executor.loop import Loop, Steps, Task
from events.runs import RunStarted

CHUNK_BYTES = 32 * 1024  # more is a mapping of memory anew each time
AGAIN_SECONDS = 0.01  # until it is tried again to send what found no room
LINGER_SECONDS = 0.003  # A beginning waits so long for company: many runs end at once.


class Link:
    """Says and hears until the other side is gone or makes no sense; `gone` is called then.

    What finds no room waits here: of each open run a few messages at most.
    """

    def __init__(
        self,
        loop: Loop,
        connection: socket,
        hear: Callable[[Order], None],
        gone: Callable[["Link"], None],
    ) -> None:
        self._connection, self._hear, self._gone = connection, hear, gone
        self._unsent, self._lingers_until = bytearray(), 0.0
        self._is_over = False
        self._task = Task(loop)
        self._task.begin(self._steps())

    def say(self, report: Report) -> None:
        """Send it, as soon as there is room; a beginning may wait for company."""
        waits, lingers = bool(self._unsent), monotonic() < self._lingers_until
        self._unsent += frame(report)
        if isinstance(report, Told) and isinstance(report.fact, RunStarted):
            if not waits:
                self._lingers_until = monotonic() + LINGER_SECONDS
                self._task.nudge()
        elif lingers or not waits:
            self._send()
            if self._unsent:
                self._task.nudge()

    def close(self) -> None:
        """Another daemon has come."""
        self._is_over = True
        self._task.nudge()

    def _send(self) -> None:
        self._lingers_until = 0.0
        with suppress(OSError):  # No room now; or gone, as we shall hear.
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent, MSG_DONTWAIT)]

    def _next_try(self) -> float:
        """When what is unsent is sent at the latest."""
        if not self._unsent:
            return inf
        return self._lingers_until or monotonic() + AGAIN_SECONDS

    def _steps(self) -> Steps[None]:
        here, heard = self._connection.fileno(), orders()
        self._task.listen(here)
        with self._connection:
            while not self._is_over:
                source = yield self._next_try()
                if self._unsent and monotonic() >= self._lingers_until:
                    self._send()
                if source == here and not self._take(heard):
                    break
            self._task.ignore(here)
            self._send()  # It may have said its last, and hear still what waited for company.
        self._gone(self)

    def _take(self, heard: Frames[Order]) -> bool:
        """Hear what arrived; False: that was the last."""
        try:
            piece = self._connection.recv(CHUNK_BYTES, MSG_DONTWAIT)
            for order in heard.take(piece):
                if isinstance(order, Hello):
                    self.say(hello())
                else:
                    self._hear(order)
        except BlockingIOError:
            return True
        except Stranger:
            self.say(hello())  # So it knows with whom it cannot speak.
            return False
        except OSError:
            return False
        return bool(piece)
