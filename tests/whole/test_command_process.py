"""The command as a process of its own: how it begins, how it ends, what it loads."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.requests import ReplanRequested
from events.runs import RunClosed
from horarium.places import Places
from tests.whole.command_story import a_house, at, log_of, projected

pytestmark = pytest.mark.living

HORARIUM = (sys.executable, "-c", "from horarium.cli import main; main()")


@pytest.fixture
def here(tmp_path: Path) -> Places:
    return a_house(tmp_path)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    yield


def test_help_comes_at_once_and_loads_little() -> None:
    began = time.monotonic()
    subprocess.run([*HORARIUM, "--help"], check=True, stdout=subprocess.PIPE)
    sys.stdout.write(f"horarium --help: {(time.monotonic() - began) * 1_000:.0f} ms\n")
    loaded = (
        "import sys; from horarium.cli import horarium; "
        "horarium(['--help'], standalone_mode=False); "
        "assert not {'rich', 'msgspec', 'sqlite3', 'http', 'pykka'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", loaded], check=True, stdout=subprocess.PIPE)


def test_a_reader_that_has_enough_ends_us_without_a_word(here: Places) -> None:
    log_of(here.data, [(at(15), [ReplanRequested(f"k{n}") for n in range(5_000)])])
    command = [*HORARIUM, "--data", str(here.data), "log", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["position"] == 1
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0


def test_the_log_is_followed_until_ctrl_c(here: Places) -> None:
    command = [*HORARIUM, "--data", str(here.data), "log", "--json", "--follow", "--from", "46"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["position"] == 46
        log_of(here.data, [(at(15), [ReplanRequested("k1"), ReplanRequested("k2")])])
        news = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert [line["fact"]["key"] for line in news] == ["k1", "k2"]
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().strip() == b""
        assert process.wait(20) == 130


def test_output_is_followed_until_the_run_has_ended(here: Places) -> None:
    path = here.output("r71-1")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"first\n")
    command = [*HORARIUM, "--data", str(here.data), "output", "r71-1", "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"first\n"
        with path.open("ab") as file:
            file.write(b"last\n")
        end_of_the_digest(here)
        assert process.stdout.read() == b"last\n"
        assert process.wait(20) == 0


def end_of_the_digest(here: Places) -> None:
    closed = RunClosed("r71-1", "w70-1", "digest", "succeeded")
    projected(here.data, log_of(here.data, [(at(15), [closed])]))


@pytest.mark.usefixtures("quiet")
def test_colour_is_for_terminals_that_want_it(here: Places) -> None:
    def on_a_terminal(**more: str) -> bytes:
        ours, theirs = os.openpty()
        command = [*HORARIUM, "--data", str(here.data), "runs"]
        subprocess.run(command, check=True, stdout=theirs, env={**os.environ, **more})
        os.close(theirs)
        shown = os.read(ours, 65_536)
        os.close(ours)
        return shown

    assert b"\x1b[31mfailed" in on_a_terminal()
    assert b"\x1b" not in on_a_terminal(NO_COLOR="1")
    piped = subprocess.run(
        [*HORARIUM, "--data", str(here.data), "runs"], check=True, stdout=subprocess.PIPE
    )
    assert b"\x1b" not in piped.stdout
