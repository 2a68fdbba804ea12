"""Alerts become work: who is told what, by which way, when, and how often."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec import json, msgpack

from actors.planner.rules import RULES as PLANNER
from actors.planner.state import Planner
from events.catalogue import AnyDecision, AnyFact
from events.configuration import ConfigurationLoaded, Step
from events.intents import AlertCleared, AlertRaised, IntentSwitchRequested
from events.plan import WorkWithdrawn
from events.record import Record
from events.requests import ReleaseRequested
from events.time import OccurrenceDue
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDropped,
    WorkHeld,
    WorkPlanned,
    WorkReleased,
)
from tests.rules.alerts_story import NIGHT, NOON, REPEAT, World, house

DISK = AlertRaised("disk_low", "2 % are free")


def at(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return NOON.replace(day=day, hour=hour, minute=minute)


def told(world: World) -> WorkPlanned:
    [work] = world.telling().values()
    return work


def test_an_alert_becomes_work_that_tries_each_way_after_the_failure_of_the_one_before() -> None:
    world = World(house())
    world.say(DISK)
    work = told(world)
    assert work.steps == (Step(action="mail"), Step(action="push", when="failure"))
    assert (work.lane, work.category, work.priority) == ("notify", "system", "critical")
    assert json.decode(work.input_json) == {
        "alert": "disk_low",
        "subject": "",
        "words": "2 % are free",
        "raised_at": "2026-11-20T12:00:00Z",
        "times": 1,
    }
    assert world.told_at("disk_low/") == [NOON]


def test_without_ways_nothing_is_planned() -> None:
    world = World(house(ways=()))
    world.say(DISK)
    world.pass_time(at(12, day=25))
    assert world.telling() == {}


def test_a_way_that_is_configured_no_longer_is_left_out() -> None:
    world = World(house(ways=("gone", "push")))
    world.say(DISK)
    assert told(world).steps == (Step(action="push"),)


def test_it_is_told_again_after_the_time_for_that_while_it_stands() -> None:
    world = World(house())
    world.say(DISK)
    world.pass_time(at(12, 1))
    world.ended(told(world).work, well=False)
    world.pass_time(at(18))
    assert world.told_at("disk_low/") == [NOON]
    world.pass_time(at(18, 1))
    assert world.told_at("disk_low/") == [NOON, at(18, 1)]
    assert json.decode(list(world.telling().values())[1].input_json)["times"] == 2


def test_what_is_over_is_not_told_again_and_forgotten() -> None:
    world = World(house())
    world.say(DISK)
    world.ended(told(world).work)
    world.say(AlertCleared("disk_low"))
    world.pass_time(at(12, day=22))
    assert world.told_at("disk_low/") == [NOON]
    assert world.planner.alerts == {}


def test_what_comes_and_goes_is_not_told_more_often_than_what_stays() -> None:
    world = World(house())
    world.say(DISK)
    world.ended(told(world).work)
    for minute in range(1, 30):
        world.pass_time(at(12, minute))
        world.say(AlertCleared("disk_low"))
        world.say(AlertRaised("disk_low", "again"))
    world.pass_time(at(18))
    assert world.told_at("disk_low/") == [NOON, at(18)]


def test_with_no_time_to_repeat_it_is_told_once_each_time_it_is_raised() -> None:
    world = World(house(repeat_seconds=0))
    world.say(DISK)
    world.ended(told(world).work)
    world.pass_time(at(12, day=25))
    assert len(world.telling()) == 1
    world.say(AlertCleared("disk_low"))
    world.say(DISK)
    assert len(world.telling()) == 2


def test_each_subject_is_told_by_itself() -> None:
    world = World(house())
    for subject in ("research 50", "research 80"):
        world.say(AlertRaised("budget_used", "much", subject))
    assert [work.key.partition("@")[0] for work in world.telling().values()] == [
        "budget_used/research 50",
        "budget_used/research 80",
    ]


def test_what_is_over_before_the_end_of_quiet_hours_is_not_told_then() -> None:
    world = World(house(quiet=(NIGHT,), tell_over=False))
    world.pass_time(at(23))
    world.say(DISK, "cleanup")
    work = told(world).work
    world.pass_time(at(2, day=21))
    assert world.say(AlertCleared("disk_low"), "cleanup")[:2] == [
        WorkWithdrawn(work, "alert_over"),
        WorkDropped(work, "alert_over"),
    ]
    world.pass_time(at(12, day=22))
    assert world.of(WorkReleased) == []
    assert (world.planner.alerts, world.planner.works, world.queue.works) == ({}, {}, {})
    assert world.wrongs() == []


def test_what_was_not_told_is_told_when_it_is_raised_anew() -> None:
    world = World(house(quiet=(NIGHT,), tell_over=False))
    world.pass_time(at(23))
    for _ in range(3):
        world.say(DISK, "cleanup")
        world.say(AlertCleared("disk_low"), "cleanup")
    world.say(DISK, "cleanup")
    world.pass_time(at(7, day=21))
    [(began, _)] = world.of(WorkReleased)
    assert began == at(7, day=21)
    assert json.decode(list(world.telling().values())[-1].input_json)["times"] == 1
    assert world.wrongs() == []


def test_what_is_raised_anew_before_its_work_was_dropped_is_told_by_another() -> None:
    planner = Planner()

    def hears(position: int, fact: AnyFact) -> Sequence[AnyDecision]:
        return PLANNER.consider(planner, Record(position, NOON, "world", None, fact))

    hears(1, ConfigurationLoaded("d", house(tell_over=False)))
    [first] = hears(2, DISK)
    assert hears(3, AlertCleared("disk_low")) == [WorkWithdrawn("w2-1", "alert_over")]
    assert hears(4, DISK) == []
    [second] = hears(5, WorkDropped("w2-1", "alert_over"))
    assert isinstance(first, WorkPlanned)
    assert isinstance(second, WorkPlanned)
    assert json.decode(second.input_json)["times"] == 1


def test_what_has_begun_is_told_although_it_is_over_and_so_is_all_where_that_is_wanted() -> None:
    world = World(house(tell_over=False))
    world.say(DISK)
    assert world.say(AlertCleared("disk_low")) == []
    world = World(house(quiet=(NIGHT,)))
    world.pass_time(at(23))
    world.say(DISK)
    assert world.say(AlertCleared("disk_low")) == []
    world.pass_time(at(7, day=21))
    assert len(world.of(WorkReleased)) == 1


def test_a_breaker_that_is_closed_before_anybody_was_told_is_told_no_more() -> None:
    world = World(house(quiet=(NIGHT,), tell_over=False, breaker_failures=1))
    world.pass_time(at(23))
    work = world.say(OccurrenceDue("watch", at(23)))[0]
    assert isinstance(work, WorkPlanned)
    world.ended(work.work, well=False)
    telling = told(world).work
    said = world.say(IntentSwitchRequested("watch", True, "k"))
    assert WorkWithdrawn(telling, "alert_over") in said
    assert WorkDropped(telling, "alert_over") in said
    assert world.wrongs() == []


def test_nobody_is_told_in_quiet_hours_and_everybody_at_their_end() -> None:
    world = World(house(quiet=(NIGHT,)))
    world.pass_time(at(23))
    world.say(DISK)
    [(_, held)] = world.of(WorkHeld)
    assert held == WorkHeld(told(world).work, "quiet_hours", at(7, day=21))
    world.pass_time(at(7, day=21))
    assert world.told_at("disk_low/") == [at(7, day=21)]


def test_whoever_asks_for_it_is_told_in_quiet_hours_too() -> None:
    world = World(house(quiet=(NIGHT,)))
    world.pass_time(at(23))
    world.say(DISK)
    world.say(ReleaseRequested(told(world).work, "k"))
    assert world.told_at("disk_low/") == [at(23)]


def test_other_quiet_hours_hold_for_what_waits_already() -> None:
    world = World(house(quiet=(NIGHT,)))
    world.pass_time(at(23))
    world.say(DISK)
    world.say(ConfigurationLoaded(digest="e", configuration=house()))
    assert world.told_at("disk_low/") == [at(23)]


def test_ways_that_come_later_tell_what_stands() -> None:
    world = World(house(ways=()))
    world.say(DISK)
    world.say(AlertRaised("keeper_gone", "no answer"))
    world.say(AlertCleared("keeper_gone"))
    world.pass_time(at(13))
    world.say(ConfigurationLoaded(digest="e", configuration=house()))
    assert [work.name for work in world.telling().values()] == ["alert:disk_low"]
    world.say(ConfigurationLoaded(digest="f", configuration=house()))
    assert len(world.telling()) == 1


def test_nothing_is_told_of_the_runs_that_tell() -> None:
    world = World(house())
    world.say(DISK)
    work = told(world).work
    world.say(StepReached(work, "r90-1", "push", 2, "system", 0))
    for run in (*world.queue.runs, "r90-1"):
        world.say(AlertRaised("run_unknown", "nobody knows", run))
    assert len(world.telling()) == 1


def test_what_a_person_cancels_is_told_again_no_sooner() -> None:
    world = World(house())
    world.say(DISK)
    world.say(WorkCancelled(told(world).work))
    world.pass_time(at(17, 59))
    assert len(world.telling()) == 1
    world.pass_time(at(18))
    assert len(world.telling()) == 2


def test_the_state_survives_being_kept() -> None:
    world = World(house(quiet=(NIGHT,)))
    world.say(DISK)
    world.ended(told(world).work)
    world.say(AlertRaised("keeper_gone", "no answer"))
    state = msgpack.encode(world.planner)
    assert msgpack.decode(state, type=Planner) == world.planner


def test_alerts_without_end_do_not_fill_the_memory() -> None:
    world = World(house(ways=()))
    for number in range(1_100):
        world.say(AlertRaised("run_unknown", "nobody knows", f"r{number}-1"))
    assert len(world.planner.alerts) == 1_000
    assert "run_unknown/r1099-1" in world.planner.alerts


SUBJECTS = ("", "a")
MOVES = some.lists(
    some.tuples(
        some.sampled_from(["raise", "clear", "end", "fail", "step"]),
        some.sampled_from(SUBJECTS),
        some.integers(0, 500),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@for_any(MOVES)
def test_at_most_once_a_period_never_in_quiet_hours_and_never_about_itself(
    moves: list[tuple[str, str, int]],
) -> None:
    world = World(house(quiet=(NIGHT,)))
    raised: set[str] = set()
    for move, subject, minutes in moves:
        world.pass_time(world.now + timedelta(minutes=minutes))
        if move == "raise" and subject not in raised:
            raised.add(subject)
            world.say(AlertRaised("disk_low", "low", subject), "cleanup")
        elif move == "clear" and subject in raised:
            raised.remove(subject)
            world.say(AlertCleared("disk_low", subject), "cleanup")
        elif move in ("end", "fail") and world.open():
            world.ended(world.open()[0], well=move == "end")
        elif move == "step" and world.open():
            run = f"r{len(world.log)}-9"
            world.say(StepReached(world.open()[0], run, "push", 2, "system", 0))
            world.say(AlertRaised("run_unknown", "", run), "executor")
    for subject in SUBJECTS:
        when = world.told_at(f"disk_low/{subject}")
        assert all(later - sooner >= REPEAT for sooner, later in pairwise(when))
        assert not any(moment.hour >= 22 or moment.hour < 7 for moment in when)
    assert all(it.name == "alert:disk_low" for it in world.telling().values())
    _everybody_is_told_in_the_end(world, raised)


def _everybody_is_told_in_the_end(world: World, raised: set[str]) -> None:
    told = {subject: len(world.told_at(f"disk_low/{subject}")) for subject in SUBJECTS}
    for _ in range(6):
        for work in world.open():
            world.ended(work)
        world.pass_time(world.now + timedelta(hours=8))
    for subject in SUBJECTS:
        more = len(world.told_at(f"disk_low/{subject}")) - told[subject]
        assert more >= 1 if subject in raised else more <= 1
    assert world.wrongs() == []
