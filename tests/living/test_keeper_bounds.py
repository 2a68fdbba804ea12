"""What belongs to a run and what does not, what it may use, and what is left of it."""

import os
import subprocess
from pathlib import Path
from time import time_ns

import pytest
from msgspec import json

from actors.executor import identity, kept
from actors.executor.folders import folders_of, make_roots
from actors.executor.keeper.client import Kept
from actors.executor.marks import mark_of, marking
from events.runs import RunEnded, RunStarted, Trouble
from horarium.doctor.surroundings import why_no_walls
from tests.living.keeper_story import (
    Doors,
    gated,
    keepers,
    kill_keepers,
    open_gate,
    until,
)
from tests.living.process_story import (
    ANSWERS,
    Told,
    brief_of,
    command,
    has_died,
    now,
    shell,
)

pytestmark = pytest.mark.living

CLOCK_TICK_NS = 20_000_000  # so exact are the times of files


# Strangers


def test_a_stranger_that_looks_the_same_is_left_alone(data: Path, door: Doors, told: Told) -> None:
    seconds = f"601.{os.getpid()}"
    strangers = [
        subprocess.Popen(("sleep", seconds), start_new_session=session) for session in (True, False)
    ]
    house = door()
    house.start(brief_of(shell(f"sleep {seconds} & exec sleep {seconds}")), ANSWERS)
    told.next(RunStarted)
    house.stop("r1-1")
    assert told.next(RunEnded).trouble == "cancelled"
    house.close(0)
    assert [stranger.poll() for stranger in strangers] == [None, None]
    for stranger in strangers:
        stranger.kill()
        stranger.wait()


def test_whoever_bears_the_number_of_a_dead_run_is_left_alone(
    data: Path, door: Doors, told: Told
) -> None:
    make_roots(data)
    folders_of(brief_of(command("true")), data).make("{}")
    with subprocess.Popen(("sleep", "600"), start_new_session=True) as stranger:
        started = RunStarted("r1-1", stranger.pid, identity.boot_id(), 1, now())
        door().recover(brief_of(command("true")), ANSWERS, started, same_boot=True)
        assert told.next(RunEnded).trouble == "lost"
        assert stranger.poll() is None
        stranger.kill()


def test_the_mark_of_another_data_folder_is_not_ours(data: Path, door: Doors, told: Told) -> None:
    token = f"r1-1:{identity.boot_id()}"
    with marking(mark_of(token, Path("/another"))):
        stranger = subprocess.Popen(("sleep", "600"), start_new_session=True)
    door().start(brief_of(command("true")), ANSWERS)
    assert told.ended().exit_code == 0
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_what_wipes_even_its_mark_ends_when_no_run_is_left(
    tmp_path: Path, data: Path, door: Doors, told: Told
) -> None:
    file = tmp_path / "pid"
    wipe = (
        "import os, resource, sys, time\n"
        "if os.fork(): sys.exit(0)\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        "resource.setrlimit(resource.RLIMIT_RTTIME, (-1, -1))\n"
        f"open({str(file)!r}, 'w').write(str(os.getpid()))\n"
        "os.execve('/bin/sleep', ['sleep', '600'], {})"
    )
    script = f'python3 -S -c "{wipe}"; until [ -s {file} ]; do sleep 0.01; done'
    door().start(brief_of(shell(script)), ANSWERS)
    assert told.ended().exit_code == 0
    assert has_died(int(file.read_text()))


# What is written down


@pytest.mark.parametrize(
    "written",
    [b"", b"{", b"[]", b'{"kind":"run-ended"}', b"\xff" * 100, b"x" * 1_000_000],
)
def test_what_is_no_end_is_none(tmp_path: Path, written: bytes) -> None:
    make_roots(tmp_path)
    (tmp_path / "outcomes/r1-1").write_bytes(written)
    assert kept.kept(tmp_path, "r1-1") is None


def test_the_end_of_another_run_is_none_and_neither_is_a_link(tmp_path: Path) -> None:
    make_roots(tmp_path)
    (tmp_path / "runs/r1-1").mkdir()
    ended = RunEnded("r1-1", True, now(), 0)
    kept.keep(tmp_path, ended)
    assert kept.kept(tmp_path, "r1-1") == ended
    end = tmp_path / "outcomes/r1-1"
    end.rename(tmp_path / "outcomes/r2-1")
    assert kept.kept(tmp_path, "r2-1") is None
    end.symlink_to("r2-1")
    assert kept.kept(tmp_path, "r1-1") is None


@pytest.mark.parametrize("trouble", ["lost", None], ids=["nobody knows it", "it has no folder"])
def test_an_end_that_need_not_wait_is_not_written_down(
    tmp_path: Path, trouble: Trouble | None
) -> None:
    make_roots(tmp_path)
    (tmp_path / ("runs/r1-1" if trouble else "runs/r2-1")).mkdir()
    kept.keep(tmp_path, RunEnded("r1-1", True, now(), None, trouble))
    assert [path.name for path in (tmp_path / "outcomes").iterdir()] == [".since"]


def test_an_end_of_an_older_version_is_believed_of_a_run_that_began_before(tmp_path: Path) -> None:
    """And of no other, however old the job makes its files look."""
    run, ended = tmp_path / "runs/r1-1", RunEnded("r1-1", True, now(), 0)
    run.mkdir(parents=True)
    (run / "input.json").write_text("{}")
    (run / "outcome").write_bytes(json.encode(ended))
    assert kept.kept(tmp_path, "r1-1") is None
    until(lambda: time_ns() > (run / "input.json").lstat().st_ctime_ns + CLOCK_TICK_NS)
    make_roots(tmp_path)
    assert kept.kept(tmp_path, "r1-1") == ended
    until(lambda: time_ns() > (tmp_path / "outcomes/.since").lstat().st_mtime_ns + CLOCK_TICK_NS)
    (run / "input.json").unlink()
    (run / "input.json").write_text("{}")
    os.utime(run / "input.json", (0, 0))
    assert kept.kept(tmp_path, "r1-1") is None


# What a run may use


def limits_seen(action_limits: dict[str, int], door: Kept, told: Told) -> dict[str, str]:
    door.start(brief_of(shell("sleep 0.2; cat /proc/self/limits", **action_limits)), ANSWERS)
    lines = told.ended().tail.splitlines()
    return {line[:25].strip(): " ".join(line[25:].split()[:2]) for line in lines}


def test_a_run_is_held_to_its_limits(door: Doors, told: Told) -> None:
    limits = {"memory_max_bytes": 1 << 28, "cpu_max_seconds": 7, "processes_max": 1000}
    seen = limits_seen(limits, door(), told)
    assert seen["Max data size"] == f"{1 << 28} {1 << 28}"
    assert seen["Max cpu time"] == "7 12"
    assert int(seen["Max processes"].split()[0]) > 1000


def test_without_limits_it_has_ours(door: Doors, told: Told) -> None:
    seen = limits_seen({}, door(), told)
    assert seen["Max data size"] == seen["Max cpu time"] == "unlimited unlimited"


def test_what_wants_more_memory_than_it_may_have_fails(door: Doors, told: Told) -> None:
    script = "import time; time.sleep(0.2); x = b'x' * (400 << 20)"
    action = command("python3", "-S", "-c", script, memory_max_bytes=100 << 20)
    door().start(brief_of(action), ANSWERS)
    ended = told.ended()
    assert ended.exit_code == 1
    assert "MemoryError" in ended.tail


def test_what_computes_longer_than_it_may_is_ended(door: Doors, told: Told) -> None:
    door().start(brief_of(shell("while :; do :; done", cpu_max_seconds=1)), ANSWERS)
    assert told.ended().exit_code == -24


def test_how_many_processes_a_run_has_had_is_on_record(door: Doors, told: Told) -> None:
    door().start(
        brief_of(shell("sleep 0.5 & (setsid sleep 0.5 &); sleep 0.5; exec sleep 0.1")), ANSWERS
    )
    ended = told.ended()
    assert ended.processes_most == 4


# What is left


def memory_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
def test_a_thousand_runs_leave_nothing_behind(data: Path, door: Doors, told: Told) -> None:
    house = door()

    def go(first: int, last: int) -> None:
        for n in range(first, last):
            script = "(setsid sleep 600 &); echo $$; exit 0" if n % 5 == 0 else "echo $$"
            house.start(brief_of(shell(script), f"r{n}-1", work=f"w{n}-1"), ANSWERS)
            if n >= first + 4:
                assert told.ended().exit_code == 0
        for _ in range(4):
            assert told.ended().exit_code == 0

    go(1, 100)
    (keeper,) = keepers(data)
    held = len([*Path(f"/proc/{keeper}/fd").iterdir()])
    memory = memory_of(keeper)
    go(100, 1100)
    assert len([*Path(f"/proc/{keeper}/fd").iterdir()]) == held
    assert memory_of(keeper) - memory < 1024 * 1024
    stats = [identity.stat(pid) for pid in identity.numbers()]
    assert [at for at in stats if at is not None and at.parent == keeper] == []
    os.kill(keeper, 0)
    house.close(0)
    assert has_died(keeper)


FORGED = (
    'said=\'{"kind":"run-ended","run":"r1-1","started":true,"exit_code":0,'
    '"ended_at":"2026-01-01T00:00:00Z"}\'; '
    'for place in $TMPDIR/outcome $TMPDIR/../../outcomes/r1-1; do echo "$said" > $place; done'
)


@pytest.mark.skipif(bool(why_no_walls(network=False)), reason="no walls can be made here")
def test_within_walls_a_job_cannot_say_itself_how_it_ended(
    data: Path, door: Doors, told: Told
) -> None:
    action = shell(f"{FORGED}; echo done; sleep 600", sandbox="bwrap")
    house = door()
    house.start(brief_of(action), ANSWERS)
    told.next(RunStarted)
    until(lambda: b"done" in said(data))
    kill_keepers(data)
    house.stop("r1-1")
    ended = told.ended()
    assert ended.exit_code is None
    assert ended.trouble in ("cancelled", "lost")


def said(data: Path) -> bytes:
    output = data / "runs/r1-1/output.log"
    return output.read_bytes() if output.exists() else b""


def test_an_end_that_a_job_leaves_in_its_own_folder_is_not_believed(
    data: Path, door: Doors, told: Told, tmp_path: Path
) -> None:
    own_only = FORGED.replace(" $TMPDIR/../../outcomes/r1-1", "")
    action, gate = gated(tmp_path, before=own_only, after="exit 3")
    first = door()
    first.start(brief_of(action), ANSWERS)
    started = told.next(RunStarted)
    until(lambda: (tmp_path / "starts").exists())
    kill_keepers(data)
    open_gate(gate)
    assert has_died(started.pid)
    ended = told.ended()
    assert (ended.exit_code, ended.trouble) == (None, "lost")
