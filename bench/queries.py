"""What a person asks of the projections when there are 100,000 runs."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection
from time import perf_counter

from bench.history import ACTIONS, DAYS
from bench.report import Figure, at_most
from bench.samples import percentile
from projections.database import open_readonly
from projections.queries.budget import cost_per_day
from projections.queries.runs import runs

LAST = 50


def queries(history: Path, quick: bool) -> Iterator[Figure]:
    """Each asked again and again on one open connection."""
    times = 50 if quick else 500
    with closing(open_readonly(history / "projections.sqlite")) as connection:
        kept = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        for name, ask, raw in (
            (f"the last {LAST} runs of an action", _last, _raw_runs),
            (f"cost per day, {DAYS} days", _costs, _raw_categories),
        ):
            bare = _ms(times, connection, raw)
            took = _ms(times, connection, ask)
            for percent in (50, 99):
                yield Figure(
                    f"{name}, of {kept:,} runs, p{percent}",
                    percentile(took, percent),
                    "ms",
                    percentile(bare, percent),
                    "as many rows of that table as they lie",
                    at_most(1),
                )


def _ms(times: int, connection: Connection, ask: Callable[[Connection, int], int]) -> list[float]:
    took = []
    for number in range(times):
        began = perf_counter()
        ask(connection, number)
        took.append(1000 * (perf_counter() - began))
    return took


def _last(connection: Connection, number: int) -> int:
    found = runs(connection, action=f"job-{number % ACTIONS}", limit=LAST)
    assert len(found) == LAST
    return len(found)


def _costs(connection: Connection, number: int) -> int:
    found = cost_per_day(connection, days=DAYS)
    assert len(found) == DAYS
    return len(found)


def _raw_runs(connection: Connection, number: int) -> int:
    return len(connection.execute("SELECT * FROM runs LIMIT ?", (LAST,)).fetchall())


def _raw_categories(connection: Connection, number: int) -> int:
    return len(connection.execute("SELECT * FROM categories LIMIT ?", (DAYS,)).fetchall())
