"""How a run ended, kept in a folder of our own: so the end waits there for whoever asks for it.

It is written before it is told, whole or not at all, once for each run that has a folder, and goes
with that: what waits is bounded by the number of run folders. A run of which nobody knows the end
keeps none. The folder is none that a job is given: within walls it cannot be written to.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from msgspec import MsgspecError, json

from actors.executor.folders import INPUT, OUTCOMES, RUNS, SINCE, written_anew
from events.runs import RunEnded

FORMER = "outcome"  # in the folder of a run that an older version has begun
BYTES_MAX = 512 * 1024

_decode = json.Decoder(RunEnded).decode


def keep(data: Path, ended: RunEnded) -> None:
    """Write it down, if the run has a folder; on a full disk the daemon must hear it from us."""
    if ended.trouble == "lost" or not (data / RUNS / ended.run).is_dir():
        return
    place, text = data / OUTCOMES / ended.run, json.encode(ended)
    unfinished = Path(f"{place}.new")
    with suppress(OSError):
        try:
            written_anew(unfinished, text)
        except FileExistsError:  # A keeper died while it wrote.
            unfinished.unlink()
            written_anew(unfinished, text)
        unfinished.rename(place)


def kept(data: Path, run: str) -> RunEnded | None:
    """The end of that run as it was written down. What is no end of this run is none."""
    found = _read(data / OUTCOMES / run, run)
    if found is None and _is_of_former(data, run):
        return _read(data / RUNS / run / FORMER, run)
    return found


def _is_of_former(data: Path, run: str) -> bool:
    """Whether it began before there was a folder for ends. No job can make a file look older to
    the kernel than it is."""
    try:
        began = (data / RUNS / run / INPUT).lstat().st_ctime_ns
        return began < (data / OUTCOMES / SINCE).lstat().st_mtime_ns
    except OSError:
        return False


def _read(path: Path, run: str) -> RunEnded | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
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
