"""What people ask of the planner beyond the configuration: prompts, and work that was buried."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from events.budget import LimitChanged
from events.catalogue import AnyDecision
from events.configuration import (
    Action,
    Configuration,
    ConfigurationLoaded,
    Intent,
    Lane,
    Step,
    Template,
)
from events.requests import (
    RequestRefused,
    RequestRepeated,
    ReviveRequested,
    WorkRequested,
)
from events.time import OccurrenceDue
from events.work import WorkFinished, WorkPlanned, WorkReleased
from tests.rules.alerts_story import ACTIONS, World, house

PROMPT = Action(
    executor="claude",
    prompt="Read the notes of {{day}}.",
    category="research",
    lane="repo",
    ceiling_usd_micros=40,
)
DUE = OccurrenceDue("watch", datetime(2026, 11, 20, 13, tzinfo=UTC))


def asked(name: str = "ask", key: str = "k", **more: Any) -> WorkRequested:
    return WorkRequested(name, key, action=Action(**more) if more else PROMPT)


def planned(said: list[AnyDecision]) -> WorkPlanned:
    [work] = [it for it in said if isinstance(it, WorkPlanned)]
    return work


def buried(world: World, *requests: WorkRequested | OccurrenceDue) -> str:
    work = ""
    for request in requests:
        work = planned(world.say(request)).work
        world.say(WorkFinished(work, "buried", "failed"))
    return work


def test_a_prompt_becomes_work_with_an_action_of_its_own() -> None:
    said = World(house()).say(asked())
    work = planned(said)
    assert (work.name, work.source, work.steps) == ("ask", "request", (Step(action="ask"),))
    assert (work.action, work.category, work.lane) == (PROMPT, "research", "repo")
    [released] = [it for it in said if isinstance(it, WorkReleased)]
    assert released.ceiling_usd_micros == 40


@pytest.mark.parametrize("lane", ["main", "repo", "study", "side"])
def test_a_lane_that_the_configuration_names_anywhere_is_known(lane: str) -> None:
    world = World(
        Configuration(
            lanes={"repo": Lane()},
            actions={"read": Action(lane="study")},
            templates={"tidy": Template(steps=(Step(action="read"),), lane="side")},
        )
    )
    prompt = replace(PROMPT, lane=lane)
    said = world.say(WorkRequested("ask", "k", action=prompt, lane_must_be_known=True))
    assert planned(said).lane == lane


def test_a_lane_that_no_configuration_names_is_refused_as_a_phase_would_be() -> None:
    request = WorkRequested("ask", "k", action=replace(PROMPT, lane="rpeo"))
    strict = replace(request, lane_must_be_known=True)
    assert World(house()).say(strict) == [RequestRefused("k", "ask", "unknown_lane")]
    assert planned(World(house()).say(request)).lane == "rpeo", "so it was before, and is in a log"


def test_the_same_prompt_again_gets_the_former_answer() -> None:
    world = World(house())
    work = planned(world.say(asked())).work
    assert world.say(asked()) == [RequestRepeated("k", work)]


@pytest.mark.parametrize(
    "action",
    [
        {"executor": "command", "command": ("rm", "-rf", "."), "prompt": "Hello"},
        {"executor": "http", "url": "http://localhost", "prompt": "Hello"},
        {"executor": "claude"},
        {"executor": "claude", "prompt": "x" * 65_537},
        {"executor": "claude", "prompt": "Hello", "shell": True},
        {"executor": "claude", "prompt": "Hello", "permission": "all"},
        {"executor": "claude", "prompt": "Hello", "ready_command": ("true",)},
        {"executor": "claude", "prompt": "Hello", "success_command": ("true",)},
        {"executor": "claude", "prompt": "Hello", "secrets": {"KEY": "env:KEY"}},
        {"executor": "claude", "prompt": "Hello", "environment": {"LD_PRELOAD": "x"}},
        {"executor": "claude", "prompt": "Hello", "context_files": ("/etc/passwd",)},
        {"executor": "claude", "prompt": "Hello", "allowed_tools": ("Bash",)},
        {"executor": "claude", "prompt": "Hello", "fallback": ("codex",)},
    ],
    ids=lambda action: " ".join(action),
)
def test_a_prompt_says_no_more_than_a_prompt_may(action: dict[str, Any]) -> None:
    assert World(house()).say(asked(**action)) == [RequestRefused("k", "ask", "invalid_action")]


def test_a_prompt_takes_no_name_that_is_configured() -> None:
    assert World(house()).say(asked("check")) == [RequestRefused("k", "check", "name_taken")]
    assert World(house()).say(asked("no name")) == [
        RequestRefused("k", "no name", "invalid_action")
    ]


def test_buried_work_is_revived_as_it_is_configured_now() -> None:
    world = World(house())
    first = buried(world, WorkRequested("check", "k", input_json='{"a":1}'))
    world.say(
        ConfigurationLoaded(
            digest="e",
            configuration=Configuration(actions=ACTIONS | {"check": Action(lane="other")}),
        )
    )
    work = planned(world.say(ReviveRequested(first, "r", "once more")))
    assert (work.source, work.key, work.lane) == ("revival", f"{first}#1", "other")
    assert (work.name, work.input_json, work.note) == ("check", '{"a":1}', "once more")


def test_it_is_revived_once_and_the_same_request_gets_the_former_answer() -> None:
    world = World(house())
    first = buried(world, WorkRequested("check", "k"))
    again = planned(world.say(ReviveRequested(first, "r"))).work
    assert world.say(ReviveRequested(first, "r")) == [RequestRepeated("r", again)]
    assert world.say(ReviveRequested(first, "s")) == [RequestRefused("s", first, "not_buried")]


def test_what_is_buried_again_remembers_what_it_was_at_first() -> None:
    world = World(house())
    first = buried(world, asked())
    second = planned(world.say(ReviveRequested(first, "r")))
    assert second.action == PROMPT
    world.say(WorkFinished(second.work, "buried"))
    third = planned(world.say(ReviveRequested(second.work, "s")))
    assert (second.key, third.key) == (f"{first}#1", f"{first}#2")
    assert world.wrongs() == []


def test_nothing_is_revived_while_too_much_waits_and_it_can_be_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(house())
    first = buried(world, WorkRequested("check", "k"))
    other = planned(world.say(WorkRequested("check", "l"))).work
    monkeypatch.setattr("actors.planner.rules.WORKS_MAX", 1)
    refused = [RequestRefused("r", first, "too_many_waiting")]
    assert world.say(ReviveRequested(first, "r")) == refused
    world.say(WorkFinished(other, "completed"))
    assert planned(world.say(ReviveRequested(first, "r"))).key == f"{first}#1"
    assert world.wrongs() == []


def test_only_what_is_buried_can_be_revived() -> None:
    world = World(house())
    work = planned(world.say(WorkRequested("check", "k"))).work
    world.say(WorkFinished(work, "failed"))
    for name in (work, "w99-1"):
        said = world.say(ReviveRequested(name, f"r{name}"))
        assert said == [RequestRefused(f"r{name}", name, "not_buried")]


def test_what_is_configured_no_longer_cannot_be_revived() -> None:
    world = World(house())
    first = buried(world, WorkRequested("check", "k"))
    world.say(ConfigurationLoaded(digest="e", configuration=Configuration()))
    assert world.say(ReviveRequested(first, "r")) == [
        RequestRefused("r", "check", "unknown_subject")
    ]


def test_only_the_last_thousand_that_were_buried_are_known() -> None:
    world = World(house())
    first = buried(world, WorkRequested("check", "k0"))
    for number in range(1, 1_001):
        buried(world, WorkRequested("check", f"k{number}"))
    assert len(world.planner.buried) == 1_000
    assert world.say(ReviveRequested(first, "r")) == [RequestRefused("r", first, "not_buried")]


LIMITED = Configuration(
    actions=ACTIONS,
    templates={"look": Template(steps=(Step(action="check"),), daily_usd_micros=5)},
    intents={
        "watch": Intent(run="look", every_seconds=60, daily_usd_micros=7),
        "other": Intent(run="look", every_seconds=60),
        "plain": Intent(run="check", every_seconds=60),
    },
)


@pytest.mark.parametrize(
    ("fact", "limit"),
    [
        (DUE, "intent:watch"),
        (OccurrenceDue("other", DUE.due_at), "template:look"),
        (OccurrenceDue("plain", DUE.due_at), ""),
        (WorkRequested("look", "k"), "template:look"),
        (WorkRequested("check", "k"), ""),
    ],
)
def test_work_says_under_which_limit_of_its_own_it_stands(
    fact: OccurrenceDue | WorkRequested, limit: str
) -> None:
    said = World(LIMITED).say(fact)
    [released] = [it for it in said if isinstance(it, WorkReleased)]
    assert planned(said).own_limit == released.own_limit == limit


def test_a_limit_that_was_given_by_hand_counts_too() -> None:
    world = World(LIMITED)
    world.say(LimitChanged("intent", "plain", 3, None))
    assert planned(world.say(OccurrenceDue("plain", DUE.due_at))).own_limit == "intent:plain"


def test_what_is_revived_stands_under_the_limit_it_stood_under() -> None:
    world = World(LIMITED)
    work = buried(world, DUE)
    assert planned(world.say(ReviveRequested(work, "r"))).own_limit == "intent:watch"
