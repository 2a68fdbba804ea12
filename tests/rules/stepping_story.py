"""A day and a half that all six rule books live in one thread, for stories of replays."""

from datetime import UTC, datetime, time, timedelta

from actors.replay.books import BOOKS, next_instant
from actors.replay.simulation import Ending, Simulation
from events.codec import GENESIS, entry, written
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Intent,
    Lane,
    Phase,
    Step,
    Template,
)
from events.daemon import DaemonStarted
from events.requests import WorkRequested
from events.runs import RunEnded, RunResult, RunStarting
from events.store import Row

BEGIN = datetime(2026, 11, 20, 5, tzinfo=UTC)
SETTINGS = Configuration(
    phases=(
        Phase(name="morning", start=time(6), end=time(12)),
        Phase(name="evening", start=time(18), end=time(22)),
    ),
    budget=Budget(daily_usd_micros=1_000_000, reserve_usd_micros=0, categories={"work": 900_000}),
    lanes={"main": Lane()},
    actions={
        "read": Action(category="work", estimate_usd_micros=100_000, command=("read",)),
        "post": Action(category="work", estimate_usd_micros=10_000, attempts=2, command=("post",)),
    },
    templates={"study": Template(steps=(Step(action="read"), Step(action="post")))},
    intents={"hourly": Intent(run="post", cron="0 * * * *")},
)


def lived(
    settings: Configuration = SETTINGS, result: RunResult | None = None, tail: str = ""
) -> Simulation:
    """A world with its log; `result` and `tail` are what every run says."""

    def outcome(starting: RunStarting) -> Ending:
        fails = starting.action == "post" and starting.attempt == 1

        def ended(starting: RunStarting, at: datetime) -> RunEnded:
            code = 3 if fails else 0
            return RunEnded(starting.run, True, at, code, duration_ms=9, tail=tail, result=result)

        return Ending(9, ended)

    world = Simulation(BOOKS, next_instant, outcome)
    world.say(BEGIN, ConfigurationLoaded("d1", settings, "/etc/config.toml"), "daemon")
    world.say(BEGIN, DaemonStarted("0.1.0", 7, "boot"), "daemon")
    world.run_until(BEGIN + timedelta(hours=3))
    world.say(BEGIN + timedelta(hours=3), WorkRequested("study", "please"), "cli")
    world.run_until(BEGIN + timedelta(hours=36))
    return world


def stored(world: Simulation) -> list[Row]:
    """Its log as a store keeps it."""
    rows, link = [], GENESIS
    for record in world.log:
        said = entry(record.fact, record.at, record.cause, record.depth)
        state, link = written(record.position, record.by, said, link)
        rows.append(Row(record.position, record.fact.kind, state))
    return rows
