"""The projections as of any record are what a rebuild of the log up to there says."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec.structs import replace

from events.codec import entry, written
from events.record import Record
from events.sqlite import SqliteStore
from events.store import Row
from horarium.asof import as_of, opened_log
from horarium.places import Places, places
from horarium.points import NoSuchPoint, Point, position_of
from projections import checkpoints
from projections.database import place_of
from projections.past import checkpoint_before
from projections.projector import Projector, rebuild
from projections.tables import TABLES
from tests.rules.projection_script import logs
from tests.rules.projection_story import LIFE, NOON, log
from tests.rules.test_projections_properties import dump, from_scratch

EVERY = 7

often = settings(max_examples=40, deadline=None)


@pytest.fixture(autouse=True)
def frequent_checkpoints() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "EVERY_RECORDS", EVERY)
        yield


@pytest.fixture
def here(tmp_path: Path) -> Places:
    return places(data=str(tmp_path))


def kept(here: Places, records: list[Record]) -> list[Record]:
    """Append them to the log in a folder; as they come back from there."""
    store = SqliteStore(here.log)
    head, link = store.head()
    rows, back = [], []
    for position, record in enumerate(records, head + 1):
        state, link = written(position, "x", entry(record.fact, record.at, record.cause), link)
        rows.append(Row(position, record.fact.kind, state))
        back.append(replace(record, position=position, by="x", hash=link))
    store.commit(rows)
    store.close()
    return back


def projected(here: Places, records: list[Record], sizes: Iterator[int]) -> None:
    projector = Projector(here.projections)
    while projector.position < len(records):
        projector.apply(records[: projector.position + next(sizes)])
    projector.close()


def seen(here: Places, point: Point) -> dict[str, list[Any]]:
    with opened_log(here) as log, as_of(here, log, point) as connection:
        return dump(connection)


def forever(size: int) -> Iterator[int]:
    while True:
        yield size


@often
@for_any(logs(), some.data())
def test_as_of_any_record_is_a_rebuild_up_to_there(
    records: list[Record], data: some.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        here = places(data=folder)
        records = kept(here, records)
        projected(here, records, iter(lambda: data.draw(some.integers(1, 9)), None))
        for position in {0, len(records), *data.draw(some.sets(some.integers(0, len(records))))}:
            assert seen(here, position) == from_scratch(records[:position])


@often
@for_any(logs(), some.data())
def test_as_of_a_time_is_the_prefix_before_the_first_later_record(
    records: list[Record], data: some.DataObject
) -> None:
    seconds = some.integers(0, 40)
    times = data.draw(some.lists(seconds, min_size=len(records), max_size=len(records)))
    wanted = NOON + timedelta(seconds=data.draw(seconds))
    with TemporaryDirectory() as folder:
        here = places(data=folder)
        pairs = zip(records, times, strict=True)  # A clock may go back.
        records = [replace(record, at=NOON + timedelta(seconds=at)) for record, at in pairs]
        records = kept(here, records)
        projected(here, records, forever(3))
        later = (record.position for record in records if record.at > wanted)
        expected = next(later, len(records) + 1) - 1
        with opened_log(here) as log, as_of(here, log, wanted) as connection:
            assert place_of(connection).position == expected
            assert dump(connection) == from_scratch(records[:expected])


def test_a_checkpoint_is_used_where_there_is_one_and_missed_where_there_is_none(
    here: Places,
) -> None:
    records = kept(here, log(*LIFE, *LIFE))
    projected(here, records, forever(1))
    point = checkpointed(here, 9, {record.position: record.hash for record in records})
    assert point == EVERY
    with_it = seen(here, 9)
    here.projections.unlink()
    assert seen(here, 9) == with_it == from_scratch(records[:9])


def checkpointed(here: Places, position: int, links: dict[int, str]) -> int | None:
    connection = sqlite3.connect(here.projections)
    found = checkpoint_before(connection, position, links.get)
    connection.close()
    return found.position if found else None


def test_projections_of_another_log_are_not_believed(here: Places) -> None:
    rebuild(here.projections, [log(*LIFE)])
    records = kept(here, log(*reversed(LIFE)))
    assert seen(here, 9) == from_scratch(records[:9])


def test_projections_that_are_behind_are_folded_on(here: Places) -> None:
    records = kept(here, log(*LIFE))
    projected(here, records[:8], forever(8))
    assert seen(here, 10) == from_scratch(records[:10])


def test_projections_that_were_filled_without_checkpoints_are_made_anew(here: Places) -> None:
    records = kept(here, log(*LIFE))
    projected(here, records, forever(4))
    with sqlite3.connect(here.projections) as older:
        for row in TABLES:
            older.execute(f"DROP TABLE {checkpoints.kept_table(row)}")
            older.execute(f"DROP TRIGGER {checkpoints.kept_table(row)}_changed")
        older.execute("DROP TABLE checkpoints")
    older.close()
    assert seen(here, 9) == from_scratch(records[:9])
    projector = Projector(here.projections)
    assert projector.position == 0
    projector.close()


def test_a_batch_that_fails_makes_no_checkpoint(here: Places) -> None:
    records = kept(here, log(*LIFE))
    projector = Projector(here.projections)
    projector.apply(records[:3])
    with sqlite3.connect(here.projections) as meddler:
        meddler.execute(
            "CREATE TRIGGER full BEFORE INSERT ON checkpoints BEGIN SELECT raise(ABORT, 'x'); END"
        )
        with pytest.raises(sqlite3.IntegrityError):
            projector.apply(records[:9])
        meddler.execute("DROP TRIGGER full")
    meddler.close()
    projector.apply(records)
    projector.close()
    assert seen(here, 9) == from_scratch(records[:9])


def test_a_point_behind_the_end_is_refused_and_a_time_behind_it_is_the_end(here: Places) -> None:
    kept(here, log(*LIFE))
    with opened_log(here) as connection:
        with pytest.raises(NoSuchPoint, match="the log ends at 10; there is no record 11"):
            position_of(connection, 11)
        assert position_of(connection, datetime(2100, 1, 1, tzinfo=UTC)) == len(LIFE)
        assert position_of(connection, datetime(2000, 1, 1, tzinfo=UTC)) == 0


def test_nothing_is_left_behind_and_nothing_changed(here: Places) -> None:
    records = kept(here, log(*LIFE, *LIFE))
    projected(here, records, forever(2))
    before = {file.name: file.read_bytes() for file in here.data.iterdir()}
    seen(here, 9)
    seen(here, NOON + timedelta(seconds=5))
    assert {file.name: file.read_bytes() for file in here.data.iterdir()} == before


def test_the_file_itself_cannot_be_written_through_the_past(here: Places) -> None:
    records = kept(here, log(*LIFE))
    projected(here, records, forever(2))
    with opened_log(here) as log_, as_of(here, log_, 9) as connection:
        assert writes_refused(connection)


def writes_refused(connection: Connection) -> bool:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM main.works")
    return True
