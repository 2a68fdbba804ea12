"""A restarted actor is what it was, wherever in the log its life was cut."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec import msgpack

from actors.budget.rules import RULES as BUDGET
from actors.cleanup.rules import RULES as CLEANUP
from actors.clock.rules import RULES as CLOCK
from actors.clock.rules import next_instant
from actors.executor.rules import RULES as EXECUTOR
from actors.phase_queue.rules import RULES as PHASE_QUEUE
from actors.planner.rules import RULES as PLANNER
from actors.recall import Recall
from actors.replay.simulation import Ending, Simulation, succeeds
from actors.rules import Rules
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Intent,
    Lane,
    Phase,
    Step,
    Template,
)
from events.daemon import DaemonStarted
from events.record import Record
from events.requests import CancelRequested, PauseRequested, ResumeRequested, WorkRequested
from events.runs import RunEnded, RunStarting
from events.store import Snapshot
from events.work import WorkPlanned

MORNING = datetime(2026, 11, 20, 5, 50, tzinfo=UTC)
BOOKS: tuple[Rules[Any], ...] = (CLOCK, PLANNER, PHASE_QUEUE, BUDGET, EXECUTOR, CLEANUP)

HOUSE = Configuration(
    phases=(
        Phase(name="morning", start=time(6), end=time(12)),
        Phase(name="afternoon", start=time(12), end=time(18)),
        Phase(name="night", start=time(22), end=time(6)),
    ),
    budget=Budget(daily_usd_micros=900_000, reserve_usd_micros=0, categories={"study": 600_000}),
    lanes={"main": Lane(concurrency=2)},
    actions={
        "read": Action(command=("read",), category="study", estimate_usd_micros=100_000),
        "write": Action(command=("write",), category="study", estimate_usd_micros=150_000),
        "flaky": Action(command=("flaky",), attempts=3, backoff_seconds=60),
        "sweep": Action(executor="sweep"),
    },
    templates={
        "study": Template(
            steps=(Step(action="read"), Step(action="write"), Step(action="flaky", when="always")),
            per_day=3,
        ),
    },
    intents={
        "hourly": Intent(run="flaky", every_seconds=3_600),
        "clean": Intent(run="sweep", cron="15 13 * * *"),
    },
)


def outcome(starting: RunStarting) -> Ending:
    """Attempts before the third of what is flaky fail; everything else goes well."""
    if starting.action == "flaky" and starting.attempt < 3:
        return Ending(30, _fails)
    return Ending(200, succeeds)


def _fails(starting: RunStarting, at: datetime) -> RunEnded:
    return RunEnded(starting.run, started=True, ended_at=at, exit_code=1, duration_ms=30_000)


def lived(pick: Any = lambda ready: ready[0]) -> Simulation:
    """A day and a half of plans, requests, a pause, a cancelled piece of work."""
    world = Simulation(BOOKS, next_instant, outcome, pick)
    world.say(MORNING, ConfigurationLoaded("d", HOUSE), "daemon")
    world.say(MORNING, DaemonStarted("0.1", 1, "boot"), "daemon")
    world.run_until(MORNING + timedelta(hours=2))
    world.say(world.log[-1].at, WorkRequested("write", "k1", phase="afternoon"), "cli")
    world.say(world.log[-1].at, PauseRequested("category", "k2", "study"), "cli")
    world.run_until(MORNING + timedelta(hours=7))
    planned = [record.fact for record in world.log if isinstance(record.fact, WorkPlanned)]
    work = next(fact.work for fact in planned if fact.key == "k1")
    world.say(world.log[-1].at, CancelRequested(work, "k3"), "cli")
    world.say(world.log[-1].at, ResumeRequested("category", "k4", "study"), "cli")
    world.run_until(MORNING + timedelta(hours=32))
    return world


def recalled(rules: Rules[Any], log: Sequence[Record], snapshot: Snapshot | None = None) -> Any:
    """What an actor is that comes back to this log, once it has heard all of it."""
    recall = Recall(rules, snapshot, 0)
    for record in log:
        if record.by == rules.actor or type(record.fact) in rules.hears:
            recall.take(record)
    memory = recall.finish(len(log))
    for record in memory.unheard:
        rules.consider(memory.state, record)
    return memory.state


def _splits(log: Sequence[Record], position: int) -> bool:
    before, after = log[position - 1], log[position]
    return (before.by, before.cause) == (after.by, after.cause)


@pytest.fixture(scope="module")
def day() -> Simulation:
    return lived()


@pytest.mark.parametrize("rules", BOOKS, ids=[book.actor for book in BOOKS])
def test_a_restarted_actor_knows_what_it_knew_at_every_position(
    day: Simulation, rules: Rules[Any]
) -> None:
    state = rules.state()
    decided: dict[int, list[Any]] = {}
    for record in day.log:
        if record.by == rules.actor:
            decided.setdefault(record.cause or 0, []).append(record.fact)
    for position, record in enumerate(day.log, 1):
        if record.by != rules.actor:
            assert list(rules.consider(state, record)) == decided.get(position, [])
            cut = [past for past in day.log if past.position <= position or past.by == rules.actor]
            cut = [
                past for past in cut if past.position <= position or (past.cause or 0) <= position
            ]
            if position % 7 == 0 or position > len(day.log) - 40:
                assert recalled(rules, cut) == state, position


@pytest.mark.parametrize("rules", BOOKS, ids=[book.actor for book in BOOKS])
def test_a_life_cut_between_a_fact_and_what_follows_from_it_decides_it_again(
    day: Simulation, rules: Rules[Any]
) -> None:
    whole = recalled(rules, day.log)
    for position in range(1, len(day.log), 11):
        if _splits(day.log, position):
            continue  # What is decided upon one fact stands in one transaction.
        before = [record for record in day.log if record.position <= position]
        recall = Recall(rules, None, 0)
        for record in before:
            if record.by == rules.actor or type(record.fact) in rules.hears:
                recall.take(record)
        memory = recall.finish(position)
        for record in [*memory.unheard, *day.log[position:]]:
            if record.by != rules.actor:
                rules.consider(memory.state, record)
        assert memory.state == whole, position


@pytest.mark.parametrize("rules", BOOKS, ids=[book.actor for book in BOOKS])
def test_a_snapshot_and_what_came_after_it_make_the_same_state(
    day: Simulation, rules: Rules[Any]
) -> None:
    whole, state = recalled(rules, day.log), rules.state()
    for record in day.log:
        if record.by != rules.actor:
            rules.consider(state, record)
            if record.position % 13 == 0:
                kept = Snapshot(rules.actor, 1, record.position, msgpack.encode(state))
                after = [later for later in day.log if later.position > record.position]
                assert recalled(rules, after, kept) == whole, record.position


@settings(max_examples=30, deadline=None)
@for_any(some.integers(0, 2**32))
def test_whatever_the_interleaving_everyone_comes_back_as_it_was(seed: int) -> None:
    world = lived(Random(seed).choice)
    for rules in BOOKS:
        assert recalled(rules, world.log) == world.states[rules.actor]


def test_a_day_of_the_house_shows_every_actor_at_work(day: Simulation) -> None:
    """Guards the tests above: a day in which nothing happened would prove nothing."""
    authors = {record.by for record in day.log}
    assert authors >= {book.actor for book in BOOKS}
    kinds = {record.fact.kind for record in day.log}
    assert kinds >= {
        "run-retrying",
        "step-reached",
        "work-held",
        "occurrence-due",
        "work-finished",
        "work-cancelled",
        "paused",
        "resumed",
        "funds-settled",
        "sweep-starting",
        "plan-drawn",
    }
