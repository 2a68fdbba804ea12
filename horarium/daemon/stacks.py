"""What every thread is doing just now, for whoever asks with SIGUSR1.

The standard library's faulthandler walks the frames of threads that run on meanwhile, and has
killed a busy daemon so; this holds them still.
"""

import os
import sys
import threading
import traceback
from contextlib import suppress

STDERR = 2


def print_stacks(*_: object) -> None:
    """A handler of signals."""
    with suppress(OSError):
        os.write(STDERR, stacks().encode(errors="replace"))


def stacks() -> str:
    """The stack of each thread, the innermost call last."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "".join(
        f"Thread {names.get(number, number)}:\n{''.join(traceback.format_stack(frame))}\n"
        for number, frame in sys._current_frames().items()
    )
