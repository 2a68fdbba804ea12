"""Settling unknown runs, and runs by agents, through the command line."""

from datetime import date, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from events.budget import FundsReserved
from events.catalogue import AnyFact
from events.configuration import Action, Budget, ConfigurationLoaded, Step
from events.requests import SettleRequested
from events.runs import (
    ExecutorRested,
    RunClosed,
    RunEnded,
    RunStarted,
    RunStarting,
    RunWaiting,
    Usage,
)
from events.work import WorkFinished, WorkPlanned, WorkReleased
from horarium.places import Places, places
from tests.whole.command_story import SETTINGS, at, log_of, projected
from tests.whole.test_command_asking import KEY, asked, call, here

__all__ = ["here"]  # A fixture.

TODAY = date(2026, 11, 20)
HOUSE = replace(
    SETTINGS,
    actions={"ask": Action(executor="claude", prompt="?", category="research")},
    budget=Budget(categories={"research": 3_000_000}),
)


@pytest.fixture
def agents(tmp_path: Path) -> Places:
    """One is unknown, one was turned away, one waits for a place."""
    here = places(str(tmp_path / "config.toml"), str(tmp_path / "data"))
    facts: list[tuple[datetime, list[AnyFact]]] = [(at(5), [ConfigurationLoaded("d2", HOUSE)])]
    for n in (1, 2, 3):
        work, run = f"w{n}-1", f"r{n}-1"
        steps = (Step(action="ask"),)
        facts.append(
            (
                at(6, n),
                [
                    WorkPlanned(work, "ask", "request", f"k{n}", steps, "research", "main"),
                    WorkReleased(work, run, "ask", 1, 1, "research", 50_000),
                    FundsReserved(run, work, "research", 50_000, TODAY),
                ],
            )
        )
        if n == 3:
            facts.append((at(6, n), [RunWaiting(run, work, "claude")]))
            continue
        began: list[AnyFact] = [
            RunStarting(run, work, "ask", 1, 1, "claude", at(7), TODAY, 50_000),
            RunStarted(run, n, "boot", n, at(6, n)),
        ]
        facts.append((at(6, n), began))
    lost = RunEnded(
        "r1-1", True, at(6, 4), trouble="lost", model="opus", usage=Usage(10, 1_200), duration_ms=9
    )
    facts.append((at(6, 4), [lost, RunClosed("r1-1", "w1-1", "ask", "unknown", True, "unseen")]))
    facts.append((at(6, 4), [WorkFinished("w1-1", "unknown", "unseen")]))
    away = RunEnded("r2-1", True, at(6, 5), 1, "rate_limited", "429")
    facts.append((at(6, 5), [away, RunClosed("r2-1", "w2-1", "ask", "rate_limited")]))
    facts.append((at(6, 5), [ExecutorRested("claude", "rate_limited", at(9))]))
    projected(here.data, log_of(here.data, facts))
    return here


def test_settling_asks_for_what_was_said(here: Places) -> None:
    words = ("settle", "r1-1", "--as", "failed", "--cost", "0.25", "--note", "I looked", *KEY)
    answer = {"kind": "run-settled", "fact": {"run": "r1-1", "settled_as": "failed"}}
    request, result = asked(here, *words, body={"position": 9, "answer": answer})
    assert request == SettleRequested("r1-1", "failed", "k7", 250_000, "I looked")
    assert (result.exit_code, result.output) == (0, "Settled r1-1: it failed.\n")


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("not_unknown", "r1-1 is no run of which nobody saw the end; "),
        ("unknown_subject", "no run is called 'r1-1'."),
    ],
)
def test_a_refusal_says_what_can_be_settled(here: Places, reason: str, says: str) -> None:
    fact = {"key": "k7", "subject": "r1-1", "reason": reason}
    answer = {"kind": "request-refused", "fact": fact}
    words = ("settle", "r1-1", "--as", "succeeded", *KEY)
    _, result = asked(here, *words, body={"position": 9, "answer": answer})
    assert result.exit_code == 1
    assert says in result.output


@pytest.mark.parametrize(
    "words",
    [("r1-1",), ("r1-1", "--as", "unknown"), ("--as", "failed"),
     ("r1-1", "--as", "failed", "--cost", "-1"), ("r1-1", "--as", "failed", "--cost", "much")],
)  # fmt: skip
def test_what_cannot_be_meant_is_misuse(here: Places, words: tuple[str, ...]) -> None:
    assert call(here, "settle", *words).exit_code == 2


def test_unknown_runs_are_listed_and_what_agents_used(agents: Places) -> None:
    result = call(agents, "runs", "--state", "unknown")
    assert result.exit_code == 0
    assert "r1-1" in result.output
    assert "r2-1" not in result.output
    assert "claude opus" in result.output
    assert "1,210" in result.output


@pytest.mark.parametrize(("state", "run"), [("rate_limited", "r2-1"), ("waiting", "r3-1")])
def test_runs_are_found_by_the_new_states(agents: Places, state: str, run: str) -> None:
    result = call(agents, "runs", "--state", state)
    assert run in result.output


def test_status_tells_who_rests_and_what_waits_for_a_place(agents: Places) -> None:
    result = call(agents, "status")
    assert "Executors" in result.output
    assert "claude    resting" in result.output
    assert "rate limited, 1 run waiting" in result.output
    known = call(agents, "status", "--json")
    assert '"executors"' in known.output
