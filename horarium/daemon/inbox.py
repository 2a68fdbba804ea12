"""Requests that were left while the daemon was down: files in a folder, read once at the start."""

from collections.abc import Iterator
from pathlib import Path

from msgspec import MsgspecError
from msgspec.json import Decoder

from events.requests import PauseRequested, ResumeRequested

FILE_MAX_BYTES = 16 * 1024
FILES_MAX = 1_000

Left = PauseRequested | ResumeRequested
_decoder: Decoder[Left] = Decoder(Left)


def left_requests(folder: Path) -> Iterator[tuple[Path, Left | None]]:
    """The files of the folder, oldest first, each with its request, or None when it is none."""
    try:
        paths = sorted(folder.glob("*.json"), key=lambda path: (path.lstat().st_mtime_ns, path))
    except OSError:
        return
    for path in paths[:FILES_MAX]:
        yield path, _request_in(path)


def _request_in(path: Path) -> Left | None:
    try:
        if path.is_symlink() or path.stat().st_size > FILE_MAX_BYTES:
            return None
        return _decoder.decode(path.read_bytes())
    except (OSError, MsgspecError, UnicodeDecodeError):
        return None
