"""Real processes that behave as badly as they can, and what the door makes of them."""

import os
import resource
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from signal import SIGKILL
from time import monotonic

import psutil
import pytest

from actors.executor.keeper.client import Kept
from actors.executor.processes import Processes
from events.configuration import Action
from events.runs import RunEnded, RunStarted, Trouble
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

pytestmark = pytest.mark.living


@pytest.fixture(params=[Processes, Kept])
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    house = House(tmp_path / "data", kind=request.param)
    yield house
    house.door.close(0)


def script(path: Path, text: str, mode: int = 0o700) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


# What cannot be started


@pytest.mark.parametrize(
    ("action", "trouble"),
    [
        (command("no-such-program"), "program_missing"),
        (command("./no-such-program"), "program_missing"),
        (command("/no/such/program"), "program_missing"),
        (command(""), "program_missing"),
        (command("/etc"), "program_missing"),
        (command("/etc/hostname"), "not_executable"),
        (command("true", "a\0b"), "bad_input"),
        (command("true", "\ud800"), "bad_input"),
        (command("tr\0ue"), "bad_input"),
        (command("true", "x" * 200_000), "spawn_failed"),
        (command("true", environment={"A=B": "c"}), "bad_input"),
        (command("true", input_json="[1]"), "bad_input"),
        (command("true", input_json="{"), "bad_input"),
    ],
)
def test_what_cannot_be_started_says_why(house: House, action: Action, trouble: Trouble) -> None:
    ended = house.end_of(action)
    assert (ended.started, ended.trouble, ended.exit_code) == (False, trouble, None)
    assert ended.detail


def test_a_script_without_its_interpreter_is_a_missing_program(
    house: House, tmp_path: Path
) -> None:
    path = script(tmp_path / "job", "#!/no/such/interpreter\n")
    assert house.end_of(command(path)).trouble == "program_missing"


def test_a_script_that_names_no_interpreter_is_not_executable(house: House, tmp_path: Path) -> None:
    path = script(tmp_path / "job", "echo hello\n")
    assert house.end_of(command(path)).trouble == "not_executable"


def test_a_program_is_looked_for_in_the_path_of_the_process(house: House, tmp_path: Path) -> None:
    script(tmp_path / "job", "#!/bin/sh\necho found\n")
    action = command("job", environment={"PATH": str(tmp_path)})
    assert house.end_of(action).tail == "found\n"
    assert house.end_of(command("job")).trouble == "program_missing"


def test_a_lane_must_be_there(house: House, tmp_path: Path) -> None:
    ended = house.end_of(command("true"), lane_directory=str(tmp_path / "nowhere"))
    assert (ended.started, ended.trouble) == (False, "lane_missing")


def test_a_run_takes_place_in_its_lane_or_in_the_folder_of_its_work(
    house: House, tmp_path: Path
) -> None:
    lane = tmp_path / "lane"
    lane.mkdir()
    script(lane / "job", "#!/bin/sh\npwd; touch left-here\n")
    assert house.end_of(command("./job"), lane_directory=str(lane)).tail == f"{lane}\n"
    assert house.end_of(command("pwd"), work="w7-1").tail == f"{house.data / 'work/w7-1'}\n"


# What must be stopped


def test_what_ignores_the_request_to_end_is_killed(house: House, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    run = house.start(shell(f"trap '' TERM; echo > {ready}; while :; do sleep 600; done"))
    ready.read_text()
    house.door.stop(run)
    ended = house.told.ended()
    assert (ended.trouble, ended.exit_code) == ("cancelled", -SIGKILL)


def test_what_heeds_the_request_may_end_in_its_own_way(house: House, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    heedful = shell(
        f"trap 'echo bye; exit 3' TERM; echo > {ready}; while :; do sleep 0.01; done",
        grace_seconds=20,
    )
    run = house.start(heedful)
    ready.read_text()
    house.door.stop(run)
    ended = house.told.ended()
    assert (ended.trouble, ended.exit_code) == ("cancelled", 3)
    assert ended.tail.endswith("bye\n")


@pytest.mark.parametrize("asked_before", [False, True])
def test_what_must_end_at_once_has_no_time_to_say_goodbye(
    house: House, tmp_path: Path, asked_before: bool
) -> None:
    ready, asked = tmp_path / "ready", tmp_path / "asked"
    os.mkfifo(ready)
    os.mkfifo(asked)
    goodbye = f"trap 'echo > {asked}; sleep 600; echo bye; exit 3' TERM"
    action = shell(f"{goodbye}; echo > {ready}; while :; do sleep 0.01; done", grace_seconds=600)
    run = house.start(action)
    ready.read_text()
    if asked_before:
        house.door.stop(run)
        asked.read_text()
    house.door.stop(run, at_once=True)
    ended = house.told.ended()
    assert (ended.trouble, ended.exit_code) == ("cancelled", -SIGKILL)
    assert "bye" not in ended.tail


def test_what_hangs_is_stopped_with_all_of_its_group(house: House) -> None:
    house.start(shell("sleep 600 & echo $!; wait", timeout_seconds=1))
    ended = house.told.ended()
    assert (ended.trouble, ended.detail) == ("timed_out", "stopped after 1 s")
    assert has_died(int(ended.tail))


def test_what_a_run_leaves_behind_in_its_group_is_killed(house: House) -> None:
    ended = house.end_of(shell("sleep 600 & echo $!"))
    assert (ended.exit_code, ended.trouble) == (0, None)
    assert has_died(int(ended.tail))


def test_a_grandchild_that_holds_the_output_keeps_nobody_waiting(
    house: House, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    os.mkfifo(pid)
    began = monotonic()
    ended = house.end_of(
        shell(f"setsid sh -c 'echo $$ > {pid}; exec sleep 600' & read x < {pid}; echo $x")
    )
    waited = monotonic() - began
    assert (ended.exit_code, ended.trouble) == (0, None)
    assert waited < 10
    if isinstance(house.door, Processes):  # Nobody has custody of what leaves its group.
        os.kill(int(ended.tail), SIGKILL)
        assert waited >= 0.5
    assert has_died(int(ended.tail))


def test_a_stop_before_the_start_is_remembered(tmp_path: Path) -> None:
    told, asked, answered = Told(), threading.Event(), threading.Event()

    def slow_clock() -> datetime:
        asked.set()
        answered.wait(30)
        return now()

    door = Processes(tmp_path, told, slow_clock)
    door.start(brief_of(command("sleep", "600")), ANSWERS)
    asked.wait(30)
    door.stop("r1-1")
    answered.set()
    ended = told.next(RunEnded)
    assert (ended.started, ended.trouble) == (False, "cancelled")
    door.close(0)


def test_what_had_not_begun_when_the_daemon_stops_is_not_told(tmp_path: Path) -> None:
    told, asked, answered = Told(), threading.Event(), threading.Event()

    def slow_clock() -> datetime:
        asked.set()
        answered.wait(30)
        return now()

    door = Processes(tmp_path, told, slow_clock)
    door.start(brief_of(command("sleep", "600")), ANSWERS)
    asked.wait(30)
    closing = threading.Thread(target=door.close, args=(0,))
    closing.start()
    lives = door._open.values()
    while not any(life.wish.reason is not None for life in list(lives)):
        closing.join(0.001)
    answered.set()
    closing.join()
    assert told.rest() == []
    assert not (tmp_path / "runs" / "r1-1").exists()


def test_what_the_daemon_stops_was_not_cancelled_by_anybody(house: House) -> None:
    house.start(command("sleep", "600"))
    house.told.next(RunStarted)
    house.door.close(0)
    ended = house.told.ended()
    assert (ended.started, ended.trouble) == (True, "daemon_stopped")


def test_the_end_of_a_signal_is_its_number(house: House) -> None:
    ended = house.end_of(shell("kill -SEGV $$"))
    assert (ended.exit_code, ended.trouble) == (-11, None)


# What is left


@pytest.mark.parametrize("kind", [Processes, Kept])
def test_after_many_runs_nothing_is_left(tmp_path: Path, kind: type[Processes | Kept]) -> None:
    before, children = threading.active_count(), psutil.Process().children()
    house = House(tmp_path / "data", kind=kind)

    def go(runs: int) -> None:
        for n in range(runs):
            house.start(shell("echo $$; exec true"))
            if n >= 3:
                assert house.told.ended().exit_code == 0
        for _ in range(min(runs, 3)):
            assert house.told.ended().exit_code == 0

    go(8)
    house.end_of(command("true"))
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    go(200)
    threads = threading.active_count() - before
    house.door.close(10)
    assert threads <= 12
    assert threading.active_count() == before
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors
    assert psutil.Process().children() == children


@pytest.mark.parametrize("free", range(12))
def test_without_descriptors_a_run_is_not_started_and_none_is_lost(house: House, free: int) -> None:
    house.end_of(command("true"))
    held = sorted(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    low, high = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (held[-1] + free, high))
    try:
        ended = house.end_of(command("true"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (low, high))
    assert (ended.started, ended.trouble) in ((False, "spawn_failed"), (True, None))
    house.door.close(0)
    assert len(list(Path("/proc/self/fd").iterdir())) <= len(held)


# Where the kernel is less helpful


def without_pidfd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")


def without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    without_pidfd(monkeypatch)
    monkeypatch.setattr("actors.executor.identity.PROC", Path("/nowhere"))


@pytest.mark.parametrize("poorer", [without_pidfd, without_proc])
def test_runs_end_and_are_stopped_on_poorer_systems_too(
    poorer: Callable[[pytest.MonkeyPatch], None], house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    poorer(monkeypatch)
    assert house.end_of(shell("echo x; exit 4")).exit_code == 4
    run = house.start(command("sleep", "600"))
    house.told.next(RunStarted)
    house.door.stop(run)
    assert house.told.ended().trouble == "cancelled"


def test_a_mistake_of_ours_ends_the_run_and_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path / "data")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("actors.executor.watching.Watch.until_end", broken)
    children = psutil.Process().children()
    ended = house.end_of(command("sleep", "600"))
    assert (ended.started, ended.trouble) == (True, "lost")
    assert "ZeroDivisionError" in ended.detail
    assert psutil.Process().children() == children
    house.door.close(0)
