"""Tests before, after and about a run: what they decide, and that nothing of them is left."""

import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from actors.executor.keeper.client import Kept
from actors.executor.processes import Processes
from events.configuration import Action
from events.runs import ProbeEnded, RunEnded
from tests.living.keeper_story import Doors, kill_keepers, pid_in, starts, until
from tests.living.process_story import (
    ANSWERS,
    House,
    Told,
    brief_of,
    command,
    has_died,
    now,
    shell,
)
from tests.living.zoo_story import GRACE_SECONDS, ZOO, Animal, end_survivors, survivors

pytestmark = pytest.mark.living

SLACK_SECONDS = 10.0  # All of them at once are much for a small machine.
LIFE_SECONDS = 25  # of an animal that nobody ends
WILD = [animal for animal in ZOO if animal.script]


@pytest.fixture(params=[Kept, Processes], ids=["a keeper", "the daemon alone"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "data", kind=request.param)
    yield found
    found.door.close(0)


def said(script: str) -> tuple[str, ...]:
    return "sh", "-c", script


# What they decide


def test_what_is_not_ready_is_not_started(house: House, tmp_path: Path) -> None:
    ended = house.end_of(
        shell(f"touch {tmp_path}/started", ready_command=said("echo no network; exit 3"))
    )
    assert (ended.started, ended.trouble, ended.detail) == (False, "not_ready", "no network")
    assert not (tmp_path / "started").exists()
    assert not house.file("").exists()


def test_what_is_ready_is_started_where_it_was_tested(house: House) -> None:
    test = said('test -d "$TMPDIR" && echo $PWD > tested && test $HORARIUM_ACTION = act')
    ended = house.end_of(shell("test $PWD = $(cat tested)", ready_command=test))
    assert (ended.trouble, ended.exit_code) == (None, 0)


@pytest.mark.parametrize("test", ["ready_command", "success_command"])
def test_a_test_that_is_missing_is_found_before_anything_is_started(
    test: str, house: House
) -> None:
    ended = house.end_of(shell("exit 0", **{test: ("no-such-test",)}))
    assert (ended.started, ended.trouble) == (False, "program_missing")


@pytest.mark.parametrize(
    ("settings", "script", "trouble", "detail"),
    [
        pytest.param(
            {"success_command": said("echo two tests failed; exit 1")},
            "exit 0",
            "not_successful",
            "two tests failed",
            id="the success test says no",
        ),
        pytest.param({"success_command": said("exit 0")}, "exit 0", None, "", id="it says yes"),
        pytest.param(
            {"success_command": said("touch $PWD/asked")},
            "exit 7",
            None,
            "",
            id="it is not asked about what failed",
        ),
        pytest.param(
            {"success_command": said("exec sleep 60"), "timeout_seconds": 1},
            "exit 0",
            "not_successful",
            "it took longer than 1 s",
            id="it does not end",
        ),
        pytest.param(
            {"min_output": 9},
            "echo ' too few '; echo",
            "too_little",
            "7 characters, where 9 were asked for",
            id="an answer that is too short",
        ),
        pytest.param({"min_output": 7}, "echo just so", None, "", id="an answer long enough"),
        pytest.param(
            {"min_output": 5},
            """echo '{"summary": "by its summary"}' > $HORARIUM_RESULT""",
            None,
            "",
            id="a summary counts",
        ),
        pytest.param(
            {"artifacts": ("a.md", "b/c.md")},
            "echo > a.md",
            "artifact_missing",
            "b/c.md",
            id="an artifact is missing",
        ),
        pytest.param(
            {"artifacts": ("a.md", "b")}, "echo > a.md; mkdir b", None, "", id="all are there"
        ),
        pytest.param(
            {"artifacts": ("a.md",)},
            "ln -s /etc/passwd a.md",
            "artifact_missing",
            "a.md",
            id="an artifact that lies elsewhere",
        ),
    ],
)
def test_success_is_what_was_asked_for(
    settings: dict[str, Any], script: str, trouble: str | None, detail: str, house: House
) -> None:
    ended = house.end_of(shell(script, **settings))
    assert (ended.started, ended.trouble, ended.detail) == (True, trouble, detail)
    assert not (house.data / "work" / "w1-1" / "asked").exists()


def test_with_nothing_to_do_nothing_else_is_asked_for(house: House) -> None:
    asked: dict[str, Any] = {"min_output": 100, "artifacts": ("a",), "empty_marker": "NOTHING"}
    asked["success_command"] = ("false",)
    ended = house.end_of(shell("echo NOTHING to do", **asked))
    assert (ended.trouble, ended.is_empty) == (None, True)
    assert house.end_of(shell("echo done", empty_marker="NOTHING")).is_empty is False


def test_one_line_for_a_shell_is_run_by_it(house: House) -> None:
    house.end_of(command("echo a b | tr a-z A-Z; echo $0", shell=True))
    assert house.printed() == b"A B\n/bin/sh\n"


def test_a_run_is_cancelled_while_it_is_tested(house: House, tmp_path: Path) -> None:
    wait = said(f"echo $$ > {tmp_path}/pid; exec sleep 60")
    for settings, begun in (({"ready_command": wait}, False), ({"success_command": wait}, True)):
        run = house.start(shell("exit 0", **settings))
        pid = pid_in(tmp_path / "pid")
        house.door.stop(run)
        ended = house.told.ended()
        assert (ended.started, ended.trouble) == (begun, "cancelled")
        assert has_died(pid)
        (tmp_path / "pid").unlink()


# What became of a run


@pytest.mark.parametrize(
    ("probe", "exit_code", "detail"),
    [
        pytest.param(said("echo it is there; exit 0"), 0, "it is there", id="succeeded"),
        pytest.param(said("exit 1"), 1, "", id="failed"),
        pytest.param(said("exec sleep 60"), None, "it took longer than 1 s", id="no answer"),
        pytest.param((), None, "there is no probe command", id="no probe"),
    ],
)
def test_a_probe_says_what_became_of_it(
    probe: tuple[str, ...], exit_code: int | None, detail: str, house: House
) -> None:
    action = shell("exit 0", probe_command=probe, timeout_seconds=1)
    house.door.probe(brief_of(action), "p1-1", ANSWERS)
    assert house.told.next(ProbeEnded) == ProbeEnded("p1-1", exit_code, detail)


def test_a_probe_is_looked_at_once_and_again_when_asked_again(house: House, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    action = shell("exit 0", probe_command=said(f"echo >> {tmp_path}/asked; cat {gate}; exit 1"))
    house.door.probe(brief_of(action), "p1-1", ANSWERS)
    house.door.probe(brief_of(action), "p1-1", ANSWERS)
    gate.write_text("")
    assert house.told.next(ProbeEnded).exit_code == 1
    house.door.probe(brief_of(action), "p1-1", ANSWERS)
    gate.write_text("")
    assert house.told.next(ProbeEnded).exit_code == 1
    assert (tmp_path / "asked").read_text() == "\n\n"


def test_a_probe_that_the_stop_of_the_daemon_cuts_short_is_not_told(tmp_path: Path) -> None:
    house = House(tmp_path / "data", kind=Kept)
    probe = said(f"echo $$ > {tmp_path}/pid; trap '' TERM; sleep 60")
    house.door.probe(brief_of(shell("exit 0", probe_command=probe)), "p1-1", ANSWERS)
    pid = pid_in(tmp_path / "pid")
    house.door.close(0)
    assert house.told.rest() == []
    assert has_died(pid)


# Nothing of them is left


def names(number: int) -> tuple[str, str]:
    """The tag and the seconds of an animal."""
    return f"beside-{os.getpid()}-{number}", f"{LIFE_SECONDS}.{os.getpid()}{number:04}"


MARKS = [name for number in range(len(WILD)) for name in names(number)]


def let_loose(door: Kept, animal: Animal, number: int) -> None:
    """As a test before, after or about a run."""
    argv, run = animal.argv(*names(number)), f"r{number}-1"
    match number % 3:
        case 0:
            door.start(brief_of(settled(ready_command=argv), run, work=f"w{number}-1"), ANSWERS)
        case 1:
            door.start(brief_of(settled(success_command=argv), run, work=f"w{number}-1"), ANSWERS)
        case _:
            told = brief_of(settled(probe_command=argv), run, work=f"w{number}-1")
            door.probe(told, f"p{number}-1", ANSWERS)


def settled(**test: tuple[str, ...]) -> Action:
    return shell("exit 0", timeout_seconds=1, **test)


def test_whatever_a_test_does_it_ends_in_time_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    told = Told()
    door, began = Kept(tmp_path / "data", told, now), monotonic()
    try:
        for number, animal in enumerate(WILD):
            let_loose(door, animal, number)
        ends = set[str]()
        while len(ends) < len(WILD):
            fact = told.get()[1]
            ends |= {fact.run} if isinstance(fact, RunEnded) else set()
            ends |= {fact.probe} if isinstance(fact, ProbeEnded) else set()
        assert monotonic() - began < 1 + GRACE_SECONDS + SLACK_SECONDS
        assert survivors(*MARKS) == []
    finally:
        door.close(0)
        end_survivors(*MARKS, seconds=LIFE_SECONDS)


# Keepers that are killed


@pytest.fixture
def doors(tmp_path: Path, told: Told) -> Iterator[Doors]:
    found = Doors(tmp_path / "data", told)
    yield found
    found.close()


def test_a_run_whose_keeper_died_during_the_readiness_test_has_not_begun(
    tmp_path: Path, doors: Doors, told: Told
) -> None:
    once = f"echo $$ >> {tmp_path}/tests; test -e {tmp_path}/second || exec sleep 60"
    action = shell(f"echo $HORARIUM_RUN >> {tmp_path}/starts", ready_command=said(once))
    doors().start(brief_of(action), ANSWERS)
    until(lambda: (tmp_path / "tests").exists() and (tmp_path / "tests").read_text())
    first = int((tmp_path / "tests").read_text())
    (tmp_path / "second").touch()
    kill_keepers(tmp_path / "data")
    assert told.ended().exit_code == 0
    assert starts(tmp_path) == ["r1-1"]
    assert has_died(first)


def test_a_run_whose_keeper_died_during_the_success_test_is_unknown(
    tmp_path: Path, doors: Doors, told: Told
) -> None:
    test = said(f"echo $$ > {tmp_path}/pid; exec sleep 60")
    action = shell(f"echo $HORARIUM_RUN >> {tmp_path}/starts", success_command=test)
    doors().start(brief_of(action), ANSWERS)
    pid = pid_in(tmp_path / "pid")
    kill_keepers(tmp_path / "data")
    assert told.ended().trouble == "lost"
    assert starts(tmp_path) == ["r1-1"]
    assert has_died(pid)
