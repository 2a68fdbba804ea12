"""The clock, alive, asked whether the machine is idle: one look answers all who asked before."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

import pytest
from pykka import ActorRegistry, ThreadingActor

from actors.clock.actor import ClockActor
from actors.clock.idle import IdleLook
from actors.clock.rules import RULES
from actors.clock.simulated import SimulatedClocks
from actors.clock.timer import Timer
from actors.recall import Memory
from events.bus import Append, Bus, News, Subscribe
from events.catalogue import AnyObservation
from events.codec import entry
from events.configuration import Configuration, ConfigurationLoaded
from events.daemon import DaemonStarted
from events.fact import Fact
from events.intents import IdleAsked
from events.memory import MemoryStore
from events.policies import Clock
from events.record import Record
from events.time import IdleProbing, IdleSeen

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECONDS = 30


@pytest.fixture(autouse=True)
def no_actor_outlives_its_test() -> Iterator[None]:
    yield
    ActorRegistry.stop_all()


class Listener(ThreadingActor):
    """Puts each record where the test can wait for it."""

    def __init__(self, heard: "SimpleQueue[Record]") -> None:
        super().__init__()
        self._heard = heard

    def on_receive(self, message: Any) -> None:
        for record in message.records if isinstance(message, News) else ():
            self._heard.put(record)


@pytest.mark.parametrize(("code", "idle"), [(0, True), (1, False)])
def test_a_question_is_performed_and_answered_with_its_cause(code: int, idle: bool) -> None:
    settings = Clock(idle_command=(sys.executable, "-c", f"raise SystemExit({code})"))
    bus: Any = Bus.start(MemoryStore())
    heard: SimpleQueue[Record] = SimpleQueue()
    kinds: frozenset[type[Fact]] = frozenset({IdleProbing, IdleSeen})
    bus.tell(Subscribe(Listener.start(heard), 0, kinds))

    def answer(cause: int, seen: IdleSeen) -> None:
        bus.tell(Append("idle", [entry(seen, NOON, cause)]))

    probe = IdleLook(lambda: settings, dict, answer)
    clocks = SimulatedClocks(NOON)
    memory = Memory(RULES.state(), 0, (), 0)
    clock = ClockActor.start(
        *(bus, memory, lambda *what: None, 10_000, frozenset()),
        lambda: Timer(lambda at, seen: None, clocks.read),
        probe,
    )
    begun: list[AnyObservation] = [
        ConfigurationLoaded("d", Configuration(clock=settings)),
        DaemonStarted("1", 1, "b"),
    ]
    bus.tell(Append("daemon", [entry(fact, NOON) for fact in begun]))
    bus.tell(Append("phase_queue", [entry(IdleAsked(work), NOON, 1, 1) for work in ("w1", "w2")]))
    question, seen = heard.get(timeout=SECONDS), heard.get(timeout=SECONDS)
    assert isinstance(question.fact, IdleProbing)
    assert isinstance(seen.fact, IdleSeen)
    assert (seen.fact.idle, seen.cause, seen.by) == (idle, question.position, "idle")
    clock.stop(timeout=SECONDS)
    probe.close()
    assert heard.empty(), "two asked, and one look was enough"
