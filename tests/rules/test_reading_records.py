"""Many records are read at once, and a bad one among them is named."""

from datetime import UTC, datetime

import pytest

from events.codec import GENESIS, UnreadableRecord, entry, read, read_all, written
from events.time import TimePassed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rows(count: int = 5) -> list[tuple[int, bytes]]:
    kept, link = list[tuple[int, bytes]](), GENESIS
    for position in range(1, count + 1):
        state, link = written(position, "timer", entry(TimePassed(), NOON), link)
        kept.append((position, state))
    return kept


def test_many_are_read_as_each_alone() -> None:
    assert read_all(rows()) == [read(position, state) for position, state in rows()]
    assert read_all([]) == []


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((3, b'{"position":3'), "truncated"),
        ((3, b"\xff"), "malformed"),
        ((3, rows()[3][1]), "claims to be record 4"),
    ],
    ids=["cut off", "not text", "another one's"],
)
def test_a_bad_one_among_them_is_named(row: tuple[int, bytes], why: str) -> None:
    kept = rows()
    kept[2] = row
    with pytest.raises(UnreadableRecord, match=rf"record 3: .*{why}"):
        read_all(kept)
