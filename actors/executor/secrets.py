"""Secrets: read when a run starts, seen by that run alone, and taken out of what it prints.

A secret is named by where it is: `env:NAME` is a variable of the daemon, `file:PATH` a file. So
none stands in a configuration, a log, an argument or a file of ours.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping

from msgspec import DecodeError, json, structs

from actors.executor.spawning import NotStarted
from actors.executor.watching import Taker
from events.runs import RunEnded, RunResult

BYTES_MAX = 64 * 1024
VEILED_CHARACTERS_MIN = 6  # A shorter one would take too much away with it.
VEIL = b"[secret]"
NEVER = b"(?!)"  # a pattern that fits nothing


def variables(secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Those of the daemon's own that hold one."""
    places = (place.partition(":") for place in secrets.values())
    return tuple(name for kind, _, name in places if kind == "env")


def found(secrets: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str] | NotStarted:
    """Each variable with its secret; or why there is one that cannot be had."""
    known: dict[str, str] = {}
    for name, place in secrets.items():
        value, fault = _one(place, ours)
        if fault:
            return NotStarted("misconfigured", f"no secret {name}: {fault}")
        known[name] = value
    return known


def _one(place: str, ours: Mapping[str, str]) -> tuple[str, str]:
    """Its value, or what is wrong with it."""
    kind, _, where = place.partition(":")
    if kind == "env":
        value = ours.get(where, "")
        return (value, "") if value else ("", f"the daemon has no variable {where}")
    try:
        return _read(where), ""
    except (OSError, ValueError) as error:
        return "", f"{where} cannot be read: {getattr(error, 'strerror', None) or error}"


def _read(path: str) -> str:
    """The text of a small file, without the end of its last line. Waits for no pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no file")
        raw = os.read(descriptor, BYTES_MAX + 1)
    finally:
        os.close(descriptor)
    if len(raw) > BYTES_MAX or b"\0" in raw:
        raise ValueError("it is too large, or no text")
    text = raw.decode(errors="surrogateescape").rstrip("\r\n")
    if not text:
        raise ValueError("it is empty")
    return text


class Veil:
    """Takes secrets out of what passes, also where one comes in pieces."""

    def __init__(self, secrets: Iterable[str]) -> None:
        words = {word for word in secrets if len(word) >= VEILED_CHARACTERS_MIN}
        forms = {form for word in words for form in _forms(word)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._any = re.compile(b"|".join(map(re.escape, self._forms)) or NEVER)
        self._longest = max(map(len, forms), default=0)
        self._held = b""

    def take(self, chunk: bytes) -> bytes:
        """What may be shown of it; what may be the beginning of a secret is held back."""
        text = self._veiled(self._held + chunk)
        begun = self._begun(text)
        self._held = text[len(text) - begun :]
        return text[: len(text) - begun]

    def rest(self) -> bytes:
        """What was held back and came to nothing."""
        held, self._held = self._held, b""
        return held

    def words(self, text: str) -> str:
        """A text without them."""
        return self._veiled(text.encode(errors="replace")).decode(errors="replace")

    def over(self, ended: RunEnded) -> RunEnded:
        """The same end without them. They are looked for in what others have said, and not in
        numbers and words of ours, which may look like one."""
        return structs.replace(
            ended,
            detail=self.words(ended.detail),
            tail=self.words(ended.tail),
            model=self.words(ended.model),
            session=self.words(ended.session),
            result=None if ended.result is None else self._said(ended.result),
        )

    def _said(self, result: RunResult) -> RunResult:
        return structs.replace(
            result,
            summary=self.words(result.summary),
            insights=tuple(map(self.words, result.insights)),
            questions=tuple(map(self.words, result.questions)),
            artifacts=tuple(map(self.words, result.artifacts)),
            data_json=self._data(result.data_json),
        )

    def _data(self, data_json: str) -> str:
        """JSON still; where one was no text in it, such as a number, nothing is left of it."""
        veiled = self.words(data_json)
        if veiled == data_json:
            return data_json
        try:
            json.decode(veiled)
        except DecodeError:
            return json.encode(VEIL.decode()).decode()
        return veiled

    def _veiled(self, text: bytes) -> bytes:
        return self._any.sub(VEIL, text)

    def _begun(self, text: bytes) -> int:
        """How many of the last bytes may be the first of a secret."""
        for at in range(max(0, len(text) - self._longest + 1), len(text)):
            if any(form.startswith(text[at:]) for form in self._forms):
                return len(text) - at
        return 0


class Veiled:
    """Passes on what is printed, without secrets."""

    def __init__(self, output: Taker, veil: Veil) -> None:
        self._output, self._veil = output, veil

    def take(self, chunk: bytes) -> None:
        """The next of it."""
        self._output.take(self._veil.take(chunk))


def _forms(word: str) -> set[bytes]:
    """As it is, and as JSON writes it, within a text of JSON as well."""
    plain = word.encode(errors="surrogateescape")
    if any(0xDC80 <= ord(letter) <= 0xDCFF for letter in word):
        return {plain}
    once = json.encode(word)[1:-1]
    return {plain, once, json.encode(once.decode())[1:-1]}
