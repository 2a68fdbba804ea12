"""How full the disk of the data folder is, looked at once a minute."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

from actors.cleanup.rules import enough_bytes
from events.cleanup import DiskSeen

EVERY_SECONDS = 60.0
AGAIN_SECONDS = 600.0  # while it stays nearly full


class DiskLook:
    """Tells when less is free than `wanted` says, again while that stays so, and when there is
    enough again; else nothing. `was_low` is what was told last."""

    def __init__(
        self,
        data: Path,
        wanted: Callable[[], int],
        tell: Callable[[DiskSeen], None],
        *,
        was_low: bool,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._data, self._wanted, self._tell = data, wanted, tell
        self._is_low, self._every = was_low, every_seconds
        self._told_at = -AGAIN_SECONDS
        self._lock, self._closed = Lock(), Event()
        self._thread = Thread(target=self._watch, name="disk", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Look now, from any thread."""
        with self._lock, suppress(OSError):
            if self._closed.is_set():
                return
            found = os.statvfs(self._data)
            seen = DiskSeen(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)
            if self._is_worth_telling(seen.free_bytes):
                self._told_at = monotonic()
                self._tell(seen)

    def close(self) -> None:
        """Look no more."""
        self._closed.set()
        self._thread.join()

    def _is_worth_telling(self, free_bytes: int) -> bool:
        wanted = self._wanted()
        if free_bytes < wanted:
            is_news = not self._is_low or monotonic() - self._told_at >= AGAIN_SECONDS
            self._is_low = True
            return is_news
        if self._is_low and free_bytes >= enough_bytes(wanted):
            self._is_low = False
            return True
        return False

    def _watch(self) -> None:
        self.look()
        while not self._closed.wait(self._every):
            self.look()
