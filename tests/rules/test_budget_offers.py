"""Who was refused money, and is offered it when some becomes free."""

import pytest

from events.budget import (
    BudgetOpened,
    FundsReturned,
)
from events.catalogue import AnyFact
from events.work import (
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkReleased,
)
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
    never_started,
    offered,
    refused,
    reserved,
    settled,
    when,
)


def test_who_was_refused_is_offered_the_money_of_the_next_day_while_it_lasts() -> None:
    ledger = given(asks(1, 100), asks(2, 60), asks(3, 60), asks(4, 40), asks(5, 61, "chores"))
    assert when(ledger, day_started(TOMORROW)) == [
        BudgetOpened(TOMORROW, 150, 30, CATEGORIES),
        offered(2),
        offered(4),
    ]


def test_offers_go_by_priority_then_by_the_age_of_the_refusal() -> None:
    ledger = given(
        asks(1, 100),
        asks(2, 30, priority="low"),
        asks(3, 20),
        asks(4, 30, priority="low"),
        asks(5, 30),
        asks(6, 20, priority="high"),
    )
    assert when(ledger, never_started(1))[1:] == [offered(n) for n in (6, 3, 5, 2)]


def test_offers_count_against_the_day() -> None:
    ledger = before(loaded(), asks(1, 70), asks(2, 60, "chores"), asks(3, 50, "chores"))
    assert when(ledger, day_started()) == [OPENED, offered(1), offered(3, "chores")]


def test_critical_work_is_offered_the_reserve_too() -> None:
    ledger = given(asks(1, 100), asks(2, 20, "chores"), asks(3, 60), asks(4, 60, "chores"))
    critical = asks(5, 31, "chores", "critical")
    when(ledger, critical)
    assert when(ledger, never_started(1))[1:] == [offered(5, "chores"), offered(3)]


def test_money_that_a_run_leaves_over_is_offered() -> None:
    ledger = given(asks(1, 100), asks(2, 30))
    assert when(ledger, closed(1, 70)) == [settled(1, 100, 70), offered(2)]


def test_a_run_that_leaves_nothing_over_is_not_followed_by_offers() -> None:
    ledger = given(asks(1, 100), asks(2, 60), asks(3, 60))
    assert when(ledger, never_started(1))[1:] == [offered(2)]
    when(ledger, asks(4, 10))
    assert when(ledger, closed(4, 10)) == [settled(4, 10, 10)], "2 has not come back yet"


def test_money_of_an_earlier_day_is_offered_to_nobody() -> None:
    ledger = given(asks(1, 100), day_started(TOMORROW), asks(2, 100), asks(3, 30))
    assert when(ledger, never_started(1)) == [FundsReturned("r1", "w1", "research", TODAY, 100)]


def test_limits_that_rise_are_offered() -> None:
    ledger = given(asks(1, 100), asks(2, 20))
    assert when(ledger, loaded(research=120))[1:] == [offered(2)]


def test_who_was_offered_is_offered_again_only_when_refused_again() -> None:
    ledger = given(asks(1, 100), asks(2, 30), never_started(1))
    assert when(ledger, day_started(TOMORROW))[1:] == []
    when(ledger, asks(3, 100))
    when(ledger, asks(2, 30))
    assert when(ledger, never_started(3))[1:] == [offered(2)]


def test_who_was_refused_and_is_paid_otherwise_is_offered_nothing() -> None:
    cheaper = WorkReleased("w2", "r9", "read", 1, 1, "research", 0)
    ledger = given(asks(1, 100), asks(2, 30), cheaper)
    assert when(ledger, never_started(1))[1:] == []


def test_who_was_refused_and_asks_again_waits_in_the_place_of_its_last_refusal() -> None:
    ledger = given(asks(1, 100), asks(2, 60), asks(3, 60), asks(2, 60))
    assert when(ledger, never_started(1))[1:] == [offered(3)]


@pytest.mark.parametrize(
    "otherwise",
    [
        WorkHeld("w2", "phase_not_open"),
        WorkHeld("w2", "paused"),
        WorkDeferred("w2", "night", TODAY, 1),
        WorkDropped("w2", "phase_over"),
        WorkCancelled("w2"),
        WorkFinished("w2", "cancelled"),
    ],
)
def test_money_that_was_promised_is_offered_to_the_next_when_the_first_waits_for_something_else(
    otherwise: AnyFact,
) -> None:
    ledger = given(asks(1, 100), asks(2, 80), asks(3, 40), never_started(1))
    assert list(ledger.offered) == ["w2"]
    assert when(ledger, otherwise) == [offered(3)]
    assert when(ledger, otherwise) == []


def test_money_stays_promised_while_the_queue_says_that_it_was_wanting() -> None:
    ledger = given(asks(1, 100), asks(2, 80), asks(3, 40), never_started(1))
    assert when(ledger, WorkHeld("w2", "no_funds")) == []
    assert when(ledger, asks(2, 80)) == [reserved(2, 80)]


def test_what_another_took_in_between_leaves_the_rest_to_the_next() -> None:
    ledger = given(asks(1, 100), asks(2, 80), asks(3, 40), never_started(1))
    assert when(ledger, asks(4, 50)) == [reserved(4, 50)], "who asks is not made to wait"
    assert when(ledger, asks(2, 80)) == [refused(2, 80, 50, "category_spent"), offered(3)]


def test_a_promise_outlasts_the_day_on_which_it_was_made() -> None:
    ledger = given(asks(1, 100), asks(2, 80), asks(3, 40), never_started(1))
    assert when(ledger, day_started(TOMORROW))[1:] == []
    assert when(ledger, WorkHeld("w2", "phase_not_open")) == [offered(3)]


def test_refused_work_that_waits_for_something_else_is_offered_nothing() -> None:
    ledger = given(asks(1, 100), asks(2, 80), asks(3, 40), WorkHeld("w2", "phase_not_open"))
    assert when(ledger, never_started(1))[1:] == [offered(3)]


@pytest.mark.parametrize(
    "end",
    [WorkCancelled("w2"), WorkDropped("w2", "phase_over"), WorkFinished("w2", "cancelled")],
)
def test_work_that_has_ended_is_offered_nothing(end: AnyFact) -> None:
    ledger = given(asks(1, 100), asks(2, 30), end)
    assert when(ledger, never_started(1))[1:] == []
