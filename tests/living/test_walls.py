"""Secrets, walls and worktrees: what a run sees, what it may change, and what stays of it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.executor import readiness, sandbox
from actors.executor.aside import WORDS_MAX
from actors.executor.keeper.client import Kept
from actors.executor.processes import Processes
from actors.executor.worktrees import KEPT_MAX
from events.runs import ProbeEnded, RunEnded
from horarium.doctor.surroundings import why_no_walls
from tests.living.process_story import ANSWERS, House, brief_of, shell

pytestmark = pytest.mark.living

WHY_NOT = why_no_walls(network=False)  # On a machine without walls their refusal is tested.
SECRET = "s3cret-of-the-file"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "data", kind=Kept)
    yield found
    found.door.close(0)


# Secrets


def holders(folder: Path, text: str) -> list[Path]:
    """The files that hold it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if text.encode() in path.read_bytes()]


def test_a_secret_is_seen_by_its_run_and_stands_nowhere_else(house: House, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(f"{SECRET}\n")
    script = (
        f"test $KEY = {SECRET[:4]}$REST && test $OWN = secret && env | grep -c API_KEY; echo $KEY; "
        'printf \'{"summary": "%s", "data": {"it": "%s"}}\' $KEY $KEY > $HORARIUM_RESULT'
    )
    action = shell(
        script,
        secrets={"KEY": f"file:{key}", "OWN": "env:API_KEY"},
        environment={"REST": SECRET[4:]},
        ready_command=("sh", "-c", "test -n $KEY"),
    )
    ended = house.end_of(action)
    assert house.printed() == b"0\n[secret]\n"
    assert ended.exit_code == 0
    assert ended.result is not None
    assert ended.result.summary == "[secret]"
    assert SECRET not in repr(ended)
    assert holders(house.data, SECRET) == [house.file("result.json")]  # its own


def test_no_test_tells_a_secret(house: House, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    talks: dict[str, Any] = {"secrets": {"KEY": f"file:{tmp_path / 'key'}"}}
    tells = ("sh", "-c", "echo it is $KEY; exit 1")
    for test in ("ready_command", "success_command"):
        assert house.end_of(shell("exit 0", **talks, **{test: tells})).detail == "it is [secret]"
    house.door.probe(brief_of(shell("exit 0", **talks, probe_command=tells)), "p1-1", ANSWERS)
    assert house.told.next(ProbeEnded) == ProbeEnded("p1-1", 1, "it is [secret]")


def test_a_secret_at_the_edge_of_what_is_kept_is_not_told_in_part(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(SECRET)
    talks: dict[str, Any] = {"secrets": {"KEY": f"file:{tmp_path / 'key'}"}}
    for before in range(WORDS_MAX - len(SECRET), WORDS_MAX, 5):
        test = ("sh", "-c", f"printf '%0{before}d%s' 0 $KEY; exit 1")
        ended = house.end_of(shell("exit 0", **talks, ready_command=test))
        assert SECRET[:3] not in ended.detail


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("env:NOT_THERE", "no secret KEY: the daemon has no variable NOT_THERE"),
        ("file:/not/there", "no secret KEY: /not/there cannot be read: No such file or directory"),
        ("file:/dev/zero", "no secret KEY: /dev/zero cannot be read: it is no file"),
    ],
)
def test_a_secret_that_cannot_be_had_is_found_before_anything_is_spent(
    place: str, why: str, house: House
) -> None:
    ended = house.end_of(shell("exit 0", secrets={"KEY": place}))
    assert (ended.started, ended.trouble, ended.detail) == (False, "misconfigured", why)


# Walls


def boxed(house: House, script: str, **changes: Any) -> RunEnded:
    network = changes.pop("network", False)
    seconds = changes.pop("timeout_seconds", 60)
    action = shell(
        script, sandbox="bwrap", network=network, timeout_seconds=seconds, grace_seconds=1
    )
    return house.end_of(action, **changes)


def test_without_a_builder_of_walls_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "PLACES", (str(tmp_path),))
    house = House(tmp_path / "data", kind=Processes)
    ended = boxed(house, f"touch {tmp_path}/started")
    house.door.close(0)
    assert (ended.started, ended.trouble) == (False, "sandbox_missing")
    assert not (tmp_path / "started").exists()


def test_where_walls_cannot_be_built_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = tmp_path / "bwrap"
    builder.write_text(
        "#!/bin/sh\necho bwrap: no permissions to create new namespace >&2\nexit 1\n"
    )
    builder.chmod(0o700)
    monkeypatch.setattr(sandbox, "PLACES", (str(tmp_path),))
    monkeypatch.setattr(readiness, "_STANDS", {})
    house = House(tmp_path / "data", kind=Processes)
    ended = boxed(house, f"touch {tmp_path}/started")
    house.door.close(0)
    assert (ended.started, ended.trouble) == (False, "sandbox_missing")
    assert "no permissions to create new namespace" in ended.detail
    assert not (tmp_path / "started").exists()


def test_within_walls_a_run_changes_its_own_folders_alone(house: House, tmp_path: Path) -> None:
    lane = tmp_path / "lane"
    lane.mkdir()
    (tmp_path / "other").mkdir()
    script = (
        f"echo > mine; echo > $HORARIUM_WORK_FOLDER/work; echo > $TMPDIR/run; "
        f"for no in {tmp_path}/other /etc /usr $HOME; do touch $no/x 2>/dev/null && echo; done; "
        'touch /tmp/private && ls $HORARIUM_DATA/runs /run; echo \'{"summary": "in"}\''
    )
    ended = boxed(house, script, lane_directory=str(lane), environment=("PATH", "HOME"))
    if WHY_NOT:
        assert (ended.started, ended.trouble) == (False, "sandbox_missing")
        return
    assert (ended.trouble, ended.exit_code) == (None, 0)
    assert ended.result is not None
    seen = house.printed().decode().replace("/run:\n\n", "").split("\n")
    assert seen[:2] == [f"{house.data}/runs:", "r1-1"]
    assert {path.name for path in lane.iterdir()} == {"mine"}
    assert (house.data / "work/w1-1/work").exists()
    assert house.file("run").exists()
    assert list((tmp_path / "other").iterdir()) == []
    assert not Path("/tmp/private").exists()


def test_within_walls_a_data_folder_in_the_lane_is_not_seen(tmp_path: Path) -> None:
    lane = tmp_path / "lane"
    lane.mkdir()
    house = House(lane / "data", kind=Kept)
    (lane / "data/log").write_text("of others")
    script = "touch here; cat data/log; touch data/x; ls data"
    house.end_of(shell(script, sandbox="bwrap"), lane_directory=str(lane))
    house.door.close(0)
    if not WHY_NOT:
        assert (lane / "here").exists()
        assert not (lane / "data/x").exists()
        assert b"of others" not in house.printed()


def test_within_walls_there_is_no_network_unless_it_is_asked_for(house: House) -> None:
    script = "grep -c : /proc/net/dev; readlink /proc/self/ns/net"
    ended = boxed(house, script)
    if WHY_NOT:
        assert ended.trouble == "sandbox_missing"
        return
    assert ended.tail.split()[0] == "1"  # the loopback
    ours = str(Path("/proc/self/ns/net").readlink())
    assert ended.tail.split()[1] != ours
    if not why_no_walls(network=True):
        assert boxed(house, script, network=True).tail.split()[1] == ours


def test_within_walls_a_run_is_asked_to_end_and_nothing_of_it_is_left(house: House) -> None:
    script = (
        "env -i setsid sh -c \"trap '' TERM; sleep 97\" & "
        "trap 'echo asked; exit 3' TERM; echo began; while :; do sleep 0.02; done"
    )
    ended = boxed(house, script, timeout_seconds=1)
    if WHY_NOT:
        assert ended.trouble == "sandbox_missing"
        return
    assert ended.trouble == "timed_out"
    assert ended.tail.split()[-1] == "asked"
    alive = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert "sleep 97" not in alive.stdout


def test_its_tests_live_within_the_same_walls(house: House, tmp_path: Path) -> None:
    touch = ("sh", "-c", f"touch {tmp_path}/tested; test -w $HORARIUM_WORK_FOLDER")
    ended = house.end_of(
        shell("exit 0", sandbox="bwrap", ready_command=touch, success_command=touch)
    )
    assert ended.trouble == ("sandbox_missing" if WHY_NOT else None)
    assert not (tmp_path / "tested").exists()


# Worktrees


def git(repository: Path, *words: str) -> str:
    told = ("git", "-c", "user.name=a", "-c", "user.email=a@b", *words)
    done = subprocess.run(told, cwd=repository, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With one file in a folder, one commit, and a hook that must not be called."""
    found = tmp_path / "repository"
    (found / "part").mkdir(parents=True)
    git(found, "init", "--quiet", "--initial-branch=main")
    git(found, "config", "user.name", "a")
    git(found, "config", "user.email", "a@b")
    (found / "part/file").write_text("one\n")
    git(found, "add", ".")
    git(found, "commit", "--quiet", "-m", "one")
    hook = found / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o700)
    return found


def grown(house: House, repository: Path, script: str, **changes: Any) -> RunEnded:
    settings = changes.pop("settings", {})
    place = {"lane_directory": str(repository / "part"), "tree": changes.get("work", "w1-1")}
    return house.end_of(shell(script, **settings), **place | changes)


def branches(repository: Path) -> list[str]:
    return git(repository, "branch", "--format=%(refname:short)").split()


def test_a_tree_without_changes_is_taken_away(
    house: House, repository: Path, tmp_path: Path
) -> None:
    ended = grown(house, repository, "pwd; cat file; git branch --show-current")
    tree = house.data / "worktrees/w1-1"
    assert ended.tail.split() == [str(tree / "part"), "one", "horarium/w1-1"]
    assert ended.detail == ""
    assert branches(repository) == ["main"]
    assert not tree.exists()
    assert git(repository, "worktree", "list").count("\n") == 1
    assert not (tmp_path / "hooked").exists()


def test_commits_stay_on_their_branch(house: House, repository: Path) -> None:
    ended = grown(house, repository, "echo two > file; git commit --quiet -am two")
    assert ended.detail == "its commits are on the branch horarium/w1-1"
    assert git(repository, "show", "horarium/w1-1:part/file") == "two\n"
    assert (repository / "part/file").read_text() == "one\n"
    assert not (house.data / "worktrees/w1-1").exists()


def test_what_was_not_committed_is_kept_and_the_next_step_goes_on_with_it(
    house: House, repository: Path
) -> None:
    tree = house.data / "worktrees/w1-1"
    assert grown(house, repository, "echo two > new").detail == f"its worktree is kept: {tree}"
    assert (tree / "part/new").read_text() == "two\n"
    assert grown(house, repository, "rm new", step=2).detail == ""
    assert not tree.exists()


def test_works_do_not_see_each_other(house: House, repository: Path) -> None:
    grown(house, repository, "echo two > file", work="w1-1")
    assert grown(house, repository, "cat file", work="w2-1").tail == "one\n"


def test_a_branch_of_another_log_is_not_taken_over(house: House, repository: Path) -> None:
    git(repository, "branch", "horarium/w1-1")
    ended = grown(house, repository, "exit 0")
    assert (ended.started, ended.trouble) == (False, "misconfigured")
    assert grown(house, repository, "exit 0", attempt=2).exit_code == 0


def test_without_a_repository_there_is_no_tree(house: House, tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    ended = grown(house, tmp_path, "exit 0")
    assert (ended.started, ended.trouble) == (False, "lane_missing")
    assert "is in no git repository" in ended.detail


def test_so_many_trees_are_kept_and_no_more(house: House, repository: Path) -> None:
    for number in range(KEPT_MAX):
        (house.data / f"worktrees/w{number}-9").mkdir(parents=True)
    ended = grown(house, repository, "exit 0")
    assert (ended.started, ended.trouble) == (False, "misconfigured")
    assert branches(repository) == ["main"]


def test_within_walls_commits_can_be_made_but_git_cannot_be_told_what_to_call(
    house: House, repository: Path
) -> None:
    script = (
        "echo two > file && git commit --quiet -am two; "
        "git config core.fsmonitor evil; touch ../../../../x; "
        f"for no in {repository} {repository}/.git/hooks; do touch $no/x && echo $no; done; true"
    )
    ended = grown(house, repository, script, settings={"sandbox": "bwrap"})
    if WHY_NOT:
        assert ended.trouble == "sandbox_missing"
        return
    assert ended.detail == "its commits are on the branch horarium/w1-1"
    assert git(repository, "show", "horarium/w1-1:part/file") == "two\n"
    assert "fsmonitor" not in (repository / ".git/config").read_text()
    assert not (repository / "x").exists()
    assert not (repository / ".git/hooks/x").exists()


def test_within_walls_nothing_is_planted_that_git_would_take_for_its_configuration(
    house: House, repository: Path
) -> None:
    plant = "; ".join(
        f"(echo evil > {repository}/.git/{name})"
        for name in ("commondir", "config.worktree", "info/attributes", "HEAD")
    )
    head = (repository / ".git/HEAD").read_text()
    grown(house, repository, f"{plant}; true", settings={"sandbox": "bwrap"})
    assert not (repository / ".git/commondir").exists()
    assert not (repository / ".git/config.worktree").exists()
    assert not (repository / ".git/info/attributes").exists()
    assert (repository / ".git/HEAD").read_text() == head


def test_the_folder_for_what_is_temporary_is_that_of_the_run(house: House) -> None:
    house.end_of(shell("mktemp; echo $TMPDIR"))
    made, folder = house.printed().decode().split()
    assert Path(made).parent == Path(folder) == house.file("x").parent
