"""What went wrong elsewhere with the money of agents must not come to pass here."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from actors.executor.brief import RunBrief
from actors.executor.folders import folders_of, make_roots
from actors.executor.listening import Listening
from actors.executor.programs.registry import program_of
from actors.executor.wish import Wish
from events.budget import FundsOverrun, FundsRefused, FundsSettled
from events.configuration import Action, Configuration, Intent
from events.policies import Price
from events.runs import RunResult, RunStarting, Usage
from events.time import DayStarted
from events.work import WorkFinished, WorkHeld
from tests.rules.budget_story import asks, closed, day_started, given, loaded, refused, when
from tests.rules.explain_story import DOLLAR, HOUSE, World, ending, troubled, with_

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CENT = DOLLAR // 100
CALLS = 680  # that a session wants to make
CALL_USD_MICROS = 21_000
BELLS = Price(input_usd_micros=3_000_000, output_usd_micros=15_000_000)


def call_of_claude(number: int) -> dict[str, Any]:
    usage = {"input_tokens": 2_000, "output_tokens": 1_000}
    message = {"id": f"m{number}", "model": "bell-2", "content": [], "usage": usage}
    return {"type": "assistant", "message": message}


def call_of_opencode(_: int) -> dict[str, Any]:
    return {"type": "step_start", "part": {"type": "step-start"}}


def had(data: Path, ceiling: int, call: Any, **settings: Any) -> int:
    """How many of its calls a session has had when it is asked to end."""
    action = Action(prompt="?", **settings)
    brief = RunBrief(
        *("r1-1", "w1-1", "ask", action, 1, 1, "{}", NOON, "", 1 << 20, ()),
        *("2026-11-20", "morning", "k", action.executor, ceiling),
        prices={"bell-*": BELLS},
    )
    program = program_of(action.executor)
    assert program is not None
    make_roots(data)
    folders = folders_of(brief, data)
    folders.make("{}")
    wish = Wish(lambda: None)
    heard, number = Listening(brief, folders, program, wish, lambda: NOON), 0
    while wish.reason is None and number < CALLS:
        number += 1
        heard.take(json.encode(call(number)) + b"\n")
    heard.close()
    assert wish.trouble == "at_ceiling"
    return number


def test_no_session_makes_hundreds_of_calls_beyond_what_it_may_cost(tmp_path: Path) -> None:
    cost = CALL_USD_MICROS * had(tmp_path, DOLLAR, call_of_claude, executor="claude")
    assert DOLLAR <= cost < DOLLAR + CALL_USD_MICROS, "one call too many at most"


def test_no_session_makes_hundreds_of_calls_beyond_its_turns(tmp_path: Path) -> None:
    turns = {"executor": "opencode", "max_turns": 20}
    assert had(tmp_path, 100 * DOLLAR, call_of_opencode, **turns) == 21


def of(world: World, kind: Any) -> list[Any]:
    return [it.fact for it in world.log if isinstance(it.fact, kind)]


def spent(world: World) -> list[int]:
    return [it.cost_usd_micros for it in of(world, FundsSettled)]


def test_what_was_overspent_once_is_not_overspent_again_and_again_until_somebody_looks() -> None:
    house = with_(intents={"often": Intent(run="read", every_seconds=120)})
    world = World(house, ending(priced_usd_micros=3 * DOLLAR)).until("06:40")
    assert spent(world) == [3 * DOLLAR]
    assert len(of(world, FundsOverrun)) == 1
    assert {it.reason for it in of(world, FundsRefused)} == {"closed"}


def test_what_was_spent_is_not_forgotten_whenever_something_is_read_anew() -> None:
    ledger = given(asks(1, 90), closed(1, 90))
    today = day_started()
    for minute in range(60):
        when(ledger, loaded(research=100, chores=minute))
        when(ledger, loaded())
        when(ledger, DayStarted(today.day, today.starts_at, today.ends_at, again=True))
    assert ledger.whole.settled == 90
    assert when(ledger, asks(2, 11))[0] == refused(2, 11, 10, "category_spent")


@pytest.mark.parametrize(
    ("ends", "cost"),
    [
        pytest.param(ending(result=RunResult(cost_usd_micros=37 * CENT)), 37, id="well"),
        pytest.param(
            ending(exit_code=1, result=RunResult(cost_usd_micros=37 * CENT)), 37, id="failed"
        ),
        pytest.param(
            ending(exit_code=None, trouble="timed_out", priced_usd_micros=37 * CENT),
            37,
            id="out of time",
        ),
        pytest.param(
            ending(exit_code=0, trouble="said_failed", priced_usd_micros=37 * CENT),
            37,
            id="with an error",
        ),
        pytest.param(ending(exit_code=1), 100, id="failed, and nobody knows for how much"),
        pytest.param(
            ending(exit_code=1, usage=Usage(9, 9), model="bell-3"), 100, id="of an unknown model"
        ),
        pytest.param(troubled("lost"), 100, id="nobody saw how"),
        pytest.param(
            ending(exit_code=None, trouble="cancelled", result=RunResult(cost_usd_micros=0)),
            0,
            id="for nothing, as it says",
        ),
    ],
)
def test_a_run_is_charged_what_it_cost_however_it_ended(ends: Any, cost: int) -> None:
    world = World(HOUSE, ends)
    world.asks("read")
    assert spent(world.until("07:00")) == [cost * CENT]


def test_a_house_that_says_nothing_of_money_does_what_is_free_and_says_what_is_not() -> None:
    free = Action(command=("tidy",))
    dear = Action(command=("read",), category="study", estimate_usd_micros=CENT)
    world = World(Configuration(actions={"tidy": free, "read": dear}))
    tidied, read = world.asks("tidy", "a"), world.asks("read", "b")
    world.until("07:00")
    assert of(world, WorkFinished) == [WorkFinished(tidied, "completed")]
    assert [it.reason for it in of(world, FundsRefused)] == ["over_category_limit"]
    assert of(world, WorkHeld)[-1].work == read


def test_work_that_cannot_be_paid_is_not_lost_but_done_when_there_is_money_again() -> None:
    world = World(HOUSE, ending(result=RunResult(cost_usd_micros=DOLLAR)))
    works = [world.asks("read", f"k{number}") for number in range(7)]
    world.until("23:59")
    assert {it.work for it in of(world, WorkFinished)} == {*works[:5]}
    assert [it.reason for it in of(world, WorkHeld) if it.work in works[5:]][-1] == "no_funds"
    world.until("07:00", 1)
    assert [it.work for it in of(world, WorkFinished)] == works
    assert len(of(world, RunStarting)) == 7
