"""What the living executor hands to its door, now and after a restart."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pykka import ActorRef, ActorRegistry

from actors.executor.actor import ExecutorActor
from actors.executor.brief import RunBrief
from actors.executor.state import Executing
from actors.recall import Memory
from events.catalogue import AnyFact
from events.configuration import Action
from events.daemon import DaemonStarted
from events.record import Record
from events.requests import Paused, Resumed, SettleRequested
from events.runs import ProbeEnded, ProbeStarting, RunCancelling, RunStarted, Trouble
from tests.rules.executor_story import LOST, given, loaded, planned, released, starting, when

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAUSED_LIFE = DaemonStarted("0.1", 2, "boot-2", paused=True)
PROBING = ProbeStarting("p1-1", "r1-1", "w1-1", "read", NOON)
STARTING = Record(50, NOON, "executor", 49, starting("read"))


@pytest.fixture(autouse=True)
def no_actor_outlives_its_test() -> Iterator[None]:
    yield
    ActorRegistry.stop_all()


class Watched:
    """A door that only writes down what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def start(self, brief: RunBrief, answers: int) -> None:
        self.asked.append(("start", brief.run, answers))

    def rouse(self) -> None:
        pass

    def refuse(self, brief: RunBrief, answers: int, trouble: Trouble) -> None:
        self.asked.append(("refuse", brief.run, answers, trouble))

    def stop(self, run: str, at_once: bool = False) -> None:
        self.asked.append(("stop", run, at_once))

    def recover(
        self,
        brief: RunBrief,
        answers: int,
        started: RunStarted | None,
        same_boot: bool,
        paused: bool = False,
    ) -> None:
        self.asked.append(("recover", brief.run, answers, same_boot, paused))

    def probe(self, brief: RunBrief, probe: str, answers: int) -> None:
        self.asked.append(("probe", brief.run, probe, answers))

    def close(self, wait_seconds: float) -> None:
        self.asked.append(("close",))


def executor(state: Executing) -> tuple[ExecutorActor, Watched]:
    """One on a machine that calls itself boot-2, whose runs were decided at position 50."""
    door, nobody = Watched(), cast(ActorRef[Any], None)
    memory: Memory[Executing] = Memory(state, 60, (), 60)
    return ExecutorActor(
        nobody,
        memory,
        lambda *_: None,
        10_000,
        frozenset(),
        door=door,
        started_at=lambda run: 50,
        boot="boot-2",
    ), door


def open_run(*later: AnyFact) -> Executing:
    life = DaemonStarted("0.1", 1, "boot-1")
    return given(life, planned("read"), released("read"), starting("read"), *later)


def unheard(*facts: AnyFact) -> Sequence[Record]:
    return [Record(61 + n, NOON, "somebody", None, fact) for n, fact in enumerate(facts)]


def test_a_run_is_handed_to_the_door() -> None:
    actor, door = executor(open_run())
    actor.perform(STARTING)
    assert door.asked == [("start", "r1-1", 50)]


@pytest.mark.parametrize(
    "pause", [Paused("all"), Paused("lane", "desk"), Paused("category", "research"), PAUSED_LIFE]
)
def test_a_run_that_a_pause_overtook_is_not_handed_to_the_door(pause: AnyFact) -> None:
    actor, door = executor(open_run(pause))
    actor.perform(STARTING)
    assert door.asked == [("refuse", "r1-1", 50, "paused")]


@pytest.mark.parametrize("at_once", [False, True])
def test_the_door_hears_how_gently_a_run_is_to_be_stopped(at_once: bool) -> None:
    cancelling = RunCancelling("r1-1", "w1-1", at_once)
    actor, door = executor(open_run(cancelling))
    actor.perform(Record(70, NOON, "executor", 69, cancelling))
    assert door.asked == [("stop", "r1-1", at_once)]
    actor.resume(())
    assert door.asked[2:] == [("stop", "r1-1", at_once)], "also after a restart"


@pytest.mark.parametrize(
    ("facts", "paused"),
    [
        ((), False),
        ((PAUSED_LIFE,), True),
        ((Paused("lane", "desk"),), True),
        ((Paused("lane", "yard"),), False),
        ((PAUSED_LIFE, Paused("all"), Resumed("all")), False),
    ],
)
def test_after_a_restart_a_pause_is_honoured_that_was_not_heard_yet(
    facts: tuple[AnyFact, ...], paused: bool
) -> None:
    actor, door = executor(open_run())
    actor.resume(unheard(*facts))
    assert door.asked == [("recover", "r1-1", 50, False, paused)]


def test_a_pause_of_an_earlier_life_is_honoured_after_a_restart() -> None:
    actor, door = executor(open_run(Paused("all")))
    actor.resume(())
    assert door.asked == [("recover", "r1-1", 50, False, True)]


def test_the_process_itself_says_on_which_boot_it_began() -> None:
    began = RunStarted("r1-1", 7, "boot-2", 8, NOON)
    for actor, door in (executor(open_run(began)), executor(open_run())):
        actor.resume(unheard(began))
        assert door.asked == [("recover", "r1-1", 50, True, False)]


def unknown_run() -> Executing:
    """One of which nobody saw the end, with a probe that is asked what became of it."""
    probed = Action(command=("true",), probe_command=("look",))
    state = given(loaded(read=probed), planned("read"), released("read"), starting("read"))
    when(state, LOST)
    return state


def test_a_probe_is_asked_of_the_door() -> None:
    actor, door = executor(unknown_run())
    actor.perform(Record(70, NOON, "executor", 69, PROBING))
    assert door.asked == [("probe", "r1-1", "p1-1", 70)]


def test_a_probe_without_an_answer_is_asked_again_after_a_restart() -> None:
    actor, door = executor(unknown_run())
    actor.resume(())
    assert door.asked == [("probe", "r1-1", "p1-1", 50)]


def test_a_probe_that_has_answered_is_not_asked_again() -> None:
    actor, door = executor(unknown_run())
    actor.resume(unheard(ProbeEnded("p1-1", 0)))
    assert door.asked == []


def test_a_probe_of_what_a_person_has_settled_is_not_asked() -> None:
    state = unknown_run()
    when(state, SettleRequested("r1-1", "failed", "s"))
    actor, door = executor(state)
    actor.perform(Record(70, NOON, "executor", 69, PROBING))
    assert door.asked == []
