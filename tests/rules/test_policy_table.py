"""Every policy against every other in each situation, beside a second opinion."""

from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from tests.rules.oracle_of_policies import Choice, Clocks, Scene, comes, foretold, table
from tests.rules.policy_world import Lived, nothing_came_early, starts

WINTER, SUMMER = Clocks(60, 60, 0), Clocks(120, 120, 0)
HOURS = tuple(hour * 60 for hour in range(24))
TENS = tuple(range(0, 1_440, 10))
NIGHT = (60, 90, 120, 150, 180, 210)  # on the wall, every half hour from one to half past three
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
WHY = ("daemon_down", "host_slept")
ON_CHANGES = 6  # choices of what happens when clocks change, for each of the other choices
PLAIN = datetime(2026, 1, 15, tzinfo=UTC)

SITUATIONS: Mapping[str, tuple[datetime, Scene]] = {
    "plain": (PLAIN, Scene(WINTER, HOURS, 120, 720, takes=5)),
    "down": (PLAIN, Scene(WINTER, HOURS, 120, 900, (197, 558), "daemon_down", takes=5)),
    "down, back in time": (
        PLAIN, Scene(WINTER, HOURS, 120, 900, (197, 540), "daemon_down", takes=5)),
    "down, back too late": (
        PLAIN, Scene(WINTER, HOURS, 120, 900, (197, 575), "daemon_down", takes=5)),
    "asleep": (PLAIN, Scene(WINTER, HOURS, 120, 900, (193, 550), "host_slept", takes=25)),
    "asleep at work": (PLAIN, Scene(WINTER, HOURS, 120, 900, (190, 541), "host_slept", takes=130)),
    "busy": (PLAIN, Scene(WINTER, TENS, 120, 400, takes=25)),
    "edited": (PLAIN, Scene(WINTER, HOURS, 120, 720, takes=65, edited=313,
                            new_times=tuple(at + 20 for at in HOURS))),
    "paused": (PLAIN, Scene(WINTER, HOURS, 120, 720, takes=65, paused=(233, 417))),
    "paused and busy": (PLAIN, Scene(WINTER, TENS, 120, 400, takes=25, paused=(211, 283))),
    "spring": (SPRING, Scene(Clocks(60, 120, 60), NIGHT, -30, 300, takes=5)),
    "spring at work": (SPRING, Scene(Clocks(60, 120, 60), NIGHT, -30, 300, takes=45)),
    "spring, one time left out": (SPRING, Scene(Clocks(60, 120, 60), (150,), -30, 1_000, takes=5)),
    "autumn": (AUTUMN, Scene(Clocks(120, 60, 60), NIGHT, -90, 300, takes=5)),
    "autumn at work": (AUTUMN, Scene(Clocks(120, 60, 60), NIGHT, -90, 300, takes=45)),
}  # fmt: skip


def choice_of(policies: dict[str, Any]) -> Choice:
    return Choice(**policies, window=150 if policies["misfire"] == "within" else None)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_policy_beside_every_other_does_as_the_second_opinion_says(situation: str) -> None:
    midnight, scene = SITUATIONS[situation]
    for policies in telling(scene):
        choice = choice_of(policies)
        both_agree(scene, choice, midnight)


def telling(scene: Scene) -> list[dict[str, Any]]:
    """All choices; where no clocks change, what is to happen then is chosen in turn."""
    choices = table()
    if scene.clocks.before != scene.clocks.after:
        return choices
    return [choices[first + first // ON_CHANGES % ON_CHANGES]
            for first in range(0, len(choices), ON_CHANGES)]  # fmt: skip


def both_agree(scene: Scene, choice: Choice, midnight: datetime) -> None:
    lived, told = Lived(scene, choice, midnight), foretold(scene, choice)
    old = sorted(comes(scene, scene.times, choice))
    instants = sorted({*old, *told})
    found = lived.verdicts(instants, old)
    assert found == told, (choice, {at: (found.get(at), told.get(at)) for at in instants
                                    if found.get(at) != told.get(at)})  # fmt: skip
    assert max(starts(lived.log).values(), default=0) <= 1
    nothing_came_early(lived.log)


# Scenes of chance


def times_of(chance: Random) -> tuple[int, ...]:
    minutes = chance.sample(range(60), chance.choice([1, 1, 2, 4]))
    hours = chance.sample(range(24), chance.choice([2, 8, 24]))
    return tuple(hour * 60 + minute for hour in hours for minute in minutes)


def scene_of(chance: Random) -> tuple[datetime, Scene]:
    midnight, clocks = chance.choice(
        [(PLAIN, WINTER), (SPRING, Clocks(60, 120, 60)), (AUTUMN, Clocks(120, 60, 60))]
    )
    scene = Scene(clocks, times_of(chance), -50, 900, takes=chance.choice([1, 7, 40, 90, 200]))
    first = chance.randrange(-40, 500)
    last = first + chance.choice([1, 5, 61, 200, 390])
    match chance.choice(["away", "paused", "edited", "plain"]):
        case "away" if midnight is PLAIN:
            scene = scene._replace(away=(first, last), why=chance.choice(WHY))
            return midnight, scene._replace(takes=0) if scene.why == "daemon_down" else scene
        case "paused":
            return midnight, scene._replace(paused=(first, last))
        case "edited":
            return midnight, scene._replace(edited=first, new_times=times_of(chance))
    return midnight, scene


def choice_by(chance: Random) -> Choice:
    choice = Choice(**chance.choice(table()))
    return choice._replace(
        window=chance.choice([None, 0, 30, 150, 1_000]),
        misfire_limit=chance.randint(1, 8),
        overlap_limit=chance.randint(1, 4),
    )


@settings(max_examples=150, deadline=None)
@for_any(some.integers(0, 1 << 40))
def test_any_scene_goes_as_the_second_opinion_says(seed: int) -> None:
    chance = Random(seed)
    midnight, scene = scene_of(chance)
    both_agree(scene, choice_by(chance), midnight)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twenty_thousand_scenes_go_as_the_second_opinion_says() -> None:
    for seed in range(20_000):
        chance = Random(seed)
        midnight, scene = scene_of(chance)
        both_agree(scene, choice_by(chance), midnight)


@settings(max_examples=100, deadline=None)
@for_any(some.integers(0, 1 << 40))
def test_whoever_is_away_when_clocks_change_still_finds_one_verdict_on_each(seed: int) -> None:
    chance = Random(seed)
    midnight, clocks = chance.choice([(SPRING, Clocks(60, 120, 60)), (AUTUMN, Clocks(120, 60, 60))])
    away = chance.randrange(-40, 60), chance.randrange(61, 300)
    why = chance.choice(WHY)
    takes = 0 if why == "daemon_down" else chance.choice([1, 40])
    scene = Scene(clocks, times_of(chance), -50, 1_200, away, why, takes)
    choice = choice_by(chance)
    lived, instants = Lived(scene, choice, midnight), sorted(comes(scene, scene.times, choice))
    assert set(lived.verdicts(instants, instants)) | set(lived.waiting()) == set(instants)
    assert max(starts(lived.log).values(), default=0) <= 1
    nothing_came_early(lived.log)
