"""Stretches of the log in files of their own: whole, readable alone, and at one with the log."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from events.cleanup import Seal
from events.codec import UnreadableRecord
from events.sqlite import SqliteStore
from events.store import Row
from horarium.bundle import BadLog
from horarium.cli import horarium
from horarium.places import Places
from horarium.replacing import examined, given_up, replace
from horarium.sweeping import sealing
from horarium.sweeping.finding import Place
from horarium.sweeping.neighbourhood import Neighbourhood
from horarium.verifying import verified, verified_file

LIVED = Path(__file__).parents[1] / "golden" / "0.2.0-simulated.log"
RECORDS = len(LIVED.read_bytes().splitlines())


@pytest.fixture
def here(tmp_path: Path) -> Places:
    """A data folder with a log that was lived."""
    data = tmp_path / "data"
    stored(data / "log.sqlite", RECORDS)
    return Places(tmp_path / "config.toml", data)


def stored(path: Path, records: int) -> None:
    store = SqliteStore(path)
    lines = LIVED.read_bytes().splitlines()[:records]
    kinds = (orjson.loads(line)["fact"]["kind"] for line in lines)
    store.commit([Row(nth, kind, line) for nth, (kind, line) in enumerate(zip(kinds, lines), 1)])  # noqa: B905
    store.close()


def seal(here: Places, after: int, until: int) -> Path:
    done = sealing.seal(here.data, after, until, by="test")
    path = here.data / done.file
    assert (done.after, done.until, done.bytes) == (after, until, path.stat().st_size)
    assert path.stat().st_mode & 0o077 == 0
    return path


def quiet(position: int) -> None:
    """Nobody watches."""


def test_a_stretch_stands_in_a_file_that_verifies_alone(here: Places) -> None:
    found = verified_file(seal(here, 0, 200), quiet)
    assert (found.after, found.records, found.violations_count) == (0, 200, 0)
    assert found.differences_count == 0


def test_the_next_begins_where_it_ends_and_knows_what_was_known(here: Places) -> None:
    seal(here, 0, 200)
    second = verified_file(seal(here, 200, 400), quiet)
    assert (second.after, second.records, second.violations_count) == (200, 200, 0)
    assert second.differences_count == 0
    told = CliRunner().invoke(horarium, ["verify", "--log", str(seal(here, 400, 500))])
    assert (told.exit_code, "100 records, nothing wrong" in told.output) == (0, True), told.output


def test_the_records_stand_as_they_are_and_the_log_keeps_them(here: Places) -> None:
    before = LIVED.read_bytes().splitlines()
    lines = seal(here, 200, 400).read_bytes().splitlines()
    assert lines[-200:] == before[200:400]
    assert verified(here, quiet).records == RECORDS


def test_it_is_written_in_a_process_of_its_own(here: Places) -> None:
    around = Neighbourhood(Place(here.data, "boot", 0))
    done = around.seal(Seal(0, 100))
    assert verified_file(here.data / done.file, quiet).records == 100
    with pytest.raises(OSError, match="record 99999 is missing"):
        around.seal(Seal(100, 99_999))
    assert [path.name for path in (here.data / "sealed").iterdir()] == [Path(done.file).name]


def test_a_damaged_log_is_not_sealed(here: Places) -> None:
    changed = LIVED.read_bytes().splitlines()[49].replace(b'"at":"2', b'"at":"3', 1)
    with closing(sqlite3.connect(here.log)) as log, log:
        log.execute("UPDATE stored_events SET state = ? WHERE originator_version = 50", (changed,))
    with pytest.raises((BadLog, UnreadableRecord)):
        sealing.seal(here.data, 0, 100, by="test")
    assert list((here.data / "sealed").iterdir()) == []


def test_verify_finds_a_log_that_is_not_the_one_that_was_sealed(here: Places) -> None:
    path = seal(here, 0, 200)
    assert verified(here, quiet).violations_count == 0
    lines = path.read_bytes().splitlines()
    header = orjson.loads(lines[0]) | {"last": "0" * 40}
    path.write_bytes(b"\n".join([orjson.dumps(header), *lines[1:]]) + b"\n")
    (wrong,) = verified(here, quiet, recompute=False).violations
    assert (wrong.invariant, wrong.position) == ("seal", 200)
    path.write_bytes(b"torn")
    (wrong,) = verified(here, quiet, recompute=False).violations
    assert wrong.reason == f"{path.name} cannot be read"


def test_a_backup_that_is_put_back_takes_the_seals_behind_it_away(
    here: Places, tmp_path: Path
) -> None:
    kept, given = seal(here, 0, 100), seal(here, 100, 400)
    stored(tmp_path / "backup.sqlite", 300)
    copy = examined(tmp_path / "backup.sqlite")
    aside = replace(here, copy, given_up(here, copy).after)
    assert aside is not None and (aside / "sealed" / given.name).exists()
    assert (kept.exists(), given.exists()) == (True, False)
    assert verified(here, quiet).violations_count == 0


def test_a_folder_that_is_a_link_is_given_nothing_secret(here: Places, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (here.data / sealing.FOLDER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(sealing.CannotSeal, match="is a link"):
        sealing.seal(here.data, 0, 200, by="test")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_pipe_that_is_called_like_a_sealed_file_does_not_hold_up_verify(here: Places) -> None:
    (here.data / sealing.FOLDER).mkdir()
    os.mkfifo(here.data / sealing.FOLDER / "log-1.jsonl")
    [found] = verified(here, quiet).violations
    assert found.reason == "log-1.jsonl cannot be read"
