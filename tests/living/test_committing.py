"""Memory may run ahead of the disk; effects and answers may not."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Event
from typing import Any, ClassVar

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec import Struct
from pykka import ActorRef, ActorRegistry, ThreadingActor

from actors.actor import Actor, Ping
from actors.recall import Memory
from actors.rules import Rules
from events.bus import Append, Bus, CaughtUp, Early, News, Pulse, Subscribe
from events.codec import entry
from events.committing import BUSY_TRIES
from events.fact import Fact
from events.memory import MemoryStore
from events.record import Record
from events.requests import ReplanRequested, RequestRefused, WorkRequested
from events.store import Row, Snapshot, StoreBroken, StoreBusy, StoreError, StoreFull, read

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECONDS = 30
WORK: frozenset[type[Fact]] = frozenset({WorkRequested})
REFUSALS: frozenset[type[Fact]] = frozenset({RequestRefused})


@pytest.fixture(autouse=True)
def no_actor_outlives_its_test() -> Iterator[None]:
    yield
    ActorRegistry.stop_all()


class Listener(ThreadingActor):
    """Puts all that it is told where a test can wait for it."""

    def __init__(self, heard: "SimpleQueue[Any]") -> None:
        super().__init__()
        self._heard = heard

    def on_receive(self, message: Any) -> None:
        self._heard.put(message)


class Gated(MemoryStore):
    """A store whose every commit waits for leave; then it does as told, or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: SimpleQueue[list[int]] = SimpleQueue()
        self.leave: SimpleQueue[StoreError | None] = SimpleQueue()

    def commit(
        self,
        rows: Sequence[Row],
        considered: Mapping[str, int] = {},
        snapshots: Sequence[Snapshot] = (),
    ) -> None:
        self.tried.put([row.position for row in rows])
        if (error := self.leave.get(timeout=SECONDS)) is not None:
            raise error
        super().commit(rows, considered, snapshots)

    def open(self) -> None:
        for _ in range(100):
            self.leave.put(None)


class Count(Struct):
    """What a clerk remembers: the subjects that it has refused."""

    refused: list[str] = []


def _refuse(state: Count, record: Record) -> Iterator[Any]:
    if isinstance(record.fact, WorkRequested):
        yield RequestRefused(record.fact.key, record.fact.subject, "nothing_to_do")


def _remember(state: Count, fact: Any, at: datetime) -> None:
    if isinstance(fact, RequestRefused):
        state.refused.append(fact.subject)
    elif fact.subject == "poison":
        raise KeyError("poison")


CLERK = Rules("clerk", 1, Count, WORK, _refuse, _remember)


class Clerk(Actor[Count]):
    """Refuses all work at once, and shows by its door what it performs."""

    performs: ClassVar[frozenset[type[Fact]]] = REFUSALS

    def __init__(self, bus: ActorRef[Any], memory: Memory[Count], *how: Any) -> None:
        super().__init__(CLERK, bus, memory, how[0])
        self._door, self._store = how[1], how[2]

    def perform(self, decision: Record) -> None:
        assert self._store.head().position >= decision.position
        self._door.put(decision.position)


class House:
    """A clerk, and a reader of everything, on a store."""

    def __init__(self, store: MemoryStore) -> None:
        self.store, self.pulse = store, Pulse(store.head())
        self.failed: SimpleQueue[BaseException] = SimpleQueue()
        self.choked: SimpleQueue[tuple[str, Record | None, BaseException]] = SimpleQueue()
        self.performed: SimpleQueue[int] = SimpleQueue()
        self.heard: SimpleQueue[Any] = SimpleQueue()
        self.state = Count()
        self.bus = Bus.start(store, self.failed.put, pulse=self.pulse)
        self.bus.tell(Subscribe(Listener.start(self.heard)))
        memory = Memory(self.state, 0, (), 0)
        self.clerk: ActorRef[Any] = Clerk.start(
            self.bus, memory, lambda *what: self.choked.put(what), self.performed, store
        )
        assert self.heard.get(timeout=SECONDS) == CaughtUp(0)
        self.clerk.ask(Ping(), timeout=SECONDS)

    def ask(self, subject: str) -> "Future[list[int]]":
        done: Future[list[int]] = Future()
        told = entry(WorkRequested(subject, subject), NOON)
        self.bus.tell(Append("cli", [told], done=done))
        return done

    def until_refused(self, count: int) -> None:
        """Until the clerk has decided so often, in memory."""
        waits = Event()
        while len(self.state.refused) < count:
            waits.wait(0.001)

    def news(self, count: int) -> list[int]:
        """The positions of so many records, as the reader heard them."""
        positions: list[int] = []
        while len(positions) < count:
            message = self.heard.get(timeout=SECONDS)
            assert isinstance(message, News)
            positions += [record.position for record in message.records]
        return positions


def test_memories_run_ahead_while_readers_doors_and_answers_wait_for_the_commit() -> None:
    store = Gated()
    house = House(store)
    answer = house.ask("bread")
    house.until_refused(1)
    assert store.head().position == 0
    assert (house.heard.empty(), house.performed.empty(), answer.done()) == (True, True, False)
    store.open()
    assert answer.result(SECONDS) == [1]
    assert house.performed.get(timeout=SECONDS) == 2
    assert house.news(2) == [1, 2]


def test_what_was_decided_early_is_never_performed_when_the_disk_fails() -> None:
    store = Gated()
    house = House(store)
    answer = house.ask("bread")
    house.until_refused(1)
    store.leave.put(StoreBroken("disk I/O error"))
    assert isinstance(house.failed.get(timeout=SECONDS), StoreBroken)
    assert isinstance(answer.exception(SECONDS), StoreBroken)
    assert house.bus.actor_stopped.wait(SECONDS)
    house.clerk.ask(Ping(), timeout=SECONDS)
    assert (house.heard.empty(), house.performed.empty()) == (True, True)
    assert store.head().position == 0


@pytest.mark.parametrize("trouble", [StoreBusy("locked"), StoreFull("disk is full")])
def test_a_batch_that_failed_is_tried_again_unchanged(trouble: StoreError) -> None:
    store = Gated()
    house = House(store)
    house.ask("bread")
    tried = store.tried.get(timeout=SECONDS)
    store.leave.put(trouble)
    again = store.tried.get(timeout=SECONDS)
    store.open()
    assert again == tried
    assert house.performed.get(timeout=SECONDS) == 2
    assert house.news(2) == [1, 2]


def test_while_the_disk_is_full_no_memory_runs_ahead_and_with_space_all_go_on() -> None:
    store = Gated()
    house = House(store)
    house.ask("bread")
    store.leave.put(StoreFull("disk is full"))
    store.tried.get(timeout=SECONDS)
    tried_again = store.tried.get(timeout=SECONDS)
    known = len(house.state.refused)
    house.bus.tell(Append("cli", [entry(WorkRequested("wine", "wine"), NOON)]))
    refused = house.ask("water")
    assert isinstance(refused.exception(SECONDS), StoreFull)
    house.clerk.ask(Ping(), timeout=SECONDS)
    assert len(house.state.refused) == known
    assert house.pulse.waiting > len(tried_again)
    store.open()
    assert house.news(4) == [1, 2, 3, 4]
    assert [house.performed.get(timeout=SECONDS) for _ in range(2)] == [2, 4]
    assert house.state.refused == ["bread", "wine"]


def test_a_busy_store_is_tried_once_more_when_everything_ends() -> None:
    store = Gated()
    house = House(store)
    house.bus.tell(Append("cli", [entry(ReplanRequested("k"), NOON)]))
    store.tried.get(timeout=SECONDS)
    house.bus.stop(block=False)
    store.leave.put(StoreBusy("locked"))
    store.leave.put(StoreBusy("locked"))
    assert isinstance(house.failed.get(timeout=SECONDS), StoreBusy)


def test_a_store_that_stays_busy_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.committing.RETRY_SECONDS", 0)
    store = Gated()
    house = House(store)
    answer = house.ask("bread")
    for _ in range(BUSY_TRIES + 1):
        store.leave.put(StoreBusy("locked"))
    assert isinstance(house.failed.get(timeout=SECONDS), StoreBroken)
    assert isinstance(answer.exception(SECONDS), StoreBroken)
    assert (house.heard.empty(), house.performed.empty()) == (True, True)


def test_stopping_commits_what_waits_and_what_was_decided_upon_it() -> None:
    store = Gated()
    house = House(store)
    answer = house.ask("bread")
    house.until_refused(1)
    house.clerk.ask(Ping(), timeout=SECONDS)
    stopping = house.bus.stop(block=False)
    store.open()
    stopping.get(timeout=SECONDS)
    assert answer.result(SECONDS) == [1]
    assert [record.position for record in read(store)] == [1, 2]


def test_a_record_is_blamed_only_when_the_log_holds_it() -> None:
    store = Gated()
    house = House(store)
    house.ask("poison")
    store.tried.get(timeout=SECONDS)
    assert house.choked.empty()
    store.open()
    name, record, error = house.choked.get(timeout=SECONDS)
    assert (name, record and record.position, str(error)) == ("clerk", 1, "'poison'")
    assert store.head().position == 1


@settings(max_examples=20, deadline=None)
@for_any(some.lists(some.integers(0, 3), min_size=1, max_size=25), some.integers(0, 24))
def test_an_actor_that_joins_at_any_time_considers_all_in_order_and_performs_its_own_once(
    sizes: list[int], joins: int
) -> None:
    store, performed = MemoryStore(), SimpleQueue[int]()
    bus, state = Bus.start(store), Count()
    clerk: ActorRef[Any] | None = None
    for number, size in enumerate(sizes):
        if number == min(joins, len(sizes) - 1):
            clerk = Clerk.start(bus, Memory(state, 0, (), 0), print, performed, store)
        facts = [entry(WorkRequested(f"{number}-{n}", "k"), NOON) for n in range(size)]
        bus.tell(Append("cli", facts))
    expected = [f"{number}-{n}" for number, size in enumerate(sizes) for n in range(size)]
    own = [performed.get(timeout=SECONDS) for _ in expected]
    assert clerk is not None
    assert state.refused == expected
    assert own == [record.position for record in read(store) if record.by == "clerk"]
    assert performed.empty()
    ActorRegistry.stop_all()


def test_early_and_committed_records_come_in_the_order_of_the_log() -> None:
    bus = Bus.start(MemoryStore())
    heard: SimpleQueue[Any] = SimpleQueue()
    bus.tell(Subscribe(Listener.start(heard), kinds=WORK, early=WORK))
    for number in range(300):
        bus.tell(Append("cli", [entry(WorkRequested(str(number), "k"), NOON)]))
    told: dict[type, list[int]] = {Early: [], News: []}
    while len(told[News]) < 300:
        message = heard.get(timeout=SECONDS)
        if not isinstance(message, CaughtUp):
            told[type(message)] += [record.position for record in message.records]
    assert told[Early] == told[News] == list(range(1, 301))
