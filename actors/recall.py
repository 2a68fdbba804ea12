"""How an actor lives its log again: each fact, then what it decided upon it at the time."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Generic, NamedTuple

from msgspec import msgpack

from actors.rules import Rules, S
from events.record import Record
from events.store import Snapshot, Store, checked_pages


class Memory(NamedTuple, Generic[S]):
    """What an actor is when it comes back."""

    state: S
    considered: int  # the last position upon which it decided, or decided nothing
    unheard: Sequence[Record]  # what came after that, still to be heard
    head: int


class Recall(Generic[S]):
    """Takes the records of a log in order and ends as a memory.

    A decision stands behind other facts in the log than the one that caused it, so facts wait
    until it is known what was decided upon them.
    """

    def __init__(self, rules: Rules[S], snapshot: Snapshot | None, considered: int) -> None:
        self._rules = rules
        self.begins = snapshot.position if snapshot else 0
        self._state = (
            msgpack.decode(snapshot.state, type=rules.state) if snapshot else rules.state()
        )
        self._considered = max(considered, self.begins)
        self._waiting: deque[Record] = deque()

    def take(self, record: Record) -> None:
        """A fact that these rules hear, or a decision of their own."""
        if record.by != self._rules.actor:
            if record.position > self.begins:
                self._waiting.append(record)
            return
        cause = record.cause or 0
        if cause > self.begins:
            self._learn_until(cause)
            self._considered = max(self._considered, cause)
            self._rules.evolve(self._state, record.fact, record.at)

    def finish(self, head: int) -> Memory[S]:
        self._learn_until(self._considered)
        return Memory(self._state, self._considered, list(self._waiting), head)

    def _learn_until(self, position: int) -> None:
        waiting, evolve = self._waiting, self._rules.evolve
        while waiting and waiting[0].position <= position:
            record = waiting.popleft()
            evolve(self._state, record.fact, record.at)


def recall(books: Iterable[Rules[Any]], store: Store) -> dict[str, Memory[Any]]:
    """The memories of all actors, from their snapshots and one scan of the log behind them.

    For an actor that is new to a log, the daemon records the head as considered first: new rules
    never decide anew upon old facts.
    """
    recalls = {book.actor: _recall_of(book, store) for book in books}
    return remembered(recalls, store)


def _recall_of(book: Rules[Any], store: Store) -> Recall[Any]:
    snapshot = store.snapshot(book.actor, book.version)
    return Recall(book, snapshot, store.considered(book.actor) or 0)


def remembered(recalls: dict[str, Recall[Any]], store: Store) -> dict[str, Memory[Any]]:
    """One scan of the log, told to whom it concerns."""
    listeners: dict[object, list[Recall[Any]]] = {}
    for one in recalls.values():
        for kind in one._rules.hears:
            listeners.setdefault(kind, []).append(one)
    head = after = min((one.begins for one in recalls.values()), default=0)
    for page in checked_pages(store, after):
        for record in page:
            if (own := recalls.get(record.by)) is not None:
                own.take(record)
            for one in listeners.get(type(record.fact), ()):
                if one is not own:
                    one.take(record)
        head = page[-1].position
    return {actor: one.finish(head) for actor, one in recalls.items()}
