"""The chain is checked fast where it is whole, and says the same as record by record where not."""

from datetime import UTC, datetime

import pytest

from events.codec import GENESIS, UnreadableRecord, check_chain, entry, last_link, written
from events.time import TimePassed

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Row = tuple[int, bytes]


def chain(count: int) -> list[Row]:
    rows, link = [], GENESIS
    for position in range(1, count + 1):
        state, link = written(position, "timer", entry(TimePassed(), NOW), link)
        rows.append((position, state))
    return rows


ROWS = chain(6)


def changed(position: int, state: object) -> list[tuple[object, ...]]:
    return [(at, state if at == position else kept) for at, kept in ROWS]


BAD = {
    "a record is missing": [row for row in ROWS if row[0] != 3],
    "a record comes twice": [*ROWS[:3], ROWS[2], *ROWS[3:]],
    "a fact was changed": changed(4, ROWS[3][1].replace(b"time-passed", b"time-pushed")),
    "its time was changed": changed(2, ROWS[1][1].replace(b"2026", b"2025")),
    "its end is lost": changed(5, ROWS[4][1][:-1] + b" "),
    "it has no link": changed(3, b"{}"),
    "it is text": changed(3, ROWS[2][1].decode()),
    "it is nothing": changed(1, None),
    "another begins the log": ROWS[1:],
}


def test_the_link_of_a_whole_chain_is_that_of_its_last_record() -> None:
    assert last_link(ROWS, GENESIS) == [link for _, link in check_chain(ROWS, GENESIS)][-1]


def test_a_chain_goes_on_behind_any_record_of_it() -> None:
    assert last_link(ROWS[2:], last_link(ROWS[:2], GENESIS), 2) == last_link(ROWS, GENESIS)


def test_what_stands_between_position_and_state_does_not_matter() -> None:
    assert last_link([(at, "kind", state) for at, state in ROWS], GENESIS) == last_link(
        ROWS, GENESIS
    )


def test_no_records_have_the_link_before_them() -> None:
    assert last_link([], GENESIS) == GENESIS


@pytest.mark.parametrize("rows", BAD.values(), ids=BAD.keys())
def test_a_broken_chain_is_told_where_and_why_as_record_by_record(rows: list[Row]) -> None:
    with pytest.raises(UnreadableRecord) as slow:
        list(check_chain(rows, GENESIS))
    with pytest.raises(UnreadableRecord) as fast:
        last_link(rows, GENESIS)
    assert (fast.value.position, fast.value.why) == (slow.value.position, slow.value.why)
