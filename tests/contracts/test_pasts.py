"""A log in a data folder answers as one in memory does, however far it is projected."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from actors.replay.past import Past
from events.daemon import DaemonStarted, DaemonStopped
from events.requests import CancelRequested, PauseRequested
from events.runs import RunStarting
from events.work import WorkPlanned
from horarium.past import LogPast
from horarium.reading import opened
from projections.database import open_readonly
from tests.rules.explain_story import (
    FRIDAY,
    World,
    action,
    at,
    ending,
    intent,
    study,
    templates,
)
from tests.whole.explain_house import stored

MINUTE = timedelta(minutes=1)


def lived() -> World:
    """A bit of everything: works that ran, failed, wait, were refused; a phase that was missed."""
    house = templates(intent(action("read", attempts=2)), study=study(per_day=1))
    world = World(house, ending(exit_code=1))
    world.asks("read", "k1", "07:00")
    world.asks("nothing", "k2", "07:05")
    work = world.asks("tidy", "k3", "07:10", phase="evening")
    world.hears(CancelRequested(work, "k4"), "07:20")
    world.hears(PauseRequested("lane", "k5", "desk"), "07:30")
    world.asks("tidy", "k6", "07:40")
    world.until("17:00")
    world.say(at("17:01"), DaemonStopped("asked"), "daemon")
    world.say(at("23:00"), DaemonStarted("0", 2, "boot"), "daemon")
    return world


@pytest.fixture(scope="module")
def world() -> World:
    return lived()


@pytest.fixture(scope="module", params=["projected", "halfway", "unprojected"])
def past(
    world: World, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LogPast]:
    upto = {"projected": None, "halfway": len(world.log) // 2, "unprojected": 0}[request.param]
    here = stored(tmp_path_factory.mktemp("house"), world, upto)
    with opened(here) as log:
        if upto == 0:
            yield LogPast(log, None)
        else:
            with closing(open_readonly(here.projections)) as folded:
                yield LogPast(log, folded)


def bare(records: Sequence[Any]) -> list[Any]:
    return [replace(it, hash="") for it in records if it is not None]


def test_records_are_read_by_position(past: Past, world: World) -> None:
    assert past.head == len(world.log)
    assert bare([past.record(7)]) == [world.log[6]]
    assert past.record(len(world.log) + 1) is None
    assert bare([*past.records(3, 9)]) == world.log[3:9]


def test_everything_about_a_work_is_found(past: Past, world: World) -> None:
    works = [it.fact.work for it in world.log if isinstance(it.fact, WorkPlanned)]
    assert len(works) > 5
    for work in works:
        expected = [it.position for it in world.past.about(work)]
        found = [it.position for it in past.about(work)]
        asked = {it.position for it in world.log if it.fact.kind.endswith("-requested")}
        assert set(found) - asked == set(expected) - asked, work
        assert found == sorted(found)
    assert past.about("w999999-1") == []


def test_the_work_of_a_run_is_known(past: Past, world: World) -> None:
    for record in world.log:
        if isinstance(record.fact, RunStarting):
            assert past.work_of(record.fact.run) == record.fact.work
    assert past.work_of("r999999-1") is None


@pytest.mark.parametrize("key", ["k1", "k2", "k4", "k5", "nothing"])
def test_requests_are_found_by_key(past: Past, world: World, key: str) -> None:
    found = bare(past.requests(key))
    assert found == list(world.past.requests(key))
    if found:
        position = found[-1].position
        assert bare(past.answers(position)) == list(world.past.answers(position))


def test_occurrences_are_found_by_time(past: Past, world: World) -> None:
    for clock in ("07:00", "08:00", "19:00", "23:00"):
        first, last = at(clock), at(clock) + MINUTE
        verdicts = [it for it in past.occurrences("hourly", first, last) if _is_verdict(it)]
        known = [it for it in world.past.occurrences("hourly", first, last) if _is_verdict(it)]
        assert bare(verdicts) == known
        assert known, clock
    assert not past.occurrences("hourly", at("07:10"), at("07:11"))


def _is_verdict(record: Any) -> bool:
    return str(record.fact.kind) != "occurrence-due"


def test_the_work_of_a_day_is_found(past: Past, world: World) -> None:
    assert bare(past.planned(FRIDAY, "study")) == list(world.past.planned(FRIDAY, "study"))
    phases = list(world.past.planned(FRIDAY, phase="evening"))
    assert bare(past.planned(FRIDAY, phase="evening")) == phases != []
    assert bare(past.passed_over(FRIDAY, "study")) == list(world.past.passed_over(FRIDAY, "study"))


@pytest.mark.parametrize("phase", ["morning", "evening", "none"])
def test_what_the_clock_told_of_a_phase_is_found(past: Past, world: World, phase: str) -> None:
    assert bare(past.phases(FRIDAY, phase)) == list(world.past.phases(FRIDAY, phase))


def test_the_configuration_and_times_are_found(past: Past, world: World) -> None:
    assert past.configuration(past.head) == world.past.configuration(past.head)
    assert past.configuration(0) is None
    for clock in ("06:00", "07:00", "07:10", "12:00"):
        assert past.before(at(clock)) == world.past.before(at(clock))


def test_the_names_of_what_there_is_are_known(past: Past, world: World) -> None:
    known, found = world.past.names(), past.names()
    assert set(known.works) == set(found.works)
    assert set(known.keys) <= set(found.keys)


def test_nothing_can_be_written_through_it(past: LogPast) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        past._log.execute("DELETE FROM stored_events")
