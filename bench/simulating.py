"""Days that never were: a week as people ask for it, a year in one thread, a log decided again."""

import os
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter

from actors.calendar import day_bounds
from actors.replay.courses import History, course_of
from actors.replay.draws import Draws
from actors.replay.simulating import Stretch, simulated
from actors.replay.trials import trial
from actors.replay.world import World
from bench.process import COMMAND
from bench.report import Figure, at_most
from events.configuration import Configuration
from events.record import Record
from horarium.configuration import load
from horarium.rethinking import Stretch as Behind
from horarium.rethinking import rethought

CASS = Path(__file__).parents[1] / "examples" / "cass.toml"
MONDAY = date(2026, 11, 23)
MB = 1_000_000


def simulating(folder: Path, quick: bool) -> Iterator[Figure]:
    """The example, with costs and durations from the estimates."""
    took = [_asked(folder, "--days", "7") for _ in range(3)]
    yield Figure("a week of the example, the whole command", median(took), "s", target=at_most(0.5))
    settings = load(CASS, {}).configuration
    simulated(Stretch(settings, MONDAY, 30, 1, History()))
    before, began = _peak_mb(), perf_counter()
    days = 60 if quick else 365
    records = simulated(Stretch(settings, MONDAY, days, 1, History())).tally.records
    took_all = perf_counter() - began
    yield Figure(f"{days} days of the example", took_all, "s", target=at_most(20))
    yield Figure("the same, records", records / took_all, "records/s")
    yield Figure("memory that a year takes more than a month", _peak_mb() - before, "MB",
                 target=at_most(20))  # fmt: skip


def deciding_again(folder: Path, quick: bool) -> Iterator[Figure]:
    """A recorded stretch under a configuration that plans more, and a world full of faults."""
    settings = load(CASS, {}).configuration
    log = _log(settings, 30 if quick else 120)

    def records(after: int, until: int) -> Iterator[Record]:
        return iter(log[after:until])

    began = perf_counter()
    rethought(records, Behind(0, len(log)), lambda it: it, 1)
    took = perf_counter() - began
    yield Figure("what-if under the same configuration", len(log) / took, "records/s")
    began, seeds = perf_counter(), 50 if quick else 300
    for seed in range(seeds):
        trial(seed)
    yield Figure("short worlds full of faults", seeds / (perf_counter() - began), "worlds/s")


def _log(settings: Configuration, days: int) -> list[Record]:
    draws, history = Draws(1), History()
    world = World(lambda name, run: course_of(draws, history, name, run.name, run.action))
    begin, _ = day_bounds(settings.day, MONDAY)
    world.begin(begin, settings)
    world.run_until(begin + timedelta(days=days))
    return world.log


def _asked(folder: Path, *words: str) -> float:
    """From the command to its end, in a process of its own."""
    began = perf_counter()
    places = ("--config", str(CASS), "--data", str(folder))
    command = (str(COMMAND), *places, "simulate", *words)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    return perf_counter() - began


def _peak_mb() -> float:
    return getrusage(RUSAGE_SELF).ru_maxrss * 1_024 / MB
