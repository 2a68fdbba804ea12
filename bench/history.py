"""Thirty days that never were: a log and its projections, made by the rules in virtual time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from msgspec import msgpack

from actors.clock.rules import next_instant
from actors.clock.timer import now
from actors.replay.simulation import Ending, Simulation
from events.codec import GENESIS, entry, written
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted
from events.record import Record
from events.runs import RunEnded, RunResult, RunStarting
from events.sqlite import SqliteStore
from events.store import Row, Snapshot, pages
from horarium.configuration import load
from horarium.daemon.life import BOOKS
from projections.projector import rebuild

DAYS = 30
ACTIONS = 10
WRITE_RECORDS = 10_000
UNKEPT_SHARE = 0.01  # of the log lies behind the last snapshots, as after a kill

SETTINGS = """
[budget]
daily_usd = 1000
reserve_usd = 0
[budget.categories]
general = 300
research = 300
reports = 300
[plan]
enabled = false
[lanes.main]
concurrency = 64
[executor]
concurrency = 64
[[phases]]
name = "early"
start = "00:00"
end = "12:00"
[[phases]]
name = "late"
start = "12:00"
end = "24:00"
"""
ACTION = """
[actions.job-{number}]
command = ["true"]
category = "{category}"
estimate_usd = 0.002
[intents.job-{number}]
run = "job-{number}"
every = "{seconds}s"
"""
CATEGORIES = ("general", "research", "reports")


def make_history(folder: Path, runs: int) -> None:
    """Fill a data folder with about so many runs, ten records each, up to this moment."""
    folder.mkdir(parents=True)
    seconds = DAYS * 86_400 * ACTIONS // runs
    jobs = "".join(
        ACTION.format(number=n, category=CATEGORIES[n % len(CATEGORIES)], seconds=seconds + n - 5)
        for n in range(ACTIONS)
    )
    (folder / "config.toml").write_text(SETTINGS + jobs)
    world, snapshots = _lived(folder)
    store = SqliteStore(folder / "log.sqlite")
    rows = _rows(world.log)
    while page := list(islice(rows, WRITE_RECORDS)):
        store.commit(page)
    store.commit([], dict.fromkeys(world.books, len(world.log)), snapshots)
    del world
    rebuild(folder / "projections.sqlite", pages(store))
    store.close()


def _lived(folder: Path) -> tuple[Simulation, list[Snapshot]]:
    end = now()
    loaded = load(folder / "config.toml", {})
    world = Simulation(BOOKS, next_instant, lambda starting: Ending(2, _ended))
    begin = end - timedelta(days=DAYS)
    source, configuration = loaded.source, loaded.configuration
    world.say(begin, ConfigurationLoaded(loaded.digest, configuration, source), "daemon")
    world.say(begin, DaemonStarted("0", 1, "bench"), "daemon")
    world.run_until(end - UNKEPT_SHARE * timedelta(days=DAYS))
    snapshots = [
        Snapshot(name, book.version, len(world.log), msgpack.encode(world.states[name]))
        for name, book in world.books.items()
    ]
    world.run_until(end)
    return world, snapshots


def _ended(starting: RunStarting, at: datetime) -> RunEnded:
    said = RunResult(f"{starting.action} found nothing new", cost_usd_micros=1_500)
    return RunEnded(
        starting.run,
        started=True,
        ended_at=at,
        exit_code=0,
        duration_ms=2_000,
        cpu_ms=150,
        peak_bytes=30_000_000,
        output_bytes=40,
        tail="looked at 12 files\nfound nothing new\n",
        result=said,
    )


def _rows(log: list[Record]) -> Iterator[Row]:
    before = GENESIS
    for record in log:
        said = entry(record.fact, record.at, record.cause, record.depth)
        state, before = written(record.position, record.by, said, before)
        yield Row(record.position, record.fact.kind, state)
