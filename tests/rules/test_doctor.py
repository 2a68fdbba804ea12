"""What the doctor finds: each thing that stopped an earlier system dead."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.catalogue import AnyFact
from events.codec import GENESIS, entry, written
from events.daemon import DaemonStarted
from events.sqlite import SqliteStore
from events.store import Row
from horarium.configuration import render
from horarium.configuration.fault import Faults
from horarium.configuration.loading import read
from horarium.doctor import examine
from horarium.doctor.folder import folder_findings
from horarium.doctor.machine import config_findings, machine_findings
from horarium.doctor.programs import check_lanes, check_programs, missing_function
from horarium.doctor.record import log_findings
from horarium.doctor.schedule import check_schedule

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AS_FOUND = Path(__file__).parents[1] / "data" / "cass-as-found.toml"
SOUND = (3, 51, 3)


def programs(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    """What is found of the programs and lanes of a configuration."""
    file = folder / "config.toml"
    file.write_text(text)
    reading = read(file, {})
    check_lanes(reading.configuration, reading.faults)
    check_programs(reading.configuration, reading.faults, environ or {"PATH": "/usr/bin:/bin"})
    return plain(folder, reading.faults)


def schedule(folder: Path, text: str) -> list[str]:
    file = folder / "config.toml"
    file.write_text(text)
    reading = read(file, {})
    check_schedule(reading.configuration, reading.faults, NOW)
    return plain(folder, reading.faults)


def plain(folder: Path, faults: Faults) -> list[str]:
    return [line.replace(f"{folder}/", "") for line in render(faults.found).splitlines()]


def test_a_configuration_as_it_was_found_is_refused_with_every_defect(tmp_path: Path) -> None:
    found = examine(AS_FOUND, tmp_path / "data", os.environ, NOW)
    lines = AS_FOUND.read_text().splitlines()
    undefined = next(each for each in found if "rhythm.generate_daily_narrative" in each.message)
    assert (undefined.path, undefined.severity) == (
        "templates.memory_maintenance.actions[1]",
        "error",
    )
    assert "rhythm.generate_daily_narrative" in lines[(undefined.line or 0) - 1]
    unpaid = {
        each.message.split("'")[1]: each
        for each in found
        if each.message.startswith("the category")
    }
    assert {name: each.severity for name, each in unpaid.items()} == {
        "creative": "error",
        "journal": "error",
        "memory": "error",
        "wonderland": "error",
        "outreach": "error",
        "world": "warning",
    }
    for name, fault in unpaid.items():
        assert lines[(fault.line or 0) - 1] == f'category = "{name}"'


def test_a_program_that_is_missing_or_closed_is_found_where_the_run_would_look(
    tmp_path: Path,
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "mine").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "mine").chmod(0o700)
    (tmp_path / "notes.txt").write_text("")
    text = f"""
[lanes.here]
directory = "."
[actions.found]
command = ["true"]
[actions.beside]
command = ["bin/mine"]
lane = "here"
[actions.by-its-own-path]
command = ["mine"]
environment = {{ PATH = "{tmp_path}/bin" }}
[actions.missing]
command = ["no-such-program"]
[actions.closed]
command = ["./notes.txt"]
lane = "here"
[actions.nowhere]
command = ["./run.sh"]
lane = "elsewhere"
[lanes.elsewhere]
"""
    missing, closed, nowhere = programs(tmp_path, text)
    assert missing.startswith(
        "config.toml:13  actions.missing.command  no program 'no-such-program'"
    )
    assert closed.startswith("config.toml:15  actions.closed.command")
    assert closed.endswith("notes.txt is not executable")
    assert nowhere == (
        "config.toml:18  actions.nowhere.command  warning: './run.sh' is looked for in the "
        "work's own folder, which begins empty"
    )


def test_a_program_is_looked_for_only_in_what_the_run_may_see(tmp_path: Path) -> None:
    text = '[executor]\nenvironment = ["HOME"]\n[actions.a]\ncommand = ["mine"]\n'
    found = programs(tmp_path, text, {"PATH": str(tmp_path), "HOME": "/"})
    assert found == [f"config.toml:4  actions.a.command  no program 'mine' in {os.defpath}"]


def test_a_lane_without_its_directory_is_found_once(tmp_path: Path) -> None:
    text = '[lanes.a]\ndirectory = "gone"\n[actions.b]\ncommand = ["./c"]\nlane = "a"\n'
    assert programs(tmp_path, text) == [
        "config.toml:2  lanes.a.directory  there is no directory gone"
    ]


@pytest.mark.parametrize(
    ("function", "why", "meant"),
    [
        ("json:dumps", "", ""),
        ("sys:exit", "", ""),
        ("os.path:join", "", ""),
        ("chores.work:run", "", ""),
        ("chores.work:again", "", ""),
        ("chores.work:rum", "the module 'chores.work' has no function 'rum'", "run"),
        ("chores.wrok:run", "there is no module 'chores.wrok'", ""),
        ("chores.work.deeper:run", "there is no module 'chores.work.deeper'", ""),
        ("no_such_module:run", "there is no module 'no_such_module'", ""),
    ],
)
def test_a_function_is_found_without_importing_its_module(
    tmp_path: Path, function: str, why: str, meant: str
) -> None:
    (tmp_path / "chores").mkdir()
    (tmp_path / "chores" / "__init__.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "chores" / "work.py").write_text(
        "raise SystemExit('imported')\ntry:\n    def run(given): ...\nfinally:\n    again = run\n"
    )
    assert missing_function(function, [str(tmp_path)]) == (why, meant)


def test_a_function_that_is_missing_is_told_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text("def digest(given): ...\n")
    text = (
        '[lanes.main]\ndirectory = "."\n'
        '[actions.a]\nexecutor = "python"\nfunction = "jobs:digset"\n'
        '[actions.b]\nexecutor = "python"\nfunction = "jobs:digest"\n'
    )
    assert programs(tmp_path, text) == [
        "config.toml:5  actions.a.function  the module 'jobs' has no function 'digset' "
        "(did you mean 'digest'?)"
    ]


def test_a_module_that_is_no_python_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def run(:\n")
    why, _ = missing_function("broken:run", [str(tmp_path)])
    assert why.startswith("the module 'broken' cannot be read: invalid syntax")


PHASE = "[[phases]]\nname = 'a'\nstart = '00:00'\nend = '24:00'\n"
ACTION = "[actions.look]\nexecutor = 'noop'\n"
TEMPLATE = "[templates.t]\nactions = ['look']\n"
INTENT = "[intents.i]\nrun = 'look'\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PHASE + ACTION + TEMPLATE, []),
        (ACTION + INTENT + "every = '1h'", []),
        (
            PHASE + ACTION,
            ["the schedule is empty: no template is enabled, and no intent will come"],
        ),
        (
            ACTION + TEMPLATE,
            ["the schedule is empty: there is no phase to plan for, and no intent will come"],
        ),
        (
            PHASE + ACTION + TEMPLATE + "[plan]\nenabled = false",
            ["the schedule is empty: planning is switched off, and no intent will come"],
        ),
        (
            ACTION + INTENT + "every = '1h'\nenabled = false",
            ["the schedule is empty: no template is enabled, and no intent will come"],
        ),
        (
            ACTION + INTENT + "at = 2026-11-20T11:59:59Z",
            [
                "the schedule is empty: no template is enabled, and no intent will come",
                "warning: this moment is over; it will not come again",
            ],
        ),
        (
            ACTION + TEMPLATE + INTENT + "every = '1h'",
            ["warning: no template is ever planned: there is no phase to plan for"],
        ),
    ],
    ids=[
        "templates",
        "intents",
        "neither",
        "no phase",
        "switched off",
        "disabled",
        "over",
        "templates in vain",
    ],
)
def test_a_schedule_in_which_nothing_happens_is_found(
    tmp_path: Path, text: str, found: list[str]
) -> None:
    told = [line.split("  ")[-1] for line in schedule(tmp_path, text)]
    assert [line for line in told if "sweeps" not in line] == found


SWEEPER = '[actions.clean]\nexecutor = "sweep"\n'
DAILY = '[intents.daily]\ncron = "0 4 * * *"\nrun = "clean"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(SWEEPER + DAILY, False, id="by an intent"),
        pytest.param(SWEEPER, True, id="not at all"),
        pytest.param(SWEEPER + DAILY + "enabled = false\n", True, id="disabled"),
        pytest.param(
            SWEEPER + '[templates.order]\nactions = ["clean"]\n', False, id="by a template"
        ),
    ],
)
def test_a_schedule_in_which_nothing_ever_sweeps_is_found(
    tmp_path: Path, text: str, told: bool
) -> None:
    assert any("ever sweeps" in line for line in schedule(tmp_path, text)) == told


def test_a_data_folder_that_is_not_there_yet_is_fine(tmp_path: Path) -> None:
    assert [
        each for each in folder_findings(tmp_path / "a" / "b") if "free" not in each.message
    ] == []


def test_a_data_folder_below_a_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    [found] = folder_findings(tmp_path / "a" / "b")
    assert found.message == f"cannot be a folder: {tmp_path}/a is a file"


def test_a_data_folder_that_others_may_enter_is_doubtful(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "log.sqlite").touch(mode=0o644)
    found = [each for each in folder_findings(tmp_path) if "chmod" in each.message]
    assert [(each.file, each.message.split(";")[0], each.severity) for each in found] == [
        (str(tmp_path), "others may look into it", "warning"),
        (str(tmp_path / "log.sqlite"), "others may read it", "warning"),
    ]


def test_a_data_folder_that_cannot_be_written_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # As root we may do anything.
    found = [*folder_findings(tmp_path), *folder_findings(tmp_path / "a")]
    errors = [each.message for each in found if each.severity == "error"]
    assert errors == ["cannot be written", f"cannot be made: {tmp_path} is closed to us"]


def log_with(data: Path, *said: tuple[datetime, AnyFact]) -> None:
    store, head = SqliteStore(data / "log.sqlite"), GENESIS
    for position, (at, fact) in enumerate(said, start=1):
        state, head = written(position, "process", entry(fact, at), head)
        store.commit([Row(position, fact.kind, state)])
    store.close()


def test_a_clock_before_the_newest_record_is_found(tmp_path: Path) -> None:
    born = DaemonStarted(version="1", pid=1, boot="b")
    log_with(tmp_path, (NOW, born), (NOW + timedelta(hours=1), born))
    config = tmp_path / "config.toml"
    assert [each.message for each in log_findings(config, tmp_path, NOW)] == [
        "the clock is in the past: it says 2026-11-20 12:00 UTC, and the newest record is of "
        "2026-11-20 13:00 UTC"
    ]
    assert list(log_findings(config, tmp_path, NOW + timedelta(hours=1))) == []


def test_a_log_that_is_none_or_of_a_newer_version_is_found(tmp_path: Path) -> None:
    config, log = tmp_path / "config.toml", tmp_path / "log.sqlite"
    assert list(log_findings(config, tmp_path, NOW)) == []
    log.write_bytes(b"no database" * 100)
    [broken] = log_findings(config, tmp_path, NOW)
    assert "file is not a database" in broken.message
    log.unlink()
    with sqlite3.connect(log) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    [found] = log_findings(config, tmp_path, NOW)
    assert "newer version" in found.message


@pytest.mark.parametrize(
    ("now", "sqlite", "user", "found"),
    [
        (NOW, SOUND, 1000, []),
        (NOW.replace(year=2015), SOUND, 1000, ["error: the clock is in the past"]),
        (NOW, (3, 51, 2), 1000, ["warning: SQLite 3.51.2 has the WAL-reset defect"]),
        (NOW, SOUND, 0, ["warning: this is root, and every job would be too"]),
    ],
    ids=["all is well", "an unset clock", "an old SQLite", "root"],
)
def test_what_is_doubtful_about_the_machine_is_found(
    now: datetime, sqlite: tuple[int, ...], user: int, found: list[str]
) -> None:
    findings = machine_findings(now, sqlite, user)
    said = [f"{each.severity}: {each.message}" for each in findings]
    assert [line[: len(start)] for line, start in zip(said, found, strict=True)] == found


def test_a_configuration_that_others_may_write_is_doubtful(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    assert list(config_findings(config)) == []
    config.touch()
    config.chmod(0o644)
    assert list(config_findings(config)) == []
    config.chmod(0o664)
    [found] = config_findings(config)
    assert found.severity == "warning"
    assert found.message.endswith(f"say: chmod go-w {config}")


def test_a_file_that_is_missing_is_one_finding_beside_those_of_the_machine(
    tmp_path: Path,
) -> None:
    found = examine(tmp_path / "config.toml", tmp_path / "data", {}, NOW)
    assert [each.message[:23] for each in found if each.severity == "error"] == [
        "there is no such file; "
    ]
