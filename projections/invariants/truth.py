"""The projections tell the truth: what they say of a position is what the log says there.

The sums and counts of the file are read at one moment, then the log is counted up to the record
that the file says it learned last.
"""

from collections import Counter
from sqlite3 import Connection
from typing import NamedTuple, get_args

from events.budget import CostCorrected, FundsReserved, FundsReturned, FundsSettled
from events.catalogue import AnyFact, ARequest
from events.plan import OccurrenceSkipped, PlanDrawn
from events.record import Record
from events.time import (
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
)
from events.work import WorkCancelled, WorkDropped, WorkFinished, WorkPlanned
from projections.database import Place, place_of
from projections.invariants.check import Tell, Violation

NAME = "projection"
_COUNTS = {
    "pieces of work": "SELECT count(*) FROM works",
    "ended pieces of work": "SELECT count(*) FROM works WHERE ended_at IS NOT NULL",
    "runs": "SELECT count(*) FROM runs",
    "plans": "SELECT count(*) FROM plans",
    "verdicts": "SELECT count(*) FROM verdicts",
    "requests": "SELECT count(*) FROM requests",
}
_SUMS = "SELECT day, category, reserved_usd_micros, settled_usd_micros FROM categories"

VERDICTS = (
    OccurrenceSkipped,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
    OccurrenceExpired,
)
_COUNTED: dict[type[AnyFact], tuple[str, ...]] = {
    WorkPlanned: ("pieces of work",),
    **dict.fromkeys((WorkFinished, WorkDropped, WorkCancelled), ("ended pieces of work",)),
    FundsReserved: ("runs",),
    PlanDrawn: ("plans",),
    **dict.fromkeys(VERDICTS, ("verdicts",)),
    **dict.fromkeys(get_args(ARequest), ("requests",)),
}

Key = tuple[str, str]  # day, category


class Told(NamedTuple):
    """What the projections say, and of which record."""

    place: Place
    counts: dict[str, int]
    sums: dict[Key, tuple[int, int]]  # reserved, settled


def told(connection: Connection) -> Told:
    """Read in one transaction of the caller's."""
    counts = {name: int(connection.execute(sql).fetchone()[0]) for name, sql in _COUNTS.items()}
    sums = {(day, name): (held, spent) for day, name, held, spent in connection.execute(_SUMS)}
    return Told(place_of(connection), counts, sums)


class Truth:
    """Counts the log beside what was told."""

    def __init__(self, projected: Told, tell: Tell) -> None:
        self._told, self._tell = projected, tell
        self._counts: Counter[str] = Counter()
        self._sums: dict[Key, tuple[int, int]] = {}
        self._link = ""
        self._head = 0

    def take(self, records: list[Record]) -> None:
        """Those that follow upon what was taken before; those behind the place do not count."""
        until = self._told.place.position
        self._head = records[-1].position if records else self._head
        for record in records:
            if record.position > until:
                return
            for name in _COUNTED.get(type(record.fact), ()):
                self._counts[name] += 1
            match record.fact:
                case WorkPlanned(source="intent"):
                    self._counts["verdicts"] += 1
                case FundsReserved() as fact:
                    self._book(fact, fact.usd_micros, 0)
                case FundsReturned() as fact:
                    self._book(fact, -fact.usd_micros, 0)
                case FundsSettled() as fact:
                    self._book(fact, -fact.reserved_usd_micros, fact.cost_usd_micros)
                case CostCorrected() as fact:
                    self._book(fact, 0, fact.cost_usd_micros - fact.was_usd_micros)
            if record.position == until:
                self._link = record.hash

    def finish(self) -> None:
        """The log ends here."""
        place = self._told.place
        if place.position > self._head:
            self._wrong(f"they know record {place.position}, the log ends at {self._head}")
            return
        if place.hash != self._link and place.position:
            self._wrong("they have learned another record there")
        for name, count in self._told.counts.items():
            if count != self._counts[name]:
                self._wrong(f"they hold {count} {name}, the log {self._counts[name]}")
        for key in sorted({*self._sums, *self._told.sums}):
            here, there = self._sums.get(key, (0, 0)), self._told.sums.get(key, (0, 0))
            if here != there:
                day, category = key
                self._wrong(
                    f"{category} on {day}: they say {there[0]} reserved and {there[1]} settled, "
                    f"the log {here[0]} and {here[1]}"
                )

    def _book(
        self,
        fact: FundsReserved | FundsReturned | FundsSettled | CostCorrected,
        held: int,
        spent: int,
    ) -> None:
        key = fact.day.isoformat(), fact.category
        before = self._sums.get(key, (0, 0))
        self._sums[key] = before[0] + held, before[1] + spent

    def _wrong(self, reason: str) -> None:
        self._tell(Violation(NAME, self._told.place.position, reason))
