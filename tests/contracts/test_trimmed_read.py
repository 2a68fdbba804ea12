"""Whoever reads a trimmed log is answered as before, or told which file is missing."""

import shutil
from pathlib import Path

import pytest

from horarium.jobs.backup import checked
from horarium.places import Places
from horarium.reading import document, rows
from horarium.reading import opened as reading_opened
from horarium.replacing import examined, given_up, replace
from horarium.sweeping.finding import Place, is_over
from horarium.verifying import verified
from tests.contracts.trimming_steps import file_of, quiet, said
from tests.contracts.trimming_story import (
    gone_on,
    recorded,
    stored,
)

# Everybody else who reads

QUESTIONS = (
    ("log", "--json"),
    ("log", "--json", "--from", "2026-11-20T12:00"),
    ("log", "--json", "--kind", "run-closed", "--from", "700"),
    ("replay", "--json", "--from", "990", "--to", "1020"),
    ("replay", "--json", "--from", "1990", "--to", "2010"),
    ("diff", "--json", "--from", "900", "--to", "2100"),
    ("status", "--json", "--as-of", "1500"),
    ("runs", "--json", "--as-of", "2026-11-20T13:00"),
    ("explain", "--json", "1500"),
    ("explain", "--json", "700"),
    ("explain", "--json", "hourly@2026-11-20T15:00"),
    ("explain", "--json", "clean"),
    ("whatif", "--json", "--set", "budget.daily=2"),
    ("sweep", "--dry-run"),
    ("intent", "list"),
)


FAR_BACK = [it for it in QUESTIONS[::2] if it[0] not in ("sweep", "intent")]


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_questions_are_answered_as_before(
    whole: Places, one_trimmed: Places, question: tuple[str, ...]
) -> None:
    assert said(one_trimmed, *question) == said(whole, *question)


@pytest.mark.parametrize("question", FAR_BACK, ids=" ".join)
def test_without_the_files_it_is_said_which_one_is_missing(
    bare: Places, question: tuple[str, ...]
) -> None:
    told = said(bare, *question)
    assert "log-0000000001" in told or "log-0000001001" in told or "2001" in told, told
    assert "trim --back" in told or '"position":2001' in told


def test_what_lies_behind_the_base_is_told_without_the_files(whole: Places, bare: Places) -> None:
    for question in (
        ("replay", "--json", "--from", "2100", "--to", "2110"),
        ("replay", "--json", "--from", "2026-11-21T00:30"),
        ("log", "--json", "--from", "2026-11-21T00:30"),
        ("explain", "--json", "2200"),
        ("sweep", "--dry-run"),
        ("intent", "list"),
        ("runs", "--json"),
    ):
        assert said(bare, *question) == said(whole, *question), question


def test_whose_run_is_over_is_known_as_long_as_the_files_are_there(
    one_trimmed: Places, bare: Places
) -> None:
    with reading_opened(one_trimmed) as log:
        closed = [*rows(log, 0, ["run-closed"])]
    left, stays = (document(row)["fact"]["run"] for row in (closed[0], closed[-1]))
    known = [
        [is_over(Place(here.data, "boot", 0), run) for run in (left, stays, "r5-9")]
        for here in (one_trimmed, bare)
    ]
    assert known == [[True, True, False], [False, True, False]]


def test_an_export_is_the_same_and_masks_what_ever_was_secret(
    whole: Places, one_trimmed: Places, bare: Places, tmp_path: Path
) -> None:
    for since in ((), ("--since", "1500"), ("--since", "2100")):
        for name, house in (("whole", whole), ("trimmed", one_trimmed)):
            (tmp_path / name).unlink(missing_ok=True)
            said(house, "export", "--bundle", str(tmp_path / name), *since)
        assert (tmp_path / "whole").read_bytes() == (tmp_path / "trimmed").read_bytes()
    told = said(bare, "export", "--bundle", str(tmp_path / "c"), "--since", "2100")
    assert "have left" in told and not (tmp_path / "c").exists()


def test_projections_are_built_anew_with_the_files_and_kept_without(trimmed: Places) -> None:
    assert "Rebuilt" in said(trimmed, "rebuild")
    shutil.rmtree(trimmed.data / "sealed")
    assert "trim --back" in said(trimmed, "rebuild")
    assert trimmed.projections.exists()
    assert '"left": 2000' in said(trimmed, "status", "--json")
    assert "records 1 to 2,000 have left the log" in said(trimmed, "status")
    assert "is not there" in said(trimmed, "doctor")


def harm(file: Path) -> None:
    """Change a record in the midst of it: its first line and its end are what they were."""
    lines = file.read_bytes().split(b"\n")
    lines[500] = lines[500].replace(b'"position"', b'"posture"', 1)
    file.write_bytes(b"\n".join(lines))


def test_projections_stay_where_a_file_is_damaged_in_its_midst(trimmed: Places) -> None:
    before = trimmed.projections.read_bytes()
    harm(file_of(trimmed, 1))
    assert "is damaged: record 1" in said(trimmed, "rebuild")
    assert trimmed.projections.read_bytes() == before


# Backups


def backup_of(here: Places, path: Path) -> Path:
    shutil.copy(here.log, path)
    return path


def test_a_backup_of_a_trimmed_log_is_put_back(trimmed: Places, tmp_path: Path) -> None:
    backup, before = backup_of(trimmed, tmp_path / "backup.sqlite"), stored(trimmed)
    assert checked(backup) == len(before)
    gone_on(trimmed, 300)
    copy = examined(backup)
    lost = given_up(trimmed, copy)
    assert (copy.left, copy.head) == (2_000, before[-1][0])
    assert (lost.after, lost.unreadable) == (copy.head, "") and lost.count >= 300
    replace(trimmed, copy, lost.after)
    assert stored(trimmed) == before
    assert verified(trimmed, quiet).violations_count == 0


def test_a_backup_from_before_the_trim_is_put_back(
    whole: Places, trimmed: Places, tmp_path: Path
) -> None:
    copy = examined(backup_of(whole, tmp_path / "backup.sqlite"))
    lost = given_up(trimmed, copy)
    assert (lost.after, lost.count) == (copy.head, 0)
    replace(trimmed, copy, lost.after)
    assert stored(trimmed) == stored(whole)


def test_a_backup_that_ends_before_the_base_is_compared_by_the_files(
    trimmed: Places, tmp_path: Path
) -> None:
    old = recorded(tmp_path / "old", records=1_400)
    copy = examined(old.log)
    assert given_up(trimmed, copy).after == copy.head < 2_000
    file_of(trimmed, 1).unlink()
    assert "is not there" in given_up(trimmed, copy).unreadable


def test_a_trimmed_backup_is_not_put_back_where_its_files_are_not(
    trimmed: Places, tmp_path: Path
) -> None:
    backup = backup_of(trimmed, tmp_path / "backup.sqlite")
    elsewhere = Places(tmp_path / "config.toml", tmp_path / "elsewhere")
    told = said(elsewhere, "restore", str(backup), "--yes")
    assert "is whole, but records 1001 to 2000 have left this log" in told
    assert not elsewhere.log.exists()
    shutil.copytree(trimmed.data / "sealed", elsewhere.data / "sealed")
    assert "Restored." in said(elsewhere, "restore", str(backup), "--yes")
    assert verified(elsewhere, quiet).violations_count == 0
    assert stored(elsewhere) == stored(trimmed)


def test_nothing_is_touched_for_a_trimmed_backup_whose_files_are_damaged(
    whole: Places, trimmed: Places, tmp_path: Path
) -> None:
    backup, before = backup_of(trimmed, tmp_path / "backup.sqlite"), stored(trimmed)
    harm(file_of(trimmed, 1))
    names = sorted(trimmed.data.iterdir())
    told = said(trimmed, "restore", str(backup), "--yes")
    assert "is whole, but sealed/" in told and "is damaged: record 1" in told
    assert stored(trimmed) == before
    assert [it for it in sorted(trimmed.data.iterdir()) if it != trimmed.lock] == names


def test_a_log_that_ends_before_the_base_of_a_backup_is_compared_by_the_files(
    trimmed: Places, tmp_path: Path
) -> None:
    copy = examined(backup_of(trimmed, tmp_path / "backup.sqlite"))
    old = recorded(tmp_path / "old", records=1_400)
    shutil.copytree(trimmed.data / "sealed", old.data / "sealed", dirs_exist_ok=True)
    lost = given_up(old, copy)
    assert (lost.after, lost.count, lost.unreadable) == (len(stored(old)), 0, "")
