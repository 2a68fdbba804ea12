"""A place at an executor, and when what failed is tried again: who goes next, and when."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from events.budget import FundsReserved
from events.catalogue import AnyDecision
from events.configuration import Action, Step
from events.policies import Provider
from events.requests import Paused
from events.runs import RunWaiting
from events.work import WorkFinished, WorkPlanned, WorkReleased, WorkReturned, WorkStopping
from tests.rules.agents_story import (
    ACTIONS,
    NOON,
    TODAY,
    Story,
    loaded,
    only,
    outcomes,
    retries,
    starts,
)

EVENING = NOON + timedelta(hours=6)


def test_no_more_run_at_once_than_may_and_the_most_urgent_goes_next() -> None:
    story = Story(loaded(claude=Provider(concurrency=1)))
    story.asked("ask", 1)
    assert story.asked("ask", 2) == [RunWaiting("r2-1", "w2-1", "claude")]
    story.asked("ask", 3)
    story.state.works["w3-1"].priority = "high"
    assert starts(story.ends_well("r1-1")) == [("r3-1", "claude")]
    assert starts(story.ends_well("r3-1")) == [("r2-1", "claude")]
    assert story.state.waiting == {}


def test_what_waits_for_a_place_takes_another_way_when_its_executor_rests() -> None:
    story = Story(loaded(claude=Provider(concurrency=1, rest_after_failures=1)))
    story.asked("ask", 1)
    story.asked("ask", 2)
    story.asked("ponder", 3)
    decided = story.ends("r1-1", trouble="rate_limited", resets_at=EVENING)
    assert starts(decided) == [("r2-1", "codex")]
    assert retries(decided) == [("w1-1", 1, NOON), ("w3-1", 1, EVENING)]


def test_what_waits_for_a_place_and_is_stopped_never_begins() -> None:
    story = Story(loaded(claude=Provider(concurrency=1)))
    story.asked("ask", 1)
    story.asked("ask", 2)
    decided = story.hears(WorkStopping("w2-1"))
    assert outcomes(decided) == [("r2-1", "cancelled", False)]
    assert decided[-1] == WorkFinished("w2-1", "cancelled", "cancelled")
    assert starts(story.ends_well("r1-1")) == []


def test_what_waits_for_a_place_is_given_back_when_it_is_paused_meanwhile() -> None:
    story = Story(loaded(claude=Provider(concurrency=1)))
    story.asked("ask", 1)
    story.asked("ask", 2)
    story.hears(Paused("all"))
    decided = story.ends_well("r1-1")
    assert only(decided, WorkReturned) == [WorkReturned("w2-1", "r2-1", 1, 1, "paused")]


# When it is tried again


def test_backoff_is_drawn_out_by_the_work_and_always_the_same() -> None:
    action = replace(ACTIONS["local"], backoff_seconds=1_000, backoff_jitter_millis=500)
    found = set()
    for n in range(20):
        again = set()
        for _ in range(2):
            story = Story(loaded(actions={"local": action}))
            story.asked("local", n)
            ((_, _, at),) = retries(story.fails(f"r{n}-1"))
            again.add(at)
        (at,) = again
        assert timedelta(seconds=1_000) <= at - NOON <= timedelta(seconds=1_500)
        found.add(at)
    assert len(found) > 15, "not all come at once"


def test_after_the_attempts_of_a_day_the_next_one_waits_for_the_next_day() -> None:
    action = Action(command=("true",), attempts=5, attempts_per_day=2, backoff_seconds=60)
    story = Story(loaded(actions={"local": action}))
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    moments = []
    for attempt in range(1, 5):
        day = TODAY if attempt < 3 else TODAY + timedelta(days=1)
        story.asked("local", attempt=attempt, day=day)
        ((_, _, at),) = retries(story.fails(f"r1-{attempt}"))
        moments.append(at)
    assert moments[0] == NOON + timedelta(seconds=60)
    assert moments[1] == midnight
    assert moments[2] == NOON + timedelta(seconds=240)
    assert moments[3] == midnight + timedelta(days=1)


# Where a quota of money has too little left


def pays(story: Story, action: str, n: int, attempt: int = 1) -> Sequence[AnyDecision]:
    """What follows when a run is paid for that claude may not carry out."""
    work, run = f"w{n}-1", f"r{n}-{attempt}"
    if work not in story.state.works:
        steps = (Step(action=action),)
        story.hears(WorkPlanned(work, action, "request", f"k{n}", steps, "research", "desk"))
    story.hears(WorkReleased(work, run, action, 1, attempt, "research", 40))
    return story.hears(FundsReserved(run, work, "research", 40, TODAY, without=("claude",)))


def test_whose_quota_has_too_little_left_is_passed_over_for_that_run_alone() -> None:
    story = Story()
    assert starts(pays(story, "ask", 1)) == [("r1-1", "codex")]
    assert starts(story.asked("ask", 2)) == [("r2-1", "claude")]


def test_what_waits_for_a_place_still_is_not_for_whose_quota_has_too_little_left() -> None:
    story = Story(loaded(codex=Provider(concurrency=1)))
    pays(story, "ask", 1)
    assert only(pays(story, "ask", 2), RunWaiting) == [RunWaiting("r2-1", "w2-1", "codex")]
    assert starts(story.ends_well("r1-1")) == [("r2-1", "codex")]


def test_where_all_others_rest_it_waits_for_the_first_to_be_back() -> None:
    story = Story(loaded(codex=Provider(rest_after_failures=1)))
    story.asked("mend", 1)
    story.ends("r1-1", trouble="quota_exhausted", resets_at=EVENING)
    decided = pays(story, "ask", 2)
    assert outcomes(decided) == [("r2-1", "quota_exhausted", False)]
    assert retries(decided) == [("w2-1", 1, EVENING)]


def test_who_rests_and_has_too_little_left_is_waited_for_when_it_is_back_first() -> None:
    story = Story(loaded(codex=Provider(), claude=Provider()))
    story.asked("mend", 1)
    story.ends("r1-1", trouble="quota_exhausted", resets_at=EVENING)
    story.asked("ask", 2)
    story.ends("r2-1", trouble="rate_limited", resets_at=NOON + timedelta(hours=1))
    decided = pays(story, "ask", 3)
    assert starts(decided) == []
    assert retries(decided) == [("w3-1", 1, NOON + timedelta(hours=1))]


def test_where_no_other_can_carry_it_out_it_is_asked_for_again_later() -> None:
    story = Story(loaded(claude=Provider(rest_seconds=600)))
    pays(story, "ask", 1)
    story.ends("r1-1", trouble="misconfigured", detail="no login")
    decided = pays(story, "ask", 1)
    assert outcomes(decided) == [("r1-1", "quota_exhausted", False)]
    assert retries(decided) == [("w1-1", 1, NOON + timedelta(minutes=10))]
