"""Why work was held for want of money, also when it was never asked about itself."""

from datetime import UTC, datetime

from actors.replay.standing import of_held
from events.budget import FundsRefused
from events.catalogue import AnyFact
from events.record import Record
from events.work import WorkHeld

AT = datetime(2026, 11, 20, tzinfo=UTC)
REFUSED = FundsRefused("r1-1", "w1-1", "general", 5_000_000, 100_000, "over_category_limit")


def at(position: int, fact: AnyFact, cause: int | None = None) -> Record:
    return Record(position, AT, "x", cause, fact)


def test_work_that_was_refused_itself_names_what_it_asked_for() -> None:
    refused, held = at(7, REFUSED), at(8, WorkHeld("w1-1", "no_funds"), 7)
    first, second = of_held([refused, held], held, refused)
    assert (first.within, first.reason, first.position) == ("funds", "over_category_limit", 7)
    assert "asks for $5.00, $0.10 left" in first.means
    assert (second.within, second.reason, second.position) == ("hold", "no_funds", 8)


def test_work_held_unasked_names_the_refusal_of_another_and_what_it_would_ask_for() -> None:
    held = at(9, WorkHeld("w2-1", "no_funds", category="general", ceiling_usd_micros=200_000), 7)
    first, _ = of_held([held], held, at(7, REFUSED))
    assert (first.reason, first.position) == ("over_category_limit", 7)
    assert "asks for $0.20, $0.10 left" in first.means


def test_a_later_hold_for_another_reason_names_no_refusal() -> None:
    held = at(9, WorkHeld("w1-1", "paused"), 8)
    assert [it.reason for it in of_held([at(7, REFUSED), held], held)] == ["paused"]
