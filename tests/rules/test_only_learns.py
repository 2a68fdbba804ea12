"""What rules say they never decide upon, they do not decide upon."""

from typing import Any

import pytest

from actors.replay.books import BOOKS
from actors.rules import Rules
from events.catalogue import AnyDecision
from tests.rules.planted_story import lived


def asked_about_everything(book: Rules[Any]) -> Rules[Any]:
    return book._replace(only_learns=frozenset())


@pytest.mark.parametrize("book", BOOKS, ids=[book.actor for book in BOOKS])
def test_rules_hear_what_they_only_learn(book: Rules[Any]) -> None:
    assert book.only_learns <= book.hears


@pytest.mark.parametrize("seed", range(8))
def test_a_world_asked_about_everything_is_the_same_world(seed: int) -> None:
    assert lived(tuple(map(asked_about_everything, BOOKS)), seed) == lived(BOOKS, seed)


@pytest.mark.parametrize("book", BOOKS, ids=[book.actor for book in BOOKS])
def test_asked_about_what_they_only_learn_rules_keep_silent(book: Rules[Any]) -> None:
    state, decided = book.state(), list[AnyDecision]()
    for record in lived(BOOKS, 3)[0]:
        if record.by != book.actor:
            book.consider(state, record)
            if type(record.fact) in book.only_learns:
                decided += book.decide(state, record)
    assert decided == []
