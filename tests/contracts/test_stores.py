"""What every store promises, asked of each of them."""

import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.codec import GENESIS, UnreadableRecord, entry, written
from events.memory import MemoryStore
from events.requests import WorkRequested
from events.sqlite import SqliteStore
from events.store import (
    Head,
    Row,
    Snapshot,
    Store,
    StoreBroken,
    StoreFull,
    StoreTaken,
    checked_pages,
    read,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EMPTY = Head(0, GENESIS)


def rows(count: int, after: Head = EMPTY, mark: str = "k") -> list[Row]:
    made, link = [], after.hash
    for position in range(after.position + 1, after.position + count + 1):
        said = entry(WorkRequested("noop", f"{mark}{position}"), NOON)
        state, link = written(position, "cli", said, link)
        made.append(Row(position, said.fact.kind, state))
    return made


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened: Store = (
        MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "log.sqlite")
    )
    yield opened
    opened.close()


def test_a_new_log_begins_before_its_first_record(store: Store) -> None:
    assert store.head() == Head(0, GENESIS)
    assert store.page() == []


def test_what_was_committed_is_read_back_in_order(store: Store) -> None:
    kept = rows(5)
    store.commit(kept)
    assert store.page() == [(row.position, row.state) for row in kept]
    assert [record.position for record in read(store, after=2)] == [3, 4, 5]
    assert store.head().position == 5


def test_a_page_is_no_longer_than_asked_for(store: Store) -> None:
    store.commit(rows(5))
    assert [position for position, _ in store.page(after=1, limit=2)] == [2, 3]


def test_a_position_that_is_taken_takes_the_whole_batch_with_it(store: Store) -> None:
    store.commit(rows(3))
    with pytest.raises(StoreTaken):
        store.commit([*rows(1, Head(3, GENESIS)), *rows(1, Head(2, GENESIS))])
    assert store.head().position == 3


def test_an_actor_that_never_considered_anything_is_not_known(store: Store) -> None:
    assert store.considered("planner") is None
    store.commit([], {"planner": 0})
    assert store.considered("planner") == 0


def test_how_far_an_actor_came_never_goes_back(store: Store) -> None:
    store.commit(rows(3), {"planner": 3})
    store.commit([], {"planner": 2})
    assert store.considered("planner") == 3


def test_the_newest_snapshot_of_a_shape_is_found(store: Store) -> None:
    for position in (10, 30, 20):
        store.commit([], {}, [Snapshot("budget", 1, position, b"%d" % position)])
    store.commit([], {}, [Snapshot("budget", 2, 40, b"other shape")])
    newest = store.snapshot("budget", 1)
    assert newest is not None and newest.position == 30
    assert store.snapshot("budget", 3) is None
    assert store.snapshot("clock", 1) is None


def test_a_chain_that_fits_is_read(store: Store) -> None:
    store.commit(rows(4))
    assert [len(page) for page in checked_pages(store)] == [4]
    assert [len(page) for page in checked_pages(store, after=2)] == [2]


def test_an_edited_record_is_named_by_its_position(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    store.commit(rows(4))
    store.close()
    with sqlite3.connect(tmp_path / "log.sqlite") as raw:
        raw.execute(
            "UPDATE stored_events SET state = CAST(replace(state, 'noop', 'evil') AS BLOB) "
            "WHERE originator_version = 3"
        )
    with pytest.raises(UnreadableRecord, match="record 3: does not fit"):
        list(checked_pages(SqliteStore(tmp_path / "log.sqlite")))


def test_a_record_that_is_missing_is_named_by_its_position(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    store.commit(rows(4))
    store.close()
    with sqlite3.connect(tmp_path / "log.sqlite") as raw:
        raw.execute("DELETE FROM stored_events WHERE originator_version = 2")
    with pytest.raises(UnreadableRecord, match="record 2"):
        list(checked_pages(SqliteStore(tmp_path / "log.sqlite")))


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (b"\xff\xfe", "not an envelope"),
        (b'{"position":1}', "not an envelope"),
        (b"", "not an envelope"),
    ],
)
def test_a_record_that_is_none_is_named_by_its_position(
    tmp_path: Path, state: bytes, why: str
) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    store.commit([Row(1, "noise", state)])
    with pytest.raises(UnreadableRecord, match=f"record 1: {why}"):
        list(checked_pages(store))


def test_an_unknown_kind_is_refused_and_nothing_is_imported(store: Store) -> None:
    body = b'{"kind":"os:system","command":"true"}'
    said = entry(WorkRequested("noop", "k"), NOON)._replace(body=body)
    store.commit([Row(1, "os:system", written(1, "cli", said, GENESIS)[0])])
    with pytest.raises(UnreadableRecord, match=r"record 1: .*os:system"):
        list(read(store))


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "mine" / "log.sqlite")
    store.commit(rows(1))
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o700
    for path in (tmp_path / "mine").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_every_commit_is_synced_before_it_counts(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    with store._recorder.datastore.transaction(commit=False) as cursor:
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone()[0] == 2


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "log.sqlite").close()
    with sqlite3.connect(tmp_path / "log.sqlite") as raw:
        raw.execute("PRAGMA user_version=99")
    with pytest.raises(StoreBroken, match="newer version"):
        SqliteStore(tmp_path / "log.sqlite")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreBroken):
        SqliteStore(tmp_path / "log.sqlite")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreBroken, match="cannot write"):
        SqliteStore(tmp_path / "file" / "log.sqlite")


def test_a_full_disk_keeps_nothing_of_a_batch_and_takes_it_later(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    store.commit(rows(1))
    pool = store._recorder.datastore
    with pool.transaction(commit=False) as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
    with pool.get_connection(commit=True) as connection:
        connection.cursor().execute(f"PRAGMA max_page_count={pages}")
    batch = rows(500, store.head())
    with pytest.raises(StoreFull):
        store.commit(batch)
    assert store.head().position == 1
    with pool.get_connection(commit=True) as connection:
        connection.cursor().execute("PRAGMA max_page_count=1000000")
    store.commit(batch)
    assert store.head().position == 501


def test_old_snapshots_are_thinned_out(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "log.sqlite")
    for position in range(2_000, 62_000, 2_000):
        store.commit([], {}, [Snapshot("budget", 1, position, b"x")])
    with sqlite3.connect(tmp_path / "log.sqlite") as raw:
        kept = [row[0] for row in raw.execute("SELECT position FROM snapshots ORDER BY 1")]
    assert kept == [2_000, 20_000, 40_000, 58_000, 60_000]
