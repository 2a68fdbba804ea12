"""Every decision of a log, decided again beside the one that was recorded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from actors.rules import Rules
from events.catalogue import AnyDecision, AnyFact
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


class Lockstep:
    """One rule book, driven beside what it decided at the time.

    What it decided upon a fact stands in the log behind other facts, so facts wait here until it
    is known. The state always becomes what was recorded: so a difference does not hide the next.
    """

    def __init__(self, rules: Rules[Any], tell: Tell, state: Any = None, after: int = 0) -> None:
        self._rules, self._tell, self._after = rules, tell, after
        self.state = rules.state() if state is None else state
        self.waiting: deque[Record] = deque()  # facts that it hears, not considered yet
        self._at: Record | None = None  # the fact that it considers
        self._deciding: Iterator[AnyDecision] | None = None  # None: it has differed already
        self._next: AnyDecision | None = None
        self._choked = False

    def learn(self, record: Record) -> None:
        """What this actor decided."""
        cause, at = record.cause or 0, self._at
        if self._choked or (cause <= self._after and self._after):
            return
        if at is None or at.position != cause:
            if not self._consider_until(cause):
                return
            at = self._at
        if at is None:
            self._differ(cause, record.fact, None)
        elif self._deciding is not None and self._next != record.fact:
            self._differ(cause, record.fact, self._next)
            self._deciding = self._next = None
        try:
            self._rules.evolve(self.state, record.fact, record.at)
            if self._deciding is not None:
                self._next = next(self._deciding, None)
        except Exception as mistake:
            self._choke(cause, mistake)

    def keep_up(self) -> None:
        """It may be far behind. What it decides nothing upon need not wait."""
        waiting = self.waiting
        if self._choked:
            waiting.clear()
        while len(waiting) > LAG_RECORDS_MAX:
            if self._next is not None and len(waiting) < STUCK_RECORDS_MAX:
                return
            self._end()
            self._begin(waiting.popleft())

    def finish(self, considered: int) -> None:
        """Nothing more was decided; it is known to have come as far as `considered`."""
        self._end(tail=True)
        while self.waiting and self.waiting[0].position <= considered:
            self._begin(self.waiting.popleft())
            self._end(tail=True)

    def _consider_until(self, cause: int) -> bool:
        """Everything before that was considered; begin with the cause, if it is heard at all.
        False when the rules choked on the way."""
        self._end()
        waiting, state, position = self.waiting, self.state, cause
        evolve, decide = self._rules.evolve, self._rules.decide
        try:
            while waiting and waiting[0].position < cause:
                record = waiting.popleft()
                position = record.position
                evolve(state, record.fact, record.at)
                if (now := next(decide(state, record), None)) is not None:
                    self._differ(position, None, now)
        except Exception as mistake:
            self._choke(position, mistake)
        if waiting and waiting[0].position == cause:
            self._begin(waiting.popleft())
        return not self._choked

    def _begin(self, record: Record) -> None:
        self._at = record
        try:
            self._rules.evolve(self.state, record.fact, record.at)
            self._deciding = deciding = self._rules.decide(self.state, record)
            self._next = next(deciding, None)
        except Exception as mistake:
            self._choke(record.position, mistake)

    def _end(self, tail: bool = False) -> None:
        if self._next is not None and self._at is not None:
            self._differ(self._at.position, None, self._next, tail)
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
        books = tuple(books)
        self.steps = {
            book.actor: Lockstep(book, tell, states.get(book.actor), after) for book in books
        }
        self._listeners: dict[type[Any], list[tuple[str, Lockstep]]] = {}
        for book in books:
            for kind in book.hears:
                self._listeners.setdefault(kind, []).append((book.actor, self.steps[book.actor]))

    def take(self, records: Iterable[Record]) -> None:
        """Those that follow upon what was taken before."""
        steps, listeners = self.steps.get, self._listeners.get
        for record in records:
            by = record.by
            if (own := steps(by)) is not None:
                own.learn(record)
            for actor, one in listeners(type(record.fact), ()):
                if actor != by:
                    one.waiting.append(record)
        for one in self.steps.values():
            one.keep_up()

    def finish(self, considered: Mapping[str, int]) -> None:
        """The log ends here. What an actor had not considered yet, it need not have decided."""
        for actor, one in self.steps.items():
            one.finish(considered.get(actor, 0))
