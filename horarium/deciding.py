"""Every decision of a log made again by other processes, which only say whether it is the same."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from actors.replay.books import BOOKS
from actors.replay.recompute import Difference, Recompute
from events.codec import read_all
from events.record import Record
from horarium import quiet
from horarium.hands import Part, Undone, cores, divided
from horarium.patience import patience
from projections.invariants.stored import PAGE_RECORDS

RECORDS_MIN = 50_000  # Fewer are gone through before another process has begun.
PAGE_SECONDS = 30.0  # a thousand times what a page takes
WEIGHT, BEGIN = 1.0, 0.0  # All actors have about the same to do.
_PAGE = (
    "SELECT originator_version, state FROM stored_events WHERE originator_id = 'log' "
    "AND originator_version BETWEEN ? AND ? ORDER BY 1"
)


class Deciding(Part, frozen=True, tag="deciding"):
    """All that these actors decided. It is undone when one of them decides anything else now."""

    actors: tuple[str, ...]
    considered: Mapping[str, int]

    def done(self) -> bytes:
        again = Recompute([book for book in BOOKS if book.actor in self.actors], _differs)
        with quiet.opened(Path(self.log)) as log:
            for page in _pages(log, self.until):
                with patience(PAGE_SECONDS):
                    again.take(page)
        with patience(PAGE_SECONDS):
            again.finish(self.considered)
        return b""


def parts(log: Path, until: int, considered: Mapping[str, int]) -> list[Deciding]:
    """Who decides what again while we look at all else. Raises Undone where that is no gain."""
    others = cores() - 1
    if not others or until < RECORDS_MIN:
        raise Undone
    weights = {book.actor: WEIGHT for book in BOOKS}
    shares = divided(weights, BEGIN, BEGIN, others)
    return [Deciding(str(log), until, tuple(share), considered) for share in shares if share]


def _pages(log: sqlite3.Connection, until: int) -> Iterator[list[Record]]:
    """Cut where they are when it is done in one process: what runs ahead is seen at their ends."""
    for after in range(0, until, PAGE_RECORDS):
        last = min(after + PAGE_RECORDS, until)
        yield read_all(log.execute(_PAGE, (after + 1, last)).fetchall())


def _differs(difference: Difference) -> None:
    raise Undone(str(difference))
