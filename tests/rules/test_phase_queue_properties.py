"""Whatever happens, in whatever order: what always holds of the phase queue."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from events.configuration import ConfigurationLoaded, Lane
from events.plan import WorkWithdrawn
from events.policies import Executor
from events.requests import (
    CancelRequested,
    MoveRequested,
    PauseRequested,
    ReleaseRequested,
    ResumeRequested,
)
from events.settings import PRIORITIES
from tests.rules.phase_queue_story import HOUSE, TODAY, TOMORROW, planned
from tests.rules.phase_queue_world import World

Move = Callable[[World], None]

LANES = ["desk", "yard", "attic"]
PHASES = ["morning", "afternoon", "evening", "night"]
SCOPES = [("all", ""), ("lane", "desk"), ("lane", "yard"), ("category", "research")]
ENDS = [
    "finished",
    "refused",
    "the day is spent",
    "step",
    "retry",
    "retry at once",
    "paused",
    "too late",
]
HOUSES = [
    HOUSE,
    msgspec.structs.replace(HOUSE, lanes={"desk": Lane(concurrency=3)}),
    msgspec.structs.replace(HOUSE, executor=Executor(concurrency=1)),
]


def plans(more: dict[str, Any], wait_minutes: int | None) -> Move:
    def move(world: World) -> None:
        when = None if wait_minutes is None else world.now + timedelta(minutes=wait_minutes)
        world.lives(planned(f"w{world.position}", not_before=when, **more))

    return move


def with_one(kind: str, number: int, act: Callable[[World, str], None]) -> Move:
    """Do something with one of the works that wait, that run, or of all there ever were."""

    def move(world: World) -> None:
        if names := list(getattr(world, kind)):
            act(world, names[number % len(names)])

    return move


def about_one(kinds: list[str], act: Any) -> some.SearchStrategy[Move]:
    return some.builds(with_one, some.sampled_from(kinds), some.integers(0, 20), act)


def asks(request: Callable[[str, str], Any]) -> Callable[[World, str], None]:
    return lambda world, name: world.asks(request(name, f"k{world.position}"))


optional_phase = some.sampled_from([None, None, *PHASES])
plan = some.builds(
    plans,
    some.fixed_dictionaries(
        {
            "lane": some.sampled_from(LANES),
            "category": some.sampled_from(["research", "chores"]),
            "priority": some.sampled_from(PRIORITIES),
            "phase": optional_phase,
            "day": some.sampled_from([None, TODAY, TOMORROW]),
            "at_phase_end": some.sampled_from(["next_phase", "next_day", "drop"]),
            "defer_limit": some.integers(0, 3),
        }
    ),
    some.sampled_from([None, None, None, 0, 5, 700]),
)
end = about_one(
    ["running"],
    some.sampled_from(ENDS).map(lambda how: lambda world, name: world.ends(name, how)),
)
anything_asked = about_one(
    ["works", "waiting", "running"],
    some.one_of(
        some.just(asks(lambda name, key: ReleaseRequested(name, key))),
        some.just(asks(lambda name, key: CancelRequested(name, key))),
        some.sampled_from([*PHASES, "teatime"]).map(
            lambda phase: asks(lambda name, key: MoveRequested(name, phase, key))
        ),
    ),
)
other_word = about_one(
    ["works"],
    some.sampled_from(
        [
            World.offers,
            World.offers,
            World.offers,
            lambda world, name: world.lives(WorkWithdrawn(name, "replanned")),
        ]
    ),
)
word_of_a_person = some.builds(
    lambda request, of: lambda world: world.asks(request(of[0], f"k{world.position}", of[1])),
    some.sampled_from([PauseRequested, ResumeRequested, ResumeRequested]),
    some.sampled_from(SCOPES),
)
asked_again = some.integers(0, 20).map(lambda number: lambda world: world.repeats(number))
reload = some.sampled_from(HOUSES).map(
    lambda house: lambda world: world.lives(ConfigurationLoaded("d", house))
)
time_passes = some.sampled_from([1, 10, 360, 800]).map(
    lambda minutes: lambda world: world.passes(minutes)
)
absence = some.builds(
    lambda hours, lost, told: lambda world: world.sleeps(hours, lost, told),
    some.sampled_from([1, 11, 30, 300]),
    some.booleans(),
    some.booleans(),
)
moves = some.one_of(
    *[plan] * 6, *[end] * 6, *[time_passes] * 3,
    anything_asked, other_word, word_of_a_person, asked_again, reload, absence,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@for_any(some.lists(moves, min_size=20, max_size=40))
def test_whatever_happens_the_witness_has_no_complaint(life: list[Move]) -> None:
    world = World()
    for move in life:
        move(world)


@settings(max_examples=50, deadline=None)
@for_any(some.lists(plan, min_size=1, max_size=15), some.integers(0, 3))
def test_left_alone_every_work_comes_to_an_end(works: list[Move], refused: int) -> None:
    world = World()
    for move in works:
        move(world)
    for name in world.running[:refused]:
        world.ends(name, "refused")
        for held in world.waiting:
            world.offers(held)
    for _ in range(60):
        for name in world.running:
            world.ends(name, "finished")
        world.passes(240)
    assert all(work.ended for work in world.works.values())
    assert world.queue.works == {} and world.queue.in_line == {} and world.alarms == {}
