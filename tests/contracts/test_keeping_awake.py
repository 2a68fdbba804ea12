"""Keeping the machine awake: when there is a need, by which program, and what becomes of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from pykka import ActorRegistry

from actors.clock.awake import Inhibitor, command
from events.bus import News
from events.configuration import Configuration, ConfigurationLoaded
from events.fact import Fact
from events.policies import Clock
from events.record import Record
from events.runs import RunClosed, RunStarting
from events.settings import KeepAwake
from events.time import PhaseEnded, PhaseStarted
from horarium.daemon.waking import KeepingAwake, Need

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)
SECONDS = 30.0


def starts(run: str) -> RunStarting:
    return RunStarting(run, "w1-1", "look", 1, 1, "noop", NOON)


def ends(run: str) -> RunClosed:
    return RunClosed(run, "w1-1", "look", "succeeded")


def opens(phase: str) -> PhaseStarted:
    return PhaseStarted(TODAY, phase, NOON, NOON)


def closes(phase: str) -> PhaseEnded:
    return PhaseEnded(TODAY, phase, NOON)


def settings(keep_awake: KeepAwake, *phases: str) -> Clock:
    return Clock(keep_awake=keep_awake, keep_awake_phases=phases)


@pytest.mark.parametrize(
    ("clock", "facts", "is_there"),
    [
        pytest.param(settings("never"), [starts("r1"), opens("day")], False, id="never"),
        pytest.param(settings("while_running"), [], False, id="nothing runs"),
        pytest.param(settings("while_running"), [opens("day")], False, id="only a phase"),
        pytest.param(settings("while_running"), [starts("r1")], True, id="a run"),
        pytest.param(
            settings("while_running"), [starts("r1"), starts("r2"), ends("r1")], True, id="one left"
        ),
        pytest.param(settings("while_running"), [starts("r1"), ends("r1")], False, id="none left"),
        pytest.param(settings("while_running"), [ends("r1")], False, id="an end not begun here"),
        pytest.param(settings("phases"), [starts("r1")], False, id="only a run"),
        pytest.param(settings("phases"), [opens("day")], True, id="any phase"),
        pytest.param(settings("phases", "night"), [opens("day")], False, id="another phase"),
        pytest.param(settings("phases", "night"), [opens("night")], True, id="this phase"),
        pytest.param(settings("phases"), [opens("day"), closes("day")], False, id="it is over"),
        pytest.param(
            settings("never"),
            [
                starts("r1"),
                ConfigurationLoaded("d", Configuration(clock=settings("while_running"))),
            ],
            True,
            id="new settings",
        ),
    ],
)
def test_there_is_a_need_while_what_the_settings_name_goes_on(
    clock: Clock, facts: list[Fact], is_there: bool
) -> None:
    need = Need(clock)
    for fact in facts:
        need.learn(fact)
    assert need.is_there == is_there


class Hands:
    """What a reader does about it."""

    def __init__(self) -> None:
        self.did: SimpleQueue[str] = SimpleQueue()

    def hold(self) -> None:
        self.did.put("hold")

    def let_go(self) -> None:
        self.did.put("let go")


@pytest.fixture(autouse=True)
def no_actor_outlives_its_test() -> Iterator[None]:
    yield
    ActorRegistry.stop_all()


def test_a_reader_holds_at_once_and_lets_go_a_little_later() -> None:
    bus: Any = type("Bus", (), {"tell": lambda self, message: None})()
    hands = Hands()
    reader: Any = KeepingAwake.start(bus, 0, Need(settings("while_running")), hands, 0.01)
    reader.tell(News([Record(1, NOON, "executor", None, starts("r1"))]))
    assert hands.did.get(timeout=SECONDS) == "hold"
    reader.tell(News([Record(2, NOON, "executor", None, ends("r1"))]))
    assert hands.did.get(timeout=SECONDS) == "let go"


def test_a_reader_holds_for_what_went_on_before_and_lets_go_when_it_stops() -> None:
    bus: Any = type("Bus", (), {"tell": lambda self, message: None})()
    hands = Hands()
    reader: Any = KeepingAwake.start(bus, 0, Need(settings("while_running"), {"r1"}), hands)
    assert hands.did.get(timeout=SECONDS) == "hold"
    reader.stop()
    assert hands.did.get(timeout=SECONDS) == "let go"


def stand_in(folder: Path, name: str, script: str) -> str:
    """A program of this name, in a folder to look in beside the usual ones."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return f"{folder}:/usr/bin:/bin"


def test_the_first_program_that_is_there_is_taken(tmp_path: Path) -> None:
    search = stand_in(tmp_path, "caffeinate", "exec true")
    found = command({"no-such-program": (), "caffeinate": ("-i",)}, search)
    assert found == (str(tmp_path / "caffeinate"), "-i", "/usr/bin/cat")
    assert command({"no-such-program": ()}, search) == ()


TELLS = 'shift; echo "$$" > "$0.pid"; exec 3> "$0.pipe"; "$@"; rm "$0.pid"'
"""Runs what it is given, as an inhibitor does, and says when it has begun."""


def held(folder: Path, said: list[str]) -> tuple[Inhibitor, Path]:
    """An inhibitor that holds, and the file that is there as long as it does."""
    search = stand_in(folder, "caffeinate", TELLS)
    os.mkfifo(folder / "caffeinate.pipe")
    inhibitor = Inhibitor(command({"caffeinate": ("-i",)}, search), said.append)
    inhibitor.hold()
    (folder / "caffeinate.pipe").open().close()
    return inhibitor, folder / "caffeinate.pid"


def test_a_program_is_held_once_and_ends_when_it_is_let_go(tmp_path: Path) -> None:
    said: list[str] = []
    inhibitor, there = held(tmp_path, said)
    first = there.read_text()
    inhibitor.hold()
    assert there.read_text() == first
    inhibitor.let_go()
    assert not there.exists(), "it has ended by itself"
    inhibitor.let_go()
    assert said == []


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        pytest.param((), "there is none of the programs", id="no program"),
        pytest.param(("/no/such/program",), "No such file", id="a program that has gone"),
        pytest.param(
            ("/bin/sh", "-c", "echo no bus >&2; exit 3"), "ended with 3: no bus", id="it fails"
        ),
    ],
)
def test_what_does_not_work_is_said_once(argv: tuple[str, ...], why: str) -> None:
    said: SimpleQueue[str] = SimpleQueue()
    inhibitor = Inhibitor(argv, said.put)
    inhibitor.hold()
    assert why in said.get(timeout=SECONDS)
    inhibitor.hold()
    inhibitor.let_go()
    assert said.empty()


def test_what_did_not_work_is_tried_again_after_a_while_and_not_said_again(tmp_path: Path) -> None:
    said: SimpleQueue[str] = SimpleQueue()
    time = [0.0]
    program = str(tmp_path / "caffeinate")
    inhibitor = Inhibitor((program, "-i", "/bin/cat"), said.put, lambda: time[0])
    inhibitor.hold()
    assert "No such file" in said.get(timeout=SECONDS)
    stand_in(tmp_path, "caffeinate", TELLS)
    os.mkfifo(f"{program}.pipe")
    inhibitor.hold()
    time[0] = 599.0
    inhibitor.hold()
    time[0] = 600.0
    inhibitor.hold()
    Path(f"{program}.pipe").open().close()  # It opens when it is held.
    inhibitor.let_go()
    assert said.empty()


HOLDER = """
import sys
from actors.clock.awake import Inhibitor
inhibitor = Inhibitor(sys.argv[1:], print)
inhibitor.hold()
sys.stdin.read()
"""


def test_it_ends_with_the_daemon_however_that_ends(tmp_path: Path) -> None:
    search = stand_in(tmp_path, "caffeinate", TELLS)
    pipe = tmp_path / "caffeinate.pipe"
    os.mkfifo(pipe)
    argv = command({"caffeinate": ("-i",)}, search)
    holder = [sys.executable, "-c", HOLDER, *argv]
    with subprocess.Popen(holder, stdin=subprocess.PIPE) as daemon, pipe.open() as open_in_it:
        daemon.kill()
        daemon.wait(SECONDS)
        assert open_in_it.read() == "", "it has ended, and so has its end of the pipe"
    assert not (tmp_path / "caffeinate.pid").exists()
