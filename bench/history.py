"""Thirty days that never were: a log and its projections, made by the rules in virtual time."""

from collections.abc import Callable
from datetime import datetime, timedelta
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
from events.store import Row, Snapshot, Store, pages
from horarium.configuration import load
from horarium.daemon.life import BOOKS
from projections.projector import rebuild

DAYS = 30
ACTIONS = 10
WRITE_RECORDS = 10_000
STRETCH = 0.01  # of the days lies between snapshots, and behind the last of them

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
[actions.dear]
command = ["true"]
ceiling_usd = 299.999
at_phase_end = "drop"
[intents.dear]
run = "dear"
every = "3600s"
phase = "early"
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


class Writing:
    """Takes records, chains them and puts them into a store."""

    def __init__(self, store: Store) -> None:
        self._store, self._rows, self._link = store, list[Row](), GENESIS

    def take(self, record: Record) -> None:
        said = entry(record.fact, record.at, record.cause, record.depth)
        state, self._link = written(record.position, record.by, said, self._link)
        self._rows.append(Row(record.position, record.fact.kind, state))
        if len(self._rows) >= WRITE_RECORDS:
            self.flush()

    def flush(self) -> None:
        self._store.commit(self._rows)
        self._rows.clear()


def make_history(folder: Path, runs: int) -> None:
    """Fill a data folder with about so many runs, ten records each, up to this moment."""
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(SETTINGS + _jobs(runs))
    store = SqliteStore(folder / "log.sqlite")
    writing = Writing(store)
    world = Simulation(
        BOOKS, next_instant, lambda starting: Ending(2, _ended), consumer=writing.take
    )
    _live(world, folder / "config.toml", lambda: store.commit([], {}, _known(world)))
    writing.flush()
    store.commit([], dict.fromkeys(world.books, world.head))
    rebuild(folder / "projections.sqlite", pages(store))
    store.close()


def _jobs(runs: int) -> str:
    seconds = DAYS * 86_400 * ACTIONS // runs
    return "".join(
        ACTION.format(number=n, category=CATEGORIES[n % len(CATEGORIES)], seconds=seconds + n - 5)
        for n in range(ACTIONS)
    )


def _live(world: Simulation, config: Path, keep: Callable[[], None]) -> None:
    """Let the days go by, and keep what each actor knew, again and again."""
    loaded, end = load(config, {}), now()
    begin = end - timedelta(days=DAYS)
    configuration = ConfigurationLoaded(loaded.digest, loaded.configuration, loaded.source)
    world.say(begin, configuration, "daemon")
    world.say(begin, DaemonStarted("0", 1, "bench"), "daemon")
    for number in range(1, round(1 / STRETCH)):
        world.run_until(begin + number * STRETCH * timedelta(days=DAYS))
        keep()
    world.run_until(end)


def _known(world: Simulation) -> list[Snapshot]:
    return [
        Snapshot(name, book.version, world.head, msgpack.encode(world.states[name]))
        for name, book in world.books.items()
    ]


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
