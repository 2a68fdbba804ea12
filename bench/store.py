"""What the bus and its store take in, with every commit synced to the disk."""

import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from time import perf_counter, sleep

from actors.clock.timer import now
from bench.living import SECONDS, SWITCH_SECONDS
from bench.report import Figure, at_least
from events.bus import Append, Bus
from events.codec import GENESIS, entry, written
from events.sqlite import SqliteStore
from events.store import Row, Snapshot
from events.work import WorkReleased

SLOW_SECONDS = 0.005
BATCH_ROWS = 1_000


class SlowStore(SqliteStore):
    """A store on a disk that takes 5 ms longer to sync."""

    def commit(
        self,
        rows: Sequence[Row],
        considered: Mapping[str, int] = {},
        snapshots: Sequence[Snapshot] = (),
    ) -> None:
        sleep(SLOW_SECONDS)
        super().commit(rows, considered, snapshots)


def many(folder: Path, quick: bool) -> Iterator[Figure]:
    """Facts, one to an append, as fast as they can be told."""
    folder.mkdir()
    facts = 20_000 if quick else 300_000
    limit = f"raw rows, {BATCH_ROWS:,} to a commit"
    yield Figure(
        "durable facts at saturation",
        facts / _told(SqliteStore(folder / "log.sqlite"), facts),
        "facts/s",
        facts / _written_raw(folder / "raw.sqlite", facts, BATCH_ROWS),
        limit,
        at_least(50_000),
    )
    yield Figure(
        "the same, 5 ms more to a commit",
        facts / _told(SlowStore(folder / "slow.sqlite"), facts),
        "facts/s",
        facts / _written_raw(folder / "slow-raw.sqlite", facts, BATCH_ROWS, SLOW_SECONDS),
        limit,
    )


def single(folder: Path, quick: bool) -> Iterator[Figure]:
    """Each told when the one before was answered."""
    folder.mkdir()
    facts = 300 if quick else 3_000
    yield Figure(
        "durable facts one at a time",
        facts / _answered(SqliteStore(folder / "log.sqlite"), facts),
        "facts/s",
        facts / _written_raw(folder / "raw.sqlite", facts, 1),
        "raw rows, one to a commit",
    )
    facts //= 5
    yield Figure(
        "the same, 5 ms more to a commit",
        facts / _answered(SlowStore(folder / "slow.sqlite"), facts),
        "facts/s",
        facts / _written_raw(folder / "slow-raw.sqlite", facts, 1, SLOW_SECONDS),
        "raw rows, one to a commit",
    )


def _fact(number: int) -> WorkReleased:
    return WorkReleased(f"w{number}-1", f"r{number}-1", "job", 1, 1, "general", 0)


def _told(store: SqliteStore, facts: int) -> float:
    """Seconds from the first fact, still to be encoded, to the answer for the last."""
    sys.setswitchinterval(SWITCH_SECONDS)
    bus, at, done = Bus.start(store), now(), Future[list[int]]()
    began = perf_counter()
    for number in range(1, facts):
        bus.tell(Append("bench", (entry(_fact(number), at),)))
    bus.tell(Append("bench", (entry(_fact(facts), at),), done=done))
    done.result(SECONDS)
    took = perf_counter() - began
    bus.stop()
    store.close()
    return took


def _answered(store: SqliteStore, facts: int) -> float:
    bus, at = Bus.start(store), now()
    began = perf_counter()
    for number in range(facts):
        done = Future[list[int]]()
        bus.tell(Append("bench", (entry(_fact(number), at),), done=done))
        done.result(SECONDS)
    took = perf_counter() - began
    bus.stop()
    store.close()
    return took


def _written_raw(path: Path, facts: int, batch: int, pause: float = 0) -> float:
    """Seconds for rows of the same size in the plainest table there is."""
    state, _ = written(facts, "bench", entry(_fact(facts), now()), GENESIS)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE facts (position INTEGER PRIMARY KEY, state BLOB)")
        began = perf_counter()
        for first in range(0, facts, batch):
            rows = [(position, state) for position in range(first, min(first + batch, facts))]
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO facts VALUES (?, ?)", rows)
            sleep(pause)
            connection.execute("COMMIT")
        return perf_counter() - began
