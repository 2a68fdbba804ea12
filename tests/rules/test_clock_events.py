"""What makes intents due that wait for something to happen: given, when, then."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from actors.clock.rules import next_instant
from events.budget import BudgetExhausted
from events.catalogue import AnyDecision
from events.configuration import Configuration, ConfigurationRefused, Dates, Intent, On
from events.intents import (
    AlertCleared,
    AlertRaised,
    EndState,
    IdleAsked,
    IntentSwitched,
    OccurrenceEnded,
    SignalReceived,
)
from events.requests import RequestRefused, RequestRepeated
from events.time import IdleProbing, IdleSeen, OccurrenceDue
from tests.rules.clock_world import MIDNIGHT, STARTED, World

MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)
MAIL = Intent(run="read", on=On(signal="mail"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{MIDNIGHT.date()}T{text}+00:00")


def world_of(**intents: Intent) -> World:
    return World(at("09:30"), Configuration(intents=intents))


def ended(state: EndState, name: str = "first") -> OccurrenceEnded:
    return OccurrenceEnded(name, at("09:00"), state, "w1-1")


def test_a_signal_makes_everyone_due_who_listens_and_brings_its_data() -> None:
    world = world_of(a=MAIL, b=MAIL, c=replace(MAIL, on=On(signal="post")))
    assert world.tell(SignalReceived("mail", "k1", '{"from":"x"}')) == [
        OccurrenceDue("a", at("09:30"), data_json='{"from":"x"}'),
        OccurrenceDue("b", at("09:30"), data_json='{"from":"x"}'),
    ]


def test_a_signal_that_comes_again_under_its_key_is_not_heard_again() -> None:
    world = world_of(a=MAIL)
    world.tell(SignalReceived("mail", "k1"))
    assert world.tell(SignalReceived("mail", "k1")) == [RequestRepeated("k1", "")]
    assert world.tell(SignalReceived("mail", "k2")) == [
        OccurrenceDue("a", at("09:30") + INSTANT, data_json="{}")
    ]


def test_a_signal_to_which_nobody_listens_is_refused() -> None:
    off = replace(MAIL, on=On(signal="off"), enabled=False)
    never = replace(MAIL, on=On(signal="never"), exclude=(Dates(first=MIDNIGHT.date()),))
    world = world_of(off=off, never=never)
    assert [world.tell(SignalReceived(name, name))[0] for name in ("gone", "off", "never")] == [
        RequestRefused("gone", "gone", "nobody_listens"),
        RequestRefused("off", "off", "intent_disabled"),
        RequestRefused("never", "never", "nothing_to_do"),
    ]


def test_a_signal_is_remembered_for_a_thousand_others() -> None:
    world = world_of()
    for number in range(1_200):
        world.tell(SignalReceived("mail", f"k{number}"))
    assert len(world.clock.signals) == 1_000


@pytest.mark.parametrize(
    ("waits", "upon"),
    [
        ({"after": "first"}, {"completed"}),
        ({"after": "first", "after_when": "failure"}, {"failed", "buried", "unknown"}),
        ({"on": On(succeeded="first")}, {"completed"}),
        ({"on": On(failed="first")}, {"failed", "buried", "unknown"}),
        (
            {"on": On(ended="first")},
            {"completed", "failed", "buried", "unknown", "cancelled", "dropped"},
        ),
    ],
)
def test_an_intent_follows_upon_another_as_it_says(waits: dict[str, Any], upon: set[str]) -> None:
    states: list[EndState] = [
        "completed", "failed", "unknown", "cancelled", "buried", "dropped", "skipped", "expired",
    ]  # fmt: skip
    world = world_of(second=Intent(run="read", **waits))
    told = {state: world.tell(ended(state)) for state in states}
    assert {state for state, due in told.items() if due} == upon
    assert world.tell(ended("completed", "other")) == []


def test_two_that_follow_at_one_instant_have_instants_of_their_own() -> None:
    world = world_of(second=Intent(run="read", after="first"))
    world.tell(ended("completed"))
    world.tell(ended("completed"))
    assert world.dues("second") == [at("09:30"), at("09:30") + INSTANT]


def test_the_next_one_is_due_a_while_after_the_end_of_the_last() -> None:
    world = world_of(first=Intent(run="read", every_seconds=600, every_from="completion"))
    world.pass_time(30 * MINUTE)
    assert world.dues("first") == [at("09:40")]
    world.tell(ended("failed"))
    assert next_instant(world.clock) == at("10:10")
    world.pass_time(10 * MINUTE)
    assert world.dues("first")[1:] == [at("10:10")]


def test_one_that_was_not_made_up_for_comes_a_while_after_its_verdict() -> None:
    first = Intent(run="read", every_seconds=600, every_from="completion")
    world = world_of(first=first)
    world.be_down(timedelta(hours=5))
    assert world.dues("first") == []
    assert next_instant(world.clock) == at("14:40")


def test_one_that_was_skipped_does_not_count_towards_a_maximum() -> None:
    world = world_of(first=Intent(run="read", cron="0 * * * *", max_runs=1))
    world.pass_time(timedelta(hours=1))
    assert next_instant(world.clock) == at("00:00") + timedelta(days=1)
    world.tell(ended("completed"))
    world.tell(ended("skipped"))
    world.pass_time(timedelta(hours=1))
    assert world.dues("first") == [at("10:00"), at("11:00")]


def test_money_that_runs_out_and_alerts_are_heard() -> None:
    world = world_of(
        spent=Intent(run="read", on=On(spent="study")), told=Intent(run="read", on=On(alert="disk"))
    )
    assert world.tell(BudgetExhausted(MIDNIGHT.date(), "study")) == [
        OccurrenceDue("spent", at("09:30"))
    ]
    assert world.tell(BudgetExhausted(MIDNIGHT.date(), "day")) == []
    assert world.tell(AlertRaised("disk")) == [OccurrenceDue("told", at("09:30"))]


def test_one_that_is_switched_off_hears_nothing() -> None:
    world = world_of(a=MAIL)
    world.tell(IntentSwitched("a", False))
    assert world.tell(SignalReceived("mail", "k")) == [
        RequestRefused("k", "mail", "intent_disabled")
    ]


def test_a_configuration_that_cannot_be_used_is_told_once_until_one_can() -> None:
    world = world_of(told=Intent(run="read", on=On(alert="configuration_refused")))
    refused = ConfigurationRefused("config.toml", ("line 3: no", "line 4: nor"))
    assert world.tell(refused) == [
        AlertRaised("configuration_refused", "line 3: no; line 4: nor"),
        OccurrenceDue("told", at("09:30")),
    ]
    assert world.tell(refused) == []
    same = Configuration(intents={"told": Intent(run="read", on=On(alert="configuration_refused"))})
    assert world.load(same) == [AlertCleared("configuration_refused")]


def probes(told: list[AnyDecision]) -> int:
    return sum(isinstance(fact, IdleProbing) for fact in told)


def test_the_machine_is_asked_once_for_all_who_want_to_know() -> None:
    world = world_of()
    assert world.tell(IdleAsked("w1-1")) == [IdleProbing(at("09:30:40"))]
    assert probes(world.tell(IdleAsked("w2-1"))) == 0
    world.tell(IdleSeen(False))
    assert probes(world.tell(IdleAsked("w1-1"))) == 1


def test_a_question_that_a_life_left_open_is_asked_again_by_the_next() -> None:
    world = world_of()
    world.tell(IdleAsked("w1-1"))
    assert probes(world.be_down(MINUTE)) == 1
    world.tell(IdleSeen(True))
    assert probes(world.tell(STARTED)) == 0


def test_an_answer_that_never_came_is_not_waited_for_for_ever() -> None:
    world = world_of()
    world.tell(IdleAsked("w1-1"))
    world.now += MINUTE
    assert probes(world.tell(IdleAsked("w2-1"))) == 1
