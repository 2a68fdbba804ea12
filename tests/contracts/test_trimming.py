"""The beginning of a log leaves it: nothing that follows is other than it would have been."""

import os
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from actors.replay.books import BOOKS
from events.codec import parts
from events.sqlite import SqliteStore
from events.store import Snapshot, StoreError
from horarium import leaving
from horarium.bundle import masked_line
from horarium.leaving import Plan
from horarium.places import Places
from horarium.reading import opened as reading_opened
from horarium.trimming import is_loose, put_back
from horarium.verifying import verified, verified_file
from tests.contracts.trimming_steps import (
    SPOILS,
    STAYING,
    base_of,
    change,
    file_of,
    let_leave,
    minds,
    plan_of,
    quiet,
    said,
)
from tests.contracts.trimming_story import (
    STRETCH,
    copied,
    gone_on,
    recorded,
    rest,
    stored,
)


@pytest.fixture
def here(whole: Places, tmp_path: Path) -> Places:
    """One of our own, still whole."""
    return copied(whole, tmp_path)


@pytest.fixture(autouse=True)
def few_records_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "STAYING_RECORDS", STAYING)


# What leaves, and what stays


def test_whole_stretches_leave_and_their_bytes_with_them(here: Places) -> None:
    before, kept = here.log.stat().st_size, stored(here, 2 * STRETCH)
    let_leave(here, 2 * STRETCH + 10)
    assert stored(here) == kept
    assert here.log.stat().st_size < before * 0.6
    assert not here.log.with_name("log.sqlite-wal").exists()
    assert {it.name for it in here.data.iterdir()} >= {"log.sqlite", "sealed"}


@pytest.mark.parametrize("seed", range(2, 5))
def test_a_day_after_a_trim_is_the_day_that_it_would_have_been(seed: int, tmp_path: Path) -> None:
    twin = recorded(tmp_path, seed)
    (tmp_path / "other").mkdir()
    here = copied(twin, tmp_path / "other")
    let_leave(here, STRETCH * (seed % 2 + 1))
    assert base_of(here) > 0
    assert minds(here) == minds(twin)
    assert gone_on(here, 250) == gone_on(twin, 250)
    put_back(here.data)
    assert stored(here) == stored(twin)
    assert verified(here, quiet).violations_count == 0


def test_what_follows_is_sealed_and_leaves_in_its_turn(here: Places) -> None:
    let_leave(here, 2 * STRETCH)
    gone_on(here, 1_200)
    rest(here)
    assert file_of(here, 2).name == "log-0000002001-0000003000.jsonl"
    assert verified_file(file_of(here, 2), quiet).differences_count == 0
    let_leave(here, 3 * STRETCH)
    assert base_of(here) == 3 * STRETCH
    found = verified(here, quiet)
    assert (found.left, found.violations_count, found.differences_count) == (3 * STRETCH, 0, 0)


def test_what_the_actors_knew_there_is_never_pruned(trimmed: Places) -> None:
    store = SqliteStore(trimmed.log)
    for position in range(3_000, 90_000, 1_000):
        store.commit([], {}, [Snapshot("budget", 1, position, b"%d" % position)])
    known = {book.actor: store.snapshot(book.actor, book.version, 2_000) for book in BOOKS}
    store.close()
    assert {it.position for it in known.values() if it is not None} == {2_000}
    assert None not in known.values()


def test_the_newest_records_stay(here: Places) -> None:
    assert [it.until for it in plan_of(here).leaving] == [1_000, 2_000]
    assert plan_of(here, staying=10_000) == Plan([], "the newest 10,000 records stay")


def test_what_somebody_has_not_considered_stays(here: Places) -> None:
    change(here.log, "UPDATE tracking SET notification_id = 1500 WHERE application_name = 'budget'")
    plan = plan_of(here)
    assert [it.until for it in plan.leaving] == [1_000]
    assert plan.why == "budget has considered the records until 1,500"


def test_what_is_not_projected_stays(here: Places) -> None:
    here.projections.unlink()
    assert plan_of(here).leaving == []
    assert "no projections" in plan_of(here).why


def test_the_records_of_a_run_that_is_open_stay(tmp_path: Path) -> None:
    here = recorded(tmp_path, stuck=True)
    plan = plan_of(here)
    assert "is open, and its records stay" in plan.why
    assert [it.until for it in plan.leaving] < [STRETCH]


# A file that is not what was sealed


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_behind_a_file_that_is_wrong_nothing_leaves(
    here: Places, spoil: Callable[[Path], object]
) -> None:
    spoil(file_of(here, 1))
    plan = plan_of(here)
    assert ([it.until for it in plan.leaving], plan.is_wrong) == ([STRETCH], True)
    assert plan.why.startswith("sealed/log-0000001001-0000002000.jsonl is not what was sealed")


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_with_a_file_that_is_wrong_nothing_comes_back_wrong(
    trimmed: Places, spoil: Callable[[Path], object]
) -> None:
    whole = file_of(trimmed, 1).read_bytes()
    spoil(file_of(trimmed, 1))
    with pytest.raises(StoreError, match=r"sealed/log-0000001001-0000002000.jsonl"):
        put_back(trimmed.data)
    assert base_of(trimmed) == 2_000
    file_of(trimmed, 0).with_name("log-0000001001-0000002000.jsonl").write_bytes(whole)
    put_back(trimmed.data)
    assert base_of(trimmed) == 0


def test_what_is_masked_does_not_come_back(trimmed: Places) -> None:
    header, *lines = file_of(trimmed, 0).read_bytes().splitlines(keepends=True)
    envelope, link, body = parts(9, lines[8][:-1])
    lines[8] = masked_line(envelope, link, sha256(body).digest(), body) + b"\n"
    file_of(trimmed, 0).write_bytes(b"".join([header, *lines]))
    with pytest.raises(StoreError, match="is masked"):
        put_back(trimmed.data)


# Coming back


def test_all_is_put_back_byte_for_byte(whole: Places, known: Any, here: Places) -> None:
    let_leave(here, STRETCH)
    let_leave(here, 2 * STRETCH)
    assert [it.file for it in put_back(here.data)] == [
        f"sealed/{it.name}" for it in sorted((here.data / "sealed").iterdir())
    ]
    assert stored(here) == stored(whole)
    assert minds(here) == known
    assert said(here, "verify") == said(whole, "verify")
    let_leave(here, 2 * STRETCH)
    assert base_of(here) == 2 * STRETCH


# Killed on the way


class Deadly(sqlite3.Connection):
    """Kills the process that says a word so many times."""

    word, times = "", 1

    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        if sql.startswith(Deadly.word):
            Deadly.times -= 1
            if not Deadly.times:
                os.kill(os.getpid(), 9)
        return super().execute(sql, *given)


def killed(work: Callable[[], object], word: str, times: int) -> None:
    """Do it in a process that is killed at a statement."""
    if (child := os.fork()) == 0:
        really = sqlite3.connect
        Deadly.word, Deadly.times = word, times
        sqlite3.connect = lambda *given, **more: really(*given, **more, factory=Deadly)  # type: ignore[assignment]
        try:
            work()
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize(
    ("word", "times"),
    [
        ("DELETE FROM stored_events", 1),
        ("COMMIT", 1),
        ("PRAGMA wal_checkpoint", 1),
        ("VACUUM", 1),
        ("PRAGMA wal_checkpoint", 2),
    ],
)
def test_killed_while_it_leaves_the_log_is_the_old_or_the_new_one(
    whole: Places, known: Any, here: Places, word: str, times: int
) -> None:
    killed(lambda: let_leave(here, 2 * STRETCH), word, times)
    assert base_of(here) in (0, 2_000)
    assert stored(here) == stored(whole, base_of(here))
    assert minds(here) == known
    assert verified(here, quiet, recompute=False).violations_count == 0
    said(here, "trim", "--until", "2000", "--really")
    assert here.log.stat().st_size < whole.log.stat().st_size * 0.6
    with reading_opened(here) as log:
        assert not is_loose(log)


@pytest.mark.parametrize(
    ("word", "times"),
    [("BEGIN", 2), ("DELETE FROM left_stretches", 1), ("COMMIT", 2), ("DROP TABLE", 1)],
)
def test_killed_while_it_comes_back_the_log_is_right_and_the_rest_comes_later(
    whole: Places, known: Any, trimmed: Places, word: str, times: int
) -> None:
    killed(lambda: put_back(trimmed.data), word, times)
    assert base_of(trimmed) in (1_000, 2_000)
    assert stored(trimmed) == stored(whole, base_of(trimmed))
    assert minds(trimmed) == known
    assert verified(trimmed, quiet, recompute=False).violations_count == 0
    put_back(trimmed.data)
    assert stored(trimmed) == stored(whole)
