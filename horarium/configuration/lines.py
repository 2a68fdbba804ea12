"""Where each key of a TOML text stands. The text is known to be valid: tomllib has read it."""

import re
import tomllib
from bisect import bisect_left
from contextlib import suppress

Keys = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^,\]}\n#]*")
_STRINGS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r'"""(?:[^\\]|\\.)*?"{3,5}',
        r"'''.*?'{3,5}",
        r'"(?:[^"\\\n]|\\.)*"',
        r"'[^'\n]*'",
    )
)


def lines(text: str) -> dict[Keys, int]:
    """The line, from 1, of each key and each entry of a list."""
    scan = _Scan(text)
    with suppress(RecursionError, _LostError):  # What was found until then is enough to point at.
        scan.document()
    return scan.found


class _LostError(Exception):
    """The text goes on in a way that is not known here."""


class _Scan:
    """A walk through the text, keeping the path of where it is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Keys, int] = {}
        self._last: dict[Keys, int] = {}  # index of the newest table of an array of tables
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def document(self) -> None:
        table: Keys = ()
        while self._past_blank() < len(self.text):
            if self._take("[["):
                table = self._header(many=True)
            elif self._take("["):
                table = self._header(many=False)
            else:
                self._pair(table)

    def _header(self, many: bool) -> Keys:
        table: Keys = ()
        self._past_blank()
        keys = self._keys()
        for nth, key in enumerate(keys, 1):
            table = (*table, key)
            self._note(table)
            if many and nth == len(keys):
                self._last[table] = self._last.get(table, -1) + 1
            if table in self._last:
                table = (*table, self._last[table])
                self._note(table)
        self._past_blank()
        self.at += 2 if many else 1
        return table

    def _pair(self, table: Keys) -> None:
        start = self.at
        for key in self._keys():
            table = (*table, key)
            self._note(table, start)
        self._past_blank()
        self._take("=")
        self._value(table)

    def _value(self, path: Keys) -> None:
        self._past_blank()
        if self._take("["):
            self._entries(path, "]")
        elif self._take("{"):
            self._entries(path, "}")
        elif not self._string() and not self._match(_PLAIN):
            raise _LostError

    def _entries(self, path: Keys, end: str) -> None:
        nth = 0
        while self._past_blank() < len(self.text) and not self._take(end):
            if end == "]":
                self._note((*path, nth))
                self._value((*path, nth))
            else:
                self._pair(path)
            nth += 1
            self._past_blank()
            self._take(",")

    def _keys(self) -> list[str]:
        keys = [self._key()]
        self._past_blank()
        while self._take("."):
            self._past_blank()
            keys.append(self._key())
            self._past_blank()
        return keys

    def _key(self) -> str:
        if quoted := self._string():
            return str(tomllib.loads(f"key = {quoted}")["key"])
        if bare := self._match(_BARE):
            return bare
        raise _LostError

    def _string(self) -> str:
        return next((found for string in _STRINGS if (found := self._match(string))), "")

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if not match:
            return ""
        self.at = match.end()
        return match.group()

    def _past_blank(self) -> int:
        self._match(_BLANK)
        return self.at

    def _take(self, token: str) -> bool:
        if taken := self.text.startswith(token, self.at):
            self.at += len(token)
        return taken

    def _note(self, path: Keys, at: int | None = None) -> None:
        place = self.at if at is None else at
        self.found.setdefault(path, bisect_left(self._ends, place) + 1)
