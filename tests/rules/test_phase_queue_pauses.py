"""Pause and resume: of everything, of a category, of a lane."""

import pytest

from events.budget import BudgetOpened, CategoryReopened, FundsOffered, FundsOverrun, FundsRefused
from events.catalogue import AnyFact
from events.daemon import DaemonStarted
from events.requests import (
    Paused,
    PauseRequested,
    Refusal,
    RequestRefused,
    Resumed,
    ResumeRequested,
    Scope,
)
from events.runs import RunRetrying
from events.time import AlarmRang
from events.work import WorkFinished
from tests.rules.phase_queue_story import (
    HOUR,
    NOON,
    TODAY,
    TOMORROW,
    Story,
    alarm,
    held,
    planned,
    released,
)

LATER = NOON + HOUR
OPENED = BudgetOpened(TODAY, 100, 0, {"research": 100})
OVERRUN = FundsOverrun("r0-1", "research", TODAY, 5)
PAUSE = PauseRequested("all", "k", note="quiet, please")


def refused(work: str, run: str) -> FundsRefused:
    return FundsRefused(run, work, "research", 40, 0, "category_spent")


def no(reason: Refusal, subject: str) -> list[RequestRefused]:
    return [RequestRefused("k", subject, reason)]


def finished(work: str) -> WorkFinished:
    return WorkFinished(work, "completed")


@pytest.mark.parametrize(
    ("scope", "name"), [("all", ""), ("category", "research"), ("lane", "desk")]
)
def test_a_pause_holds_what_is_planned_until_it_is_over(scope: Scope, name: str) -> None:
    story = Story()
    assert story.lives(PauseRequested(scope, "k", name, "hush")) == [Paused(scope, name, "hush")]
    assert story.lives(planned("w1")) == [held("w1", "paused")]
    assert story.hears(ResumeRequested(scope, "k", name)) == [
        Resumed(scope, name),
        released("w1"),
    ]


def test_a_pause_says_so_to_those_in_line_and_leaves_the_others() -> None:
    story = Story(planned("w0"), planned("w1"), planned("w2", phase="night"))
    answer = story.hears(PAUSE)
    assert answer == [Paused("all", note="quiet, please"), held("w1", "paused")]
    assert story.lives(finished("w0")) == []


@pytest.mark.parametrize(("scope", "name"), [("category", "chores"), ("lane", "yard")])
def test_a_pause_of_something_else_holds_nobody(scope: Scope, name: str) -> None:
    story = Story(PauseRequested(scope, "k", name))
    assert story.hears(planned("w1")) == [released("w1")]


def test_work_behind_paused_work_goes_ahead() -> None:
    story = Story(PauseRequested("category", "k", "chores"), planned("w0"))
    story.lives(planned("w1", category="chores", priority="critical"))
    story.lives(planned("w2"))
    assert story.hears(finished("w0")) == [released("w2")]


def test_a_pause_holds_retries_and_offers_too() -> None:
    story = Story(planned("w1", lane="yard"), planned("w2", lane="yard"))
    story.lives(refused("w1", "r3-1"))
    story.lives(RunRetrying("w2", 1, "read", 2, LATER))
    story.lives(PAUSE)
    assert story.lives(FundsOffered("w1", "research")) == [held("w1", "paused")]
    rang = AlarmRang("work:w2", "phase_queue", LATER)
    assert story.lives(rang, LATER) == [held("w2", "paused")]
    assert story.hears(ResumeRequested("all", "k")) == [
        Resumed("all"),
        released("w1"),
        released("w2", "r90-2", attempt=2),
    ]


def test_the_most_urgent_goes_first_after_a_pause() -> None:
    story = Story(PAUSE, planned("w1"), planned("w2", priority="high"))
    assert story.hears(ResumeRequested("all", "k")) == [
        Resumed("all"),
        released("w2", priority="high"),
        held("w1", "lane_full"),
    ]


def test_two_pauses_over_the_same_work_must_both_end() -> None:
    story = Story(PAUSE, PauseRequested("lane", "k2", "desk"), planned("w1"))
    assert story.lives(ResumeRequested("all", "k")) == [Resumed("all")]
    decisions = story.hears(ResumeRequested("lane", "k2", "desk"))
    assert decisions == [Resumed("lane", "desk"), released("w1")]


def test_a_pause_outlasts_the_time_that_work_waits_for() -> None:
    story = Story(PAUSE)
    assert story.lives(planned("w1", not_before=LATER))[1:] == [alarm("w1", LATER)]
    rang = AlarmRang("work:w1", "phase_queue", LATER)
    assert story.hears(rang, LATER) == [held("w1", "paused")]


def test_what_is_paused_cannot_be_paused_again() -> None:
    assert Story(PauseRequested("all", "k0")).hears(PAUSE) == no("already_paused", "all")


@pytest.mark.parametrize("scope", ["lane", "category"])
def test_what_nobody_knows_cannot_be_paused(scope: Scope) -> None:
    story = Story()
    assert story.lives(PauseRequested(scope, "k", "dsek")) == no("unknown_subject", "dsek")
    story.lives(planned("w1", lane="dsek", category="dsek"))
    assert story.hears(PauseRequested(scope, "k", "dsek")) == [Paused(scope, "dsek")]


def test_what_is_not_paused_cannot_be_resumed() -> None:
    assert Story().hears(ResumeRequested("lane", "k", "desk")) == no("not_paused", "desk")


def test_a_category_that_the_budget_has_closed_is_resumed() -> None:
    story = Story(OPENED, OVERRUN)
    resume = ResumeRequested("category", "k", "research")
    assert story.hears(ResumeRequested("category", "k0", "research")) == [
        Resumed("category", "research")
    ]
    story.lives(CategoryReopened("research"))
    assert story.hears(resume) == no("not_paused", "research")


@pytest.mark.parametrize(
    "news",
    [
        pytest.param(BudgetOpened(TOMORROW, 100, 0, {}), id="a new day"),
        pytest.param(CategoryReopened("research"), id="somebody else's word"),
    ],
)
def test_a_closed_category_is_opened_by(news: AnyFact) -> None:
    story = Story(OPENED, OVERRUN, news)
    assert story.hears(ResumeRequested("category", "k", "research")) == no("not_paused", "research")


def test_an_overrun_of_an_earlier_day_closes_nothing() -> None:
    story = Story(OPENED, BudgetOpened(TOMORROW, 100, 0, {}), OVERRUN)
    assert story.hears(ResumeRequested("category", "k", "research")) == no("not_paused", "research")


@pytest.mark.parametrize("overrun_later", [False, True])
def test_a_day_that_comes_again_has_its_categories_closed(overrun_later: bool) -> None:
    tomorrow = BudgetOpened(TOMORROW, 100, 0, {})
    news = (tomorrow, OVERRUN) if overrun_later else (OVERRUN, tomorrow)
    story = Story(OPENED, *news, BudgetOpened(TODAY, 100, 0, {"research": 100}, 2))
    resumed = story.hears(ResumeRequested("category", "k", "research"))
    assert resumed == [Resumed("category", "research")]


def test_a_revision_of_the_budget_leaves_a_category_closed() -> None:
    story = Story(OPENED, OVERRUN, BudgetOpened(TODAY, 200, 0, {"research": 200}, 2))
    assert story.hears(ResumeRequested("category", "k", "research")) == [
        Resumed("category", "research")
    ]


@pytest.mark.parametrize(
    ("life", "note"),
    [
        (DaemonStarted("1", 7, "b", paused=True), ""),
        (DaemonStarted("1", 7, "b", safe_mode=True), "safe mode"),
    ],
)
def test_a_daemon_started_paused_or_in_safe_mode_pauses_everything(
    life: DaemonStarted, note: str
) -> None:
    story = Story(planned("w0"), planned("w1"))
    assert story.lives(life) == [Paused("all", note=note), held("w1", "paused")]
    assert story.lives(life) == [], "it is paused already"
    assert story.hears(finished("w0")) == []


def test_a_pause_survives_the_daemon() -> None:
    story = Story(PAUSE, DaemonStarted("1", 8, "b"))
    assert story.hears(planned("w1")) == [held("w1", "paused")]
