"""What every door of the executor promises, be it real or simulated."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from actors.executor.brief import RunBrief
from actors.executor.door import ClosedDoor, Door
from actors.executor.keeper.client import Kept
from actors.executor.processes import Processes
from actors.executor.simulated import Course, SimulatedDoor
from events.configuration import Action
from events.runs import RunEnded, RunStarted
from tests.living import process_story
from tests.living.process_story import ANSWERS, Told, brief_of, command

pytestmark = pytest.mark.living

ACTIONS = {
    "well": command("true"),
    "badly": command("false"),
    "for ever": command("sleep", "600"),
    "too long": command("sleep", "600", timeout_seconds=1),
    "missing": command("no-such-program-anywhere"),
    "nothing": Action(executor="noop"),
}
COURSES = {
    "well": Course(seconds=1),
    "badly": Course(outcome="failed"),
    "for ever": Course(seconds=10**6),
    "too long": Course(seconds=10**6),
    "missing": Course(outcome="program_missing"),
}


class Real:
    """Time passes by itself."""

    def __init__(self, data: Path, kind: type[Processes | Kept]) -> None:
        self.told = Told()
        self.door: Door = kind(data, self.told, self.now)

    def now(self) -> datetime:
        return process_story.now()

    def let_time_pass(self) -> None:
        pass


class Simulated:
    """Time passes when we say so."""

    def __init__(self) -> None:
        self.told = Told()
        self._now = process_story.now()
        self.door: Door = SimulatedDoor(self.told, self.now, COURSES)

    def now(self) -> datetime:
        return self._now

    def let_time_pass(self) -> None:
        assert isinstance(self.door, SimulatedDoor)
        self._now += timedelta(seconds=5)
        self.door.pass_until(self._now)


World = Real | Simulated


@pytest.fixture(params=["real", "kept", "simulated"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    world: World
    if request.param == "simulated":
        world = Simulated()
    else:
        world = Real(tmp_path, Processes if request.param == "real" else Kept)
    yield world
    world.door.close(0)


def brief(name: str, run: str = "r1-1") -> RunBrief:
    return brief_of(ACTIONS[name], run, name=name)


def test_a_run_is_told_to_start_and_then_to_end(world: World) -> None:
    world.door.start(brief("well"), ANSWERS)
    started = world.told.next(RunStarted)
    world.let_time_pass()
    ended = world.told.next(RunEnded)
    assert started.run == ended.run == "r1-1"
    assert (ended.started, ended.exit_code, ended.trouble) == (True, 0, None)
    assert started.started_at <= ended.ended_at
    assert started.pid > 0
    assert started.start_ticks > 0


def test_a_failing_run_ends_with_its_exit_code(world: World) -> None:
    world.door.start(brief("badly"), ANSWERS)
    world.let_time_pass()
    ended = world.told.ended()
    assert (ended.exit_code, ended.trouble) == (1, None)


def test_a_missing_program_is_never_started(world: World) -> None:
    world.door.start(brief("missing"), ANSWERS)
    ended = world.told.next(RunEnded)
    assert (ended.started, ended.trouble) == (False, "program_missing")


def test_what_comes_too_late_is_never_started(world: World) -> None:
    late = brief_of(ACTIONS["well"], name="well", not_after=world.now() - timedelta(seconds=90))
    world.door.start(late, ANSWERS)
    ended = world.told.next(RunEnded)
    assert (ended.started, ended.trouble) == (False, "too_late")
    assert ended.detail.startswith("90.")


def test_nothing_is_done_at_once(world: World) -> None:
    world.door.start(brief("nothing"), ANSWERS)
    (ended,) = world.told.rest()
    assert isinstance(ended, RunEnded)
    assert (ended.started, ended.exit_code) == (True, 0)


def test_a_run_beyond_its_time_is_stopped(world: World) -> None:
    world.door.start(brief("too long"), ANSWERS)
    world.let_time_pass()
    ended = world.told.ended()
    assert ended.trouble == "timed_out"
    assert 1000 <= ended.duration_ms < 5000


@pytest.mark.parametrize("at_once", [False, True])
def test_a_run_is_stopped_on_request(world: World, at_once: bool) -> None:
    world.door.start(brief("for ever"), ANSWERS)
    world.door.stop("r1-1", at_once)
    ended = world.told.ended()
    assert (ended.trouble, ended.detail) == ("cancelled", "cancelled on request")


def test_stopping_what_has_ended_or_never_was_says_nothing(world: World) -> None:
    world.door.start(brief("missing"), ANSWERS)
    world.told.next(RunEnded)
    world.door.stop("r1-1")
    world.door.stop("r9-9")
    world.door.close(0)
    assert world.told.rest() == []


def test_a_run_that_was_started_before_is_lost_and_not_started_again(world: World) -> None:
    world.door.start(brief("well"), ANSWERS)
    world.let_time_pass()
    world.told.ended()
    world.door.start(brief("well"), ANSWERS)
    ended = world.told.ended()
    assert (ended.started, ended.trouble) == (True, "lost")


def test_a_run_that_lives_is_not_started_again(world: World) -> None:
    world.door.start(brief("for ever"), ANSWERS)
    world.told.next(RunStarted)
    world.door.start(brief("for ever"), ANSWERS)
    world.door.close(0)
    assert [type(fact) for fact in world.told.rest()] == [RunEnded]


def test_what_was_never_begun_is_begun_after_a_restart(world: World) -> None:
    world.door.recover(brief("well"), ANSWERS, None, same_boot=True)
    world.told.next(RunStarted)
    world.let_time_pass()
    assert world.told.next(RunEnded).exit_code == 0


def test_what_was_begun_in_another_boot_is_lost(world: World) -> None:
    started = RunStarted("r1-1", 1, "another", 7, world.now())
    world.door.recover(brief("well"), ANSWERS, started, same_boot=False)
    ended = world.told.next(RunEnded)
    assert (ended.started, ended.trouble) == (True, "lost")


def test_what_may_have_begun_in_another_boot_is_lost(world: World) -> None:
    world.door.recover(brief("well"), ANSWERS, None, same_boot=False)
    assert world.told.next(RunEnded).trouble == "lost"


def test_nothing_is_done_again_after_a_restart(world: World) -> None:
    world.door.recover(brief("nothing"), ANSWERS, None, same_boot=False)
    assert world.told.next(RunEnded).exit_code == 0


def test_a_run_that_is_refused_never_begins_and_may_come_again_as_another(world: World) -> None:
    world.door.refuse(brief("well"), ANSWERS, "paused")
    ended = world.told.next(RunEnded)
    assert (ended.run, ended.started, ended.trouble) == ("r1-1", False, "paused")
    world.door.start(brief("well", "r2-1"), ANSWERS)
    assert world.told.next(RunStarted).run == "r2-1"


@pytest.mark.parametrize("name", ["well", "nothing"])
def test_what_was_never_begun_is_refused_after_a_restart_while_it_is_paused(
    world: World, name: str
) -> None:
    world.door.recover(brief(name), ANSWERS, None, same_boot=True, paused=True)
    ended = world.told.next(RunEnded)
    assert (ended.started, ended.trouble) == (False, "paused")


def test_what_was_begun_is_lost_after_a_restart_also_while_it_is_paused(world: World) -> None:
    started = RunStarted("r1-1", 1, "another", 7, world.now())
    world.door.recover(brief("well"), ANSWERS, started, same_boot=False, paused=True)
    ended = world.told.next(RunEnded)
    assert (ended.started, ended.trouble) == (True, "lost")


def test_a_closing_door_lets_end_what_ends_in_time(world: World) -> None:
    world.door.start(brief("well"), ANSWERS)
    world.told.next(RunStarted)
    world.door.close(20)
    (ended,) = world.told.rest()
    assert isinstance(ended, RunEnded)
    assert ended.exit_code == 0


def test_a_closing_door_stops_what_does_not_end_and_says_so_before_it_returns(
    world: World,
) -> None:
    for n in range(3):
        world.door.start(brief("for ever", f"r1-{n}"), ANSWERS)
        world.told.next(RunStarted)
    world.door.close(0)
    ends = [fact for fact in world.told.rest() if isinstance(fact, RunEnded)]
    assert sorted(end.run for end in ends) == ["r1-0", "r1-1", "r1-2"]
    assert {(end.trouble, end.detail) for end in ends} == {("daemon_stopped", "")}


def test_a_closed_door_begins_nothing_and_leaves_it_to_the_next_life(world: World) -> None:
    world.door.close(0)
    world.door.start(brief("well"), ANSWERS)
    world.door.start(brief("nothing"), ANSWERS)
    world.door.recover(brief("well", "r2-1"), ANSWERS, None, same_boot=True)
    world.door.refuse(brief("well", "r3-1"), ANSWERS, "paused")
    assert world.told.rest() == []


def test_ends_come_in_the_order_of_their_time() -> None:
    simulated = Simulated()
    simulated.door.start(brief_of(ACTIONS["well"], "r1-1", name="badly"), ANSWERS)
    simulated.door.start(brief("well", "r1-2"), ANSWERS)
    simulated.door.start(brief("for ever", "r1-3"), ANSWERS)
    simulated.told.rest()
    simulated.let_time_pass()
    ends = [fact for fact in simulated.told.rest() if isinstance(fact, RunEnded)]
    assert [(end.run, end.exit_code, end.duration_ms) for end in ends] == [
        ("r1-1", 1, 1000),
        ("r1-2", 0, 1000),
    ]


def test_a_simulated_run_costs_what_its_course_says() -> None:
    told, at = Told(), process_story.now()
    door = SimulatedDoor(told, lambda: at, {"dear": Course(seconds=2.5, cost_usd_micros=70_000)})
    door.start(brief_of(ACTIONS["well"], name="dear", not_after=at), ANSWERS)
    assert door.next_end == at + timedelta(seconds=2.5)
    door.pass_until(at + timedelta(seconds=3))
    ended = told.ended()
    assert ended.result is not None
    assert (ended.result.cost_usd_micros, ended.duration_ms) == (70_000, 2500)
    assert door.next_end is None


def test_in_safe_mode_nothing_goes_through() -> None:
    told = Told()
    door: Door = ClosedDoor(told, process_story.now)
    door.start(brief("well"), ANSWERS)
    ended = told.next(RunEnded)
    assert (ended.started, ended.trouble) == (False, "doors_closed")
    door.refuse(brief("well"), ANSWERS, "paused")
    assert told.next(RunEnded).trouble == "paused"
    door.recover(brief("well"), ANSWERS, None, same_boot=True)
    door.stop("r1-1")
    door.close(0)
    assert told.rest() == []
