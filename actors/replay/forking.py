"""A log cut at a record: the rule books as they stood there, ready to hear something else."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from msgspec import msgpack
from msgspec.structs import replace

from actors.budget.ledger import Ledger
from actors.clock.arming import arm, is_timed
from actors.clock.intents import timing
from actors.clock.state import Clock
from actors.executor.state import Executing
from actors.phase_queue.state import Queue
from actors.planner.state import Planner
from actors.recall import Indigestible, Recall
from actors.replay.books import BOOKS, next_instant
from actors.replay.past import Past
from events.budget import FundsRefused
from events.catalogue import AnyFact
from events.configuration import Configuration, ConfigurationLoaded
from events.record import Record
from events.runs import RunEnded, RunStarting
from events.time import TimePassed
from events.work import WorkPlanned

LATE_RECORDS = 500  # Behind a cut: so far off stands what was decided upon a record before it.
STEPS_MAX = 5_000

# Cleanup decides nothing about work, and remembers by far the most.
_BOOKS = {book.actor: book for book in BOOKS if book.actor != "cleanup"}


class Refusal(NamedTuple):
    """A refusal of money, and what was gone just then."""

    fact: FundsRefused
    category_usd_micros: int
    day_usd_micros: int


class Fork:
    """What was said before the cut is known; what is said after it is decided anew.

    `said` holds all that came after the cut; `planned` and `started` are the works in it, at
    hand. States are kept packed until somebody hears something, so that a copy costs little.
    """

    def __init__(
        self, packed: dict[str, bytes], inboxes: dict[str, list[Record]], head: int, at: datetime
    ) -> None:
        self.head, self.at = head, at
        self.said: list[Record] = []
        self.planned: list[WorkPlanned] = []
        self.started: set[str] = set()
        self._packed = packed
        self._states: dict[str, Any] = {}
        self._inboxes = {actor: deque(waiting) for actor, waiting in inboxes.items()}
        self.refusals: dict[str, Refusal] = {}
        self._ends: dict[str, datetime] = {}

    def copy(self) -> "Fork":
        """The same, with nothing said yet."""
        self.settle()
        for actor, state in self._states.items():
            self._packed[actor] = msgpack.encode(state)
        self._states.clear()
        return Fork(dict(self._packed), {actor: [] for actor in _BOOKS}, self.head, self.at)

    def kept(self) -> "Fork":
        """The same, with all that was said."""
        found = self.copy()
        found.said, found.refusals = list(self.said), dict(self.refusals)
        found.planned, found.started = list(self.planned), set(self.started)
        return found

    @property
    def queue(self) -> Queue:
        return cast(Queue, self._state("phase_queue"))

    @property
    def ledger(self) -> Ledger:
        return cast(Ledger, self._state("budget"))

    @property
    def planner(self) -> Planner:
        return cast(Planner, self._state("planner"))

    @property
    def executing(self) -> Executing:
        return cast(Executing, self._state("executor"))

    @property
    def clock(self) -> Clock:
        return cast(Clock, self._state("clock"))

    def say(
        self, at: datetime, fact: AnyFact, by: str = "world", cause: int | None = None
    ) -> Sequence[Record]:
        """Everybody hears it, and what follows from it; that is returned."""
        self.settle()
        before = len(self.said)
        self._append(at, by, cause, fact, 0)
        self.settle()
        return self.said[before:]

    def configure(self, new: Configuration) -> None:
        """Let another configuration have been in force already: it is no news to anybody, but
        that the purse of the open day becomes what it says."""
        self.settle()
        loaded = ConfigurationLoaded("", new)
        run_oftener(self.clock, new)
        take_less(self.ledger, self.executing, new)
        for actor, book in _BOOKS.items():
            if actor != "budget" and ConfigurationLoaded in book.hears:
                book.evolve(self._state(actor), loaded, self.at)
        self.clock.owed.clear()  # Nothing is told of settings that are no news.
        told = Record(self.head, self.at, "daemon", None, loaded)
        for fact in _BOOKS["budget"].consider(self._state("budget"), told):
            self._append(self.at, "budget", self.head, fact, 1)
        self.settle()

    def live_until(self, end: datetime, over: Callable[["Fork"], bool]) -> None:
        """Let time pass until something is over. Every run succeeds in its expected time."""
        for _ in range(STEPS_MAX):
            if over(self) or (at := self._next()) is None or at > end:
                return
            run = min(self._ends, key=lambda run: self._ends[run], default=None)
            if run is not None and self._ends[run] <= at:
                del self._ends[run]
                ended = RunEnded(run, started=True, ended_at=at, exit_code=0)
                self.say(max(at, self.at), ended, "process")
            else:
                self.say(max(at, self.at), TimePassed(), "timer")

    def settle(self) -> None:
        """Let everyone consider until nobody has more to say."""
        while ready := next((name for name, inbox in self._inboxes.items() if inbox), None):
            record = self._inboxes[ready].popleft()
            for fact in self._decide(ready, record):
                self._append(record.at, ready, record.position, fact, record.depth + 1)

    def _decide(self, actor: str, record: Record) -> Sequence[AnyFact]:
        """Raises Indigestible, as a living actor would have stopped there."""
        try:
            return _BOOKS[actor].consider(self._state(actor), record)
        except Exception as mistake:
            raise Indigestible(actor, record) from mistake

    def _next(self) -> datetime | None:
        for run in self.executing.runs.values():
            if run.run not in self._ends:
                self._ends[run.run] = self.at + timedelta(seconds=run.action.expected_seconds)
        instants = [*self._ends.values()]
        if (instant := next_instant(self.clock)) is not None:
            instants.append(max(instant, self.at))
        return min(instants, default=None)

    def _append(self, at: datetime, by: str, cause: int | None, fact: AnyFact, depth: int) -> None:
        self.head, self.at = self.head + 1, max(at, self.at)
        record = Record(self.head, at, by, cause, fact, depth)
        self.said.append(record)
        self._note(fact)
        for actor, inbox in self._inboxes.items():
            if actor != by and type(fact) in _BOOKS[actor].hears:
                inbox.append(record)

    def _note(self, fact: AnyFact) -> None:
        match fact:
            case WorkPlanned():
                self.planned.append(fact)
            case RunStarting(work=work):
                self.started.add(work)
            case FundsRefused():
                ledger = self.ledger
                used = ledger.account(fact.category).used
                self.refusals[fact.work] = Refusal(fact, used, ledger.whole.used)

    def _state(self, actor: str) -> Any:
        if actor not in self._states:
            self._states[actor] = msgpack.decode(self._packed[actor], type=_BOOKS[actor].state)
        return self._states[actor]


def run_oftener(clock: Clock, new: Configuration) -> None:
    """Let intents have been allowed other numbers of runs already. Those that come when they came
    before go on from where they stood: what is due, and not told yet, still is."""
    for name, armed in clock.intents.items():
        wanted = new.intents.get(name)
        if wanted is None or armed.source != "configuration" or armed.intent.max_runs is None:
            continue
        counted = replace(armed.intent, max_runs=wanted.max_runs)
        if is_timed(wanted) and timing(counted) == timing(wanted):
            armed.intent = counted
            arm(clock, name, armed)


def take_less(ledger: Ledger, executing: Executing, new: Configuration) -> None:
    """Let those have had a ceiling that took what was left."""
    for run in list(ledger.takers):
        held, open_ = ledger.reservations[run], executing.runs.get(run)
        action = None if open_ is None else new.actions.get(open_.name)
        ceiling = None if action is None else action.ceiling_usd_micros
        if ceiling is None or ceiling >= held.usd_micros:
            continue
        del ledger.takers[run]
        ledger.reservations[run] = replace(held, usd_micros=ceiling, least=None)
        if (known := ledger.under_way.get(run)) is not None:
            ledger.under_way[run] = replace(known, usd_micros=ceiling)
        if (purse := ledger.purse_of(held.day)) is not None:
            purse.book(held.category, held.own, ceiling - held.usd_micros, 0)


def fork(past: Past, position: int) -> Fork:
    """Everyone as they were when all up to a position had been considered. Raises Indigestible."""
    recalls = {
        actor: Recall(book, past.snapshot(actor, book.version, position), 0)
        for actor, book in _BOOKS.items()
    }
    first = past.record(position) or past.record(1)
    if first is None:
        raise ValueError("an empty log cannot be decided again")
    at, late = _recalled(past, position, recalls)
    packed, inboxes = {}, {}
    for actor, one in recalls.items():
        memory = one.finish(position)
        packed[actor] = msgpack.encode(memory.state)
        inboxes[actor] = [
            *memory.unheard,
            *(it for it in late if it.by != actor and type(it.fact) in _BOOKS[actor].hears),
        ]
    head = late[-1].position if late else position
    return Fork(packed, inboxes, head, first.at if at is None else max(at, first.at))


def _recalled(
    past: Past, position: int, recalls: Mapping[str, Recall[Any]]
) -> tuple[datetime | None, list[Record]]:
    """Let everyone live up to a position: the latest moment in that, and what was decided upon it
    behind that position."""
    at, late = None, list[Record]()
    listeners: dict[object, list[Recall[Any]]] = {}
    for actor, book in _BOOKS.items():
        for kind in book.hears:
            listeners.setdefault(kind, []).append(recalls[actor])
    begins = min(one.begins for one in recalls.values())
    for record in past.records(begins, min(past.head, position + LATE_RECORDS)):
        own = recalls.get(record.by)
        if record.position <= position:
            at = record.at if at is None else max(at, record.at)
            for one in listeners.get(type(record.fact), ()):
                if one is not own:
                    one.take(record)
        elif own is None or record.cause is None or record.cause > position:
            continue
        else:
            late.append(record)
        if own is not None:
            own.take(record)
    return at, late
