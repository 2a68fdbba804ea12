"""What is decided differently now, and that one difference does not hide the next."""

from collections.abc import Iterator, Sequence
from typing import Any

from actors.replay.books import BOOKS
from actors.replay.recompute import Difference, Recompute
from actors.rules import Rules
from events.budget import FundsReserved, FundsSettled
from events.catalogue import AnyDecision
from events.plan import OccurrenceSkipped
from events.record import Record
from events.runs import RunClosed
from events.work import WorkReleased
from tests.rules.planted_story import Books, deaf, learning, lived, never, saying, with_

LOG, _ = lived(BOOKS, 3)
EVERYTHING = {book.actor: len(LOG) for book in BOOKS}


def differences(
    books: Books, log: Sequence[Record] = LOG, considered: dict[str, int] = EVERYTHING
) -> list[Difference]:
    found: list[Difference] = []
    again = Recompute(books, found.append)
    for start in range(0, len(log), 100):
        again.take(log[start : start + 100])
    again.finish(considered)
    return found


def of(kind: type[Any]) -> list[Record]:
    return [record for record in LOG if type(record.fact) is kind]


def test_the_same_rules_decide_the_same() -> None:
    assert differences(BOOKS) == []


def test_another_rule_is_told_with_both_decisions_wherever_it_would_decide() -> None:
    cheaper = saying("budget", FundsSettled, with_(cost_usd_micros=lambda it: 1))
    found = differences(cheaper)
    assert [it.cause for it in found] == [record.cause for record in of(FundsSettled)]
    assert {it.actor for it in found} == {"budget"}
    assert [it.then for it in found] == [record.fact for record in of(FundsSettled)]
    assert all(isinstance(it.now, FundsSettled) and it.now.cost_usd_micros == 1 for it in found)


def test_a_rule_that_would_keep_silent_is_told_with_nothing_now() -> None:
    found = differences(saying("planner", OccurrenceSkipped, never))
    assert [(it.cause, it.now) for it in found] == [
        (record.cause, None) for record in of(OccurrenceSkipped)
    ]


def test_a_rule_that_would_speak_is_told_with_nothing_then() -> None:
    wordy = saying("planner", OccurrenceSkipped, lambda decision: (decision, decision))
    found = differences(wordy)
    assert [(it.cause, it.then) for it in found] == [
        (record.cause, None) for record in of(OccurrenceSkipped)
    ]


def test_what_was_recorded_is_gone_on_with() -> None:
    """A first decision that differs does not make all that follows from it differ."""
    first = of(WorkReleased)[0]
    other = saying(
        "phase_queue",
        WorkReleased,
        with_(ceiling_usd_micros=lambda it: it.ceiling_usd_micros + (it == first.fact)),
    )
    assert [(it.actor, it.cause) for it in differences(other)] == [("phase_queue", first.cause)]


def test_a_decision_missing_at_the_tail_is_seen_where_its_actor_had_come_so_far() -> None:
    settled = of(FundsSettled)[-1]
    assert settled.cause is not None
    cut = LOG[: settled.position - 1]
    later = {actor: min(position, len(cut)) for actor, position in EVERYTHING.items()}
    missing = [it for it in differences(BOOKS, cut, later) if it.actor == "budget"]
    assert [(it.cause, it.now, it.tail) for it in missing] == [(settled.cause, settled.fact, True)]
    before = {**later, "budget": settled.cause - 1}
    assert [it for it in differences(BOOKS, cut, before) if it.actor == "budget"] == []


def test_half_of_what_was_decided_upon_one_fact_is_seen_whatever_was_considered() -> None:
    closed = of(RunClosed)[-1]
    assert LOG[closed.position].cause == closed.cause, "something follows in the same breath"
    found = differences(BOOKS, LOG[: closed.position], {})
    assert [(it.cause, it.tail) for it in found] == [(closed.cause, True)]


def test_rules_that_choke_are_told_once_and_asked_no_more() -> None:
    def decide(state: Any, record: Record) -> Iterator[AnyDecision]:
        if record.position > 50:
            raise KeyError("w1-1")
        yield from ()

    def choking(book: Rules[Any]) -> Rules[Any]:
        return book._replace(decide=decide) if book.actor == "cleanup" else book

    found = differences(tuple(choking(book) for book in BOOKS))
    assert [(it.actor, it.choked) for it in found] == [("cleanup", "KeyError: 'w1-1'")]


def test_rules_that_learn_less_are_given_away() -> None:
    assert differences(deaf("budget", FundsReserved))


def test_an_actor_begins_with_the_state_it_is_given() -> None:
    middle = next(
        record.position
        for record in LOG[300:]
        if LOG[record.position].by == "timer"  # Time passes when nobody has more to say.
    )
    states = {book.actor: book.state() for book in BOOKS}
    for book in BOOKS:
        for record in LOG[:middle]:
            if record.by != book.actor:
                book.consider(states[book.actor], record)
    found: list[Difference] = []
    again = Recompute(BOOKS, found.append, states)
    again.take(LOG[middle:])
    again.finish(EVERYTHING)
    assert found == []


def test_a_planted_state_is_given_away_by_every_actor() -> None:
    for actor in ("clock", "planner", "phase_queue", "budget", "executor"):
        assert differences(learning(actor, lambda state, fact, at: None)), actor


def test_what_different_actors_decide_differently_is_told_in_the_order_of_the_log() -> None:
    both = saying("planner", OccurrenceSkipped, never)
    both = saying("budget", FundsSettled, with_(cost_usd_micros=lambda it: 1), both)
    found = differences(both)
    assert {it.actor for it in found} == {"planner", "budget"}
    assert [it.cause // 100 for it in found] == sorted(it.cause // 100 for it in found)
