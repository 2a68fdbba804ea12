"""Wherever the batches end, the tables say what a rebuild from scratch says."""

import sqlite3
from datetime import date
from sqlite3 import Connection
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_any
from hypothesis import strategies as some

from events.record import Record
from projections import rows
from projections.database import wipe
from projections.fold import Fold
from projections.tables import TABLES
from tests.rules.projection_script import logs


def empty() -> Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    wipe(connection)
    return connection


def dump(connection: Connection) -> dict[str, list[Any]]:
    return {
        table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)  # noqa: S608 ours
        for table in ("positions", *(row.TABLE for row in TABLES))
    }


def one_by_one(records: list[Record]) -> list[dict[str, list[Any]]]:
    """The tables at every position, the empty log first."""
    connection = empty()
    fold = Fold(connection)
    dumps = [dump(connection)]
    for record in records:
        fold.learn([record])
        dumps.append(dump(connection))
    connection.close()
    return dumps


EMPTY = empty()


def from_scratch(records: list[Record]) -> dict[str, list[Any]]:
    EMPTY.execute("BEGIN")
    Fold(EMPTY).learn(records)
    found = dump(EMPTY)
    EMPTY.execute("ROLLBACK")
    return found


quickly = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quickly
@for_any(logs())
def test_at_every_position_the_tables_equal_a_rebuild(records: list[Record]) -> None:
    for position, then in enumerate(one_by_one(records)):
        assert from_scratch(records[:position]) == then


@pytest.mark.parametrize("kept", [0, 2_000])
@quickly
@for_any(logs(), some.data())
def test_batches_may_end_anywhere_and_fail_and_come_again(
    monkeypatch: pytest.MonkeyPatch, kept: int, records: list[Record], data: some.DataObject
) -> None:
    monkeypatch.setattr(rows, "KEPT_ROWS_MAX", kept)
    dumps = one_by_one(records)
    connection, position = empty(), 0
    fold = Fold(connection)
    while position < len(records):
        size = data.draw(some.integers(1, 12))
        for end in ("ROLLBACK", "COMMIT") if data.draw(some.booleans()) else ("COMMIT",):
            connection.execute("BEGIN")
            fold.learn(records[position : position + size])
            connection.execute(end)
            if end == "ROLLBACK":
                fold.forget()
        position = min(position + size, len(records))
        assert dump(connection) == dumps[position]
    connection.close()


@quickly
@for_any(logs())
def test_the_books_balance(records: list[Record]) -> None:
    connection = empty()
    Fold(connection).learn(records)

    def one(sql: str) -> Any:
        return connection.execute(sql).fetchone()

    assert one("SELECT ifnull(sum(cost_usd_micros), 0) FROM run_tallies") == one(
        "SELECT ifnull(sum(cost_usd_micros), 0) FROM runs"
    )
    assert one("SELECT ifnull(sum(settled_usd_micros), 0) FROM categories") == one(
        "SELECT ifnull(sum(usd_micros), 0) FROM movements WHERE movement = 'settled'"
    )
    assert one("SELECT ifnull(sum(runs), 0) FROM run_tallies") == one(
        "SELECT count(*) FROM runs WHERE state NOT IN ('starting', 'running')"
    )
    assert one("SELECT count(*) FROM categories WHERE reserved_usd_micros < 0") == (0,)
    assert one(
        """SELECT count(*) FROM works
        WHERE (waiting_since IS NULL) = (state IN ('planned', 'queued', 'held'))"""
    ) == (0,)
    connection.close()


@quickly
@for_any(logs())
def test_what_is_expected_is_open_or_closed(records: list[Record]) -> None:
    connection = empty()
    Fold(connection).learn(records)

    def one(sql: str) -> Any:
        return connection.execute(sql).fetchone()

    assert one(
        """SELECT count(*) FROM expectations WHERE expected <> coming + waiting + planned
        + skipped + missed + coalesced + superseded + expired"""
    ) == (0,)
    assert one(
        """SELECT count(*) FROM expectations WHERE min(expected, coming, waiting, planned,
        skipped, missed, coalesced, superseded, expired) < 0"""
    ) == (0,)
    assert one("SELECT ifnull(sum(buffered), 0) FROM intents") == one(
        "SELECT count(*) FROM buffered WHERE closed_at IS NULL"
    )
    connection.close()


@quickly
@for_any(logs())
def test_every_piece_of_work_counts_to_one_day_and_ends_at_most_once(
    records: list[Record],
) -> None:
    connection = empty()
    Fold(connection).learn(records)
    ends = ("completed", "failed", "unknown", "dropped", "cancelled", "buried")
    counted = connection.execute(
        """SELECT day, planned, completed, failed, unknown, dropped, cancelled, buried
        FROM tallies WHERE phase = '' ORDER BY day"""
    ).fetchall()
    states: dict[date, list[str]] = {day: [] for day, *_ in counted}
    for day, state in connection.execute("SELECT day, state FROM works WHERE day IS NOT NULL"):
        states[day].append(state)
    assert counted == [
        (day, len(of_day), *(of_day.count(end) for end in ends)) for day, of_day in states.items()
    ]
    connection.close()
