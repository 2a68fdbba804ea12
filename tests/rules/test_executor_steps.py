"""What follows a run: another attempt, another step, or the end; one story each."""

from datetime import timedelta

import pytest

from events.budget import FundsRefused
from events.configuration import Action, Step
from events.runs import (
    RunCancelling,
    RunClosed,
    RunEnded,
    RunRetrying,
    WorkBuried,
)
from events.work import (
    StepReached,
    WorkFinished,
    WorkStopping,
)
from tests.rules.executor_story import (
    CANCELLED,
    LOST,
    NOON,
    closed,
    ended,
    given,
    loaded,
    planned,
    released,
    reserved,
    running,
    seen,
    starting,
    when,
    without,
)

# Attempts


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 10), (2, 15)])
def test_a_failure_is_tried_again_after_a_backoff_that_grows_to_its_limit(
    attempt: int, seconds: int
) -> None:
    assert when(running("flaky", attempt=attempt), ended(1)) == [
        closed("flaky", "failed", "exit code 1"),
        RunRetrying("w1-1", 1, "flaky", attempt + 1, NOON + timedelta(seconds=seconds)),
    ]


def test_the_failure_of_an_attempt_does_not_stain_work_that_succeeds_later() -> None:
    state = running("flaky")
    when(state, ended(1))
    when(state, released("flaky", run="r5-1", attempt=2))
    when(state, reserved("r5-1"))
    assert when(state, ended(run="r5-1"))[1:] == [WorkFinished("w1-1", "completed")]


def test_out_of_attempts_is_buried() -> None:
    assert when(running("flaky", attempt=3), ended(1)) == [
        closed("flaky", "failed", "exit code 1"),
        WorkBuried("w1-1", "flaky", 3),
        WorkFinished("w1-1", "buried", "exit code 1, after 3 attempts"),
    ]


def test_a_timeout_is_tried_again() -> None:
    end = seen(trouble="timed_out")
    assert [type(fact) for fact in when(running("flaky"), end)] == [RunClosed, RunRetrying]


def test_unknown_is_not_failed_and_not_repeated() -> None:
    assert when(running("flaky"), LOST) == [
        closed("flaky", "unknown", "nobody saw its end"),
        WorkFinished("w1-1", "unknown", "nobody saw its end"),
    ]


def test_what_is_safe_to_repeat_is_repeated_once_even_with_one_attempt() -> None:
    again = RunRetrying("w1-1", 1, "careful", 2, NOON + timedelta(seconds=10))
    assert when(running("careful"), LOST)[1:] == [again]
    assert when(running("careful", attempt=2), LOST)[1:] == [
        WorkFinished("w1-1", "unknown", "nobody saw its end")
    ]
    assert when(running("careful"), ended(1))[1:] == [WorkFinished("w1-1", "failed", "exit code 1")]


def test_repeated_until_out_of_attempts_unknown_is_buried_too() -> None:
    assert when(running("steady", attempt=2), LOST)[1:] == [
        WorkBuried("w1-1", "steady", 2),
        WorkFinished("w1-1", "buried", "nobody saw its end, after 2 attempts"),
    ]


def test_a_wrong_configuration_is_not_tried_again() -> None:
    end = RunEnded("r1-1", started=False, ended_at=NOON, trouble="program_missing")
    assert when(running("flaky"), end)[1:] == [WorkFinished("w1-1", "failed", "program missing")]


def test_a_run_keeps_the_settings_it_was_started_with() -> None:
    state = running("flaky")
    when(state, loaded(flaky=Action(command=("true",))))
    assert isinstance(when(state, ended(1))[-1], RunRetrying)


# Steps


def reached(action: str, step: int, ceiling: int = 0) -> StepReached:
    return StepReached("w1-1", "r90-1", action, step, "research", ceiling, priority="high")


def test_the_next_step_follows_a_success_with_its_own_ceiling() -> None:
    assert when(running("read", "write"), ended())[1:] == [reached("write", 2, ceiling=9)]


def test_without_a_ceiling_a_step_asks_for_its_estimate() -> None:
    assert when(running("flaky", "read"), ended())[1:] == [reached("read", 2, ceiling=40)]


def test_steps_whose_condition_is_not_met_are_passed_over() -> None:
    steps = Step(action="read", when="failure"), Step(action="clean", when="always")
    assert when(running("flaky", *steps), ended())[1:] == [reached("clean", 3)]


def test_after_a_failure_what_waits_for_it_runs_and_the_work_has_failed() -> None:
    state = running("read", "write", Step(action="clean", when="failure"))
    assert when(state, ended(3))[1:] == [reached("clean", 3)]
    assert when(state, reserved("r90-1")) == [starting("clean", run="r90-1", step=3)]
    assert when(state, ended(run="r90-1")) == [
        closed("clean", "succeeded", run="r90-1"),
        WorkFinished("w1-1", "failed", "step 1, read: exit code 3"),
    ]


def test_a_failure_is_not_mended_by_the_success_that_follows_it() -> None:
    state = running("read", Step(action="flaky", when="failure"), "write")
    when(state, ended(3))
    when(state, reserved("r90-1"))
    assert when(state, ended(run="r90-1"))[1:] == [reached("write", 3, ceiling=9)]


def test_the_gravest_end_is_that_of_the_work() -> None:
    state = running("read", Step(action="clean", when="always"))
    when(state, ended(3))
    when(state, reserved("r90-1"))
    assert when(state, seen(run="r90-1", trouble="lost"))[1:] == [
        WorkFinished("w1-1", "unknown", "step 2, clean: nobody saw its end")
    ]


def test_a_buried_step_still_lets_clean_up() -> None:
    state = running("flaky", Step(action="clean", when="always"), attempt=3)
    assert when(state, ended(1))[1:] == [WorkBuried("w1-1", "flaky", 3), reached("clean", 2)]
    when(state, reserved("r90-1"))
    assert when(state, ended(run="r90-1"))[1:] == [
        WorkFinished("w1-1", "buried", "step 1, flaky: exit code 1, after 3 attempts")
    ]


def test_a_second_step_has_attempts_of_its_own() -> None:
    state = running("read", "flaky")
    when(state, ended())
    when(state, reserved("r90-1"))
    again = RunRetrying("w1-1", 2, "flaky", 2, NOON + timedelta(seconds=10))
    assert when(state, ended(1, run="r90-1"))[1:] == [again]


def test_a_missing_action_is_reached_after_success_and_passed_over_after_failure() -> None:
    state = running("read", "write", Step(action="steady", when="always"))
    when(state, without("write", "steady"))
    assert when(state, ended())[1:] == [reached("write", 2)]
    reason = "no action named write is configured any longer"
    assert when(state, reserved("r90-1")) == [
        closed("write", "misconfigured", reason, started=False, run="r90-1"),
        WorkFinished("w1-1", "failed", f"step 2, write: {reason}"),
    ]


def test_a_step_that_cannot_be_paid_is_asked_for_again_by_the_queue() -> None:
    state = running("read", "write")
    when(state, ended())
    when(state, FundsRefused("r90-1", "w1-1", "research", 9, 0, "day_spent"))
    when(state, released("write", run="r95-1", step=2))
    assert when(state, reserved("r95-1")) == [starting("write", run="r95-1", step=2)]


# Stopping


def test_stopping_work_stops_its_run_once() -> None:
    state = running("flaky")
    assert when(state, WorkStopping("w1-1")) == [RunCancelling("r1-1", "w1-1")]
    assert when(state, WorkStopping("w1-1")) == []
    assert when(state, CANCELLED) == [
        closed("flaky", "cancelled", "cancelled"),
        WorkFinished("w1-1", "cancelled", "cancelled"),
    ]


def test_a_cancelled_run_ends_its_work_at_once() -> None:
    state = running("read", Step(action="clean", when="always"))
    when(state, WorkStopping("w1-1"))
    reason = "step 1, read: cancelled"
    assert when(state, CANCELLED)[1:] == [WorkFinished("w1-1", "cancelled", reason)]


def test_work_stopped_before_its_money_came_never_starts() -> None:
    state = given(planned("read"), released("read"))
    assert when(state, WorkStopping("w1-1")) == []
    assert when(state, reserved()) == [
        closed("read", "cancelled", "cancelled", started=False),
        WorkFinished("w1-1", "cancelled", "cancelled"),
    ]


def test_work_that_failed_while_it_was_stopped_is_not_tried_again() -> None:
    state = running("flaky")
    when(state, WorkStopping("w1-1"))
    assert when(state, ended(1))[1:] == [WorkFinished("w1-1", "cancelled", "cancelled")]


def test_work_that_ended_a_step_while_it_was_stopped_goes_no_further() -> None:
    state = running("read", "write")
    when(state, WorkStopping("w1-1"))
    assert when(state, ended())[1:] == [WorkFinished("w1-1", "cancelled", "cancelled")]


def test_work_that_succeeded_before_it_could_be_stopped_is_completed() -> None:
    state = running("read")
    when(state, WorkStopping("w1-1"))
    assert when(state, ended())[1:] == [WorkFinished("w1-1", "completed")]


def test_stopping_what_is_not_known_does_nothing() -> None:
    assert when(given(), WorkStopping("w9-9")) == []
