"""What people ask of the phase queue: each request is answered exactly once."""

import pytest

from events.budget import FundsOffered, FundsRefused
from events.catalogue import AnyDecision, AnyFact
from events.requests import (
    CancelRequested,
    MoveRequested,
    PauseRequested,
    Refusal,
    ReleaseRequested,
    RequestRefused,
)
from events.runs import RunRetrying
from events.time import AlarmRang
from events.work import (
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkStopping,
)
from tests.rules.phase_queue_story import (
    HOUR,
    NOON,
    TODAY,
    TOMORROW,
    Story,
    cleared,
    held,
    over,
    planned,
    released,
    started,
    window,
)

LATER = NOON + HOUR
EVENING = window("evening").starts_at
NIGHT = window("night").starts_at
RELEASE = ReleaseRequested("w1", "k")
CANCEL = CancelRequested("w1", "k", "no longer wanted")
PAUSE = PauseRequested("all", "k", note="quiet, please")


def refused(work: str, run: str) -> FundsRefused:
    return FundsRefused(run, work, "research", 40, 0, "category_spent")


def no(reason: Refusal, subject: str = "w1") -> list[RequestRefused]:
    return [RequestRefused("k", subject, reason)]


def finished(work: str) -> WorkFinished:
    return WorkFinished(work, "completed")


RETRYING = RunRetrying("w1", 1, "read", 2, LATER)

# Release


@pytest.mark.parametrize(
    ("life", "answer"),
    [
        pytest.param([planned("w1", phase="night")], [released("w1")], id="its phase"),
        pytest.param(
            [planned("w1", not_before=LATER)], [released("w1"), cleared("w1")], id="its time"
        ),
        pytest.param(
            [planned("w1"), RETRYING],
            [released("w1", attempt=2), cleared("w1")],
            id="its next attempt",
        ),
    ],
)
def test_work_released_by_hand_does_not_wait_for(
    life: list[AnyFact], answer: list[AnyDecision]
) -> None:
    assert Story(*life).hears(RELEASE) == answer


@pytest.mark.parametrize(
    ("life", "answer"),
    [
        pytest.param(
            [planned("w0"), planned("w1", phase="night")], [held("w1", "lane_full")], id="its lane"
        ),
        pytest.param(
            [planned("w0"), planned("w1")], [held("w1", "lane_full")], id="its lane, as before"
        ),
        pytest.param(
            [PAUSE, planned("w1", not_before=LATER)],
            [held("w1", "paused"), cleared("w1")],
            id="the end of a pause",
        ),
        pytest.param(
            [planned("w1"), refused("w1", "r3-1")], [held("w1", "no_funds")], id="its money"
        ),
    ],
)
def test_work_released_by_hand_still_waits_for_and_says_so(
    life: list[AnyFact], answer: list[AnyDecision]
) -> None:
    assert Story(*life).hears(RELEASE) == answer


def test_work_released_by_hand_outlives_its_phase() -> None:
    story = Story(planned("w0"), planned("w1", phase="evening", at_phase_end="drop"), RELEASE)
    story.lives(started("evening"), EVENING)
    assert story.lives(over("evening"), NIGHT) == []
    assert story.hears(finished("w0")) == [released("w1")]


@pytest.mark.parametrize(
    ("life", "reason"),
    [
        pytest.param([planned("w1")], "already_running", id="runs"),
        pytest.param([planned("w1"), finished("w1")], "already_ended", id="has ended"),
        pytest.param([], "unknown_subject", id="nobody knows"),
    ],
)
@pytest.mark.parametrize("request_", [RELEASE, MoveRequested("w1", "night", "k")])
def test_what_cannot_be_released_or_moved_is_refused_because_it(
    life: list[AnyFact], reason: Refusal, request_: AnyFact
) -> None:
    assert Story(*life).hears(request_) == no(reason)


# Move


def test_work_moved_to_a_phase_to_come_waits_for_it() -> None:
    story = Story(planned("w1", phase="evening", day=TODAY))
    answer = story.hears(MoveRequested("w1", "night", "k"))
    assert answer == [WorkMoved("w1", "night"), held("w1", "phase_not_open", NIGHT)]
    assert story.lives(started("evening"), EVENING) == []
    assert story.lives(started("night"), NIGHT)[0].kind == "work-released"


def test_work_moved_to_the_open_phase_goes_at_once_whatever_its_day_was() -> None:
    story = Story(planned("w1", phase="night", day=TOMORROW))
    answer = story.hears(MoveRequested("w1", "afternoon", "k"))
    assert answer == [WorkMoved("w1", "afternoon"), released("w1")]


def test_work_moved_to_a_phase_that_is_over_waits_for_the_next_day() -> None:
    story = Story()
    story.lives(planned("w1", phase="night", day=TODAY), NOON - HOUR)
    story.lives(over("morning"), NOON)
    answer = story.hears(MoveRequested("w1", "morning", "k"))
    opens_at = window("morning", TOMORROW).starts_at
    assert answer == [WorkMoved("w1", "morning"), held("w1", "phase_not_open", opens_at)]


def test_work_is_not_moved_to_a_phase_that_does_not_exist() -> None:
    story = Story(planned("w1", phase="night"))
    assert story.hears(MoveRequested("w1", "teatime", "k")) == no("unknown_phase", "teatime")


def test_work_that_has_started_once_is_not_moved() -> None:
    story = Story(planned("w1"), RETRYING)
    assert story.hears(MoveRequested("w1", "night", "k")) == no("already_running")


# Cancel


@pytest.mark.parametrize(
    ("life", "answer"),
    [
        pytest.param(
            [planned("w1", phase="night")],
            [WorkCancelled("w1", "no longer wanted")],
            id="for its phase",
        ),
        pytest.param(
            [planned("w1", not_before=LATER)],
            [WorkCancelled("w1", "no longer wanted"), cleared("w1")],
            id="for its time",
        ),
        pytest.param(
            [planned("w1"), RETRYING],
            [WorkCancelled("w1", "no longer wanted"), cleared("w1")],
            id="for its next attempt",
        ),
    ],
)
def test_work_is_cancelled_while_it_waits(life: list[AnyFact], answer: list[AnyDecision]) -> None:
    assert Story(*life).hears(CANCEL) == answer


def test_cancelled_work_leaves_the_line() -> None:
    story = Story(planned("w0"), planned("w1"), planned("w2"), CANCEL)
    assert story.hears(finished("w0")) == [released("w2")]


@pytest.mark.parametrize("subject", ["w1", "r3-1"])
def test_running_work_is_stopped_by_its_own_name_or_its_run(subject: str) -> None:
    story = Story(planned("w1"))
    assert story.hears(CancelRequested(subject, "k0", "enough")) == [WorkStopping("w1", "enough")]
    assert story.hears(CancelRequested(subject, "k")) == no("nothing_to_do", subject)


def test_stopping_work_keeps_its_lane_until_it_has_ended() -> None:
    story = Story(planned("w1"), CANCEL, planned("w2"))
    assert story.hears(WorkFinished("w1", "cancelled")) == [released("w2")]


def test_work_between_two_attempts_is_cancelled_by_its_latest_run() -> None:
    story = Story(planned("w1"), RETRYING)
    answer = story.hears(CancelRequested("r3-1", "k"))
    assert answer == [WorkCancelled("w1"), cleared("w1")]


def test_a_run_that_another_one_followed_has_ended() -> None:
    story = Story(planned("w1"), RETRYING, AlarmRang("work:w1", "phase_queue", LATER))
    story.lives(RELEASE)
    assert story.hears(CancelRequested("r3-1", "k")) == no("already_ended", "r3-1")


@pytest.mark.parametrize(
    ("news", "after"),
    [
        pytest.param(refused("w1", "r3-1"), [], id="is refused money"),
        pytest.param(RETRYING, [], id="was about to be tried again"),
    ],
)
def test_stopping_work_is_cancelled_when_it(news: AnyFact, after: list[AnyFact]) -> None:
    story = Story(planned("w1"), CANCEL)
    assert story.hears(news) == [WorkCancelled("w1", "no longer wanted"), *after]


def test_what_is_unknown_or_has_ended_cannot_be_cancelled() -> None:
    story = Story(planned("w1"), finished("w1"))
    assert story.lives(CANCEL) == no("already_ended")
    assert story.lives(CancelRequested("r3-1", "k")) == no("already_ended", "r3-1")
    assert story.hears(CancelRequested("w7", "k")) == no("unknown_subject", "w7")


def test_offers_for_cancelled_work_come_too_late() -> None:
    story = Story(planned("w1"), refused("w1", "r3-1"), CANCEL)
    assert story.hears(FundsOffered("w1", "research")) == []


def test_dropped_work_was_never_more_than_a_wish() -> None:
    story = Story()
    assert story.lives(planned("w1", phase="teatime")) == [WorkDropped("w1", "no_phase_left")]
    assert story.hears(CANCEL) == no("already_ended")
