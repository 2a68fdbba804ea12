"""A data folder that is no use, and a disk that fills up while the daemon lives."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from events.requests import WorkRequested
from events.runs import RunEnded, RunStarted
from tests.whole.daemon_story import (
    PROGRAM,
    Daemon,
    house,
    living,
    refused,
    sh,
    wait_for,
    whole_log,
)

pytestmark = pytest.mark.living

PRETENDING = """
import sqlite3, sys
from pathlib import Path
from events import sqlite
from horarium.cli import main

really = sqlite._Recorder.insert_group

def insert_group(recorder, *given):
    if Path({full!r}).exists():
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error
    really(recorder, *given)

sqlite._Recorder.insert_group = insert_group
main()
"""


class Disk:
    """A small disk of its own for the data; where none may be mounted, a store that pretends."""

    def __init__(self, folder: Path, size: str) -> None:
        self.data, self._filling = folder / "disk" / "data", folder / "disk" / "filling"
        self.data.parent.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.data.parent)]
        self.real = subprocess.run(words, capture_output=True, check=False).returncode == 0
        pretending = ("-c", PRETENDING.format(full=str(self._filling)))
        self.program = PROGRAM if self.real else pretending

    def fill(self) -> None:
        with self._filling.open("wb", buffering=0) as file:
            try:
                while self.real:
                    file.write(bytes(4096))
            except OSError:
                pass

    def free(self) -> None:
        self._filling.unlink()

    def close(self) -> None:
        if self.real:
            subprocess.run(["umount", "--lazy", str(self.data.parent)], check=True)


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Disk]:
    made = Disk(folder, size)
    try:
        yield made
    finally:
        made.close()


def jobs(folder: Path) -> str:
    """A job that leaves a mark, and one that goes on until it finds a file."""
    mark = f"echo $HORARIUM_RUN >> {folder}/starts"
    return f"""
[lanes.main]
concurrency = 10
[actions.mark]
{sh(mark)}
[actions.waiter]
{sh(f"{mark}; until [ -e {folder}/go ]; do sleep 0.05; done; echo over")}
"""


def test_on_a_full_disk_nothing_starts_and_with_space_everything_goes_on(tmp_path: Path) -> None:
    with disk(tmp_path, "8m") as small:
        here = house(tmp_path, jobs(tmp_path), data=small.data)
        with living(here, program=small.program) as daemon:
            waiter = daemon.request("waiter")
            daemon.until(RunStarted)
            small.fill()
            asked = ask_until_refused(daemon)
            check_that_it_is_full(daemon)
            (tmp_path / "go").touch()
            head = len(daemon.log())
            result = daemon.command("request", "mark", "--key", "at-full")
            assert (result.exit_code, "disk is full" in result.output) == (1, True), result.output
            assert len(daemon.log()) == head and not daemon.facts(RunEnded, exit_code=0)[asked:]
            small.free()
            wait_for(lambda: daemon.status()["store"] == "ok", "space")
            assert daemon.finished(waiter) == ["completed"]
            again = [daemon.request("mark", f"k{number}") for number in range(asked + 1)]
            assert daemon.finished(*again) == ["completed"] * (asked + 1)
            assert daemon.projected().told("status")["waiting"] == 0
            assert daemon.stop() == 0
        starts = (tmp_path / "starts").read_text().split()
        assert len(starts) == len({*starts}) == asked + 2
        whole_log(here)


def ask_until_refused(daemon: Daemon) -> int:
    """How many requests the store still took; the one after them, whose key is the next, was
    refused and stands in line."""
    for number in range(2_000):
        reply = daemon.ask(WorkRequested("mark", f"k{number}"))
        if reply.status == 503:
            assert "disk is full" in reply.body["error"]
            return number
        assert reply.status in (200, 202)
    raise AssertionError("the disk did not fill")


def check_that_it_is_full(daemon: Daemon) -> None:
    status = daemon.status()
    assert (status["http"], status["store"]) == (200, "full")
    assert daemon.told("status")["daemon"]["store"] == "full"
    assert "the disk is full" in daemon.command("status").output
    assert "the disk is full" in daemon.lines


def test_on_a_full_disk_it_does_not_start(tmp_path: Path) -> None:
    with disk(tmp_path, "128k") as small:
        small.fill()
        code, lines = refused(house(tmp_path, data=small.data), program=small.program)
    assert code == 70
    assert ("No space left" in lines or "disk is full" in lines) and "Traceback" not in lines


def without_privileges() -> list[str]:
    """The words by which root becomes somebody for whom permissions hold."""
    if os.getuid():
        return []
    no_power = "-dac_override,-dac_read_search"
    words = ["setpriv", "--bounding-set", no_power, "--inh-caps", no_power]
    if not shutil.which("setpriv") or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("root cannot give up its privileges here")
    return words


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    here = house(tmp_path)
    here.data.mkdir(mode=0o500)
    code, lines = refused(here, before=without_privileges())
    assert (code, lines) == (70, f"cannot start: {here.data}/runs: Permission denied\n")


@pytest.mark.parametrize("data", ["config.toml", "config.toml/data"])
def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path, data: str) -> None:
    here = house(tmp_path, data=tmp_path / data)
    code, lines = refused(here)
    assert (code, lines) == (70, f"cannot start: {here.data}: Not a directory\n")
