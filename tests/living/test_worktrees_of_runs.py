"""A git worktree for each run: nothing of one is found by another, and nothing is left over."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.executor.keeper.client import Kept
from actors.executor.worktrees import KEPT_MAX, kept_trees
from events.runs import RunEnded, RunStarted
from horarium.doctor.surroundings import why_no_walls
from tests.living.keeper_story import Doors, gated, kill_keepers, open_gate, other_daemon, until
from tests.living.process_story import ANSWERS, House, Told, brief_of, shell

pytestmark = pytest.mark.living


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(
        ("git", "-C", str(repository), *words), capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    found = tmp_path / "repository"
    (found / "part").mkdir(parents=True)
    git(found, "init", "--quiet", "--initial-branch=main")
    git(found, "config", "user.name", "a")
    git(found, "config", "user.email", "a@b")
    (found / "part/file").write_text("one\n")
    git(found, "add", ".")
    git(found, "commit", "--quiet", "-m", "one")
    return found


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "data", kind=Kept)
    yield found
    found.door.close(0)


def grown(house: House, repository: Path, script: str, run: int, **changes: Any) -> RunEnded:
    settings = changes.pop("settings", {})
    place = {"lane_directory": str(repository / "part"), "tree": f"r{run}-1"}
    return house.end_of(shell(script, **settings), **place | changes)


def branches(repository: Path) -> list[str]:
    return git(repository, "branch", "--format=%(refname:short)").split()


def left(data: Path) -> list[str]:
    folder = data / "worktrees"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_another_attempt_finds_nothing_of_the_first(house: House, repository: Path) -> None:
    first = grown(house, repository, "echo two > file; echo new > new; exit 1", 1)
    assert first.detail == f"its worktree is kept: {house.data}/worktrees/r1-1"
    second = grown(house, repository, "cat file; ls; git branch --show-current", 2, attempt=2)
    assert second.tail.split() == ["one", "file", "horarium/r2-1"]
    assert kept_trees(house.data) == ["r1-1"]
    assert branches(repository) == ["horarium/r1-1", "main"]


def test_a_later_step_begins_at_the_head_of_the_lane(house: House, repository: Path) -> None:
    first = grown(house, repository, "echo two > file; git commit --quiet -am two", 1)
    assert first.detail == "its commits are on the branch horarium/r1-1"
    assert grown(house, repository, "cat file", 2, step=2).tail == "one\n"
    (repository / "part/file").write_text("three\n")
    git(repository, "commit", "--quiet", "-am", "three")
    assert grown(house, repository, "cat file", 3, step=3).tail == "three\n"
    assert left(house.data) == []
    assert branches(repository) == ["horarium/r1-1", "main"]


def test_commits_that_are_on_no_branch_are_not_taken_away(house: House, repository: Path) -> None:
    detach = "git checkout --quiet --detach"
    lost = grown(house, repository, f"{detach}; echo two > file; git commit --quiet -am two", 1)
    assert lost.detail == f"its worktree is kept: {house.data}/worktrees/r1-1"
    assert grown(house, repository, detach, 2).detail == ""
    assert left(house.data) == ["r1-1"]


def test_a_branch_that_is_there_is_never_taken_over(house: House, repository: Path) -> None:
    git(repository, "branch", "horarium/r1-1")
    ended = grown(house, repository, "exit 0", 1, attempt=2)
    assert (ended.started, ended.trouble) == (False, "misconfigured")
    assert branches(repository) == ["horarium/r1-1", "main"]


def test_the_limit_holds_for_trees_of_runs(house: House, repository: Path) -> None:
    for number in range(KEPT_MAX):
        (house.data / f"worktrees/r{number}-9").mkdir(parents=True)
    ended = grown(house, repository, "exit 0", 1)
    assert (ended.started, ended.trouble) == (False, "misconfigured")


@pytest.mark.skipif(bool(why_no_walls(network=False)), reason="no walls can be made here")
def test_within_walls_a_run_commits_in_its_own_tree(house: House, repository: Path) -> None:
    (house.data / "worktrees/r9-1").mkdir(parents=True)
    script = "echo two > file && git commit --quiet -am two; touch ../../r9-1/x ../../.r1-1; true"
    ended = grown(house, repository, script, 1, settings={"sandbox": "bwrap"})
    assert ended.detail == "its commits are on the branch horarium/r1-1"
    assert git(repository, "show", "horarium/r1-1:part/file") == "two\n"
    assert left(house.data) == ["r9-1"]
    assert not (house.data / "worktrees/r9-1/x").exists()


def test_what_was_left_half_made_goes_before_the_tree_is_made(
    house: House, repository: Path
) -> None:
    tree, mark = house.data / "worktrees/r1-1", house.data / "worktrees/.r1-1"
    git(repository, "worktree", "add", "--quiet", "-b", "horarium/r1-1", str(tree))
    (tree / "part/file").unlink()
    mark.touch()
    assert grown(house, repository, "cat file", 1).tail == "one\n"
    assert (left(house.data), branches(repository)) == ([], ["main"])


@pytest.mark.parametrize("is_gone", [False, True], ids=["half taken away", "all but its mark"])
def test_what_was_left_half_taken_away_goes_when_the_run_is_looked_at_again(
    tmp_path: Path, repository: Path, is_gone: bool
) -> None:
    data, told = tmp_path / "data", Told()
    tree = data / "worktrees/r1-1"
    doors = Doors(data, told)
    door = doors()
    git(repository, "worktree", "add", "--quiet", "-b", "horarium/r1-1", str(tree))
    (tree / "part/file").unlink()
    if is_gone:
        git(repository, "worktree", "remove", "--force", str(tree))
    tree.with_name(".r1-1").touch()
    brief = brief_of(shell("exit 0"), lane_directory=str(repository), tree="r1-1")
    door.recover(brief, ANSWERS, None, same_boot=True, paused=True)
    assert told.ended().trouble == "paused"
    assert (left(data), branches(repository)) == ([], ["main"])
    doors.close()


def test_a_clean_tree_is_not_left_over_when_keeper_and_daemon_are_killed(
    tmp_path: Path, repository: Path
) -> None:
    data, told = tmp_path / "data", Told()
    action, gate = gated(tmp_path, after="exit 0")
    brief = brief_of(action, lane_directory=str(repository), tree="r1-1")
    with other_daemon(data) as daemon:
        daemon.start(brief)
        assert b"run-started" in daemon.told()
        until(lambda: (tmp_path / "starts").exists())
    kill_keepers(data)
    assert left(data) == ["r1-1"]
    doors = Doors(data, told)
    doors().recover(brief, ANSWERS, None, same_boot=True)
    open_gate(gate)
    ended = told.ended()
    assert (ended.trouble, "worktree" in ended.detail) == ("lost", False)
    assert (left(data), branches(repository)) == ([], ["main"])
    doors.close()


def test_a_changed_tree_is_kept_and_told_when_only_the_keeper_is_killed(
    house: House, tmp_path: Path, repository: Path
) -> None:
    action, gate = gated(tmp_path, after="exit 0", before="echo two > file")
    place = {"lane_directory": str(repository / "part"), "tree": "r1-1"}
    house.start(action, **place)
    house.told.next(RunStarted)
    until(lambda: (tmp_path / "starts").exists())
    kill_keepers(house.data)
    open_gate(gate)
    ended = house.told.ended()
    assert f"its worktree is kept: {house.data}/worktrees/r1-1" in ended.detail
    assert left(house.data) == ["r1-1"]
