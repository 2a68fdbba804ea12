"""Days in which not everything can run, each drawn from a seed."""

from datetime import timedelta
from random import Random
from typing import get_args

from msgspec.structs import replace

from events.configuration import Configuration, Intent, Lane
from events.policies import Executor, Policies
from events.requests import (
    PauseRequested,
    ResumeRequested,
    Scope,
    WorkRequested,
)
from events.settings import AtPhaseEnd, Misfire, Overlap, Priority
from events.time import (
    HostSlept,
)
from tests.rules.explain_story import (
    DOLLAR,
    Endings,
    World,
    action,
    at,
    budget,
    ending,
    study,
    templates,
)

LANES = ("main", "desk")
SCOPES: tuple[Scope, ...] = ("all", "lane", "category")
OVERLAPS = [it for it in get_args(Overlap) if it != "allow_all"]  # It fills every lane.
SOME = 4  # Of the occurrences that became no work, one of so many.
ENDS: tuple[AtPhaseEnd, ...] = ("next_phase", "next_day", "drop")
PRIORITIES: tuple[Priority, ...] = ("critical", "high", "normal", "low")


def house(chance: Random) -> Configuration:
    """A house in which not everything can run."""
    made = budget(
        daily_usd_micros=chance.randint(1, 8) * DOLLAR,
        reserve_usd_micros=chance.choice((0, DOLLAR)),
        categories={name: chance.randint(1, 5) * DOLLAR for name in ("study", "chores")},
    )
    for number in range(4):
        made = action(
            f"job{number}",
            made,
            category=chance.choice(("study", "chores")),
            lane=chance.choice(LANES),
            estimate_usd_micros=chance.randint(0, 300) * 10_000,
            priority=chance.choice(PRIORITIES),
            attempts=chance.choice((1, 3)),
            backoff_seconds=3600,
            at_phase_end=chance.choice(ENDS),
            defer_limit=chance.randint(0, 1),
        )
    lanes = {name: Lane(concurrency=chance.randint(1, 2)) for name in LANES}
    made = replace(made, lanes=lanes, executor=Executor(concurrency=chance.randint(1, 3)))
    made = replace(made, intents=intents(chance), policies=policies(chance))
    return templates(made, study=study(per_day=2))


def policies(chance: Random) -> Policies:
    misfire = chance.choice(get_args(Misfire))
    return Policies(
        misfire=misfire,
        misfire_window_seconds=None if misfire == "skip" else chance.choice((None, 1_800)),
        misfire_limit=chance.randint(1, 3),
        overlap=chance.choice(OVERLAPS),
        overlap_limit=chance.randint(1, 2),
        jitter_seconds=chance.choice((0, 60)),
        start_deadline_seconds=chance.choice((None, None, 3_600)),
    )


def intents(chance: Random) -> dict[str, Intent]:
    made = {
        "often": Intent(run="job0", every_seconds=chance.choice((1_800, 7_200))),
        "quiet": Intent(run="job1", cron="20 8,15 * * *", only_if_idle=chance.random() < 0.5),
        "boot": Intent(run="job2", cron="40 */3 * * *", self_restart=True),
    }
    if chance.random() < 0.5:  # Berlin puts its clocks forward on a Sunday in March.
        made["office"] = Intent(run="job3", cron="*/45 * * * *", max_runs=chance.randint(1, 9))
    return made


def outcome(chance: Random) -> Endings:
    """Long or short, well or not; what is tried again ends as it did before."""
    minutes = [chance.choice((1, 30, 400)) for _ in range(4)]
    codes = [chance.choice((0, 0, 1)) for _ in range(4)]
    return lambda starting: ending(
        minutes[int(starting.action[-1]) if starting.action[-1].isdecimal() else 0],
        codes[int(starting.action[-1]) if starting.action[-1].isdecimal() else 0],
    )(starting)


def lived(seed: int) -> World:
    """A day in which people ask for all kinds of things at all kinds of times."""
    chance = Random(seed)
    world = World(house(chance), outcome(chance))
    for number in range(chance.randint(3, 8)):
        clock = f"{chance.randint(6, 19):02}:{chance.randint(0, 59):02}"
        if clock < f"{world.moment:%H:%M}":
            clock = f"{world.moment:%H:%M}"
        match chance.randint(0, 8):
            case 8:
                sleep(world, chance.randint(1, 5))
            case 0:
                scope = chance.choice(SCOPES)
                name = {"all": "", "lane": "desk", "category": "study"}[scope]
                world.hears(PauseRequested(scope, f"p{number}", name), clock)
            case 1:
                world.hears(ResumeRequested("all", f"r{number}"), clock)
            case _:
                phase = chance.choice((None, None, "morning", "evening"))
                start = chance.choice((None, None, at("21:00")))
                subject = f"job{chance.randint(0, 3)}"
                asked = WorkRequested(subject, f"k{number}", phase=phase, at=start)
                world.hears(asked, clock)
    end = at(f"{chance.randint(19, 23)}:30")
    world.run_until(end)
    return world


def sleep(world: World, hours: int) -> None:
    """The machine sleeps, and what runs on it."""
    since, span = world.moment, timedelta(hours=hours)
    world._coming = [(moment + span, nth, do) for moment, nth, do in world._coming]
    world.say(since + span, HostSlept(span // timedelta(milliseconds=1), since), "timer")
