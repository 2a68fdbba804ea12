"""How an actor lives its log again: each fact, then what it decided upon it at the time."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple

from msgspec import MsgspecError, msgpack

from actors.rules import Change, Rules, S
from events.fact import Fact
from events.record import Record
from events.store import Snapshot, Store, checked_pages

Poison = tuple[str, int]  # an actor, and the position of a record that was too much for it


class Memory(NamedTuple, Generic[S]):
    """What an actor is when it comes back."""

    state: S
    considered: int  # the last position upon which it decided, or decided nothing
    unheard: Sequence[Record]  # what came after that, still to be heard
    head: int


class Known(NamedTuple):
    """What is kept of an actor beside the log."""

    snapshot: Snapshot | None
    considered: int
    poison: frozenset[int]  # positions that are passed over


class Indigestible(Exception):
    """A record that an actor cannot live again; the mistake itself is the cause of this."""

    def __init__(self, actor: str, record: Record) -> None:
        super().__init__(f"{actor} cannot live record {record.position} again")
        self.actor, self.record = actor, record


class Changes(dict[type[Fact], Change | None]):
    """How facts change a state, by their kinds, as they are asked for."""

    def __init__(self, rules: Rules[Any]) -> None:
        super().__init__()
        self._rules = rules

    def __missing__(self, kind: type[Fact]) -> Change | None:
        change = self[kind] = self._rules.change_for(kind)
        return change


class Recall(Generic[S]):
    """Takes the records of a log in order and ends as a memory. Raises Indigestible.

    A decision stands behind other facts in the log than the one that caused it, so facts wait
    until it is known what was decided upon them. The `poison` is passed over.
    """

    def __init__(
        self,
        rules: Rules[S],
        snapshot: Snapshot | None,
        considered: int,
        poison: frozenset[int] = frozenset(),
    ) -> None:
        self._rules, self._poison = rules, poison
        state = _state_in(snapshot, rules) if snapshot else None
        self._state = rules.state() if state is None else state
        self.begins = snapshot.position if snapshot and state is not None else 0
        self._considered = max(considered, self.begins)
        self._waiting: deque[Record] = deque()
        self._changes = Changes(rules)

    def take(self, record: Record) -> None:
        """A fact that these rules hear, or a decision of their own."""
        if record.by == self._rules.actor:
            self._remember(record)
        else:
            self._waiting.append(record)

    def taker(self, by: str, kind: type[Fact]) -> Callable[[Record], None] | None:
        """What takes the facts of a kind that one actor or door says; None: they do not matter."""
        if by == self._rules.actor:
            return self._remember
        return self._waiting.append if kind in self._rules.hears else None

    def finish(self, head: int) -> Memory[S]:
        self._learn_until(self._considered)
        return Memory(self._state, self._considered, list(self._waiting), head)

    def _remember(self, decision: Record) -> None:
        cause = decision.cause or 0
        if cause > self.begins:
            if cause > self._considered:
                self._considered = cause
            self._learn_until(cause)
            self._learn(decision)

    def _learn_until(self, position: int) -> None:
        """Each but what the snapshot knows, or what is too much for these rules."""
        waiting, state, changes = self._waiting, self._state, self._changes
        begins, poison = self.begins, self._poison
        record = None
        try:
            while waiting and (at := waiting[0].position) <= position:
                record = waiting.popleft()
                change = changes[type(record.fact)]
                if at > begins and change is not None and not (poison and at in poison):
                    change(state, record.fact, record.at)
        except Exception as mistake:
            assert record is not None
            raise Indigestible(self._rules.actor, record) from mistake

    def _learn(self, decision: Record) -> None:
        change = self._changes[type(decision.fact)]
        if change is not None and decision.position not in self._poison:
            try:
                change(self._state, decision.fact, decision.at)
            except Exception as mistake:
                raise Indigestible(self._rules.actor, decision) from mistake


def _state_in(snapshot: Snapshot, rules: Rules[S]) -> S | None:
    """The state that was kept; None when it has another shape: then the log is read instead."""
    try:
        return msgpack.decode(snapshot.state, type=rules.state)
    except (MsgspecError, UnicodeDecodeError):
        return None


def recall(
    books: Iterable[Rules[Any]], store: Store, poison: frozenset[Poison] = frozenset()
) -> dict[str, Memory[Any]]:
    """The memories of all actors, from their snapshots and one scan of the log behind them.

    An actor that is new to a log begins at its head: new rules never decide upon old facts. (The
    daemon makes every actor known to a log together with its first record.)
    """
    recalls = {book.actor: Recall(book, *known_of(book, store, poison)) for book in books}
    return remembered(recalls, store)


def known_of(book: Rules[Any], store: Store, poison: frozenset[Poison]) -> Known:
    """What a store keeps of an actor."""
    snapshot = store.snapshot(book.actor, book.version)
    passed_over = frozenset(position for actor, position in poison if actor == book.actor)
    known = store.considered(book.actor)
    considered = store.head().position if known is None else known
    return Known(snapshot, considered, passed_over)


def remembered(recalls: dict[str, Recall[Any]], store: Store) -> dict[str, Memory[Any]]:
    """One scan of the log, told to whom it concerns."""
    told: dict[tuple[str, type[Fact]], list[Callable[[Record], None]]] = {}
    head = after = min((one.begins for one in recalls.values()), default=0)
    for page in checked_pages(store, after):
        for record in page:
            place = record.by, type(record.fact)
            if (takers := told.get(place)) is None:
                found = (one.taker(*place) for one in recalls.values())
                takers = told[place] = [taker for taker in found if taker is not None]
            for take in takers:
                take(record)
        head = page[-1].position
    return {actor: one.finish(head) for actor, one in recalls.items()}
