"""Keeps the projections: batches of records in, one transaction each, the position with them."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from events.record import Record
from projections.checkpoints import Checkpoints
from projections.database import damaged, open_readwrite, place_of, remove, wipe
from projections.fold import Fold


class ProjectionError(Exception):
    """The records do not fit what was folded so far, or the file broke: the message says which."""


class Projector:
    """The one writer of a projections file. Records at or before `position` are known already.

    A file of another version is emptied when it is opened, so its position is 0 and the whole
    log is wanted. `hash` is the link of the chain at `position`: when the log holds another one
    there, or ends before it, what stands here is from another past and `reset` is due.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = open_readwrite(path)
        self._fold = Fold(self._connection)
        self._checkpoints = Checkpoints(self._connection)
        self._place = place_of(self._connection)

    @property
    def position(self) -> int:
        """The least of the positions of all projections; 0 before the first record."""
        return self._place.position

    @property
    def hash(self) -> str:
        return self._place.hash

    def apply(self, records: Sequence[Record]) -> None:
        """Fold a batch. All of it is kept, or none, and then it may be applied again.

        ProjectionError on a gap, and when the file is damaged: it is removed then, and the next
        Projector starts anew. sqlite3.OperationalError when the disk is full or the file busy.
        """
        news = records[max(0, self.position + 1 - records[0].position) :] if records else ()
        if not news:
            return
        if news[0].position != self.position + 1:
            raise ProjectionError(f"record {self.position + 1} wanted, {news[0].position} given")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._fold.learn(news)
            self._checkpoints.learn(news)
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._give_up(error)
            raise
        self._place = place_of(self._connection)

    def reset(self) -> None:
        """Empty everything; the position is 0 again."""
        self._fold.forget()
        wipe(self._connection)
        self._checkpoints.prepare()
        self._place = place_of(self._connection)

    def close(self) -> None:
        self._connection.close()

    def _give_up(self, error: BaseException) -> None:
        self._fold.forget()
        if isinstance(error, sqlite3.DatabaseError) and damaged(error):
            self._connection.close()
            remove(self._path)
            raise ProjectionError(
                f"{self._path} was damaged and is removed; it is made again at the next start"
            ) from error
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._checkpoints.look()


def rebuild(path: Path, pages: Iterable[Sequence[Record]]) -> int:
    """Fold a whole log anew and return the position reached. Nobody else may write meanwhile;
    whoever reads sees how far it has come."""
    projector = Projector(path)
    try:
        projector.reset()
        for page in pages:
            projector.apply(page)
        return projector.position
    finally:
        projector.close()
