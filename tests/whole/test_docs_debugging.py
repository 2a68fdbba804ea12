"""The page on debugging tells the truth: its commands are run, and its logs were lived."""

from pathlib import Path

import pytest

from horarium.commands.options import now
from horarium.foreign import sqlite_rows
from tests.whole.puzzles_story import LOGS, PAGE, PUZZLES, ask, furnish, lived, rows_of, shown

SHOWN = shown(PAGE.read_text("utf-8"))
LOG_MAX_BYTES = 60_000
ASKED = {"restore", "explain", "whatif", "verify", "replay", "diff", "--as-of", "--log"}

every_puzzle = pytest.mark.parametrize("name", PUZZLES)


def test_the_commands_of_the_page_print_what_it_shows(tmp_path: Path) -> None:
    furnish(tmp_path)
    for command, output in SHOWN:
        assert f"$ {command}\n{ask(command, tmp_path)}" == f"$ {command}\n{output}"


def test_every_command_of_the_page_is_one_that_is_run() -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("$ ")] == [f"$ {it.command}" for it in SHOWN]


def test_the_page_asks_in_every_way_that_it_is_about() -> None:
    assert {word for it in SHOWN for word in it.command.split()} >= ASKED


def test_no_command_of_the_page_needs_the_year_of_the_clock() -> None:
    """Dates of another year are shown whole, so that the page stays true."""
    assert all(puzzle.end.year < now().year for puzzle in PUZZLES.values())


@every_puzzle
def test_a_shipped_log_is_small_and_what_its_house_lives(name: str) -> None:
    path = LOGS / f"{name}.backup"
    with sqlite_rows(path) as found:
        stored = list(found.rows)
    assert stored == [(row.position, row.state) for row in rows_of(lived(name))]
    assert path.stat().st_size < LOG_MAX_BYTES
    assert str(LOGS).encode() not in path.read_bytes()


def test_every_shipped_log_has_its_configuration_and_its_puzzle() -> None:
    names = {path.name for path in LOGS.iterdir()}
    assert names == {f"{name}.{kind}" for name in PUZZLES for kind in ("backup", "toml")}
