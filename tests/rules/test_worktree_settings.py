"""Whose a git worktree is: what a file may say, and what a run is told of it."""

from pathlib import Path

import pytest
from msgspec import json

from actors.executor.brief import brief
from events.configuration import Configuration, Lane
from events.settings import Worktree
from tests.rules.agents_story import Story, loaded
from tests.rules.configuration_story import FREE, said
from tests.rules.configuration_story import loaded as read


@pytest.mark.parametrize(
    ("worktree", "tree"),
    [(False, ""), (True, "w1-1"), ("work", "w1-1"), ("run", "r1-2")],
)
def test_a_tree_bears_the_name_of_whose_it_is(worktree: Worktree, tree: str) -> None:
    told = loaded()
    assert told.configuration is not None
    told.configuration.lanes["desk"] = Lane(directory="/repository", worktree=worktree)
    story = Story(told)
    story.asked("local", attempt=2)
    assert brief(story.state, "r1-2").tree == tree
    told.configuration.lanes["desk"] = Lane(worktree=worktree)
    assert brief(story.state, "r1-2").tree == "", "without a directory there is no repository"


@pytest.mark.parametrize("text", ["false", "true", '"work"', '"run"'])
def test_what_a_file_says_stands_in_the_log(tmp_path: Path, text: str) -> None:
    lane = f'[lanes.desk]\ndirectory = "."\nworktree = {text}\n'
    found = read(tmp_path, FREE + lane)
    assert json.encode(found.lane("desk").worktree).decode() == text
    assert json.decode(json.encode(found), type=Configuration) == found


@pytest.mark.parametrize(
    ("text", "meant"), [('"runs"', "did you mean 'run'?"), ("1", ""), ('["run"]', "")]
)
def test_anything_else_is_a_fault(tmp_path: Path, text: str, meant: str) -> None:
    (fault,) = said(tmp_path, f'{FREE}[lanes.desk]\ndirectory = "."\nworktree = {text}\n')
    assert fault.startswith("config.toml:5  lanes.desk.worktree  ")
    assert 'is not one of true, false, "work", "run"' in fault
    assert meant in fault
