"""Every decision of a log, decided again beside the one that was recorded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from actors.rules import SILENCE, Change, Rule, Rules
from events.catalogue import AnyDecision, AnyFact
from events.fact import Fact
from events.record import Record

LAG_RECORDS_MAX = 4_096  # An actor that is so far behind is taken to be silent where it may be.
STUCK_RECORDS_MAX = 200_000  # An answer that has not come after so many never comes.

_NEW: Mapping[str, Any] = {}


class Difference(NamedTuple):
    """What an actor decided upon a record and what its rules decide now; None: nothing.

    `tail`: nothing that it decided follows. `choked`: what its rules could not live with; they
    are not asked any further then.
    """

    actor: str
    cause: int
    then: AnyFact | None
    now: AnyDecision | None
    tail: bool = False
    choked: str = ""


Tell = Callable[[Difference], None]
Way = tuple[Change | None, Rule | None]  # what a kind of fact changes, and what decides upon it


class Lockstep:
    """One rule book, driven beside what it decided at the time.

    What it decided upon a fact stands in the log behind other facts, so facts wait here until it
    is known. The state always becomes what was recorded: so a difference does not hide the next.
    """

    def __init__(self, rules: Rules[Any], tell: Tell, state: Any = None, after: int = 0) -> None:
        self._rules, self._tell, self._after = rules, tell, after
        self._ways: dict[type[Fact], Way] = {}
        self.state = rules.state() if state is None else state
        self.waiting: deque[Record] = deque()  # facts that it hears, not considered yet
        self.decided: list[Record] = []  # by this actor, not looked at yet
        self._at: int | None = None  # the position of the fact that it considers
        self._deciding: Iterator[AnyDecision] | None = None  # None: it has differed already
        self._next: AnyDecision | None = None
        self._choked = False

    def inbox(self, by: str, kind: type[Fact]) -> list[Record] | deque[Record] | None:
        """Where facts of a kind go that one actor or door says; None: they do not matter."""
        if by == self._rules.actor:
            return self.decided
        return self.waiting if kind in self._rules.hears else None

    def keep_up(self) -> None:
        """Look at what it decided."""
        for record in self.decided:
            if self._choked:
                break
            self._learn(record)
        self.decided.clear()
        if self._choked:
            self.waiting.clear()
        self._run_ahead()

    def _run_ahead(self) -> None:
        """What it decides nothing upon need not wait: it may be far behind."""
        waiting = self.waiting
        while (behind := len(waiting)) > LAG_RECORDS_MAX:
            if self._next is not None:
                if behind < STUCK_RECORDS_MAX:
                    return
                self._end()
            self._begin(waiting.popleft())

    def finish(self, considered: int) -> None:
        """Nothing more was decided; it is known to have come as far as `considered`."""
        self._end(tail=True)
        while self.waiting and self.waiting[0].position <= considered:
            self._begin(self.waiting.popleft())
            self._end(tail=True)

    def _learn(self, record: Record) -> None:
        cause, fact = record.cause or 0, record.fact
        if cause != self._at:
            if cause <= self._after and self._after:
                return
            self._consider_until(cause)
            if self._choked:
                return
        deciding = self._deciding
        if self._at is None:
            self._differ(cause, fact, None)
        elif deciding is not None and self._next != fact:
            self._differ(cause, fact, self._next)
            deciding = self._deciding = self._next = None
        try:
            change, _ = self._ways.get(kind := type(fact)) or self._way(kind)
            if change is not None:
                change(self.state, fact, record.at)
            if deciding is not None:
                self._next = next(deciding, None)
        except Exception as mistake:
            self._choke(cause, mistake)

    def _consider_until(self, cause: int) -> None:
        """Everything before that was considered; begin with the cause, if it is heard at all."""
        if self._next is not None:
            self._end()
        self._at = self._deciding = None
        waiting, state, position, ways = self.waiting, self.state, cause, self._ways
        try:
            while waiting and (position := waiting[0].position) < cause:
                record = waiting.popleft()
                fact = record.fact
                change, rule = ways.get(kind := type(fact)) or self._way(kind)
                if change is not None:
                    change(state, fact, record.at)
                if rule is not None and (now := next(rule(state, fact, record), None)) is not None:
                    self._differ(position, None, now)
        except Exception as mistake:
            self._choke(position, mistake)
        if position == cause and waiting:
            self._begin(waiting.popleft())

    def _begin(self, record: Record) -> None:
        fact, state = record.fact, self.state
        self._at = record.position
        try:
            change, rule = self._ways.get(kind := type(fact)) or self._way(kind)
            if change is not None:
                change(state, fact, record.at)
            self._deciding = deciding = SILENCE if rule is None else rule(state, fact, record)
            self._next = next(deciding, None)
        except Exception as mistake:
            self._choke(record.position, mistake)

    def _way(self, kind: type[Fact]) -> Way:
        way = self._ways[kind] = self._rules.change_for(kind), self._rules.rule_for(kind)
        return way

    def _end(self, tail: bool = False) -> None:
        if self._next is not None and self._at is not None:
            self._differ(self._at, None, self._next, tail)
        self._at = self._deciding = self._next = None

    def _differ(
        self, cause: int, then: AnyFact | None, now: AnyDecision | None, tail: bool = False
    ) -> None:
        self._tell(Difference(self._rules.actor, cause, then, now, tail))

    def _choke(self, position: int, mistake: Exception) -> None:
        self._choked, self._deciding, self._next, self._at = True, None, None, None
        self.waiting.clear()
        why = f"{type(mistake).__name__}: {mistake}"[:300]
        self._tell(Difference(self._rules.actor, position, None, None, choked=why))


class Recompute:
    """Takes the records of a log in order, for all rule books at once. `tell` is told of what is
    decided differently now.

    A log that begins `after` a record needs `states`: what each actor was when it had considered
    all of before, and had become what it decided upon that.
    """

    def __init__(
        self,
        books: Iterable[Rules[Any]],
        tell: Tell,
        states: Mapping[str, Any] = _NEW,
        after: int = 0,
    ) -> None:
        self._tell, self._found = tell, list[Difference]()
        self.steps = {
            book.actor: Lockstep(book, self._found.append, states.get(book.actor), after)
            for book in books
        }

    def take(self, records: Iterable[Record]) -> None:
        """Those that follow upon what was taken before."""
        told: dict[tuple[str, type[Fact]], Sequence[Callable[[Record], None]]] = {}
        for record in records:
            place = record.by, type(record.fact)
            if (inboxes := told.get(place)) is None:
                inboxes = told[place] = self._inboxes(*place)
            for tell in inboxes:
                tell(record)
        for one in self.steps.values():
            one.keep_up()
        self._tell_found()

    def finish(self, considered: Mapping[str, int]) -> None:
        """The log ends here. What an actor had not considered yet, it need not have decided."""
        for actor, one in self.steps.items():
            one.finish(considered.get(actor, 0))
        self._tell_found()

    def _tell_found(self) -> None:
        """Each actor was driven by itself: put what was found in the order of the log."""
        for difference in sorted(self._found, key=lambda it: it.cause):
            self._tell(difference)
        self._found.clear()

    def _inboxes(self, by: str, kind: type[Fact]) -> Sequence[Callable[[Record], None]]:
        """Where a fact of that kind goes, said by that actor or door."""
        found = (step.inbox(by, kind) for step in self.steps.values())
        return [inbox.append for inbox in found if inbox is not None]
