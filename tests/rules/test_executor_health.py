"""How executors fare: whom nothing is asked of, until when, and who takes their place."""

from datetime import timedelta

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from actors.executor.state import Executing
from events.budget import QuotaReset, QuotaSpent
from events.intents import AlertCleared, AlertRaised
from events.policies import Provider
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    RunClosed,
    RunRetrying,
    RunStarting,
    Trouble,
    Usage,
)
from events.time import AlarmRang, AlarmSet
from events.work import WorkFinished, WorkStopping
from tests.rules.agents_story import (
    ACTIONS,
    HALF_AN_HOUR,
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
RESTED = (ExecutorRested, ExecutorRecovered)
RANG = AlarmRang("rest:claude", "executor", HALF_AN_HOUR)


def test_a_program_is_started_with_the_ceiling_that_was_set_aside_for_it() -> None:
    assert Story().asked("ask") == [
        RunStarting("r1-1", "w1-1", "ask", 1, 1, "claude", NOON + timedelta(minutes=5), TODAY, 40)
    ]


def test_the_verdict_says_who_it_was_and_how_many_tokens_it_took() -> None:
    story = Story()
    story.asked("ask")
    verdict, *_ = story.ends("r1-1", exit_code=0, usage=Usage(1, 2, 3, 4), priced_usd_micros=7)
    assert verdict == RunClosed(
        "r1-1", "w1-1", "ask", "succeeded", True, "", 7, "priced", "claude", 10
    )


def test_two_failures_in_a_row_rest_it_for_half_an_hour() -> None:
    story = Story()
    story.asked("ponder", 1)
    story.asked("ponder", 2)
    assert only(story.fails("r1-1"), *RESTED) == []
    assert only(story.fails("r2-1"), *RESTED, AlarmSet) == [
        ExecutorRested("claude", "failures", HALF_AN_HOUR),
        AlarmSet("rest:claude", "executor", HALF_AN_HOUR),
    ]


def test_failures_with_a_success_between_them_do_not_rest_it() -> None:
    story = Story()
    for n, fails in ((1, True), (2, False), (3, True)):
        story.asked("ponder", n)
        decided = story.fails(f"r{n}-1") if fails else story.ends_well(f"r{n}-1")
        assert only(decided, *RESTED) == []


def test_what_is_wrong_with_the_work_says_nothing_of_the_program() -> None:
    story = Story()
    troubles: tuple[Trouble, ...] = (
        "too_little", "artifact_missing", "not_successful", "refused", "at_ceiling", "cancelled"
    )  # fmt: skip
    for n, trouble in enumerate(troubles):
        story.asked("ponder", n)
        assert only(story.ends(f"r{n}-1", trouble=trouble), *RESTED) == []


def test_while_the_first_of_a_chain_rests_the_next_is_asked() -> None:
    story = Story(loaded(claude=Provider(rest_after_failures=1)))
    story.asked("ponder", 1)
    story.fails("r1-1")
    assert starts(story.asked("ask", 2)) == [("r2-1", "codex")]


def test_while_nobody_of_a_chain_is_there_it_waits_for_the_first_to_be_back() -> None:
    story = Story(loaded(claude=Provider(rest_after_failures=1)))
    story.asked("ponder", 1)
    story.fails("r1-1")
    decided = story.asked("ponder", 2)
    reason = "claude rests until 2026-11-20 12:30:00 UTC (failures)"
    assert decided == [
        RunClosed("r2-1", "w2-1", "ponder", "not_ready", False, reason),
        RunRetrying("w2-1", 1, "ponder", 1, HALF_AN_HOUR),
        AlertRaised("executor_exhausted", reason, "claude"),
    ]
    assert only(story.asked("ponder", 3), AlertRaised) == [], "it is said once"


def test_it_is_asked_again_when_its_rest_is_over() -> None:
    story = Story(loaded(claude=Provider(rest_after_failures=1)))
    story.asked("ponder", 1)
    story.fails("r1-1")
    story.asked("ponder", 2)
    assert story.hears(RANG, HALF_AN_HOUR) == [
        ExecutorRecovered("claude"),
        AlertCleared("executor_exhausted", "claude"),
    ]
    assert starts(story.asked("ponder", 2, run="r2-2")) == [("r2-2", "claude")]


def test_an_alarm_that_rings_too_soon_or_for_nothing_ends_no_rest() -> None:
    story = Story(loaded(claude=Provider(rest_after_failures=1)))
    assert story.hears(RANG) == []
    story.asked("ponder", 1)
    story.fails("r1-1")
    assert story.hears(RANG, HALF_AN_HOUR - timedelta(seconds=1)) == []
    assert story.hears(replace(RANG, setter="budget"), HALF_AN_HOUR) == []


def test_a_success_of_one_that_ran_before_ends_the_rest() -> None:
    story = Story(loaded(claude=Provider(rest_after_failures=1)))
    story.asked("ponder", 1)
    story.asked("ponder", 2)
    story.fails("r1-1")
    assert only(story.ends_well("r2-1"), *RESTED) == [ExecutorRecovered("claude")]


def test_a_success_does_not_open_a_window_that_its_provider_has_closed() -> None:
    story = Story()
    story.asked("ponder", 1)
    story.asked("ponder", 2)
    story.ends("r1-1", trouble="quota_exhausted", resets_at=EVENING)
    assert only(story.ends_well("r2-1"), *RESTED) == []
    assert retries(story.asked("ponder", 3)) == [("w3-1", 1, EVENING)]


# Turned away


def test_one_that_is_turned_away_goes_on_at_once_with_the_next_of_its_chain() -> None:
    story = Story()
    story.asked("ask")
    decided = story.ends("r1-1", trouble="rate_limited", resets_at=EVENING)
    assert [type(it) for it in decided] == [RunClosed, ExecutorRested, AlarmSet, RunRetrying]
    assert retries(decided) == [("w1-1", 1, NOON)], "at once, and it is no attempt"
    assert starts(story.asked("ask", run="r1-2")) == [("r1-2", "codex")]


def test_one_that_nobody_else_can_take_waits_for_the_reset_and_resumes_once() -> None:
    story = Story()
    story.asked("ask")
    story.ends("r1-1", trouble="quota_exhausted", resets_at=EVENING)
    story.asked("ask", run="r1-2")
    decided = story.ends("r1-2", trouble="rate_limited", resets_at=HALF_AN_HOUR)
    assert retries(decided) == [("w1-1", 1, HALF_AN_HOUR)], "the first of them that is back"
    assert only(decided, AlertRaised)
    story.hears(AlarmRang("rest:codex", "executor", HALF_AN_HOUR), HALF_AN_HOUR)
    assert starts(story.asked("ask", run="r1-3")) == [("r1-3", "codex")]
    assert story.ends_well("r1-3")[-1] == WorkFinished("w1-1", "completed")


@pytest.mark.parametrize(
    ("trouble", "waits"), [("rate_limited", (100, 110)), ("quota_exhausted", (1_800, 1_980))]
)
def test_without_a_word_of_when_it_waits_for_a_while(
    trouble: Trouble, waits: tuple[int, int]
) -> None:
    story = Story()
    story.asked("ponder")
    ((_, attempt, at),) = retries(story.ends("r1-1", trouble=trouble))
    assert attempt == 1
    assert waits[0] <= (at - NOON).total_seconds() <= waits[1]


def test_who_turns_away_again_at_the_time_that_it_named_is_believed_less() -> None:
    story, at = Story(), NOON
    for nth, seconds in enumerate((1, 200, 400)):
        story.asked("ponder", run=f"r1-{nth}")
        soon = at + timedelta(seconds=1)
        ((_, _, again),) = retries(
            story.ends(f"r1-{nth}", at, trouble="rate_limited", resets_at=soon)
        )
        assert again >= at + timedelta(seconds=seconds)
        story.hears(AlarmRang("rest:claude", "executor", again), again)
        at = again


def test_a_time_so_far_off_that_it_must_be_a_mistake_is_not_believed() -> None:
    story = Story()
    story.asked("ponder")
    late = NOON + timedelta(days=4_000)
    ((_, _, at),) = retries(story.ends("r1-1", trouble="rate_limited", resets_at=late))
    assert at < NOON + timedelta(minutes=5)


def test_an_attempt_is_not_turned_away_for_ever() -> None:
    story, at = Story(), NOON
    for nth in range(8):
        story.asked("ponder", run=f"r1-{nth}")
        ((_, attempt, at),) = retries(story.ends(f"r1-{nth}", at, trouble="quota_exhausted"))
        assert attempt == 1
        story.hears(AlarmRang("rest:claude", "executor", at), at)
    story.asked("ponder", run="r1-8")
    assert story.ends("r1-8", at, trouble="quota_exhausted")[-1] == WorkFinished(
        "w1-1", "failed", "quota exhausted"
    )


def test_where_that_class_is_retried_it_then_counts_as_an_attempt() -> None:
    action = replace(ACTIONS["ponder"], retry_on=("quota_exhausted",))
    story, at = Story(loaded(actions={"ponder": action})), NOON
    for nth in range(9):
        story.asked("ponder", run=f"r1-{nth}")
        ((_, attempt, at),) = retries(story.ends(f"r1-{nth}", at, trouble="quota_exhausted"))
        assert attempt == (1 if nth < 8 else 2)
        story.hears(AlarmRang("rest:claude", "executor", at), at)


def test_what_has_no_health_waits_by_itself_and_others_go_on() -> None:
    story = Story()
    story.asked("page", 1)
    decided = story.ends("r1-1", trouble="rate_limited", resets_at=HALF_AN_HOUR)
    assert retries(decided) == [("w1-1", 1, HALF_AN_HOUR)]
    assert only(decided, *RESTED, AlertRaised) == []
    assert starts(story.asked("page", 2)) == [("r2-1", "http")]


def test_work_that_is_stopped_does_not_wait_for_a_reset() -> None:
    story = Story()
    story.asked("ponder")
    story.hears(WorkStopping("w1-1"))
    decided = story.ends("r1-1", trouble="rate_limited", resets_at=EVENING)
    assert decided[-1] == WorkFinished("w1-1", "cancelled", "cancelled")


# Other trouble


@pytest.mark.parametrize("trouble", ["misconfigured", "program_missing", "not_executable"])
def test_what_a_person_must_mend_is_left_to_the_next_of_the_chain(trouble: Trouble) -> None:
    story = Story()
    story.asked("ask")
    started = trouble == "misconfigured"
    assert retries(story.ends("r1-1", trouble=trouble, started=started)) == [("w1-1", 1, NOON)]
    assert starts(story.asked("ask", run="r1-2")) == [("r1-2", "codex")]
    ended = story.ends("r1-2", trouble=trouble, started=started)
    if started:
        assert ended[-1] == WorkFinished("w1-1", "failed", "not usable as it is configured")
    else:
        assert isinstance(ended[-1], WorkFinished)


def test_a_program_that_is_not_there_rests_at_once_and_fails_what_names_no_other() -> None:
    story = Story()
    story.asked("ponder")
    decided = story.ends("r1-1", trouble="program_missing", started=False)
    assert only(decided, ExecutorRested) == [
        ExecutorRested("claude", "misconfigured", HALF_AN_HOUR)
    ]
    assert decided[-1] == WorkFinished("w1-1", "failed", "program missing")


def test_several_that_fail_at_once_rest_it_once() -> None:
    story = Story()
    for n in (1, 2, 3, 4):
        story.asked("ask", n)
    assert only(story.ends("r1-1", trouble="program_missing", started=False), ExecutorRested)
    later = NOON + timedelta(seconds=1)
    for n in (2, 3, 4):
        decided = story.ends(f"r{n}-1", later, trouble="program_missing", started=False)
        assert only(decided, ExecutorRested) == []


def test_a_program_that_cannot_work_now_leaves_it_to_the_next() -> None:
    story = Story()
    story.asked("ask")
    assert retries(story.ends("r1-1", trouble="not_ready")) == [("w1-1", 1, NOON)]
    assert starts(story.asked("ask", run="r1-2")) == [("r1-2", "codex")]
    ((_, attempt, at),) = retries(story.ends("r1-2", trouble="not_ready"))
    assert attempt == 2, "nobody is left: it is tried again later"
    assert timedelta(seconds=30) <= at - NOON <= timedelta(seconds=33)


def test_an_action_that_is_not_ready_itself_is_nobodys_fault() -> None:
    story = Story()
    for nth in (1, 2):
        story.asked("ask", nth)
        decided = story.ends(f"r{nth}-1", trouble="not_ready", started=False)
        assert [attempt for _, attempt, _ in retries(decided)] == [2]
        assert only(decided, ExecutorRested) == []


@pytest.mark.parametrize("trouble", ["refused", "at_ceiling"])
def test_what_would_come_out_the_same_again_is_not_tried_again(trouble: Trouble) -> None:
    story = Story()
    story.asked("ponder")
    assert isinstance(story.ends("r1-1", trouble=trouble)[-1], WorkFinished)


def test_only_classes_that_are_named_are_tried_again() -> None:
    action = replace(ACTIONS["ponder"], retry_on=("timed_out",))
    story = Story(loaded(actions={"ponder": action}))
    story.asked("ponder", 1)
    assert isinstance(story.fails("r1-1")[-1], WorkFinished)
    story.asked("ponder", 2)
    assert retries(story.ends("r2-1", trouble="timed_out"))


# Quotas


def test_a_spent_quota_is_a_rest_until_its_reset() -> None:
    story = Story()
    story.hears(QuotaSpent("claude", "week", EVENING))
    decided = story.asked("ponder", 1)
    assert outcomes(decided) == [("r1-1", "quota_exhausted", False)]
    assert retries(decided) == [("w1-1", 1, EVENING)]
    assert starts(story.asked("ask", 2)) == [("r2-1", "codex")]
    assert story.hears(QuotaReset("claude", "week"), EVENING) == [
        AlertCleared("executor_exhausted", "claude")
    ]
    assert starts(story.asked("ponder", 1, run="r1-2")) == [("r1-2", "claude")]


def test_all_of_it_survives_a_snapshot() -> None:
    story = Story(loaded(claude=Provider(concurrency=1)))
    story.hears(QuotaSpent("codex", "week", EVENING))
    for n in range(1, 5):
        story.asked("ask", n)
    story.ends("r1-1", trouble="rate_limited", resets_at=EVENING)
    assert msgpack.decode(msgpack.encode(story.state), type=Executing) == story.state
