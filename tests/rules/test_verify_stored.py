"""A log as it is kept: gaps, links, bytes, and what is kept beside it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from actors.replay.books import BOOKS
from actors.replay.recompute import Difference, Recompute
from events.codec import GENESIS, link, parts
from events.fact import Decision
from events.record import Record
from events.store import Head
from projections.invariants.check import Violation
from projections.invariants.checker import Checker
from projections.invariants.past import ACTORS
from projections.invariants.stored import RECORD_BYTES_MAX, Stored
from tests.rules.planted_story import lived
from tests.rules.verifying_story import END, records, stored

Rows = list[tuple[int, Any]]
ROWS = stored(records())
LAST = Head(END, parts(END, ROWS[-1][1])[1])


def told(rows: Rows, anchor: Head | None = None) -> tuple[list[Violation], list[Record]]:
    found: list[Violation] = []
    reading = Stored(found.append, anchor)
    read = [record for page in reading.pages(rows) for record in page]
    reading.finish()
    return found, read


def without(*positions: int) -> Rows:
    return [row for row in ROWS if row[0] not in positions]


def instead(position: int, state: object) -> Rows:
    return [(at, state if at == position else kept) for at, kept in ROWS]


def edited(position: int, old: bytes, new: bytes) -> Rows:
    return instead(position, ROWS[position - 1][1].replace(old, new))


def forged(position: int, old: bytes, new: bytes) -> Rows:
    """Edited, and every link behind it made anew."""
    rows, before = [], GENESIS
    for at, state in edited(position, old, new):
        envelope, _, body = parts(at, state)
        before = link(before, envelope, body)
        rows.append((at, b'%b,"hash":"%b","fact":%b}' % (envelope, before.encode(), body)))
    return rows


BAD: dict[str, list[tuple[str, Rows, Head | None]]] = {
    "shape": [
        ("a record is missing", without(9), None),
        ("the first is missing", without(1), None),
        ("several are missing", without(3, 4, 5), None),
        ("one stands twice", ROWS[:9] + ROWS[8:], None),
        ("two have changed places", [*ROWS[:8], ROWS[9], ROWS[8], *ROWS[10:]], None),
    ],
    "chain": [
        ("an amount is edited", edited(11, b'"usd_micros":100', b'"usd_micros":101'), None),
        ("a time is edited", edited(7, b"06:00:07", b"06:00:08"), None),
        ("a link is edited", edited(11, parts(*ROWS[10])[1].encode(), b"0" * 40), None),
        ("facts of two records have changed places", [
            *ROWS[:12], (13, ROWS[13][1]), (14, ROWS[12][1]), *ROWS[14:]], None),
    ],
    "readable": [
        ("it is cut off", instead(11, ROWS[10][1][:-20]), None),
        ("it is text", instead(11, ROWS[10][1].decode()), None),
        ("it is nothing", instead(11, None), None),
        ("it is empty", instead(11, b""), None),
        ("it is enormous", instead(11, b"x" * (RECORD_BYTES_MAX + 1)), None),
        ("it is of a kind from the future", forged(7, b"time-passed", b"time-turned"), None),
        ("it has a field from the future", forged(11, b'"day":', b'"date":1,"day":'), None),
        ("a day is no day", forged(11, b"2026-11-20", b"2026-11-31"), None),
        ("an amount is no number", forged(11, b'"usd_micros":100', b'"usd_micros":NaN'), None),
        ("it is nested for ever", forged(7, b'"kind"', b'"a":' + b"[" * 9_000 + b'1,"kind"'), None),
        ("it claims another position", forged(11, b'"position":11', b'"position":12'), None),
    ],
    "head": [
        ("the log ends before what was written", ROWS[:-1], LAST),
        ("the log ends long before it", ROWS[:3], LAST),
        ("another record was written there", ROWS, Head(END, "0" * 40)),
        ("there is no record at all", [], LAST),
    ],
}  # fmt: skip
CASES = [
    pytest.param(name, rows, anchor, id=sentence)
    for name, cases in BAD.items()
    for sentence, rows, anchor in cases
]


@pytest.mark.parametrize(("invariant", "rows", "anchor"), CASES)
def test_it_is_wrong_when(invariant: str, rows: Rows, anchor: Head | None) -> None:
    assert invariant in {violation.invariant for violation in told(rows, anchor)[0]}


@pytest.mark.parametrize("anchor", [None, LAST, Head(5, parts(*ROWS[4])[1]), Head(0, GENESIS)])
def test_a_whole_log_is_read_whole_whatever_is_kept_beside_it(anchor: Head | None) -> None:
    assert told(ROWS, anchor) == ([], records())


def test_behind_a_record_that_cannot_be_read_only_the_chain_is_checked() -> None:
    rows = instead(5, b"{}")
    rows[10] = (11, rows[10][1].replace(b'"usd_micros":100', b'"usd_micros":101'))
    found, read = told(rows)
    assert [record.position for record in read] == [1, 2, 3, 4]
    assert [(it.position, it.invariant) for it in found if it.position > 6] == [(11, "chain")]


def dropped(luck: Random, log: list[Any]) -> list[Any]:
    at = luck.randrange(len(log))
    return [*log[:at], *log[at + 1 :]]


def doubled(luck: Random, log: list[Any]) -> list[Any]:
    at = luck.randrange(len(log))
    return [*log[: at + 1], *log[at:]]


def swapped(luck: Random, log: list[Any]) -> list[Any]:
    at = luck.randrange(len(log) - 1)
    return [*log[:at], log[at + 1], log[at], *log[at + 2 :]]


def flipped(luck: Random, rows: Rows) -> Rows:
    """One bit of one record is another."""
    at = luck.randrange(len(rows))
    state = bytearray(rows[at][1])
    state[luck.randrange(len(state))] ^= 1 << luck.randrange(8)
    return [*rows[:at], (rows[at][0], bytes(state)), *rows[at + 1 :]]


@pytest.fixture(scope="module")
def day() -> Rows:
    return stored(lived(BOOKS, 3)[0])


@pytest.mark.parametrize("mutation", [dropped, doubled, swapped, flipped])
def test_every_mutation_of_what_is_stored_is_seen(day: Rows, mutation: Any) -> None:
    luck = Random(7)
    last = Head(len(day), parts(*day[-1])[1])
    for _ in range(25):
        assert told(mutation(luck, day), last)[0]


def moved(log: list[Record], order: list[int]) -> list[Record]:
    """The records of these positions as one log, as if they had been written so: with positions
    of their own, and with causes that follow them."""
    new = {old: position for position, old in enumerate(order, 1)}
    return [
        Record(position, (it := log[old - 1]).at, it.by, new.get(it.cause or 0), it.fact, it.depth)
        for position, old in enumerate(order, 1)
    ]


def edited_fact(luck: Random, log: list[Record]) -> list[Record]:
    """One field of one decision says something else."""
    decisions = [record for record in log if isinstance(record.fact, Decision)]
    while True:
        record = luck.choice(decisions)
        name = luck.choice(record.fact.__struct_fields__)
        if (other := _other(getattr(record.fact, name))) is not None:
            spoiled = replace(record, fact=replace(record.fact, **{name: other}))
            return [spoiled if it is record else it for it in log]


def _other(value: object) -> object:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case datetime() | date():
            return value + timedelta(days=1)
        case str() if value:
            return f"{value}x"
        case _:
            return None


def is_seen(log: list[Record]) -> bool:
    found: list[Violation | Difference] = []
    checker, again = Checker(found.append), Recompute(BOOKS, found.append)
    checker.take(log)
    checker.finish(dict.fromkeys(ACTORS, len(log)))
    if not found:  # Rules may run in circles upon what breaks every promise.
        again.take(log)
        again.finish(dict.fromkeys(ACTORS, len(log)))
    return bool(found)


def seen_of(mutants: Iterable[list[Record]]) -> float:
    seen = [is_seen(mutant) for mutant in mutants]
    return sum(seen) / len(seen)


@pytest.mark.parametrize("mutate", [dropped, doubled])
def test_a_record_too_few_or_too_many_is_seen_though_the_links_fit(mutate: Any) -> None:
    """As if the log had been written so: with fitting positions, causes and links."""
    log, luck = lived(BOOKS, 3)[0], Random(11)
    order = [*range(1, len(log) + 1)]
    assert seen_of(moved(log, mutate(luck, order)) for _ in range(60)) >= 0.95


def test_a_decision_that_says_something_else_is_seen_though_the_links_fit() -> None:
    log, luck = lived(BOOKS, 3)[0], Random(12)
    assert seen_of(edited_fact(luck, log) for _ in range(100)) >= 0.95


def test_two_records_in_a_wrong_order_are_seen_though_the_links_fit() -> None:
    """Of one author, or one because of the other; any others might have stood in either order."""
    log, luck = lived(BOOKS, 3)[0], Random(13)
    order = [*range(1, len(log) + 1)]
    tied = [
        at
        for at, (one, next_) in enumerate(pairwise(log))
        if next_.cause == one.position or (one.by == next_.by and one.by in ACTORS)
    ]
    chosen = (luck.choice(tied) for _ in range(60))
    swaps = ([*order[:at], order[at + 1], order[at], *order[at + 2 :]] for at in chosen)
    assert seen_of(moved(log, swap) for swap in swaps) >= 0.95
