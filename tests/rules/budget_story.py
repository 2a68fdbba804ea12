"""What the stories about the budget are told with."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import msgpack

from actors.budget.ledger import Ledger
from actors.budget.rules import RULES
from events.budget import (
    BudgetOpened,
    FundsOffered,
    FundsRefused,
    FundsReserved,
    FundsSettled,
    RefuseReason,
)
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Action, Budget, Configuration, ConfigurationLoaded
from events.record import Record
from events.runs import Outcome, RunClosed
from events.settings import Priority
from events.time import DayStarted
from events.work import WorkReleased

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)
TOMORROW = date(2026, 11, 21)
CATEGORIES = {"research": 100, "chores": 60}
OPENED = BudgetOpened(TODAY, 150, 30, CATEGORIES)


def loaded(daily: int = 150, reserve: int = 30, **categories: int) -> ConfigurationLoaded:
    limits = Budget(
        daily_usd_micros=daily,
        reserve_usd_micros=reserve,
        categories=categories or CATEGORIES,
    )
    actions = {"read": Action(estimate_usd_micros=20), "free": Action()}
    return ConfigurationLoaded("d", Configuration(budget=limits, actions=actions))


def day_started(day: date = TODAY) -> DayStarted:
    starts_at = datetime.combine(day, time(), tzinfo=UTC)
    return DayStarted(day, starts_at, starts_at + timedelta(days=1))


def asks(
    n: int, amount: int, category: str = "research", priority: Priority = "normal"
) -> WorkReleased:
    return WorkReleased(f"w{n}", f"r{n}", "read", 1, 1, category, amount, priority)


def reserved(n: int, amount: int, category: str = "research", day: date = TODAY) -> FundsReserved:
    return FundsReserved(f"r{n}", f"w{n}", category, amount, day)


def refused(
    n: int, amount: int, left: int, reason: RefuseReason, category: str = "research"
) -> FundsRefused:
    return FundsRefused(f"r{n}", f"w{n}", category, amount, left, reason)


def closed(n: int, cost: int | None = None, outcome: Outcome = "succeeded") -> RunClosed:
    return RunClosed(f"r{n}", f"w{n}", "read", outcome, cost_usd_micros=cost)


def never_started(n: int) -> RunClosed:
    return RunClosed(f"r{n}", f"w{n}", "read", "too_late", started=False)


def settled(n: int, held: int, cost: int, source: Any = "reported") -> FundsSettled:
    return FundsSettled(f"r{n}", f"w{n}", "research", TODAY, held, cost, source)


def offered(n: int, category: str = "research") -> FundsOffered:
    return FundsOffered(f"w{n}", category)


def before(*facts: AnyFact) -> Ledger:
    """A ledger that has lived through these, its memory written and read at each step."""
    ledger = Ledger()
    for fact in facts:
        when(ledger, fact)
        again = msgpack.decode(msgpack.encode(ledger), type=Ledger)
        assert again == ledger
        ledger = again
    return ledger


def given(*facts: AnyFact) -> Ledger:
    return before(loaded(), day_started(), *facts)


def when(ledger: Ledger, fact: AnyFact, at: datetime = NOON) -> Sequence[AnyDecision]:
    return RULES.consider(ledger, Record(7, at, "somebody", None, fact))
