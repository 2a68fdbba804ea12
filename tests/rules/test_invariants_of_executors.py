"""What a log proves of executors and of unknown runs: a true one, and what is planted in it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from events.configuration import ConfigurationLoaded
from events.fact import Fact
from events.policies import Provider
from events.record import Record
from events.requests import SettleRequested
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    ProbeEnded,
    RunRetrying,
    RunSettled,
    RunStarting,
    RunWaiting,
)
from projections.invariants.check import Violation
from projections.invariants.checker import Checker
from tests.rules.explain_runs_story import agents, in_turn, turned_away
from tests.rules.explain_story import World, action, at, ending, troubled

Log = list[Record]
NINE = at("09:00")


def rested() -> Log:
    """Claude turns one away until nine, when both that wait for it go; one at a time."""
    house = agents(claude=Provider(concurrency=1))
    world = World(house, in_turn((turned_away(NINE), ending(5)))).until("06:00")
    world.asks("ask", "a", "06:05")
    world.asks("ask", "b", "06:10")
    return world.until("10:00").log


def unknown() -> Log:
    """The first is looked at by its probe, which does not know; a person does."""
    world = World(action("read", probe_command=("look",)), troubled("lost")).until("06:00")
    world.asks("read", "a", "06:05")
    world.until("06:07")
    probe = next(it for it in world.log if it.fact.kind == "probe-starting")
    world.say(world.moment, ProbeEnded("p9-1", None), "process", probe.position)
    run = next(it.fact.run for it in world.log if isinstance(it.fact, RunStarting))
    world.hears(SettleRequested(run, "failed", "s"))
    return world.log


def checked(log: Log) -> list[Violation]:
    found: list[Violation] = []
    checker = Checker(found.append)
    checker.take(log)
    checker.finish({})
    return found


def changed(log: Log, kind: type[Fact], nth: int = 0, **fields: Any) -> Log:
    """One fact of that kind says something else."""
    position = [it.position for it in log if isinstance(it.fact, kind)][nth]

    def edit(record: Record) -> Record:
        told = record.position == position
        return replace(record, fact=replace(record.fact, **fields)) if told else record

    return [edit(record) for record in log]


def without(log: Log, kind: type[Fact]) -> Log:
    return [record for record in log if not isinstance(record.fact, kind)]


def twice(log: Log, kind: type[Fact]) -> Log:
    """What was said last of that kind is said again at once."""
    last = next(it for it in reversed(log) if isinstance(it.fact, kind))
    return [it for record in log for it in ((record, record) if record is last else (record,))]


def settings(log: Log, **providers: Provider) -> Log:
    configured = next(it.fact for it in log if isinstance(it.fact, ConfigurationLoaded))
    assert isinstance(configured, ConfigurationLoaded)
    assert configured.configuration is not None
    new = replace(configured.configuration, executors=providers)
    return changed(log, ConfigurationLoaded, configuration=new)


def test_true_logs_prove_nothing_wrong() -> None:
    assert checked(rested()) == checked(unknown()) == []


DAY = timedelta(days=1)
PLANTED: list[tuple[str, str, Callable[[], Log]]] = [
    ("executor", "which has been", lambda: changed(rested(), ExecutorRested, until=at("06:00"))),
    (
        "executor",
        "which rests until",
        lambda: without(changed(rested(), ExecutorRested, until=NINE + DAY), ExecutorRecovered),
    ),
    ("executor", "did not rest", lambda: without(rested(), ExecutorRested)),
    ("executor", "anyway", lambda: twice(rested(), ExecutorRested)),
    (
        "executor",
        "which has a place",
        lambda: settings(rested(), claude=Provider(concurrency=2)),
    ),
    (
        "executor",
        "is nothing that ask names",
        lambda: changed(rested(), RunStarting, executor="gemini"),
    ),
    ("executor", "may cost", lambda: changed(rested(), RunStarting, ceiling_usd_micros=1)),
    (
        "executor",
        "is not paid for",
        lambda: changed(rested(), RunWaiting, run="r1-1"),
    ),
    ("work", "attempt 3 of step 1 after", lambda: changed(rested(), RunRetrying, attempt=3)),
    ("unknown", "is settled again", lambda: twice(unknown(), RunSettled)),
    ("unknown", "is not unknown", lambda: changed(unknown(), RunSettled, run="r1-1")),
    (
        "unknown",
        "by a probe that said nothing",
        lambda: changed(without(unknown(), ProbeEnded), RunSettled, by="probe"),
    ),
    ("unknown", "was not asked", lambda: changed(unknown(), ProbeEnded, probe="p1-1")),
]


@pytest.mark.parametrize(
    ("invariant", "words", "planted"), PLANTED, ids=[f"{it[0]}: {it[1]}" for it in PLANTED]
)
def test_what_no_log_of_ours_can_hold_is_found(
    invariant: str, words: str, planted: Callable[[], Log]
) -> None:
    found = [it for it in checked(planted()) if it.invariant == invariant]
    assert any(words in it.reason for it in found), found or checked(planted())
