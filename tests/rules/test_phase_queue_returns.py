"""Work that comes back unbegun, requests that come twice, and a person's word before a plan's."""

import pytest

from actors.phase_queue.answered import ANSWERED_MAX
from events.budget import FundsOffered, FundsRefused
from events.catalogue import AnyDecision, AnyFact
from events.daemon import DaemonStarted
from events.plan import WorkWithdrawn
from events.requests import (
    CancelRequested,
    MoveRequested,
    Paused,
    PauseRequested,
    ReleaseRequested,
    RequestRefused,
    RequestRepeated,
    Resumed,
    ResumeRequested,
)
from events.runs import RunRetrying
from events.work import (
    ReturnReason,
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkReturned,
    WorkStopping,
)
from tests.rules.phase_queue_story import (
    HOUR,
    NOON,
    TODAY,
    Story,
    held,
    over,
    planned,
    released,
    started,
    window,
)

EVENING = window("evening").starts_at
PAUSE = PauseRequested("all", "k1")
RESUME = ResumeRequested("all", "k2")


def returned(
    run: str = "r3-1", reason: ReturnReason = "paused", step: int = 1, attempt: int = 1
) -> WorkReturned:
    return WorkReturned("w1", run, step, attempt, reason)


# Work that comes back


def test_work_that_is_given_back_during_a_pause_is_held_and_goes_after_it() -> None:
    story = Story(planned("w1"), PAUSE)
    assert story.lives(returned()) == [held("w1", "paused")]
    assert story.hears(RESUME) == [Resumed("all"), released("w1")]


def test_work_that_is_given_back_gives_its_room_to_the_next() -> None:
    story = Story(planned("w1"), planned("w2", category="chores"))
    story.lives(PauseRequested("category", "k", "research"))
    assert story.hears(returned()) == [
        held("w1", "paused"),
        released("w2", category="chores"),
    ]


def test_work_that_is_given_back_when_nothing_is_in_its_way_goes_at_once_as_another_run() -> None:
    story = Story(planned("w1", phase="afternoon"))
    assert story.hears(returned(reason="too_late")) == [released("w1")]


def test_work_that_is_given_back_keeps_its_step_and_its_attempt() -> None:
    story = Story(planned("w1"), StepReached("w1", "r5-1", "write", 2, "chores", 9))
    story.lives(PAUSE)
    assert story.lives(returned("r5-1", step=2)) == [held("w1", "paused")]
    assert story.hears(RESUME)[1:] == [
        released("w1", action="write", step=2, category="chores", ceiling_usd_micros=9)
    ]
    story.lives(RunRetrying("w1", 2, "write", 2, NOON))
    assert story.hears(returned("r90-1", step=2, attempt=2)) == [], "that run is another's"


def test_a_run_that_is_given_back_twice_is_heard_once() -> None:
    story = Story(planned("w1"))
    assert story.hears(returned()) == [released("w1")]
    assert story.lives(returned()) == []


@pytest.mark.parametrize("reason", ["paused", "too_late", "doors_closed"])
def test_work_that_is_given_back_when_its_phase_is_over_waits_for_the_next(
    reason: ReturnReason,
) -> None:
    story = Story(planned("w1", phase="afternoon"))
    story.lives(over("afternoon"), EVENING)
    assert story.hears(returned(reason=reason)) == [
        WorkDeferred("w1", "evening", TODAY, 1),
        held("w1", "phase_not_open", EVENING),
    ]
    story = Story(planned("w1", phase="afternoon", at_phase_end="drop"))
    story.lives(over("afternoon"), EVENING)
    assert story.hears(returned(reason=reason)) == [WorkDropped("w1", "phase_over")]


def test_work_that_was_let_go_by_hand_and_came_too_late_is_dropped() -> None:
    story = Story(planned("w1", phase="night"), ReleaseRequested("w1", "k"))
    assert story.hears(returned("r4-1", "too_late")) == [WorkDropped("w1", "too_late")]


def test_stopping_work_that_is_given_back_is_cancelled() -> None:
    story = Story(planned("w1"), CancelRequested("w1", "k", "enough"))
    assert story.hears(returned()) == [WorkCancelled("w1", "enough")]


def test_in_safe_mode_what_comes_back_from_closed_doors_is_held() -> None:
    story = Story(planned("w1"), DaemonStarted("1", 7, "b", safe_mode=True))
    assert story.hears(returned(reason="doors_closed")) == [held("w1", "paused")]


# Money


def test_work_that_waits_for_something_else_asks_for_money_anew() -> None:
    refused = FundsRefused("r3-1", "w1", "research", 40, 0, "day_spent")
    story = Story(planned("w1", phase="afternoon"), refused)
    story.lives(over("afternoon"), EVENING)
    assert story.queue.works["w1"].unpaid is False
    assert story.hears(FundsOffered("w1", "research")) == [], "an offer that crossed it"


def test_work_that_is_offered_money_and_may_not_go_says_so() -> None:
    refused = FundsRefused("r3-1", "w1", "research", 40, 0, "day_spent")
    story = Story(planned("w1"), refused, PAUSE)
    assert story.hears(FundsOffered("w1", "research")) == [held("w1", "paused")]


# Requests that come twice


def test_a_pause_that_comes_again_after_somebody_resumed_pauses_nothing() -> None:
    story = Story(PAUSE, RESUME)
    assert story.hears(PAUSE) == [RequestRepeated("k1", "")]
    assert story.hears(planned("w1")) == [released("w1")]


@pytest.mark.parametrize(
    ("life", "request_", "answer"),
    [
        pytest.param(
            [planned("w1")], CancelRequested("r3-1", "k"), [WorkStopping("w1")], id="cancel"
        ),
        pytest.param(
            [planned("w1", phase="night")],
            MoveRequested("w1", "evening", "k"),
            [WorkMoved("w1", "evening"), held("w1", "phase_not_open", EVENING)],
            id="move",
        ),
        pytest.param(
            [planned("w1", phase="night")],
            ReleaseRequested("w1", "k"),
            [released("w1")],
            id="release",
        ),
    ],
)
def test_a_request_that_comes_again_is_told_of_its_work(
    life: list[AnyFact], request_: AnyFact, answer: list[AnyDecision]
) -> None:
    story = Story(*life)
    assert story.hears(request_) == answer
    assert story.lives(request_) == [RequestRepeated("k", "w1")]
    story.lives(WorkFinished("w1", "completed"))
    assert story.lives(request_) == [RequestRepeated("k", "w1")]


def test_a_release_that_comes_again_lets_nothing_go() -> None:
    story, release = Story(planned("w1"), planned("w2", phase="night")), ReleaseRequested("w2", "k")
    assert story.lives(release) == [held("w2", "lane_full")]
    story.lives(MoveRequested("w2", "evening", "k"))
    assert story.lives(release) == [RequestRepeated("k", "w2")]
    assert story.lives(WorkFinished("w1", "completed")) == [], "it waits for the evening still"
    assert story.hears(started("evening")) == [released("w2")]


def test_a_request_that_was_refused_may_come_again_and_be_granted() -> None:
    story = Story()
    refused = RequestRefused("k2", "all", "not_paused")
    assert story.lives(RESUME) == [refused]
    assert story.lives(RESUME) == [refused]
    story.lives(PAUSE)
    assert story.hears(RESUME) == [Resumed("all")]


def test_the_same_key_on_another_kind_of_request_is_another_request() -> None:
    story = Story(PAUSE)
    assert story.hears(ResumeRequested("all", "k1")) == [Resumed("all")]


def test_only_so_many_requests_are_remembered() -> None:
    story = Story(PAUSE, RESUME)
    for n in range(ANSWERED_MAX // 2):
        story.lives(PauseRequested("lane", f"p{n}", "desk"))
        story.lives(ResumeRequested("lane", f"r{n}", "desk"))
    assert len(story.queue.answered) == ANSWERED_MAX
    assert story.hears(PauseRequested("lane", "p1", "desk")) == [RequestRepeated("p1", "")]
    assert story.hears(PAUSE) == [Paused("all")], "the oldest is forgotten first"


# A person's word


def test_work_that_a_person_has_moved_is_not_taken_back_by_a_plan_that_did_not_know() -> None:
    story = Story(planned("w1", phase="night"), MoveRequested("w1", "evening", "k"))
    assert story.hears(WorkWithdrawn("w1", "replanned")) == []
    assert story.hears(CancelRequested("w1", "k")) == [WorkCancelled("w1")]


def test_work_that_nobody_has_moved_is_taken_back() -> None:
    story = Story(planned("w1", phase="night"))
    assert story.hears(WorkWithdrawn("w1", "replanned")) == [WorkDropped("w1", "replanned")]


def test_a_retry_waits_for_its_own_time_when_it_comes_back() -> None:
    story = Story(planned("w1"), RunRetrying("w1", 1, "read", 2, NOON + HOUR))
    assert story.queue.works["w1"].released is False
    assert story.hears(returned()) == [], "it is the queue's already"
