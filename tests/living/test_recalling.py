"""Actors that come back by several processes are what they are when one brings them back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from msgspec import json, msgpack

from actors.recall import Indigestible, Memory, known_of, recall
from actors.replay.books import BOOKS
from events.codec import Entry, UnreadableRecord, parts, written
from events.runs import RunStarting
from events.sqlite import SqliteStore
from events.store import Row, Snapshot
from horarium.hands import Undone
from horarium.recalling import Recalling, by_several, recalled, topics_of
from tests.rules.planted_story import lived
from tests.rules.verifying_story import stored

pytestmark = pytest.mark.living

LOG, _ = lived(BOOKS, 3)
GOLDEN = sorted(Path("tests/golden").glob("*.log"))
Rows = list[tuple[int, bytes]]
NO_TOPICS: Mapping[int, str] = {}


@pytest.fixture(autouse=True)
def short_logs_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("horarium.recalling.RECORDS_MIN", 0)
    work_with(monkeypatch, 2)


def work_with(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr("horarium.recalling.cores", lambda: cores)


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Callable[..., SqliteStore]]:
    opened = SqliteStore(tmp_path / "log.sqlite")

    def fill(
        rows: Rows, considered: int | None = None, topics: Mapping[int, str] = NO_TOPICS
    ) -> SqliteStore:
        kinds = [(at, topics.get(at, kind_in(state)), state) for at, state in rows]
        far = len(rows) if considered is None else considered
        opened.commit([Row(*row) for row in kinds], {book.actor: far for book in BOOKS})
        return opened

    yield fill
    opened.close()


def kind_in(state: bytes) -> str:
    return state.partition(b'"fact":{"kind":"')[2].partition(b'"')[0].decode()


def rows_of(path: Path) -> Rows:
    return list(enumerate(path.read_bytes().splitlines(), 1))


def several(store: SqliteStore, path: Path, **how: bool) -> dict[str, Memory[Any]]:
    known = {book.actor: known_of(book, store, frozenset()) for book in BOOKS}
    return by_several(known, store, path / "log.sqlite", **how)


def same(one: dict[str, Memory[Any]], other: dict[str, Memory[Any]]) -> None:
    assert list(one) == list(other)
    for actor, memory in one.items():
        assert memory == other[actor], actor
        assert msgpack.encode(memory.state) == msgpack.encode(other[actor].state), actor


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_they_come_back_from_a_golden_log(
    path: Path, tmp_path: Path, keep: Callable[..., SqliteStore]
) -> None:
    store = keep(rows_of(path))
    same(several(store, tmp_path), recall(BOOKS, store))


@pytest.mark.parametrize("cores", [2, 3, 4])
def test_how_many_take_part_makes_no_difference(
    cores: int, tmp_path: Path, keep: Callable[..., SqliteStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = keep(stored(LOG))
    work_with(monkeypatch, cores)
    same(several(store, tmp_path), recall(BOOKS, store))
    same(several(store, tmp_path, links=False), recall(BOOKS, store))


def test_what_was_not_considered_is_heard_again(
    tmp_path: Path, keep: Callable[..., SqliteStore]
) -> None:
    store = keep(stored(LOG), considered=len(LOG) // 2)
    found = several(store, tmp_path)
    assert any(memory.unheard for memory in found.values())
    same(found, recall(BOOKS, store))


def test_snapshots_are_begun_with_wherever_there_are_some(
    tmp_path: Path, keep: Callable[..., SqliteStore]
) -> None:
    half = len(LOG) // 2
    store = keep(stored(LOG[:half]))
    states = recall(BOOKS, store)
    kept = [
        Snapshot(book.actor, book.version, half, msgpack.encode(states[book.actor].state))
        for book in BOOKS[::2]
    ]
    rows = [Row(at, LOG[at - 1].fact.kind, state) for at, state in stored(LOG)[half:]]
    store.commit(rows, {book.actor: len(LOG) for book in BOOKS}, kept)
    same(several(store, tmp_path), recall(BOOKS, store))


def test_poison_is_passed_over_by_whomever_it_concerns(
    tmp_path: Path, keep: Callable[..., SqliteStore]
) -> None:
    store = keep(stored(LOG))
    released = position_of("work-released")
    poison = frozenset({("executor", released), ("budget", released)})
    alone = outcome(lambda: recall(BOOKS, store, poison))
    assert outcome(lambda: recalled(BOOKS, store, tmp_path / "log.sqlite", poison)) == alone
    assert alone != outcome(lambda: recall(BOOKS, store))


def outcome(way: Callable[[], dict[str, Memory[Any]]]) -> Any:
    try:
        return {name: (it.state, it.considered, it.unheard) for name, it in way().items()}
    except UnreadableRecord as error:
        return error.position, error.why
    except Indigestible as error:
        return error.actor, error.record, repr(error.__cause__)


def test_a_short_log_or_a_single_core_is_left_to_one_process(
    tmp_path: Path, keep: Callable[..., SqliteStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = keep(stored(LOG))
    monkeypatch.setattr("horarium.hands.COMMAND", ("-c", "never started"))
    work_with(monkeypatch, 1)
    with pytest.raises(Undone):
        several(store, tmp_path)
    work_with(monkeypatch, 2)
    monkeypatch.setattr("horarium.recalling.RECORDS_MIN", len(LOG) + 1)
    with pytest.raises(Undone):
        several(store, tmp_path)
    same(recalled(BOOKS, store, tmp_path / "log.sqlite"), recall(BOOKS, store))


def test_when_a_process_dies_one_does_it_all(
    tmp_path: Path, keep: Callable[..., SqliteStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = keep(stored(LOG))
    monkeypatch.setattr("horarium.hands.COMMAND", ("-c", "import os; os.kill(os.getpid(), 9)"))
    with pytest.raises(Undone):
        several(store, tmp_path)
    same(recalled(BOOKS, store, tmp_path / "log.sqlite"), recall(BOOKS, store))


def position_of(kind: str) -> int:
    return next(record.position for record in LOG if record.fact.kind == kind)


KINDS = sorted({record.fact.kind for record in LOG} - {"request-refused"})


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_kept_as_another_kind_is_told_to_whom_it_concerns_all_the_same(
    kind: str,
    tmp_path: Path,
    keep: Callable[..., SqliteStore],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("horarium.recalling.hands", in_this_process)
    store = keep(stored(LOG), topics={position_of(kind): "request-refused"})
    with pytest.raises(Undone):
        several(store, tmp_path)


class Here:
    """A hand of which no process is made."""

    def __init__(self, part: Recalling) -> None:
        self._part = part

    def look(self) -> None:
        pass

    def result(self) -> bytes:
        return self._part.done()


def in_this_process(parts: Iterable[Recalling]) -> AbstractContextManager[list[Here]]:
    return nullcontext([Here(part) for part in parts])


def followed_by(by: str, cause: int | None, fact: bytes) -> Rows:
    """The log with one more record, linked as it must be."""
    rows = stored(LOG)
    said = Entry(LOG[-1].at, cause, 1 if cause else 0, LOG[-1].fact, fact)
    state, _ = written(len(rows) + 1, by, said, parts(*rows[-1])[1])
    return [*rows, (len(rows) + 1, state)]


def changed(position: int, old: bytes, new: bytes) -> Rows:
    return [(at, state.replace(old, new) if at == position else state) for at, state in stored(LOG)]


UNASKED = json.encode(RunStarting("r1-1", "w1-1", "read", 1, 1, "command", LOG[-1].at))
BAD = {
    "a fact was changed": changed(20, b'"kind"', b'"sort"'),
    "a link was changed": changed(len(LOG) - 2, b'"hash":"', b'"hash":"0'),
    "a record is missing": [row for row in stored(LOG) if row[0] != 30],
    "an actor chokes on what it said": followed_by("executor", len(LOG), UNASKED),
    "somebody says what is not his to say": followed_by("budget", len(LOG), UNASKED),
    "a kind is unknown": followed_by("daemon", None, b'{"kind":"never-heard-of"}'),
    "what nobody hears cannot be read": followed_by("daemon", None, b'{"kind":"daemon-stopped"}'),
}


@pytest.mark.parametrize("rows", BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_said_as_by_one_process(
    rows: Rows, tmp_path: Path, keep: Callable[..., SqliteStore]
) -> None:
    store = keep(rows)
    alone = outcome(lambda: recall(BOOKS, store))
    assert outcome(lambda: recalled(BOOKS, store, tmp_path / "log.sqlite")) == alone
    with pytest.raises((Undone, UnreadableRecord, Indigestible)):
        several(store, tmp_path)


def test_what_others_hear_is_not_read_by_us() -> None:
    assert "time-passed" in topics_of(["clock"])
    assert "time-passed" not in topics_of(["budget", "executor", "phase_queue", "planner"])
    assert "funds-settled" in topics_of(["planner"]) & topics_of(["budget"])
