"""What a daemon and `verify` make of a log that something has left."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.replay.books import BOOKS
from events.policies import Storage
from events.sqlite import SqliteStore
from events.store import RecordsLeft, StoreError, check_links, link_at, pages
from horarium.daemon.opening import opened
from horarium.places import Places
from horarium.verifying import verified, verified_file
from tests.contracts.trimming_steps import SPOILS, base_of, change, file_of, quiet, said
from tests.contracts.trimming_story import (
    stored,
)

# What the daemon begins with


class Newer:
    """A book whose actor remembers in another way."""

    def __init__(self, book: Any) -> None:
        self._book, self.version = book, book.version + 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._book, name)


NEWER: list[Any] = [Newer(book) if book.actor == "planner" else book for book in BOOKS]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    told: list[str] = []
    monkeypatch.setattr("horarium.daemon.opening.say", lambda level, words: told.append(words))
    yield told


def test_a_daemon_begins_from_what_was_known_at_the_base(trimmed: Places, lines: list[str]) -> None:
    store = opened(trimmed.data, Storage(), BOOKS)
    assert (store.base().position, lines) == (2_000, [])
    store.close()


def test_one_whose_rules_remember_otherwise_puts_back_what_left(
    whole: Places, trimmed: Places, lines: list[str]
) -> None:
    opened(trimmed.data, Storage(), NEWER).close()
    why = "planner remembers in another way now"
    assert lines == [f"records 1 to 2000 have left the log and are put back: {why}"]
    assert stored(trimmed) == stored(whole)


def test_so_does_one_whose_memories_cannot_be_read(trimmed: Places, lines: list[str]) -> None:
    change(trimmed.log, "UPDATE snapshots SET state = x'c1' WHERE actor = 'budget'")
    opened(trimmed.data, Storage(), BOOKS).close()
    assert base_of(trimmed) == 0 and "budget" in lines[0]


@pytest.mark.parametrize(
    "statement", ["PRAGMA user_version = 7", "UPDATE positions SET hash = 'another'"]
)
def test_so_does_one_that_makes_its_projections_anew(
    trimmed: Places, lines: list[str], statement: str
) -> None:
    change(trimmed.projections, statement)
    opened(trimmed.data, Storage(), BOOKS).close()
    assert base_of(trimmed) == 0 and "the projections are made anew" in lines[0]


def test_without_the_files_it_does_not_begin(trimmed: Places, lines: list[str]) -> None:
    file_of(trimmed, 0).unlink()
    opened(trimmed.data, Storage(), BOOKS).close()
    with pytest.raises(StoreError, match=r"^planner remembers in .* needed from record 1 on, but .*"
                       r"log-0000000001-0000001000.jsonl is not there: bring it"):  # fmt: skip
        opened(trimmed.data, Storage(), NEWER)
    assert (base_of(trimmed), lines) == (2_000, [])


def test_a_store_says_what_has_left_it(trimmed: Places) -> None:
    store = SqliteStore(trimmed.log)
    link = store.base().hash
    assert link_at(store, 2_000) == link
    check_links(store, 0, store.head().position)
    for asked in (lambda: link_at(store, 1_999), lambda: [*pages(store)], lambda: store.page()):
        with pytest.raises(RecordsLeft, match="records 1 to 2000 have left this log"):
            asked()
    store.close()


# Verify


def test_with_the_files_all_of_it_is_verified(whole: Places, trimmed: Places) -> None:
    found = verified(trimmed, quiet)
    assert found == verified(whole, quiet)._replace(left=2_000)
    assert "Records 1 to 2,000 have left this log, and were read" in said(trimmed, "verify")


@pytest.mark.parametrize("number", [0, 1])
def test_without_one_of_them_it_begins_at_the_base_and_says_so(
    trimmed: Places, number: int
) -> None:
    name = file_of(trimmed, number).name
    file_of(trimmed, number).unlink()
    found = verified(trimmed, quiet)
    assert (found.after, found.left, found.violations_count) == (2_000, 2_000, 0)
    assert (found.differences_count, found.undecided) == (0, ())
    assert f"{name} is not there" in said(trimmed, "verify")
    assert f"{name} is not there" in said(trimmed, "verify", "--json")


def test_an_edited_file_is_found_at_its_record(trimmed: Places) -> None:
    SPOILS["is edited"](file_of(trimmed, 1))
    found = verified(trimmed, quiet)
    assert found.violations[0].invariant == "chain"
    assert 1_000 < found.violations[0].position <= 2_000
    assert found.violations[0].reason.endswith(f"(in sealed/{file_of(trimmed, 1).name})")


@pytest.mark.parametrize("name", ["ends early", "is empty"])
def test_a_file_that_is_none_is_found(trimmed: Places, name: str) -> None:
    SPOILS[name](file_of(trimmed, 1))
    assert verified(trimmed, quiet).violations_count > 0


def test_a_file_in_the_place_of_another_is_not_taken_for_it(trimmed: Places) -> None:
    SPOILS["is another"](file_of(trimmed, 1))
    found = verified(trimmed, quiet)
    assert found.after == 2_000 and "holds other records" in found.missing


def test_an_edited_log_behind_the_base_is_found(trimmed: Places) -> None:
    change(
        trimmed.log,
        "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'often', 'oftem') AS "
        "BLOB) WHERE originator_version = 2001",
    )
    assert [wrong.position for wrong in verified(trimmed, quiet).violations][:1] == [2_001]
    file_of(trimmed, 0).unlink()
    assert [wrong.position for wrong in verified(trimmed, quiet).violations][:1] == [2_001]


def test_a_copy_of_a_trimmed_log_verifies_alone(trimmed: Places, tmp_path: Path) -> None:
    shutil.copy(trimmed.log, tmp_path / "copy.sqlite")
    found = verified_file(tmp_path / "copy.sqlite", quiet)
    assert (found.after, found.violations_count, found.differences_count) == (2_000, 0, 0)
    assert found.undecided == ()
