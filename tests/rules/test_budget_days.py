"""A clock that goes back and forth brings no money that was spent before."""

from datetime import date, timedelta

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec import msgpack

from actors.budget.ledger import Ledger
from events.budget import BudgetExhausted, BudgetOpened, FundsReserved
from events.time import DayStarted
from tests.rules.budget_story import (
    CATEGORIES,
    OPENED,
    TODAY,
    TOMORROW,
    asks,
    before,
    closed,
    day_started,
    given,
    loaded,
    refused,
    reserved,
    settled,
    when,
)

LONG_AFTER = date(2030, 1, 1)


def again(day: date) -> DayStarted:
    started = day_started(day)
    return DayStarted(day, started.starts_at, started.ends_at, again=True)


def opened(day: date, revision: int) -> BudgetOpened:
    return BudgetOpened(day, 150, 30, CATEGORIES, revision)


def test_a_day_that_comes_again_has_what_it_had_left() -> None:
    ledger = given(asks(1, 70), closed(1, 60), asks(2, 30), day_started(LONG_AFTER))
    assert when(ledger, again(TODAY)) == [opened(TODAY, 2)]
    assert when(ledger, asks(3, 11)) == [
        refused(3, 11, 10, "category_spent"),
        BudgetExhausted(TODAY, "research"),
    ]
    assert when(ledger, asks(4, 10)) == [reserved(4, 10)]


def test_what_a_run_costs_while_another_day_is_open_is_known_when_its_own_comes_again() -> None:
    ledger = given(asks(1, 100), day_started(TOMORROW))
    assert when(ledger, closed(1, 40)) == [settled(1, 100, 40)]
    when(ledger, again(TODAY))
    assert when(ledger, asks(2, 61))[0] == refused(2, 61, 60, "category_spent")


def test_an_overrun_while_another_day_is_open_closes_the_category_of_its_own() -> None:
    ledger = given(asks(1, 50), day_started(TOMORROW), closed(1, 60))
    assert when(ledger, asks(2, 1)) == [reserved(2, 1, day=TOMORROW)]
    when(ledger, again(TODAY))
    assert when(ledger, asks(3, 1)) == [refused(3, 1, 0, "closed")]


def test_a_day_before_the_first_is_a_new_one() -> None:
    ledger = before(loaded(), day_started(LONG_AFTER))
    assert when(ledger, day_started(TODAY)) == [OPENED]


def test_a_day_whose_money_is_forgotten_has_none_left() -> None:
    ledger = given(asks(1, 30))
    for number in range(1, 9):
        when(ledger, day_started(TODAY + timedelta(days=number)))
    assert when(ledger, again(TODAY)) == [opened(TODAY, 2)]
    assert when(ledger, asks(2, 1, "chores"))[0] == refused(2, 1, 0, "category_spent", "chores")
    assert when(ledger, closed(1, 10)) == [settled(1, 30, 10)], "and what comes back to it"
    assert when(ledger, asks(3, 20, priority="critical")) == [reserved(3, 20)]


def test_it_is_said_once_a_day_that_a_category_is_spent_and_once_that_the_day_is() -> None:
    ledger = given(asks(1, 100), asks(2, 20, "chores"))
    assert when(ledger, asks(3, 1))[1:] == [BudgetExhausted(TODAY, "research")]
    assert when(ledger, asks(4, 1))[1:] == []
    assert when(ledger, asks(5, 1, "chores"))[1:] == [BudgetExhausted(TODAY, "day")]
    assert when(ledger, asks(6, 2, "chores"))[1:] == []
    when(ledger, day_started(TOMORROW))
    when(ledger, again(TODAY))
    assert when(ledger, asks(7, 1))[1:] == [], "also when the day comes again"


def test_what_never_fits_exhausts_nothing() -> None:
    assert len(when(given(), asks(1, 101))) == 1


visits = some.lists(
    some.tuples(some.integers(0, 11), some.integers(1, 60), some.sampled_from([None, 0, 30])),
    min_size=64,
    max_size=64,
)


@settings(max_examples=60, deadline=None)
@for_any(visits)
def test_over_64_days_back_and_forth_no_day_gives_more_than_it_has(
    visited: list[tuple[int, int, int | None]],
) -> None:
    ledger, given_out, fresh = before(loaded()), dict[date, int](), list[date]()
    for number, (later, amount, cost) in enumerate(visited):
        day = TODAY + timedelta(days=later)
        for fact in when(ledger, day_started(day)):
            if isinstance(fact, BudgetOpened) and fact.revision == 1:
                fresh.append(day)
        for fact in when(ledger, asks(number, amount)):
            if isinstance(fact, FundsReserved):
                assert fact.day == day
                given_out[day] = given_out.get(day, 0) + (amount if cost is None else cost)
        if cost is not None:
            when(ledger, closed(number, min(cost, amount)))
            given_out[day] = given_out.get(day, 0) - max(0, cost - amount)
        assert ledger == msgpack.decode(msgpack.encode(ledger), type=Ledger)
    assert len(fresh) == len(set(fresh)), "new money comes once"
    assert all(spent <= CATEGORIES["research"] for spent in given_out.values())
    assert len(ledger.former) <= 8
