"""A rule book: where it starts, what it listens to, what it decides, how it changes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct

from events.catalogue import AnyDecision, AnyFact
from events.fact import Fact
from events.record import Record

S = TypeVar("S", bound=Struct)

SILENCE: Iterator[AnyDecision] = iter(())  # What is decided where there is nothing to decide.

Decide = Callable[[Any, Record], Iterator[AnyDecision]]
Evolve = Callable[[Any, Any, datetime], object]
Rule = Callable[[Any, Any, Record], Iterator[AnyDecision]]  # state, fact, its record
Change = Callable[[Any, Any, datetime], object]  # state, fact, the time of its record

_RULES: dict[Decide, Mapping[type[Fact], Rule]] = {}
_CHANGES: dict[Evolve, Mapping[type[Fact], Change]] = {}


def decides_by(rules: Mapping[type[Fact], Rule]) -> Decide:
    """A `decide` that asks the rule for the kind of a fact, if there is one."""

    def decide(state: Any, record: Record) -> Iterator[AnyDecision]:
        rule = rules.get(type(record.fact))
        return SILENCE if rule is None else rule(state, record.fact, record)

    _RULES[decide] = rules
    return decide


def evolves_by(changes: Mapping[type[Fact], Change]) -> Evolve:
    """An `evolve` that makes the change for the kind of a fact, if there is one."""

    def evolve(state: Any, fact: AnyFact, at: datetime) -> None:
        if (change := changes.get(type(fact))) is not None:
            change(state, fact, at)

    _CHANGES[evolve] = changes
    return evolve


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
    evolve: Callable[[S, AnyFact, datetime], object]
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

    def rule_for(self, kind: type[Fact]) -> Rule | None:
        """What decides upon facts of a kind, for who asks it often; None: nothing does."""
        if kind in self.only_learns:
            return None
        if (rules := _RULES.get(self.decide)) is not None:
            return rules.get(kind)
        return lambda state, fact, record: self.decide(state, record)

    def change_for(self, kind: type[Fact]) -> Change | None:
        """How facts of a kind change the state, likewise; None: they do not."""
        if (changes := _CHANGES.get(self.evolve)) is not None:
            return changes.get(kind)
        return self.evolve

    def learn(self, state: S, record: Record, decided: Iterable[AnyFact]) -> None:
        """Become what a fact, and what was decided upon it at the time, made of us."""
        self.evolve(state, record.fact, record.at)
        for fact in decided:
            self.evolve(state, fact, record.at)
