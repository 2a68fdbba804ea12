"""An intent that may run only so often: what else comes of it when one of them does not run."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from actors.replay.books import BOOKS, next_instant
from actors.replay.simulation import Ending, Simulation, succeeds
from events.configuration import Action, Configuration, ConfigurationLoaded, Intent
from events.daemon import DaemonStarted
from events.requests import PauseRequested, ResumeRequested
from events.time import OccurrenceDue, OccurrencesExpected
from projections.invariants.check import Violation
from projections.invariants.checker import Checker

DAWN = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
TWICE = Intent(run="read", cron="0 * * * *", max_runs=2)


def lived(intent: Intent, *, paused: bool = False, absent: int = 0) -> Simulation:
    house = Configuration(actions={"read": Action(command=("x",))}, intents={"twice": intent})
    world = Simulation(BOOKS, next_instant)
    world.say(DAWN, ConfigurationLoaded("d", house), "daemon")
    world.say(DAWN, DaemonStarted("0", 1, "b"), "daemon")
    if paused:
        world.say(DAWN, PauseRequested("all", "p"), "cli")
        world.run_until(DAWN + 3 * HOUR)
        world.say(DAWN + 3 * HOUR, ResumeRequested("all", "r"), "cli")
    if absent:
        world.say(DAWN + absent * HOUR, DaemonStarted("0", 2, "b"), "daemon")
    world.run_until(DAWN + 30 * HOUR)
    assert checked(world) == []
    return world


def checked(world: Simulation) -> list[Violation]:
    found: list[Violation] = []
    checker = Checker(found.append)
    checker.take(world.log)
    checker.finish({})
    return found


def told(world: Simulation) -> list[tuple[str, int]]:
    facts = [record.fact for record in world.log]
    news = [fact for fact in facts if isinstance(fact, OccurrencesExpected)]
    return [(fact.because, one.count) for fact in news for one in fact.intents]


def dues(world: Simulation) -> int:
    return sum(isinstance(record.fact, OccurrenceDue) for record in world.log)


def test_all_of_its_runs_are_expected_and_no_more() -> None:
    world = lived(TWICE)
    assert told(world) == [("day_started", 2)]
    assert dues(world) == 2


def test_a_run_that_it_gets_back_is_expected_before_it_comes() -> None:
    world = lived(TWICE, paused=True)
    assert told(world) == [("day_started", 2), *[("runs_left", 2)] * 3]
    assert dues(world) == 3 + 2


def test_those_that_were_missed_are_no_runs_and_others_are_expected() -> None:
    world = lived(TWICE, absent=5)
    assert told(world)[-1] == ("runs_left", 1), "the other one is made up for"
    assert dues(world) == 2


@pytest.mark.parametrize("runs", [1, 3, 40])
@pytest.mark.parametrize("absent", [0, 2, 17, 25])
@pytest.mark.parametrize("misfire", ["skip", "run_all", "run_once_latest"])
def test_whatever_comes_in_between_nothing_comes_unexpected(
    runs: int, absent: int, misfire: str
) -> None:
    for trigger in ({"cron": "0 * * * *"}, {"every_seconds": 2_700}):
        intent = Intent(run="read", max_runs=runs, misfire=misfire, **trigger)  # type: ignore[arg-type]
        lived(intent, absent=absent)
        lived(intent, absent=absent, paused=absent > 3 or not absent)


def test_a_place_that_comes_free_late_may_be_that_of_an_instant_which_is_past() -> None:
    late = DAWN + 4 * HOUR
    length = round((late - DAWN - HOUR / 2).total_seconds())
    world = Simulation(BOOKS, next_instant, lambda starting: Ending(length, succeeds))
    twice = replace(TWICE, overlap="buffer_one")
    house = Configuration(actions={"read": Action(command=("x",))}, intents={"twice": twice})
    world.say(DAWN, ConfigurationLoaded("d", house), "daemon")
    world.say(DAWN, DaemonStarted("0", 1, "b"), "daemon")
    world.run_until(late - HOUR / 2)
    world.say(late - HOUR / 2, PauseRequested("all", "p"), "cli")
    world.run_until(late)
    told = [it.fact for it in world.log if isinstance(it.fact, OccurrencesExpected)]
    assert told[1].because == "runs_left" and told[1].intents[0].last_due_at < late
    assert checked(world) == []
