"""An occurrence that is due while the work of an earlier one is open."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from actors.planner.state import Planner
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Configuration, Intent, On
from events.daemon import DaemonStarted
from events.plan import OccurrenceSkipped
from events.policies import Policies
from events.requests import Paused, Resumed
from events.settings import Overlap
from events.time import OccurrenceDue
from events.work import WorkCancelled, WorkDropped
from tests.rules.overlap_story import (
    Minutes,
    buffered,
    due,
    ended,
    expired,
    finished,
    minute,
    of_intents,
    overtaken,
    skipped,
    superseded,
    told,
    with_intent,
    work,
)
from tests.rules.planner_story import action, loaded

THREE_THEN_ENDS: list[AnyFact] = [due(0), due(1), due(2), finished(0)]


@pytest.mark.parametrize(
    ("overlap", "more", "decisions"),
    [
        (
            "skip",
            {},
            [work(0, 0), skipped(1, "still_running"), skipped(2, "still_running")],
        ),
        (
            "buffer_one",
            {},
            [work(0, 0), buffered(1), skipped(2, "buffer_full"), work(1, 3)],
        ),
        (
            "buffer_all",
            {},
            [work(0, 0), buffered(1), buffered(2), work(1, 3)],
        ),
        (
            "buffer_all",
            {"overlap_limit": 1},
            [work(0, 0), buffered(1), skipped(2, "buffer_full"), work(1, 3)],
        ),
        (
            "keep_latest",
            {},
            [work(0, 0), buffered(1), superseded(1, "newer_occurrence"), buffered(2), work(2, 3)],
        ),
        (
            "cancel_other",
            {},
            [
                work(0, 0),
                buffered(1),
                overtaken(0, 1),
                superseded(1, "newer_occurrence"),
                buffered(2),
                work(2, 3),
            ],
        ),
        (
            "terminate_other",
            {},
            [
                work(0, 0),
                buffered(1),
                overtaken(0, 1, at_once=True),
                superseded(1, "newer_occurrence"),
                buffered(2),
                work(2, 3),
            ],
        ),
        ("allow_all", {}, [work(0, 0), work(1, 1), work(2, 2)]),
    ],
)
def test_a_policy_says_what_becomes_of_what_meets_open_work(
    overlap: Overlap, more: dict[str, Any], decisions: list[AnyDecision]
) -> None:
    assert told(overlap, THREE_THEN_ENDS, **more) == decisions


def test_an_intent_without_a_policy_has_that_of_the_house() -> None:
    minutes = Minutes(with_intent(Policies(overlap="buffer_one")))
    assert minutes.due() == [work(0, 0)]
    assert minutes.due() == [buffered(1)]


def test_its_own_policy_wins() -> None:
    minutes = Minutes(with_intent(Policies(overlap="buffer_one"), overlap="skip"))
    minutes.due()
    assert minutes.due() == [skipped(1, "still_running")]


@pytest.mark.parametrize(
    "end", [finished(0, state="failed"), WorkCancelled("w0-1"), WorkDropped("w0-1", "too_late")]
)
def test_what_waits_goes_whichever_way_the_open_work_ends(end: AnyFact) -> None:
    minutes = Minutes(with_intent(overlap="buffer_one"))
    minutes.due()
    minutes.due()
    assert minutes.hears(end) == [work(1, 2)]


def test_of_several_that_wait_one_goes_at_a_time_the_oldest_first() -> None:
    minutes = Minutes(with_intent(overlap="buffer_all"))
    for _ in range(3):
        minutes.due()
    assert minutes.hears(finished(0)) == [work(1, 3)]
    assert minutes.hears(finished(3)) == [work(2, 4)]
    assert minutes.hears(finished(4)) == []


def test_with_several_open_works_the_last_of_them_is_waited_for() -> None:
    minutes = Minutes(with_intent(overlap="allow_all"))
    minutes.due()
    minutes.due()
    minutes.hears(loaded(with_intent(overlap="buffer_one")))
    assert minutes.hears(due(2)) == [buffered(2)]
    assert minutes.hears(finished(0)) == []
    assert minutes.hears(finished(1)) == [work(2, 5)]


def test_a_harder_policy_overtakes_what_a_softer_one_has_overtaken() -> None:
    minutes = Minutes(with_intent(Policies(overlap="cancel_other")))
    minutes.due()
    assert minutes.due() == [buffered(1), overtaken(0, 1)]
    minutes.hears(loaded(with_intent(Policies(overlap="terminate_other"))))
    newer = [superseded(1, "newer_occurrence"), buffered(3), overtaken(0, 3, at_once=True)]
    assert minutes.due() == newer
    minutes.hears(loaded(with_intent(Policies(overlap="cancel_other"))))
    assert minutes.due() == [superseded(3, "newer_occurrence"), buffered(5)]


def test_intents_do_not_stand_in_each_others_way() -> None:
    news = Intent(run="read", every_seconds=60)
    minutes = Minutes(of_intents({"news": news, "more": news}))
    minutes.due()
    assert minutes.hears(OccurrenceDue("more", minute(1)))[0] != skipped(1, "still_running")


# Too late


def test_what_waited_beyond_its_deadline_expires_and_the_next_has_its_turn() -> None:
    minutes = Minutes(with_intent(overlap="buffer_all", start_deadline_seconds=120))
    for _ in range(3):
        minutes.due()
    start_before = minute(4)
    assert minutes.hears(finished(0), 4) == [
        expired(1),
        work(2, 4, ordinal=2, start_before=start_before),
    ]


def test_what_is_told_beyond_its_deadline_expires() -> None:
    minutes = Minutes(with_intent(Policies(start_deadline_seconds=60)))
    assert minutes.hears(due(0), 2) == [expired(0)]
    in_time = work(1, 2, start_before=minute(2))
    assert minutes.hears(due(1), 2) == [in_time]


# Paused


PAUSES: list[AnyFact] = [
    Paused("all"),
    Paused("category", "research"),
    Paused("lane", "main"),
    DaemonStarted("1", 1, "b", paused=True),
]


@pytest.mark.parametrize("pause", PAUSES)
def test_while_its_work_is_paused_an_occurrence_is_skipped(pause: AnyFact) -> None:
    minutes = Minutes(with_intent(), pause)
    assert minutes.due() == [skipped(0, "paused")]


@pytest.mark.parametrize("pause", PAUSES)
def test_what_waits_is_skipped_when_its_turn_comes_in_a_pause(pause: AnyFact) -> None:
    minutes = Minutes(with_intent(overlap="buffer_all"))
    for _ in range(3):
        minutes.due()
    minutes.hears(pause)
    assert minutes.hears(finished(0)) == [skipped(1, "paused"), skipped(2, "paused")]


def test_after_a_pause_the_next_one_is_work_again() -> None:
    minutes = Minutes(with_intent(), Paused("lane", "main"), Resumed("lane", "main"))
    assert minutes.due() == [work(0, 0)]


@pytest.mark.parametrize("pause", [Paused("category", "system"), Paused("lane", "desk")])
def test_a_pause_of_something_else_is_none(pause: AnyFact) -> None:
    assert Minutes(with_intent(), pause).due() == [work(0, 0)]


# Changed


def changed(house: Configuration, **changes: Any) -> Configuration:
    intent = replace(house.intents["news"], **changes)
    return replace(house, intents={"news": intent})


@pytest.mark.parametrize(
    ("news", "reason"),
    [
        (of_intents({}), "removed"),
        (with_intent(overlap="buffer_all", enabled=False), "disabled"),
        (with_intent(overlap="buffer_all", priority="low"), "edited"),
    ],
)
def test_what_waits_has_no_turn_when_its_intent_changes(news: Configuration, reason: Any) -> None:
    minutes = Minutes(with_intent(overlap="buffer_all"))
    for _ in range(3):
        minutes.due()
    assert minutes.hears(loaded(news)) == [superseded(1, reason), superseded(2, reason)]
    assert minutes.hears(finished(0)) == []


def test_a_change_of_something_else_leaves_it_waiting() -> None:
    minutes = Minutes(with_intent(overlap="buffer_one"))
    minutes.due()
    minutes.due()
    house = with_intent(overlap="buffer_one")
    assert minutes.hears(loaded(replace(house, policies=Policies(overlap="skip")))) == []
    assert minutes.hears(finished(0)) == [work(1, 3)]


# What is told to those who wait


WATCHES = [
    Intent(run="tidy", after="news"),
    Intent(run="tidy", on=On(succeeded="news")),
    Intent(run="tidy", on=On(failed="news")),
    Intent(run="tidy", on=On(ended="news")),
]


@pytest.mark.parametrize("watcher", WATCHES)
@pytest.mark.parametrize(
    ("end", "state"),
    [
        (finished(0), "completed"),
        (finished(0, state="buried"), "buried"),
        (WorkCancelled("w0-1"), "cancelled"),
        (WorkDropped("w0-1", "start_deadline"), "dropped"),
    ],
)
def test_what_becomes_of_an_occurrence_is_told_when_another_intent_waits_for_it(
    watcher: Intent, end: AnyFact, state: Any
) -> None:
    news = Intent(run="read", every_seconds=60, overlap="buffer_one")
    minutes = Minutes(of_intents({"news": news, "then": watcher}))
    minutes.due()
    minutes.due()
    assert minutes.hears(end) == [ended(0, state, "w0-1"), work(1, 2)]


@pytest.mark.parametrize("more", [{"every_from": "completion"}, {"max_runs": 3}])
def test_it_is_told_when_the_intent_itself_has_to_know(more: dict[str, Any]) -> None:
    minutes = Minutes(with_intent(**more))
    minutes.due()
    assert minutes.due() == [skipped(1, "still_running"), ended(1, "skipped")]
    assert minutes.hears(finished(0)) == [ended(0, "completed", "w0-1")]


def test_it_is_told_of_what_expires_and_of_what_is_superseded() -> None:
    minutes = Minutes(with_intent(max_runs=9, overlap="keep_latest", start_deadline_seconds=60))
    minutes.due()
    minutes.due()
    newer = [superseded(1, "newer_occurrence"), ended(1, "skipped"), buffered(2)]
    assert minutes.due() == newer
    late = [ended(0, "completed", "w0-1"), expired(2), ended(2, "expired")]
    assert minutes.hears(finished(0), 9) == late


def test_to_nobody_nothing_is_told() -> None:
    minutes = Minutes(with_intent())
    minutes.due()
    assert minutes.hears(finished(0)) == []


# What the work is given


@pytest.mark.parametrize(
    ("ours", "signal", "both"),
    [
        ("{}", '{"a":[1,2.5]}', '{"signal":{"a":[1,2.5]}}'),
        ('{"b":1,"signal":0}', '"x"', '{"b":1,"signal":"x"}'),
        ("{}", "not JSON", '{"signal":"not JSON"}'),
        ("[]", "{}", "[]"),
    ],
)
def test_what_a_signal_says_reaches_the_work(ours: str, signal: str, both: str) -> None:
    house = of_intents({"news": Intent(run="read", on=On(signal="s"), input_json=ours)})
    assert Minutes(house).hears(due(0, data_json=signal)) == [work(0, 0, input_json=both)]


def test_it_reaches_the_work_also_when_it_had_to_wait() -> None:
    news = Intent(run="read", on=On(signal="s"), overlap="buffer_one")
    minutes = Minutes(of_intents({"news": news}))
    minutes.due()
    minutes.hears(due(1, data_json="1"))
    minutes.hears(due(2, data_json="2"))
    minutes.planner = msgpack.decode(msgpack.encode(minutes.planner), type=Planner)
    assert minutes.hears(finished(0)) == [work(1, 3, input_json='{"signal":1}')]


def test_json_that_is_too_deep_reaches_the_work_as_text() -> None:
    minutes = Minutes(of_intents({"news": Intent(run="read", on=On(signal="s"))}))
    deep = "[" * 30_000
    assert minutes.hears(due(0, data_json=deep)) == [
        work(0, 0, input_json=f'{{"signal":"{deep}"}}')
    ]


@pytest.mark.parametrize(
    "house",
    [
        with_intent(only_if_idle=True),
        of_intents(
            {"news": Intent(run="read", every_seconds=60)}, read=action(0, only_if_idle=True)
        ),
    ],
)
def test_work_waits_for_an_idle_machine_when_its_intent_or_its_action_does(
    house: Configuration,
) -> None:
    assert Minutes(house).due() == [work(0, 0, only_if_idle=True)]


def test_work_bears_the_moment_by_which_it_has_to_start() -> None:
    minutes = Minutes(with_intent(start_deadline_seconds=90))
    assert minutes.due() == [work(0, 0, start_before=minute(0) + timedelta(seconds=90))]


def test_an_unknown_phase_is_a_reason_although_work_is_open() -> None:
    minutes = Minutes(with_intent(overlap="buffer_one", phase="brunch"))
    assert minutes.due() == [OccurrenceSkipped("news", minute(0), "phase_unknown")]
