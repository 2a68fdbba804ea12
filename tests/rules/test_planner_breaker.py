"""An intent that fails again and again is paused, told of once, and let go on by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from events.catalogue import AnyDecision
from events.configuration import Configuration, ConfigurationLoaded, Intent
from events.intents import (
    AlertCleared,
    AlertRaised,
    BreakerClosed,
    BreakerOpened,
    IntentAddRequested,
    IntentRemoved,
    IntentRemoveRequested,
    IntentSwitched,
    IntentSwitchRequested,
)
from events.plan import OccurrenceSkipped
from events.policies import Alerts
from events.requests import RequestRefused
from events.time import OccurrenceDue
from events.work import WorkFinished, WorkPlanned, WorkState
from tests.rules.alerts_story import ACTIONS, World, house

ENABLE = IntentSwitchRequested("watch", enabled=True, key="on")
OPENED = [
    BreakerOpened("watch", 3),
    AlertRaised(
        "breaker_open",
        "it failed 3 times in a row and is due no more until somebody enables it",
        "watch",
    ),
]


def due(world: World, minute: int, intent: str = "watch") -> list[AnyDecision]:
    return world.say(OccurrenceDue(intent, datetime(2026, 11, 20, 13, minute, tzinfo=UTC)))


def planned(decisions: Sequence[AnyDecision], source: str = "intent") -> list[WorkPlanned]:
    return [it for it in decisions if isinstance(it, WorkPlanned) and it.source == source]


def runs(world: World, *states: WorkState) -> list[AnyDecision]:
    """One occurrence after another; what the last of them brings."""
    said: list[AnyDecision] = []
    for state in states:
        [work] = planned(due(world, len(world.log) % 60))
        said = world.say(WorkFinished(work.work, state))
    return said


def of_breaker(said: Sequence[AnyDecision]) -> list[AnyDecision]:
    kinds = (BreakerOpened, BreakerClosed, AlertRaised, AlertCleared)
    return [it for it in said if isinstance(it, kinds)]


def test_so_many_failures_in_a_row_open_the_breaker_and_are_told() -> None:
    world = World(house())
    assert of_breaker(runs(world, "failed", "buried")) == []
    said = runs(world, "failed")
    assert of_breaker(said) == OPENED
    [told] = planned(said, "alert")
    assert told.key.startswith("breaker_open/watch@")


def test_then_each_occurrence_is_skipped_and_says_so() -> None:
    world = World(house())
    runs(world, "failed", "failed", "failed")
    at = datetime(2026, 11, 20, 13, 59, tzinfo=UTC)
    assert world.say(OccurrenceDue("watch", at)) == [OccurrenceSkipped("watch", at, "breaker_open")]


@pytest.mark.parametrize(
    "states",
    [
        ("failed", "failed", "completed", "failed", "failed"),
        ("failed", "failed", "cancelled", "unknown"),
    ],
    ids=["a success begins the count anew", "nobody knows, or somebody wanted it so"],
)
def test_what_does_not_open_it(states: tuple[WorkState, ...]) -> None:
    assert not World(house()).of(BreakerOpened)
    world = World(house())
    runs(world, *states)
    assert world.of(BreakerOpened) == []


def test_what_ends_unknown_does_not_break_a_row() -> None:
    world = World(house())
    assert of_breaker(runs(world, "failed", "unknown", "failed", "cancelled", "failed")) == OPENED


def test_without_the_setting_nothing_is_paused() -> None:
    world = World(house(breaker_failures=None))
    for _ in range(20):
        runs(world, "failed")
    assert world.of(BreakerOpened, AlertRaised) == []


def test_a_person_closes_it_and_is_told_no_more() -> None:
    world = World(house())
    runs(world, "failed", "failed", "failed")
    assert world.say(ENABLE) == [
        IntentSwitched("watch", True, "on"),
        BreakerClosed("watch"),
        AlertCleared("breaker_open", "watch"),
    ]
    assert planned(due(world, 58))
    assert of_breaker(runs(world, "failed", "failed")) == []
    assert of_breaker(runs(world, "failed")) == OPENED


def test_while_it_is_closed_there_is_nothing_to_enable() -> None:
    world = World(house())
    assert world.say(ENABLE) == [RequestRefused("on", "watch", "nothing_to_do")]


def test_it_opens_once_however_many_more_fail() -> None:
    world = World(house())
    works = [planned(due(world, minute))[0].work for minute in range(8)]
    for work in works:
        world.ended(work, well=False)
    assert len(world.of(BreakerOpened)) == len(world.of(AlertRaised)) == 1


def test_what_waited_for_its_turn_is_skipped_when_it_opens() -> None:
    intents = {"watch": Intent(run="check", every_seconds=60, overlap="buffer_all")}
    world = World(
        Configuration(actions=ACTIONS, intents=intents, alerts=Alerts(breaker_failures=1))
    )
    [work] = planned(due(world, 1))
    due(world, 2)
    said = world.ended(work.work, well=False)
    assert [it.reason for it in said if isinstance(it, OccurrenceSkipped)] == ["breaker_open"]


def test_the_breaker_goes_with_an_intent_that_is_configured_no_longer() -> None:
    world = World(house())
    runs(world, "failed", "failed", "failed")
    without = Configuration(actions=ACTIONS, alerts=house().alerts)
    said = world.say(ConfigurationLoaded(digest="e", configuration=without))
    assert of_breaker(said) == [BreakerClosed("watch"), AlertCleared("breaker_open", "watch")]


def test_the_breaker_goes_with_an_intent_that_is_removed_by_hand() -> None:
    world = World(house(breaker_failures=1))
    intent = Intent(run="check", every_seconds=60)
    world.say(IntentAddRequested("mine", intent, "a"))
    [work] = planned(due(world, 1, "mine"))
    world.ended(work.work, well=False)
    said = world.say(IntentRemoveRequested("mine", "r"))
    assert said[:3] == [
        IntentRemoved("mine", "asked", "r"),
        BreakerClosed("mine"),
        AlertCleared("breaker_open", "mine"),
    ]
    assert world.planner.failing == {}


def test_what_is_due_only_once_needs_none() -> None:
    world = World(house(breaker_failures=1))
    world.say(IntentAddRequested("once", Intent(run="check", now=True), "a"))
    [work] = planned(due(world, 1, "once"))
    assert of_breaker(world.ended(work.work, well=False)) == []


STATES = some.sampled_from(["failed", "buried", "completed", "unknown", "cancelled", "enable"])


@settings(max_examples=60, deadline=None)
@for_any(some.lists(STATES, max_size=40))
def test_it_is_open_from_the_third_failure_in_a_row_until_it_is_enabled(steps: list[str]) -> None:
    world = World(house())
    row, is_open = 0, False
    for number, step in enumerate(steps):
        if step == "enable":
            world.say(IntentSwitchRequested("watch", True, f"k{number}"))
            row, is_open = (0, False) if is_open else (row, False)
            continue
        works = planned(due(world, number))
        assert bool(works) != is_open
        for work in works:
            world.say(WorkFinished(work.work, step))  # type: ignore[arg-type]  # One of its states.
            row = {"failed": row + 1, "buried": row + 1, "completed": 0}.get(step, row)
            is_open = row >= 3
    raised, cleared = len(world.of(AlertRaised)), len(world.of(AlertCleared))
    assert raised - cleared == int(is_open)
    assert world.wrongs() == []
