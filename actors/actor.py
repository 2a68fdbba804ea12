"""The one loop of every actor: consider what others say, perform what it decided itself."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, ClassVar, Generic

from msgspec import Struct, msgpack
from pykka import ActorDeadError, ActorRef, ThreadingActor

from actors.recall import Memory
from actors.rules import Rules, S
from events.bus import Append, CaughtUp, Considered, Keep, News, Subscribe
from events.codec import Entry, entry
from events.fact import Fact
from events.record import Record
from events.store import Snapshot

Choked = Callable[[str, Record | None, BaseException], None]


class Ping(Struct, frozen=True):
    """Asked of an actor, it is answered when all that came before has been heard."""


class Actor(ThreadingActor, Generic[S]):
    """A thread around one rule book.

    `choked` is told when a record, or the door, was too much for it; the daemon stops then. In
    safe mode it stands still before the `poison`, records that stopped it again and again, so
    that newer rules miss nothing; one that `passes_over` leaves them out and goes on.
    """

    performs: ClassVar[frozenset[type[Fact]]] = frozenset()

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
        super().__init__()
        self.name = rules.actor
        self._rules, self._bus, self._choked = rules, bus, choked
        self.state = memory.state
        self._memory: Memory[S] | None = memory
        self._since: list[Record] = []
        self._considered = self._kept = memory.considered
        self._snapshot_every = snapshot_every_records
        self._poison, self._passes_over = poison, passes_over
        self._stands_still = False

    @staticmethod
    def _create_actor_inbox() -> Any:
        return SimpleQueue()  # Four times as fast as the stock inbox.

    def on_start(self) -> None:
        assert self._memory is not None
        kinds = self._rules.hears | self.performs
        self._bus.tell(Subscribe(self.actor_ref, self._memory.head, kinds))

    def on_receive(self, message: News | CaughtUp | Ping) -> None:
        match message:
            case News(records) if self._memory is not None:
                self._since.extend(records)
            case News(records):
                self._hear(records)
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
        unheard = [*self._memory.unheard, *self._since]
        self._memory, self._since = None, []
        try:
            self.resume(unheard)
        except BaseException as error:
            self._choked(self.name, None, error)
            raise
        self._hear(unheard)

    def _hear(self, records: Sequence[Record]) -> None:
        told: list[Entry] = []
        record = None
        try:
            for record in records:
                if record.position in self._poison or self._stands_still:
                    self._stands_still = not self._passes_over
                    continue
                if record.by != self.name:
                    self._consider(record, told)
                elif type(record.fact) in self.performs:
                    self.perform(record)
            if told:
                self._bus.tell(Append(self.name, told, self._considered))
            self.heard()
        except BaseException as error:
            self._choked(self.name, record, error)
            raise
        if self._considered - self._kept >= self._snapshot_every:
            self._keep()

    def _consider(self, record: Record, told: list[Entry]) -> None:
        position, depth = record.position, record.depth + 1
        for decision in self._rules.consider(self.state, record):
            told.append(entry(decision, record.at, position, depth))
        self._considered = position

    def _keep(self) -> None:
        if self._poison and self._passes_over:
            return  # What it left out must not be forgotten for good.
        self._kept = self._considered
        state = msgpack.encode(self.state)
        self._bus.tell(Keep(Snapshot(self.name, self._rules.version, self._kept, state)))
