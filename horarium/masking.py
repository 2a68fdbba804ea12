"""Taking secrets out of facts, so that the same secret is always the same mask.

Left out as a whole: what jobs are given and what they say, unless that is asked for, and every
value of an environment. In all other text: what is known from an environment, tokens of known
forms, passwords in URLs and behind telling names, and long random words. Names of our own (works,
runs, actions, keys) are masked only where they have the form of a known token. What is wrong with
a file that cannot be used is left out too: it may be about any line of it.
"""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from math import log2
from typing import Any

from msgspec import json
from msgspec.inspect import LiteralType, StructType, type_info

from events.catalogue import AnyFact

KNOWN_MIN_CHARACTERS = 6  # A value of an environment that is shorter stands in any text.
TELLING_MIN_CHARACTERS = 12
RANDOM_MIN_CHARACTERS = 20
RANDOM_MIN_BITS = 3.4  # of a character, in a word with letters and digits

OUTPUT = {"tail": "", "summary": "", "data_json": "", "insights": [], "questions": []}
INPUT = {"input_json": "{}", "faults": [], "prompt": "(left out)"}
ABOUT_FAULTS = "configuration_refused"  # The alert says them once more.
OURS = frozenset({
    "action", "actions", "added", "after", "alarm", "alert", "alerts", "asked", "boot", "broken",
    "buried", "busy", "categories", "category", "changed", "day", "digest", "ended", "entries",
    "executor", "failed", "failing", "function", "granted", "health", "in_line", "intent",
    "intents", "key", "kind", "known", "lane", "lanes", "limited", "lineage", "listeners", "model",
    "name", "name_taken", "occurring", "order", "own_limit", "passed", "paused", "phase", "phases",
    "probe", "probes", "providers", "quota", "quotas", "raised", "removed", "revived", "run",
    "runs", "setter", "signal", "spent", "steps", "subject", "succeeded", "sweep", "swept_runs",
    "taken", "tells", "template", "templates", "timezone", "told_by", "tzdata", "unknown",
    "version", "waiting", "ways", "work", "works",
})  # fmt: skip

_NAMED = r"(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|auth|credentials?|private[-_]?key)"
_OPTION = re.compile(rf"--?(?:[\w-]*{_NAMED}[\w-]*|(?:[\w-]*-)?key|u|user)", re.IGNORECASE)
_TOKENS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:sk|pk|rk)[-_](?:[A-Za-z]+[-_])*[A-Za-z0-9_-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}"
    r"|\bya29\.[\w-]{20,}|\bhf_[A-Za-z0-9]{20,}|\bnpm_[A-Za-z0-9]{20,}|\bpypi-[\w-]{20,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?",
    re.DOTALL,
)
_URL = re.compile(r"(?<=://)[^\s/@\"'\\]*:[^\s/@\"'\\]+(?=@)")
_BEARER = re.compile(r"(?i)(?<=\bbearer )[\w.~+/=-]+|(?<=\bbasic )[\w.~+/=-]{8,}")
_ASSIGNED = re.compile(
    rf"(?i)(?<![A-Za-z])({_NAMED}[\w-]*\\?[\"']?\s*[:=]\s*\\?[\"']?)([^\s\"'\\,;&]+)"
)
_WORDS = re.compile(rf"[A-Za-z0-9+/_=-]{{{RANDOM_MIN_CHARACTERS},}}")
_MASK = re.compile(r"masked-\d+")


class Masker:
    """Masks documents of plain values. It remembers each secret, to mask it alike."""

    def __init__(self, known: Iterable[str] = (), *, with_output: bool = False) -> None:
        self._masks: dict[str, str] = {}
        self._left_out: dict[str, Any] = {} if with_output else {**OUTPUT, **INPUT}
        forms = {form for value in known for form in _forms(value)}
        self._known = _any_of(forms)
        self._telling = _any_of(form for form in forms if _is_telling(form))

    def document(self, value: Any, name: str = "") -> Any:
        """The same without secrets. `name` is the field in which it stands."""
        if name in self._left_out and isinstance(value, type(self._left_out[name])):
            return self._left_out[name]
        if isinstance(value, str):
            return value if value in _closed_words() else self._text(value, name in OURS)
        if isinstance(value, dict):
            if self._left_out and value.get("alert") == ABOUT_FAULTS and "words" in value:
                value = {**value, "words": ""}
            if value.get("source") == "alert" and "input_json" in value:
                return self._told(value)
            return {self._text(key, True): self._member(key, value[key], name) for key in value}
        if isinstance(value, list | tuple):
            return self._list(value, name)
        return value

    def _told(self, planned: dict[str, Any]) -> Any:
        """Work that tells an alert is given what the alert says, and no more."""
        masked = {key: self._member(key, each, "") for key, each in planned.items()}
        told = self.document(json.decode(planned["input_json"]))
        return masked | {"input_json": json.encode(told).decode()}

    def _member(self, key: str, value: Any, of: str) -> Any:
        if of == "environment" and isinstance(value, str):
            return self._mask(value)
        return self.document(value, key if key.isidentifier() else of)

    def _list(self, values: Sequence[Any], name: str) -> list[Any]:
        """What stands behind an option such as --token is masked as a whole."""
        masked = []
        before: Any = ""
        for value in values:
            telling = isinstance(before, str) and _OPTION.fullmatch(before)
            whole = telling and isinstance(value, str) and not value.startswith("-")
            masked.append(self._mask(value) if whole else self.document(value, name))
            before = value
        return masked

    def _text(self, text: str, ours: bool) -> str:
        if known := self._telling if ours else self._known:
            text = known.sub(self._masked, text)
        text = _TOKENS.sub(self._masked, text)
        if "://" in text:
            text = _URL.sub(self._masked, text)
        text = _BEARER.sub(self._masked, text)
        if ours:
            return text
        text = _ASSIGNED.sub(lambda found: found[1] + self._mask(found[2]), text)
        return _WORDS.sub(self._if_random, text)

    def _masked(self, found: re.Match[str]) -> str:
        return self._mask(found[0])

    def _if_random(self, found: re.Match[str]) -> str:
        """Parts of a path are judged one by one, for most paths are not random."""
        word = found[0]
        if looks_random(word):
            return self._mask(word)
        return "/".join(
            self._mask(part) if looks_random(part) else part for part in word.split("/")
        )

    def _mask(self, text: str) -> str:
        if not text or _MASK.fullmatch(text):
            return text
        return self._masks.setdefault(text, f"masked-{len(self._masks) + 1}")


def looks_random(word: str) -> bool:
    """Whether a word has letters and digits and hardly repeats itself. A path of words has not:
    its parts are short."""
    if len(word) < RANDOM_MIN_CHARACTERS or any(len(part) < 4 for part in word.split("/")):
        return False
    digits = sum(character.isdigit() for character in word)
    if not digits or digits == len(word) or not any(map(str.isalpha, word)):
        return False
    counts = Counter(word).values()
    bits = -sum(count / len(word) * log2(count / len(word)) for count in counts)
    hexadecimal = len(word) >= 32 and all(each in "0123456789abcdefABCDEF" for each in word)
    return bits >= (2.5 if hexadecimal else RANDOM_MIN_BITS)


@cache
def _closed_words() -> frozenset[str]:
    """The kinds of facts, and every word of their closed lists."""
    found: set[str] = set()
    _collect(type_info(AnyFact), found, set())
    return frozenset(found)


def _collect(info: Any, found: set[str], seen: set[type]) -> None:
    if isinstance(info, LiteralType):
        found.update(value for value in info.values if isinstance(value, str))
    elif isinstance(info, StructType):
        if info.cls in seen:
            return
        seen.add(info.cls)
        found.add(str(info.tag))
        for field in info.fields:
            _collect(field.type, found, seen)
    else:
        for name in ("types", "item_types"):
            for each in getattr(info, name, ()):
                _collect(each, found, seen)
        for name in ("item_type", "value_type"):
            if (each := getattr(info, name, None)) is not None:
                _collect(each, found, seen)


def _any_of(forms: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _is_telling(form: str) -> bool:
    """Whether it could not be a name as well."""
    return (
        len(form) >= TELLING_MIN_CHARACTERS
        and any(map(str.isdigit, form))
        and any(map(str.isalpha, form))
    )


def _forms(value: str) -> list[str]:
    """How a known secret may stand in a text."""
    if len(value) < KNOWN_MIN_CHARACTERS:
        return []
    raw = value.encode("utf-8", "surrogatepass")
    encoded = b64encode(raw).decode()
    url = encoded.replace("+", "-").replace("/", "_")
    return [value, encoded, encoded.rstrip("="), url, raw.hex(), raw.hex().upper()]
