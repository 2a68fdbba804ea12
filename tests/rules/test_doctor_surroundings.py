"""What the doctor finds of agents, tests, secrets, walls and worktrees."""

from pathlib import Path

import pytest

from actors.executor import sandbox
from horarium.configuration import render
from horarium.configuration.loading import read
from horarium.doctor import surroundings
from horarium.doctor.programs import check_programs
from horarium.doctor.surroundings import check_surroundings, worktree_findings

BASE = "[actions.act]\ncommand = ['true']\n"


def findings(folder: Path, text: str, **environ: str) -> list[str]:
    file = folder / "config.toml"
    file.write_text(text)
    reading = read(file, {})
    before = len(reading.faults.found)
    known = {"PATH": "/nowhere"} | environ
    check_surroundings(reading.configuration, reading.faults, known, file)
    rendered = render(reading.faults.found[before:])
    return [line.replace(f"{folder}/", "") for line in rendered.splitlines()]


def test_the_program_of_an_agent_is_looked_for(tmp_path: Path) -> None:
    text = (
        "[actions.ask]\nexecutor = 'claude'\nprompt = 'Hi.'\nceiling_usd = 1\n"
        "fallback = ['codex', 'gemini']\n[executors.gemini]\ncommand = ['/bin/sh']\n"
        "[budget.categories]\ngeneral = 5\n"
    )
    assert findings(tmp_path, text) == [
        "config.toml:2  actions.ask.executor  no program 'claude' in /nowhere",
        "config.toml:5  actions.ask.fallback  warning: no program 'codex' in /nowhere",
    ]


def test_the_programs_of_tests_are_looked_for_unless_the_work_brings_them(tmp_path: Path) -> None:
    text = BASE + "ready_command = ['ping']\nsuccess_command = ['./check']\nprobe_command = ['/no']"
    assert findings(tmp_path, text) == [
        "config.toml:3  actions.act.ready_command  no program 'ping' in /nowhere",
        "config.toml:5  actions.act.probe_command  no program '/no' in /nonexistent",
    ]


def test_a_line_for_a_shell_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[actions.a]\ncommand = ['a | b']\nshell = true")
    reading = read(tmp_path / "config.toml", {})
    check_programs(reading.configuration, reading.faults, {})
    assert reading.faults.found == []


def test_secrets_are_looked_for_and_who_may_read_them(tmp_path: Path) -> None:
    for name, mode in (("open", 0o644), ("closed", 0o600)):
        (tmp_path / name).write_text("secret")
        (tmp_path / name).chmod(mode)
    places = "A = 'env:A', B = 'env:B', O = 'file:open', C = 'file:closed', N = 'file:none'"
    assert findings(tmp_path, f"{BASE}secrets = {{ {places} }}", A="1") == [
        "config.toml:3  actions.act.secrets.B  no secret B: the daemon has no variable B",
        "config.toml:3  actions.act.secrets.N  no secret N: none cannot be read: "
        "No such file or directory",
        "config.toml:3  actions.act.secrets.O  warning: others may read open; say: chmod 600 open",
    ]


def test_walls_that_cannot_be_built_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "PLACES", (str(tmp_path),))
    text = BASE + "sandbox = 'bwrap'"
    assert findings(tmp_path, text) == [
        "config.toml:3  actions.act.sandbox  bwrap is not there; install bubblewrap"
    ]
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho no namespaces >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o700)
    assert findings(tmp_path, text) == [
        "config.toml:3  actions.act.sandbox  no sandbox can be made here: no namespaces"
    ]
    (tmp_path / "bwrap").write_text("#!/bin/sh\n")
    assert findings(tmp_path, text) == []


def test_walls_within_which_the_configuration_may_be_changed_are_doubted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surroundings, "why_no_walls", lambda network: "")
    text = BASE + "sandbox = 'bwrap'\nlane = 'here'\n[lanes.here]\ndirectory = '.'\n"
    assert findings(tmp_path, text) == [
        "config.toml:3  actions.act.sandbox  warning: its walls let it write to config.toml, "
        "which may set it free"
    ]
    (tmp_path / "lane").mkdir()
    assert findings(tmp_path, text.replace("'.'", "'lane'")) == []
    assert findings(tmp_path, BASE + "sandbox = 'bwrap'") == []


def test_context_files_and_repositories_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "lane").mkdir()
    text = (
        "[actions.ask]\nexecutor = 'ollama'\nmodel = 'm'\nprompt = 'Hi.'\n"
        "context_files = ['notes.md']\n[executors.ollama]\ncommand = ['/bin/sh']\n"
        "[lanes.main]\ndirectory = 'lane'\nworktree = true\n"
    )
    assert findings(tmp_path, text) == [
        "config.toml:10  lanes.main.worktree  lane is in no git repository",
        "config.toml:5  actions.ask.context_files[0]  warning: context file notes.md is left out: "
        "no such file or directory",
    ]
    (tmp_path / ".git").mkdir()
    (tmp_path / "lane/notes.md").write_text("Notes.")
    assert findings(tmp_path, text) == []


def test_worktrees_that_were_kept_are_told(tmp_path: Path) -> None:
    assert list(worktree_findings(tmp_path)) == []
    for number in range(7):
        (tmp_path / f"worktrees/w{number}-1").mkdir(parents=True)
    (told,) = worktree_findings(tmp_path)
    assert told.severity == "warning"
    assert told.message == ("7 worktrees with changes are kept: w0-1, w1-1, w2-1, w3-1, w4-1, ...")
