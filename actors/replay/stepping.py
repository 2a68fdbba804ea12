"""A log lived again record by record: what each actor knew, decided, and became.

A decision stands behind other records than the one that caused it; so each record waits until
what was decided upon it has been seen too, at most `lag` records later. What was recorded is
what an actor becomes: nothing is decided anew, and nothing is done.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field, msgpack

from actors.rules import Rules
from events.record import Record

LAG_MAX_RECORDS = 200_000  # What is decided later than that is learned when it comes.
DIGEST_BYTES = 6


class Unlivable(Exception):
    """A record that an actor cannot live again: the message says which, and why."""

    def __init__(self, actor: str, record: Record, error: Exception) -> None:
        super().__init__(f"record {record.position}: too much for {actor}: {error!r}")
        self.actor, self.record = actor, record


class Change(Struct, frozen=True, omit_defaults=True):
    """A difference between two states. The path names fields, keys and, in brackets, places in a
    list; what was or is not there is left out."""

    path: str
    before: Any | UnsetType = UNSET
    after: Any | UnsetType = UNSET


class Considered(Struct, frozen=True):
    """What a record was to one actor: `knew` is the digest of its state before."""

    actor: str
    knew: str
    decided: list[Record] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)


class Step(Struct, frozen=True):
    """A record, and all who heard it."""

    record: Record
    considered: list[Considered]


class Mind:
    """One actor between two records. It has considered everything up to `begins`."""

    def __init__(self, rules: Rules[Any], state: Any = None, begins: int = 0) -> None:
        self.rules, self.begins = rules, begins
        self.state = rules.state() if state is None else state
        self._known: dict[str, bytes] | None = None  # its fields, encoded, when it was last asked

    def learn(self, record: Record, decided: Sequence[Record]) -> None:
        """Become what a record, and what was decided upon it, made of us. Raises Unlivable."""
        if type(record.fact) in self.rules.hears and record.by != self.rules.actor:
            self._become(record)
        for each in decided:
            self._become(each)

    def learn_late(self, decision: Record) -> None:
        """Become what was decided upon a record that lies too far back."""
        self._become(decision)

    def _become(self, record: Record) -> None:
        self._known = None
        try:
            self.rules.evolve(self.state, record.fact, record.at)
        except Exception as error:
            raise Unlivable(self.rules.actor, record, error) from error

    def consider(self, record: Record, decided: Sequence[Record]) -> Considered:
        """The same, and tell what it was."""
        before = self._known or self._told()
        self.learn(record, decided)
        after = self._known = self._told()
        changed = [
            change
            for name, value in after.items()
            if value != before[name]
            for change in differences(msgpack.decode(before[name]), msgpack.decode(value), name)
        ]
        return Considered(self.rules.actor, _digest(before), list(decided), changed)

    def _told(self) -> dict[str, bytes]:
        state = self.state
        return {name: msgpack.encode(getattr(state, name)) for name in state.__struct_fields__}


def walk(
    records: Iterable[Record], minds: Mapping[str, Mind], lag: int, start: int = 0
) -> Iterator[Step]:
    """A step for each record from `start` on; those before are lived without a word.

    The minds are changed. Raises Unlivable.
    """
    waiting: deque[Record] = deque()
    decided: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        _note(record, waiting[0].position if waiting else record.position, minds, decided)
        waiting.append(record)
        if record.position - waiting[0].position >= lag:
            yield from _step(waiting.popleft(), minds, decided, start)
    while waiting:
        yield from _step(waiting.popleft(), minds, decided, start)


def _note(
    record: Record,
    oldest: int,
    minds: Mapping[str, Mind],
    decided: dict[tuple[str, int], list[Record]],
) -> None:
    """Keep a decision for the record that caused it; what comes too late is learned now."""
    mind, cause = minds.get(record.by), record.cause
    if mind is None or cause is None or not mind.begins < cause < record.position:
        return
    if cause < oldest:
        mind.learn_late(record)
        return
    decided.setdefault((record.by, cause), []).append(record)


def _step(
    record: Record,
    minds: Mapping[str, Mind],
    decided: dict[tuple[str, int], list[Record]],
    start: int,
) -> Iterator[Step]:
    considered = []
    for actor, mind in minds.items():
        if record.position <= mind.begins:
            continue
        upon = decided.pop((actor, record.position), [])
        if actor == record.by or not (upon or type(record.fact) in mind.rules.hears):
            continue
        if record.position < start:
            mind.learn(record, upon)
        else:
            considered.append(mind.consider(record, upon))
    if record.position >= start:
        yield Step(record, considered)


def differences(before: Any, after: Any, path: str) -> Iterator[Change]:
    """What is different between two plain values, as deep down as it can be named."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            was, now = before.get(key, UNSET), after.get(key, UNSET)
            yield from differences(was, now, f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_lists(before, after, path)
    else:
        yield Change(path, before, after)


def _in_lists(before: list[Any], after: list[Any], path: str) -> Iterator[Change]:
    """Where both begin and end alike is left out."""
    least = min(len(before), len(after))
    start = next((n for n in range(least) if before[n] != after[n]), least)
    rest = least - start
    same = next((n for n in range(rest) if before[-1 - n] != after[-1 - n]), rest)
    was, now = before[start : len(before) - same], after[start : len(after) - same]
    if len(was) == len(now):
        for number, (old, new) in enumerate(zip(was, now, strict=True), start):
            yield from differences(old, new, f"{path}[{number}]")
    else:
        yield Change(f"{path}[{start}:]", was or UNSET, now or UNSET)


def _digest(known: Mapping[str, bytes]) -> str:
    whole = blake2b(digest_size=DIGEST_BYTES)
    for value in known.values():
        whole.update(value)
    return whole.hexdigest()
