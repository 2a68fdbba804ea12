"""Looking a long log through, as `horarium verify` does."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter

from actors.replay.books import BOOKS
from actors.replay.recompute import Recompute
from bench.report import Figure, at_least
from events.record import Record
from events.sqlite import SqliteStore
from events.store import pages, rows
from horarium.places import Places, places
from horarium.verifying import verified
from projections.invariants.checker import Checker
from projections.invariants.stored import Stored


def verifying(history: Path, quick: bool) -> Iterator[Figure]:
    """The checks and the rules alone, over records that are decoded, and the whole command."""
    with closing(SqliteStore(history / "log.sqlite")) as store:
        count = store.head().position
        reading = _seconds(lambda: deque(pages(store), maxlen=0))
        checking = _seconds_of(Checker(_wrong).take, pages(store))
        deciding = _seconds_of(Recompute(BOOKS, _wrong).take, pages(store))
        kept = _seconds(lambda: deque(Stored(_wrong).pages(rows(store)), maxlen=0))
    bare, limit = count / reading, "reading and decoding them"
    yield Figure("checks of a log", count / checking, "records/s", bare, limit, at_least(250_000))
    yield Figure("deciding again", count / deciding, "records/s", bare, limit, at_least(150_000))
    yield Figure("decoding, and checking the chain", count / kept, "records/s", bare, limit)
    here = places(str(history / "config.toml"), str(history))
    quick_one = _seconds(lambda: _verify(here, recompute=False))
    yield Figure("verify --no-recompute", count / quick_one, "records/s", bare, limit)
    yield Figure("verify", count / _seconds(lambda: _verify(here)), "records/s", bare, limit)


def _seconds_of(take: Callable[[list[Record]], None], among: Iterator[list[Record]]) -> float:
    """How long it takes to take the pages, their reading apart."""
    return sum(_seconds(partial(take, page)) for page in among)


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _verify(here: Places, *, recompute: bool = True) -> None:
    found = verified(here, lambda position: None, recompute=recompute)
    if found.violations_count or found.differences_count:
        _wrong(found)


def _wrong(found: object) -> None:
    raise AssertionError(f"the log of a benchmark is whole: {found}")
