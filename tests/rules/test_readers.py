"""Who is woken by what, and in which order it is told."""

from datetime import UTC, datetime
from typing import Any

from events.fact import Fact
from events.messages import NOTHING, Early, Kinds
from events.readers import GATHERED_MAX, Reader, Readers
from events.record import Record
from events.requests import Paused
from events.work import WorkHeld, WorkReleased

AT = datetime(2026, 11, 20, tzinfo=UTC)
HELD, RELEASED = WorkHeld("w1-1", "paused"), WorkReleased("w1-1", "r1-1", "a", 1, 1, "general", 0)


class Sleeper:
    """A reader that notes the positions of each message."""

    def __init__(self) -> None:
        self.told: list[list[int]] = []

    def tell(self, message: Early) -> None:
        self.told.append([record.position for record in message.records])


def hearing(idle: Kinds, *facts: Fact) -> tuple[Sleeper, list[bool]]:
    sleeper, readers = Sleeper(), Readers(Early)
    ref: Any = sleeper
    readers.add(Reader(ref, frozenset({WorkHeld, WorkReleased}), 0, idle))
    woken = [
        readers.tell([Record(position, AT, "x", None, fact)])  # type: ignore[arg-type]
        for position, fact in enumerate(facts, 1)
    ]
    return sleeper, woken


def test_without_idle_kinds_each_batch_wakes() -> None:
    sleeper, woken = hearing(NOTHING, HELD, RELEASED)
    assert sleeper.told == [[1], [2]] and woken == [True, True]


def test_what_is_of_idle_kinds_is_told_in_order_with_what_comes_next() -> None:
    sleeper, woken = hearing(frozenset({WorkHeld}), HELD, HELD, Paused("all"), RELEASED, HELD)
    assert sleeper.told == [[1, 2, 4]]
    assert woken == [False, False, False, True, False]


def test_much_of_an_idle_kind_is_told_all_the_same() -> None:
    sleeper, woken = hearing(frozenset({WorkHeld}), *[HELD] * GATHERED_MAX)
    assert sleeper.told == [list(range(1, GATHERED_MAX + 1))]
    assert woken.count(True) == 1
