"""What is told of money is the sum of the ledger, at every position of a log."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest

from events.budget import (
    BudgetOpened,
    CostCorrected,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
    LimitChanged,
    QuotaReset,
    QuotaSpent,
)
from events.intents import AlertCleared, AlertRaised
from events.record import Record
from events.runs import RunStarting
from projections.database import wipe
from projections.fold import Fold
from projections.queries.budget import Budget, budget
from projections.queries.report import report
from tests.rules.explain_story import DOLLAR, FRIDAY, at
from tests.rules.money_house import CENT, lived, of
from tests.rules.verifying_story import checked

OF_OWN = ("own_limit_spent", "over_own_limit")


@pytest.fixture(scope="module")
def log() -> list[Record]:
    return lived().log


def test_nothing_is_wrong_with_such_a_log(log: list[Record]) -> None:
    assert checked(log) == []
    met = (CostCorrected, FundsOverrun, LimitChanged, QuotaSpent, QuotaReset, AlertRaised)
    assert all(of(log, kind) for kind in met), "and all of it happened"
    assert any(fact.reason in OF_OWN for fact in of(log, FundsRefused))
    assert {fact.source for fact in of(log, FundsSettled)} == {"reported", "priced", "estimated"}


class Ledger:
    """Adds up a log. Sums go by what they are of, and by how truly they are known."""

    def __init__(self) -> None:
        self.opened: BudgetOpened | None = None
        self.sums: dict[tuple[date, str], Counter[str]] = {}
        self.runs: dict[str, tuple[str, str]] = {}  # own limit, source
        self.alerts: dict[tuple[str, str], str] = {}
        self.requests: Counter[str] = Counter()

    def of(self, day: date, name: str) -> Counter[str]:
        return self.sums.setdefault((day, name), Counter())

    def learn(self, fact: object) -> None:
        match fact:
            case BudgetOpened():
                self.opened = fact
            case FundsReserved(run, _, category, amount, day, own):
                self.runs[run] = own, ""
                self._add(day, category, own, reserved=amount)
            case FundsReturned(run, _, category, day, amount):
                self._add(day, category, self.runs[run][0], reserved=-amount)
            case FundsSettled(run, _, category, day, held, cost, source):
                own, _ = self.runs[run]
                self.runs[run] = own, source
                self._add(day, category, own, reserved=-held, settled=cost, **{source: cost})
            case CostCorrected(run, _, category, day, was, cost, source, own):
                self._add(day, category, own, **{self.runs[run][1]: -was})
                self._add(day, category, own, settled=cost - was, **{source: cost})
            case FundsOverrun(_, category, day, over):
                self._add(day, category, "", overrun=over)
            case AlertRaised(alert, words, subject):
                self.alerts[alert, subject] = words
            case AlertCleared(alert, subject):
                del self.alerts[alert, subject]

    def _add(self, day: date, category: str, own: str, **amounts: int) -> None:
        for name in ("day", category, own) if own else ("day", category):
            for kind, amount in amounts.items():
                self.of(day, name)[kind] += amount


def folded(log: list[Record]) -> Iterator[tuple[Record, sqlite3.Connection]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    wipe(connection)
    fold = Fold(connection)
    for record in log:
        fold.learn([record])
        yield record, connection


KINDS = ("reserved", "settled", "reported", "priced", "estimated", "overrun")


def test_the_budget_is_the_sum_of_the_ledger_at_every_position(log: list[Record]) -> None:
    ledger = Ledger()
    for record, connection in folded(log):
        ledger.learn(record.fact)
        opened = ledger.opened
        if opened is None:
            continue
        found = budget(connection, opened.day)
        assert found is not None
        assert found.limit_usd_micros == opened.limit_usd_micros
        limits = {it.category: it.limit_usd_micros for it in found.categories}
        assert limits == opened.categories
        for told, name in ((found, "day"), *((it, it.category) for it in found.categories)):
            sums = ledger.of(opened.day, name)
            assert {kind: getattr(told, f"{kind}_usd_micros") for kind in KINDS} == {
                kind: sums[kind] for kind in KINDS
            }, (record.position, name)
        for own in found.own_limits:
            sums = ledger.of(opened.day, own.name)
            assert own.reserved_usd_micros == sums["reserved"]
            assert own.settled_usd_micros == sums["settled"]
        told_of = {(it.alert, it.subject): it.words for it in found.alerts}
        assert told_of == {
            name: words for name, words in ledger.alerts.items() if name[0].startswith("budget")
        }


def last(log: list[Record], until: str, days: int = 0) -> tuple[Budget, sqlite3.Connection]:
    *_, (record, connection) = folded([it for it in log if it.at <= at(until, days)])
    found = budget(connection, at=record.at)
    assert found is not None
    return found, connection


def test_own_limits_are_told_with_what_is_left_and_who_changed_them(log: list[Record]) -> None:
    found, _ = last(log, "12:00")
    own = {it.name: it for it in found.own_limits}
    assert own["intent:hourly"].limit_usd_micros == DOLLAR
    assert own["intent:hourly"].changed == "day"
    assert own["intent:asking"].changed == ""
    assert own["intent:asking"].left_usd_micros == 2 * DOLLAR - sum(
        [own["intent:asking"].settled_usd_micros, own["intent:asking"].reserved_usd_micros]
    )
    study = next(it for it in found.categories if it.category == "study")
    assert (study.limit_usd_micros, study.changed) == (2 * DOLLAR, "good")


def test_a_change_for_a_day_is_over_with_it_and_one_for_good_is_not(log: list[Record]) -> None:
    found, _ = last(log, "09:00", 1)
    study = next(it for it in found.categories if it.category == "study")
    assert (study.limit_usd_micros, study.changed) == (2 * DOLLAR, "good")
    assert (found.limit_usd_micros, found.changed) == (4 * DOLLAR, "")
    assert next(it for it in found.own_limits if it.name == "intent:hourly").changed == ""


def test_quotas_are_told_with_what_is_left_and_when_they_reset(log: list[Record]) -> None:
    found, _ = last(log, "08:31")
    hours, week = found.quotas
    assert (hours.executor, hours.quota) == ("claude", "hours")
    assert (hours.requests, hours.requests_left) == (3, 0)
    assert hours.spent_until == hours.resets_at == "2026-11-20T11:30:00.000000Z"
    assert (week.tokens, week.tokens_left) == (2_400, 17_600)
    assert week.resets_at == "2026-11-23T00:00:00.000000Z"
    assert week.requests_left is None


def test_a_window_that_is_over_has_all_of_it_left(log: list[Record]) -> None:
    _, connection = last(log, "08:31")
    found = budget(connection, at=at("11:31"))
    assert found is not None
    hours = found.quotas[0]
    assert (hours.requests, hours.requests_left, hours.resets_at) == (0, 3, None)


def test_what_a_window_counts_is_what_the_log_says(log: list[Record]) -> None:
    until: str | None = None
    count = 0
    for record, connection in folded(log):
        if isinstance(record.fact, RunStarting) and record.fact.executor == "claude":
            found = budget(connection)
            assert found is not None
            hours = found.quotas[0]
            count = count + 1 if hours.resets_at == until else 1
            until = hours.resets_at
            assert hours.requests == count


def test_a_report_says_how_truly_its_costs_are_known(log: list[Record]) -> None:
    _, connection = last(log, "09:00", 1)
    total = report(connection, by="executor", first=FRIDAY, last=FRIDAY).total
    ledger = Ledger()
    for record in log:
        ledger.learn(record.fact)
    costs = ledger.of(FRIDAY, "day")
    assert total is not None
    assert total.cost_usd_micros == costs["settled"]
    assert total.reported_usd_micros == costs["reported"]
    assert total.priced_usd_micros == costs["priced"]
    assert total.estimated_usd_micros == costs["estimated"]
    assert total.priced_usd_micros >= 30 * CENT
