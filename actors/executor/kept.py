"""How a run ended, kept in its folder: so the end waits there for whoever asks for it.

It is written before it is told, whole or not at all, once for each run: what waits is bounded by
the number of run folders, and goes with them. A run of which nobody knows the end keeps none.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from msgspec import MsgspecError, json

from actors.executor.folders import written_anew
from events.runs import RunEnded

OUTCOME, UNFINISHED = "outcome", "outcome.new"
BYTES_MAX = 512 * 1024

_decode = json.Decoder(RunEnded).decode


def keep(folder: Path, ended: RunEnded) -> None:
    """Write it down, if the run has a folder; on a full disk the daemon must hear it from us. What
    the job has put in its place, be it a link that leads elsewhere, is not written to."""
    if ended.trouble == "lost":
        return
    unfinished = folder / UNFINISHED
    with suppress(OSError):
        with suppress(FileNotFoundError):
            unfinished.unlink()
        written_anew(unfinished, json.encode(ended))
        unfinished.rename(folder / OUTCOME)


def kept(folder: Path, run: str) -> RunEnded | None:
    """The end of that run as it was written down. A job can write there too: what is no end of
    this run is none."""
    try:
        descriptor = os.open(folder / OUTCOME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        ended = _decode(os.read(descriptor, BYTES_MAX))
    except (OSError, MsgspecError, UnicodeError):
        return None
    finally:
        os.close(descriptor)
    return ended if ended.run == run else None
