"""When a file has changed and come to rest again."""

from pathlib import Path
from typing import NamedTuple

REST_SECONDS = 0.5  # A file that is being written changes again sooner.
GONE_SECONDS = 5.0  # An editor takes it away only for a moment.


class Signature(NamedTuple):
    """By which a file is known to be another one, or to hold something else."""

    device: int
    inode: int
    size: int
    modified_ns: int


def signature(path: Path) -> Signature | None:
    """None when there is nothing to look at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Signature(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


class FileWatch:
    """Looks when it is asked to. What was there in the beginning counts as a change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: object = "nothing yet"
        self._seen: object = self._known
        self._since = 0.0

    @property
    def is_restless(self) -> bool:
        """Whether it has changed and is to be looked at again soon."""
        return self._seen != self._known

    def has_come_to_rest(self, now: float) -> bool:
        """Whether there is a change that is over. `now` is in monotonic seconds."""
        found = signature(self._path)
        if found != self._seen:
            self._seen, self._since = found, now
        rest = GONE_SECONDS if found is None else REST_SECONDS
        return self.is_restless and now - self._since >= rest

    def look(self) -> None:
        """Take what is there as it is, at rest or not."""
        self._seen = signature(self._path)

    def is_as_seen(self) -> bool:
        """Whether it is still as it was when it was looked at."""
        return signature(self._path) == self._seen

    def accept(self) -> None:
        """What was seen last is known from now on."""
        self._known = self._seen
