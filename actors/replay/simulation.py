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
    threads could bring about can be tried.
    """

    def __init__(
        self,
        books: Iterable[Rules[Any]],
        next_instant: Instant,
        outcome: Callable[[RunStarting], Ending] = lambda starting: Ending(1, succeeds),
        pick: Pick = lambda ready: ready[0],
    ) -> None:
        self.log: list[Record] = []
        self.books = {book.actor: book for book in books}
        self.states: dict[str, Any] = {name: book.state() for name, book in self.books.items()}
        self.considered = dict.fromkeys(self.books, 0)
        self._next_instant, self._outcome, self._pick = next_instant, outcome, pick
        self._inboxes: dict[str, deque[Record]] = {name: deque() for name in self.books}
        self._coming: list[tuple[datetime, int, AnyObservation]] = []

    def say(
        self, at: datetime, fact: AnyObservation, by: str = "world", cause: int | None = None
    ) -> int:
        """Append an observation and let everyone consider until nobody has more to say."""
        position = self._append(at, by, cause, fact, 0)
        while ready := [name for name, inbox in self._inboxes.items() if inbox]:
            self.step(self._pick(ready))
        return position

    def step(self, name: str) -> None:
        """One actor considers the next record that it has not considered."""
        record = self._inboxes[name].popleft()
        self.considered[name] = record.position
        for fact in self.books[name].consider(self.states[name], record):
            self._append(record.at, name, record.position, fact, record.depth + 1)

    def run_until(self, end: datetime) -> None:
        """Let time pass: ends of runs and the clock's instants, whichever comes first."""
        while (at := self._next()) is not None and at <= end:
            if self._coming and self._coming[0][0] == at:
                _, cause, fact = heappop(self._coming)
                self.say(at, fact, "process", cause)
            else:
                self.say(at, TimePassed(), "timer")

    def _next(self) -> datetime | None:
        instants = [self._coming[0][0]] if self._coming else []
        if (instant := self._next_instant(self.states["clock"])) is not None:
            instants.append(max(instant, self.log[-1].at if self.log else instant))
        return min(instants, default=None)

    def _append(self, at: datetime, by: str, cause: int | None, fact: AnyFact, depth: int) -> int:
        record = Record(len(self.log) + 1, at, by, cause, fact, depth)
        self.log.append(record)
        for name, inbox in self._inboxes.items():
            if name != by:
                inbox.append(record)
        if isinstance(fact, RunStarting):
            ending = self._outcome(fact)
            end = at + timedelta(seconds=ending.seconds)
            heappush(self._coming, (end, record.position, ending.ended(fact, end)))
        return record.position
