"""All six rule books together, in one thread: scenes with a known end, and worlds of chance."""

from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import Phase as Stage
from hypothesis import example, settings
from hypothesis import given as for_any
from hypothesis import strategies as some

from actors.clock.rules import next_instant
from actors.replay.simulation import Ending, Simulation, succeeds
from events.catalogue import AnyFact
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Lane,
    Phase,
    Step,
    Template,
)
from events.daemon import DaemonStarted
from events.requests import PauseRequested, Resumed, ResumeRequested, WorkRequested
from events.runs import RunEnded, RunResult, RunRetrying, RunStarting, Trouble
from events.work import (
    WorkDeferred,
    WorkFinished,
    WorkHeld,
    WorkReleased,
    WorkReturned,
)
from tests.rules.six_books_world import (
    BOOKS,
    MORNING,
    World,
    all_agree_on_what_is_open,
    each_occurrence_has_one_verdict,
    each_request_has_one_answer,
    each_work_ends_once,
    lanes_hold,
    no_pause_is_broken,
    nothing_waits_for_what_is_there,
    what_a_person_moved_is_not_taken_back,
)

LATER = MORNING + timedelta(hours=1)
HOUSE = Configuration(
    phases=(Phase(name="morning", start=time(6), end=time(8)),),
    budget=Budget(daily_usd_micros=100, reserve_usd_micros=0, categories={"general": 100}),
    lanes={"main": Lane(concurrency=5)},
    actions={
        "all": Action(command=("x",), estimate_usd_micros=100),
        "dear": Action(
            command=("x",), estimate_usd_micros=100, priority="high", at_phase_end="next_day"
        ),
        "flaky": Action(command=("x",), attempts=2, backoff_seconds=60),
        "free": Action(command=("x",)),
        "careful": Action(command=("x",), safe_to_repeat=True, backoff_seconds=60),
    },
    templates={"twice": Template(steps=(Step(action="free"), Step(action="free")), enabled=False)},
)


def house(outcome: Any = lambda starting: Ending(60, succeeds)) -> Simulation:
    world = Simulation(BOOKS, next_instant, outcome)
    world.say(MORNING, ConfigurationLoaded("d", HOUSE), "daemon")
    world.say(MORNING, DaemonStarted("0.1", 1, "boot"), "daemon")
    world.run_until(LATER)
    return world


def ask(world: Simulation, subject: str, phase: str | None = None) -> str:
    position = world.say(world.log[-1].at, WorkRequested(subject, f"k{len(world.log)}", phase))
    return f"w{position}-1"


def told(world: Simulation, *kinds: type[Any]) -> list[AnyFact]:
    return [record.fact for record in world.log if isinstance(record.fact, kinds)]


def first_ends(trouble: Trouble, *, begun: bool) -> Any:
    """The first run ends like this, all others well."""
    seen: list[str] = []

    def outcome(starting: RunStarting) -> Ending:
        seen.append(starting.run)
        if len(seen) > 1:
            return Ending(60, succeeds)
        return Ending(5, lambda run, at: RunEnded(run.run, begun, at, trouble=trouble))

    return outcome


# Scenes


def test_a_pause_between_two_steps_holds_the_second_until_it_is_over() -> None:
    world = house()
    work = ask(world, "twice")
    world.say(world.log[-1].at, PauseRequested("all", "p"))
    world.run_until(LATER + timedelta(hours=3))
    assert len(told(world, RunStarting)) == 1
    assert told(world, WorkReturned)[0].reason == "paused"  # type: ignore[union-attr]
    assert told(world, WorkHeld)[-1] == WorkHeld(work, "paused")
    world.say(world.log[-1].at, ResumeRequested("all", "r"))
    world.run_until(LATER + timedelta(hours=4))
    assert told(world, WorkFinished) == [WorkFinished(work, "completed")]


def test_in_safe_mode_what_meets_closed_doors_waits_for_a_life_with_open_ones() -> None:
    world = house(first_ends("doors_closed", begun=False))
    work = ask(world, "all")
    world.say(world.log[-1].at, DaemonStarted("0.1", 2, "boot", safe_mode=True))
    other = ask(world, "all")
    world.run_until(LATER + timedelta(hours=1))
    assert len(told(world, RunStarting)) == 1
    assert told(world, WorkFinished) == []
    held = {one.work: one.reason for one in told(world, WorkHeld)}  # type: ignore[union-attr]
    assert held == {work: "paused", other: "paused"}
    assert world.states["budget"].whole.used == 0
    world.say(world.log[-1].at, DaemonStarted("0.1", 3, "boot"))
    world.say(world.log[-1].at, ResumeRequested("all", "r"))
    world.run_until(LATER + timedelta(hours=2))
    assert told(world, WorkFinished) == [WorkFinished(work, "completed")]


def test_what_comes_too_late_for_its_phase_waits_for_the_next_one() -> None:
    def late(run: RunStarting, at: Any) -> RunEnded:
        return RunEnded(run.run, False, at, trouble="too_late")

    first = iter([Ending(7_200, late)])
    world = house(lambda starting: next(first, Ending(60, succeeds)))
    work = ask(world, "dear", "morning")
    world.run_until(LATER + timedelta(hours=20))
    deferred = told(world, WorkDeferred)
    assert [(one.work, one.phase) for one in deferred] == [(work, "morning")]  # type: ignore[union-attr]
    assert told(world, WorkFinished) == []
    world.run_until(LATER + timedelta(hours=25))
    assert told(world, WorkFinished) == [WorkFinished(work, "completed")]


@pytest.mark.parametrize("subject", ["flaky", "careful"])
def test_what_an_orderly_stop_ended_is_tried_again_when_the_daemon_is_back(subject: str) -> None:
    world = house(first_ends("daemon_stopped", begun=True))
    work = ask(world, subject)
    world.run_until(LATER + timedelta(seconds=10))
    assert len(told(world, RunRetrying)) == 1
    world.say(LATER + timedelta(hours=5), DaemonStarted("0.1", 2, "boot"))
    world.run_until(LATER + timedelta(hours=6))
    assert told(world, WorkFinished) == [WorkFinished(work, "completed")]


@pytest.mark.parametrize("hours", [2, 20], ids=["when a run ends", "when a new day begins"])
def test_work_does_not_starve_while_money_is_promised_to_work_that_may_not_go(hours: int) -> None:
    def cheap(run: RunStarting, at: Any) -> RunEnded:
        return RunEnded(run.run, True, at, 0, result=RunResult(cost_usd_micros=0))

    long = iter([Ending(hours * 3_600, cheap)])
    world = house(lambda starting: next(long, Ending(60, cheap)))
    first, waits, other = ask(world, "all"), ask(world, "dear", "morning"), ask(world, "all")
    world.run_until(LATER + timedelta(hours=20, minutes=2))
    assert {one.work for one in told(world, WorkFinished)} == {first, other}  # type: ignore[union-attr]
    world.run_until(LATER + timedelta(hours=25))
    assert WorkFinished(waits, "completed") in told(world, WorkFinished)


def test_a_pause_that_is_asked_for_again_after_a_resume_pauses_nothing() -> None:
    world = house()
    pause = PauseRequested("all", "p")
    for request in (pause, ResumeRequested("all", "r"), pause):
        world.say(world.log[-1].at, request)
    ask(world, "free")
    assert len(told(world, Resumed)) == len(told(world, WorkReleased)) == 1


# Worlds of chance


UNSHRUNK = (Stage.explicit, Stage.reuse, Stage.generate)  # A smaller seed is no simpler world.


def lived(seed: int) -> World:
    world = World(seed)

    def at_rest() -> None:
        all_agree_on_what_is_open(world)
        nothing_waits_for_what_is_there(world)

    world.live(at_rest)
    each_work_ends_once(world.log)
    no_pause_is_broken(world.log)
    lanes_hold(world.log, world.most)
    each_occurrence_has_one_verdict(world.log)
    each_request_has_one_answer(world.log)
    what_a_person_moved_is_not_taken_back(world.log)
    return world


@settings(max_examples=150, deadline=None, phases=UNSHRUNK)
@for_any(some.integers(0, 2**32))
@example(864)
def test_whatever_comes_to_mind_the_six_books_hold(seed: int) -> None:
    lived(seed)


def test_the_worlds_of_chance_are_not_dull() -> None:
    """Guards the test above: worlds in which nothing happened would prove nothing."""
    facts = [record.fact for seed in range(12) for record in lived(seed).log]
    assert {fact.kind for fact in facts} >= {
        "work-returned",
        "work-stopping",
        "work-buried",
        "work-deferred",
        "work-withdrawn",
        "step-reached",
        "run-retrying",
        "funds-refused",
        "funds-offered",
        "funds-overrun",
        "category-reopened",
        "request-repeated",
        "phase-missed",
        "resumed",
    }
    returned = {fact.reason for fact in facts if isinstance(fact, WorkReturned)}
    assert returned >= {"paused", "doors_closed", "too_late"}
