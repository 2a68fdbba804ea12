"""Who has no ceiling takes what is left: how much that is, and what becomes of it."""

from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.ceilings import LEAST_USD_MICROS, Asks, Terms, asks_of
from events.budget import BudgetExhausted, FundsRefused, FundsReserved, FundsReturned
from events.configuration import Action, Budget, Configuration, ConfigurationLoaded, Template
from events.settings import PROGRAMS, ExecutorKind, Priority
from events.work import StepReached, WorkHeld, WorkReleased
from tests.rules.budget_story import (
    CATEGORIES,
    TODAY,
    asks,
    before,
    closed,
    day_started,
    given,
    never_started,
    offered,
    refused,
    reserved,
    settled,
    when,
)


def takes(
    n: int, least: int = 10, category: str = "research", priority: Priority = "normal"
) -> WorkReleased:
    return replace(asks(n, least, category, priority), takes_what_is_left=True)


def behind(n: int, fact: FundsRefused) -> FundsRefused:
    return replace(fact, behind=f"r{n}")


@pytest.mark.parametrize(
    ("life", "asked", "amount"),
    [
        ((), takes(1), 100),
        ((), takes(1, category="chores"), 60),
        ((asks(2, 30),), takes(1), 70),
        ((asks(2, 60, "chores"),), takes(1), 60),
        ((asks(2, 60, "chores"),), takes(1, priority="critical"), 90),
        ((asks(2, 30), closed(2, 25)), takes(1), 75),
        ((asks(2, 90),), takes(1, 10), 10),
    ],
    ids=["all of a category", "all of a smaller one", "not what is reserved", "nor the reserve",
         "which critical work may touch", "nor what is spent", "the least that will do"],
)  # fmt: skip
def test_it_takes_the_least_that_any_limit_leaves(
    life: tuple[Any, ...], asked: WorkReleased, amount: int
) -> None:
    assert when(given(*life), asked) == [reserved(1, amount, asked.category)]


def test_it_takes_no_more_than_its_template_may_cost() -> None:
    house = Configuration(
        budget=Budget(daily_usd_micros=150, reserve_usd_micros=0, categories=CATEGORIES),
        templates={"weekly": Template(steps=(), daily_usd_micros=40)},
    )
    ledger = before(ConfigurationLoaded("d", house), day_started())
    own = replace(takes(1), own_limit="template:weekly")
    assert when(ledger, own) == [replace(reserved(1, 40), own_limit="template:weekly")]


def test_a_step_takes_it_like_what_is_released() -> None:
    step = StepReached("w1", "r1", "read", 2, "research", 10, takes_what_is_left=True)
    assert when(given(), step) == [reserved(1, 100)]


def test_less_than_its_estimate_is_refused_as_ever() -> None:
    ledger = given(asks(1, 95))
    assert when(ledger, takes(2, 10)) == [
        refused(2, 10, 5, "category_spent"),
        BudgetExhausted(TODAY, "research"),
    ]
    assert when(ledger, takes(3, 101)) == [refused(3, 101, 5, "over_category_limit")]


def test_two_of_them_do_not_fit_at_once_and_the_second_is_offered_what_the_first_leaves() -> None:
    ledger = given(takes(1))
    assert when(ledger, takes(2)) == [behind(1, refused(2, 10, 0, "category_spent"))]
    assert when(ledger, closed(1, 30)) == [settled(1, 100, 30), offered(2)]
    assert when(ledger, takes(2)) == [reserved(2, 70)]


def test_nobody_is_told_that_money_is_spent_which_is_only_set_aside() -> None:
    ledger = given(takes(1, category="chores"), takes(2))
    assert when(ledger, asks(3, 5)) == [behind(1, refused(3, 5, 0, "day_spent"))]
    ledger = given(asks(1, 95), takes(2, 5))
    told = when(ledger, asks(3, 10))
    assert told == [refused(3, 10, 0, "category_spent"), BudgetExhausted(TODAY, "research")]


def test_what_was_promised_to_others_is_left_to_them() -> None:
    ledger = given(asks(1, 100), asks(2, 40), asks(3, 60, "chores"), takes(4))
    assert when(ledger, never_started(1))[1:] == [offered(2), offered(3, "chores"), offered(4)]
    assert when(ledger, takes(4)) == [reserved(4, 20)]
    assert when(ledger, asks(2, 40)) == [reserved(2, 40)]


def test_a_promise_to_one_of_them_is_of_all_that_is_left() -> None:
    ledger = given(asks(1, 100), takes(2), takes(3), asks(4, 20))
    assert when(ledger, never_started(1))[1:] == [offered(2)]
    assert when(ledger, takes(2)) == [reserved(2, 100)]


def test_who_comes_unoffered_may_have_what_one_of_them_was_promised() -> None:
    ledger = given(asks(1, 100), takes(2))
    when(ledger, never_started(1))
    assert when(ledger, asks(3, 30)) == [reserved(3, 30)]
    assert when(ledger, takes(2)) == [reserved(2, 70)]


def test_what_it_does_not_take_after_all_is_offered_to_the_next() -> None:
    ledger = given(asks(1, 100), takes(2), asks(3, 20))
    when(ledger, never_started(1))
    assert when(ledger, WorkHeld("w2", "paused")) == [offered(3)]


def test_what_was_held_unasked_takes_what_is_left_too() -> None:
    held = WorkHeld("w2", "no_funds", None, "research", 10, takes_what_is_left=True)
    ledger = given(asks(1, 100), held, asks(3, 5))
    assert when(ledger, never_started(1))[1:] == [offered(2)]


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (closed(1, 30), [settled(1, 100, 30)]),
        (closed(1), [settled(1, 100, 10, "estimated")]),
        (closed(1, outcome="failed"), [settled(1, 100, 10, "estimated")]),
        (closed(1, outcome="unknown"), [settled(1, 100, 100, "estimated")]),
        (never_started(1), [FundsReturned("r1", "w1", "research", TODAY, 100)]),
    ],
    ids=["what it reports", "else its estimate", "also when it failed", "all of it when lost",
         "nothing when it never ran"],
)  # fmt: skip
def test_it_is_charged_what_it_cost_and_not_what_it_took(end: Any, said: list[Any]) -> None:
    assert when(given(takes(1)), end) == said


def test_nothing_is_left_of_it_in_memory_when_it_is_over() -> None:
    ledger = given(takes(1), closed(1), takes(2), never_started(2))
    assert (ledger.takers, ledger.under_way, ledger.reservations) == ({}, {}, {})


@dataclass
class Case:
    says: str
    action: Action
    asks: Asks


def action(executor: ExecutorKind, **more: Any) -> Action:
    return Action(executor=executor, **more)


ON = Terms(takes_what_is_left=True)
CASES = [
    Case("its own ceiling", action("claude", ceiling_usd_micros=7), Asks(7)),
    Case("a ceiling of nothing", action("claude", ceiling_usd_micros=0), Asks(0)),
    Case("what is left", action("claude"), Asks(LEAST_USD_MICROS, True)),
    Case("at least its estimate", action("codex", estimate_usd_micros=5), Asks(5, True)),
    Case("a command", action("command", estimate_usd_micros=5), Asks(5)),
    Case("a job", action("python", estimate_usd_micros=5), Asks(5)),
    Case("a request by http", action("http"), Asks(0)),
    Case("what runs on this machine", action("ollama"), Asks(0)),
    Case("whose cost nobody learns", action("kimi", estimate_usd_micros=5), Asks(5)),
    Case("a spender behind it", action("ollama", fallback=("claude",)),
         Asks(LEAST_USD_MICROS, True)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.says for case in CASES])
def test_an_attempt_asks_for(case: Case) -> None:
    assert asks_of(case.action, ON) == case.asks


@pytest.mark.parametrize("kind", PROGRAMS)
def test_as_it_was_decided_before_nobody_takes_what_is_left(kind: ExecutorKind) -> None:
    assert asks_of(action(kind, estimate_usd_micros=5), Terms()) == Asks(5)
    assert FundsReserved("r", "w", "c", 5, TODAY).without == ()


Happening = tuple[bool, int, str, int | None]  # takes what is left, amount, category, cost


@for_any(
    some.lists(
        some.tuples(
            some.booleans(),
            some.integers(1, 130),
            some.sampled_from([*CATEGORIES, "garden"]),
            some.one_of(some.none(), some.integers(0, 60)),
        ),
        max_size=20,
    ),
    some.randoms(use_true_random=False),
)
def test_whoever_takes_what_is_left_nothing_is_promised_twice(
    happenings: list[Happening], chance: Random
) -> None:
    ledger, live = given(), dict[str, FundsReserved]()
    for n, (takes_left, amount, category, cost) in enumerate(happenings):
        ask = takes(n, amount, category) if takes_left else asks(n, amount, category)
        told = [it for it in when(ledger, ask) if isinstance(it, FundsReserved)]
        live |= {it.run: it for it in told}
        for name, limit in CATEGORIES.items():
            assert ledger.account(name).used <= limit
        assert ledger.whole.used <= 120, "the day without its reserve"
        if live and chance.random() < 0.5:
            held = live.pop(chance.choice(list(live)))
            spent = None if cost is None else min(cost, held.usd_micros)
            when(ledger, closed(int(held.run[1:]), spent))
    for run in live:
        when(ledger, never_started(int(run[1:])))
    assert (ledger.whole.reserved, ledger.takers, ledger.reservations) == (0, {}, {})
