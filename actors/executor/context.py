"""Files that are read into a prompt: opened safely, cut to a size, the missing ones told of.

What lies in a folder in which jobs work is theirs: on the way to a relative file no link is
followed and no way leads up. An absolute one is somebody's own words in the configuration.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

FILE_BYTES_MAX = 256 * 1024
FILES_BYTES_MAX = 1024 * 1024  # together


class Context(NamedTuple):
    """What is added to a prompt, and what a person should know of it."""

    text: bytes = b""
    remarks: tuple[str, ...] = ()


def gathered(names: Sequence[str], place: Path) -> Context:
    """The files of these names, the relative ones from that folder on."""
    text, remarks, room = b"", [], FILES_BYTES_MAX
    for name in names:
        most = min(FILE_BYTES_MAX, room)
        try:
            held = _beginning(name, place, most + 1)
        except (OSError, ValueError) as error:
            remarks.append(f"context file {name} is left out: {_why(error)}")
            continue
        if len(held) > most:
            held = held[:most]
            remarks.append(f"context file {name} is too long: the first {most} bytes are given")
        room -= len(held)
        shown = name.encode(errors="replace").replace(b'"', b"'")
        text += b'\n\n<file path="%s">\n%s\n</file>\n' % (shown, held)
    return Context(text, tuple(remarks))


def _beginning(name: str, place: Path, most: int) -> bytes:
    descriptor = _opened(name, place)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no file")
        held = b""
        while len(held) < most and (piece := os.read(descriptor, most - len(held))):
            held += piece
        return held
    finally:
        os.close(descriptor)


def _opened(name: str, place: Path) -> int:
    """A descriptor; each folder on the way is entered by itself."""
    how = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    if name.startswith("/"):
        return os.open(name, how)
    *folders, file = PurePosixPath(name).parts or ("",)
    if ".." in (*folders, file):
        raise ValueError("its way leads up")
    at = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            inner = os.open(folder, how | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(file, how | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return str(error)
