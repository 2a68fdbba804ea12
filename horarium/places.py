"""Where the configuration and the data are, and whether a daemon lives there."""

import fcntl
import json
import os
from pathlib import Path
from typing import NamedTuple

CONFIG = "config.toml"
DATA = ".horarium"  # beside the configuration file


class Places(NamedTuple):
    """Two absolute paths: the configuration file and the data folder."""

    config: Path
    data: Path

    @property
    def log(self) -> Path:
        return self.data / "log.sqlite"

    @property
    def head(self) -> Path:
        return self.data / "log.head"

    @property
    def projections(self) -> Path:
        return self.data / "projections.sqlite"

    @property
    def lock(self) -> Path:
        return self.data / "daemon.lock"

    @property
    def inbox(self) -> Path:
        return self.data / "inbox"

    @property
    def archives(self) -> Path:
        return self.data / "archives"

    def output(self, run: str) -> Path:
        return self.data / "runs" / run / "output.log"


def places(config: str | None = None, data: str | None = None) -> Places:
    """What was named, or else the defaults."""
    file = Path(config or CONFIG).expanduser().absolute()
    folder = Path(data).expanduser().absolute() if data else file.parent / DATA
    return Places(file, folder)


def owner(here: Places) -> str | None:
    """What the lock says of the daemon that holds it; None when nobody does.

    The lock itself is tried only where its file names a living process: a daemon that starts
    just then must not find it taken by somebody who only looks.
    """
    try:
        lock = os.open(here.lock, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        said = _named(os.pread(lock, 1_000, 0))
        if said is None or not _lives(said[0]):
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return f"pid {said[0]}, since {said[1]}"
        return None
    finally:
        os.close(lock)


def _named(text: bytes) -> tuple[int, str] | None:
    try:
        said = json.loads(text)
        return int(said["pid"]), str(said["started_at"])
    except (ValueError, TypeError, KeyError):
        return None


def _lives(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
