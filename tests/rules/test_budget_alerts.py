"""What people are told of money: so much is spent, or it will not last."""

from datetime import datetime, timedelta

from actors.budget.ledger import Ledger
from events.budget import BudgetOpened
from events.catalogue import AnyFact
from events.configuration import Action, Budget, Configuration, ConfigurationLoaded
from events.intents import AlertCleared, AlertRaised
from events.policies import Alerts
from events.requests import LimitRequested
from events.runs import RunSettled
from tests.rules.budget_story import (
    NOON,
    TODAY,
    TOMORROW,
    asks,
    before,
    closed,
    day_started,
    when,
)

EVENING = NOON + timedelta(hours=11)
LIMITS = {"research": 1_000, "chores": 4_000}


def loaded(
    *percents: int, pace: bool = False, research: int = 1_000, daily: int = 4_000
) -> ConfigurationLoaded:
    house = Configuration(
        budget=Budget(
            daily_usd_micros=daily, reserve_usd_micros=0, categories=LIMITS | {"research": research}
        ),
        actions={"read": Action(estimate_usd_micros=20)},
        alerts=Alerts(budget_percents=percents, pace=pace),
    )
    return ConfigurationLoaded("d", house)


def given(*percents: int, pace: bool = False) -> Ledger:
    return before(loaded(*percents, pace=pace), day_started())


def spends(
    ledger: Ledger, n: int, amount: int, category: str = "research", at: datetime = EVENING
) -> list[tuple[str, str]]:
    when(ledger, asks(n, amount, category), at)
    return alerts(when(ledger, closed(n, amount), at))


def alerts(said: object) -> list[tuple[str, str]]:
    """Alerts by kind and subject; one that is over with a minus before it."""
    found = []
    for fact in said if isinstance(said, list) else []:
        if isinstance(fact, AlertRaised):
            found.append((fact.alert, fact.subject))
        elif isinstance(fact, AlertCleared):
            found.append((f"-{fact.alert}", fact.subject))
    return found


def used(subject: str) -> tuple[str, str]:
    return "budget_used", subject


def over(subject: str) -> tuple[str, str]:
    return "-budget_used", subject


def test_each_share_of_a_limit_is_told_once_and_the_greater_takes_the_place_of_the_smaller() -> (
    None
):
    ledger = given(50, 80, 100)
    assert spends(ledger, 1, 499) == []
    assert spends(ledger, 2, 1) == [used("research 50")]
    assert spends(ledger, 3, 200) == []
    assert spends(ledger, 4, 100) == [over("research 50"), used("research 80")]
    assert spends(ledger, 5, 200) == [over("research 80"), used("research 100")]


def test_of_several_shares_at_once_the_greatest_is_told() -> None:
    assert spends(given(50, 80, 100), 1, 900) == [used("research 80")]


def test_the_day_has_shares_of_its_own() -> None:
    ledger = given(50)
    assert spends(ledger, 1, 1_000) == [used("research 50")]
    assert spends(ledger, 2, 1_000, "chores") == [used("day 50")]


def test_what_it_says_is_for_people() -> None:
    ledger = before(loaded(80, research=5_000_000, daily=9_000_000), day_started())
    when(ledger, asks(1, 4_250_000))
    (_, told) = when(ledger, closed(1, 4_250_000))
    assert told == AlertRaised(
        "budget_used",
        "80 % of the money of research is spent on 2026-11-20: $4.25 of $5.00",
        "research 80",
    )


def test_what_is_only_set_aside_is_not_spent() -> None:
    ledger = given(50)
    assert alerts(when(ledger, asks(1, 900))) == []
    assert alerts(when(ledger, closed(1, 10))) == []


def test_with_the_day_they_are_over_and_a_new_day_begins_anew() -> None:
    ledger = given(50, 80)
    spends(ledger, 1, 600)
    assert alerts(when(ledger, day_started(TOMORROW))) == [over("research 50")]
    tomorrow = EVENING + timedelta(days=1)
    assert spends(ledger, 2, 500, at=tomorrow) == [used("research 50")]


def test_a_day_that_comes_again_tells_nothing_twice() -> None:
    ledger = given(50, 80)
    spends(ledger, 1, 600)
    when(ledger, day_started(TOMORROW))
    assert alerts(when(ledger, day_started(TODAY))) == []
    assert spends(ledger, 2, 100) == []
    assert spends(ledger, 3, 100) == [used("research 80")]


def limit(amount: int, key: str = "k") -> LimitRequested:
    return LimitRequested("category", key, "research", amount)


def test_a_limit_that_is_raised_ends_an_alert_and_lets_it_come_again() -> None:
    ledger = given(50, 80)
    spends(ledger, 1, 800)
    assert alerts(when(ledger, limit(2_000))) == [over("research 80")]
    assert spends(ledger, 2, 100) == [], "a half was told along with the rest"
    assert spends(ledger, 3, 700) == [used("research 80")]


def test_a_limit_that_is_lowered_raises_one() -> None:
    ledger = given(50, 80)
    spends(ledger, 1, 300)
    assert alerts(when(ledger, limit(350))) == [used("research 80")]


def test_a_correction_may_end_one() -> None:
    ledger = given(50)
    when(ledger, asks(1, 600))
    assert alerts(when(ledger, closed(1, None, "unknown"))) == [used("research 50")]
    news = RunSettled("r1", "w1", "failed", "person", 100)
    assert alerts(when(ledger, news)) == [over("research 50")]


def test_who_asks_for_no_alerts_gets_none_any_more() -> None:
    ledger = given(50, pace=True)
    spends(ledger, 1, 600, at=NOON)
    assert len(ledger.standing) == 2
    told = alerts(when(ledger, loaded()))
    assert told == [over("research 50"), ("-budget_pace", "research")]
    assert spends(ledger, 2, 300) == []


def test_a_log_without_alerts_gets_none() -> None:
    ledger = before(loaded(), day_started())
    assert spends(ledger, 1, 1_000) == []


# The pace


def test_money_that_will_not_last_until_the_day_ends_is_told_in_time() -> None:
    ledger = given(pace=True)
    six = NOON - timedelta(hours=6)
    assert spends(ledger, 1, 249, at=six) == [], "of so little nobody says"
    assert spends(ledger, 2, 2, at=six) == [("budget_pace", "research")]
    assert spends(ledger, 3, 100, at=six) == [], "that was said"


def test_money_that_goes_slowly_enough_is_not_told() -> None:
    ledger = given(pace=True)
    assert spends(ledger, 1, 500, at=NOON) == []
    assert spends(ledger, 2, 1, at=NOON) == [("budget_pace", "research")]


def test_of_what_is_gone_already_nobody_says_that_it_will_not_last() -> None:
    assert spends(given(pace=True), 1, 1_000, at=NOON) == []


def test_with_a_higher_limit_or_another_day_it_will_last() -> None:
    ledger = given(pace=True)
    spends(ledger, 1, 600, at=NOON)
    assert alerts(when(ledger, limit(2_000))) == [("-budget_pace", "research")]
    assert spends(ledger, 2, 500, at=NOON) == [("budget_pace", "research")]
    assert alerts(when(ledger, day_started(TOMORROW))) == [("-budget_pace", "research")]


def test_a_day_of_which_nobody_knows_what_it_cost_alerts_nobody() -> None:
    ledger = given(50, 100)
    spends(ledger, 1, 10)
    for number in range(1, 9):
        when(ledger, day_started(TODAY + timedelta(days=number)))
    told: list[AnyFact] = list(when(ledger, day_started(TODAY)))
    assert told == [BudgetOpened(TODAY, 4_000, 0, LIMITS, 2)]


def test_what_was_told_of_a_day_is_not_raised_a_second_time_when_the_clock_goes_back() -> None:
    ledger = given(50, pace=True)
    spends(ledger, 1, 600)
    when(ledger, day_started(TOMORROW))
    tomorrow = NOON + timedelta(days=1)
    told = spends(ledger, 2, 600, at=tomorrow)
    assert told == [used("research 50"), ("budget_pace", "research")]
    told = alerts(when(ledger, day_started(), at=NOON))
    assert told == [("-budget_pace", "research"), ("budget_pace", "research")]
