"""A data folder with the log of a world in it, chained, with memories, and projected."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import msgpack

from events.codec import entry, written
from events.record import Record
from events.sqlite import SqliteStore
from events.store import Row, Snapshot
from horarium.places import Places, places
from projections.projector import Projector
from tests.rules.explain_story import World


def stored(folder: Path, world: World, projected: int | None = None) -> Places:
    """The world as a daemon would have left it; `projected` is how far the projections came."""
    here = places(str(folder / "config.toml"), str(folder / "data"))
    here.data.mkdir(mode=0o700)
    store = SqliteStore(here.log)
    records, rows = [], []
    _, link = store.head()
    for record in world.log:
        said = entry(record.fact, record.at, record.cause, record.depth)
        state, link = written(record.position, record.by, said, link)
        rows.append(Row(record.position, record.fact.kind, state))
        records.append(chained(record, link))
    store.commit(rows, dict.fromkeys(world.books, len(rows)), memories(world))
    store.close()
    if projected != 0:
        projector = Projector(here.projections)
        projector.apply(records[:projected])
        projector.close()
    return here


def chained(record: Record, link: str) -> Record:
    told = (record.position, record.at, record.by, record.cause, record.fact, record.depth)
    return Record(*told, link)


def memories(world: World) -> Sequence[Snapshot]:
    return [
        Snapshot(name, book.version, world.head, msgpack.encode(world.states[name]))
        for name, book in world.books.items()
    ]
