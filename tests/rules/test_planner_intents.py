"""Intents that people make, remove and switch by hand."""

from datetime import time
from typing import Any

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from actors.planner import changes, intents
from actors.planner.state import Planner
from events.catalogue import AnyDecision
from events.configuration import Configuration, Intent
from events.intents import (
    IntentAdded,
    IntentAddRequested,
    IntentRemoved,
    IntentRemoveRequested,
    IntentSwitched,
    IntentSwitchRequested,
)
from events.plan import PlanDrawn
from events.policies import Policies
from events.requests import Refusal, RequestRefused, RequestRepeated
from events.settings import Hours
from tests.rules.overlap_story import (
    Minutes,
    buffered,
    due,
    ended,
    finished,
    minute,
    of_intents,
    skipped,
    superseded,
    with_intent,
    work,
)
from tests.rules.planner_story import MONEY, SIX, action, loaded, of_kind, opened, when

NEWS = Intent(run="read", every_seconds=60)
EMPTY = of_intents({})


def add(name: str = "news", intent: Intent = NEWS, key: str = "k", **more: Any) -> Any:
    return IntentAddRequested(name, intent, key, **more)


def refused(subject: str, reason: Refusal) -> list[AnyDecision]:
    return [RequestRefused("k", subject, reason)]


# Adding


def test_an_intent_that_is_added_is_in_force() -> None:
    minutes = Minutes(EMPTY)
    assert minutes.hears(add()) == [IntentAdded("news", NEWS, "request", "k")]
    assert minutes.due() == [work(1, 1)]


@pytest.mark.parametrize(
    ("source", "recorded"),
    [("signal", "signal"), ("model", "model"), ("import", "import"), ("configuration", "request")],
)
def test_it_bears_its_source_and_nobody_passes_for_the_configuration(
    source: Any, recorded: Any
) -> None:
    decided = Minutes(EMPTY).hears(add(source=source))
    assert decided == [IntentAdded("news", NEWS, recorded, "k")]


@pytest.mark.parametrize(
    ("asked", "subject", "reason"),
    [
        pytest.param(
            add(intent=Intent(run="sing", now=True)), "sing", "unknown_subject", id="what to run"
        ),
        pytest.param(add("old"), "old", "name_taken", id="configured"),
        pytest.param(
            add(intent=Intent(run="read", now=True, phase="brunch")),
            "news",
            "unknown_phase",
            id="its phase",
        ),
        pytest.param(
            add(intent=Intent(run="read", cron="0 0 31 2 *")),
            "news",
            "invalid_intent",
            id="never comes",
        ),
        pytest.param(add(intent=Intent(run="read")), "news", "invalid_intent", id="no trigger"),
        pytest.param(
            add(intent=replace(NEWS, windows=(Hours(start=time(1), end=time(1)),))),
            "news",
            "invalid_intent",
            id="an empty window",
        ),
        pytest.param(add("a@b"), "a@b", "invalid_intent", id="its name"),
        pytest.param(add(""), "", "invalid_intent", id="no name"),
    ],
)
def test_an_intent_that_cannot_be_is_refused(
    asked: IntentAddRequested, subject: str, reason: Refusal
) -> None:
    assert Minutes(of_intents({"old": NEWS})).hears(asked) == refused(subject, reason)


def test_a_name_is_taken_until_it_is_removed() -> None:
    minutes = Minutes(EMPTY)
    minutes.hears(add(key="k1"))
    assert minutes.hears(add()) == refused("news", "name_taken")
    minutes.hears(IntentRemoveRequested("news", "k2"))
    assert minutes.hears(add()) == [IntentAdded("news", NEWS, "request", "k")]


def test_there_is_a_limit_on_how_many_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intents, "BY_HAND_MAX", 1)
    minutes = Minutes(EMPTY)
    minutes.hears(add(key="k1"))
    assert minutes.hears(add("more")) == refused("more", "too_many_waiting")


def test_before_anything_is_configured_there_is_nothing_to_run() -> None:
    assert when(Planner(), add()) == refused("read", "unknown_subject")


# Asking twice


@pytest.mark.parametrize(
    "asked", [add(), IntentRemoveRequested("mine", "k"), IntentSwitchRequested("mine", False, "k")]
)
def test_the_same_key_again_gets_the_former_answer(asked: Any) -> None:
    minutes = Minutes(EMPTY)
    minutes.hears(add("mine", key="k0"))
    assert len(minutes.hears(asked)) == 1
    assert minutes.hears(asked) == [RequestRepeated("k", "")]


def test_a_refusal_is_no_answer_that_stands() -> None:
    minutes = Minutes(EMPTY)
    assert minutes.hears(IntentSwitchRequested("news", False, "k")) == refused(
        "news", "unknown_intent"
    )
    minutes.hears(add(key="k1"))
    switched = minutes.hears(IntentSwitchRequested("news", False, "k"))
    assert switched == [IntentSwitched("news", False, "k")]


def test_keys_of_different_requests_are_different() -> None:
    minutes = Minutes(EMPTY)
    minutes.hears(add())
    assert minutes.hears(IntentRemoveRequested("news", "k")) == [
        IntentRemoved("news", "asked", "k")
    ]


def test_only_the_latest_keys_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "GRANTED_MAX", 3)
    minutes = Minutes(EMPTY)
    for number in range(20):
        minutes.hears(add(f"n{number}", key=f"k{number}"))
        assert len(minutes.planner.granted) < 6
    assert minutes.hears(add("n19", key="k19")) == [RequestRepeated("k19", "")]


# Removing


def test_what_is_removed_is_never_due_again() -> None:
    minutes = Minutes(EMPTY, IntentAdded("news", replace(NEWS, overlap="buffer_all"), "request"))
    for _ in range(3):
        minutes.due()
    assert minutes.hears(IntentRemoveRequested("news", "k")) == [
        IntentRemoved("news", "asked", "k"),
        superseded(1, "removed"),
        superseded(2, "removed"),
    ]
    assert minutes.hears(finished(0)) == []
    assert minutes.hears(due(5)) == [skipped(5, "intent_unknown")]


def test_what_the_configuration_made_only_the_configuration_removes() -> None:
    minutes = Minutes(with_intent())
    asked = IntentRemoveRequested("news", "k")
    assert minutes.hears(asked) == refused("news", "not_made_by_hand")
    assert minutes.hears(IntentRemoveRequested("more", "k")) == refused("more", "unknown_intent")


@pytest.mark.parametrize("once", [{"now": True}, {"at": minute(1)}])
def test_what_was_made_for_one_occasion_goes_when_its_work_is_over(once: dict[str, Any]) -> None:
    minutes = Minutes(EMPTY)
    minutes.hears(add(intent=Intent(run="read", **once)))
    assert minutes.due() == [work(1, 1)]
    assert minutes.hears(finished(1)) == [IntentRemoved("news", "over")]


def test_it_goes_also_when_it_became_no_work() -> None:
    minutes = Minutes(EMPTY)
    minutes.hears(add(intent=Intent(run="read", now=True, start_deadline_seconds=0)))
    late = minutes.hears(due(0), 3)
    assert late[1:] == [IntentRemoved("news", "over")]


def test_what_comes_again_stays_and_so_does_what_is_configured() -> None:
    minutes = Minutes(with_intent(), IntentAdded("more", NEWS, "request"))
    minutes.due()
    assert minutes.hears(finished(0)) == []
    once = Minutes(of_intents({"news": Intent(run="read", now=True)}))
    once.due()
    assert once.hears(finished(0)) == []


# Switching


@pytest.mark.parametrize("by_hand", [False, True])
def test_any_intent_is_switched_off_and_on(by_hand: bool) -> None:
    news = replace(NEWS, overlap="buffer_one")
    minutes = Minutes(EMPTY, IntentAdded("news", news, "request"))
    if not by_hand:
        minutes = Minutes(of_intents({"news": news}))
    minutes.due()
    minutes.due()
    assert minutes.hears(IntentSwitchRequested("news", False, "k")) == [
        IntentSwitched("news", False, "k"),
        superseded(1, "disabled"),
    ]
    assert minutes.due() == [skipped(3, "intent_disabled")]
    on = minutes.hears(IntentSwitchRequested("news", True, "k2"))
    assert on == [IntentSwitched("news", True, "k2")]
    assert minutes.due() == [buffered(5)]


@pytest.mark.parametrize("enabled", [True, False])
def test_a_switch_that_changes_nothing_is_refused(enabled: bool) -> None:
    minutes = Minutes(with_intent(enabled=enabled))
    asked = IntentSwitchRequested("news", enabled, "k")
    assert minutes.hears(asked) == refused("news", "nothing_to_do")


# A configuration comes


def test_a_switch_holds_until_the_configured_intent_itself_changes() -> None:
    minutes = Minutes(with_intent())
    minutes.hears(IntentSwitchRequested("news", False, "k"))
    same = replace(with_intent(), policies=Policies(overlap="allow_all"))
    minutes.hears(loaded(same))
    assert minutes.due() == [skipped(2, "intent_disabled")]
    minutes.hears(loaded(with_intent(priority="high")))
    assert minutes.due() == [work(4, 4, priority="high")]


def test_what_is_made_by_hand_outlives_every_configuration_and_every_restart() -> None:
    minutes = Minutes(EMPTY)
    minutes.hears(add())
    minutes.hears(add("more", key="k2"))
    minutes.hears(IntentSwitchRequested("more", False, "k3"))
    minutes.planner = msgpack.decode(msgpack.encode(minutes.planner), type=Planner)
    minutes.hears(loaded(of_intents({"other": NEWS})))
    assert minutes.hears(due(4)) == [work(4, 4)]
    assert not minutes.planner.is_enabled("more", NEWS)


def test_a_configured_intent_of_a_name_made_by_hand_is_passed_over() -> None:
    minutes = Minutes(EMPTY)
    minutes.hears(add())
    minutes.hears(loaded(with_intent(priority="critical", enabled=False)))
    assert minutes.due() == [work(2, 2)]
    asked = IntentRemoveRequested("news", "k2")
    assert minutes.hears(asked) == [IntentRemoved("news", "asked", "k2")]


# Who waits for whom, and money


def test_an_intent_made_by_hand_may_wait_for_another() -> None:
    minutes = Minutes(with_intent())
    minutes.hears(add("then", Intent(run="tidy", after="news")))
    minutes.hears(due(1))
    assert minutes.hears(finished(1)) == [ended(1, "completed", "w1-1")]
    minutes.hears(IntentRemoveRequested("then", "k2"))
    minutes.hears(due(4))
    assert minutes.hears(finished(4)) == []


def test_the_plan_sets_money_aside_for_what_is_made_by_hand_and_not_for_what_is_switched_off() -> (
    None
):
    house = Configuration(
        budget=MONEY,
        actions={"read": action(10)},
        intents={"old": Intent(run="read", cron="@daily")},
    )
    hourly = Intent(run="read", every_seconds=3_600)
    minutes = Minutes(house, IntentAdded("new", hourly, "request"))
    minutes.hears(IntentSwitchRequested("old", False, "k"))
    (drawn,) = of_kind(PlanDrawn, when(minutes.planner, opened(), SIX))
    assert (drawn.set_aside_count, drawn.set_aside_usd_micros) == (17, 170)


def test_it_sets_aside_no_more_than_may_run() -> None:
    news = Intent(run="read", every_seconds=60, max_runs=4)
    minutes = Minutes(of_intents({"news": news}, read=action(10)))
    (drawn,) = of_kind(PlanDrawn, when(minutes.planner, opened(), SIX))
    assert (drawn.set_aside_count, drawn.set_aside_usd_micros) == (4, 40)
