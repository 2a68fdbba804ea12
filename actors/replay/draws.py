"""Chance that comes out the same again: drawn from a seed and from what it is drawn for.

Every draw stands by itself, so what one run meets does not depend on how many others there were.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple, TypeVar

T = TypeVar("T")
_WHOLE = 1 << 64


class Draws(NamedTuple):
    """Draws of one seed. `of` names what is drawn; the same names give the same draw."""

    seed: int

    def number(self, *of: object) -> int:
        """A whole number below 2**64."""
        named = "\x1f".join(map(str, (self.seed, *of)))
        return int.from_bytes(blake2b(named.encode(), digest_size=8).digest(), "big")

    def below(self, limit: int, *of: object) -> int:
        """A whole number from 0 to the limit, the limit left out."""
        return self.number(*of) * limit // _WHOLE

    def between(self, least: int, most: int, *of: object) -> int:
        """A whole number, both ends included."""
        return least + self.below(most - least + 1, *of)

    def happens(self, per_mille: int, *of: object) -> bool:
        """Whether something that happens so many times in a thousand happens here."""
        return self.below(1_000, *of) < per_mille

    def choice(self, among: Sequence[T], *of: object) -> T:
        return among[self.below(len(among), *of)]
