"""`horarium explain` over data folders in which things did and did not happen."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from events.budget import FundsRefused
from events.daemon import DaemonStarted, DaemonStopped
from events.requests import PauseRequested
from events.runs import RunCancelling, RunStarting
from events.time import TimePassed
from events.work import WorkHeld
from horarium.cli import horarium
from horarium.places import Places
from tests.rules.explain_story import (
    DOLLAR,
    World,
    at,
    budget,
    ending,
    intent,
    study,
    templates,
)
from tests.whole.explain_house import stored

Call = Callable[..., Result]


def lived() -> World:
    house = budget(categories={"study": DOLLAR, "chores": 5 * DOLLAR})
    world = World(templates(intent(house, cron="0 8 * * *"), study=study(enabled=False)))
    world.asks("read", "first", "07:00")
    world.asks("read", "poor", "07:05")
    world.hears(PauseRequested("lane", "tea", "desk", "tea time"), "07:10")
    world.asks("tidy", "held", "07:15")
    world.asks("raed", "mistyped", "07:20")
    world.until("17:00")
    world.say(at("17:01"), DaemonStopped("asked"), "daemon")
    world.say(at("23:00"), DaemonStarted("0", 2, "boot"), "daemon")
    return world


@pytest.fixture(scope="module")
def world() -> World:
    return lived()


@pytest.fixture(scope="module")
def here(world: World, tmp_path_factory: pytest.TempPathFactory) -> Places:
    return stored(tmp_path_factory.mktemp("house"), world)


@pytest.fixture
def call(here: Places) -> Call:
    def called(*words: str) -> Result:
        return CliRunner().invoke(horarium, ["--data", str(here.data), "explain", *words])

    return called


def asked(call: Call, subject: str) -> Any:
    result = call(subject, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_work_that_lacks_money_is_told_how_much_more_would_do(call: Call) -> None:
    result = call("poor")
    assert result.exit_code == 0
    assert "too little is left of its category today" in result.output
    assert "It would have run if the category study might cost $2.00 a day." in result.output
    assert "budget.categories.study = 2" in result.output
    assert "Somebody asked for read." in result.output


@pytest.mark.parametrize(
    ("subject", "about", "verdict", "reason"),
    [
        ("first", "work", "completed", None),
        ("poor", "work", "waits", "category_spent"),
        ("held", "work", "waits", "paused"),
        ("mistyped", "request", "refused", "unknown_subject"),
        ("tea", "request", "answered", None),
        ("study@2026-11-20", "template", "passed_over", "disabled"),
        ("study@2026-11-20#2", "template", "passed_over", "disabled"),
        ("morning@2026-11-20", "phase", "over", None),
        ("evening@2026-11-20", "phase", "missed", "daemon_down"),
        ("hourly@2026-11-20T08:00:00Z", "work", "waits", "category_spent"),
        ("hourly@2026-11-20", "work", "waits", "category_spent"),
        ("hourly@2026-11-20T08:30:00Z", "occurrence", "silent", "not_due"),
        ("hourly@2099-01-01T08:00:00Z", "occurrence", "silent", "not_yet"),
    ],
)
def test_every_kind_of_subject_is_understood(
    call: Call, subject: str, about: str, verdict: str, reason: str | None
) -> None:
    told = asked(call, subject)
    assert (told["about"], told["verdict"]) == (about, verdict)
    assert [it["reason"] for it in told["reasons"][:1]] == ([reason] if reason else [])
    assert told["subject"] == subject


def test_an_intent_alone_means_its_last_occurrence(call: Call) -> None:
    told = asked(call, "hourly")
    assert (told["subject"], told["verdict"]) == ("hourly@2026-11-20T08:00:00Z", "waits")


def test_an_intent_that_was_never_due_is_told_when_it_will_be(tmp_path: Path) -> None:
    world = World(intent(cron="0 8 1 1 *")).until("09:00")
    here = stored(tmp_path, world)
    told = CliRunner().invoke(horarium, ["--data", str(here.data), "explain", "hourly"])
    assert told.exit_code == 0 and "is still to come" in told.output, told.output


@pytest.mark.parametrize("name", ["study", "morning"])
def test_what_belongs_to_a_day_is_asked_for_with_it(call: Call, name: str) -> None:
    result = call(name)
    assert result.exit_code == 2 and f"write {name}@ and a day" in result.output


def test_what_a_newer_one_ended_is_told_so_as_work_and_as_run(tmp_path: Path) -> None:
    house = intent(cron="0 * * * *", overlap="terminate_other")
    stopped = ending(minutes=61, exit_code=None, trouble="cancelled")
    here = stored(tmp_path, world := World(house, stopped).until("08:10"))
    run = getattr(world.first(RunCancelling).fact, "run", "")
    for subject in (run, "hourly@06:00"):
        told = CliRunner().invoke(horarium, ["--data", str(here.data), "explain", subject])
        assert "cancelled: a newer occurrence of hourly took its place" in told.output


def test_a_position_is_told_as_things_stood_there(call: Call, world: World) -> None:
    refused = world.first(FundsRefused)
    told = asked(call, str(refused.position))
    assert told["verdict"] == "refused"
    assert told["reasons"][0]["position"] == refused.position
    assert told["chain"][-1]["position"] == refused.position
    assert told["ways"][0]["changes"][0]["setting"] == "budget.categories.study"
    held = world.first(WorkHeld, reason="paused")
    assert asked(call, str(held.position))["reasons"][0]["means"] == "it is paused: tea time"
    ticked = world.first(TimePassed)
    assert asked(call, str(ticked.position))["verdict"] == "recorded"


def test_every_position_of_a_log_can_be_asked_about(call: Call, world: World) -> None:
    for record in world.log:
        told = asked(call, str(record.position))
        positions = [line["position"] for line in told["chain"]]
        assert positions == sorted(positions) != []
        assert told["says"] and all(line["says"] for line in told["chain"])


def test_runs_are_told_with_what_became_of_them(call: Call, world: World) -> None:
    run = getattr(world.first(RunStarting).fact, "run", "")
    told = asked(call, run)
    assert (told["about"], told["verdict"]) == ("run", "succeeded")
    assert told["chain"][-1]["kind"] == "funds-settled"


def test_the_chain_can_be_shown_as_a_tree(call: Call) -> None:
    """What follows from a thing stands below it, and further to the right."""
    lines = call("first", "--tree").output.splitlines()
    work = asked(call, "first")["says"].split()[0]
    columns = [
        next(line.index(words) for line in lines if words in line)
        for words in ("Somebody asked for read", f"{work} was planned", f"{work} was released")
    ]
    assert columns == [columns[0], columns[0] + 2, columns[0] + 4]


@pytest.mark.parametrize("subject", ["w999-1", "r999-1", "999999", "nonsense", "noone@08:00"])
def test_what_is_unknown_is_refused_with_an_offer(call: Call, subject: str) -> None:
    result = call(subject)
    assert result.exit_code == 1
    assert "Did you mean" in result.output or "There are" in result.output


def test_what_is_like_nothing_is_told_what_can_be_asked_about(call: Call) -> None:
    said = call("nosuch").stderr
    assert "There are works (w12-1), runs (r14-1), positions" in said and "keys of requests" in said


def test_a_template_needs_a_day_and_an_intent_a_time(call: Call) -> None:
    assert call("study@08:00").exit_code == 2
    assert call("hourly@whenever").exit_code == 2


def test_an_intent_that_is_due_often_needs_a_time(tmp_path: Path) -> None:
    here = stored(tmp_path, World(intent()).until("12:00"))
    result = CliRunner().invoke(
        horarium, ["--data", str(here.data), "explain", "hourly@2026-11-20"]
    )
    assert result.exit_code == 2
    assert "say when: hourly@2026-11-20T06:00:00Z" in result.output


def test_without_projections_the_log_is_searched(world: World, tmp_path: Path) -> None:
    here = stored(tmp_path, world, 0)
    result = CliRunner().invoke(horarium, ["--data", str(here.data), "explain", "poor", "--json"])
    assert json.loads(result.stdout)["reasons"][0]["reason"] == "category_spent"
    assert "Searching the whole log" in result.stderr


def test_without_a_log_it_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(horarium, ["--data", str(tmp_path), "explain", "w1-1"])
    assert result.exit_code == 1
    assert "nothing has been recorded" in result.output


def test_nothing_is_written(here: Places, call: Call) -> None:
    before = {it.name: it.read_bytes() for it in here.data.glob("*.sqlite")}
    call("poor")
    call("study@2026-11-20")
    assert {it.name: it.read_bytes() for it in here.data.glob("*.sqlite")} == before


def test_what_failed_is_told_with_its_exit_code(tmp_path: Path) -> None:
    world = World(outcome=ending(exit_code=3))
    world.asks("read", "k")
    here = stored(tmp_path, world.until("07:00"))
    result = CliRunner().invoke(horarium, ["--data", str(here.data), "explain", "k"])
    assert "exit code 3" in result.output
    assert "It would have been tried again if it might be tried 2 times." in result.output
