"""A log that several processes look through is judged as by one."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from actors.replay.books import BOOKS
from events.budget import FundsSettled
from events.codec import read
from events.plan import OccurrenceSkipped
from events.record import Record
from events.sqlite import SqliteStore
from events.store import Row
from horarium.hands import Undone
from horarium.places import Places, places
from horarium.verifying import _verified, verified
from tests.rules.planted_story import Books, deaf, lived, never, saying, with_
from tests.rules.verifying_story import stored

pytestmark = pytest.mark.living

LOG, _ = lived(BOOKS, 3)
GOLDEN = sorted(Path("tests/golden").glob("*.log"))


@pytest.fixture(autouse=True)
def short_logs_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("horarium.deciding.RECORDS_MIN", 0)
    monkeypatch.setattr("horarium.deciding.cores", lambda: 3)


def filled(
    folder: Path, rows: Sequence[tuple[int, bytes]], considered: int | None = None
) -> Places:
    here = places(str(folder / "config.toml"), str(folder))
    store = SqliteStore(here.log)
    far = len(rows) if considered is None else considered
    kept = [Row(at, read(at, state).fact.kind, state) for at, state in rows]
    store.commit(kept, {book.actor: far for book in BOOKS})
    store.close()
    return here


def nothing(position: int) -> None:
    pass


def seen_alike(here: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    found = verified(here, nothing)
    monkeypatch.setattr("horarium.deciding.cores", lambda: 1)
    assert found == verified(here, nothing)


def test_a_whole_log_is_judged_by_several(tmp_path: Path) -> None:
    here, seen = filled(tmp_path, stored(LOG)), list[int]()
    found = _verified(here, seen.append, (), others=True)
    assert (found.records, found.violations, found.differences) == (len(LOG), [], [])
    assert seen[-1] == len(LOG)
    assert found == _verified(here, nothing, BOOKS)


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_a_golden_log_is_judged_alike(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(enumerate(path.read_bytes().splitlines(), 1))
    seen_alike(filled(tmp_path, rows), monkeypatch)


OTHERS: dict[str, Callable[[], Books]] = {
    "costs something else": lambda: saying(
        "budget", FundsSettled, with_(cost_usd_micros=lambda it: 1)
    ),
    "passes nothing over": lambda: saying("planner", OccurrenceSkipped, never),
    "does not hear of money": lambda: deaf("executor", FundsSettled),
}


@pytest.mark.parametrize("books", OTHERS.values(), ids=OTHERS.keys())
def test_what_others_decided_is_told_alike(
    books: Callable[[], Books], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_alike(filled(tmp_path, stored(lived(books(), 3)[0])), monkeypatch)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM stored_events WHERE originator_version = 100",
        "DELETE FROM stored_events WHERE originator_version > 300",
        "UPDATE stored_events SET state = CAST(state AS TEXT) WHERE originator_version = 7",
        "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'timer', 'tamer') "
        "AS BLOB) WHERE originator_version = 200",
        "UPDATE stored_events SET state = x'7b7d' WHERE originator_version = 200",
        "UPDATE tracking SET notification_id = notification_id + 5",
    ],
)
def test_what_is_wrong_is_found_alike(
    statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = filled(tmp_path, stored(LOG))
    with closing(sqlite3.connect(here.log)) as connection:
        connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")
    seen_alike(here, monkeypatch)


def test_decisions_that_are_lost_at_the_end_are_found_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without: list[Record] = LOG[: max(r.position for r in LOG if type(r.fact) is FundsSettled) - 1]
    seen_alike(filled(tmp_path, stored(without)), monkeypatch)


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_when_a_process_dies_one_does_it_all(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = filled(tmp_path, stored(LOG))
    monkeypatch.setattr("horarium.hands.COMMAND", ("-c", code))
    with pytest.raises(Undone):
        _verified(here, nothing, (), others=True)
    seen_alike(here, monkeypatch)


def test_nothing_is_left_beside_the_log(tmp_path: Path) -> None:
    here = filled(tmp_path, stored(LOG))
    before = sorted(tmp_path.iterdir())
    verified(here, nothing)
    assert sorted(tmp_path.iterdir()) == before
