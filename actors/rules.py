"""A rule book: where it starts, what it listens to, what it decides, how it changes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from msgspec import Struct

from events.catalogue import AnyDecision, AnyFact
from events.fact import Fact
from events.record import Record

S = TypeVar("S", bound=Struct)

SILENCE: Iterator[AnyDecision] = iter(())  # What is decided where there is nothing to decide.


class Rules(NamedTuple, Generic[S]):
    """What one actor knows and how it concludes; no clock, no thread, no disk.

    `decide` is told a record after `evolve` has learned its fact. It yields decisions, and each
    of them has changed the state before the next is asked for, so a rule that gives out ten
    lanes reads like a rule that gives out one. `decide` itself never changes the state.
    `evolve` changes it in place. `version` counts the shapes of the state: a snapshot of
    another version is ignored. Of the kinds it hears, those in `only_learns` never lead to a
    decision, so it is not asked about them.
    """

    actor: str
    version: int
    state: type[S]  # called without arguments it is where a new log starts
    hears: frozenset[type[Fact]]
    decide: Callable[[S, Record], Iterator[AnyDecision]]
    evolve: Callable[[S, AnyFact, datetime], None]
    only_learns: frozenset[type[Fact]] = frozenset()

    def consider(self, state: S, record: Record) -> Sequence[AnyDecision]:
        """Learn a fact, decide upon it, and become what was decided."""
        fact, evolve, at = record.fact, self.evolve, record.at
        kind = type(fact)
        if kind not in self.hears:
            return ()
        evolve(state, fact, at)
        decisions: list[AnyDecision] = []
        if kind in self.only_learns:
            return decisions
        for decision in self.decide(state, record):
            evolve(state, decision, at)
            decisions.append(decision)
        return decisions

    def learn(self, state: S, record: Record, decided: Iterable[AnyFact]) -> None:
        """Become what a fact, and what was decided upon it at the time, made of us."""
        self.evolve(state, record.fact, record.at)
        for fact in decided:
            self.evolve(state, fact, record.at)
