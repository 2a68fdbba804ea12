"""What asking needs: a file that fits, little to import, and never the whole history."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest
from msgspec.json import encode

from events.runs import Outcome
from projections.database import ProjectionsUnavailable, open_readonly
from projections.projector import rebuild
from projections.queries.brief import brief
from projections.queries.budget import budget, cost_per_day
from projections.queries.days import days
from projections.queries.intents import intents, verdicts
from projections.queries.occurrences import ledger, silence
from projections.queries.plan import plan
from projections.queries.queue import queue
from projections.queries.report import report
from projections.queries.requests import lives
from projections.queries.runs import run, runs
from projections.queries.status import status
from projections.queries.work import work
from tests.contracts.query_story import (
    lived,
    queried,
    renamed,
)
from tests.rules.projection_story import (
    DAY,
    EVENING,
    NOON,
    TODAY,
    Caused,
    log,
    moment,
)


def test_a_missing_file_is_a_clear_error_and_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "projections.sqlite"
    with pytest.raises(ProjectionsUnavailable, match="no projections at"):
        open_readonly(path)
    assert not path.exists()


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "projections.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(ProjectionsUnavailable, match="cannot read"):
        open_readonly(path)


def test_asking_needs_nothing_but_sqlite_and_msgspec() -> None:
    code = """import sys, pkgutil, importlib, projections.queries as q
for module in pkgutil.iter_modules(q.__path__):
    importlib.import_module(f"projections.queries.{module.name}")
print(*{name.partition(".")[0] for name in sys.modules})"""
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert {"projections", "sqlite3", "msgspec"} <= set(loaded)
    assert not {"events", "actors", "pykka", "eventsourcing", "click", "rich"} & set(loaded)


EVERYTHING: dict[str, Callable[[Connection], Any]] = {
    "status": status,
    "plan": plan,
    "runs": runs,
    "budget": budget,
    "days": days,
    "report": lambda c: report(c, by="phase", first=TODAY, last=TODAY),
    "queue": queue,
    "brief": lambda c: brief(c, since=NOON),
    "work": lambda c: work(c, "w1"),
    "run": lambda c: run(c, "r1"),
    "intents": intents,
    "verdicts": lambda c: verdicts(c, "hourly"),
    "ledger": lambda c: ledger(c, "2026-11-20", (moment(0), moment(9)), moment(5)),
    "silence": lambda c: silence(c, moment(5)),
    "lives": lives,
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_question_can_be_asked_of_an_empty_log(tmp_path: Path, name: str) -> None:
    connection = queried(tmp_path)
    assert encode(EVERYTHING[name](connection))
    assert not connection.in_transaction
    connection.close()


@pytest.fixture(scope="module")
def long_history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    path = tmp_path_factory.mktemp("long") / "projections.sqlite"
    facts: list[Caused] = [DAY]
    for number in range(1_500):
        name = "rare" if number % 150 == 0 else f"often{number % 7}"
        outcome: Outcome = "failed" if number % 100 == 0 else "succeeded"
        for fact in lived(name, outcome, "completed"):
            facts.append(renamed(fact, f"-{number}"))
    rebuild(path, [log(*facts)])
    connection = open_readonly(path)
    yield connection
    connection.close()


def steps(connection: Connection, ask: Callable[[Connection], Any]) -> int:
    """How many hundred instructions SQLite needs to answer."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection.set_progress_handler(count, 100)
    ask(connection)
    connection.set_progress_handler(None, 0)
    return counted


FRUGAL: dict[str, Callable[[Connection], Any]] = {
    "of an action": lambda c: runs(c, action="rare", limit=5),
    "of a template": lambda c: runs(c, template="rare", limit=5),
    "that failed": lambda c: runs(c, state="failed", limit=5),
    "that run": lambda c: status(c),
    "of late": lambda c: runs(c, since=EVENING, limit=5),
    "in cost": lambda c: cost_per_day(c),
    "one": lambda c: run(c, "r-rare-150"),
    "in a report": lambda c: report(c, by="category", first=TODAY, last=TODAY),
}


@pytest.mark.parametrize("name", FRUGAL)
def test_no_question_reads_the_whole_history(long_history: Connection, name: str) -> None:
    everything = steps(long_history, lambda c: runs(c, text="nowhere to be found"))
    assert everything > 300  # hundred instructions
    assert steps(long_history, FRUGAL[name]) < 30
