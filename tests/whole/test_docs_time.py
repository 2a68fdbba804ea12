"""The page on time tells the truth: its commands are run, and its tables are what they answer."""

from pathlib import Path

import pytest

from tests.whole.puzzles_story import ask, shown
from tests.whole.time_story import PAGE, TABLES, place, table

TEXT = PAGE.read_text("utf-8")
SHOWN = shown(TEXT)


def test_the_commands_of_the_page_print_what_it_shows(tmp_path: Path) -> None:
    for command, output in SHOWN:
        assert f"$ {command}\n{ask(command, tmp_path)}" == f"$ {command}\n{output}"


def test_every_command_of_the_page_is_one_that_is_run() -> None:
    lines = [line for line in TEXT.splitlines() if line.startswith("$ ")]
    assert lines == [f"$ {it.command}" for it in SHOWN]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_page_is_what_its_command_answers(name: str, tmp_path: Path) -> None:
    compared = TABLES[name]
    [found] = place(compared.option).finditer(TEXT)
    assert found[0] == table(compared, tmp_path)
    assert f"`{compared.command} {compared.option} POLICY`" in TEXT
