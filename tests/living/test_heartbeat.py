"""Whether the daemon works is told by the loops that do the work, and by nobody in their place."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, get_ident
from typing import Any

import pytest
from msgspec import Struct
from pykka import ActorRegistry

from actors.actor import Actor
from actors.clock.timer import now
from actors.executor.brief import RunBrief
from actors.executor.door import ClosedDoor, Tell
from actors.recall import Memory, recall
from actors.rules import Rules
from events.bus import Append, Bus
from events.codec import entry
from events.configuration import Action, Configuration, ConfigurationLoaded
from events.daemon import DaemonStarted
from events.memory import MemoryStore
from events.record import Record
from events.requests import Paused, PauseRequested, WorkRequested
from events.store import StoreFull
from horarium import client
from horarium.daemon import pulse
from horarium.daemon.edge import Answers, Edge
from horarium.daemon.house import House, Terms
from horarium.daemon.life import BOOKS
from horarium.daemon.pulse import beat
from horarium.places import places
from horarium.web.app import app
from horarium.web.server import UnixServer

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SHORT_SECONDS = 0.2
LONG_SECONDS = 10


@pytest.fixture(autouse=True)
def no_actor_outlives_its_test() -> Iterator[None]:
    yield
    ActorRegistry.stop_all()


class Nothing(Struct):
    """A state that remembers nothing."""


RULES = Rules(
    "worker",
    1,
    Nothing,
    frozenset({PauseRequested}),
    lambda state, record: iter((Paused("all"),)),
    lambda state, fact, at: None,
)


class Door:
    """It may be blocked; whoever uses it stands still in it then."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.entered, self.opened, self.threads = Event(), Event(), set[int]()
        if is_open:
            self.opened.set()

    def pass_through(self) -> None:
        self.entered.set()
        self.opened.wait(LONG_SECONDS)


class Worker(Actor[Nothing]):
    performs = frozenset({Paused})

    def __init__(self, bus: Any, door: Door) -> None:
        memory = Memory(Nothing(), 0, (), 0)
        super().__init__(RULES, bus, memory, lambda *what: None)
        self._door = door

    def perform(self, decision: Record) -> None:
        self._door.pass_through()

    def on_receive(self, message: Any) -> None:
        self._door.threads.add(get_ident())
        super().on_receive(message)


@pytest.fixture
def bus() -> Any:
    return Bus.start(MemoryStore())


def blocked(bus: Any) -> tuple[Any, Door]:
    """A worker whose loop is stuck in its door."""
    door = Door(is_open=False)
    worker = Worker.start(bus, door)
    bus.tell(Append("cli", [entry(PauseRequested("all", "k"), NOON)]))
    assert door.entered.wait(LONG_SECONDS)
    return worker, door


def test_all_loops_that_work_answer(bus: Any) -> None:
    found = beat(bus, {name: Worker.start(bus, Door()) for name in ("planner", "budget")})
    assert found.silent == () and found.answered_in_ms < 2_000


def test_a_loop_that_is_stuck_in_its_door_is_named(bus: Any) -> None:
    worker, door = blocked(bus)
    others = {"planner": Worker.start(bus, Door()), "executor": worker}
    found = beat(bus, others, SHORT_SECONDS)
    assert found.silent == ("executor",) and found.answered_in_ms >= 200
    door.opened.set()
    assert beat(bus, others).silent == ()


def test_the_answer_comes_from_the_loop_itself(bus: Any) -> None:
    door = Door()
    assert beat(bus, {"worker": Worker.start(bus, door)}).silent == ()
    assert len(door.threads) == 1 and get_ident() not in door.threads


def test_a_loop_that_has_ended_is_silent(bus: Any) -> None:
    worker = Worker.start(bus, Door())
    worker.stop()
    assert beat(bus, {"worker": worker}).silent == ("worker",)
    bus.stop()
    assert beat(bus, {}).silent == ("bus",)


def test_a_bus_that_cannot_reach_the_disk_is_silent_and_one_with_a_full_disk_is_not() -> None:
    reached = Event()

    class Stuck(MemoryStore):
        def commit(self, *args: Any) -> None:
            reached.wait(LONG_SECONDS)

    class Full(MemoryStore):
        def commit(self, *args: Any) -> None:
            raise StoreFull("database or disk is full")

    assert beat(Bus.start(Full()), {}).silent == ()
    bus = Bus.start(Stuck())
    bus.tell(Append("cli", [entry(PauseRequested("all", "k"), NOON)]))
    assert beat(bus, {}, SHORT_SECONDS).silent == ("bus",)
    reached.set()


def test_the_web_tells_what_the_loops_say(
    bus: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pulse, "BEAT_SECONDS", SHORT_SECONDS)
    worker, door = blocked(bus)
    edge = Edge(bus, Answers.start(bus, 0), lambda: NOON, lambda: False, actors={"clock": worker})
    here = places(str(tmp_path / "config.toml"), str(tmp_path))
    failed: list[BaseException] = []
    server = UnixServer(here.data, lambda: app(edge, lambda: {"pid": 7}), failed.append)
    server.start()
    try:
        for route in ("/v1/heartbeat", "/v1/status"):
            status, told = client.get(here, route)
            assert (status, told["state"], told["silent"]) == (503, "hung", ["clock"])
        door.opened.set()
        status, told = client.get(here, "/v1/status")
    finally:
        server.stop()
    assert (status, told["state"], told["silent"], told["pid"]) == (200, "alive", [], 7)
    assert told["answered_in_ms"] < 2_000 and not failed


class Blocked(ClosedDoor):
    """Of processes, and whoever wants to start one stands still in it."""

    def __init__(self, tell: Tell, door: Door) -> None:
        super().__init__(tell, now)
        self._door = door

    def start(self, brief: RunBrief, answers: int) -> None:
        self._door.pass_through()
        super().start(brief, answers)


def test_a_house_whose_executor_is_stuck_says_so_of_it_alone(tmp_path: Path) -> None:
    store, door, choked = MemoryStore(), Door(is_open=False), list[str]()
    loaded = ConfigurationLoaded("#", Configuration(actions={"echo": Action(command=("echo",))}))
    assert loaded.configuration is not None
    house = House(
        store,
        Terms(loaded.configuration, tmp_path, "boot"),
        lambda name, record, error: choked.append(name),
        lambda tell: Blocked(tell, door),
    )
    memories = recall(BOOKS, store)
    house.introduce(BOOKS)
    house.tell("daemon", [loaded, DaemonStarted("0", 1, "boot")]).result(LONG_SECONDS)
    edge = house.start(memories)
    assert edge.beat().silent == ()
    edge.ask(WorkRequested("echo", "k"))
    assert door.entered.wait(LONG_SECONDS)
    assert edge.beat().silent == ("executor",)
    door.opened.set()
    assert edge.beat().silent == ()
    house.stop("asked", 0, lambda: True)
    assert not choked
