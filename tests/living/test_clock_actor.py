"""What the living clock asks of its doors."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

import pytest
from pykka import ActorRef, ActorRegistry

from actors.clock.actor import ClockActor
from actors.clock.rules import RULES
from actors.recall import recall
from events.bus import Append, Bus, Considered
from events.catalogue import AnyFact
from events.codec import entry
from events.configuration import Configuration, ConfigurationLoaded, Intent
from events.daemon import DaemonStarted
from events.intents import IdleAsked
from events.memory import MemoryStore
from events.store import Store, read
from events.time import IdleProbing, IdleSeen

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STARTED = DaemonStarted("0.2", 1, "boot")
LOADED = ConfigurationLoaded(
    "d", Configuration(intents={"read": Intent(run="x", cron="0 * * * *")})
)
WAIT_SECONDS = 30


@pytest.fixture(autouse=True)
def no_actor_outlives_its_test() -> Iterator[None]:
    yield
    ActorRegistry.stop_all()


class Doors:
    """A waker and a probe that only write down what was asked of them."""

    def __init__(self) -> None:
        self.armed: SimpleQueue[datetime | None] = SimpleQueue()
        self.looked: SimpleQueue[int] = SimpleQueue()

    def arm(self, instant: datetime | None) -> None:
        self.armed.put(instant)

    def look(self, position: int) -> None:
        self.looked.put(position)

    def close(self) -> None:
        """There is nothing to close."""


def tell(bus: ActorRef[Any], *facts: AnyFact, cause: int | None = None) -> None:
    bus.tell(Append("door", [entry(fact, NOON, cause) for fact in facts]))


def life(store: Store, bus: ActorRef[Any], *facts: AnyFact) -> Doors:
    """What a life begins with, and a clock that hears it."""
    doors = Doors()
    if store.considered("clock") is None:
        bus.tell(Considered("clock", 0))
    bus.ask(Append("house", ()), timeout=WAIT_SECONDS)
    memory = recall([RULES], store)["clock"]
    tell(bus, *facts)
    ClockActor.start(bus, memory, lambda *_: None, 10_000, frozenset(), lambda: doors, doors)
    return doors


def test_the_clock_is_armed_with_the_next_instant_that_matters() -> None:
    store = MemoryStore()
    doors = life(store, Bus.start(store), LOADED, STARTED)
    while (armed := doors.armed.get(timeout=WAIT_SECONDS)) is None:
        pass
    assert armed == NOON + timedelta(hours=1)


def test_a_question_reaches_the_probe_with_its_place_in_the_log() -> None:
    store = MemoryStore()
    doors = life(store, Bus.start(store), LOADED, STARTED, IdleAsked("w1-1"))
    position = doors.looked.get(timeout=WAIT_SECONDS)
    assert isinstance(next(read(store, position - 1)).fact, IdleProbing)


def test_a_question_without_an_answer_is_asked_again_in_the_next_life() -> None:
    store = MemoryStore()
    bus = Bus.start(store)
    first = life(store, bus, LOADED, STARTED, IdleAsked("w1-1")).looked.get(timeout=WAIT_SECONDS)
    bus.stop()
    bus = Bus.start(store)
    again = life(store, bus, STARTED).looked.get(timeout=WAIT_SECONDS)
    assert again > first
    tell(bus, IdleSeen(True), cause=again)
    bus.stop()
    bus = Bus.start(store)
    doors = life(store, bus, STARTED)
    while doors.armed.get(timeout=WAIT_SECONDS) is None:
        pass
    assert doors.looked.empty()
