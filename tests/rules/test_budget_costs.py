"""How true a cost is, and what becomes of odd reports: each has one stated result."""

from datetime import date
from typing import Any

import pytest

from actors.budget.ledger import Ledger
from actors.executor.outcomes import closed as verdict_on
from actors.executor.result import printed
from actors.executor.state import OpenRun
from events.budget import CostCorrected, FundsOverrun, FundsSettled
from events.catalogue import AnyFact
from events.configuration import Action
from events.requests import ResumeRequested
from events.runs import RunClosed, RunEnded, RunResult, RunSettled, Usage
from tests.rules.budget_story import (
    NOON,
    TODAY,
    TOMORROW,
    asks,
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

RUN = OpenRun("r1", "w1", "read", Action(), 1, 1, NOON, executor="claude")


def ended(**more: Any) -> RunEnded:
    told: dict[str, Any] = {"started": True, "ended_at": NOON, "exit_code": 0}
    return RunEnded("r1", **(told | more))


def charged(report: RunEnded) -> tuple[int, str]:
    """What a run that set aside 50 is charged, by an estimate of 20, and how true that is."""
    (told, *_) = when(given(asks(1, 50)), verdict_on(report, RUN, named=True))
    assert isinstance(told, FundsSettled)
    return told.cost_usd_micros, told.source


def says(line: str) -> RunEnded:
    """A job that printed this as its last line."""
    result, fault = printed(line.encode())
    return ended(result=result, result_fault=fault)


USAGE = Usage(input=900, output=100)


@pytest.mark.parametrize(
    ("report", "cost", "source"),
    [
        pytest.param(says('{"cost_usd": 0.000035}'), 35, "reported", id="as it says"),
        pytest.param(says('{"cost_usd": 0}'), 0, "reported", id="nothing, as it says"),
        pytest.param(
            ended(result=RunResult(cost_usd_micros=35), priced_usd_micros=40, usage=USAGE),
            35, "reported", id="its own word goes before its tokens",
        ),
        pytest.param(
            ended(priced_usd_micros=40, usage=USAGE), 40, "priced", id="as its tokens are priced"
        ),
        pytest.param(
            ended(usage=USAGE, model="nobody-knows-it"), 20, "estimated",
            id="unknown model: the estimate, never nothing",
        ),
        pytest.param(ended(), 20, "estimated", id="never: the estimate"),
        pytest.param(says('{"cost_usd": -1}'), 20, "estimated", id="negative: the estimate"),
        pytest.param(says('{"cost_usd": NaN}'), 20, "estimated", id="NaN: the estimate"),
        pytest.param(says('{"cost_usd": 1e999}'), 20, "estimated", id="infinite: the estimate"),
        pytest.param(says('{"cost_usd": "3"}'), 20, "estimated", id="a text: the estimate"),
        pytest.param(says('{"cost_usd": 1e9}'), 20, "estimated", id="a billion: the estimate"),
        pytest.param(
            says('{"summary": "done", "cost_eur": 3}'), 20, "estimated",
            id="in another currency: the estimate",
        ),
        pytest.param(
            ended(result_fault="absurd_cost", priced_usd_micros=40), 40, "priced",
            id="an absurd one: as its tokens are priced",
        ),
        pytest.param(
            ended(exit_code=None, trouble="timed_out"), 20, "estimated", id="timed out"
        ),
        pytest.param(
            ended(exit_code=None, trouble="cancelled", priced_usd_micros=7), 7, "priced",
            id="cancelled: what it cost until then",
        ),
        pytest.param(
            ended(exit_code=None, trouble="at_ceiling", priced_usd_micros=55), 55, "priced",
            id="stopped a call behind its ceiling",
        ),
        pytest.param(
            ended(exit_code=None, trouble="lost"), 50, "estimated", id="lost: all of its ceiling"
        ),
    ],
)  # fmt: skip
def test_every_report_of_a_cost_has_one_stated_result(
    report: RunEnded, cost: int, source: str
) -> None:
    assert charged(report) == (cost, source)


def test_a_cost_that_is_reported_twice_is_charged_once() -> None:
    ledger = given(asks(1, 50), closed(1, 35))
    assert when(ledger, closed(1, 36)) == []
    assert ledger.whole.settled == 35


def test_what_was_spent_beyond_the_ceiling_by_price_is_an_overrun_too() -> None:
    ledger = given(asks(1, 50))
    news = RunClosed("r1", "w1", "read", "failed", cost_usd_micros=60, cost_source="priced")
    assert when(ledger, news) == [
        settled(1, 50, 60, "priced"),
        FundsOverrun("r1", "research", TODAY, 10),
    ]


# Lost runs


def lost(held: int = 50, cost: int | None = None, *more: AnyFact) -> Ledger:
    return given(asks(1, held), closed(1, cost, "unknown"), *more)


def says_it_cost(cost: int | None, run: str = "r1") -> RunSettled:
    return RunSettled(run, "w1", "failed", "person", cost)


def corrected(was: int, cost: int, day: date = TODAY) -> CostCorrected:
    return CostCorrected("r1", "w1", "research", day, was, cost, "reported")


def test_a_lost_run_stays_charged_with_its_ceiling_until_somebody_says_what_it_cost() -> None:
    ledger = lost()
    assert when(ledger, asks(2, 51))[0] == refused(2, 51, 50, "category_spent")
    assert when(ledger, says_it_cost(20)) == [corrected(50, 20), offered(2)]
    assert when(ledger, asks(3, 81))[0] == refused(3, 81, 80, "category_spent")


def test_who_settles_it_without_a_cost_leaves_it_charged() -> None:
    ledger = lost()
    assert when(ledger, says_it_cost(None)) == []
    assert when(ledger, says_it_cost(5)) == [], "and it is settled once"
    assert ledger.whole.settled == 50


def test_what_it_did_report_is_corrected_only_to_another_amount() -> None:
    assert when(lost(50, 35), says_it_cost(35)) == []
    assert when(lost(50, 35), says_it_cost(30)) == [corrected(35, 30)]
    assert when(lost(50), says_it_cost(50)) == [corrected(50, 50)], "now it is known"


def test_what_turns_out_to_have_cost_more_is_an_overrun() -> None:
    ledger = lost()
    over = FundsOverrun("r1", "research", TODAY, 30)
    assert when(ledger, says_it_cost(80)) == [corrected(50, 80), over]
    assert when(ledger, asks(2, 1)) == [refused(2, 1, 0, "closed")]


def test_a_correction_belongs_to_the_day_on_which_it_was_reserved() -> None:
    ledger = lost(50, None, day_started(TOMORROW), asks(2, 60))
    assert when(ledger, says_it_cost(20)) == [corrected(50, 20)]
    assert when(ledger, asks(3, 40)) == [reserved(3, 40, day=TOMORROW)]
    again = day_started(TODAY)
    when(ledger, type(again)(TODAY, again.starts_at, again.ends_at, again=True))
    assert when(ledger, asks(4, 81))[0] == refused(4, 81, 80, "category_spent")


@pytest.mark.parametrize(
    "life",
    [
        pytest.param((), id="never ran"),
        pytest.param((asks(1, 50),), id="runs"),
        pytest.param((asks(1, 50), closed(1, 20)), id="was seen to end"),
        pytest.param((asks(1, 50), never_started(1)), id="never started"),
    ],
)
def test_only_what_nobody_saw_the_end_of_is_corrected(life: tuple[AnyFact, ...]) -> None:
    assert when(given(*life), says_it_cost(1)) == []


def test_a_thousand_lost_runs_are_remembered_and_the_oldest_stays_charged() -> None:
    ledger = given()
    for number in range(1_002):
        when(ledger, asks(number, 0))
        when(ledger, closed(number, None, "unknown"))
    assert len(ledger.lost) == 1_000
    assert when(ledger, says_it_cost(1, "r1")) == []
    when(ledger, ResumeRequested("category", "k", "research"))
    assert isinstance(when(ledger, says_it_cost(1, "r2"))[0], CostCorrected)
