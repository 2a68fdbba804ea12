"""What makes a job start soon after a rest, and loses or mixes up nothing by it."""

import socket
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest
from pykka import ActorRegistry

from actors.clock.simulated import SimulatedClocks
from actors.clock.timer import Seen, Timer, now, read_clocks
from actors.executor.keeper.link import Link
from actors.executor.keeper.words import Report, Told, reports
from actors.executor.loop import Loop, Steps, Task
from events import journal
from events.bus import News
from events.codec import Entry, entry, written
from events.daemon import DaemonStopped
from events.record import Record
from events.runs import RunEnded, RunStarted
from events.sqlite import SqliteStore
from events.store import Row
from events.time import TimePassed
from horarium.daemon.watcher import Watcher

SECONDS = 30.0
LONG_SECONDS = 0.4  # ahead, so that no busy machine oversleeps it
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEGUN = Told(1, RunStarted("r1-1", 7, "boot", 1, NOON))
ENDED = Told(1, RunEnded("r1-1", True, NOON))


# The timer


def test_shortly_before_an_instant_everybody_is_told_to_be_awake_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.clock.timer.AHEAD_SECONDS", LONG_SECONDS)
    told: SimpleQueue[Any] = SimpleQueue()

    def tell(at: datetime, seen: Sequence[Seen]) -> None:
        told.put((at, list(seen)))

    timer = Timer(tell, read_clocks, ahead=lambda: told.put(now()))
    instant = now() + timedelta(seconds=1.5 * LONG_SECONDS)
    timer.arm(instant)
    awake, (rang_at, seen) = told.get(timeout=SECONDS), told.get(timeout=SECONDS)
    timer.close()
    assert instant - timedelta(seconds=LONG_SECONDS) <= awake
    assert (rang_at >= instant, seen, told.empty()) == (True, [TimePassed()], True)


def test_an_instant_that_is_there_already_is_announced_to_nobody() -> None:
    told: SimpleQueue[str] = SimpleQueue()
    clocks = SimulatedClocks(NOON)
    timer = Timer(lambda at, seen: told.put("rang"), clocks.read, ahead=lambda: told.put("ahead"))
    timer.arm(NOON)
    assert told.get(timeout=SECONDS) == "rang"
    timer.close()
    assert told.empty()


def test_a_clock_that_stands_just_before_an_instant_holds_up_nobody_who_arms() -> None:
    clocks = SimulatedClocks(NOON - timedelta(microseconds=100))
    rang: SimpleQueue[datetime] = SimpleQueue()
    timer = Timer(lambda at, seen: rang.put(at), clocks.read)
    timer.arm(NOON)
    timer.arm(NOON - timedelta(seconds=1))
    assert rang.get(timeout=SECONDS) == NOON - timedelta(microseconds=100)
    timer.close()


# The journal of the log


def test_the_journal_of_a_log_has_its_size_before_anything_is_written(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    wal = tmp_path / "log.sqlite-wal"
    assert wal.stat().st_size == journal.SIZE_BYTES
    for position, row in enumerate(rows(50), 1):
        store.commit([row])
        assert store.head().position == position
    assert wal.stat().st_size == journal.SIZE_BYTES
    store.close()
    assert not wal.exists()


def test_a_log_whose_daemon_was_killed_is_read_as_it_was_with_and_without_its_index(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    for row in rows(20):
        store.commit([row])
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
        for kept in ("log.sqlite", "log.sqlite-wal", "log.sqlite-shm")[
            : 3 if name == "with" else 2
        ]:
            (tmp_path / name / kept).write_bytes((tmp_path / kept).read_bytes())
        again = SqliteStore(tmp_path / name / "log.sqlite")
        assert again.page() == store.page()
        again.close()
    store.close()


def test_a_journal_that_stands_beside_an_empty_log_is_an_empty_one(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "log.sqlite").close()
    (tmp_path / "log.sqlite-wal").write_bytes(bytes(journal.SIZE_BYTES))
    with sqlite3.connect(tmp_path / "log.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM stored_events").fetchone() == (0,)
    connection.close()


def test_on_a_small_disk_the_journal_grows_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = SimpleNamespace(f_bavail=1_000, f_frsize=4_096)
    monkeypatch.setattr("events.journal.os.statvfs", lambda place: little)
    store = SqliteStore(tmp_path / "log.sqlite")
    assert (tmp_path / "log.sqlite-wal").stat().st_size < journal.SIZE_BYTES
    store.close()


def test_a_journal_is_no_larger_than_it_may_be_and_a_link_is_not_followed(tmp_path: Path) -> None:
    log, wal = tmp_path / "log.sqlite", tmp_path / "log.sqlite-wal"
    wal.touch()
    journal.spread(log, 65_536)
    assert wal.stat().st_size == 65_536
    wal.unlink()
    (tmp_path / "precious").write_text("1")
    wal.symlink_to(tmp_path / "precious")
    journal.spread(log, 65_536)
    assert (tmp_path / "precious").read_text() == "1"


def rows(count: int) -> Iterator[Row]:
    link = "0" * 40
    said: Entry = entry(DaemonStopped("asked"), NOON)
    for position in range(1, count + 1):
        state, link = written(position, "daemon", said, link)
        yield Row(position, "daemon-stopped", state)


# What a keeper says


class Keeper:
    """The keeper's end of a connection, on a thread of its own as in a keeper."""

    def __init__(self) -> None:
        self.there, ours = socket.socketpair()
        self.there.settimeout(SECONDS)
        self._loop = Loop("keeper")
        self._link = Link(self._loop, ours, lambda order: None, lambda gone: None)

    def say(self, *said: Report) -> None:
        def steps() -> Steps[None]:
            for report in said:
                self._link.say(report)
            yield 0.0

        Task(self._loop).begin(steps())

    def heard(self, count: int) -> list[Report]:
        """The next so many reports."""
        frames, found = reports(), list[Report]()
        while len(found) < count:
            found += frames.take(self.there.recv(65_536))
        return found

    def close(self) -> None:
        self.there.close()
        self._loop.close()


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    made = Keeper()
    yield made
    made.close()


def test_a_beginning_waits_for_company_but_not_for_ever(keeper: Keeper) -> None:
    keeper.say(BEGUN)
    assert keeper.heard(1) == [BEGUN]


def test_a_beginning_and_its_end_come_in_order_and_in_one_piece(keeper: Keeper) -> None:
    keeper.say(BEGUN, ENDED)
    assert list(reports().take(keeper.there.recv(65_536))) == [BEGUN, ENDED]
    keeper.say(ENDED, BEGUN, BEGUN, ENDED)
    assert keeper.heard(4) == [ENDED, BEGUN, BEGUN, ENDED]


# Who only looks on


class Onlooker(Watcher):
    def __init__(self, seen: "SimpleQueue[list[int]]") -> None:
        super().__init__()
        self._seen = seen

    def look(self, records: Sequence[Record]) -> None:
        self._seen.put([record.position for record in records])


def news(*positions: int) -> News:
    return News([Record(it, NOON, "timer", None, TimePassed()) for it in positions])


def test_a_watcher_looks_at_all_that_comes_in_order_and_once() -> None:
    seen: SimpleQueue[list[int]] = SimpleQueue()
    watcher = Onlooker.start(seen)
    try:
        for position in range(1, 200):
            watcher.tell(news(position))
        looked: list[int] = []
        while len(looked) < 199:
            looked += seen.get(timeout=SECONDS)
        assert looked == list(range(1, 200))
    finally:
        ActorRegistry.stop_all()


def test_what_a_watcher_has_not_looked_at_it_sees_at_its_end() -> None:
    seen: SimpleQueue[list[int]] = SimpleQueue()
    watcher = Onlooker.start(seen)
    watcher.tell(news(1, 2))
    watcher.stop()
    assert seen.get_nowait() == [1, 2]
