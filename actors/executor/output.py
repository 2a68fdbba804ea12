"""What a run prints: the beginning in a file, the end in memory, all of it counted."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from actors.executor.result import BYTES_MAX, NOTHING, Reported, claimed, filed, printed

KEPT_BYTES = BYTES_MAX + 8 * 1024
HEAD_BYTES = 256
TAIL_CHARACTERS = 2_000

_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Output:
    """Takes what is printed, chunk by chunk, whatever it is and however much.

    The file holds the first `max_bytes`. Of the rest the last KEPT_BYTES are remembered, enough
    for the last lines and for a result on the last of them.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._file: int | None = None  # until there is something to write
        self.bytes = 0
        self.cut = False
        self._room = max_bytes
        self._end = bytearray()
        self._head = b""  # of the last line that is not blank
        self._line_over = True

    def resume(self) -> None:
        """Go on from what an earlier life has written."""
        if self._path.exists():
            file = self._file = self._open()
            self.bytes = os.fstat(file).st_size
            self._room = max(0, self._room - self.bytes)
            kept = min(self.bytes, KEPT_BYTES)
            self._end += os.pread(file, kept, self.bytes - kept)

    def pieces(self) -> Iterator[bytes]:
        """What an earlier life has written, after `resume`."""
        at = 0
        while self._file is not None and (piece := os.pread(self._file, KEPT_BYTES, at)):
            at += len(piece)
            yield piece

    def _open(self) -> int:
        """OSError when the job has put anything else there: a pipe would hold us up."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
        file = os.open(self._path, flags, 0o600)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise OSError(f"{self._path} is no file")
        return file

    def take(self, chunk: bytes) -> None:
        """Keep what has room, remember the end."""
        self.bytes += len(chunk)
        part = chunk[: self._room]
        self.cut = self.cut or len(part) < len(chunk)
        if part:
            self._write(part)
        self._end += chunk[-KEPT_BYTES:]
        if len(self._end) > 4 * KEPT_BYTES:
            del self._end[:-KEPT_BYTES]
        self._follow(chunk)

    def remark(self, *lines: str) -> None:
        """Lines of our own among what is printed."""
        for line in lines:
            self.take(line.encode(errors="replace") + b"\n")

    def _write(self, part: bytes) -> None:
        """Write it; on a full disk the output is cut, and the run goes on."""
        self._room -= len(part)
        try:
            if self._file is None:
                self._file = self._open()
            whole = os.write(self._file, part) == len(part)
        except OSError:
            whole = False
        if not whole:
            self._room, self.cut = 0, True

    def _follow(self, chunk: bytes) -> None:
        """Remember how the last line begins, for when it is too long to be remembered whole."""
        text = chunk.rstrip()
        if text:
            begin = text.rfind(b"\n") + 1
            if begin or self._line_over:
                self._head = b""
            self._head += text[begin : begin + HEAD_BYTES - len(self._head)]
            self._line_over = False
        if b"\n" in chunk[len(text) :]:
            self._line_over = True

    def reported(self, result: Path) -> Reported:
        """The result in that file, else that on the last line, when there is one."""
        written = read_result(result)
        if written is not None:
            return written
        return self._printed() if self.bytes else NOTHING

    def _printed(self) -> Reported:
        end = bytes(self._end[-KEPT_BYTES:]).rstrip()
        begin = end.rfind(b"\n") + 1
        if begin or self.bytes <= KEPT_BYTES:
            return printed(end[begin:])
        if end.endswith(b"}") and claimed(self._head):
            return Reported(None, "too_large")
        return NOTHING

    def tail(self) -> str:
        """The last lines as text that is safe to show, at most TAIL_CHARACTERS."""
        if not self.bytes:
            return ""
        end = bytes(self._end[-4 * TAIL_CHARACTERS :])
        text = legible(end.decode(errors="replace"))
        if self.bytes <= len(end) and len(text) <= TAIL_CHARACTERS:
            return text
        last = text[-TAIL_CHARACTERS:]
        lines = last.partition("\n")[2]
        return lines if lines.strip() else last

    def close(self) -> None:
        """Let go of the file, if there is one."""
        if self._file is not None:
            os.close(self._file)


def legible(text: str) -> str:
    """Text without escape sequences, and with a mark in the place of what is not text.

    Nothing in it can move a cursor, ring a bell or turn the direction of writing.
    """
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("\ufffd", text)


def read_result(path: Path) -> Reported | None:
    """The result in a file that a job may have made; None: there is none, or it is empty.

    Never follows a link nor waits for a pipe.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError:
        return Reported(None, "not_json")
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return Reported(None, "not_json")
        raw = os.read(descriptor, BYTES_MAX + 1)
    finally:
        os.close(descriptor)
    return filed(raw) if raw.strip() else None
