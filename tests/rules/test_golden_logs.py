"""Logs that earlier versions wrote: this version reads them, and decides as they did.

A golden log is a text file with one stored record a line, just as the store held it. `lived`
comes from a daemon that was killed again and again, `simulated` from a day and more of all six
rule books. They are never edited; every version adds its own, with `python -m tests.golden_story`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from actors.budget.rules import RULES as BUDGET
from actors.cleanup.rules import RULES as CLEANUP
from actors.clock.rules import RULES as CLOCK
from actors.executor.rules import RULES as EXECUTOR
from actors.phase_queue.rules import RULES as PHASE_QUEUE
from actors.planner.rules import RULES as PLANNER
from actors.rules import Rules
from events.codec import GENESIS, check_chain, read
from events.fact import kind_of
from events.intents import IntentsConfigured
from events.record import Record
from events.time import OccurrencesExpected
from projections.database import open_readonly
from projections.invariants.check import Violation
from projections.invariants.checker import Checker
from projections.projector import Projector
from projections.queries.days import days
from projections.queries.runs import runs

BOOKS: tuple[Rules[Any], ...] = (CLOCK, PLANNER, PHASE_QUEUE, BUDGET, EXECUTOR, CLEANUP)
GOLDEN = sorted((Path(__file__).parent.parent / "golden").glob("*.log"))

# What is told today and was not told at all before 0.2.0. Of older logs, nothing else may differ.
NEW_KINDS = frozenset({kind_of(IntentsConfigured), kind_of(OccurrencesExpected)})


def log_of(path: Path) -> list[Record]:
    rows = list(enumerate(path.read_bytes().splitlines(), 1))
    assert [position for position, _ in check_chain(rows, GENESIS)] == [row[0] for row in rows]
    return [read(position, state) for position, state in rows]


def decided(rules: Rules[Any], log: Sequence[Record]) -> dict[int, list[Any]]:
    """What an actor decided at the time, by the record that caused it."""
    found: dict[int, list[Any]] = {}
    for record in log:
        if record.by == rules.actor:
            found.setdefault(record.cause or 0, []).append(record.fact)
    return found


def decided_otherwise(rules: Rules[Any], log: Sequence[Record]) -> Iterator[int]:
    """Positions upon which these rules decide today what they did not decide then, or not what
    they decided then, but for what is new altogether."""
    then, state = decided(rules, log), rules.state()
    new = NEW_KINDS - {record.fact.kind for record in log}
    for record in log:
        if record.by != rules.actor and record.position <= max(then, default=0):
            now = [it for it in rules.consider(state, record) if it.kind not in new]
            if now != then.get(record.position, []):
                yield record.position


def test_there_is_a_golden_log_of_every_kind() -> None:
    assert {path.stem.partition("-")[2] for path in GOLDEN} >= {"lived", "simulated"}


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_a_golden_log_is_whole_and_is_read(path: Path) -> None:
    assert len(log_of(path)) > 200


@pytest.mark.parametrize("rules", BOOKS, ids=[book.actor for book in BOOKS])
@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_the_rules_decide_upon_a_golden_log_as_they_did_then(path: Path, rules: Rules[Any]) -> None:
    assert list(decided_otherwise(rules, log_of(path))) == []


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_a_golden_log_breaks_no_promise(path: Path) -> None:
    found: list[Violation] = []
    checker = Checker(found.append)
    checker.take(log_of(path))
    checker.finish({})
    assert found == []


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_a_golden_log_is_projected(path: Path, tmp_path: Path) -> None:
    projector = Projector(tmp_path / "projections.sqlite")
    projector.apply(log_of(path))
    projector.close()
    connection = open_readonly(tmp_path / "projections.sqlite")
    assert days(connection) and runs(connection)
    connection.close()
