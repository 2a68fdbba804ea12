"""Fifty bugs, planted in the rules one at a time: `verify` finds each of them out.

By what a log proves of itself, or, where a log with the bug keeps every promise, by deciding it
again with the rules as they should be.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from actors.replay.books import BOOKS
from events.budget import (
    BudgetOpened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.catalogue import AnyDecision, AnyFact
from events.cleanup import SweepStarting
from events.plan import OccurrenceSkipped, PlanDrawn
from events.requests import Paused, RequestRefused, RequestRepeated
from events.runs import RunClosed, RunRetrying, RunStarting, WorkBuried
from events.time import AlarmRang, DayStarted, OccurrenceDue, PhaseEnded, PhaseStarted
from events.work import (
    StepReached,
    WorkCancelled,
    WorkFinished,
    WorkHeld,
    WorkPlanned,
    WorkReleased,
)
from tests.rules.planted_story import (
    Books,
    deaf,
    found_in,
    learning,
    lived,
    never,
    saying,
    seeds_until,
    twice,
    with_,
)

A_DAY = timedelta(days=1)
TODAY = date(2026, 11, 20)


def _no_limits(queue: Any, fact: AnyFact, at: datetime) -> AnyFact:
    queue.running = 0
    queue.busy = dict.fromkeys(queue.busy, 0)
    return fact


def _no_pause(queue: Any, fact: AnyFact, at: datetime) -> AnyFact:
    queue.paused.clear()
    return fact


def _no_phase(queue: Any, fact: AnyFact, at: datetime) -> AnyFact:
    return replace(fact, phase=None) if isinstance(fact, WorkPlanned) else fact


def _no_backoff(queue: Any, fact: AnyFact, at: datetime) -> AnyFact:
    return replace(fact, retry_at=at) if isinstance(fact, RunRetrying) else fact


def _no_keys(planner: Any, fact: AnyFact, at: datetime) -> AnyFact:
    planner.answered.clear()
    return fact


def _nothing_settled(ledger: Any, fact: AnyFact, at: datetime) -> AnyFact:
    if isinstance(fact, FundsSettled):
        ledger.whole.settled = 0
        ledger.categories.clear()
    return fact


def _one_start(state: Any, fact: AnyFact, at: datetime) -> AnyFact | None:
    """Without it the rules themselves would choke on the second start."""
    return None if isinstance(fact, RunStarting) and fact.run in state.runs else fact


def _and_another(decision: AnyDecision) -> tuple[AnyDecision, ...]:
    assert isinstance(decision, WorkPlanned)
    return decision, replace(decision, work=f"{decision.work}1")


def _paid_anyway(decision: AnyDecision) -> tuple[AnyDecision, ...]:
    assert isinstance(decision, FundsRefused)
    run, work, category, amount = (
        decision.run, decision.work, decision.category, decision.usd_micros)  # fmt: skip
    return (FundsReserved(run, work, category, amount, TODAY),)


def _given_back(decision: AnyDecision) -> tuple[AnyDecision, ...]:
    assert isinstance(decision, FundsSettled)
    held = decision.reserved_usd_micros
    return (FundsReturned(decision.run, decision.work, decision.category, decision.day, held),)


def _retried_at_once(decision: AnyDecision) -> tuple[AnyDecision, ...]:
    assert isinstance(decision, RunClosed)
    again = RunRetrying(decision.work, 1, decision.action, 2, datetime.max.replace(tzinfo=UTC))
    return again, decision


BY_THE_LOG: dict[str, Callable[[], Books]] = {
    "the budget settles twice": lambda: saying("budget", FundsSettled, twice),
    "the budget never settles": lambda: saying("budget", FundsSettled, never),
    "the budget settles to the day before": lambda: saying(
        "budget", FundsSettled, with_(day=lambda it: it.day - A_DAY)
    ),
    "the budget charges a little more": lambda: saying(
        "budget", FundsSettled, with_(cost_usd_micros=lambda it: it.cost_usd_micros + 1)
    ),
    "the budget gives back what was spent": lambda: saying("budget", FundsSettled, _given_back),
    "the budget pays whatever is asked": lambda: saying("budget", FundsRefused, _paid_anyway),
    "the budget keeps silent instead of refusing": lambda: saying("budget", FundsRefused, never),
    "the budget sets aside half": lambda: saying(
        "budget", FundsReserved, with_(usd_micros=lambda it: it.usd_micros // 2)
    ),
    "the budget says nothing of an overrun": lambda: saying("budget", FundsOverrun, never),
    "the budget closes nothing after an overrun": lambda: deaf("budget", FundsOverrun),
    "the budget forgets what it settled": lambda: learning("budget", _nothing_settled),
    "the budget forgets what it reserved": lambda: deaf("budget", FundsReserved),
    "the budget opens tomorrow": lambda: saying(
        "budget", BudgetOpened, with_(day=lambda it: it.day + A_DAY)
    ),
    "the budget offers everything twice": lambda: saying("budget", FundsOffered, twice),
    "the clock lets an occurrence come twice": lambda: saying("clock", OccurrenceDue, twice),
    "the clock is a day ahead with what is due": lambda: saying(
        "clock", OccurrenceDue, with_(due_at=lambda it: it.due_at + A_DAY)
    ),
    "the clock calls the day by tomorrow's name": lambda: saying(
        "clock", DayStarted, with_(day=lambda it: it.day + 2 * A_DAY)
    ),
    "the clock ends no phase": lambda: saying("clock", PhaseEnded, never),
    "the clock starts each phase twice": lambda: saying("clock", PhaseStarted, twice),
    "the clock rings for another moment": lambda: saying(
        "clock", AlarmRang, with_(rings_at=lambda it: it.rings_at - A_DAY)
    ),
    "the planner skips in silence": lambda: saying("planner", OccurrenceSkipped, never),
    "the planner plans an occurrence twice": lambda: saying("planner", WorkPlanned, _and_another),
    "the queue refuses in silence": lambda: saying("phase_queue", RequestRefused, never),
    "the planner forgets which keys it answered": lambda: learning("planner", _no_keys),
    "the planner repeats another answer": lambda: saying(
        "planner", RequestRepeated, with_(work=lambda it: "w1-1")
    ),
    "the planner never counts its revisions": lambda: saying(
        "planner", PlanDrawn, with_(revision=lambda it: 1)
    ),
    "the queue ignores lanes": lambda: learning("phase_queue", _no_limits),
    "the queue ignores pauses": lambda: learning("phase_queue", _no_pause),
    "the queue pauses in silence": lambda: saying("phase_queue", Paused, never),
    "the queue ignores phases": lambda: learning("phase_queue", _no_phase),
    "the queue ignores backoffs": lambda: learning("phase_queue", _no_backoff),
    "the queue releases twice": lambda: saying("phase_queue", WorkReleased, twice),
    "the queue holds in silence": lambda: saying("phase_queue", WorkHeld, never),
    "the queue forgets to cancel": lambda: saying("phase_queue", WorkCancelled, never),
    "the executor starts a run twice": lambda: saying(
        "executor", RunStarting, twice, learning("executor", _one_start)
    ),
    "the executor closes a run twice": lambda: saying("executor", RunClosed, twice),
    "the executor never closes": lambda: saying("executor", RunClosed, never),
    "the executor retries beside a live run": lambda: saying(
        "executor", RunClosed, _retried_at_once
    ),
    "the executor counts no attempts": lambda: saying(
        "executor", RunRetrying, with_(attempt=lambda it: it.attempt - 1)
    ),
    "the executor passes a cost over": lambda: saying(
        "executor", RunClosed, with_(cost_usd_micros=lambda it: None)
    ),
    "the executor does not hear of pauses": lambda: deaf("executor", Paused),
    "the executor reaches a step again": lambda: saying(
        "executor", StepReached, with_(step=lambda it: it.step - 1)
    ),
    "the cleanup sweeps the run that asks for it": lambda: saying(
        "cleanup", SweepStarting, with_(runs=lambda it: (*it.runs, it.run))
    ),
    "the cleanup forgets to sweep": lambda: saying("cleanup", SweepStarting, never),
}

BY_DECIDING_AGAIN: dict[str, Callable[[], Books]] = {
    "the executor calls what failed a success": lambda: saying(
        "executor", RunClosed, with_(outcome=lambda it: "succeeded")
    ),
    "the executor calls failed work completed": lambda: saying(
        "executor", WorkFinished, with_(state=lambda it: "completed", reason=lambda it: "")
    ),
    "the executor buries nothing": lambda: saying("executor", WorkBuried, never),
    "the queue forgets a release": lambda: deaf("phase_queue", WorkFinished),
    "the queue lets the last go first": lambda: saying(
        "phase_queue", WorkReleased, with_(priority=lambda it: "idle")
    ),
    "the budget refuses for another reason": lambda: saying(
        "budget", FundsRefused, with_(reason=lambda it: "no_day_open")
    ),
    "the planner plans every template in the first phase": lambda: saying(
        "planner", WorkPlanned, with_(phase=lambda it: it.phase and "morning")
    ),
    "the planner finds no time that is too late": lambda: saying(
        "planner", PlanDrawn, with_(left_usd_micros=lambda it: it.left_usd_micros + 1)
    ),
}


@pytest.mark.parametrize("bug", BY_THE_LOG)
def test_a_log_gives_away_that(bug: str) -> None:
    assert seeds_until(BY_THE_LOG[bug](), lambda books, seed: found_in(books, seed).violations)


@pytest.mark.parametrize("bug", BY_DECIDING_AGAIN)
def test_deciding_again_gives_away_that(bug: str) -> None:
    books = BY_DECIDING_AGAIN[bug]()
    assert seeds_until(books, lambda planted, seed: found_in(planted, seed).differences)


def test_the_rules_as_they_are_give_nothing_away() -> None:
    for seed in range(15):
        found = found_in(BOOKS, seed)
        assert (found.violations, found.differences) == ([], []), seed
        assert lived(BOOKS, seed)[1], seed
