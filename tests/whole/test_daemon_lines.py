"""What a person reads while the daemon runs, and what becomes of it when nobody does."""

import json
import os
import re
import stat
from pathlib import Path

import pytest

from events.daemon import DaemonStopped
from events.requests import WorkRequested
from horarium.daemon.lines import LINES
from tests.whole.daemon_story import house, living, wait_for, whole_log

pytestmark = pytest.mark.living

NOOPS = '[lanes.noop]\nconcurrency = 1000\n[actions.nothing]\nexecutor = "noop"\nlane = "noop"\n'


def test_a_flood_is_limited_and_counted(tmp_path: Path) -> None:
    with living(house(tmp_path, f"{NOOPS}[log]\nper_second_max = 5\n")) as daemon:
        works = [daemon.request("nothing", f"k{n}") for n in range(200)]
        assert daemon.finished(*works) == ["completed"] * 200
        assert daemon.stop() == 0
    told = [record for record in whole_log(daemon.here) if type(record.fact) in LINES]
    printed = re.findall(r"^\S+ \w+ +(\d+) ", daemon.lines, re.MULTILINE)
    counts = [int(count) for count in re.findall(r"and (\d+) more", daemon.lines)]
    assert counts and sum(counts) + len(printed) == len(told)


def test_each_line_is_a_json_object_when_asked_for(tmp_path: Path) -> None:
    with living(house(tmp_path, NOOPS), "--log-json") as daemon:
        evil = 'a "quoted" \x1b[31m\nname \u2028{0}'
        daemon.ask(WorkRequested(evil, "k"))
        assert daemon.finished(daemon.request("nothing")) == ["completed"]
        assert daemon.stop() == 0
    lines = [json.loads(line) for line in daemon.lines.splitlines()]
    assert all({"time", "level", "line", "position"} <= {*line} for line in lines)
    by_position = {line["position"]: line for line in lines}
    for record in whole_log(daemon.here):
        if type(record.fact) in LINES:
            assert by_position[record.position]["kind"] == record.fact.kind
    assert any('a "quoted"' in line["line"] for line in lines)


def test_a_file_keeps_the_lines_with_rotation_and_retention(tmp_path: Path) -> None:
    settings = '[log]\nfile = "lines/daemon.log"\nrotation = "2KB"\nretention_count = 2\n'
    with living(house(tmp_path, f"{NOOPS}{settings}per_second_max = 10000\n")) as daemon:
        works = [daemon.request("nothing", f"k{n}") for n in range(80)]
        assert daemon.finished(*works) == ["completed"] * 80
        assert daemon.stop() == 0
    folder = daemon.here.data / "lines"
    files = sorted(folder.iterdir())
    assert len(files) == 3 and all(file.stat().st_size <= 2_000 for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert "stopped (signal)" in (folder / "daemon.log").read_text()
    assert "\x1b" not in (folder / "daemon.log").read_text()


def test_a_terminal_that_nobody_reads_holds_up_nothing(tmp_path: Path) -> None:
    here = house(tmp_path, f"{NOOPS}[log]\nper_second_max = 100000\n")
    reader, writer = os.pipe()
    with living(here, stdout=writer) as daemon:
        os.close(writer)
        works = [daemon.request("nothing", f"k{n}") for n in range(400)]
        assert daemon.finished(*works) == ["completed"] * 400
        assert daemon.stop() == 0
    assert whole_log(here)[-1].fact == DaemonStopped("signal")
    os.close(reader)


def test_a_reader_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    here = house(tmp_path, NOOPS)
    reader, writer = os.pipe()
    with living(here, stdout=writer) as daemon:
        os.close(writer)
        os.close(reader)
        assert daemon.finished(daemon.request("nothing")) == ["completed"]
        assert daemon.stop() == 0
    assert daemon.lines == ""
    assert whole_log(here)[-1].fact == DaemonStopped("signal")


def test_a_terminal_that_is_closed_ends_it_in_order(tmp_path: Path) -> None:
    here = house(tmp_path, NOOPS)
    ours, theirs = os.openpty()
    how = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    with living(here, before=("setsid", "--ctty"), **how) as daemon:
        os.close(theirs)
        assert b"started" in os.read(ours, 4096)
        os.close(ours)
        wait_for(lambda: daemon.process.poll() is not None, "the end")
        assert daemon.process.returncode == 0
    assert whole_log(here)[-1].fact == DaemonStopped("signal")
