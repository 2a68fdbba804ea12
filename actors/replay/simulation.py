"""Every rule book in one thread, virtual time, and a world that answers as it was told to."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, NamedTuple

from actors.rules import Rules
from events.catalogue import AnyFact, AnyObservation
from events.record import Record
from events.runs import RunEnded, RunStarting
from events.time import TimePassed

Instant = Callable[[Any], datetime | None]
Pick = Callable[[Sequence[str]], str]
Consumer = Callable[[Record], object]


class Ending(NamedTuple):
    """What becomes of a run: after so many seconds it ends like this."""

    seconds: float
    ended: Callable[[RunStarting, datetime], RunEnded]


def succeeds(starting: RunStarting, at: datetime) -> RunEnded:
    """The run went well and said nothing of itself."""
    return RunEnded(starting.run, started=True, ended_at=at, exit_code=0, duration_ms=1_000)


class Simulation:
    """A log that writes itself.

    `outcome` says what becomes of a run; `next_instant` is the clock's; `pick` chooses which
    actor considers next among those who have something to hear, so that every interleaving that
    threads could bring about can be tried. With a `consumer` each record goes to it and none is
    kept; else they are in `log`. `head` is the position of the last one and `now` its time.
    """

    def __init__(
        self,
        books: Iterable[Rules[Any]],
        next_instant: Instant,
        outcome: Callable[[RunStarting], Ending] = lambda starting: Ending(1, succeeds),
        pick: Pick = lambda ready: ready[0],
        consumer: Consumer | None = None,
    ) -> None:
        self.log: list[Record] = []
        self.head = 0
        self.now: datetime | None = None
        self.books = {book.actor: book for book in books}
        self.states: dict[str, Any] = {name: book.state() for name, book in self.books.items()}
        self._consume = consumer or self.log.append
        self._next_instant, self._outcome, self._pick = next_instant, outcome, pick
        self._inboxes: dict[str, deque[Record]] = {name: deque() for name in self.books}
        self._listeners: dict[type[AnyFact], list[str]] = {}
        self._coming: list[tuple[datetime, int, Callable[[], object]]] = []
        self._foreseen = 0

    def say(
        self, at: datetime, fact: AnyObservation, by: str = "world", cause: int | None = None
    ) -> int:
        """Append an observation and let everyone consider until nobody has more to say."""
        position = self._append(at, by, cause, fact, 0)
        self._settle()
        return position

    def step(self, name: str) -> None:
        """One actor considers the next record that it has not considered."""
        record = self._inboxes[name].popleft()
        for fact in self.books[name].consider(self.states[name], record):
            self._append(record.at, name, record.position, fact, record.depth + 1)

    def later(self, at: datetime, do: Callable[[], object]) -> None:
        """Do something once that moment has come; things of one moment in the order of asking."""
        self._foreseen += 1
        heappush(self._coming, (at, self._foreseen, do))

    def run_until(self, end: datetime) -> None:
        """Let time pass: ends of runs and the clock's instants, whichever comes first."""
        while (at := self._next()) is not None and at <= end:
            if self._coming and self._coming[0][0] == at:
                heappop(self._coming)[2]()
            else:
                self.say(at, TimePassed(), "timer")

    def perform(self, decision: Record) -> None:
        """What the doors do about a decision."""
        if isinstance(starting := decision.fact, RunStarting):
            ending, position = self._outcome(starting), decision.position
            end = decision.at + timedelta(seconds=ending.seconds)
            ended = ending.ended(starting, end)
            self.later(end, lambda: self.say(end, ended, "process", position))

    def _settle(self) -> None:
        inboxes, pick = self._inboxes, self._pick
        while ready := [name for name, inbox in inboxes.items() if inbox]:
            self.step(pick(ready))

    def _next(self) -> datetime | None:
        instants = [self._coming[0][0]] if self._coming else []
        if (instant := self._next_instant(self.states["clock"])) is not None:
            instants.append(instant if self.now is None else max(instant, self.now))
        return min(instants, default=None)

    def _append(self, at: datetime, by: str, cause: int | None, fact: AnyFact, depth: int) -> int:
        self.head, self.now = self.head + 1, at
        record = Record(self.head, at, by, cause, fact, depth)
        self._consume(record)
        for name in self._listeners_to(type(fact)):
            if name != by:
                self._inboxes[name].append(record)
        self.perform(record)
        return record.position

    def _listeners_to(self, kind: type[AnyFact]) -> Sequence[str]:
        if (known := self._listeners.get(kind)) is None:
            known = [name for name, book in self.books.items() if kind in book.hears]
            self._listeners[kind] = known
        return known
