"""The rules of the budget, one story each: given, when, then."""

from datetime import time, timedelta

import pytest

from events.budget import (
    BudgetExhausted,
    BudgetOpened,
    CategoryReopened,
    FundsOverrun,
    FundsReturned,
    RefuseReason,
)
from events.catalogue import AnyFact
from events.configuration import Configuration, ConfigurationLoaded, Day
from events.requests import ResumeRequested
from events.runs import RunClosed
from events.settings import Priority
from events.work import StepReached
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

# A day


def test_a_budget_opens_with_the_day() -> None:
    assert when(before(loaded()), day_started()) == [OPENED]


def test_a_day_that_begins_again_does_not_refill_the_purse() -> None:
    assert when(given(asks(1, 80)), day_started()) == []


def test_a_new_day_brings_new_money() -> None:
    ledger = given(asks(1, 80))
    assert when(ledger, day_started(TOMORROW)) == [BudgetOpened(TOMORROW, 150, 30, CATEGORIES)]
    assert when(ledger, asks(2, 100)) == [reserved(2, 100, day=TOMORROW)]


def test_limits_that_change_open_the_day_anew_and_forget_nothing() -> None:
    ledger = given(asks(1, 80))
    decisions = when(ledger, loaded(research=90))
    assert decisions == [BudgetOpened(TODAY, 150, 30, {"research": 90}, revision=2)]
    assert when(ledger, asks(2, 11)) == [
        refused(2, 11, 10, "category_spent"),
        BudgetExhausted(TODAY, "research"),
    ]
    assert when(ledger, loaded(research=91))[0] == BudgetOpened(
        TODAY, 150, 30, {"research": 91}, revision=3
    )


@pytest.mark.parametrize("news", [loaded(), ConfigurationLoaded("d")])
def test_a_configuration_with_the_same_limits_opens_nothing(news: ConfigurationLoaded) -> None:
    assert when(given(), news) == []


def test_a_configuration_before_the_first_day_opens_nothing() -> None:
    assert when(before(), loaded()) == []


# Asking


def test_a_run_reserves_what_its_category_can_afford() -> None:
    assert when(given(), asks(1, 100)) == [reserved(1, 100)]


def test_a_later_step_reserves_like_a_first_one() -> None:
    step = StepReached("w1", "r1", "read", 2, "research", 30)
    assert when(given(), step) == [reserved(1, 30)]


def test_asking_twice_reserves_once() -> None:
    ledger = given(asks(1, 30))
    assert when(ledger, asks(1, 30)) == []
    assert when(ledger, asks(2, 70)) == [reserved(2, 70)]


@pytest.mark.parametrize(
    ("amount", "category", "priority", "left", "reason"),
    [
        pytest.param(21, "research", "normal", 20, "category_spent", id="category used up"),
        pytest.param(41, "chores", "normal", 40, "day_spent", id="day used up but for the reserve"),
        pytest.param(101, "research", "normal", 20, "over_category_limit", id="never fits"),
        pytest.param(61, "chores", "critical", 60, "over_category_limit", id="critical neither"),
        pytest.param(1, "garden", "normal", 0, "over_category_limit", id="no such category"),
    ],
)
def test_money_is_refused_with_the_reason_and_what_is_left(
    amount: int, category: str, priority: Priority, left: int, reason: RefuseReason
) -> None:
    ledger = given(asks(1, 80))
    decisions = when(ledger, asks(2, amount, category, priority))
    assert decisions[0] == refused(2, amount, left, reason, category)
    spent = {"category_spent": category, "day_spent": "day"}.get(reason)
    assert decisions[1:] == ([] if spent is None else [BudgetExhausted(TODAY, spent)])


def test_more_than_a_day_can_spend_never_fits() -> None:
    ledger = before(loaded(daily=50, reserve=10), day_started())
    assert when(ledger, asks(1, 41)) == [refused(1, 41, 40, "over_day_limit")]
    assert when(ledger, asks(2, 41, priority="critical")) == [reserved(2, 41)]


def test_only_critical_work_touches_the_reserve() -> None:
    ledger = given(asks(1, 100), asks(2, 20, "chores"))
    assert when(ledger, asks(3, 1, "chores", "high")) == [
        refused(3, 1, 0, "day_spent", "chores"),
        BudgetExhausted(TODAY, "day"),
    ]
    assert when(ledger, asks(4, 30, "chores", "critical")) == [reserved(4, 30, "chores")]
    assert when(ledger, asks(5, 1, "chores", "critical")) == [
        refused(5, 1, 0, "day_spent", "chores")
    ]


def test_nothing_is_paid_before_a_day_is_open() -> None:
    assert when(before(loaded()), asks(1, 1)) == [refused(1, 1, 0, "no_day_open")]


@pytest.mark.parametrize(
    "life",
    [
        pytest.param([], id="before a day is open"),
        pytest.param([loaded(daily=0, reserve=0), day_started()], id="with no money at all"),
    ],
)
@pytest.mark.parametrize("category", ["research", "garden"])
def test_what_costs_nothing_is_never_refused(life: list[AnyFact], category: str) -> None:
    assert when(before(*life), asks(2, 0, category)) == [reserved(2, 0, category)]


def test_in_a_closed_category_even_what_costs_nothing_is_refused_until_it_is_reopened() -> None:
    ledger = given(asks(1, 100), closed(1, 120))
    assert when(ledger, asks(2, 0)) == [refused(2, 0, 0, "closed")]
    assert when(ledger, asks(3, 0, "chores")) == [reserved(3, 0, "chores")]
    reopened = when(ledger, ResumeRequested("category", "k", "research"))
    assert reopened == [CategoryReopened("research"), offered(2)]


def test_before_a_day_is_open_a_reservation_bears_the_date_of_its_time() -> None:
    early = Configuration(day=Day(timezone="Europe/Berlin", starts_at=time(14)))
    ledger = before(ConfigurationLoaded("d", early))
    yesterday = TODAY - timedelta(days=1)
    assert when(ledger, asks(1, 0)) == [reserved(1, 0, day=yesterday)]


# Settling


@pytest.mark.parametrize(
    ("news", "cost", "source"),
    [
        pytest.param(closed(1, 35), 35, "reported", id="what it said it cost"),
        pytest.param(closed(1, 0), 0, "reported", id="nothing, if it says so"),
        pytest.param(closed(1, outcome="failed"), 20, "estimated", id="else its estimate"),
        pytest.param(closed(1, outcome="unknown"), 50, "estimated", id="all, if nobody knows"),
        pytest.param(closed(1, 35, "unknown"), 35, "reported", id="unknown but reported"),
        pytest.param(
            RunClosed("r1", "w1", "gone", "failed"), 50, "estimated", id="all, without an estimate"
        ),
    ],
)
def test_a_run_is_charged(news: RunClosed, cost: int, source: str) -> None:
    ledger = given(asks(1, 50))
    assert when(ledger, news) == [settled(1, 50, cost, source)]
    assert when(ledger, asks(2, 100 - cost)) == [reserved(2, 100 - cost)]


def test_an_estimate_never_exceeds_what_was_reserved() -> None:
    assert when(given(asks(1, 15)), closed(1)) == [settled(1, 15, 15, "estimated")]


def test_what_never_started_costs_nothing() -> None:
    ledger = given(asks(1, 100))
    decisions = when(ledger, never_started(1))
    assert decisions == [FundsReturned("r1", "w1", "research", TODAY, 100)]
    assert when(ledger, asks(2, 100)) == [reserved(2, 100)]


def test_a_run_is_settled_once() -> None:
    ledger = given(asks(1, 50), closed(1, 50))
    assert when(ledger, closed(1, 50)) == []
    assert when(ledger, never_started(1)) == []


def test_a_run_that_reserved_nothing_is_not_settled() -> None:
    ledger = given(asks(1, 101))
    assert when(ledger, closed(1, 50)) == []


def test_money_belongs_to_the_day_on_which_it_was_reserved() -> None:
    ledger = given(asks(1, 80), day_started(TOMORROW))
    assert when(ledger, closed(1, 90)) == [
        settled(1, 80, 90),
        FundsOverrun("r1", "research", TODAY, 10),
    ]
    assert when(ledger, asks(2, 100)) == [reserved(2, 100, day=TOMORROW)]


# Overruns


OVERRUN = (asks(1, 50), closed(1, 60))


def test_an_overrun_is_said_and_closes_its_category() -> None:
    ledger = given(asks(1, 50))
    assert when(ledger, closed(1, 60)) == [
        settled(1, 50, 60),
        FundsOverrun("r1", "research", TODAY, 10),
    ]
    assert when(ledger, asks(2, 1)) == [refused(2, 1, 0, "closed")]
    assert when(ledger, asks(3, 40, "chores")) == [reserved(3, 40, "chores")]


def test_a_person_opens_a_category_again() -> None:
    ledger = given(*OVERRUN, asks(2, 40), asks(3, 41))
    decisions = when(ledger, ResumeRequested("category", "k", "research"))
    assert decisions == [CategoryReopened("research"), offered(2)]
    assert when(ledger, asks(4, 41))[0] == refused(4, 41, 40, "category_spent")


@pytest.mark.parametrize(
    "request_",
    [
        ResumeRequested("all", "k"),
        ResumeRequested("lane", "k", "research"),
        ResumeRequested("category", "k", "chores"),
    ],
)
def test_no_other_word_opens_it(request_: ResumeRequested) -> None:
    assert when(given(*OVERRUN), request_) == []


def test_a_category_overrun_twice_is_opened_once() -> None:
    ledger = given(asks(1, 50), asks(2, 10), closed(1, 60), closed(2, 11))
    resume = ResumeRequested("category", "k", "research")
    assert when(ledger, resume) == [CategoryReopened("research")]
    assert when(ledger, resume) == []


def test_a_new_day_opens_it_and_a_revision_does_not() -> None:
    ledger = given(*OVERRUN, loaded(research=200))
    assert when(ledger, asks(2, 1)) == [refused(2, 1, 0, "closed")]
    when(ledger, day_started(TOMORROW))
    assert when(ledger, asks(3, 1)) == [reserved(3, 1, day=TOMORROW)]
