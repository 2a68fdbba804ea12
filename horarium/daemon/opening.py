"""The log as a life begins with it. What has left is put back where it is needed once more."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from actors.recall import Recall
from actors.rules import Rules
from events.policies import Storage
from events.sqlite import SqliteStore
from events.store import Store, link_at
from horarium.daemon.printing import say
from projections.projector import Projector

LOG = "log.sqlite"


def opened(data: Path, settings: Storage, books: Sequence[Rules[Any]]) -> SqliteStore:
    """The log of a data folder. Raises StoreError, also when what is needed is not there."""
    store = SqliteStore(data / LOG, settings)
    if not (base := store.base().position) or not (why := _needs(store, data, books)):
        return store
    from horarium.trimming import put_back, refuse_what_is_missing

    store.close()
    refuse_what_is_missing(data, f"{why}, for which the log is needed from record 1 on, but ")
    say("INFO", f"records 1 to {base} have left the log and are put back: {why}")
    put_back(data)
    return SqliteStore(data / LOG, settings)


def _needs(store: Store, data: Path, books: Sequence[Rules[Any]]) -> str:
    """Why the log is needed from its first record on; "" when it is not."""
    for book in books:
        known = store.snapshot(book.actor, book.version)
        if known is None or Recall(book, known, 0).begins < store.base().position:
            return f"{book.actor} remembers in another way now"
    return "" if _are_projected(store, data) else "the projections are made anew"


def _are_projected(store: Store, data: Path) -> bool:
    """Whether the projections, as they are, can go on with what is here."""
    try:
        with closing(Projector(data / "projections.sqlite")) as projector:
            at, link = projector.position, projector.hash
    except sqlite3.Error:
        return True  # Whoever goes on with them will say what is wrong.
    return store.base().position <= at <= store.head().position and link_at(store, at) == link
