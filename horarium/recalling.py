"""How the actors come back where much has to be read: several processes live the log again."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import MsgspecError, Struct, msgpack

from actors.recall import (
    Indigestible,
    Known,
    Memory,
    Poison,
    Recall,
    known_of,
    remembered,
)
from actors.replay.books import BOOKS
from actors.rules import Rules
from events.codec import UnreadableRecord, last_link, read_all
from events.fact import Fact, kind_of
from events.record import Record
from events.store import Snapshot, Store, StoreError, link_at
from horarium import quiet
from horarium.hands import Part, Undone, cores, divided, hands
from projections.invariants.causes import AUTHORS
from projections.invariants.past import ACTORS

RECORDS_MIN = 200_000  # Fewer are read before another process has begun.
PAGE_RECORDS = 400
# Microseconds for each record of a long log; only how even the shares are depends on them.
WEIGHTS = {
    "clock": 0.7,
    "cleanup": 0.9,
    "budget": 0.7,
    "executor": 0.7,
    "phase_queue": 0.7,
    "planner": 0.7,
}
READ, LINKS, BEGIN = 0.8, 2.2, 2.0
TROUBLE = (sqlite3.Error, MsgspecError, OSError)  # with the file, or with what came back
OF_ACTOR = {book.actor: book for book in BOOKS}
_PAGE = (
    "SELECT originator_version, topic, state FROM stored_events WHERE originator_id = 'log' "
    "AND originator_version > ?1 AND originator_version <= ?2 "
)
_SNAPSHOT = "SELECT state FROM snapshots WHERE actor = ? AND version = ? AND position = ?"

StoredRow = tuple[int, str, bytes]


class Kept(Struct, frozen=True):
    """What is known of an actor; its snapshot is looked up once more."""

    snapshot_at: int | None
    considered: int
    poison: frozenset[int]


class Come(Struct, frozen=True):
    """A memory on its way from one process to another."""

    state: bytes
    considered: int
    unheard: list[Record]


class Recalling(Part, frozen=True, tag="recalling"):
    """To live the log again as these actors."""

    after: int
    actors: dict[str, Kept]

    def done(self) -> bytes:
        with quiet.opened(Path(self.log)) as log:
            lives = Lives({name: _known(log, name, kept) for name, kept in self.actors.items()})
            for page in _pages(log, self.after, self.until, sorted(topics_of(self.actors))):
                lives.take(page)
        memories = lives.memories(self.until)
        return msgpack.encode({name: _come(memory) for name, memory in memories.items()})


class Lives:
    """What some actors make of the records that concern them.

    Raises Undone where a record is not of the kind under which it is kept, or is said by somebody
    whose it is not to say: then somebody whom it concerns may not have been told it.
    """

    def __init__(self, known: Mapping[str, Known]) -> None:
        self._recalls = {name: Recall(OF_ACTOR[name], *it) for name, it in known.items()}
        self._told: dict[tuple[str, str, type[Fact]], Sequence[Callable[[Record], None]]] = {}

    def take(self, rows: Sequence[StoredRow]) -> None:
        for row, record in zip(rows, read_all(rows), strict=True):
            place = row[1], record.by, type(record.fact)
            if (takers := self._told.get(place)) is None:
                takers = self._told[place] = self._takers(*place)
            for take in takers:
                take(record)

    def memories(self, head: int) -> dict[str, Memory[Any]]:
        return {name: one.finish(head) for name, one in self._recalls.items()}

    def _takers(self, topic: str, by: str, kind: type[Fact]) -> list[Callable[[Record], None]]:
        may_say = by in AUTHORS[kind] if kind in AUTHORS else by not in ACTORS
        if topic != kind_of(kind) or not may_say:
            raise Undone(f"{by} says {kind_of(kind)}, which is kept as {topic}")
        found = (one.taker(by, kind) for one in self._recalls.values())
        return [taker for taker in found if taker is not None]


def recalled(
    books: Sequence[Rules[Any]],
    store: Store,
    log: Path,
    poison: frozenset[Poison] = frozenset(),
) -> dict[str, Memory[Any]]:
    """As `actors.recall.recall`; where it takes long and there are cores, several take part."""
    known = {book.actor: known_of(book, store, poison) for book in books}
    try:
        return by_several(known, store, log)
    except (Undone, Indigestible, UnreadableRecord, StoreError, *TROUBLE):
        recalls = {book.actor: Recall(book, *known[book.actor]) for book in books}
        return remembered(recalls, store)


def by_several(
    known: Mapping[str, Known], store: Store, log: Path, *, links: bool = True
) -> dict[str, Memory[Any]]:
    """Each process does a share. Raises Undone, also where it is no gain, and whatever else."""
    head, into = store.head().position, cores()
    after = min((it.snapshot.position if it.snapshot else 0 for it in known.values()), default=0)
    if into < 2 or head - after < RECORDS_MIN:
        raise Undone
    weights = {name: WEIGHTS[name] for name in sorted(known, key=[*WEIGHTS].index)}
    ours, *others = divided(weights, READ + LINKS * links, BEGIN, into)
    with hands(_parts(others, known, log, after, head)) as working:
        told_others = topics_of([name for share in others for name in share])
        lives = Lives({name: known[name] for name in ours})
        passed_over = told_others - topics_of(ours)
        link = link_at(store, after) if links else None
        with quiet.opened(log) as reader:
            for page in _pages(reader, after, head):
                if link is not None:
                    link = last_link(page, link, after)
                    after += len(page)
                lives.take([row for row in page if row[1] not in passed_over])
                for hand in working:
                    hand.look()
        memories = lives.memories(head)
        for hand in working:
            memories |= _received(hand.result(), head)
    return {name: memories[name] for name in known}


def topics_of(actors: Collection[str]) -> frozenset[str]:
    """The kinds of what these actors hear, and of what they may say."""
    says = {kind for kind, authors in AUTHORS.items() if not authors.isdisjoint(actors)}
    return frozenset(map(kind_of, says.union(*(OF_ACTOR[name].hears for name in actors))))


def _parts(
    shares: Iterable[Sequence[str]], known: Mapping[str, Known], log: Path, after: int, head: int
) -> Iterator[Recalling]:
    for share in shares:
        if share:
            yield Recalling(str(log), head, after, {name: _kept(known[name]) for name in share})


def _kept(known: Known) -> Kept:
    snapshot = known.snapshot
    return Kept(snapshot.position if snapshot else None, known.considered, known.poison)


def _known(log: sqlite3.Connection, name: str, kept: Kept) -> Known:
    version, position = OF_ACTOR[name].version, kept.snapshot_at
    if position is None:
        return Known(None, kept.considered, kept.poison)
    (state,) = log.execute(_SNAPSHOT, (name, version, position)).fetchone()
    return Known(Snapshot(name, version, position, state), kept.considered, kept.poison)


def _come(memory: Memory[Any]) -> Come:
    return Come(msgpack.encode(memory.state), memory.considered, list(memory.unheard))


def _received(said: bytes, head: int) -> dict[str, Memory[Any]]:
    return {
        name: Memory(
            msgpack.decode(come.state, type=OF_ACTOR[name].state),
            come.considered,
            come.unheard,
            head,
        )
        for name, come in msgpack.decode(said, type=dict[str, Come]).items()
    }


def _pages(
    log: sqlite3.Connection, after: int, until: int, topics: Sequence[str] = ()
) -> Iterator[list[StoredRow]]:
    """What lies between two positions, in order; of these kinds, if any are named."""
    among = f"AND topic IN ({','.join('?' * len(topics))}) " if topics else ""
    page = f"{_PAGE} {among} ORDER BY 1"
    for begin in range(after, until, PAGE_RECORDS):
        last = min(begin + PAGE_RECORDS, until)
        yield log.execute(page, (begin, last, *topics)).fetchall()
