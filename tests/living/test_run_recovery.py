"""What becomes of runs whose daemon was killed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

import msgspec
import pytest

from actors.executor import identity
from actors.executor.folders import folders_of, make_roots
from actors.executor.processes import Processes
from events.configuration import Action
from events.runs import RunAdopted, RunEnded, RunResult, RunStarted
from tests.living.process_story import ANSWERS, Told, brief_of, command, has_died, now, shell
from tests.whole.daemon_story import wait_for

pytestmark = pytest.mark.living

DAEMON = """
import sys
from pathlib import Path
from time import monotonic
import msgspec
from actors.executor.processes import Processes
from events.configuration import (Action)
from tests.living.process_story import brief_of, now

def tell(cause, facts):
    for fact in facts:
        sys.stdout.write(msgspec.json.encode(fact).decode() + "\\n")
        sys.stdout.flush()

data, do, action = sys.argv[1:]
door, brief = Processes(Path(data), tell, now), brief_of(msgspec.json.decode(action, type=Action))
if do == "start":
    door.start(brief, 42)
else:
    door.recover(brief, 42, None, True)
sys.stdin.read()
"""


@pytest.fixture
def door(tmp_path: Path, told: Told) -> Iterator[Processes]:
    door = Processes(tmp_path, told, now)
    yield door
    door.close(0)


def killed_daemon(data: Path, do: str, action: Action, gate: Path) -> bytes:
    """A daemon killed when its run waits at the gate, which opens then; the first that it told."""
    daemon = subprocess.Popen(
        [sys.executable, "-c", DAEMON, str(data), do, msgspec.json.encode(action).decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with daemon:
        assert daemon.stdout is not None
        told = daemon.stdout.readline()
        with gate.open("w"):
            daemon.kill()
            daemon.wait()
    return told


def gate_of(path: Path) -> Path:
    os.mkfifo(path)
    return path


def wait_until_kept(text: str) -> str:
    """For a script: wait until the daemon has written this to the file."""
    return f"until grep -qs {text} ../../runs/r1-1/output.log; do sleep 0.01; done"


Orphans = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[Orphans]:
    """Starts a process just as a daemon of before would have done."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(*argv: str, data: Path = tmp_path, run: str = "r1-1") -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "HORARIUM_TOKEN": f"{run}:{identity.boot_id()}",
            "HORARIUM_DATA": str(data),
        }
        process = subprocess.Popen(argv, env=environment, start_new_session=True)
        begun.append(process)
        wait_for(partial(identity.environment, process.pid), "its environment")
        return process

    make_roots(tmp_path)
    folders_of(brief_of(command("true")), tmp_path).make("{}")
    yield begin
    for process in begun:
        process.kill()
        process.wait()


def started_as(process: subprocess.Popen[bytes]) -> RunStarted:
    at = identity.stat(process.pid)
    assert at is not None
    return RunStarted("r1-1", process.pid, identity.boot_id(), at.ticks, now())


def test_a_run_outlives_its_daemon_and_goes_on_printing(
    tmp_path: Path, door: Processes, told: Told
) -> None:
    """Without a daemon it prints more than a pipe can hold, and waits."""
    gate = gate_of(tmp_path / "gate")
    script = shell(
        f"echo before; {wait_until_kept('before')}; cat {gate}; "
        "head -c 300000 /dev/zero | tr '\\0' x; echo; echo after; "
        """echo '{"cost_usd": 0.5}' > $HORARIUM_RESULT"""
    )
    first = killed_daemon(tmp_path, "start", script, gate)
    started = msgspec.json.decode(first, type=RunStarted)
    door.recover(brief_of(script), ANSWERS, started, same_boot=True)
    assert told.next(RunAdopted) == RunAdopted("r1-1", started.pid)
    ended = told.next(RunEnded)
    assert (ended.started, ended.exit_code, ended.trouble) == (True, None, "lost")
    assert "exit status is not known" in ended.detail
    assert ended.result == RunResult(cost_usd_micros=500_000)
    assert ended.tail == "after\n"
    printed = (tmp_path / "runs/r1-1/output.log").read_text()
    assert printed == "before\n" + "x" * 300_000 + "\nafter\n"
    assert ended.output_bytes == len(printed)


def test_an_adopted_run_is_stopped_on_request_with_its_group(
    tmp_path: Path, door: Processes, told: Told
) -> None:
    gate = gate_of(tmp_path / "gate")
    action = shell(f"trap '' TERM; cat {gate}; sleep 600 & while :; do wait; done")
    first = killed_daemon(tmp_path, "start", action, gate)
    started = msgspec.json.decode(first, type=RunStarted)
    door.recover(brief_of(action), ANSWERS, started, same_boot=True)
    door.stop("r1-1")
    told.next(RunAdopted)
    ended = told.next(RunEnded)
    assert (ended.trouble, ended.exit_code) == ("cancelled", None)
    assert ended.detail == "adopted after a restart; cancelled on request"
    assert not identity.is_alive(started.pid, started.start_ticks)


def test_an_adopted_run_has_what_is_left_of_its_time(
    door: Processes, told: Told, orphan: Orphans, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = orphan("sleep", "600")
    monkeypatch.setattr(identity, "age_seconds", lambda ticks: 90.0)
    action = command("sleep", "600", timeout_seconds=90)
    door.recover(brief_of(action), ANSWERS, started_as(process), same_boot=True)
    told.next(RunAdopted)
    ended = told.next(RunEnded)
    assert (ended.trouble, ended.duration_ms) == ("timed_out", 90_000)
    assert process.wait(10) < 0


def test_the_kernel_knows_how_old_a_process_is(orphan: Orphans) -> None:
    process = orphan("sleep", "600")
    began = monotonic()
    age = identity.age_seconds(started_as(process).start_ticks)
    assert 0 <= age <= 5
    assert identity.age_seconds(0) - age >= 0
    later = identity.age_seconds(started_as(process).start_ticks)
    assert age <= later <= age + (monotonic() - began) + 0.1


def test_a_run_of_which_the_log_knows_no_process_is_found_by_its_token(
    door: Processes, told: Told, orphan: Orphans
) -> None:
    process = orphan("sleep", "600")
    orphan("sleep", "600", run="r1-11")
    door.recover(brief_of(command("sleep", "600")), ANSWERS, None, same_boot=True)
    assert told.next(RunAdopted) == RunAdopted("r1-1", process.pid)
    door.stop("r1-1")
    assert told.next(RunEnded).trouble == "cancelled"


def test_a_run_of_another_data_folder_is_not_ours(
    door: Processes, told: Told, orphan: Orphans
) -> None:
    process = orphan("sleep", "600", data=Path("/another"))
    door.recover(brief_of(command("sleep", "600")), ANSWERS, None, same_boot=True)
    ended = told.next(RunEnded)
    assert (ended.started, ended.trouble) == (True, "lost")
    assert process.poll() is None


def test_a_stranger_with_the_number_of_our_process_is_left_alone(
    tmp_path: Path, door: Processes, told: Told, orphan: Orphans
) -> None:
    stranger = orphan("sleep", "600", data=Path("/another"))
    known = msgspec.structs.replace(started_as(stranger), start_ticks=1)
    door.recover(brief_of(command("sleep", "600")), ANSWERS, known, same_boot=True)
    assert told.next(RunEnded).trouble == "lost"
    unknown = msgspec.structs.replace(known, start_ticks=0)
    door.recover(brief_of(command("sleep", "600")), ANSWERS, unknown, same_boot=True)
    assert told.next(RunEnded).trouble == "lost"
    assert stranger.poll() is None


def test_a_process_that_was_ours_in_another_boot_is_nobody_we_know(
    door: Processes, told: Told, orphan: Orphans
) -> None:
    process = orphan("sleep", "600")
    brief = brief_of(command("sleep", "600"))
    door.recover(brief, ANSWERS, started_as(process), same_boot=False)
    ended = told.next(RunEnded)
    assert (ended.started, ended.trouble) == (True, "lost")
    assert ended.detail == "the machine was started anew"
    assert process.poll() is None


def test_of_a_run_that_ended_unseen_its_result_is_read(
    tmp_path: Path, door: Processes, told: Told, orphan: Orphans
) -> None:
    process = orphan("true")
    started = started_as(process)
    process.wait()
    (tmp_path / "runs/r1-1/output.log").write_text('much work\n{"cost_usd": 2}\n')
    door.recover(brief_of(command("true")), ANSWERS, started, same_boot=True)
    ended = told.next(RunEnded)
    assert (ended.trouble, ended.output_bytes) == ("lost", 26)
    assert ended.result == RunResult(cost_usd_micros=2_000_000)


def test_what_is_left_of_a_dead_runs_group_is_killed(
    tmp_path: Path, door: Processes, told: Told, orphan: Orphans
) -> None:
    pid = gate_of(tmp_path / "pid")
    process = orphan("sh", "-c", f"sleep 600 & echo $! > {pid}; exec sleep 600")
    left = int(pid.read_text())
    started = started_as(process)
    process.kill()
    process.wait()
    door.recover(brief_of(command("true")), ANSWERS, started, same_boot=True)
    assert told.next(RunEnded).trouble == "lost"
    assert has_died(left)


def test_a_daemon_may_die_twice(tmp_path: Path, door: Processes, told: Told) -> None:
    """An adopted run is adopted again, and its output goes on where it was."""
    first, second, third = (gate_of(tmp_path / name) for name in ("first", "second", "third"))
    action = shell(
        f"echo one; {wait_until_kept('one')}; cat {first}; "
        f"echo two; {wait_until_kept('two')}; cat {second}; cat {third}; echo three"
    )
    killed_daemon(tmp_path, "start", action, first)
    assert b"run-adopted" in killed_daemon(tmp_path, "recover", action, second)
    door.recover(brief_of(action), ANSWERS, None, same_boot=True)
    told.next(RunAdopted)
    third.write_text("")
    assert told.next(RunEnded).tail == "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("line", "stat"),
    [
        (b"7 (sh) S 1 7 7 0 -1 4 1 1 0 0 0 0 0 0 20 0 1 0 991 1 1", ("S", 1, 7, 7, 991, 1)),
        (b"8 (a) R 2) Z 1 5 6 0 -1 4 1 1 0 0 0 0 0 0 20 0 1 0 992 1 1", ("Z", 1, 5, 6, 992, 1)),
        (b"9 ((\n)) S 1 5 6 0 -1 4 1 1 0 0 0 0 0 0 20 0 3 0 993 1 1", ("S", 1, 5, 6, 993, 3)),
    ],
)
def test_the_name_of_a_program_may_hold_anything(
    line: bytes, stat: tuple[str, int, int, int, int, int]
) -> None:
    assert identity.parsed(line) == stat
