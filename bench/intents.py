"""Ten thousand intents: how soon they are known, what they cost, and how late they start."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from time import perf_counter

import psutil

from actors.clock.expected import INTENTS_MAX
from actors.clock.rules import next_instant
from actors.clock.timer import now
from actors.replay.simulation import Simulation
from bench.process import LOOK_SECONDS, SECONDS, count, daemon
from bench.report import Figure, at_most
from bench.samples import percentile
from events.configuration import Action, Configuration, ConfigurationLoaded, Intent
from events.daemon import DaemonStarted
from events.fact import kind_of
from events.policies import Plan
from events.record import Record
from events.runs import RunEnded, RunStarting
from events.sqlite import SqliteStore
from events.store import read
from events.time import OccurrenceDue, OccurrencesExpected
from events.work import WorkPlanned
from horarium.daemon.life import BOOKS

INTENTS, DUE = 10_000, 100
SETTLE_SECONDS = 4
EARLY, FAR_HOURS = 2, (6, 23)  # what the wall shows, and when those come that are not measured
SETTINGS = """
[day]
timezone = "{zone}"
[plan]
enabled = false
[lanes.noop]
concurrency = 10000
[executor]
concurrency = 10000
[actions.job]
executor = "noop"
lane = "noop"
"""


def many(folder: Path, quick: bool) -> Iterator[Figure]:
    """From the command to the last fact about what the day brings; then memory and rest."""
    seconds, intents = (10, 2_000) if quick else (60, INTENTS)
    folder.mkdir()
    config = _configured(folder, [_far(number) for number in range(intents)])
    began = perf_counter()
    with daemon(config, folder / "data") as alive:
        _wait_until_expected(alive.log, intents)
        known = perf_counter() - began
        Event().wait(SETTLE_SECONDS)
        process = psutil.Process(alive.pid)
        memory, before = process.memory_info().rss / 1e6, _processor_seconds(process)
        Event().wait(seconds)
        used = _processor_seconds(process) - before
    what = f"{intents:,} intents"
    yield Figure(f"{what}: command to all expectations in the log", known, "s", target=at_most(2))
    yield Figure(f"{what}: resident memory", memory, "MB", target=at_most(150))
    name = f"{what}: processor, idle for {seconds} s"
    yield Figure(name, 100 * used / seconds, "% of a core", target=at_most(0.4))


def due(folder: Path, quick: bool) -> Iterator[Figure]:
    """From the scheduled instant until the no-op action has run, seen by its door."""
    folder.mkdir()
    others = 1_000 if quick else INTENTS - 2 * DUE
    first = now().replace(microsecond=0) + timedelta(seconds=12)
    spread = [first + timedelta(milliseconds=600 * nth) for nth in range(DUE)]
    at_once = [spread[-1] + timedelta(seconds=5)] * DUE
    moments = [f'at = "{at.isoformat()}"' for at in (*spread, *at_once)]
    config = _configured(folder, [*map(_far, range(others)), *moments])
    with daemon(config, folder / "data") as alive:
        waits = [_wait_ms(at + timedelta(milliseconds=300)) for at in spread]
        once = _wait_ms(at_once[0])
        Event().wait(SETTLE_SECONDS)
    late = _late_ms(alive.log)
    for what, instants, bare, most in (
        (f"{DUE} due over a minute", spread, waits, 15),
        (f"{DUE} due at one instant", at_once, [once], 60),
    ):
        found = [each for at in dict.fromkeys(instants) for each in late.get(at, ())]
        if len(found) != DUE:
            raise RuntimeError(f"{len(found)} of {what} ran")
        for percent, target in ((99, at_most(most)), (50, None)):
            name = f"{what}, of {others + 2 * DUE:,} intents: no-op done, p{percent}"
            amount, alone = percentile(found, percent), percentile(bare, percent)
            yield Figure(name, amount, "ms", alone, "a timed wait alone", target)


def outage(folder: Path, quick: bool) -> Iterator[Figure]:
    """A year of nobody there, and one intent a minute: what all rule books do on return."""
    took, told = min(_return() for _ in range(3))
    yield Figure("a year away, an intent a minute: settled", took, "s", target=at_most(0.2))
    yield Figure("the same, facts", told, "facts")


def _return() -> tuple[float, int]:
    log: list[Record] = []
    world = Simulation(BOOKS, next_instant, consumer=log.append)
    settings = Configuration(
        plan=Plan(enabled=False),
        actions={"job": Action(executor="noop")},
        intents={"job": Intent(run="job", cron="* * * * *")},
    )
    back, started = now(), DaemonStarted("bench", 1, "bench")
    left = back - timedelta(days=365)
    world.say(left, ConfigurationLoaded("bench", settings), "daemon")
    world.say(left, started, "daemon")
    world.run_until(left + timedelta(minutes=5))
    known, began = len(log), perf_counter()
    world.say(back, ConfigurationLoaded("bench"), "daemon")
    world.say(back, started, "daemon")
    return perf_counter() - began, len(log) - known


def _wait_ms(instant: datetime) -> float:
    """By how many milliseconds a wait for that moment came too late."""
    Event().wait(max(0.0, (instant - now()).total_seconds()))
    return (now() - instant).total_seconds() * 1000


def _configured(folder: Path, triggers: Sequence[str]) -> Path:
    config = folder / "config.toml"
    intents = (
        f'[intents.job-{number}]\nrun = "job"\n{trigger}\n'
        for number, trigger in enumerate(triggers)
    )
    config.write_text(SETTINGS.format(zone=_zone()) + "".join(intents))
    return config


def _zone() -> str:
    """A zone in which it is early in the morning."""
    ahead = (EARLY - now().hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"  # Their signs are those of the other way round.


def _far(number: int) -> str:
    """Once a day, at a time of its own that is hours away."""
    first, last = FAR_HOURS
    hour, minute = divmod(number * 7 % ((last - first) * 60), 60)
    return f'cron = "{minute} {first + hour} * * *"'


def _wait_until_expected(log: Path, intents: int) -> None:
    """Until the day is expected to bring something of so many intents."""
    until, facts = perf_counter() + SECONDS, -(-intents // INTENTS_MAX)
    while count(log, kind_of(OccurrencesExpected)) < facts:
        if perf_counter() > until:
            raise TimeoutError("the day brings less than it should")
        Event().wait(LOOK_SECONDS)


def _late_ms(log: Path) -> dict[datetime, list[float]]:
    """By the scheduled instant, how much later each no-op was seen to have ended."""
    due_at: dict[int | str, datetime] = {}  # by the due record, then its work, then its run
    late: dict[datetime, list[float]] = {}
    with closing(SqliteStore(log)) as store:
        for record in read(store):
            match record.fact:
                case OccurrenceDue(due_at=instant):
                    due_at[record.position] = instant
                case WorkPlanned(work=work) if record.cause in due_at:
                    due_at[work] = due_at[record.cause]
                case RunStarting(run=run, work=work) if work in due_at:
                    due_at[run] = due_at[work]
                case RunEnded(run=run) if run in due_at:
                    span = (record.at - due_at[run]).total_seconds() * 1000
                    late.setdefault(due_at[run], []).append(span)
    return late


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
