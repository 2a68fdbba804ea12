"""What is wrong with an intent, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple


class Trouble(NamedTuple):
    """`key` is the setting as it is called in the configuration; "" is the intent as a whole.

    `suggestion` is what to write instead; "" when there is no telling what was meant.
    """

    key: str
    words: str
    suggestion: str = ""


class UnsoundError(ValueError):
    """A text that cannot be read: why, and what was probably meant."""

    def __init__(self, words: str, suggestion: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.suggestion = suggestion


def nearest(wrong: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The known spelling most like a wrong one; "" when none is."""
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(wrong[:80].lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[near[0]] if near else ""


def shown(text: str) -> str:
    """A text as it is quoted in a message."""
    return f"'{text}'" if len(text) <= 60 else f"'{text[:57]}...'"
