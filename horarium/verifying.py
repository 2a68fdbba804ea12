"""A whole log, gone through once: as it is kept, by what a log can prove, by deciding it again."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, takewhile
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import MsgspecError, msgpack
from msgspec.json import decode

from actors.replay.books import BOOKS
from actors.replay.recompute import Difference, Recompute
from actors.rules import Rules
from events.fact import kind_of
from events.head import kept_head
from events.left import Stretch, base_of, stretches
from events.record import Record
from events.store import Head
from horarium import bundle, quiet, reading, sealed
from horarium.deciding import PAGE_SECONDS, parts
from horarium.hands import Hand, Undone, hands
from horarium.patience import patience
from horarium.places import Places
from horarium.sweeping.sealing import disagreeing
from horarium.untrusted import Handed, handed
from projections.database import fingerprint, version_of
from projections.invariants.check import Violation
from projections.invariants.checker import Checker
from projections.invariants.past import ACTORS
from projections.invariants.stored import BEGINNING, Stored, StoredRow
from projections.invariants.truth import Told, Truth, told
from projections.queries.documents import snapshot

FOUND_MAX = 1_000  # violations, and differences, that are kept; the others are counted

Progress = Callable[[int], None]


class Verdict(NamedTuple):
    """What was found. Of many, the first are named."""

    after: int  # the record in front of the first that was looked at
    records: int
    violations: list[Violation]
    differences: list[Difference]
    violations_count: int
    differences_count: int
    left: int = 0  # the last record that has left the log
    missing: str = ""  # why what has left was not looked at, where it was not
    undecided: tuple[str, ...] = ()  # actors whose decisions cannot be made again from there on


class Verification:
    """One pass, to which the pages of a log are given in order.

    `considered` is how far each actor is known to have come; `projected` what the projections
    say. A log that begins `after` a record can prove less of itself.
    """

    def __init__(
        self,
        considered: Mapping[str, int],
        books: Iterable[Rules[Any]] = BOOKS,
        projected: Told | None = None,
        after: int = 0,
        states: Mapping[str, Any] | None = None,
    ) -> None:
        self._considered, self._after = considered, after
        self._violations: list[Violation] = []
        self._differences: list[Difference] = []
        self._counts = [0, 0]
        self._checker = Checker(self.found, after)
        known, wanted = states or {}, tuple(books)
        can = [book for book in wanted if not after or book.actor in known]
        self.undecided = tuple(book.actor for book in wanted if book not in can)
        self._recompute = Recompute(can, self._differs, known, after)
        self._truth = Truth(projected, self.found) if projected is not None else None
        self._missing: dict[str, Difference] = {}
        self._changed: set[str] = set()  # actors whose rules decide differently now

    def take(self, page: list[Record]) -> None:
        self._checker.take(page)
        with patience(PAGE_SECONDS):  # What breaks every promise may send rules round and round.
            self._recompute.take(page)
        if self._truth is not None:
            self._truth.take(page)

    def finish(self, head: int, *, blind: bool) -> Verdict:
        """The log ends at that position; when something could not be read, what was seen so far
        is all that is judged."""
        if not blind:
            self._finish(head)
        count = head - self._after
        wrong, otherwise = self._counts
        found = Verdict(self._after, count, self._violations, self._differences, wrong, otherwise)
        return found._replace(undecided=self.undecided)

    def found(self, violation: Violation) -> None:
        self._counts[0] += 1
        if len(self._violations) < FOUND_MAX:
            self._violations.append(violation)

    @property
    def has_found(self) -> bool:
        return any(self._counts)

    def _finish(self, head: int) -> None:
        for actor, position in self._considered.items():
            if position > head:
                why = f"{actor} has considered record {position}; the log ends here"
                self.found(Violation("head", head, why))
        self._checker.finish(self._considered)
        with patience(PAGE_SECONDS):
            self._recompute.finish(self._considered)
        if self._truth is not None:
            self._truth.finish()
        for actor, first in self._missing.items():
            if actor in self._changed:
                self._keep(first)
            elif first.now is not None:
                kind = kind_of(type(first.now))
                why = f"{actor} has considered it, and {kind} does not follow"
                self.found(Violation("tail", first.cause, why))

    def _differs(self, difference: Difference) -> None:
        """At the tail, where nothing else that the actor decides is different, what is missing
        was there: decisions and how far their actor has come stand in one transaction."""
        if difference.choked:
            why = f"{difference.actor} cannot live it again: {difference.choked}"
            self.found(Violation("relive", difference.cause, why))
        elif difference.tail:
            self._missing.setdefault(difference.actor, difference)
        else:
            self._changed.add(difference.actor)
            self._keep(difference)

    def _keep(self, difference: Difference) -> None:
        self._counts[1] += 1
        if len(self._differences) < FOUND_MAX:
            self._differences.append(difference)


def verified(here: Places, progress: Progress, *, recompute: bool = True) -> Verdict:
    """The log of a data folder, and what is kept beside it. Raises NoLog.

    Where several processes can take part, they only prove that nothing is wrong and nothing is
    decided differently: what there is to find is found, and told, by one.
    """
    if recompute:
        with suppress(Undone):
            return _verified(here, progress, (), others=True)
        progress(0)
    return _verified(here, progress, BOOKS if recompute else ())


def _verified(
    here: Places, progress: Progress, books: Iterable[Rules[Any]], *, others: bool = False
) -> Verdict:
    """How far the actors, the head file and the projections are is read first: the log can only
    have gone on since then. Raises Undone when `others` take part and anything is found."""
    projected = _projected(here)
    anchor = kept_head(here.head)
    with _opened(here) as log:
        considered, gone = _considered(log), stretches(log)
        if others and gone:
            raise Undone
        missing = sealed.missing(here.data, gone)
        begins = Head(gone[-1].until, gone[-1].last) if missing else BEGINNING
        one = _verification(log, considered, books, projected, begins.position)
        stored = Stored(lambda wrong: one.found(_where(wrong, gone)), anchor, begins)
        until = reading.head(log) if others else None
        with hands(parts(here.log, until, considered) if until is not None else ()) as deciding:
            for page in stored.pages(_rows(here, log, () if missing else gone, until)):
                one.take(page)
                progress(page[-1].position)
                _go_on(one, deciding)
            for disagreement in disagreeing(here.data, log):
                one.found(disagreement)
            stored.finish()
            verdict = one.finish(stored.position, blind=stored.blind)
            _go_on(one, deciding)
            for hand in deciding:
                hand.result()
    left = gone[-1].until if gone else 0
    return verdict._replace(left=left, missing=missing)


def _verification(
    log: sqlite3.Connection,
    considered: Mapping[str, int],
    books: Iterable[Rules[Any]],
    projected: Told | None,
    after: int,
) -> Verification:
    """Of a log whose beginning cannot be read here the projections are not held against it."""
    if not after:
        return Verification(considered, books, projected)
    states = {book.actor: state for book in BOOKS if (state := _known(log, book, after))}
    return Verification(considered, books, None, after, states)


def _where(wrong: Violation, gone: Sequence[Stretch]) -> Violation:
    """With the file in which it is wrong, if that is not the log."""
    for stretch in gone:
        if stretch.after < wrong.position <= stretch.until:
            return wrong._replace(reason=f"{wrong.reason} (in {stretch.file})")
    return wrong


def _known(log: sqlite3.Connection, book: Rules[Any], position: int) -> Any:
    """What an actor knew there, if that was kept and today's rules can read it."""
    found = log.execute(
        "SELECT state FROM snapshots WHERE actor = ? AND version = ? AND position = ?",
        (book.actor, book.version, position),
    ).fetchone()
    with suppress(MsgspecError, UnicodeDecodeError):
        return msgpack.decode(found[0], type=book.state) if found else None
    return None


def _go_on(one: Verification, deciding: Sequence[Hand]) -> None:
    """Raises Undone when something was found, here or by others, and others take part."""
    for hand in deciding:
        hand.look()
    if deciding and one.has_found:
        raise Undone


def verified_file(path: Path, progress: Progress, *, recompute: bool = True) -> Verdict:
    """A log that was handed to us: up to the first record that is not one."""
    position = 0
    one = Verification({})
    try:
        with handed(path) as log:
            one = _of_file(log, recompute)
            position = log.after
            for page in log.pages:
                one.take(page)
                position = page[-1].position
                progress(position)
                _check_anchor(one, log.anchor, page)
            if log.anchor is not None and log.anchor.position > position:
                why = f"the log ends here, but record {log.anchor.position} was written"
                one.found(Violation("head", position, why))
    except bundle.BadLog as bad:
        one.found(Violation("readable", bad.position, bad.why))
        return one.finish(position, blind=True)
    return one.finish(position, blind=False)


def _of_file(log: Handed, recompute: bool) -> Verification:
    states = {
        book.actor: decode(kept.state, type=book.state)
        for book in BOOKS
        if (kept := log.states.get(book.actor)) is not None and kept.version == book.version
    }
    books = BOOKS if recompute else ()
    return Verification(log.considered, books, after=log.after, states=states)


def _check_anchor(one: Verification, anchor: Head | None, page: list[Record]) -> None:
    if anchor is None or not page[0].position <= anchor.position <= page[-1].position:
        return
    if page[anchor.position - page[0].position].hash != anchor.hash:
        one.found(Violation("head", anchor.position, "is not the record that was written here"))


def _considered(log: sqlite3.Connection) -> Mapping[str, int]:
    found = log.execute("SELECT application_name, notification_id FROM tracking").fetchall()
    return {actor: int(position) for actor, position in found if actor in ACTORS}


def _rows(
    here: Places, log: sqlite3.Connection, gone: Sequence[Stretch], until: int | None
) -> Iterable[StoredRow]:
    """What has left and is read here, whatever it is now, and then what the log has."""
    left = chain.from_iterable(sealed.lines(here.data, stretch) for stretch in gone)
    rows = ((position, state) for position, _, state in reading.rows(log, base_of(log)))
    found = chain(left, rows)
    return found if until is None else takewhile(lambda row: row[0] <= until, found)


def _projected(here: Places) -> Told | None:
    """What the projections say, if there are any that this version reads."""
    if not here.projections.exists():
        return None
    try:
        with quiet.opened(here.projections) as connection:
            if version_of(connection) != fingerprint():
                return None
            with snapshot(connection):
                return told(connection)
    except sqlite3.Error:
        return None


@contextmanager
def _opened(here: Places) -> Iterator[sqlite3.Connection]:
    """The log, of which nothing is changed, and beside which nothing is left."""
    if not here.log.exists():
        with reading.opened(here) as log:  # It says what to do.
            yield log
        return
    try:
        with quiet.opened(here.log) as log:
            if version_of(log) > reading.FORMAT:
                raise reading.NoLog(f"{here.log} was written by a newer version")
            yield log
    except sqlite3.Error as error:
        raise reading.NoLog(f"cannot read {here.log}: {error}") from error
