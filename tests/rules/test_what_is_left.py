"""A house of agents without ceilings, lived by all actors: what each may cost, and who waits."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from msgspec.structs import replace

from actors.executor.brief import brief
from actors.executor.programs.registry import program_of
from actors.executor.state import Executing
from actors.executor.talk import asked_of
from events.budget import (
    BudgetExhausted,
    FundsOffered,
    FundsRefused,
    FundsReserved,
    FundsSettled,
)
from events.catalogue import AnyFact
from events.configuration import Action, Budget, Lane, Step, Template
from events.policies import Provider, Quota
from events.record import Record
from events.runs import RunClosed, RunEnded, RunResult, RunStarting
from events.settings import ProgramKind
from events.work import WorkFinished, WorkHeld
from projections.invariants.check import Violation
from projections.invariants.checker import Checker
from tests.rules.explain_story import DOLLAR, HOUSE, World, ending, with_

CENT = DOLLAR // 100
LEFT = Budget(
    daily_usd_micros=10 * DOLLAR,
    reserve_usd_micros=0,
    categories={"study": 5 * DOLLAR, "chores": 5 * DOLLAR},
    without_ceiling="what_is_left",
)

BOTH = (Step(action="plain"), Step(action="ask"))


def agent(executor: ProgramKind = "claude", **more: Any) -> Action:
    return Action(executor=executor, prompt="go", category="study", lane="wide", **more)


def house(budget: Budget = LEFT, **more: Any) -> Any:
    return with_(
        HOUSE,
        budget=budget,
        lanes={"wide": Lane(concurrency=8)},
        actions={
            "ask": agent(estimate_usd_micros=20 * CENT),
            "ponder": agent("codex"),
            "bound": agent(ceiling_usd_micros=DOLLAR),
            "local": agent("ollama"),
            "aside": replace(agent("codex"), lane="other"),
            "plain": Action(command=("x",), category="study", lane="wide",
                            estimate_usd_micros=30 * CENT),
        },
        templates={"both": Template(steps=BOTH, phases=("evening",))},
        **more,
    )  # fmt: skip


def lived(made: Any = None, minutes: int = 30, cost: int | None = 12 * CENT) -> World:
    result = None if cost is None else RunResult(cost_usd_micros=cost)
    return World(made or house(), ending(minutes, result=result))


def violations(log: list[Record]) -> list[Violation]:
    found: list[Violation] = []
    checker = Checker(found.append)
    checker.take(log)
    checker.finish({})
    return found


def all_of(world: World, kind: Any) -> list[Any]:
    assert violations(world.log) == []
    return [it.fact for it in world.log if isinstance(it.fact, kind)]


def with_fact(record: Record, fact: AnyFact) -> Record:
    at, by, cause = record.at, record.by, record.cause
    return Record(record.position, at, by, cause, fact, record.depth, record.hash)


def test_what_is_set_aside_is_what_its_program_is_told() -> None:
    world = lived()
    world.asks("ask")
    [reserved], [starting] = all_of(world, FundsReserved), all_of(world, RunStarting)
    assert reserved.usd_micros == starting.ceiling_usd_micros == 5 * DOLLAR
    told = brief(cast(Executing, world.states["executor"]), starting.run)
    program = program_of("claude")
    assert program is not None
    words = program.command(asked_of(told.action, "claude", "", ceiling_usd_micros=5 * DOLLAR))
    assert told.ceiling_usd_micros == 5 * DOLLAR
    assert words[words.index("--max-budget-usd") + 1] == "5"


def test_a_step_of_a_template_takes_what_is_left_too() -> None:
    world = lived(cost=None)
    world.asks("both")
    world.until("08:00")
    assert [it.usd_micros for it in all_of(world, FundsReserved)] == [30 * CENT, 470 * CENT]
    assert [it.cost_usd_micros for it in all_of(world, FundsSettled)] == [30 * CENT, 20 * CENT]


def test_two_go_one_after_the_other_and_the_second_takes_what_the_first_has_left() -> None:
    world = lived()
    world.asks("ask", "a")
    second = world.asks("ponder", "b")
    refused = all_of(world, FundsRefused)
    assert [(it.work, it.left_usd_micros) for it in refused] == [(second, 0)]
    world.until("08:00")
    assert [it.usd_micros for it in all_of(world, FundsReserved)] == [5 * DOLLAR, 488 * CENT]
    assert [it.work for it in all_of(world, FundsOffered)] == [second]
    assert {it.state for it in all_of(world, WorkFinished)} == {"completed"}
    assert all_of(world, BudgetExhausted) == [], "for nothing was spent"


def test_who_takes_what_is_left_gets_no_crumbs_of_what_was_offered_to_another() -> None:
    world = lived(with_(house(), lanes={"wide": Lane(concurrency=1), "other": Lane()}))
    world.asks("ask", "a")
    second = world.asks("aside", "b")
    third = world.asks("ask", "c")
    world.until("08:00")
    assert [it.usd_micros for it in all_of(world, FundsReserved)][1:] == [488 * CENT, 476 * CENT]
    assert [it.work for it in all_of(world, FundsReserved)][1:] == [second, third]
    assert all_of(world, BudgetExhausted) == [], "for nothing was spent"


def test_an_agent_that_nobody_learns_the_cost_of_is_never_free() -> None:
    world = lived(cost=None)
    world.asks("bound")
    world.until("08:00")
    assert [it.cost_usd_micros for it in all_of(world, FundsSettled)] == [CENT]


def test_what_has_a_ceiling_goes_beside_others_that_have() -> None:
    world = lived()
    for key in "abc":
        world.asks("bound", key)
    assert [it.usd_micros for it in all_of(world, FundsReserved)] == [DOLLAR] * 3


def test_what_costs_nothing_goes_when_nothing_is_left() -> None:
    world = lived(cost=None)
    world.asks("ask", "a")
    world.asks("local", "b")
    world.asks("plain", "c")
    assert [it.usd_micros for it in all_of(world, FundsReserved)] == [5 * DOLLAR, 0]
    assert [it.reason for it in all_of(world, WorkHeld)][-1] == "no_funds"


def test_where_settings_say_so_the_estimate_is_set_aside_as_it_was() -> None:
    world = lived(house(replace(LEFT, without_ceiling="estimate")))
    world.asks("ask", "a")
    world.asks("ponder", "b")
    assert [it.usd_micros for it in all_of(world, FundsReserved)] == [20 * CENT, 0]


def quota(usd_micros: int) -> Provider:
    week = Quota(
        window_seconds=604_800, counted_from="week", usd_micros=usd_micros, holds_ceilings=True
    )
    return Provider(quotas={"week": week})


def test_what_a_quota_cannot_bear_beside_what_runs_is_asked_of_the_next_of_the_chain() -> None:
    made = house(executors={"claude": quota(150 * CENT)})
    both = replace(made.actions["bound"], fallback=("codex",))
    made = with_(made, actions={"bound": both})
    world = lived(made)
    for key in "abc":
        world.asks("bound", key)
    asked = [it.executor for it in all_of(world, RunStarting)]
    assert asked == ["claude", "codex", "codex"]


def test_where_nobody_is_to_be_asked_instead_it_waits_for_the_end_of_a_run() -> None:
    world = lived(house(executors={"claude": quota(150 * CENT)}))
    world.asks("bound", "a")
    second = world.asks("bound", "b")
    assert [it.reason for it in all_of(world, FundsRefused)] == ["over_quota"]
    assert "too little is left of the quota of whom it may ask" in world.why(second).says
    world.until("08:00")
    assert len(all_of(world, RunStarting)) == 2
    assert all(it.outcome == "succeeded" for it in all_of(world, RunClosed))


def test_who_waits_is_told_who_has_set_aside_the_rest_and_that_a_ceiling_would_have_helped() -> (
    None
):
    world = lived()
    world.asks("ask", "a")
    told = world.why(world.asks("plain", "b"))
    [run] = [it.run for it in all_of(world, RunStarting)]
    assert f"{run}, which has no ceiling, holds the rest until it ends" in told.says
    [change] = told.ways[0].changes
    assert (change.setting, change.value) == ("actions.ask.ceiling_usd", "4.7")


def test_two_of_one_action_would_have_shared_what_was_left_by_a_ceiling() -> None:
    world = lived()
    world.asks("ask", "a")
    [change] = world.why(world.asks("ask", "b")).ways[0].changes
    assert (change.setting, change.value) == ("actions.ask.ceiling_usd", "2.5")


def test_a_quota_that_is_too_small_is_told_with_what_it_would_have_to_be() -> None:
    world = lived(house(executors={"claude": quota(150 * CENT)}))
    world.asks("bound", "a")
    told = world.why(world.asks("bound", "b"))
    [change] = told.ways[0].changes
    assert (change.setting, change.value) == ("executors.claude.quotas.week.usd", "2")


Spoil = Callable[[Any], AnyFact]
SPOILT: dict[str, tuple[type[Any], Spoil, str]] = {
    "less than is left": (
        FundsReserved, lambda it: replace(it, usd_micros=DOLLAR), "money"),
    "more than is left": (
        FundsReserved, lambda it: replace(it, usd_micros=6 * DOLLAR), "money"),
    "another ceiling than was set aside": (
        RunStarting, lambda it: replace(it, ceiling_usd_micros=20 * CENT), "executor"),
    "somebody who holds nothing back": (
        FundsRefused, lambda it: replace(it, behind="r1-1"), "money"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILT)
def test_a_log_shows_it_when_what_is_left_is_not_what_was_given(case: str) -> None:
    kind, spoil, invariant = SPOILT[case]
    world = lived()
    world.asks("ask", "a")
    world.asks("ponder", "b")
    nth = next(n for n, it in enumerate(world.log) if isinstance(it.fact, kind))
    record = world.log[nth]
    spoilt = [*world.log]
    spoilt[nth] = with_fact(record, spoil(record.fact))
    assert invariant in {it.invariant for it in violations(spoilt)}


def test_a_log_shows_it_when_a_quota_is_gone_beyond() -> None:
    made = house(executors={"claude": quota(250 * CENT)})
    both = replace(made.actions["bound"], fallback=("codex",))
    world = lived(with_(made, actions={"bound": both}))
    for key in "ab":
        world.asks("bound", key)
    assert violations(world.log) == []
    reserved = [n for n, it in enumerate(world.log) if isinstance(it.fact, FundsReserved)]
    record = world.log[reserved[1]]
    beyond = [*world.log]
    assert isinstance(record.fact, FundsReserved)
    beyond[reserved[1]] = with_fact(record, replace(record.fact, without=("claude",)))
    assert {"quota", "executor"} <= {it.invariant for it in violations(beyond)}


def test_the_end_of_a_lost_run_keeps_all_that_it_took_until_somebody_settles_it() -> None:
    world = World(house(), ending(5, exit_code=None, trouble="lost"))
    world.asks("ask", "a")
    world.until("07:00")
    [settled] = all_of(world, FundsSettled)
    assert (settled.cost_usd_micros, settled.source) == (5 * DOLLAR, "estimated")
    assert [it.trouble for it in all_of(world, RunEnded)] == ["lost"]
