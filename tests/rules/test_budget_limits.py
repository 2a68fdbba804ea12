"""Limits within limits, and limits changed by hand."""

from typing import Any

import pytest

from actors.budget.ledger import Ledger
from events.budget import BudgetOpened, FundsReserved, LimitChanged
from events.catalogue import AnyFact
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Intent,
    Step,
    Template,
)
from events.intents import IntentAdded, IntentRemoved
from events.requests import LimitRequested, RequestRefused, RequestRepeated
from events.work import WorkReleased
from tests.rules.budget_story import (
    CATEGORIES,
    TODAY,
    TOMORROW,
    before,
    closed,
    day_started,
    never_started,
    offered,
    refused,
    when,
)

WEEKLY, EARLY = "template:weekly", "intent:early"


def loaded(weekly: int | None = 40, early: int | None = None, **more: int) -> ConfigurationLoaded:
    template = Template(steps=(Step(action="read"),), daily_usd_micros=weekly)
    return ConfigurationLoaded(
        "d",
        Configuration(
            budget=Budget(
                daily_usd_micros=150, reserve_usd_micros=30, categories=CATEGORIES | more
            ),
            actions={"read": Action(category="research", estimate_usd_micros=20)},
            templates={"weekly": template, "other": Template(steps=(Step(action="read"),))},
            intents={"early": Intent(run="read", now=True, daily_usd_micros=early)},
        ),
    )


def given(*facts: AnyFact) -> Ledger:
    return before(loaded(), day_started(), *facts)


def asks(n: int, amount: int, own: str = WEEKLY, category: str = "research") -> WorkReleased:
    return WorkReleased(f"w{n}", f"r{n}", "read", 1, 1, category, amount, "normal", own)


def reserved(n: int, amount: int, own: str = WEEKLY, day: Any = TODAY) -> FundsReserved:
    return FundsReserved(f"r{n}", f"w{n}", "research", amount, day, own)


def wants(scope: Any, name: str, amount: int | None, key: str = "k", **more: Any) -> LimitRequested:
    return LimitRequested(scope, key, name, amount, **more)


# Limits of their own


def test_a_template_spends_no_more_than_its_own_limit_however_much_its_category_has() -> None:
    ledger = given()
    assert when(ledger, asks(1, 30)) == [reserved(1, 30)]
    assert when(ledger, asks(2, 11)) == [refused(2, 11, 10, "own_limit_spent")]
    assert when(ledger, asks(3, 41)) == [refused(3, 41, 10, "over_own_limit")]
    assert when(ledger, asks(4, 60, "")) == [reserved(4, 60, "")], "others are not concerned"
    assert when(ledger, asks(5, 0)) == [reserved(5, 0)]


def test_the_limits_around_it_hold_as_well_and_are_named_first() -> None:
    ledger = given(asks(1, 95, ""))
    assert when(ledger, asks(2, 10))[0] == refused(2, 10, 5, "category_spent")
    assert when(ledger, asks(3, 101))[0] == refused(3, 101, 5, "over_category_limit")


def test_what_a_run_leaves_of_its_own_limit_is_offered_to_the_next_of_its_kind() -> None:
    ledger = given(asks(1, 40), asks(2, 30), asks(3, 100, ""))
    assert when(ledger, closed(1, 10))[1:] == [offered(2)]
    assert when(ledger, asks(2, 30)) == [reserved(2, 30)]
    assert when(ledger, never_started(2))[1:] == [], "there is no more of the category"


def test_of_what_is_promised_no_more_is_offered() -> None:
    ledger = given(asks(1, 40), asks(2, 30), asks(3, 20), asks(4, 10))
    assert when(ledger, never_started(1))[1:] == [offered(2), offered(4)]


def test_a_new_day_brings_a_new_limit() -> None:
    ledger = given(asks(1, 40), asks(2, 40))
    assert when(ledger, day_started(TOMORROW))[1:] == [offered(2)]
    assert when(ledger, asks(2, 40)) == [reserved(2, 40, day=TOMORROW)]


def test_an_intent_made_by_hand_brings_its_limit_along_and_takes_it_away() -> None:
    made = IntentAdded("mine", Intent(run="read", now=True, daily_usd_micros=10), "request")
    ledger = given(made)
    assert when(ledger, asks(1, 11, "intent:mine")) == [refused(1, 11, 10, "over_own_limit")]
    assert when(ledger, IntentRemoved("mine", "asked")) == [offered(1)]


def test_one_made_by_hand_goes_before_one_of_that_name_in_the_configuration() -> None:
    made = IntentAdded("early", Intent(run="read", now=True, daily_usd_micros=None), "request")
    ledger = before(loaded(early=5), made, day_started())
    assert when(ledger, asks(1, 50, EARLY)) == [reserved(1, 50, EARLY)]


def test_a_configuration_with_a_higher_limit_offers_at_once() -> None:
    ledger = given(asks(1, 41))
    assert when(ledger, loaded(weekly=50)) == [offered(1)]
    ledger = given(asks(1, 41))
    assert when(ledger, loaded(weekly=None)) == [offered(1)]


# By hand


def test_a_limit_is_changed_for_today_and_whoever_waits_is_offered() -> None:
    ledger = given(asks(1, 130, ""))
    assert when(ledger, wants("category", "research", 140)) == [
        LimitChanged("category", "research", 140, TODAY, "k"),
        BudgetOpened(TODAY, 150, 30, CATEGORIES | {"research": 140}, 2),
    ]
    assert when(ledger, wants("day", "", 200, "k2")) == [
        LimitChanged("day", "", 200, TODAY, "k2"),
        BudgetOpened(TODAY, 200, 30, CATEGORIES | {"research": 140}, 3),
        offered(1),
    ]
    assert when(ledger, day_started(TOMORROW))[0] == BudgetOpened(TOMORROW, 150, 30, CATEGORIES)


def test_a_limit_that_is_changed_for_good_outlasts_the_day_and_the_configuration() -> None:
    ledger = given()
    when(ledger, wants("category", "research", 80, for_good=True))
    changed = CATEGORIES | {"research": 80}
    assert when(ledger, day_started(TOMORROW)) == [BudgetOpened(TOMORROW, 150, 30, changed)]
    assert when(ledger, loaded(chores=10)) == [
        BudgetOpened(TOMORROW, 150, 30, changed | {"chores": 10}, 2)
    ]
    assert when(ledger, wants("category", "research", None, "k2", for_good=True)) == [
        LimitChanged("category", "research", None, None, "k2"),
        BudgetOpened(TOMORROW, 150, 30, CATEGORIES | {"chores": 10}, 3),
    ]


def test_for_good_holds_today_too_whatever_was_said_of_today() -> None:
    ledger = given(wants("day", "", 200, "k1"))
    assert when(ledger, wants("day", "", 100, "k2", for_good=True))[1] == BudgetOpened(
        TODAY, 100, 30, CATEGORIES, 3
    )
    assert when(ledger, wants("day", "", 120, "k3"))[1:] == [
        BudgetOpened(TODAY, 120, 30, CATEGORIES, 4)
    ]
    assert when(ledger, wants("day", "", None, "k4"))[1:] == [
        BudgetOpened(TODAY, 100, 30, CATEGORIES, 5)
    ]


@pytest.mark.parametrize(("scope", "name"), [("template", "weekly"), ("template", "other")])
def test_a_template_can_be_given_a_limit_by_hand(scope: str, name: str) -> None:
    ledger = given(wants(scope, name, 70))
    label = f"{scope}:{name}"
    assert when(ledger, asks(1, 70, label)) == [reserved(1, 70, label)]
    assert when(ledger, asks(2, 1, label)) == [refused(2, 1, 0, "own_limit_spent")]
    assert when(ledger, wants(scope, name, 71, "k2"))[1:] == [offered(2)]


def test_a_limit_that_is_lowered_takes_nothing_back() -> None:
    ledger = given(asks(1, 90, ""))
    when(ledger, wants("category", "research", 50))
    assert when(ledger, asks(2, 1, ""))[0] == refused(2, 1, 0, "category_spent")
    assert when(ledger, closed(1, 30))[1:] == [offered(2)]


@pytest.mark.parametrize(
    ("request_", "subject", "reason"),
    [
        (wants("category", "reserch", 5), "reserch", "unknown_subject"),
        (wants("template", "early", 5), "early", "unknown_subject"),
        (wants("intent", "weekly", 5), "weekly", "unknown_intent"),
        (wants("day", "", None), "day", "nothing_to_do"),
        (wants("template", "weekly", None, for_good=True), "weekly", "nothing_to_do"),
    ],
)
def test_what_cannot_be_changed_is_refused(
    request_: LimitRequested, subject: str, reason: Any
) -> None:
    assert when(given(), request_) == [RequestRefused("k", subject, reason)]


def test_today_has_no_limit_before_it_has_begun_but_there_may_be_one_for_good() -> None:
    ledger = before(loaded())
    assert when(ledger, wants("day", "", 5)) == [RequestRefused("k", "day", "no_day_open")]
    assert when(ledger, wants("day", "", 70, for_good=True)) == [
        LimitChanged("day", "", 70, None, "k")
    ]
    assert when(ledger, day_started()) == [BudgetOpened(TODAY, 70, 30, CATEGORIES)]


def test_asking_twice_changes_nothing_twice() -> None:
    ledger = given(wants("day", "", 200), wants("day", "", None, "k2"))
    assert when(ledger, wants("day", "", 200)) == [RequestRepeated("k", "")]
    assert ledger.opened is not None and ledger.opened.limit_usd_micros == 150


def test_a_day_that_comes_again_has_the_limit_that_it_was_given() -> None:
    ledger = given(wants("day", "", 200), day_started(TOMORROW))
    assert when(ledger, day_started(TODAY)) == [BudgetOpened(TODAY, 200, 30, CATEGORIES, 3)]


def test_a_limit_for_good_of_an_intent_that_is_gone_can_still_be_taken_back() -> None:
    mine = Intent(run="read", every_seconds=60)
    ledger = given(
        IntentAdded("mine", mine, "request"),
        wants("intent", "mine", 5, for_good=True),
        IntentRemoved("mine", "asked"),
    )
    assert when(ledger, wants("intent", "mine", None, "k2", for_good=True)) == [
        LimitChanged("intent", "mine", None, None, "k2")
    ]
    again = wants("intent", "mine", None, "k3", for_good=True)
    assert when(ledger, again) == [RequestRefused("k3", "mine", "unknown_intent")]
