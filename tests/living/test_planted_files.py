"""A job may put anything into its folders: nothing of it leads us elsewhere or holds us up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.executor.keeper.client import Kept
from actors.executor.processes import Processes
from tests.living.process_story import House, shell

pytestmark = pytest.mark.living


@pytest.fixture(params=[Processes, Kept])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "data", kind=request.param)
    yield found
    found.door.close(0)


def test_a_link_in_the_place_of_its_end_is_not_written_to(house: House, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    ended = house.end_of(shell(f"ln -s {precious} $TMPDIR/outcome.new"))
    assert ended.exit_code == 0
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("name", ["outcome.new", "outcome"])
def test_a_pipe_in_the_place_of_its_end_holds_nobody_up(house: House, name: str) -> None:
    assert house.end_of(shell(f"mkfifo $TMPDIR/{name}")).exit_code == 0
    assert house.end_of(shell("exit 0")).exit_code == 0


def test_a_pipe_in_the_place_of_its_output_holds_nobody_up(house: House) -> None:
    flood = "head -c 200000 /dev/zero | tr '\\0' x"
    ended = house.end_of(shell(f"mkfifo $TMPDIR/output.log; {flood}"))
    assert (ended.exit_code, ended.output_bytes, ended.output_cut) == (0, 200_000, True)


@pytest.mark.parametrize("plant", ["mkdir", "mkfifo", "ln -s /etc/passwd"])
def test_what_is_no_output_has_said_nothing(house: House, plant: str) -> None:
    script = f"{plant} $TMPDIR/output.log; echo so much of an answer"
    ended = house.end_of(shell(script, min_output=9))
    assert (ended.exit_code, ended.trouble) == (0, "too_little")
