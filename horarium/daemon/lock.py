"""One daemon for one data folder: a lock that is held for life."""

import fcntl
import os
from pathlib import Path
from time import sleep
from types import TracebackType

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import decode, encode

TRIES, TRY_SECONDS = 5, 0.02


class Owner(Struct, frozen=True):
    """Who holds the lock."""

    pid: int
    started_at: str


class Locked(Exception):
    """Another daemon holds the folder; the message says which."""


class Lock:
    """Held from `__init__` on. Raises Locked. The kernel lets go of it when the process ends."""

    def __init__(self, path: Path, owner: Owner) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        if not _taken(self._file):
            os.close(self._file)
            raise Locked(_described(path))
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, encode(owner), 0)

    def __enter__(self) -> "Lock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.ftruncate(self._file, 0)
        os.close(self._file)


def owner_of(path: Path) -> Owner | None:
    """Who the lock file names; None when it names nobody."""
    try:
        return decode(path.read_bytes()[:1_000], type=Owner)
    except (OSError, DecodeError, ValidationError):
        return None


def _taken(file: int) -> bool:
    """Try for a moment: a client that looks whether a daemon lives holds it for an instant."""
    for _ in range(TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(TRY_SECONDS)
        else:
            return True
    return False


def _described(path: Path) -> str:
    owner = owner_of(path)
    who = f"pid {owner.pid}, since {owner.started_at}" if owner else "its lock file names nobody"
    return f"another daemon works in {path.parent} ({who}); one folder has one daemon"
