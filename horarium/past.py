"""The log and what is projected from it, as `explain` puts its questions: by position and subject.

Nothing is written. What the projections do not know yet is searched for in the log itself, from
where they end; without projections all of it is searched.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import DecodeError, msgpack

from actors.planner.rules import RULES as PLANNER
from actors.replay.past import Names, about, concerns, is_planned, work_of_run
from events.codec import UnreadableRecord, read
from events.configuration import Configuration, ConfigurationLoaded
from events.left import base_of
from events.plan import CandidatePassedOver
from events.record import Record
from events.store import Snapshot
from events.work import WorkPlanned
from horarium import reading
from horarium.reading import NoLog
from projections.database import place_of
from projections.moments import rfc3339

PAGE_RECORDS = 400
NEAR_RECORDS = 3_000  # So near stands what was decided upon a record.
NAMES = 200
FOUND_MAX = 64
DEFERRED = timedelta(days=2)
_LOG = "SELECT originator_version, state FROM stored_events WHERE originator_id = 'log'"
_REQUESTS = (
    "work-requested", "replan-requested", "release-requested", "move-requested",
    "cancel-requested", "pause-requested", "resume-requested", "signal-received",
    "intent-add-requested", "intent-remove-requested", "intent-switch-requested",
    "sweep-requested",
)  # fmt: skip
_DUE = ("occurrence-due", "occurrence-buffered")
_CAME = (
    "occurrence-due", "occurrence-skipped", "occurrence-expired", "occurrence-missed",
    "occurrences-coalesced",
)  # fmt: skip


class LogPast:
    """A `Past` over open connections; `folded` is that of the projections, if there are any.

    Raises reading.Gone where it depends on what has left the log and cannot be read."""

    def __init__(self, log: sqlite3.Connection, folded: sqlite3.Connection | None) -> None:
        self._log, self._folded = log, folded
        found = log.execute(
            "SELECT max(originator_version) FROM stored_events WHERE originator_id = 'log'"
        ).fetchone()[0]
        self.head = int(found or 0)
        self._known = place_of(folded).position if folded is not None else 0

    def record(self, position: int) -> Record | None:
        found = reading.record(self._log, position)
        return _record(position, found[2]) if found else None

    def records(self, after: int, until: int) -> Iterator[Record]:
        page = f"{_LOG} AND originator_version > ? AND originator_version <= ? ORDER BY 1 LIMIT ?"
        for position, state in self._that_left(after, until):
            yield _record(position, state)
            after = position
        while found := self._log.execute(page, (after, until, PAGE_RECORDS)).fetchall():
            for position, state in found:
                yield _record(position, state)
            after = found[-1][0]

    def snapshot(self, actor: str, version: int, until: int) -> Snapshot | None:
        found = self._log.execute(
            "SELECT actor, version, position, state FROM snapshots WHERE actor = ? "
            "AND version = ? AND position <= ? ORDER BY position DESC LIMIT 1",
            (actor, version, until),
        ).fetchone()
        return Snapshot(*found) if found else None

    def before(self, moment: datetime) -> int:
        low, high = reading.older_base(self._log, moment), self.head
        while low < high:  # Times hardly ever go back; where they do, it is somewhere near.
            middle = (low + high + 1) // 2
            found = self.record(middle)
            if found is not None and found.at < moment:
                low = middle
            else:
                high = middle - 1
        return low

    def work_of(self, run: str) -> str | None:
        found = self._ask("SELECT work FROM runs WHERE run = ?", (run,))
        if found:
            return str(found[0][0])
        begin = _number(run)
        near = self.records(begin, begin + NEAR_RECORDS) if begin else ()
        return next((work for it in near if (work := work_of_run(it, run))), None)

    def about(self, work: str) -> Sequence[Record]:
        trail = self._ask("SELECT trail FROM works WHERE work = ?", (work,))
        if trail:
            positions = [int(position) for position in trail[0][0].split()]
            known = [it for it in map(self.record, positions) if it is not None]
            runs = {run for it in known if (run := getattr(it.fact, "run", None))}
            return [*known, *about(work, self._speaking(self._known, work, *sorted(runs)), runs)]
        begin = _number(work)
        return list(about(work, self._following(begin, work))) if begin else []

    def requests(self, key: str) -> Sequence[Record]:
        found = self._ask("SELECT position FROM requests WHERE key = ?", (key,))
        later = self._speaking(self._known, f'"key":"{key}"', kinds=_REQUESTS)
        return [*self._at(found), *later]

    def answers(self, position: int) -> Sequence[Record]:
        near = self.records(position, min(self.head, position + NEAR_RECORDS))
        return [it for it in near if it.cause == position][:FOUND_MAX]

    def occurrences(self, intent: str, first: datetime, last: datetime) -> Sequence[Record]:
        found = self._ask(
            "SELECT position FROM verdicts WHERE intent = ? AND due_at <= ? AND last_due_at >= ? "
            "AND (reopened_after IS NULL OR due_at <= reopened_after) ORDER BY position LIMIT ?",
            (intent, rfc3339(last), rfc3339(first), FOUND_MAX),
        )
        known = {it.position: it for it in self._at(found)}
        begin = self.before(first)
        near = self._speaking(begin, intent, kinds=_DUE, until=begin + NEAR_RECORDS)
        later = self._speaking(self._known, intent)
        for it in (*near, *later):
            if concerns(it, intent, first, last):
                known[it.position] = it
        return [known[position] for position in sorted(known)]

    def knows_intent(self, name: str) -> bool:
        """Whether there is, or was, an intent of that name."""
        house = self.configuration(self.head)
        if house is not None and name in house.intents:
            return True
        return bool(self._ask("SELECT 1 FROM intents WHERE intent = ?", (name,)))

    def last_due(self, intent: str) -> datetime | None:
        """The last instant of it that came, whatever became of that."""
        found = self._ask("SELECT last_due_at FROM intents WHERE intent = ?", (intent,))
        known = [datetime.fromisoformat(at) for (at,) in found if at]
        later = [
            getattr(it.fact, "due_at", None) or getattr(it.fact, "last_due_at", None)
            for it in self._speaking(self._known, f'"{intent}"', kinds=_CAME)
            if getattr(it.fact, "intent", None) == intent
        ]
        return max((*known, *(at for at in later if at)), default=None)

    def planned(self, day: date, name: str = "", phase: str = "") -> Sequence[Record]:
        """What was put off since stands under a later day by now, and another phase."""
        found = self._ask(
            "SELECT position FROM works WHERE day BETWEEN :day AND :later "
            "AND :name IN ('', name) AND (:phase IN ('', phase) OR deferrals > 0) "
            "ORDER BY position",
            {"day": str(day), "later": str(day + DEFERRED), "name": name, "phase": phase},
        )
        later = self._speaking(self._known, '"work-planned"', kinds=("work-planned",))
        return [it for it in (*self._at(found), *later) if is_planned(it, day, name, phase)]

    def passed_over(self, day: date, template: str) -> Sequence[Record]:
        found = self._ask(
            "SELECT position FROM passed_over WHERE day = ? AND template = ? ORDER BY position",
            (str(day), template),
        )
        kind = "candidate-passed-over"
        later = [
            it
            for it in self._speaking(self._known, template, kinds=(kind,))
            if isinstance(it.fact, CandidatePassedOver)
            and (it.fact.day, it.fact.template) == (day, template)
        ]
        return [*self._at(found), *later]

    def phases(self, day: date, phase: str) -> Sequence[Record]:
        """They stand near the moments of which they tell."""
        found = self._ask(
            "SELECT starts_at, ends_at FROM phases WHERE day = ? AND phase = ?", (str(day), phase)
        )
        moments = [datetime.fromisoformat(at) for row in found for at in row if at]
        starts = [*map(self.before, moments), *([self._known] if not moments else [])]
        told: dict[int, Record] = {}
        for after in starts:
            for it in self._near(after, ("phase-started", "phase-ended", "phase-missed")):
                if getattr(it.fact, "day", None) == day and getattr(it.fact, "phase", "") == phase:
                    told[it.position] = it
        return [told[position] for position in sorted(told)]

    def configuration(self, at: int) -> Configuration | None:
        """From a memory of the planner, and what was loaded since then."""
        kept = self.snapshot(PLANNER.actor, PLANNER.version, at)
        found: Configuration | None = None
        if kept is not None:
            try:
                found = msgpack.decode(kept.state, type=PLANNER.state).configuration
            except DecodeError:
                kept = None
        begin = kept.position if kept is not None else 0
        for it in self._speaking(begin, "{", kinds=("configuration-loaded",), until=at):
            if isinstance(it.fact, ConfigurationLoaded) and it.fact.configuration is not None:
                found = it.fact.configuration
        return found

    def names(self) -> Names:
        newest = "ORDER BY position DESC LIMIT ?"
        works = self._ask(f"SELECT work, key FROM works {newest}", (NAMES,))  # noqa: S608 our own text
        runs = self._ask(f"SELECT run FROM runs {newest}", (NAMES,))  # noqa: S608 likewise
        keys = self._ask(f"SELECT key FROM requests {newest}", (NAMES,))  # noqa: S608 likewise
        later = [
            it.fact
            for it in self._speaking(self._known, "{", kinds=("work-planned",))
            if isinstance(it.fact, WorkPlanned)
        ]
        return Names(
            [*(it.work for it in later), *(row[0] for row in works)],
            [row[0] for row in runs],
            [*(it.key for it in later), *(row[1] for row in works), *(row[0] for row in keys)],
        )

    def _ask(self, statement: str, bound: Any = ()) -> list[Any]:
        if self._folded is None:
            return []
        return self._folded.execute(statement, bound).fetchall()

    def _at(self, rows: Iterable[Any]) -> list[Record]:
        return [it for row in rows if (it := self.record(row[0])) is not None]

    def _near(self, after: int, kinds: Sequence[str]) -> Iterator[Record]:
        return self._speaking(after, "{", kinds=kinds, until=after + NEAR_RECORDS)

    def _following(self, after: int, work: str) -> Iterator[Record]:
        """All that names a work; the runs that it has are found on the way."""
        runs: set[str] = set()
        for it in self._speaking(after, work):
            runs |= {run for run in (getattr(it.fact, "run", None),) if run}
        yield from self._speaking(after, work, *sorted(runs))

    def _speaking(
        self, after: int, *words: str, kinds: Sequence[str] = (), until: int | None = None
    ) -> Iterator[Record]:
        """The records behind a position in which one of these words stands, found by SQLite."""
        if after >= self.head:
            return
        among = f" AND topic IN ({','.join('?' * len(kinds))})" if kinds else ""
        said = " OR ".join("instr(state, ?) > 0" for _ in words)
        statement = (
            f"{_LOG} AND originator_version > ? AND originator_version <= ?{among} AND ({said}) "
            "ORDER BY 1"
        )
        last = self.head if until is None else min(until, self.head)
        sought = [word.encode() for word in words]
        for position, state in self._that_left(after, last, kinds):
            if any(word in state for word in sought):
                yield _record(position, state)
        bound = (after, last, *kinds, *sought)
        for position, state in self._log.execute(statement, bound).fetchall():
            yield _record(position, state)

    def _that_left(
        self, after: int, until: int, kinds: Sequence[str] = ()
    ) -> Iterator[tuple[int, bytes]]:
        """What stood there and has left the log. Raises Gone."""
        last = min(until, base_of(self._log))
        for position, _, state in reading.rows(self._log, after, kinds) if after < last else ():
            if position > last:
                return
            yield position, state


def _record(position: int, state: bytes) -> Record:
    try:
        return read(position, state)
    except UnreadableRecord as error:
        raise NoLog(f"{error}; `horarium verify` says more") from error


def _number(name: str) -> int:
    """The position that an id begins with: what it names follows from that record."""
    digits = name[1:].partition("-")[0]
    return int(digits) if digits.isdecimal() and len(digits) < 19 else 0
