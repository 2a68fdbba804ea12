"""How far two logs decide alike, kind by kind, whatever their ids and instants."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import asdict

from actors.replay.naming import Names
from events.fact import Decision
from events.record import Record

# Figures that say how things stood, not what was decided.
FIGURES = frozenset(
    {
        "left_usd_micros",
        "set_aside_usd_micros",
        "set_aside_count",
        "score",
        "sweep",
        "runs",
        "works",
        "seal",
    }
)


class Agreement(NamedTuple):
    """Of one kind of decision: how many were recorded, how many here, how many are the same."""

    kind: str
    recorded: int
    otherwise: int
    same: int


class Decided:
    """Takes the records of a log in order and counts its decisions by what they say."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[bytes]] = {}
        self._names = Names()

    def take(self, record: Record) -> None:
        fact = record.fact
        self._names.learn(fact)
        if isinstance(fact, Decision):
            said = repr([*self._said(asdict(fact))]).encode()
            counts = self.counts.setdefault(fact.kind, Counter())
            counts[blake2b(said, digest_size=8).digest()] += 1

    def know(self, record: Record) -> None:
        """Learn names, count nothing: what came before both logs parted."""
        self._names.learn(record.fact)

    def _said(self, fields: dict[str, Any]) -> Iterator[tuple[str, object]]:
        works, runs = self._names.works, self._names.runs
        for name, value in fields.items():
            if (
                name in FIGURES
                or (name == "key" and "work" in fields)
                or isinstance(value, datetime | Struct)
            ):
                continue
            if name in ("work", "subject"):
                value = works.get(value, runs.get(value, value))
            elif name == "run":
                value = tuple(runs.get(value, (value,)))
            elif name == "alarm":
                value = works.get(value.partition(":")[2], value)
            yield name, value


def agreements(recorded: Decided, otherwise: Decided) -> list[Agreement]:
    """By kind, in the order of the alphabet."""
    found = []
    for kind in sorted({*recorded.counts, *otherwise.counts}):
        one = recorded.counts.get(kind, Counter())
        other = otherwise.counts.get(kind, Counter())
        found.append(Agreement(kind, one.total(), other.total(), (one & other).total()))
    return found
