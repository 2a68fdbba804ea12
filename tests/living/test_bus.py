"""The bus on its own thread: what is committed is told, in order, once."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from pykka import ActorRef, ActorRegistry, ThreadingActor

from events import committing
from events.bus import DEPTH_MAX, Append, Bus, CaughtUp, Considered, Keep, News, Pulse, Subscribe
from events.codec import GENESIS, UnspeakableFact, entry
from events.configuration import Action, Configuration, ConfigurationLoaded
from events.head import HeadFile, check_head, kept_head
from events.memory import MemoryStore
from events.record import Record
from events.requests import ReplanRequested, WorkRequested
from events.sqlite import SqliteStore
from events.store import (
    Head,
    Row,
    Snapshot,
    StoreBroken,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreTaken,
    read,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECONDS = 30


@pytest.fixture(autouse=True)
def no_actor_outlives_its_test() -> Iterator[None]:
    yield
    ActorRegistry.stop_all()


class Listener(ThreadingActor):
    """Puts all that it is told where a test can wait for it."""

    def __init__(self, heard: "SimpleQueue[object]") -> None:
        super().__init__()
        self._heard = heard

    def on_receive(self, message: Any) -> None:
        if isinstance(message, News):
            for record in message.records:
                self._heard.put(record)
        else:
            self._heard.put(message)


class Troubled(MemoryStore):
    """A store whose next commits fail as told."""

    def __init__(self, *troubles: StoreError) -> None:
        super().__init__()
        self.troubles = list(troubles)

    def commit(
        self,
        rows: Sequence[Row],
        considered: Mapping[str, int] = {},
        snapshots: Sequence[Snapshot] = (),
    ) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        super().commit(rows, considered, snapshots)


def listen(bus: ActorRef[Any], **how: Any) -> "SimpleQueue[Any]":
    heard: SimpleQueue[Any] = SimpleQueue()
    bus.tell(Subscribe(Listener.start(heard), **how))
    return heard


def asked(name: str) -> Append:
    return Append("cli", [entry(WorkRequested(name, name), NOON)], done=Future())


def say(bus: ActorRef[Any], name: str) -> list[int]:
    told = asked(name)
    bus.tell(told)
    assert told.done is not None
    return told.done.result(SECONDS)


def subjects(heard: "SimpleQueue[Any]", count: int) -> list[str]:
    records = [heard.get(timeout=SECONDS) for _ in range(count)]
    return [record.fact.subject for record in records]


def test_an_answer_comes_after_the_commit_with_the_positions() -> None:
    store = MemoryStore()
    bus = Bus.start(store)
    assert say(bus, "a") == [1]
    assert store.head().position == 1
    assert say(bus, "b") == [2]


def test_a_reader_gets_history_then_a_mark_then_news() -> None:
    bus = Bus.start(MemoryStore())
    say(bus, "before")
    heard = listen(bus)
    say(bus, "after")
    first, mark, second = (heard.get(timeout=SECONDS) for _ in range(3))
    assert (first.position, mark, second.position) == (1, CaughtUp(1), 2)


def test_a_reader_gets_only_the_kinds_that_it_wants() -> None:
    bus = Bus.start(MemoryStore())
    heard = listen(bus, kinds=frozenset({ReplanRequested}))
    say(bus, "a")
    bus.tell(Append("cli", [entry(ReplanRequested("k"), NOON)]))
    assert heard.get(timeout=SECONDS) == CaughtUp(0)
    assert heard.get(timeout=SECONDS).fact == ReplanRequested("k")


@settings(max_examples=25, deadline=None)
@for_any(some.lists(some.integers(0, 3), min_size=1, max_size=40), some.integers(0, 39))
def test_whoever_subscribes_whenever_misses_nothing_and_hears_nothing_twice(
    sizes: list[int], joins: int
) -> None:
    bus = Bus.start(MemoryStore())
    heard: SimpleQueue[Any] = SimpleQueue()
    for number, size in enumerate(sizes):
        if number == min(joins, len(sizes) - 1):
            bus.tell(Subscribe(Listener.start(heard), after=0))
        facts = [entry(WorkRequested(f"{number}-{n}", "k"), NOON) for n in range(size)]
        bus.tell(Append("cli", facts))
    end = say(bus, "end")[0]
    got = [heard.get(timeout=SECONDS) for _ in range(end + 1)]
    records = [record.position for record in got if isinstance(record, Record)]
    assert records == list(range(1, end + 1))
    ActorRegistry.stop_all()


@settings(max_examples=25, deadline=None)
@for_any(
    some.lists(some.integers(0, 3), min_size=1, max_size=30),
    some.integers(0, 29),
    some.lists(some.sampled_from([StoreFull, StoreBusy]), max_size=3),
)
def test_whoever_makes_way_for_a_performer_misses_nothing_and_hears_nothing_twice(
    sizes: list[int], joins: int, troubles: list[type[StoreError]]
) -> None:
    store = Troubled()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(committing, "RETRY_SECONDS", 0.001)
        patch.setattr(committing, "PASSING_SECONDS", 0.01)
        bus = Bus.start(store)
        performed = listen(bus, kinds=frozenset({WorkRequested}), early=frozenset({WorkRequested}))
        heard = [listen(bus)]
        for number, size in enumerate(sizes):
            if number == min(joins, len(sizes) - 1):
                heard.append(listen(bus))
                store.troubles += [trouble("for now") for trouble in troubles]
            facts = [entry(WorkRequested(f"{number}-{n}", "k"), NOON) for n in range(size)]
            bus.tell(Append("cli", facts))
        for one in (performed, *heard):
            assert positions(one, sum(sizes)) == list(range(1, sum(sizes) + 1))
    ActorRegistry.stop_all()
    assert [positions(one, 0) for one in (performed, *heard)] == [[]] * (len(heard) + 1)


def positions(heard: "SimpleQueue[Any]", count: int) -> list[int]:
    """Of the next so many records, or of as many more as were told."""
    found: list[int] = []
    while len(found) < count or not (heard.empty() or count):
        if isinstance(said := heard.get(timeout=SECONDS), Record):
            found.append(said.position)
    return found


def test_what_the_store_refuses_nobody_hears() -> None:
    failed: SimpleQueue[BaseException] = SimpleQueue()
    bus = Bus.start(Troubled(StoreBroken("disk I/O error")), failed.put)
    heard = listen(bus)
    told = asked("a")
    bus.tell(told)
    assert bus.actor_stopped.wait(SECONDS)
    assert isinstance(failed.get(timeout=SECONDS), StoreBroken)
    assert told.done is not None and isinstance(told.done.exception(SECONDS), StoreBroken)
    assert heard.get(timeout=SECONDS) == CaughtUp(0)
    assert heard.empty()


def test_a_second_writer_stops_the_first() -> None:
    failed: SimpleQueue[BaseException] = SimpleQueue()
    bus = Bus.start(Troubled(StoreTaken("UNIQUE constraint failed")), failed.put)
    bus.tell(asked("a"))
    assert isinstance(failed.get(timeout=SECONDS), StoreTaken)


def test_a_busy_store_is_asked_again_and_order_is_kept() -> None:
    bus = Bus.start(Troubled(StoreBusy("locked"), StoreBusy("locked")))
    heard = listen(bus)
    bus.tell(asked("a"))
    bus.tell(asked("b"))
    assert heard.get(timeout=SECONDS) == CaughtUp(0)
    assert subjects(heard, 2) == ["a", "b"]


def test_on_a_full_disk_nobody_hears_anything_until_there_is_space_again() -> None:
    store = Troubled(*[StoreFull("database or disk is full")] * 2)
    pulse = Pulse(store.head())
    bus = Bus.start(store, pulse=pulse)
    heard = listen(bus)
    first = asked("a")
    bus.tell(first)
    assert first.done is not None and isinstance(first.done.exception(SECONDS), StoreFull)
    assert heard.get(timeout=SECONDS) == CaughtUp(0)
    assert subjects(heard, 1) == ["a"]  # It stood in line and was taken when space came.
    assert say(bus, "b") == [2]
    assert pulse.full is None


def test_what_was_said_before_the_end_is_kept() -> None:
    store = MemoryStore()
    bus = Bus.start(store)
    for number in range(50):
        bus.tell(asked(str(number)))
    bus.stop()
    assert store.head().position == 50


def test_facts_of_one_append_stand_in_one_transaction(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    bus = Bus.start(store)
    facts = [entry(WorkRequested(str(n), str(n)), NOON) for n in range(3_000)]
    told = Append("cli", facts, considered=7, done=Future())
    bus.tell(told)
    assert told.done is not None and told.done.result(SECONDS) == list(range(1, 3_001))
    assert store.considered("cli") == 7


def test_rules_that_answer_each_other_for_ever_stop_the_bus() -> None:
    failed: SimpleQueue[BaseException] = SimpleQueue()
    bus = Bus.start(MemoryStore(), failed.put)
    bus.tell(Append("planner", [entry(ReplanRequested("k"), NOON, 1, DEPTH_MAX + 1)]))
    assert "planner answers 1" in str(failed.get(timeout=SECONDS))


def test_a_fact_that_would_not_come_back_stops_at_its_teller() -> None:
    crooked = WorkRequested("noop", key=7)  # type: ignore[arg-type]
    with pytest.raises(UnspeakableFact, match="work-requested"):
        entry(crooked, NOON)


def test_a_configuration_comes_back_from_the_log_as_it_went_in(tmp_path: Path) -> None:
    settings_ = Configuration(actions={"echo": Action(command=("echo", "a b", "ä"))})
    store = SqliteStore(tmp_path / "log.sqlite")
    bus = Bus.start(store)
    told = Append("cli", [entry(ConfigurationLoaded("d", settings_), NOON)], done=Future())
    bus.tell(told)
    assert told.done is not None
    told.done.result(SECONDS)
    (record,) = read(store)
    assert record.fact == ConfigurationLoaded("d", settings_)


def test_a_snapshot_and_a_silent_position_are_kept(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    bus = Bus.start(store)
    bus.tell(Keep(Snapshot("budget", 1, 4, b"s")))
    bus.tell(Considered("budget", 5))
    say(bus, "a")
    assert store.snapshot("budget", 1) == Snapshot("budget", 1, 4, b"s")
    assert store.considered("budget") == 5


def test_a_reader_that_has_died_holds_up_nobody() -> None:
    bus = Bus.start(MemoryStore())
    heard: SimpleQueue[Any] = SimpleQueue()
    gone = Listener.start(heard)
    bus.tell(Subscribe(gone))
    gone.stop()
    alive = listen(bus)
    say(bus, "a")
    assert alive.get(timeout=SECONDS) == CaughtUp(0)
    assert subjects(alive, 1) == ["a"]


def test_the_head_file_may_lag_but_never_leads(tmp_path: Path) -> None:
    path = tmp_path / "log.head"
    store = SqliteStore(tmp_path / "log.sqlite")
    file = HeadFile(path, lambda: 0.0)
    bus = Bus.start(store, published=file.write)
    for name in "abc":
        say(bus, name)
    bus.stop()
    assert kept_head(path) == store.head()
    check_head(store, path)
    file.write(Head(2, "f" * 40))  # A torn write of the newer slot leaves the older one.
    assert kept_head(path).position in (2, 3)


def test_a_lost_tail_is_seen_and_named(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    file = HeadFile(tmp_path / "log.head", lambda: 0.0)
    bus = Bus.start(store, published=file.write)
    for name in "abcd":
        say(bus, name)
    bus.stop()
    with sqlite3.connect(tmp_path / "log.sqlite") as raw:
        raw.execute("DELETE FROM stored_events WHERE originator_version > 2")
    with pytest.raises(StoreBroken, match="records 3 to 4 are lost"):
        check_head(SqliteStore(tmp_path / "log.sqlite"), tmp_path / "log.head")


def test_another_log_under_the_same_head_file_is_seen(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    bus = Bus.start(store)
    say(bus, "a")
    HeadFile(tmp_path / "log.head", lambda: 0.0).write(Head(1, "e" * 40))
    with pytest.raises(StoreBroken, match="record 1 is not the one"):
        check_head(store, tmp_path / "log.head")


def test_a_log_without_a_head_file_is_taken_as_it_is(tmp_path: Path) -> None:
    check_head(MemoryStore(), tmp_path / "missing")
    assert kept_head(tmp_path / "missing") == Head(0, GENESIS)


def test_the_bus_goes_on_while_a_reader_is_slow() -> None:
    release, heard = Event(), SimpleQueue[Any]()

    class Slow(Listener):
        def on_receive(self, message: Any) -> None:
            release.wait(SECONDS)
            super().on_receive(message)

    bus = Bus.start(MemoryStore())
    bus.tell(Subscribe(Slow.start(heard)))
    for name in "abc":
        say(bus, name)
    assert heard.empty()
    release.set()
    assert heard.get(timeout=SECONDS) == CaughtUp(0)
    assert subjects(heard, 3) == ["a", "b", "c"]
