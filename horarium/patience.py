"""A limit on how long foreign records may keep our rules busy."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType


class RanTooLong(Exception):
    """It has taken longer than anything of ours takes."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raises RanTooLong in what runs here for longer; only the main thread can be interrupted."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise RanTooLong("no end of it was in sight")
