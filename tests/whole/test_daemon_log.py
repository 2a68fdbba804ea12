"""A daemon starts on a log that is whole, and on no other."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from events.runs import RunClosed
from horarium.places import Places
from projections.database import open_readonly, place_of
from tests.whole.daemon_story import house, living, refusals, sh, whole_log

pytestmark = pytest.mark.living

ECHO = f"[actions.echo]\n{sh('echo hello')}\n"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """A data folder in which two lives went by."""
    here = house(tmp_path_factory.mktemp("lived"), ECHO)
    for _ in range(2):
        with living(here) as daemon:
            assert daemon.finished(daemon.request("echo")) == ["completed"]
            assert daemon.stop() == 0
    return here


def copied(lived: Places, folder: Path) -> Places:
    shutil.copytree(lived.data, folder / "data")
    return house(folder, ECHO)


@pytest.fixture
def here(lived: Places, tmp_path: Path) -> Places:
    """A copy of it."""
    return copied(lived, tmp_path)


def change(here: Places, *statements: str) -> None:
    with closing(sqlite3.connect(here.log)) as log:
        for statement in statements:
            log.execute(statement)
        log.commit()


def edit(here: Places) -> None:
    change(here, "UPDATE stored_events SET state = replace(state, ':', ': ') "
           "WHERE originator_version = 5")  # fmt: skip


def edit_as_bytes(here: Places) -> None:
    change(here, "UPDATE stored_events SET state = CAST(replace(state, 'echo', 'exho') AS BLOB)"
           " WHERE originator_version = 7")  # fmt: skip


def delete(here: Places) -> None:
    change(here, "DELETE FROM stored_events WHERE originator_version = 4")


def swap(here: Places) -> None:
    move = "UPDATE stored_events SET originator_version = {} WHERE originator_version = {}"
    change(here, move.format(1_000, 6), move.format(6, 7), move.format(7, 1_000))


def drop_the_end(here: Places) -> None:
    change(here, "DELETE FROM stored_events WHERE originator_version > 9")


def drop_all(here: Places) -> None:
    here.log.unlink()


def lead_with_the_head(here: Places) -> None:
    here.head.write_text(f"999 {'a' * 40}".ljust(127) + "\n")


def differ_at_the_head(here: Places) -> None:
    here.head.write_text(f"3 {'a' * 40}".ljust(127) + "\n")


def write_anew(here: Places) -> None:
    here.log.write_bytes(b"hello, I was a database once" * 400)


def come_from_the_future(here: Places) -> None:
    change(here, "PRAGMA user_version = 99")


HARMS: dict[Callable[[Places], None], str] = {
    edit: "record 5",
    edit_as_bytes: "record 7",
    delete: "record 4: missing",
    swap: "record 6",
    drop_the_end: "ends at record 9",
    drop_all: "ends at record 0",
    lead_with_the_head: "record 999",
    differ_at_the_head: "record 3",
    write_anew: "not a database",
    come_from_the_future: "newer version",
}


@pytest.fixture(scope="module")
def told(
    lived: Places, tmp_path_factory: pytest.TempPathFactory
) -> dict[Callable[[Places], None], tuple[int, str]]:
    """What daemons say that are started on such logs."""
    houses = [copied(lived, tmp_path_factory.mktemp("harmed")) for _ in HARMS]
    for harm, here in zip(HARMS, houses, strict=True):
        harm(here)
    return dict(zip(HARMS, refusals(houses), strict=True))


@pytest.mark.parametrize("harm", HARMS)
def test_a_log_that_is_not_whole_is_refused_by_position(
    told: dict[Callable[[Places], None], tuple[int, str]], harm: Callable[[Places], None]
) -> None:
    code, lines = told[harm]
    assert code == 70
    assert HARMS[harm] in lines and "restore" in lines and len(lines.splitlines()) == 1


def damage(path: Path) -> None:
    path.write_bytes(b"no projections here" * 1_000)


def damage_within(path: Path) -> None:
    """The first page is left, so that it is found only when the rest is read."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = DELETE")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


@pytest.mark.parametrize("harm", [damage, damage_within])
def test_projections_that_are_no_good_are_made_anew(
    here: Places, harm: Callable[[Path], None]
) -> None:
    harm(here.projections)
    with living(here) as daemon:
        work = daemon.request("echo")
        assert daemon.finished(work) == ["completed"]
        daemon.projected()
        assert len(daemon.told("runs")) == len(daemon.facts(RunClosed)) == 3
        assert daemon.stop() == 0


@pytest.fixture
def older(here: Places, tmp_path: Path) -> Iterator[Places]:
    """The log alone was put back to where it was a run ago."""
    shutil.copy(here.log, tmp_path / "older.sqlite")
    with living(here) as daemon:
        assert daemon.finished(daemon.request("echo")) == ["completed"]
        assert daemon.stop() == 0
    shutil.copy(tmp_path / "older.sqlite", here.log)
    here.head.unlink()
    yield here


def test_projections_of_another_past_begin_anew(older: Places) -> None:
    with living(older) as daemon:
        assert daemon.projected().told("status")["head"] == len(daemon.log())
        assert len(daemon.told("runs")) == 2
        assert daemon.stop() == 0
    log = whole_log(older)
    with closing(open_readonly(older.projections)) as connection:
        assert place_of(connection).hash == log[-1].hash
