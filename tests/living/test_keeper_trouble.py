"""A keeper that cannot be, does not answer, or does not understand: it is said, nothing is lost."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from signal import SIGSTOP

import pytest

from actors.executor.keeper import beginning, line
from actors.executor.keeper.client import Kept
from actors.executor.keeper.words import PROTOCOL
from events.runs import RunEnded, RunStarted
from tests.living.keeper_story import end_all, gated, keepers, kill_keepers, open_gate
from tests.living.process_story import ANSWERS, PATIENCE_SECONDS, Told, brief_of, command, now

Door = Callable[..., Kept]
Trouble = Callable[[Path, pytest.MonkeyPatch], str]

pytestmark = pytest.mark.living

DEAF = """
import os, pathlib, socket, sys, time
mark = pathlib.Path({mark!r})
if mark.exists():
    from actors.executor.keeper.__main__ import main
    main(*sys.argv[1:])
mark.touch()
from actors.executor.keeper.words import frame, hello
listener, end = socket.socket(fileno=int(sys.argv[2])), time.monotonic() + 20
listener.settimeout(20)
while time.monotonic() < end:
    there, _ = listener.accept()
    there.sendall(frame(hello()))
    there.close()
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    end_all(tmp_path / "data")


@pytest.fixture
def warned() -> SimpleQueue[str]:
    return SimpleQueue()


@pytest.fixture
def door(data: Path, told: Told, warned: SimpleQueue[str]) -> Iterator[Door]:
    made: list[Kept] = []

    def door(leaves: bool = False) -> Kept:
        made.append(Kept(data, told, now, leaves=lambda: leaves, warn=warned.put))
        return made[-1]

    yield door
    for each in made:
        each.close(0)


def no_python(data: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "executable", "/no/python")
    return "No such file or directory: '/no/python'"


def a_file_in_its_place(data: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    data.mkdir()
    (data / "keeper").touch()
    return f"File exists: '{data}/keeper'"


def a_folder_in_its_place(data: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (data / f"keeper/{PROTOCOL}.sock").mkdir(parents=True)
    return "Is a directory: "


def a_mistake_of_its_own(data: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(beginning, "COMMAND", ("-c", "raise RuntimeError('broken')"))
    return "it ended at once with exit code 1: RuntimeError: broken"


def no_room(data: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    def spawned(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(beginning, "_spawned", spawned)
    return "No space left on device"


@pytest.mark.parametrize(
    "trouble",
    [no_python, a_file_in_its_place, a_folder_in_its_place, a_mistake_of_its_own, no_room],
)
def test_why_there_is_no_keeper_is_said_and_what_was_asked_is_unstarted(
    data: Path,
    door: Door,
    told: Told,
    warned: SimpleQueue[str],
    monkeypatch: pytest.MonkeyPatch,
    trouble: Trouble,
) -> None:
    words = trouble(data, monkeypatch)
    house = door()
    for run in ("r1-1", "r2-1"):
        house.start(brief_of(command("true"), run), ANSWERS)
        ended = told.next(RunEnded)
        assert (ended.run, ended.started, ended.trouble) == (run, False, "spawn_failed")
        assert ended.detail.startswith("there is no keeper: ") and words in ended.detail
    assert words in warned.get(timeout=PATIENCE_SECONDS)
    assert not (data / "runs/r1-1").exists()


def test_a_keeper_that_was_stopped_is_told_to_go_on(
    tmp_path: Path,
    data: Path,
    door: Door,
    told: Told,
    warned: SimpleQueue[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line, "SILENCE_SECONDS", 0.2)
    action, gate = gated(tmp_path)
    house = door()
    house.start(brief_of(action), ANSWERS)
    told.next(RunStarted)
    (keeper,) = keepers(data)
    os.kill(keeper, SIGSTOP)
    house.start(brief_of(command("true"), "r2-1"), ANSWERS)
    said = iter(lambda: warned.get(timeout=PATIENCE_SECONDS), "")
    assert any(f"(pid {keeper}) had been stopped" in words for words in said)
    assert told.ended().exit_code == 0
    open_gate(gate)
    assert told.ended().exit_code == 3
    assert keepers(data) == [keeper]


def test_a_daemon_that_comes_to_a_stopped_keeper_adopts_what_that_keeps(
    tmp_path: Path,
    data: Path,
    door: Door,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    action, gate = gated(tmp_path)
    first = door(leaves=True)
    first.start(brief_of(action), ANSWERS)
    started = told.next(RunStarted)
    first.close(0)
    (keeper,) = keepers(data)
    os.kill(keeper, SIGSTOP)
    monkeypatch.setattr(line, "SILENCE_SECONDS", 0.2)
    door().recover(brief_of(action), ANSWERS, started, same_boot=True)
    open_gate(gate)
    assert told.ended().exit_code == 3


def test_a_keeper_that_does_not_understand_us_is_left_for_another(
    tmp_path: Path, door: Door, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = DEAF.format(mark=str(tmp_path / "mark"))
    monkeypatch.setattr(beginning, "COMMAND", ("-c", script))
    door().start(brief_of(command("true")), ANSWERS)
    assert told.ended().exit_code == 0


def test_that_a_keeper_is_gone_is_said(
    data: Path, door: Door, told: Told, warned: SimpleQueue[str]
) -> None:
    house = door()
    house.start(brief_of(command("true")), ANSWERS)
    assert told.ended().exit_code == 0
    kill_keepers(data)
    assert warned.get(timeout=PATIENCE_SECONDS) == "the keeper is gone; another is begun"
    house.start(brief_of(command("true"), "r2-1"), ANSWERS)
    assert told.ended().exit_code == 0
