"""A sweep of many run folders, and what others notice of it meanwhile."""

import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import perf_counter, sleep

from pykka import ActorRef

from actors.cleanup.files import FOLDERS, FileSweeper
from actors.cleanup.rules import RULES
from actors.cleanup.state import Cleaning
from actors.clock.timer import now
from actors.executor.folders import INPUT, OUTPUT
from bench.living import SECONDS, SWITCH_SECONDS
from bench.report import Figure, at_most
from bench.samples import percentile
from events.bus import Append, Bus
from events.cleanup import SweepEnded, SweepRequested, SweepStarting
from events.codec import entry
from events.configuration import Configuration, ConfigurationLoaded
from events.policies import Cleanup
from events.record import Record
from events.runs import RunClosed, RunStarting
from events.sqlite import SqliteStore
from events.work import WorkFinished, WorkReleased

FOLDERS_MANY, FOLDERS_QUICK = 10_000, 1_000
QUIET_FACTS, PAUSE_SECONDS = 200, 0.01  # between facts, as on a busy day
SETTINGS = Cleanup(runs_keep_seconds=0, runs_keep_count=0, items_max=1_000_000)


def sweeping(folder: Path, quick: bool) -> Iterator[Figure]:
    """Decided, done and told; beside it facts are told one by one."""
    many = FOLDERS_QUICK if quick else FOLDERS_MANY
    sys.setswitchinterval(SWITCH_SECONDS)
    _make(folder / "bare", many)
    began = perf_counter()
    shutil.rmtree(folder / "bare")
    bare = perf_counter() - began
    _make(folder / "data", many)
    bus = Bus.start(SqliteStore(folder / "log.sqlite"))
    quiet = [_told(bus) for _ in range(QUIET_FACTS)]
    with ThreadPoolExecutor(1) as others:
        began = perf_counter()
        swept = others.submit(_swept, folder / "data", many)
        beside = [_told(bus)]
        while not swept.done():
            beside.append(_told(bus))
        took = perf_counter() - began
    bus.stop()
    assert len(swept.result().swept_runs) == many
    name, limit = f"sweep of {many:,} run folders", "rmtree of the same"
    yield Figure(name, took, "s", bare, limit, at_most(5))
    usual = 1000 * percentile(quiet, 99)
    late = 1000 * percentile(beside, 99)
    beside_name = "fact to answer during that sweep, p99"
    yield Figure(beside_name, late, "ms", usual, "without a sweep", at_most(10, "more than bare"))


def _make(data: Path, many: int) -> None:
    for folder in FOLDERS.values():
        (data / folder).mkdir(parents=True)
    for number in range(1, many + 1):
        run = data / "runs" / f"r{number}-1"
        os.mkdir(run)  # noqa: PTH102  There are many.
        for name in (INPUT, OUTPUT):
            with open(run / name, "wb") as file:  # noqa: PTH123  Likewise.
                file.write(b"{}")
        os.mkdir(data / "work" / f"w{number}-1")  # noqa: PTH102


def _swept(data: Path, many: int) -> SweepEnded:
    """From the request to the evidence, as rules and door have it."""
    state = _lived(many)
    (starting,) = RULES.consider(
        state, Record(3 * many, now() + timedelta(seconds=1), "cli", None, SweepRequested("k"))
    )
    assert isinstance(starting, SweepStarting)
    return FileSweeper(data, now).sweep(starting, tuple(state.ended))


def _lived(many: int) -> Cleaning:
    state, at = Cleaning(), now()
    RULES.evolve(state, ConfigurationLoaded("d", Configuration(cleanup=SETTINGS)), at)
    for number in range(1, many + 1):
        run, work = f"r{number}-1", f"w{number}-1"
        RULES.evolve(state, RunStarting(run, work, "job", 1, 1, "command", at), at)
        RULES.evolve(state, RunClosed(run, work, "job", "succeeded"), at)
        RULES.evolve(state, WorkFinished(work, "completed"), at)
    return state


def _told(bus: "ActorRef[Bus]") -> float:
    """Seconds until a fact is answered, some time after the one before."""
    sleep(PAUSE_SECONDS)
    done: Future[list[int]] = Future()
    began = perf_counter()
    fact = WorkReleased("w1-1", "r1-1", "job", 1, 1, "general", 0)
    bus.tell(Append("bench", (entry(fact, now()),), done=done))
    done.result(SECONDS)
    return perf_counter() - began
