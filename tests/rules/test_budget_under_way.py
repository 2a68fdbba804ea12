"""Quotas of money hold what runs may still cost, so that no new run goes beyond them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from actors.budget.ledger import Ledger
from actors.ceilings import Asks, asks_of, terms_of
from events.budget import FundsOffered, FundsRefused, FundsReserved, QuotaReset, QuotaSpent
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Action, Budget, Configuration, ConfigurationLoaded
from events.policies import Provider, Quota
from events.runs import RunClosed, RunStarting
from events.settings import ExecutorKind
from events.time import AlarmRang, AlarmSet
from events.work import WorkReleased
from tests.rules.budget_story import NOON, asks, day_started, offered, refused, reserved, when

HOUR = timedelta(hours=1)
CLAUDE: tuple[ExecutorKind, ...] = ("claude",)
BOTH: tuple[ExecutorKind, ...] = ("claude", "codex")
HOURS = Quota(window_seconds=5 * 3_600, usd_micros=50, holds_ceilings=True)


def house(**quotas: Quota | None) -> ConfigurationLoaded:
    executors: dict[Any, Provider] = {
        kind: Provider(quotas={"hours": quota}) for kind, quota in quotas.items() if quota
    }
    budget = Budget(daily_usd_micros=1_000, reserve_usd_micros=0, categories={"research": 1_000})
    return ConfigurationLoaded("d", Configuration(budget=budget, executors=executors))


def given(*life: AnyFact, claude: Quota | None = HOURS, codex: Quota | None = None) -> Ledger:
    ledger = Ledger()
    for fact in (house(claude=claude, codex=codex), day_started(), *life):
        when(ledger, fact)
        assert msgpack.decode(msgpack.encode(ledger), type=Ledger) == ledger
    return ledger


def of(n: int, amount: int, executors: tuple[ExecutorKind, ...] = CLAUDE) -> WorkReleased:
    return replace(asks(n, amount), executors=executors)


def starts(n: int, executor: ExecutorKind = "claude") -> RunStarting:
    return RunStarting(f"r{n}", f"w{n}", "read", 1, 1, executor, NOON)


def ends(n: int, cost: int, executor: ExecutorKind = "claude") -> RunClosed:
    return RunClosed(f"r{n}", f"w{n}", "read", "succeeded", cost_usd_micros=cost, executor=executor)


def said(ledger: Ledger, fact: AnyFact, at: datetime = NOON) -> list[AnyDecision]:
    """What the budget says of who may go, and when it looks again."""
    kinds = FundsReserved | FundsRefused | FundsOffered | AlarmSet | QuotaSpent | QuotaReset
    return [it for it in when(ledger, fact, at) if isinstance(it, kinds)]


def test_a_run_that_might_go_beyond_what_others_may_still_cost_is_not_paid() -> None:
    ledger = given(of(1, 30))
    assert said(ledger, of(2, 21)) == [refused(2, 21, 20, "over_quota")]
    assert said(ledger, of(3, 20)) == [reserved(3, 20)]


def test_many_that_ask_at_once_do_not_go_beyond_it_before_one_has_started() -> None:
    ledger = given()
    told = [fact for n in range(1, 9) for fact in said(ledger, of(n, 20))]
    assert sum(isinstance(fact, FundsReserved) for fact in told) == 2


def test_what_a_run_leaves_of_its_ceiling_is_offered() -> None:
    ledger = given(of(1, 40), of(2, 20), starts(1))
    assert said(ledger, ends(1, 10)) == [offered(2)]
    assert said(ledger, of(2, 20)) == [reserved(2, 20)]


def test_what_never_started_leaves_all_of_it() -> None:
    ledger = given(of(1, 40), of(2, 20))
    gone = RunClosed("r1", "w1", "read", "cancelled", started=False)
    assert said(ledger, gone) == [offered(2)]


def test_offers_count_against_it_too() -> None:
    ledger = given(of(1, 50), of(2, 30), of(3, 30), starts(1))
    assert said(ledger, ends(1, 0)) == [offered(2)]


def test_where_too_little_is_left_of_a_window_its_end_is_waited_for() -> None:
    ledger = given(of(1, 40), starts(1), ends(1, 40))
    until = NOON + 5 * HOUR
    wakes = AlarmSet("room:claude/hours", "budget", until)
    assert said(ledger, of(2, 20)) == [refused(2, 20, 10, "over_quota"), wakes]
    assert said(ledger, of(3, 20)) == [refused(3, 20, 10, "over_quota")], "the alarm is set"
    rang = AlarmRang("room:claude/hours", "budget", until)
    assert said(ledger, rang, until) == [offered(2), offered(3)]


def test_who_has_no_room_is_left_out_and_another_of_the_chain_is_asked() -> None:
    ledger = given(of(1, 40))
    told = replace(reserved(2, 20), without=CLAUDE)
    assert said(ledger, of(2, 20, BOTH)) == [told]
    assert said(ledger, of(3, 10, BOTH)) == [reserved(3, 10)]


def test_who_rests_is_not_asked_later_for_more_than_it_had_left() -> None:
    ledger = given(of(1, 50), starts(1), ends(1, 50))
    [told] = said(ledger, of(2, 60, BOTH))
    assert told == replace(reserved(2, 60), without=("claude",)), "it waits for a place at codex"


def test_until_it_starts_a_run_counts_for_each_that_may_be_asked() -> None:
    ledger = given(of(1, 40, BOTH), codex=HOURS)
    assert said(ledger, of(2, 20, ("codex",))) == [refused(2, 20, 10, "over_quota")]
    assert said(ledger, starts(1)) == [offered(2)]


def test_what_rests_is_seen_to_by_the_executor() -> None:
    ledger = given(of(1, 50), starts(1), ends(1, 50))
    assert ledger.meters["claude"][0].rests_until is not None
    assert said(ledger, of(2, 20)) == [reserved(2, 20)]


@pytest.mark.parametrize(
    "quota",
    [
        replace(HOURS, holds_ceilings=False),
        Quota(window_seconds=60, tokens=5, holds_ceilings=True),
    ],
    ids=["as it was", "of tokens"],
)
def test_other_quotas_hold_nothing(quota: Quota) -> None:
    ledger = given(of(1, 40), claude=quota)
    assert said(ledger, of(2, 40)) == [reserved(2, 40)]


def test_a_quota_that_is_raised_lets_in_who_waits_for_it() -> None:
    ledger = given(of(1, 40), of(2, 20))
    assert said(ledger, house(claude=replace(HOURS, usd_micros=60))) == [offered(2)]


def test_what_takes_what_is_left_takes_no_more_than_the_quota_leaves() -> None:
    ledger = given(of(1, 30))
    takes = replace(of(2, 5), takes_what_is_left=True)
    assert said(ledger, takes) == [reserved(2, 20)]
    second = replace(of(3, 5), takes_what_is_left=True)
    told = replace(refused(3, 5, 0, "over_quota"), behind="r2")
    assert said(ledger, second) == [told]


def test_who_may_be_asked_is_told_only_where_a_quota_may_hold_them() -> None:
    settings = house(claude=HOURS).configuration
    assert settings is not None
    terms = terms_of(settings)
    agent = Action(executor="codex", fallback=("claude",), ceiling_usd_micros=5)
    assert asks_of(agent, terms) == Asks(5, executors=("codex", "claude"))
    assert asks_of(replace(agent, fallback=()), terms) == Asks(5)
    assert asks_of(replace(agent, ceiling_usd_micros=0), terms) == Asks(0)
