"""Work through all six actors, from the request to the recorded end, by way of the no-op."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter, sleep

from actors.clock.rules import next_instant
from actors.clock.timer import now
from actors.replay.simulation import Ending, Simulation, succeeds
from bench.living import Living, living, one_action
from bench.report import Figure, at_least, at_most
from events.bus import Append
from events.codec import entry
from events.configuration import Action, Configuration, ConfigurationLoaded
from events.daemon import DaemonStarted
from events.requests import WorkRequested
from events.work import WorkFinished
from horarium.daemon.life import BOOKS

WINDOW = 1_000  # requests that have no end yet
LOOK_SECONDS = 0.002
SETTINGS = one_action(Action(executor="noop", lane="noop"), 10_000)


def noop(folder: Path, quick: bool) -> Iterator[Figure]:
    """One request to an append; always some hundreds on their way."""
    works = 3_000 if quick else 30_000
    with living(folder, SETTINGS, WorkFinished) as here:
        began = perf_counter()
        _push(here, works)
        ended = perf_counter()
        _wait_for_projections(here)
        projected = perf_counter()
    bare = works / _rules_alone(SETTINGS, works)
    limit = "the same rules in one thread, nothing kept"
    yield Figure(
        "no-op works, request to recorded end",
        works / (ended - began),
        "works/s",
        bare,
        limit,
        at_least(4_000),
    )
    yield Figure("the same until projections show it", works / (projected - began), "works/s")
    kept = (folder / "log.sqlite").stat().st_size / works
    yield Figure("log for a no-op run", kept / 1000, "KB", target=at_most(4))


def _push(here: Living, works: int) -> None:
    told = ended = 0
    while ended < works:
        while told < works and told - ended < WINDOW:
            told += 1
            request = entry(WorkRequested("job", f"key-{told}"), now())
            here.house.bus.tell(Append("cli", (request,)))
        here.heard.take(1)
        ended += 1


def _wait_for_projections(here: Living) -> None:
    path = here.data / "projections.sqlite"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        while _least(connection) < here.house.pulse.head.position:
            sleep(LOOK_SECONDS)


def _least(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT min(position) FROM positions").fetchone()[0])


def _rules_alone(settings: Configuration, works: int) -> float:
    world = Simulation(BOOKS, next_instant, lambda starting: Ending(0, succeeds))
    world.say(now(), ConfigurationLoaded("bench", settings), "daemon")
    world.say(now(), DaemonStarted("bench", 1, "bench"), "daemon")
    began = perf_counter()
    for number in range(works):
        at = now()
        world.say(at, WorkRequested("job", f"key-{number}"), "cli")
        world.run_until(at)
    return perf_counter() - began
