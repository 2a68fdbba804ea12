"""A wall clock that is years wrong and then put right: bounded work, and nothing twice."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from events.configuration import Configuration, Intent
from events.intents import AlertCleared, AlertRaised
from events.policies import Clock
from events.time import (
    ClockStepped,
    DayStarted,
    HostSlept,
    OccurrenceDue,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
    OccurrencesReopened,
    PhaseMissed,
    TimePassed,
)
from tests.rules.clock_world import MIDNIGHT, World

YEARS = timedelta(days=72 * 365)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTELY, HOURLY = Intent(run="read", cron="* * * * *"), Intent(run="read", cron="0 * * * *")


def world_of(**intents: Intent) -> World:
    return World(MIDNIGHT + timedelta(hours=9, minutes=30), Configuration(intents=intents))


def kinds(told: list[Any]) -> list[type]:
    return [type(fact) for fact in told]


def test_no_time_passed_where_the_clock_was_put_forward_by_years() -> None:
    world = world_of(read=MINUTELY)
    told = world.step(YEARS)
    assert kinds(told) == [DayStarted, OccurrencesExpected, OccurrenceDue, AlertRaised]
    assert told[2] == OccurrenceDue("read", world.now)


def test_a_clock_that_is_put_right_goes_on_from_the_moment_that_was_lived() -> None:
    world = world_of(read=HOURLY)
    world.step(YEARS)
    world.pass_time(2 * HOUR)
    far = world.dues("read")
    assert len(far) == 2
    told = world.step(-YEARS)
    at = MIDNIGHT + timedelta(hours=11, minutes=30)
    assert world.now == at
    assert OccurrencesReopened(at) in told
    assert DayStarted(MIDNIGHT.date(), MIDNIGHT, MIDNIGHT + DAY, again=True) in told
    ten, eleven = MIDNIGHT + timedelta(hours=10), MIDNIGHT + timedelta(hours=11)
    assert OccurrencesCoalesced("read", ten, ten, 1, eleven, "clock_stepped") in told
    assert OccurrenceDue("read", eleven, overdue=True) in told
    world.pass_time(HOUR)
    assert world.dues("read")[-1] == MIDNIGHT + timedelta(hours=12)


def test_what_is_told_after_a_sleep_is_not_withdrawn_by_the_step_of_the_same_reading() -> None:
    world = world_of(read=HOURLY)
    world.step(YEARS)
    world.pass_time(2 * HOUR)
    since, before = world.now, world.now + HOUR
    world.now = before - YEARS
    slept = world.tell(HostSlept(3_600_000, since))
    assert kinds(slept)[:3] == [OccurrencesReopened, DayStarted, OccurrencesExpected]
    told = world.tell(ClockStepped(-YEARS // timedelta(milliseconds=1), before))
    assert kinds(told) == [AlertRaised]


def test_a_start_with_the_clock_far_ahead_is_an_absence_that_is_withdrawn() -> None:
    world = world_of(read=MINUTELY)
    told = world.be_down(YEARS)
    assert sum(isinstance(fact, OccurrencesCoalesced) for fact in told) == 1
    back = world.be_down(-YEARS + timedelta(minutes=1))
    assert kinds(back) == [OccurrencesReopened, DayStarted, OccurrencesExpected]
    world.pass_time(timedelta(minutes=3))
    assert len(world.dues("read")) == 3 + 1


def test_what_was_started_ahead_of_its_time_does_not_start_again() -> None:
    world = world_of(read=HOURLY)
    world.step(3 * DAY)
    world.pass_time(3 * HOUR)
    ahead = world.dues("read")
    world.step(-3 * DAY)
    world.pass_time(4 * DAY)
    dues = world.dues("read")
    assert len(dues) == len(set(dues)) and set(ahead) <= set(dues)
    assert world.lived_again() == world.clock


def test_phases_that_nobody_lived_were_not_missed() -> None:
    world = world_of()
    assert PhaseMissed not in kinds(world.step(YEARS))


@pytest.mark.parametrize("hours", [23, -23])
def test_a_step_of_less_than_a_day_withdraws_nothing(hours: int) -> None:
    world = world_of(read=HOURLY)
    told = world.step(hours * HOUR)
    assert OccurrencesReopened not in kinds(told)
    missed = [fact for fact in told if isinstance(fact, OccurrencesCoalesced | OccurrenceMissed)]
    assert {fact.reason for fact in missed} == ({"clock_stepped"} if hours > 0 else set())


def test_a_clock_put_back_a_little_brings_nothing_twice() -> None:
    world = world_of(read=HOURLY)
    world.pass_time(HOUR)
    assert world.step(-HOUR) == []
    world.pass_time(HOUR)
    assert len(world.dues("read")) == 1
    world.pass_time(HOUR)
    assert len(world.dues("read")) == 2


def test_a_person_hears_of_a_step_of_more_than_an_hour_until_the_next_day() -> None:
    world = world_of()
    assert kinds(world.step(timedelta(minutes=59))) == []
    assert kinds(world.step(timedelta(minutes=61))) == [AlertRaised]
    assert kinds(world.step(timedelta(minutes=61))) == []
    assert AlertCleared("clock_stepped") in world.pass_time(DAY)


def test_the_pause_between_two_occurrences_does_not_pass_where_no_time_did() -> None:
    world = world_of(read=Intent(run="read", every_seconds=600, every_from="completion"))
    world.step(YEARS)
    assert world.pass_time(timedelta(seconds=599)) == []
    assert OccurrenceDue in kinds(world.pass_time(timedelta(seconds=1)))


lives = some.lists(
    some.tuples(
        some.sampled_from(["pass", "step", "down"]),
        some.sampled_from([1, 50, 3_600, 50_000]),
        some.sampled_from([0, 0, 0, 3, -3, 800, -800, 26_280, -26_280]),
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@for_any(lives, some.sampled_from(["*/20 * * * *", "0 9 * * *", "0 */2 * * *"]))
def test_however_wrong_the_clock_was_nothing_comes_twice_or_early_and_all_goes_on(
    happenings: list[tuple[str, int, int]], cron: str
) -> None:
    intents = {
        "a": Intent(run="read", cron=cron),
        "b": Intent(run="read", every_seconds=2_000, misfire="run_all"),
        "c": Intent(run="read", every_seconds=900, every_from="completion"),
    }
    configuration = Configuration(clock=Clock(catch_up_limit=3), intents=intents)
    world = World(MIDNIGHT, configuration)
    for what, seconds, days in happenings:
        span = timedelta(seconds=seconds)
        before = len(world.log)
        match what:
            case "pass":
                world.pass_time(span)
            case "step" if world.now + days * DAY > MIDNIGHT - 4_000 * DAY:
                world.step(days * DAY + span)
            case "down" if world.now + days * DAY > MIDNIGHT - 4_000 * DAY:
                world.be_down(days * DAY + span)
        assert sum(len(told) for _, told in world.log[before:]) < 1_000
    dues = [
        (fact.intent, fact.due_at) for at, fact in world.decided if isinstance(fact, OccurrenceDue)
    ]
    assert len(dues) == len(set(dues))
    before = len(world.log)
    world.step(-(world.now - MIDNIGHT - 5_000 * DAY))
    world.pass_time(timedelta(days=1, hours=2))
    told = [fact for _, decisions in world.log[before:] for fact in decisions]
    assert {"a", "b"} <= {fact.intent for fact in told if isinstance(fact, OccurrenceDue)}
    assert world.lived_again() == world.clock


def test_a_reading_that_is_far_behind_is_enough_to_know_that_the_clock_was_wrong() -> None:
    world = world_of(read=HOURLY)
    world.pass_time(2 * HOUR)
    world.now -= 2 * DAY
    assert kinds(world.tell(TimePassed()))[0] is OccurrencesReopened
    stepped = ClockStepped(-1, datetime.fromisoformat("2026-11-18T12:00:00+00:00"))
    assert kinds(world.tell(stepped)) == []
