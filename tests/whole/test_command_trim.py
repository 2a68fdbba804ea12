"""`horarium trim` over real files, beside a daemon, and before one begins."""

import errno
import importlib
import json
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from horarium import leaving
from horarium.daemon.lock import Lock, Owner
from horarium.places import Places
from tests.contracts.trimming_story import copied, recorded, stored
from tests.whole.daemon_story import call, living, refused

commands_trim = importlib.import_module("horarium.commands.trim")


@pytest.fixture(autouse=True)
def few_records_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "STAYING_RECORDS", 200)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return recorded(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def here(whole: Places, tmp_path: Path) -> Places:
    here = copied(whole, tmp_path)
    here.config.write_text("")
    return here


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_preview_says_what_would_leave_and_changes_nothing(here: Places) -> None:
    before = contents(here.data)
    result = call(here, "trim")
    assert (result.exit_code, contents(here.data)) == (0, before)
    assert result.stdout.startswith("Would leave: 2,000 records, 1 to 2,000, about ")
    assert "No more: no stretch behind record 2,000 is sealed.\n" in result.stdout
    assert result.stdout.endswith("Nothing was changed; say --really to do it.\n")
    told = json.loads(call(here, "trim", "--json", "--until", "1999").stdout)
    assert (told["done"], told["records"]) == (False, 1_000)
    assert told["why_no_more"] == "nothing behind record 1,999 was asked for"
    assert contents(here.data) == before


def test_really_it_leaves_and_comes_back(whole: Places, here: Places) -> None:
    told = json.loads(call(here, "trim", "--really", "--json").stdout)
    assert (told["done"], told["records"], told["trouble"]) == (True, 2_000, "")
    assert told["freed_bytes"] == whole.log.stat().st_size - here.log.stat().st_size > 0
    nothing = call(here, "trim")
    assert nothing.stdout == (
        "Nothing leaves, the log begins with record 2,001: no stretch behind record 2,000 is "
        "sealed.\n"
    )
    before = contents(here.data)
    assert "Would come back: 2,000 records" in call(here, "trim", "--back").stdout
    assert contents(here.data) == before
    assert call(here, "trim", "--back", "--really").exit_code == 0
    assert stored(here) == stored(whole)
    assert call(here, "trim", "--back").stdout == "Nothing has left this log.\n"


def test_what_it_finds_wrong_ends_with_one_and_misuse_with_two(here: Places) -> None:
    file = sorted((here.data / "sealed").iterdir())[0]
    file.write_bytes(file.read_bytes()[:-1])
    wrong = call(here, "trim", "--really")
    assert wrong.exit_code == 1
    assert f"Nothing leaves, the log begins with record 1: sealed/{file.name}" in wrong.stdout
    assert call(here, "trim", "--back", "--until", "9").exit_code == 2
    assert call(here, "trim", "--until", "0").exit_code == 2
    nowhere = Places(here.config, here.data / "nowhere")
    assert "nothing has been recorded" in call(nowhere, "trim").output


def test_a_damaged_log_is_not_trimmed(here: Places) -> None:
    with sqlite3.connect(here.log) as log:
        log.execute("DELETE FROM stored_events WHERE originator_version = 2100")
    log.close()
    result = call(here, "trim", "--really")
    assert (result.exit_code, "record 2100: missing" in result.output) == (1, True)


def test_beside_a_daemon_nothing_leaves(here: Places) -> None:
    before = contents(here.data)
    with Lock(here.lock, Owner(1, "2026-11-20T12:00:00+00:00")):
        for words in (["--really"], ["--back", "--really"]):
            result = call(here, "trim", *words)
            assert result.exit_code == 1
            assert "another daemon works in" in result.output
            assert result.output.endswith("one folder has one daemon; stop it first\n")
        assert call(here, "trim").exit_code == 0
    assert {**contents(here.data), str(here.lock): ""} == {**before, str(here.lock): ""}


def test_who_reads_no_further_is_no_trouble_with_a_file(
    here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*said: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(commands_trim, "line", gone)
    assert "cannot read or write" not in call(here, "trim").output


class Full(sqlite3.Connection):
    """A disk that has no room for a second file."""

    refused = "VACUUM"

    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        if sql.startswith(self.refused):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return super().execute(sql, *given)


class Fuller(Full):
    """One that has none for what a deletion takes with it either."""

    refused = "DELETE FROM stored_events"


def test_where_a_disk_is_too_full_for_it_nothing_leaves_and_it_is_said_what_helps(
    whole: Places, here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *it, **how: really(*it, **how, factory=Fuller))
        result = call(here, "trim", "--really")
    assert result.exit_code == 1
    assert "is full; nothing has left." in result.output and "--until" in result.output
    assert stored(here) == stored(whole)


def test_a_disk_that_is_full_leaves_a_right_log(
    whole: Places, here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *it, **how: really(*it, **how, factory=Full))
        result = call(here, "trim", "--really")
    assert result.exit_code == 1
    assert "The log is right, but its file is as large as before: the store failed" in result.output
    assert stored(here) == stored(whole, 2_000)
    assert call(here, "verify").exit_code == 0
    assert here.log.stat().st_size >= whole.log.stat().st_size
    assert " smaller." in call(here, "trim", "--really").output
    assert here.log.stat().st_size < whole.log.stat().st_size * 0.6


@pytest.mark.living
def test_a_daemon_lives_on_a_trimmed_log_and_puts_back_what_it_needs(
    whole: Places, here: Places
) -> None:
    call(here, "trim", "--really")
    with living(here) as daemon:
        assert daemon.told("status")["left"] == 2_000
        assert daemon.stop() == 0
    assert call(here, "verify").exit_code == 0
    here.projections.unlink()
    file = sorted((here.data / "sealed").iterdir())[0]
    away = file.rename(here.data / file.name)
    code, lines = refused(here)
    assert code == 70
    assert f"but records 1 to 1000 have left this log, and sealed/{file.name} is not there" in lines
    away.rename(file)
    with living(here) as daemon:
        assert "records 1 to 2000 have left the log and are put back: the projec" in daemon.lines
        assert daemon.projected().told("status")["left"] == 0
        assert daemon.stop() == 0
    assert stored(here)[:2_250] == stored(whole)[:2_250]
    assert call(here, "verify").exit_code == 0
