"""What was paid for and may not begin, and what the daemon stopped; one story each."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from events.catalogue import AnyFact
from events.configuration import Step
from events.daemon import DaemonStarted
from events.requests import Paused, Resumed, Scope
from events.runs import RunCancelling, RunEnded, RunRetrying, Trouble, WorkBuried
from events.work import (
    ReturnReason,
    StepReached,
    WorkFinished,
    WorkReturned,
    WorkStopping,
)
from tests.rules.executor_story import (
    NOON,
    closed,
    ended,
    given,
    planned,
    released,
    reserved,
    running,
    seen,
    starting,
    when,
)

CAREFUL_AGAIN = RunRetrying("w1-1", 1, "careful", 2, NOON + timedelta(seconds=10))
STOPPED = seen(trouble="daemon_stopped", exit_code=-15)
STOPPED_SAID = "the daemon stopped before it ended"
STARTED = DaemonStarted("0.1", 1, "boot")


def unbegun(trouble: Trouble) -> RunEnded:
    return RunEnded("r1-1", started=False, ended_at=NOON, trouble=trouble)


def returned(reason: ReturnReason, step: int = 1, attempt: int = 1) -> WorkReturned:
    return WorkReturned("w1-1", "r1-1", step, attempt, reason)


# Pauses


@pytest.mark.parametrize(
    "pause",
    [
        Paused("all"),
        Paused("category", "research"),
        Paused("lane", "desk"),
        replace(STARTED, paused=True),
        replace(STARTED, safe_mode=True),
    ],
)
def test_work_that_is_paid_for_while_it_is_paused_is_given_back(pause: AnyFact) -> None:
    state = given(planned("read"), released("read"), pause)
    assert when(state, reserved()) == [
        closed("read", "cancelled", "paused", started=False),
        returned("paused"),
    ]
    assert (state.asked, state.runs, list(state.works)) == ({}, {}, ["w1-1"])


@pytest.mark.parametrize(
    "life",
    [
        [Paused("lane", "yard")],
        [Paused("category", "chores")],
        [Paused("all"), Resumed("all")],
        [replace(STARTED, paused=True), Paused("all"), Resumed("all")],
        [Paused("all"), Paused("all"), Resumed("all")],
        [STARTED],
    ],
)
def test_work_that_no_pause_holds_begins(life: list[AnyFact]) -> None:
    state = given(planned("read"), released("read"), *life)
    assert when(state, reserved()) == [starting("read")]


@pytest.mark.parametrize(("scope", "name"), [("all", ""), ("lane", "desk")])
def test_a_pause_outlasts_a_life(scope: Scope, name: str) -> None:
    state = given(planned("read"), released("read"), Paused(scope, name), STARTED)
    assert when(state, reserved())[-1] == returned("paused")


def test_a_later_step_that_is_paid_for_while_it_is_paused_is_given_back_as_that_step() -> None:
    state = running("read", Step(action="write", when="always"))
    when(state, Paused("all"))
    when(state, ended(1))
    when(state, reserved("r90-1"))
    when(state, Resumed("all"))
    when(state, released("write", run="r7-1", step=2))
    assert when(state, reserved("r7-1")) == [starting("write", run="r7-1", step=2)]
    assert when(state, ended(run="r7-1"))[-1] == WorkFinished(
        "w1-1", "failed", "step 1, read: exit code 1"
    ), "what its first step came to is not forgotten"


def test_a_pause_stops_nothing_that_runs_and_ends_nothing_that_is_cancelled() -> None:
    state = running("read")
    assert when(state, Paused("all")) == []
    assert when(state, WorkStopping("w1-1")) == [RunCancelling("r1-1", "w1-1")]
    state = given(planned("read"), released("read"), Paused("all"), WorkStopping("w1-1"))
    assert when(state, reserved())[-1] == WorkFinished("w1-1", "cancelled", "cancelled")


# What never began


@pytest.mark.parametrize(
    ("trouble", "reason", "words"),
    [
        ("paused", "paused", "paused"),
        ("doors_closed", "doors_closed", "safe mode"),
        ("daemon_stopped", "daemon_stopped", "the daemon stopped before it began"),
    ],
)
def test_what_may_not_begin_now_is_given_back_with_its_step_and_attempt(
    trouble: Trouble, reason: ReturnReason, words: str
) -> None:
    state = running("flaky", attempt=2)
    assert when(state, unbegun(trouble)) == [
        closed("flaky", "cancelled", words, started=False),
        returned(reason, attempt=2),
    ]
    when(state, released("flaky", run="r5-1", attempt=2))
    assert when(state, reserved("r5-1")) == [starting("flaky", run="r5-1", attempt=2)]
    assert when(state, ended(run="r5-1"))[-1] == WorkFinished("w1-1", "completed")


def test_what_came_too_late_for_its_phase_is_given_back() -> None:
    assert when(running("flaky"), unbegun("too_late")) == [
        closed("flaky", "too_late", "too late", started=False),
        returned("too_late"),
    ]


def test_what_came_too_late_never_ran_and_waits_for_no_phase_is_not_tried_again() -> None:
    without_phase = replace(planned("read"), phase=None)
    state = given(without_phase, released("read"), starting("read"))
    _, end = when(state, unbegun("too_late"))
    assert isinstance(end, WorkFinished)
    assert (end.state, end.reason.rpartition(": ")[2]) == ("failed", "too late")


def test_a_later_attempt_or_step_that_came_too_late_is_given_back() -> None:
    assert when(running("flaky", attempt=2), unbegun("too_late"))[-1] == returned(
        "too_late", attempt=2
    )
    state = given(planned("clean", "read"), released("read", step=2), starting("read", step=2))
    assert when(state, unbegun("too_late"))[-1] == returned("too_late", step=2)


def test_work_that_is_stopped_and_did_not_begin_is_given_back_to_be_cancelled() -> None:
    state = running("read")
    when(state, WorkStopping("w1-1"))
    assert when(state, unbegun("paused"))[-1] == returned("paused")


# What the daemon stopped


def test_a_run_that_the_daemon_stopped_is_tried_again_like_one_that_failed() -> None:
    assert when(running("flaky"), STOPPED) == [
        closed("flaky", "failed", STOPPED_SAID),
        RunRetrying("w1-1", 1, "flaky", 2, NOON + timedelta(seconds=10)),
    ]
    assert when(running("flaky", attempt=3), STOPPED)[1:] == [
        WorkBuried("w1-1", "flaky", 3),
        WorkFinished("w1-1", "buried", f"{STOPPED_SAID}, after 3 attempts"),
    ]


def test_a_run_that_the_daemon_stopped_is_repeated_once_when_that_is_safe() -> None:
    assert when(running("careful"), STOPPED)[1:] == [CAREFUL_AGAIN]
    assert when(running("careful", attempt=2), STOPPED)[1:] == [
        WorkFinished("w1-1", "failed", STOPPED_SAID)
    ]


def test_a_run_that_the_daemon_stopped_fails_when_it_may_not_be_tried_again() -> None:
    assert when(running("read"), STOPPED)[1:] == [WorkFinished("w1-1", "failed", STOPPED_SAID)]
    after_failure = running("read", Step(action="clean", when="failure"))
    assert isinstance(when(after_failure, STOPPED)[-1], StepReached)


def test_work_that_somebody_cancelled_while_the_daemon_stopped_is_cancelled() -> None:
    state = running("flaky")
    when(state, WorkStopping("w1-1"))
    assert when(state, STOPPED)[-1] == WorkFinished("w1-1", "cancelled", "cancelled")
