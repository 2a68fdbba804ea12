"""A log as questions are put to it: by position, and by what a record is about."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from events.configuration import Configuration, ConfigurationLoaded
from events.intents import OccurrenceBuffered
from events.plan import CandidatePassedOver, OccurrenceSkipped, PlanDrawn
from events.record import Record
from events.requests import RequestRefused, RequestRepeated
from events.runs import RunEnded, RunStarted
from events.store import Snapshot
from events.time import (
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesReopened,
    OccurrencesSuperseded,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
)
from events.work import WorkPlanned

OF_PHASE = (PhaseStarted, PhaseEnded, PhaseMissed)


class Names(NamedTuple):
    """What there is, to find what was meant."""

    works: Sequence[str]
    runs: Sequence[str]
    keys: Sequence[str]


class Past(Protocol):
    """A log that is read. Every list is in the order of the log."""

    @property
    def head(self) -> int: ...

    def record(self, position: int) -> Record | None: ...

    def records(self, after: int, until: int) -> Iterable[Record]:
        """Behind a position, up to another one."""

    def snapshot(self, actor: str, version: int, until: int) -> Snapshot | None: ...

    def before(self, moment: datetime) -> int:
        """The position of the last record older than a moment; 0 when there is none."""

    def work_of(self, run: str) -> str | None: ...

    def about(self, work: str) -> Sequence[Record]:
        """All that names a piece of work or a run of it."""

    def requests(self, key: str) -> Sequence[Record]:
        """What was asked for under a key."""

    def answers(self, position: int) -> Sequence[Record]:
        """What was decided upon a record."""

    def occurrences(self, intent: str, first: datetime, last: datetime) -> Sequence[Record]:
        """The verdicts on an intent that concern a stretch of time, both ends included, that it
        was due, and that it had to wait. What was withdrawn is left out."""

    def planned(self, day: date, name: str = "", phase: str = "") -> Sequence[Record]:
        """The work of a day, from a template or for a phase."""

    def passed_over(self, day: date, template: str) -> Sequence[Record]: ...

    def phases(self, day: date, phase: str) -> Sequence[Record]:
        """What the clock told of a phase of a day."""

    def configuration(self, at: int) -> Configuration | None:
        """What was in force at a position."""

    def names(self) -> Names:
        """The newest of each."""


class Remembered:
    """A past that is held in memory."""

    def __init__(self, log: Sequence[Record], snapshots: Sequence[Snapshot] = ()) -> None:
        self._log, self._snapshots = log, snapshots

    @property
    def head(self) -> int:
        return len(self._log)

    def record(self, position: int) -> Record | None:
        return self._log[position - 1] if 0 < position <= len(self._log) else None

    def records(self, after: int, until: int) -> Iterable[Record]:
        return self._log[after:until]

    def snapshot(self, actor: str, version: int, until: int) -> Snapshot | None:
        fitting = [
            kept
            for kept in self._snapshots
            if (kept.actor, kept.version) == (actor, version) and kept.position <= until
        ]
        return max(fitting, key=lambda kept: kept.position, default=None)

    def before(self, moment: datetime) -> int:
        return max((it.position for it in self._log if it.at < moment), default=0)

    def work_of(self, run: str) -> str | None:
        return next((work for it in self._log if (work := work_of_run(it, run))), None)

    def about(self, work: str) -> Sequence[Record]:
        return list(about(work, self._log))

    def requests(self, key: str) -> Sequence[Record]:
        return [
            it
            for it in self._log
            if getattr(it.fact, "key", None) == key
            and not isinstance(it.fact, WorkPlanned | PlanDrawn | RequestRefused | RequestRepeated)
        ]

    def answers(self, position: int) -> Sequence[Record]:
        return [it for it in self._log if it.cause == position]

    def occurrences(self, intent: str, first: datetime, last: datetime) -> Sequence[Record]:
        found: list[Record] = []
        for it in self._log:
            if isinstance(it.fact, OccurrencesReopened):
                found = [each for each in found if not is_withdrawn(each, it.fact.after)]
            elif concerns(it, intent, first, last):
                found.append(it)
        return found

    def planned(self, day: date, name: str = "", phase: str = "") -> Sequence[Record]:
        return [it for it in self._log if is_planned(it, day, name, phase)]

    def passed_over(self, day: date, template: str) -> Sequence[Record]:
        return [
            it
            for it in self._log
            if isinstance(it.fact, CandidatePassedOver)
            and (it.fact.day, it.fact.template) == (day, template)
        ]

    def phases(self, day: date, phase: str) -> Sequence[Record]:
        return [
            it
            for it in self._log
            if isinstance(it.fact, OF_PHASE) and (it.fact.day, it.fact.phase) == (day, phase)
        ]

    def configuration(self, at: int) -> Configuration | None:
        for it in reversed(self._log[:at]):
            if isinstance(it.fact, ConfigurationLoaded) and it.fact.configuration is not None:
                return it.fact.configuration
        return None

    def names(self) -> Names:
        facts = [it.fact for it in reversed(self._log)]
        works = dict.fromkeys(it.work for it in facts if isinstance(it, WorkPlanned))
        runs = dict.fromkeys(it.run for it in facts if isinstance(it, RunEnded | RunStarted))
        keys = dict.fromkeys(it.key for it in facts if isinstance(it, WorkPlanned))
        return Names(list(works), list(runs), list(keys))


def about(work: str, records: Iterable[Record], known: Iterable[str] = ()) -> Iterator[Record]:
    """Of these, all that name a piece of work or a run of it; some of its runs are known."""
    runs = {*known}
    for record in records:
        fact = record.fact
        if getattr(fact, "work", None) == work:
            if run := getattr(fact, "run", None):
                runs.add(run)
            yield record
        elif getattr(fact, "run", None) in runs or getattr(fact, "subject", None) == work:
            yield record


def work_of_run(record: Record, run: str) -> str | None:
    """The work, if that run is named together with it."""
    fact = record.fact
    return getattr(fact, "work", None) if getattr(fact, "run", None) == run else None


def concerns(record: Record, intent: str, first: datetime, last: datetime) -> bool:
    """Whether it is said of occurrences of an intent within a stretch of time."""
    match record.fact:
        case (
            OccurrenceDue(name, due_at)
            | OccurrenceSkipped(name, due_at)
            | OccurrenceExpired(name, due_at)
            | OccurrenceBuffered(name, due_at)
        ):
            return name == intent and first <= due_at <= last
        case (
            OccurrenceMissed(name, first_due, last_due)
            | OccurrencesCoalesced(name, first_due, last_due)
            | OccurrencesSuperseded(name, first_due, last_due)
        ):
            return name == intent and first_due <= last and last_due >= first
        case WorkPlanned(source="intent", key=key):
            name, _, instant = key.rpartition("@")
            return name == intent and first <= datetime.fromisoformat(instant) <= last
    return False


def is_withdrawn(record: Record, after: datetime) -> bool:
    """Whether it lies wholly behind the moment from which on the clock withdrew what it said of
    occurrences that never became due."""
    match record.fact:
        case OccurrenceMissed() | OccurrencesCoalesced() | OccurrencesSuperseded():
            return record.fact.first_due_at > after
        case OccurrenceSkipped() | OccurrenceExpired():
            return record.by == "clock" and record.fact.due_at > after
    return False


def is_planned(record: Record, day: date, name: str, phase: str) -> bool:
    """Whether it plans work of a day: of that name, or for that phase."""
    fact = record.fact
    if not isinstance(fact, WorkPlanned) or name not in ("", fact.name):
        return False
    return fact.day == day and phase in ("", fact.phase)
