"""What became of a run of which nobody saw the end, and what people are told of runs."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from events.catalogue import AnyFact
from events.configuration import Action, Step
from events.intents import AlertCleared, AlertRaised
from events.policies import Alerts
from events.requests import RequestRefused, RequestRepeated, SettleRequested
from events.runs import (
    KeeperFound,
    KeeperLost,
    ProbeEnded,
    ProbeStarting,
    RunSettled,
    SettledAs,
)
from events.time import AlarmRang, AlarmSet
from events.work import StepReached, WorkFinished, WorkPlanned, WorkReleased, WorkStopping
from tests.rules.agents_story import NOON, Story, loaded, only, retries

PROBED = Action(command=("true",), attempts=2, probe_command=("look",))
SOON = NOON + timedelta(seconds=300)


def unknown(action: str = "local", **actions: Action) -> Story:
    story = Story(loaded(actions=actions))
    story.asked(action)
    story.ends("r1-1", trouble="lost")
    return story


def settled(run: str = "r1-1", settled_as: SettledAs = "succeeded", **more: object) -> AnyFact:
    return SettleRequested(run, settled_as, str(more.pop("key", "s1")), **more)  # type: ignore[arg-type]


def test_an_unknown_run_waits_for_a_person_and_a_person_is_told() -> None:
    assert list(unknown().decided)[1:] == [
        WorkFinished("w1-1", "unknown", "nobody saw its end"),
        AlertRaised("run_unknown", "r1-1 of local: nobody saw its end", "r1-1"),
    ]


def test_a_person_says_what_became_of_it_and_what_it_cost() -> None:
    story = unknown()
    assert story.hears(settled(cost_usd_micros=5, note="I looked")) == [
        RunSettled("r1-1", "w1-1", "succeeded", "person", 5, "s1", "I looked"),
        AlertCleared("run_unknown", "r1-1"),
    ]


def test_the_same_request_again_gets_the_former_answer() -> None:
    story = unknown()
    story.hears(settled())
    assert story.hears(settled()) == [RequestRepeated("s1", "w1-1")]


def test_it_is_settled_once() -> None:
    story = unknown()
    story.hears(settled())
    again = settled(key="s2", settled_as="failed")
    assert story.hears(again) == [RequestRefused("s2", "r1-1", "not_unknown")]


def test_what_runs_or_is_no_run_is_not_settled() -> None:
    story = Story()
    story.asked("local")
    assert story.hears(settled()) == [RequestRefused("s1", "r1-1", "not_unknown")]
    future = settled("r99999-1")
    assert story.hears(future) == [RequestRefused("s1", "r99999-1", "unknown_subject")]
    assert story.hears(settled("w1-1")) == [RequestRefused("s1", "w1-1", "unknown_subject")]
    assert story.hears(settled("r9-9")) == [RequestRefused("s1", "r9-9", "not_unknown")]
    story.ends("r1-1", trouble="lost")
    assert only(story.hears(settled()), RunSettled), "a refusal is no answer that stands"


def test_what_is_safe_to_repeat_is_repeated_and_nobody_is_told() -> None:
    story = unknown("mend")
    assert [attempt for _, attempt, _ in retries(story.decided)] == [2]
    assert only(story.decided, AlertRaised) == []
    story.asked("mend", attempt=2)
    assert only(story.hears(settled(settled_as="failed")), RunSettled), "it may be settled still"
    assert story.ends_well("r1-2")[-1] == WorkFinished("w1-1", "completed")


def test_without_alerts_nobody_is_told() -> None:
    story = Story(loaded(Alerts()))
    story.asked("local")
    assert only(story.ends("r1-1", trouble="lost"), AlertRaised) == []


# By its probe


def test_a_probe_is_asked_before_anybody_else() -> None:
    story = unknown("checked", checked=PROBED)
    assert list(story.decided)[1:] == [ProbeStarting("p1-1", "r1-1", "w1-1", "checked", SOON)]
    assert "w1-1" in story.state.works


@pytest.mark.parametrize("repeats", [False, True])
def test_what_the_probe_saw_to_be_done_is_done(repeats: bool) -> None:
    story = unknown("checked", checked=replace(PROBED, safe_to_repeat=repeats))
    assert story.hears(ProbeEnded("p1-1", 0)) == [
        RunSettled("r1-1", "w1-1", "succeeded", "probe"),
        WorkFinished("w1-1", "completed"),
    ]


def test_what_the_probe_saw_to_have_failed_is_tried_again() -> None:
    story = unknown("checked", checked=PROBED)
    decided = story.hears(ProbeEnded("p1-1", 1))
    assert decided[0] == RunSettled("r1-1", "w1-1", "failed", "probe")
    assert [attempt for _, attempt, _ in retries(decided)] == [2]


@pytest.mark.parametrize("code", [2, -9, None])
def test_a_probe_that_does_not_know_leaves_it_to_a_person(code: int | None) -> None:
    story = unknown("checked", checked=PROBED)
    assert story.hears(ProbeEnded("p1-1", code)) == [
        WorkFinished("w1-1", "unknown", "nobody saw its end"),
        AlertRaised("run_unknown", "r1-1 of checked: nobody saw its end", "r1-1"),
    ]
    assert story.hears(ProbeEnded("p1-1", 0)) == [], "it is heard once"
    assert only(story.hears(settled()), RunSettled)


def test_a_person_may_know_before_the_probe_does() -> None:
    story = unknown("checked", checked=PROBED)
    assert story.hears(settled()) == [
        RunSettled("r1-1", "w1-1", "succeeded", "person", None, "s1"),
        WorkFinished("w1-1", "completed"),
    ]
    assert story.hears(ProbeEnded("p1-1", 1)) == []


def test_after_a_probe_the_steps_that_follow_are_reached() -> None:
    story = Story(loaded(actions={"checked": PROBED}))
    steps = (Step(action="checked"), Step(action="local"))
    story.hears(WorkPlanned("w1-1", "both", "request", "k1", steps, "research", "desk"))
    story.hears(WorkReleased("w1-1", "r1-1", "checked", 1, 1, "research", 0))
    story.asked("checked")
    story.ends("r1-1", trouble="lost")
    (reached,) = only(story.hears(ProbeEnded("p1-1", 0)), StepReached)
    assert isinstance(reached, StepReached)
    assert (reached.step, reached.action) == (2, "local")


def test_work_that_is_stopped_is_not_looked_at() -> None:
    story = Story(loaded(actions={"checked": PROBED}))
    story.asked("checked")
    story.hears(WorkStopping("w1-1"))
    decided = story.ends("r1-1", trouble="lost")
    assert only(decided, ProbeStarting) == []
    assert only(decided, WorkFinished)


def test_unknown_runs_are_not_remembered_without_end() -> None:
    story = Story()
    for n in range(1_100):
        story.asked("local", n)
        story.ends(f"r{n}-1", trouble="lost")
    assert len(story.state.unknown) == 1_000
    assert story.hears(settled("r5-1")) == [RequestRefused("s1", "r5-1", "not_unknown")]


# What people are told


def test_more_failures_in_an_hour_than_may_be_are_told_until_they_are_fewer() -> None:
    story, told = Story(), []
    for n in range(4):
        story.asked("page", n)
        told = only(story.fails(f"r{n}-1"), AlertRaised, AlarmSet)
        assert bool(told) == (n == 3)
    over = NOON + timedelta(hours=1)
    assert told == [
        AlertRaised("many_failures", "4 runs failed within an hour"),
        AlarmSet("failures", "executor", over),
    ]
    story.asked("page", 9)
    assert only(story.fails("r9-1"), AlertRaised) == [], "it is said once"
    rang = AlarmRang("failures", "executor", over)
    assert story.hears(rang, over) == [AlertCleared("many_failures")]


def test_while_they_go_on_the_alert_stands() -> None:
    story = Story()
    for n in range(8):
        story.asked("page", n)
        story.ends(f"r{n}-1", NOON + timedelta(minutes=10 * n), exit_code=1)
    over = NOON + timedelta(hours=1)
    later = NOON + timedelta(minutes=100)
    assert story.hears(AlarmRang("failures", "executor", over), over + timedelta(minutes=10)) == [
        AlarmSet("failures", "executor", later)
    ]


def test_what_was_to_tell_somebody_and_failed_is_not_counted() -> None:
    story = Story()
    for n in range(9):
        steps = (Step(action="page"),)
        story.hears(WorkPlanned(f"w{n}-1", "page", "alert", f"k{n}", steps, "upkeep", "notify"))
        story.asked("page", n)
        assert only(story.fails(f"r{n}-1"), AlertRaised) == []


def test_a_keeper_that_is_gone_is_told_once_until_one_is_there() -> None:
    story = Story()
    words = "the process that keeps the runs is gone, with 2 runs open: no answer"
    assert story.hears(KeeperLost(2, "no answer")) == [AlertRaised("keeper_gone", words)]
    assert story.hears(KeeperLost(1)) == []
    assert story.hears(KeeperFound()) == [AlertCleared("keeper_gone")]
    assert story.hears(KeeperFound()) == []


def test_a_lower_limit_of_failures_is_looked_at_at_once() -> None:
    story = Story(loaded(Alerts(failures_per_hour=5)))
    for n in range(4):
        story.asked("page", n)
        assert only(story.fails(f"r{n}-1"), AlertRaised) == []
    assert story.hears(loaded(Alerts(failures_per_hour=4))) == []
    assert story.hears(loaded(Alerts(failures_per_hour=2))) == [
        AlertRaised("many_failures", "4 runs failed within an hour"),
        AlarmSet("failures", "executor", NOON + timedelta(hours=1)),
    ]
    assert story.hears(loaded(Alerts(failures_per_hour=1))) == [], "it is said once"


def test_failures_of_long_ago_are_too_many_under_no_limit() -> None:
    story = Story(loaded(Alerts(failures_per_hour=5)))
    for n in range(4):
        story.asked("page", n)
        story.ends(f"r{n}-1", NOON + timedelta(minutes=30 * n), exit_code=1)
    lower, at = loaded(Alerts(failures_per_hour=1)), NOON + timedelta(minutes=100)
    assert story.hears(lower, at) == [
        AlertRaised("many_failures", "2 runs failed within an hour"),
        AlarmSet("failures", "executor", NOON + timedelta(minutes=120)),
    ]


def test_without_a_limit_the_alert_is_over_at_once() -> None:
    story = Story()
    for n in range(4):
        story.asked("page", n)
        story.fails(f"r{n}-1")
    assert story.hears(loaded(Alerts(failures_per_hour=9))) == [], "the alarm will tell"
    assert story.hears(loaded(Alerts())) == [AlertCleared("many_failures")]
