"""That a run stop: said by any thread at any time, heard by the one that watches it."""

import os
from threading import Lock
from typing import Literal

Wished = Literal["cancelled", "daemon_stopped"]


class Wish:
    """Between `listen` and `close` it holds a pipe, so that whoever waits there wakes up."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pipe: tuple[int, int] | None = None
        self.reason: str | None = None  # None: nobody wished it
        self.trouble: Wished = "cancelled"
        self.at_once = False

    def say(self, reason: str, trouble: Wished = "cancelled", *, at_once: bool = False) -> None:
        """Wish it. The first reason stays; to one that has ended it means nothing."""
        with self._lock:
            news = self.reason is None or at_once > self.at_once
            if self.reason is None:
                self.reason, self.trouble = reason, trouble
            self.at_once = self.at_once or at_once
            if news and self._pipe is not None:
                os.write(self._pipe[1], b"!")

    def listen(self) -> int:
        """A descriptor that is readable once it has been said, also if that was before."""
        with self._lock:
            if self._pipe is None:
                self._pipe = os.pipe()
                if self.reason is not None:
                    os.write(self._pipe[1], b"!")
            return self._pipe[0]

    def close(self) -> None:
        """From here on nobody hears it."""
        with self._lock:
            if self._pipe is not None:
                os.close(self._pipe[0])
                os.close(self._pipe[1])
                self._pipe = None
