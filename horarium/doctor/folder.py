"""Whether the data folder can be written, and only by us."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from horarium.configuration.fault import Fault
from horarium.places import Places

DISK_LOW_BYTES = 1 << 30


def folder_findings(data: Path, low_bytes: int = DISK_LOW_BYTES) -> Iterator[Fault]:
    """What is wrong with the folder; one that is missing is made by the daemon."""
    there = _nearest(data)
    if not there.is_dir():
        yield _fault(data, f"cannot be a folder: {there} is a file")
        return
    open_to_us = os.access(there, os.W_OK | os.X_OK)
    if not open_to_us:
        what = "cannot be written" if there == data else f"cannot be made: {there} is closed to us"
        yield _fault(data, what)
    if there == data and open_to_us:
        yield from _files(data)
    free = shutil.disk_usage(there).free
    if free < low_bytes:
        yield _warning(data, f"only {free >> 20} MiB are free on its disk")


def _files(data: Path) -> Iterator[Fault]:
    if data.stat().st_mode & 0o077:
        yield _warning(data, f"others may look into it; say: chmod 700 {data}")
    here = Places(data, data)
    for file in (here.log, here.head, here.projections, here.lock):
        if not file.exists():
            continue
        if not os.access(file, os.R_OK | os.W_OK):
            yield _fault(file, "cannot be written")
        elif file.stat().st_mode & 0o077:
            yield _warning(file, f"others may read it; say: chmod 600 {file}")


def _nearest(path: Path) -> Path:
    """The path, or the nearest above it that is there."""
    return next(each for each in (path, *path.parents) if _is_there(each))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # A folder above it is closed to us, and is found next.


def _fault(path: Path, message: str) -> Fault:
    return Fault("", None, message, file=str(path))


def _warning(path: Path, message: str) -> Fault:
    return Fault("", None, message, severity="warning", file=str(path))
