"""What comes back by http: the whole answer, and nothing of ours that goes astray."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.executor.brief import RunBrief
from events.configuration import Action
from tests.living.agent_story import Server, server
from tests.living.keeper_story import Doors
from tests.living.process_story import Told, brief_of

pytestmark = pytest.mark.living


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def door(tmp_path: Path, told: Told) -> Iterator[Doors]:
    doors = Doors(tmp_path / "data", told)
    yield doors
    doors.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as found:
        yield found


def asking(url: str, **settings: object) -> RunBrief:
    known = {"url": url, "grace_seconds": 1, "timeout_seconds": 30, **settings}
    return brief_of(Action(executor="http", **known), executor="http", prompt="Ring.")  # type: ignore[arg-type]


def shown(folder: Path) -> str:
    return (folder / "data/runs/r1-1/output.log").read_text()


def test_an_answer_of_many_lines_is_shown_whole(
    address: str, tmp_path: Path, door: Doors, told: Told
) -> None:
    door().start(asking(f"{address}/lines"), 42)
    assert told.ended().is_done
    assert "one\ntwo\nthree\n" in shown(tmp_path)


def test_a_letter_that_lies_in_two_pieces_is_not_broken(
    address: str, tmp_path: Path, door: Doors, told: Told
) -> None:
    door().start(asking(f"{address}/bells"), 42)
    assert told.ended().is_done
    assert shown(tmp_path).count("\u266a") == 6_000


def test_an_answer_that_breaks_off_is_no_success(address: str, door: Doors, told: Told) -> None:
    door().start(asking(f"{address}/broken"), 42)
    ended = told.ended()
    assert ended.trouble == "said_failed"
    assert ended.detail == "the answer broke off, 996 bytes before its end"


def test_a_time_that_is_none_does_not_undo_the_answer(
    address: str, door: Doors, told: Told
) -> None:
    door().start(asking(f"{address}/never"), 42)
    ended = told.ended()
    assert (ended.trouble, ended.resets_at) == ("rate_limited", None)


def test_what_proves_who_we_are_is_not_carried_to_another_server(
    address: str, door: Doors, told: Told
) -> None:
    headers = {"Authorization": "Bearer abc", "Cookie": "a=b", "Title": "noon"}
    door().start(asking(f"{address}/far", headers=headers), 42)
    assert told.ended().is_done
    (_, _, before, _), (_, path, after, body) = Server.seen[-2:]

    assert before["Authorization"] == "Bearer abc"
    assert (path, after["Title"], body) == ("/well", "noon", b"")
    assert not {"Authorization", "Cookie"} & after.keys()
