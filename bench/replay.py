"""A long log: reading it, folding it, starting with it."""

import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from signal import SIGKILL
from statistics import median
from time import perf_counter
from typing import Any

from actors.recall import Known, Poison, Recall, known_of, remembered
from actors.rules import Rules
from bench.process import daemon, head, wait_until_past
from bench.report import Figure, at_most
from events.fact import Fact
from events.sqlite import SqliteStore
from events.store import Store, pages, rows
from horarium.daemon.life import BOOKS
from horarium.hands import Undone
from horarium.recalling import by_several

ALL: Sequence[Rules[Any]] = BOOKS
NO_POISON = frozenset[Poison]()


def fold(history: Path, quick: bool) -> Iterator[Figure]:
    """What the six actors would know, from the first record to the last."""
    log = history / "log.sqlite"
    with closing(SqliteStore(log)) as store:
        count, known = store.head().position, _forgetful(store)
        raw = _seconds(lambda: deque(rows(store), maxlen=0))
        alone = _seconds(lambda: _fold(store))
        lived_alone = _seconds(lambda: _live_again(known, store))
        folded = lived = None
        with suppress(Undone):  # One core, or a short log.
            folded = _seconds(lambda: by_several(known, store, log, links=False))
            lived = _seconds(lambda: by_several(known, store, log))
    limit = "reading the bytes alone"
    name = f"reading and folding {count:,} records"
    yield Figure(name, alone, "s", raw, limit, at_most(4))
    if folded is not None:
        yield Figure("the same in several processes, as a daemon does it", folded, "s", raw, limit)
    name = "the same as after a loss of all snapshots, each link checked"
    yield Figure(name, lived or lived_alone, "s", raw, limit)
    yield Figure("that in one process", lived_alone, "s", raw, limit)


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _fold(store: Store) -> None:
    """Each actor learns, in the order of the log, what it hears and what it decided itself."""
    states = {book.actor: book.state() for book in ALL}
    learners: dict[tuple[str, type[Fact]], list[tuple[Any, Any]]] = {}
    for page in pages(store):
        for record in page:
            fact, at = record.fact, record.at
            place = record.by, type(fact)
            if (told := learners.get(place)) is None:
                told = learners[place] = [
                    (change, states[book.actor])
                    for book in ALL
                    if _learns(book, *place) and (change := book.change_for(place[1])) is not None
                ]
            for change, state in told:
                change(state, fact, at)


def _learns(book: Rules[Any], by: str, kind: type[Fact]) -> bool:
    return book.actor == by or kind in book.hears


def _forgetful(store: Store) -> dict[str, Known]:
    """What is kept of each actor, but no snapshot."""
    return {book.actor: known_of(book, store, NO_POISON)._replace(snapshot=None) for book in ALL}


def _live_again(known: Mapping[str, Known], store: Store) -> None:
    remembered({book.actor: Recall(book, *known[book.actor]) for book in ALL}, store)


def restart(history: Path, quick: bool) -> Iterator[Figure]:
    """From the command to its first record, after kills that left 1 % behind the snapshots."""
    data = history.with_name("restart")
    shutil.copytree(history, data)
    before = head(data / "log.sqlite")
    took = [_start(data) for _ in range(3)]
    yield Figure(
        f"start with {before:,} records, to the first record of the new life",
        median(took),
        "s",
        target=at_most(2),
    )


def _start(data: Path) -> float:
    before, began = head(data / "log.sqlite"), perf_counter()
    with daemon(data / "config.toml", data, SIGKILL) as alive:
        wait_until_past(alive.log, before)
        return perf_counter() - began
