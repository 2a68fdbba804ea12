"""Standard output, which nobody may be reading."""

import os
import select
from contextlib import suppress
from typing import TextIO

PATIENCE_SECONDS = 0.2


def has_terminal() -> bool:
    """Whether this process belongs to a terminal, and that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


class Terminal:
    """Takes lines as long as they are read. A line that is not taken for a moment is lost, and
    those after it until somebody reads again; so is every line once the reader is gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._stuck = False
        self.lost = 0  # lines, until somebody has told of them

    def write(self, line: str) -> None:
        """Write it, or count it as lost."""
        if not self._takes():
            self.lost += 1
            return
        with suppress(OSError, ValueError):
            self._stream.write(line)
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether a person reads it."""
        return self._stream.isatty()

    def _takes(self) -> bool:
        poll = select.poll()
        poll.register(self._stream, select.POLLOUT)
        self._stuck = not poll.poll(0 if self._stuck else PATIENCE_SECONDS * 1000)
        return not self._stuck
