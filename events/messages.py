"""What is told to the bus, and what the bus tells."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from msgspec import Struct
from pykka import ActorRef

from events.codec import Entry
from events.fact import Fact
from events.record import Record
from events.store import Snapshot

Kinds = frozenset[type[Fact]]
Positions = list[int]

NOTHING: Kinds = frozenset()


class Append(Struct, frozen=True):
    """Facts for the log; all of them stand in one transaction.

    `considered` is how far its teller has come. `done` gets the positions after the commit, or a
    StoreError.
    """

    by: str
    entries: Sequence[Entry]
    considered: int = 0
    done: "Future[Positions] | None" = None


class Keep(Struct, frozen=True):
    """A snapshot, to be kept behind the decisions it contains."""

    snapshot: Snapshot


class Considered(Struct, frozen=True):
    """How far an actor has come, when it had nothing to say."""

    actor: str
    position: int


class Rouse(Struct, frozen=True):
    """Something is to be said very soon: be awake."""


class Subscribe(Struct, frozen=True):
    """Tell this reader what follows `after`: history first, then a mark, then news.

    What is of the `early` kinds it is told before the commit, for its memory only. It may come
    before the mark, but it stands behind it in the log. What is of the `idle` kinds among them
    wakes nobody: it is told with what comes next, or when much of it has gathered.
    """

    reader: ActorRef[Any]
    after: int = 0
    kinds: Kinds | None = None  # None: everything
    early: Kinds = NOTHING
    idle: Kinds = NOTHING


class News(Struct, frozen=True):
    """These are in the log."""

    records: Sequence[Record]


class Early(Struct, frozen=True):
    """These have their place in the log and are on their way to the disk."""

    records: Sequence[Record]


class CaughtUp(Struct, frozen=True):
    """All that was in the log has been told; what follows is news."""

    head: int
