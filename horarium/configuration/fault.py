"""What is wrong with a configuration: where, what was allowed, what was probably meant."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

from msgspec import Struct

from horarium.configuration.lines import Keys, lines

Severity = Literal["error", "warning"]

FAULTS_MAX = 200  # A file with more than that is something else than a configuration.
BEGUN_CHARACTERS = 4  # By so many a word is known that was not written to its end.
SUGGESTIONS_MAX = 50  # Looking for what was meant is slow.
_RED, _YELLOW, _DIM, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


class Fault(Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong or, as a warning, probably not what was meant.

    `file` is the file as it was named, or the environment variable that brought the value.
    """

    path: str
    line: int | None
    message: str
    suggestion: str = ""
    severity: Severity = "error"
    file: str = ""


class ConfigError(Exception):
    """The configuration cannot be used; `faults` holds everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(render(faults))
        self.faults = tuple(faults)


class Faults:
    """Collects faults and finds the place of each.

    `variables` tells which environment variable a key came from; the others stand in the text.
    """

    def __init__(self, file: str, text: str = "") -> None:
        self.file = file
        self.variables: dict[Keys, str] = {}
        self.found: list[Fault] = []
        self._faulty: set[Keys] = set()
        self._settled: frozenset[Keys] = frozenset()
        self._above: frozenset[Keys] = frozenset()
        self._suggested = 0
        self._text = text

    def add(
        self, keys: Keys, message: str, suggestion: str = "", severity: Severity = "error"
    ) -> None:
        if self._follows(keys) or len(self.found) > FAULTS_MAX:
            return
        if len(self.found) == FAULTS_MAX:
            message, suggestion, severity = "there are more faults than these", "", "error"
        if severity == "error":
            self._faulty.add(keys)
        self.found.append(
            Fault(path_of(keys), self._line(keys), message, suggestion, severity, self._file(keys))
        )

    def meant(self, wrong: str, known: Iterable[str], likeness: float = 0.6) -> str:
        """As `nearest`, for as many names as there is time for."""
        self._suggested += 1
        return "" if self._suggested > SUGGESTIONS_MAX else nearest(wrong, known, likeness)

    def settle(self) -> None:
        """From here on be silent about what is faulty already: one fault would become two."""
        self._settled = frozenset(self._faulty)
        self._above = frozenset(keys[:n] for keys in self._faulty for n in range(1, len(keys)))

    def is_settled(self, keys: Keys) -> bool:
        """Whether this, or a part of it, was settled to be faulty."""
        return keys in self._above or keys in self._settled

    def touch(self, *keys: str | int) -> bool:
        """Whether this or anything in it is faulty."""
        return any(faulty[: len(keys)] == keys for faulty in self._faulty)

    def _follows(self, keys: Keys) -> bool:
        """Whether this, or what it is part of, or a part of it was settled to be faulty."""
        return keys in self._above or any(
            keys[:length] in self._settled for length in range(1, len(keys) + 1)
        )

    def _line(self, keys: Keys) -> int | None:
        if self._variable(keys):
            return None
        for length in range(len(keys), 0, -1):
            if line := self._lines.get(keys[:length]):
                return line
        return None

    @cached_property
    def _lines(self) -> Mapping[Keys, int]:
        return lines(self._text)

    def _file(self, keys: Keys) -> str:
        return self._variable(keys) or self.file

    def _variable(self, keys: Keys) -> str:
        prefixes = (keys[:length] for length in range(len(keys), -1, -1))
        return next((self.variables[keys] for keys in prefixes if keys in self.variables), "")


def nearest(wrong: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The known name most like a wrong one; "" when none is, from 0 for no likeness to 1."""
    known = list(known)
    by_lower = {name.lower(): name for name in known}
    if found := by_lower.get(wrong.lower()):
        return found
    if near := get_close_matches(wrong[:200], known, n=1, cutoff=likeness):
        return near[0]
    begun = [name for lower, name in by_lower.items() if lower.startswith(wrong.lower())]
    return begun[0] if len(begun) == 1 and len(wrong) >= BEGUN_CHARACTERS else ""


def path_of(keys: Keys) -> str:
    """Keys as TOML writes them: `templates.memory.actions[1]`."""
    path = ""
    for key in keys:
        path += f"[{key}]" if isinstance(key, int) else f".{_key(key)}"
    return path.removeprefix(".")


def _key(key: str) -> str:
    plain = key.replace("_", "").replace("-", "")
    return key if plain.isascii() and plain.isalnum() else shown(key)


def shown(value: object) -> str:
    """A value as it may stand in a message: short, on one line, harmless to a terminal."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "a table"
        case list():
            return "a list"
        case int() if value.bit_length() > 64:
            return "a huge number"
        case str():
            text = value if len(value) <= 60 else value[:57] + "..."
            safe = (c if c.isprintable() else ascii(c)[1:-1] for c in text)
            return '"' + "".join(safe) + '"'
        case _:
            return str(value)[:60]


def render(faults: Sequence[Fault], color: bool = False) -> str:
    """The faults as lines for a person: errors first, then as the file has them."""
    return "\n".join(_line(fault, color) for fault in sorted(faults, key=_order))


def _order(fault: Fault) -> tuple[str, bool, str, int]:
    return fault.severity, not fault.file, fault.file, fault.line or 0


def _line(fault: Fault, color: bool) -> str:
    where = f"{fault.file}:{fault.line}" if fault.line else fault.file
    warning = fault.severity == "warning"
    message = f"warning: {fault.message}" if warning else fault.message
    if fault.suggestion:
        message += f" (did you mean '{fault.suggestion}'?)"
    if color:
        where = where and f"{_DIM}{where}{_PLAIN}"
        message = f"{_YELLOW if warning else _RED}{message}{_PLAIN}"
    return "  ".join(part for part in (where, fault.path, message) if part)
