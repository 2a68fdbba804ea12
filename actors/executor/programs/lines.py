"""One line of what a stranger prints: cut, decoded and bounded.

| what comes | what it is taken for |
|---|---|
| longer than LINE_BYTES_MAX, or deeper than DEPTH_MAX | skipped, and counted |
| an object | an event |
| a list of objects | those events, at most EVENTS_MAX |
| bytes that are not UTF-8 | a mark in their place, the rest as it is |
| anything else, also half an object | text, the first TEXT_LINE_MAX characters |
"""

import json
from typing import Any

import orjson

from actors.executor.output import legible
from actors.executor.result import depth

LINE_BYTES_MAX = 1024 * 1024
DEPTH_MAX = 64
EVENTS_MAX = 10_000
TEXT_LINE_MAX = 16_000

Event = dict[str, Any]


class Lines:
    """Cuts what is printed into lines. Of one that is too long a beginning is kept, no more.

    The beginning is one byte over LINE_BYTES_MAX, so that it is known for too long.
    """

    def __init__(self) -> None:
        self._open = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that are complete now, without their ends."""
        *whole, rest = chunk.split(b"\n")
        lines = []
        for part in whole:
            self._take(part)
            lines.append(bytes(self._open))
            self._open.clear()
        self._take(rest)
        return lines

    def rest(self) -> list[bytes]:
        """The last line, if it had no end."""
        line = bytes(self._open)
        self._open.clear()
        return [line] if line else []

    def _take(self, part: bytes) -> None:
        self._open += part[: LINE_BYTES_MAX + 1 - len(self._open)]


def understood(line: bytes) -> list[Event] | str | None:
    """Events, or text, or None for what is not to be read."""
    if len(line) > LINE_BYTES_MAX:
        return None
    line = line.strip()
    if line[:1] in (b"{", b"["):
        if depth(line) > DEPTH_MAX:
            return None
        events = _events(line)
        if events is not None:
            return events
    return _text(line)


def text_of(line: bytes) -> str | None:
    """Text, whatever it is, or None for what is not to be read."""
    return None if len(line) > LINE_BYTES_MAX else _text(line.rstrip())


def _text(line: bytes) -> str:
    return shown(line[: 4 * TEXT_LINE_MAX].decode(errors="replace"), TEXT_LINE_MAX)


def shown(text: str, most: int) -> str:
    """Text that is safe to keep and to show, of at most so many characters."""
    text = legible(text[: 2 * most]).encode(errors="replace").decode()
    return text if len(text) <= most else text[: most - 1] + "…"


def _events(line: bytes) -> list[Event] | None:
    said = _decoded(line)
    if isinstance(said, dict):
        return [said]
    if isinstance(said, list):
        return [one for one in said[:EVENTS_MAX] if isinstance(one, dict)] or None
    return None


def _decoded(line: bytes) -> object:
    """What orjson reads; else what json reads, which knows NaN and half a surrogate pair."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    try:
        said: object = json.loads(line.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return said
