"""A log lived again step by step: nothing is lost, nothing is invented."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec import UNSET, msgpack

from actors.replay.books import BOOKS
from actors.replay.stepping import Change, Mind, Step, Unlivable, differences, walk
from events.record import Record
from tests.rules.stepping_story import lived

WORLD = lived()
LAG = max(r.position - (r.cause or 0) for r in WORLD.log if r.by in WORLD.books)


def minds() -> dict[str, Mind]:
    return {book.actor: Mind(book) for book in BOOKS}


def stepped(log: Sequence[Record] = tuple(WORLD.log), lag: int = LAG, start: int = 0) -> list[Step]:
    return list(walk(log, minds(), lag, start))


def test_in_the_end_every_actor_knows_what_it_knew() -> None:
    found = minds()
    steps = list(walk(WORLD.log, found, LAG))
    assert [step.record for step in steps] == WORLD.log
    for name, mind in found.items():
        assert msgpack.encode(mind.state) == msgpack.encode(WORLD.states[name])


def test_every_decision_is_shown_once_where_it_was_caused() -> None:
    shown = [
        (step.record.position, each.actor, record.position)
        for step in stepped()
        for each in step.considered
        for record in each.decided
    ]
    made = [(r.cause, r.by, r.position) for r in WORLD.log if r.by in WORLD.books]
    assert sorted(shown) == sorted((cause or 0, by, position) for cause, by, position in made)


def test_what_was_known_follows_from_what_was_changed() -> None:
    """An actor that did not change knows the same the next time, and one that did does not."""
    known: dict[str, tuple[str, bool]] = {}
    for step in stepped():
        for each in step.considered:
            knew, changed = known.get(each.actor, ("", True))
            if knew:
                assert (each.knew != knew) == changed
            known[each.actor] = each.knew, bool(each.changed)


@settings(max_examples=20, deadline=None)
@for_any(some.integers(1, len(WORLD.log)))
def test_a_walk_may_begin_anywhere(start: int) -> None:
    assert stepped(start=start) == stepped()[start - 1 :]


def test_a_change_is_named_as_deep_down_as_it_goes() -> None:
    paths = {
        f"{each.actor}: {change.path}"
        for step in stepped()
        for each in step.considered
        for change in each.changed
    }
    run = next(r.fact.run for r in WORLD.log if hasattr(r.fact, "run"))
    assert {"budget: purse.categories.work.reserved", f"executor: runs.{run}"} <= paths


def test_what_was_decided_too_late_for_the_window_is_learned_all_the_same() -> None:
    """Of a decision that stands far behind its cause nothing is lost but its place."""
    records = [r for r in WORLD.log if r.by in WORLD.books and r.cause]
    last = max(records, key=lambda record: record.position - (record.cause or 0))
    before = WORLD.log[: last.position - 1]
    found, window = {last.by: Mind(WORLD.books[last.by])}, last.position - (last.cause or 0) - 1
    list(walk([*before, last], found, window))
    expected = {last.by: Mind(WORLD.books[last.by])}
    list(walk([*before, last], expected, LAG))
    assert msgpack.encode(found[last.by].state) == msgpack.encode(expected[last.by].state)


def test_a_record_that_cannot_be_lived_is_named() -> None:
    def choke(state: Any, fact: Any, at: Any) -> None:
        raise KeyError("w0-1")

    poor = Mind(WORLD.books["budget"]._replace(evolve=choke))
    heard = next(r for r in WORLD.log if type(r.fact) in poor.rules.hears)
    with pytest.raises(Unlivable, match=f"record {heard.position}: too much for budget: KeyError"):
        list(walk(WORLD.log, {"budget": poor}, LAG))


PLAIN = some.recursive(
    some.none() | some.integers() | some.text(max_size=3),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(some.text("ab", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@for_any(PLAIN, PLAIN)
def test_a_difference_is_found_exactly_where_there_is_one(before: Any, after: Any) -> None:
    found = list(differences(before, after, "x"))
    assert bool(found) == (before != after)
    assert all(change.before != change.after for change in found)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [Change("x.a.b", 1, 2)]),
        ({"a": 1}, {}, [Change("x.a", 1, UNSET)]),
        ({}, {"a": 1}, [Change("x.a", UNSET, 1)]),
        ([1, 2, 3], [1, 3], [Change("x[1:]", [2], UNSET)]),
        ([1, 3], [1, 2, 3], [Change("x[1:]", UNSET, [2])]),
        ([1, {"a": 1}], [1, {"a": 2}], [Change("x[1].a", 1, 2)]),
    ],
    ids=["deep", "gone", "new", "left a list", "came into a list", "within a list"],
)
def test_differences_are_told_as_paths(before: Any, after: Any, changes: list[Change]) -> None:
    assert list(differences(before, after, "x")) == changes
