"""The memory of the daemon: keep records, read them back in order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from events import codec
from events.record import Record

PAGE_RECORDS = 400  # What is decoded is still at hand when it is used.


class StoreError(Exception):
    """The store could not do what was asked. A subclass says what may be done about it."""


class StoreBusy(StoreError):
    """Somebody else holds the database just now. The same batch may be tried again."""


class StoreFull(StoreError):
    """There is no space left. The same batch may be tried again when there is."""


class StoreTaken(StoreError):
    """A position is taken: somebody else writes this log. The daemon must stop."""


class StoreBroken(StoreError):
    """The disk or the database failed. Nothing may be written after it; the daemon must stop."""


class RecordsLeft(StoreError):
    """These records have left the log. They may be put back, and then be asked for again."""

    def __init__(self, until: int) -> None:
        super().__init__(
            f"records 1 to {until} have left this log; `horarium trim --back --really` puts them "
            "back"
        )


class Head(NamedTuple):
    """The newest record: position (0 for an empty log) and link."""

    position: int
    hash: str


class Row(NamedTuple):
    """A record as it is kept."""

    position: int
    kind: str
    state: bytes


class Snapshot(NamedTuple):
    """What an actor knew when it had considered everything up to a position."""

    actor: str
    version: int  # of the rules' state
    position: int
    state: bytes


class Store(Protocol):
    """A log, with how far each actor has considered it and what it knew then."""

    def head(self) -> Head: ...

    def base(self) -> Head:
        """The last record that has left; position 0 and GENESIS while the log is whole."""

    def commit(
        self,
        rows: Sequence[Row],
        considered: Mapping[str, int] = ...,
        snapshots: Sequence[Snapshot] = ...,
    ) -> None:
        """Keep all of it, or nothing. Raises a StoreError."""

    def page(self, *, after: int = 0, limit: int = PAGE_RECORDS) -> list[tuple[int, bytes]]:
        """Up to `limit` stored records with a greater position, in order. Raises RecordsLeft."""

    def considered(self, actor: str) -> int | None:
        """How far this actor is known to have come; None for one that is new to this log."""

    def snapshot(self, actor: str, version: int, until: int | None = None) -> Snapshot | None:
        """The newest snapshot of this shape, at or before a position."""

    def close(self) -> None: ...


def rows(store: Store, after: int = 0) -> Iterator[tuple[int, bytes]]:
    """All stored records behind a position, undecoded."""
    while page := store.page(after=after):
        yield from page
        after = page[-1][0]


def pages(store: Store, after: int = 0) -> Iterator[list[Record]]:
    """All records behind a position, a page at a time. Raises UnreadableRecord."""
    while page := store.page(after=after):
        yield codec.read_all(page)
        after = page[-1][0]


def read(store: Store, after: int = 0) -> Iterator[Record]:
    """All records behind a position."""
    for page in pages(store, after):
        yield from page


def checked_pages(store: Store, after: int = 0) -> Iterator[list[Record]]:
    """As `pages`, and the chain is checked from the record at `after` on."""
    link = link_at(store, after)
    while page := store.page(after=after):
        link = codec.last_link(page, link, after)
        after = page[-1][0]
        yield codec.read_all(page)


def check_links(store: Store, after: int, until: int) -> None:
    """Check the chain between two positions, reading no facts, from the base on where that lies
    behind the first. Raises UnreadableRecord."""
    after = max(after, store.base().position)
    link = link_at(store, after)
    while after < until and (page := store.page(after=after)):
        link = codec.last_link(page, link, after)
        after = page[-1][0]


def link_at(store: Store, position: int) -> str:
    """The link of the record at a position; raises StoreBroken when there is none, RecordsLeft
    when it is not here any more."""
    base = store.base()
    if position == base.position:
        return base.hash
    if position < base.position:
        raise RecordsLeft(base.position)
    found = store.page(after=position - 1, limit=1)
    if not found or found[0][0] != position:
        raise StoreBroken(f"record {position} is missing")
    return codec.parts(*found[0])[1]
