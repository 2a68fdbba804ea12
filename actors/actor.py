"""The one loop of every actor: consider what others say, perform what it decided itself."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from math import inf
from typing import Any, ClassVar, Generic

from msgspec import Struct, msgpack
from pykka import ActorDeadError, ActorRef

from actors.recall import Memory
from actors.rules import Rules, S
from events.bus import Append, CaughtUp, Considered, Early, Keep, News, Subscribe
from events.codec import Entry, entry
from events.dispatcher import DispatchedActor
from events.fact import Fact
from events.messages import NOTHING
from events.record import Record
from events.store import Snapshot

Choked = Callable[[str, Record | None, BaseException], None]


class Ping(Struct, frozen=True):
    """Asked of an actor, it is answered when all that came before has been heard."""


class Actor(DispatchedActor, Generic[S]):
    """One rule book, alive: it considers early, and performs what the log holds. It takes its
    turns beside the bus, on one thread.

    `choked` is told when a record, or the door, was too much for it; the daemon stops then. In
    safe mode it stands still before the `poison`, records that stopped it again and again, so
    that newer rules miss nothing; one that `passes_over` leaves them out and goes on.
    """

    performs: ClassVar[frozenset[type[Fact]]] = frozenset()
    heeds_all: ClassVar[bool] = False  # Also what its rules only learn is `heard` at once.

    def __init__(
        self,
        rules: Rules[S],
        bus: ActorRef[Any],
        memory: Memory[S],
        choked: Choked,
        snapshot_every_records: int = 10_000,
        poison: frozenset[int] = frozenset(),
        passes_over: bool = False,
    ) -> None:
        super().__init__(beside=bus)
        self.name = rules.actor
        self._rules, self._bus, self._choked = rules, bus, choked
        self.state = memory.state
        self._memory: Memory[S] | None = memory
        self._history: list[Record] = []  # what the log held when it subscribed,
        self._early: list[Record] = []  # and what came meanwhile
        self._considered = self._kept = memory.considered
        self._snapshot_every = snapshot_every_records
        self._poison, self._passes_over = poison, passes_over
        self._stands_before = inf

    def on_start(self) -> None:
        assert self._memory is not None
        after, rules = self._memory.head, self._rules
        idle = NOTHING if self.heeds_all else rules.only_learns
        self._bus.tell(Subscribe(self.actor_ref, after, self.performs, rules.hears, idle))

    def on_receive(self, message: Early | News | CaughtUp | Ping) -> None:
        match message:
            case Early(records) if self._memory is None:
                self._consider(records)
            case Early(records):
                self._early.extend(records)
            case News(records) if self._memory is None:
                self._perform(records)
            case News(records):
                self._history.extend(records)
            case CaughtUp():
                self._return()

    def on_stop(self) -> None:
        """What it knows is kept, so that coming back is quick."""
        with suppress(ActorDeadError):
            self._bus.tell(Considered(self.name, self._considered))
            if self._memory is None and self._considered > self._kept:
                self._keep()

    def perform(self, decision: Record) -> None:
        """Hand one of our decisions to a door and return; the door answers by observation."""

    def resume(self, unheard: Sequence[Record]) -> None:
        """Look after what our state says was begun, but for what `unheard` already answers."""

    def heard(self) -> None:
        """Called after a batch of news was considered."""

    def _return(self) -> None:
        if self._memory is None:
            return
        history = self._history
        unheard = [*self._memory.unheard, *history, *self._early]
        self._memory, self._history, self._early = None, [], []
        try:
            self.resume(unheard)
        except BaseException as error:
            self._choke(None, error)
            raise
        self._consider(unheard)
        self._perform(history)

    def _consider(self, records: Sequence[Record]) -> None:
        told: list[Entry] = []
        record = None
        try:
            for record in records:
                if record.by != self.name and not self._leaves_out(record.position):
                    self._decide(record, told)
            if told:
                self._bus.tell(Append(self.name, told, self._considered))
            self.heard()
        except BaseException as error:
            self._choke(record, error)
            raise
        if self._considered - self._kept >= self._snapshot_every:
            self._keep()

    def _decide(self, record: Record, told: list[Entry]) -> None:
        position, depth = record.position, record.depth + 1
        for decision in self._rules.consider(self.state, record):
            told.append(entry(decision, record.at, position, depth))
        self._considered = position

    def _perform(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.by != self.name or type(record.fact) not in self.performs:
                continue
            if self._leaves_out(record.position):
                continue
            try:
                self.perform(record)
            except BaseException as error:
                self._choke(record, error)
                raise

    def _leaves_out(self, position: int) -> bool:
        poisonous = position in self._poison
        if poisonous and not self._passes_over:
            self._stands_before = min(self._stands_before, position)
        return poisonous or position >= self._stands_before

    def _choke(self, record: Record | None, error: BaseException) -> None:
        """Say so when the log holds that record; without it the record is not to blame."""

        def say(committed: "Future[list[int]]") -> None:
            known = record if committed.exception() is None else None
            self._choked(self.name, known, error)

        committed: Future[list[int]] = Future()
        committed.add_done_callback(say)
        self._bus.tell(Append(self.name, (), done=committed))

    def _keep(self) -> None:
        if self._poison and self._passes_over:
            return  # What it left out must not be forgotten for good.
        self._kept = self._considered
        state = msgpack.encode(self.state)
        self._bus.tell(Keep(Snapshot(self.name, self._rules.version, self._kept, state)))
