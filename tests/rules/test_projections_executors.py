"""What the tables say of runs by agents, of unknown runs that are settled, of who rests."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from events.configuration import Step
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    RunClosed,
    RunEnded,
    RunSettled,
    RunStarting,
    RunWaiting,
    SettledAs,
    Usage,
)
from events.work import StepReached, WorkFinished
from tests.rules.projection_story import (
    CLOSED,
    DAY,
    ENDED,
    NOON,
    PLANNED,
    RELEASED,
    RESERVED,
    STARTED,
    STARTING,
    Caused,
    given,
    moment,
)

ONE = replace(PLANNED, steps=(Step(action="gather"),))
UNKNOWN = replace(CLOSED, outcome="unknown", reason="nobody saw its end")
OVER = WorkFinished("w1", "unknown", "nobody saw its end")
LOST = (DAY, ONE, RELEASED, RESERVED, STARTING, STARTED, UNKNOWN, OVER)
SETTLED = RunSettled("r1", "w1", "succeeded", "person", 5, "k", "I looked")


def test_a_run_says_who_answered_and_what_it_used() -> None:
    asked = replace(STARTING, executor="claude")
    ended = replace(
        ENDED,
        model="opus",
        usage=Usage(1, 2, 3, 4),
        turns=5,
        session="s",
        resets_at=NOON + timedelta(seconds=60),
        is_empty=True,
    )
    facts = (DAY, PLANNED, RELEASED, RESERVED, asked, STARTED, ended, CLOSED)
    (run,) = given(*facts)(
        "runs", "executor", "model", "tokens", "input_tokens", "output_tokens",
        "cache_read_tokens", "cache_write_tokens", "turns", "session", "resets_at", "is_empty",
    )  # fmt: skip
    assert list(run.values()) == [
        "claude", "opus", 10, 1, 2, 3, 4, 5, "s", "2026-11-20T12:01:00.000000Z", 1
    ]  # fmt: skip


def test_a_run_waits_for_a_place_and_then_starts() -> None:
    waiting = RunWaiting("r1", "w1", "claude")
    facts = (DAY, PLANNED, RELEASED, RESERVED, waiting)
    assert given(*facts)("runs", "state", "executor") == [
        {"state": "waiting", "executor": "claude"}
    ]
    asked = replace(STARTING, executor="codex")
    assert given(*facts, asked)("runs", "state", "executor") == [
        {"state": "starting", "executor": "codex"}
    ]
    never = RunClosed("r1", "w1", "gather", "cancelled", started=False)
    assert given(*facts, never)("runs", "state") == [{"state": "cancelled"}]


@pytest.mark.parametrize(("settled_as", "state"), [("succeeded", "completed"), ("failed",) * 2])
def test_what_is_settled_is_unknown_no_more(settled_as: SettledAs, state: str) -> None:
    told = given(*LOST, replace(SETTLED, settled_as=settled_as))
    assert told("runs", "state", "settled_by", "settled_note", "reason") == [
        {
            "state": settled_as,
            "settled_by": "person",
            "settled_note": "I looked",
            "reason": "settled by a person: I looked",
        }
    ]
    assert told("works", "state", "reason") == [{"state": state, "reason": "settled by a person"}]
    assert told("run_tallies", "runs", "unknown", settled_as) == [
        {"runs": 1, "unknown": 0, settled_as: 1}
    ]
    for tally in told("tallies", "unknown", state):
        assert tally == {"unknown": 0, state: 1}


def test_work_of_which_a_step_never_ran_is_not_complete() -> None:
    facts: tuple[Caused, ...] = (DAY, PLANNED, *LOST[2:], SETTLED)
    assert work(*facts) == {
        "state": "failed",
        "reason": "settled by a person: it succeeded, and what was to follow never ran",
    }


def test_work_with_a_failed_step_fails() -> None:
    second = StepReached("w1", "r2", "write", 2, "research", 0)
    failed = RunClosed("r2", "w1", "write", "failed")
    facts = (DAY, PLANNED, *LOST[2:-1], second, starting("r2"), failed, OVER, SETTLED)
    assert work(*facts)["state"] == "failed"


def test_work_with_another_unknown_run_stays_unknown() -> None:
    second = StepReached("w1", "r2", "write", 2, "research", 0)
    lost = RunClosed("r2", "w1", "write", "unknown")
    facts = (DAY, PLANNED, *LOST[2:-1], second, starting("r2"), lost, OVER, SETTLED)
    assert work(*facts)["state"] == "unknown"


def test_what_was_not_unknown_is_not_settled() -> None:
    finished = WorkFinished("w1", "completed")
    told = given(*LOST[:-2], CLOSED, finished, SETTLED)
    assert told("runs", "state", "settled_by") == [{"state": "succeeded", "settled_by": None}]
    assert told("works", "state") == [{"state": "completed"}]


def test_a_rest_begins_and_ends() -> None:
    until = NOON + timedelta(seconds=30)
    rested = ExecutorRested("claude", "failures", until)
    later = ExecutorRested("claude", "rate_limited", NOON + timedelta(seconds=40))
    columns = ("executor", "resting", "reason", "since", "until", "rests")
    assert [tuple(row.values()) for row in given(rested, later)("executors", *columns)] == [
        ("claude", 1, "rate_limited", moment(1), moment(40), 2)
    ]
    told = given(rested, ExecutorRecovered("claude"))("executors", *columns)
    assert [tuple(row.values()) for row in told] == [("claude", 0, "failures", None, None, 1)]


def starting(run: str) -> RunStarting:
    return RunStarting(run, "w1", "write", 2, 1, "command", NOON)


def work(*facts: Caused) -> dict[str, Any]:
    (row,) = given(*facts)("works", "state", "reason")
    return row


def test_an_end_without_usage_counts_no_tokens() -> None:
    (run,) = given(DAY, PLANNED, RELEASED, RESERVED, STARTING, STARTED, ENDED)("runs", "tokens")
    assert run == {"tokens": None}
    assert isinstance(ENDED, RunEnded)
