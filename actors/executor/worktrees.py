"""A git worktree and a branch of its own for each work, or each run, in a lane that says so.

A tree bears the name of the run, or of the work whose steps and attempts share it. After each run
a tree without changes is taken away, and the branch too when it has no commits that are nowhere
else; what was changed is kept, and said. Git is told of no hooks, and looks at what a run has left
from behind the same walls as the run.

As long as a tree is being made or taken away a mark lies beside it. Where a keeper was killed over
that, the mark stays: nobody has changed anything in such a tree, and it goes before another comes.
"""

import os
from pathlib import Path
from typing import NamedTuple

from actors.executor.aside import Heard, Room, heard
from actors.executor.brief import RunBrief
from actors.executor.loop import Steps
from actors.executor.sandbox import bare
from actors.executor.spawning import NotStarted

FOLDER, BRANCHES = "worktrees", "horarium"
MARKED = "."  # how the name of a mark begins
KEPT_MAX = 20  # in one data folder; with so many kept no other is made
SECONDS_MAX = 120.0
GIT = ("git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
DETACHED = "## HEAD (no branch)"  # says git of a tree that is on no branch
SEEN = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME")  # by git


class Tree(NamedTuple):
    """Where a run takes place, and what of the repository is written to from there."""

    path: Path
    place: Path  # the part of it that is the lane's directory
    repository: Path  # the .git folder that all its trees share


def tree_of(data: Path, name: str) -> Path:
    """Where the tree of that name is, whether it is there or not."""
    return data / FOLDER / name


def written(repository: Path, name: str) -> tuple[Path, ...]:
    """What of a repository its tree writes to: what is there besides, such as configuration, tells
    git what to call, also when we or its owner call it."""
    folders = ("objects", "refs", "logs", f"worktrees/{name}")
    return tuple(repository / folder for folder in folders)


def kept_trees(data: Path) -> list[str]:
    """The names of the trees that are there."""
    try:
        names = os.listdir(data / FOLDER)  # noqa: PTH208  Names are all that is wanted.
    except OSError:
        return []
    return sorted(name for name in names if not name.startswith(MARKED))


def made(room: Room) -> Steps[Tree | NotStarted]:
    """The tree that the run shall have: the one that is there, or a new one on a new branch."""
    lane, data = Path(room.brief.lane_directory), room.folders.data
    if not lane.is_dir():
        return NotStarted("lane_missing", f"no directory {lane}")
    asked = "rev-parse", "--path-format=absolute", "--git-common-dir", "--show-prefix"
    found = yield from _git(room, lane, *asked)
    if found.exit_code != 0:
        why = f"{lane} is in no git repository: {found.words}"
        return NotStarted(found.trouble or "lane_missing", why)
    repository, _, prefix = found.said.partition("\n")
    path = tree_of(data, room.brief.tree)
    tree = Tree(path, path / prefix.strip(), Path(repository))
    if _mark(path).exists():
        yield from _taken_away(room, path)
    if (path / ".git").exists():
        return tree
    if len(kept_trees(data)) >= KEPT_MAX:
        why = f"{KEPT_MAX} worktrees are kept in {data / FOLDER}; take some away"
        return NotStarted("misconfigured", why)
    why_not = yield from _added(room, lane, path)
    return why_not or tree


def _added(room: Room, lane: Path, path: Path) -> Steps[NotStarted | None]:
    path.parent.mkdir(0o700, exist_ok=True)
    _mark(path).touch(0o600)
    branch, brief = _branch(room), room.brief
    add = "worktree", "add", "--quiet"
    done = yield from _git(room, lane, *add, "-b", branch, str(path), "HEAD")
    if done.exit_code not in (0, None) and _had_one(brief):
        done = yield from _git(room, lane, *add, str(path), branch)
    if done.exit_code is not None:  # Where git was stopped, the mark tells of what it left.
        _mark(path).unlink(missing_ok=True)
    if done.exit_code == 0:
        return None
    return NotStarted(done.trouble or "misconfigured", f"no worktree can be made: {done.words}")


def _had_one(brief: RunBrief) -> bool:
    """Whether a run before it may have left commits on the branch that is its, too."""
    return brief.tree == brief.work and (brief.step > 1 or brief.attempt > 1)


def let_go(room: Room) -> Steps[str]:
    """Take the tree away, unless something would be lost by it; in words, what was kept."""
    path = tree_of(room.folders.data, room.brief.tree)
    if not _mark(path).exists():
        if not path.is_dir():
            return ""
        if (yield from _holds_something(room, path)):
            return f"its worktree is kept: {path}"
    return (yield from _taken_away(room, path))


def _taken_away(room: Room, path: Path) -> Steps[str]:
    """In words, what is left of it in the repository."""
    lane, branch = Path(room.brief.lane_directory), _branch(room)
    _mark(path).touch(0o600)
    remove = ("rm", "-rf", "--", str(path))
    yield from heard(_ours(room), "git", remove, SECONDS_MAX, room.folders.data)
    yield from _git(room, lane, "worktree", "prune")
    gone = yield from _git(room, lane, "branch", "--quiet", "-d", branch)
    if not path.exists():
        _mark(path).unlink(missing_ok=True)
    if gone.exit_code == 0:
        return ""
    there = yield from _git(room, lane, "show-ref", "--verify", "--quiet", f"refs/heads/{branch}")
    return f"its commits are on the branch {branch}" if there.exit_code == 0 else ""


def _branch(room: Room) -> str:
    return f"{BRANCHES}/{room.brief.tree}"


def _mark(path: Path) -> Path:
    """What lies beside a tree that is being made or taken away."""
    return path.with_name(f"{MARKED}{path.name}")


def _holds_something(room: Room, path: Path) -> Steps[bool]:
    """Whether a tree has changes, or commits that no branch has; also when nobody knows."""
    seen = yield from _looked_at(room, path, "status", "--porcelain", "--branch", "-unormal")
    head, *changes = seen.said.splitlines() or [""]
    if seen.exit_code != 0 or changes or not head:
        return True
    if head != DETACHED:
        return False
    named = yield from _looked_at(room, path, "for-each-ref", "--count=1", "--contains", "HEAD")
    return named.exit_code != 0 or not named.said.strip()


def _looked_at(room: Room, path: Path, *words: str) -> Steps[Heard]:
    """A run may have told git of programs to call: hence the walls."""
    room = room._replace(environment=_environment(room))
    return (yield from heard(room, "git", (*GIT, *words), SECONDS_MAX, path))


def _git(room: Room, place: Path, *words: str) -> Steps[Heard]:
    return (yield from heard(_ours(room), "git", (*GIT, *words), SECONDS_MAX, place))


def _ours(room: Room) -> Room:
    return room._replace(environment=_environment(room), wall=bare)


def _environment(room: Room) -> dict[str, str]:
    seen = {name: room.environment[name] for name in SEEN if name in room.environment}
    return {**seen, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
