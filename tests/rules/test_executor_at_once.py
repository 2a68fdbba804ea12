"""Work that is stopped without a grace period."""

import pytest

from events.runs import RunCancelling, RunClosed
from events.work import WorkFinished, WorkStopping
from tests.rules.executor_story import (
    CANCELLED,
    given,
    planned,
    released,
    reserved,
    running,
    when,
)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_run_is_cancelled_as_gently_as_its_work_is_stopped(at_once: bool) -> None:
    state = running("read")
    stopping = WorkStopping("w1-1", at_once=at_once)
    assert when(state, stopping) == [RunCancelling("r1-1", "w1-1", at_once)]
    assert when(state, stopping) == [], "once"
    finished = WorkFinished("w1-1", "cancelled", "cancelled")
    assert when(state, CANCELLED) == [
        RunClosed("r1-1", "w1-1", "read", "cancelled", True, "cancelled"),
        finished,
    ]


def test_what_was_asked_to_stop_may_be_stopped_at_once_and_not_the_other_way_round() -> None:
    state = running("read")
    when(state, WorkStopping("w1-1"))
    assert when(state, WorkStopping("w1-1", at_once=True)) == [RunCancelling("r1-1", "w1-1", True)]
    assert when(state, WorkStopping("w1-1")) == []


def test_what_is_not_paid_for_yet_is_stopped_before_it_starts() -> None:
    state = given(planned("read"), released("read"), WorkStopping("w1-1", at_once=True))
    assert isinstance(when(state, reserved())[0], RunClosed)
