"""A replay at a terminal, one key a step, and in a pipe."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Iterator
from itertools import count

import pytest

from horarium.browsing import KEPT_PAGES, Browser
from horarium.places import Places
from tests.contracts.bundle_story import a_house

SECONDS = 45.0
PROMPT = "q quit"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return a_house(tmp_path_factory.mktemp("house"))


class Terminal:
    """A pseudo-terminal with a command in it."""

    def __init__(self, *words: str) -> None:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "horarium", *words]
        environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        self._ours = ours

    def press(self, keys: str) -> str:
        """What is shown until it waits for the next key."""
        os.write(self._ours, keys.encode())
        return self.until(PROMPT)

    def until(self, text: str) -> str:
        shown = ""
        while text not in shown:
            assert select.select([self._ours], [], [], SECONDS)[0], shown
            shown += os.read(self._ours, 65_536).decode()
        return shown

    def close(self, key: str = "q") -> int:
        os.write(self._ours, key.encode())
        code = self.process.wait(SECONDS)
        os.close(self._ours)
        return code


@pytest.fixture
def terminal(house: Places) -> Iterator[Terminal]:
    opened = Terminal("replay", "--data", str(house.data), "--from", "3")
    yield opened
    opened.process.kill()
    opened.process.wait()


@pytest.mark.living
def test_a_person_walks_through_a_log_with_four_keys(terminal: Terminal) -> None:
    assert terminal.until(PROMPT).startswith("3 ")
    assert "\x1b[K4 " in terminal.press("n")
    assert "\x1b[K3 " in terminal.press("p")
    assert "there is nothing before it" in terminal.press("p")
    assert "run-ended run=" in terminal.press("/run-ended\r")
    assert "nothing behind this has 'no such thing'" in terminal.press("/no such thing\r")
    assert terminal.close() == 0


@pytest.mark.living
def test_arrows_go_both_ways_and_ctrl_c_ends_it(terminal: Terminal) -> None:
    terminal.until(PROMPT)
    assert "\x1b[K4 " in terminal.press("\x1b[B")
    assert "\x1b[K3 " in terminal.press("\x1b[A")
    assert terminal.close("\x03") == 0


@pytest.mark.living
def test_in_a_pipe_it_is_lines(house: Places) -> None:
    command = [sys.executable, "-m", "horarium", "replay", "--data", str(house.data), "--to", "9"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    records = [line.split()[0] for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert records == [str(position) for position in range(1, 10)]
    assert "\x1b" not in done.stdout and done.stderr == ""


def shown(keys: str, pages: Iterator[list[str]]) -> list[str]:
    """What a browser writes, without its hints."""
    written: list[str] = []
    left = iter(keys)
    Browser(pages, lambda: next(left), written.append).browse()
    return [text.rstrip() for text in written if text.endswith("\n")]


def numbers() -> Iterator[list[str]]:
    return ([f"page {number}"] for number in count(1))


def test_pages_are_made_only_when_they_are_wanted() -> None:
    assert shown("nnpq", numbers()) == ["page 1", "page 2", "page 3", "page 2"]


def test_a_search_goes_on_behind_the_place_where_it_is() -> None:
    assert shown("/1\r/\r/x\x1bq", iter([["a1"], ["b"], ["c1"], ["d1"]])) == ["a1", "c1", "d1"]


def test_what_is_typed_can_be_taken_back() -> None:
    assert shown("/bx\x7f\rq", iter([["a"], ["b"]])) == ["a", "b"]


def test_the_end_is_said_and_the_oldest_pages_are_forgotten() -> None:
    assert shown("nq", iter([["a"]])) == ["a", "that is all"]
    there_and_back = shown("n" * (KEPT_PAGES + 1) + "p" * (KEPT_PAGES + 1) + "q", numbers())
    assert there_and_back[-2:] == ["there is nothing before it"] * 2
    assert there_and_back[-3] == "page 3"


def test_it_ends_when_the_terminal_goes() -> None:
    def gone() -> str:
        raise EOFError

    written: list[str] = []
    Browser(iter([["a"]]), gone, written.append).browse()
    assert "a\n" in written
