"""Sockets on which nobody listens and locks that nobody holds, in our data folder.

Whether somebody listens is asked by connecting with a socket of another kind: a listener is told
from a dead name by the error, and never notices. A lock is taken before its file is removed.
"""

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FOLDERS = ("", "keeper")  # where we have sockets and locks
KEPT = ("daemon.lock",)  # It is held for life by whoever sweeps.
LOCK = ".lock"
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def stale(root: Path, before: float) -> Iterator[str]:
    """Their names within the data folder; `before` is in seconds since 1970."""
    for part in FOLDERS:
        with suppress(FileNotFoundError), os.scandir(root / part) as entries:
            names = sorted(entry.name for entry in entries if _is_candidate(entry, before))
            found = [name for name in names if _is_stale(root / part, name)]
            yield from (f"{part}/{name}" if part else name for name in found)


def remove(root: Path, name: str) -> int:
    """Take one away if it is stale still: its bytes. Raises OSError."""
    part, _, last = name.rpartition("/")
    folder = os.open(root / part, OPEN_FOLDER)
    try:
        if last.endswith(LOCK):
            return _remove_lock(folder, last)
        if not _is_dead(folder, last):
            raise OSError(errno.EBUSY, "somebody listens on it")
        os.unlink(last, dir_fd=folder)
        return 0
    finally:
        os.close(folder)


def _is_candidate(entry: os.DirEntry[str], before: float) -> bool:
    try:
        seen = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    if seen.st_uid != os.geteuid() or seen.st_mtime >= before or entry.name in KEPT:
        return False
    is_lock = stat.S_ISREG(seen.st_mode) and entry.name.endswith(LOCK)
    return is_lock or stat.S_ISSOCK(seen.st_mode)


def _is_stale(folder: Path, name: str) -> bool:
    with suppress(OSError):
        there = os.open(folder, OPEN_FOLDER)
        try:
            if not name.endswith(LOCK):
                return _is_dead(there, name)
            os.close(_locked(there, name))
            return True
        finally:
            os.close(there)
    return False


def _is_dead(folder: int, name: str) -> bool:
    """Whether nobody has bound it."""
    if not stat.S_ISSOCK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        found = other.connect_ex(f"/proc/self/fd/{folder}/{name}")
    return found == errno.ECONNREFUSED


def _locked(folder: int, name: str) -> int:
    """Its descriptor, with the lock held. BlockingIOError: somebody holds it."""
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(file)
        raise
    return file


def _remove_lock(folder: int, name: str) -> int:
    file = _locked(folder, name)
    try:
        os.unlink(name, dir_fd=folder)
        return os.fstat(file).st_size
    finally:
        os.close(file)
