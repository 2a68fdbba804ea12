"""Putting a backup back, and building the projections anew."""

import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from events.codec import GENESIS, check_chain
from events.head import HeadFile, kept_head
from events.requests import ReplanRequested
from events.sqlite import SqliteStore
from events.store import rows
from horarium.cli import horarium
from horarium.daemon.lock import Lock, Owner
from horarium.places import Places
from tests.whole.command_story import a_house, at, log_of, projected


@pytest.fixture
def here(tmp_path: Path) -> Places:
    return a_house(tmp_path)


@pytest.fixture
def backup(here: Places, tmp_path: Path) -> Path:
    copy = tmp_path / "log-2026-11-20-1.sqlite"
    with closing(sqlite3.connect(here.log)) as log, closing(sqlite3.connect(copy)) as target:
        log.backup(target)
    return copy


def call(here: Places, *words: str) -> Result:
    return CliRunner().invoke(horarium, [*words, "--data", str(here.data)])


def later(here: Places, note: str = "later") -> None:
    """Two records more than the backup has, and what a daemon keeps beside them."""
    records = log_of(here.data, [(at(15), [ReplanRequested("k1", note), ReplanRequested("k2")])])
    projected(here.data, records)
    store = SqliteStore(here.log)
    head = HeadFile(here.head, lambda: 0.0)
    head.write(store.head())
    head.close()
    store.close()
    for folder in ("runs/r13-1", "runs/r47-1", "work/w48-1", "runs/notes", "worktrees/r47-1"):
        (here.data / folder).mkdir(parents=True, exist_ok=True)
    (here.data / "outcomes").mkdir(exist_ok=True)
    for run in ("r13-1", "r47-1"):
        (here.data / "outcomes" / run).touch()


def chained(here: Places) -> int:
    store = SqliteStore(here.log)
    try:
        return sum(1 for _ in check_chain(rows(store), GENESIS))
    finally:
        store.close()


def test_a_restore_first_says_what_is_given_up(here: Places, backup: Path) -> None:
    later(here)
    before = {path.name: path.stat().st_mtime_ns for path in here.data.iterdir()}
    result = call(here, "restore", str(backup))
    assert result.exit_code == 1
    assert "is whole: 46 records" in result.stdout
    assert "Given up: 2 records, 47 to 48" in result.stdout
    assert "2  replan-requested" in result.stdout
    assert "nothing was changed; say --yes to do it" in result.stderr
    after = {path.name: path.stat().st_mtime_ns for path in here.data.iterdir()}
    assert {name: after[name] for name in before if name != "daemon.lock"} == {
        name: before[name] for name in before if name != "daemon.lock"
    }


def test_a_restore_keeps_what_it_replaces(here: Places, backup: Path) -> None:
    later(here)
    result = call(here, "restore", str(backup), "--yes", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    aside = here.data / "replaced-48"
    assert found["given_up"]["kinds"] == {"replan-requested": 2}
    assert (found["restored"], found["kept_in"]) == (True, str(aside))
    assert chained(here) == 46
    assert stat.S_IMODE(here.log.stat().st_mode) == 0o600
    assert kept_head(here.head).position == 0
    assert kept_head(aside / "log.head").position == 48
    assert (aside / "log.sqlite").exists() and (aside / "projections.sqlite").exists()
    assert (aside / "runs/r47-1").exists() and (aside / "work/w48-1").exists()
    assert (aside / "outcomes/r47-1").exists() and (aside / "worktrees/r47-1").exists()
    assert sorted(path.name for path in (here.data / "runs").iterdir()) == ["notes", "r13-1"]
    assert [path.name for path in (here.data / "outcomes").iterdir()] == ["r13-1"]
    status = json.loads(call(here, "status", "--json").stdout)
    assert (status["head"], status["lag"]) == (46, 0)


def test_what_is_given_up_counts_from_where_two_pasts_part(here: Places, backup: Path) -> None:
    later(here, "one past")
    assert call(here, "restore", str(backup), "--yes").exit_code == 0
    later(here, "another past")
    other = here.data / "replaced-48" / "log.sqlite"
    result = call(here, "restore", str(other), "--yes", "--json")
    assert json.loads(result.stdout)["given_up"] | {"first_at": "", "last_at": ""} == {
        "after": 46,
        "count": 2,
        "first_at": "",
        "last_at": "",
        "kinds": {"replan-requested": 2},
        "unreadable": "",
    }
    assert (here.data / "replaced-48-2").exists()


def test_a_log_that_cannot_be_read_is_replaced_too(here: Places, backup: Path) -> None:
    here.log.write_bytes(b"not a database at all" * 100)
    result = call(here, "restore", str(backup), "--yes")
    assert result.exit_code == 0, result.output
    assert "The present log cannot be read" in result.stdout
    assert (here.data / "replaced-unreadable" / "log.sqlite").exists()
    assert chained(here) == 46


def test_a_backup_makes_a_new_house(tmp_path: Path, backup: Path) -> None:
    there = Places(tmp_path / "config.toml", tmp_path / "new")
    result = call(there, "restore", str(backup), "--yes")
    assert "nothing is given up" in result.stdout
    assert chained(there) == 46
    assert [path.name for path in there.data.iterdir() if "replaced" in path.name] == []


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("UPDATE stored_events SET state = replace(state, 'b7f1', 'b7f2') "
         "WHERE originator_version = 2", "record 2: does not fit the record before it"),
        ("DELETE FROM stored_events WHERE originator_version = 46 OR originator_version < 10",
         "record 1: missing"),
        ("UPDATE stored_events SET originator_version = 99 WHERE originator_version = 46",
         "record 99: claims to be record 46"),
        ("PRAGMA user_version = 99", "has format 99, this version knows 2"),
        ("DROP TABLE stored_events", "is not a backup of a log"),
    ],
)  # fmt: skip
def test_a_backup_that_is_not_whole_is_refused(
    here: Places, backup: Path, harm: str, words: str
) -> None:
    with closing(sqlite3.connect(backup, isolation_level=None)) as copy:
        copy.execute(harm.replace("replace(state,", "replace(CAST(state AS TEXT),"))
        if "SET state" in harm:
            copy.execute("UPDATE stored_events SET state = CAST(state AS BLOB)")
    result = call(here, "restore", str(backup), "--yes")
    assert result.exit_code == 1
    assert words in result.stderr
    assert chained(here) == 46


def test_nothing_is_replaced_or_rebuilt_under_a_living_daemon(here: Places, backup: Path) -> None:
    with Lock(here.lock, Owner(os.getpid(), "today")):
        for words in (["restore", str(backup), "--yes"], ["rebuild"]):
            result = call(here, *words)
            assert result.exit_code == 1
            assert f"pid {os.getpid()}, since today" in result.stderr
    assert call(here, "restore", str(here.log), "--yes").exit_code == 1


def test_projections_come_back_as_they_were(here: Places) -> None:
    before = call(here, "plan", "--json").stdout
    here.projections.write_bytes(b"rubbish")
    assert call(here, "plan").exit_code == 1
    assert call(here, "rebuild").stdout == "Rebuilt from 46 records.\n"
    assert call(here, "plan", "--json").stdout == before
    assert json.loads(call(here, "rebuild", "--json").stdout) == {"position": 46}
