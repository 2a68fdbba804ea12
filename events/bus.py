"""The only road: what the store does not hold, no door acts upon and nobody answers with."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from events.codec import written
from events.committing import BATCH_RECORDS_MAX, Batch, Committer, Introduction, Pulse
from events.dispatcher import DispatchedActor
from events.messages import (
    Append,
    CaughtUp,
    Considered,
    Early,
    Keep,
    Kinds,
    News,
    Rouse,
    Subscribe,
)
from events.readers import Reader, Readers, tell
from events.record import Record
from events.store import Head, Row, Store

__all__ = [
    "Append",
    "Bus",
    "CaughtUp",
    "Considered",
    "Early",
    "Keep",
    "Kinds",
    "LoopOfRules",
    "News",
    "Pulse",
    "Rouse",
    "Subscribe",
]

DEPTH_MAX = 32  # Decisions upon decisions without an observation: more is a loop of rules.


class LoopOfRules(Exception):
    """Rules that answered each other more than 32 times: `by` concluded `kind` from record
    `cause`."""

    def __init__(self, by: str, cause: int, kind: str) -> None:
        super().__init__(f"{by} answers {cause} with {kind}")
        self.by, self.cause = by, cause


class Space(Struct, frozen=True):
    """The disk was full, and has space again."""


class Broken(Struct, frozen=True):
    """Nothing more can be committed."""

    error: BaseException


Message = Append | Keep | Considered | Rouse | Subscribe | Space | Broken


class Bus(DispatchedActor):
    """Gives each fact its place in the log, tells early readers, and hands over to the committer.

    Nothing waits on a timer: at rest a batch is one message, under load it grows by itself. While
    the disk is full nobody is told anything; it waits in memory.
    """

    def __init__(
        self,
        store: Store,
        failed: Callable[[BaseException], None] = lambda error: None,
        published: Callable[[Head], None] = lambda head: None,
        pulse: Pulse | None = None,
    ) -> None:
        super().__init__()
        self._head, self._link = store.head()
        self._pulse = pulse or Pulse(store.head())
        self._batch = Batch()
        self._untold: list[Record] = []
        self._early = Readers(Early)
        self._performed: Kinds = frozenset()
        self._report = failed
        self._committer = Committer(store, self._pulse, published, self._space, self._failed)

    def on_start(self) -> None:
        self._committer.start()

    def on_receive(self, message: Message) -> None:
        try:
            self._take(message)
            if self.actor_inbox.empty() or len(self._batch.rows) >= BATCH_RECORDS_MAX:
                self._hand_over()
        except BaseException as error:
            self._committer.take(self._batch)
            self._committer.end(error)
            raise

    def on_stop(self) -> None:
        self._hand_over()
        self._committer.end()

    def _take(self, message: Message) -> None:
        match message:
            case Append():
                self._sequence(message)
            case Subscribe():
                self._subscribe(message)
            case Considered(actor, position):
                self._batch.considered[actor] = position
            case Keep(snapshot):
                self._batch.snapshots.append(snapshot)
            case Rouse():
                self._committer.take(message)
            case Broken(error):
                raise error

    def _sequence(self, told: Append) -> None:
        if self._pulse.full is not None and told.done is not None:
            told.done.set_exception(self._pulse.full)
            return
        by, batch, first = told.by, self._batch, self._head + 1
        for said in told.entries:
            if said.depth > DEPTH_MAX:
                raise LoopOfRules(by, said.cause or 0, said.fact.kind)
        for position, said in enumerate(told.entries, first):
            state, self._link = written(position, by, said, self._link)
            batch.rows.append(Row(position, said.fact.kind, state))
            batch.records.append(
                Record(position, said.at, by, said.cause, said.fact, said.depth, self._link)
            )
        self._head += len(told.entries)
        if told.considered:
            batch.considered[by] = told.considered
        if told.done is not None:
            batch.answers.append((told.done, [*range(first, self._head + 1)]))

    def _subscribe(self, asked: Subscribe) -> None:
        self._hand_over()
        if asked.early:
            self._early.add(Reader(asked.reader, asked.early, self._head, asked.idle))
            self._performed |= asked.kinds or frozenset()
        self._committer.take(Introduction(asked, self._head))

    def _hand_over(self) -> None:
        """Memories first: while the disk is written, they go on."""
        batch, self._batch = self._batch, Batch()
        self._untold += batch.records
        if self._untold and self._pulse.full is None:
            untold, self._untold = self._untold, []
            heard = self._early.tell(untold)
            is_awaited = bool(batch.answers) and not heard
            batch.may_go_on = not (is_awaited or self._is_performed(untold))
        self._pulse.sequenced = self._head
        if batch:
            self._committer.take(batch)

    def _is_performed(self, records: Sequence[Record]) -> bool:
        return any(type(record.fact) in self._performed for record in records)

    def _space(self) -> None:
        tell(self.actor_ref, Space())

    def _failed(self, error: BaseException) -> None:
        self._report(error)
        tell(self.actor_ref, Broken(error))
