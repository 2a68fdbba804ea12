"""What becomes of each occurrence of one intent, kept from what is told of it."""

from bisect import bisect_left, bisect_right, insort
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from actors.triggers import passed_over
from events.configuration import Configuration
from events.fact import Fact
from events.intents import OccurrenceBuffered, WorkOvertaken
from events.plan import OccurrenceSkipped
from events.record import Record
from events.runs import RunStarting
from events.time import (
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
)
from events.work import WorkCancelled, WorkDropped, WorkFinished, WorkPlanned

SINGLES: dict[type[Fact], str] = {OccurrenceSkipped: "skipped", OccurrenceExpired: "expired"}
RANGES: dict[type[Fact], str] = {
    OccurrenceMissed: "missed",
    OccurrencesCoalesced: "coalesced",
    OccurrencesSuperseded: "superseded",
}


OTHERWISE = {
    ("dst_gap", "skip"): "shifted",
    ("dst_overlap", "last"): "first_pass",
    ("dst_overlap", "first"): "second_pass",
}


class Fate(Struct, omit_defaults=True):
    """One occurrence, the verdict on it, and why; "" is no verdict yet."""

    due_at: datetime
    verdict: str = ""
    reason: str = ""
    policy: str = ""  # for misfires
    into: datetime | None = None  # the one that stands for it
    starts_at: datetime | None = None  # when its work starts
    overtaken: bool = False  # its work is ended for a newer one
    clocks: str = ""  # dst_gap, dst_overlap, shifted, first_pass or second_pass


class Fates:
    """The first so many occurrences of the intent `name` of a house."""

    def __init__(self, name: str, house: Configuration, count: int) -> None:
        self._name, self._house, self._count = name, house, count
        self._intent = house.intents[name]
        self._instants: list[datetime] = []
        self._known: dict[datetime, Fate] = {}
        self._closed = 0
        self._is_expected = False
        self._why: dict[datetime, str] = {}  # of those that are due and have no verdict yet
        self._works: dict[str, Fate] = {}
        self._waiting: dict[str, Fate] = {}  # works that have not started

    @property
    def complete(self) -> bool:
        """Whether all that is asked for have their verdict, and those that start have started."""
        wanted = len(self._instants) if self._is_expected else self._count
        if self._closed < wanted:
            return False
        asked_for = {*self._instants[:wanted]}
        return not any(fate.due_at in asked_for for fate in self._waiting.values())

    @property
    def last(self) -> datetime | None:
        """When the last one is due, where that is known beforehand."""
        return self._instants[-1] if self._is_expected and self._instants else None

    def expect(self, instants: list[datetime]) -> None:
        """These are all that is asked for."""
        for at in instants:
            self._add(at)
        self._is_expected = True

    def told(self) -> list[Fate]:
        return [self._known[at] for at in self._instants if self._known[at].verdict][: self._count]

    def take(self, record: Record) -> None:
        match record.fact:
            case OccurrenceDue(intent=self._name, due_at=at, overdue=overdue):
                self._why[at] = "overdue" if overdue else "on_time"
            case OccurrenceBuffered(intent=self._name, due_at=at):
                self._why[at] = "waited"
            case WorkPlanned(source="intent", work=work, key=key):
                self._plan(work, *key.rsplit("@", 1))
            case RunStarting(work=work) if work in self._waiting:
                self._waiting.pop(work).starts_at = record.at
            case WorkDropped(work=work, reason=reason) if work in self._waiting:
                self._waiting.pop(work).reason = reason
            case WorkCancelled(work=work) | WorkFinished(work=work) if work in self._waiting:
                del self._waiting[work]
            case WorkOvertaken(work=work) if work in self._works:
                self._works[work].overtaken = True
            case OccurrenceSkipped(intent=self._name) | OccurrenceExpired(intent=self._name):
                fate = self._add(record.fact.due_at)
                self._close(fate, SINGLES[type(record.fact)], record.fact.reason)
            case _ if type(record.fact) in RANGES:
                self._close_range(record.fact)

    def _plan(self, work: str, name: str, at: str) -> None:
        if name == self._name:
            due_at = datetime.fromisoformat(at)
            fate = self._add(due_at)
            self._close(fate, "planned", self._why.pop(due_at, "on_time"))
            self._works[work] = self._waiting[work] = fate

    def _close_range(self, fact: Any) -> None:
        if fact.intent != self._name:
            return
        if not self._is_expected:
            self._add(fact.first_due_at)
        first = bisect_left(self._instants, fact.first_due_at)
        last = bisect_right(self._instants, fact.last_due_at)
        for at in self._instants[first:last]:
            fate = self._known[at]
            if not fate.verdict:
                fate.policy = getattr(fact, "policy", "")
                fate.into = getattr(fact, "into", None)
                self._close(fate, RANGES[type(fact)], fact.reason)

    def _close(self, fate: Fate, verdict: str, reason: str) -> None:
        if not fate.verdict and fate.due_at in self._known:
            self._closed += 1
        fate.verdict, fate.reason = verdict, reason

    def _add(self, at: datetime) -> Fate:
        """That occurrence; later ones than were expected are not kept."""
        if (known := self._known.get(at)) is not None:
            return known
        fate = Fate(at, clocks=self._clocks(at))
        if not self._is_expected:
            insort(self._instants, at)
            self._known[at] = fate
        return fate

    def _clocks(self, at: datetime) -> str:
        """What a change of clocks has to do with it, by what other policies would say of it."""
        if (why := passed_over(self._intent, self._house, at)) is not None:
            return why
        for policy, clocks in OTHERWISE.items():
            if passed_over(replace(self._intent, **{policy[0]: policy[1]}), self._house, at):
                return clocks
        return ""
