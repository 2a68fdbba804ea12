"""What stands is told, not too often, not in quiet hours, and nothing is told of what tells."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from events.configuration import Configuration
from events.fact import Fact
from events.intents import AlertCleared, AlertRaised
from events.record import Record
from events.requests import ReleaseRequested
from events.settings import WEEKDAYS, Hours
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkPlanned,
    WorkReleased,
)
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

LANE = "notify"
RUNS_KEPT = 1_000
ALERTS_KEPT = 1_000  # as many as the planner promises to know


class Told(Struct):
    """An alert about a subject."""

    raised: int = 0  # where it was raised last
    cleared: int = 0
    work: str = ""  # that is to tell it
    ended: int = 0  # where the work before it did
    again_at: datetime | None = None  # and until when nothing more was to be told


class Tellings(Check):
    """Keeps the alerts, and the work and the runs that tell them."""

    NAME = "telling"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._alerts: dict[str, Told] = {}
        self._works: dict[str, str] = {}  # open, with what each tells
        self._freed: set[str] = set()  # of those, by a person
        self._runs: dict[str, None] = {}

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            AlertRaised: self._raised,
            AlertCleared: self._cleared,
            WorkPlanned: self._planned,
            ReleaseRequested: self._free,
            WorkReleased: self._released,
            StepReached: self._reached,
            **dict.fromkeys((WorkFinished, WorkCancelled, WorkDropped), self._ended),
        }

    def _raised(self, record: Record, fact: AlertRaised) -> None:
        name = f"{fact.alert}/{fact.subject}"
        told = self._alerts.pop(name, None) or Told()
        told.raised, self._alerts[name] = record.position, told
        if len(self._alerts) > ALERTS_KEPT:
            del self._alerts[next(iter(self._alerts))]

    def _cleared(self, record: Record, fact: AlertCleared) -> None:
        if (told := self._alerts.get(f"{fact.alert}/{fact.subject}")) is not None:
            told.cleared = record.position

    def _planned(self, record: Record, fact: WorkPlanned) -> None:
        if fact.source != "alert":
            return
        name, _, _ = fact.key.rpartition("@")
        self._works[fact.work] = name
        told = self._alerts.get(name)
        if told is None or told.raised < told.cleared <= (record.cause or 0):
            self.wrong(record, f"{fact.work} tells of {name}, which does not stand")
            return
        if fact.lane != LANE:
            self.wrong(record, f"{fact.work} tells of {name} in the lane {fact.lane}")
        if name.partition("/")[2] in self._runs:
            self.wrong(record, f"{fact.work} tells of what tells: {name}")
        self._is_time(record, fact.work, name, told)

    def _is_time(self, record: Record, work: str, name: str, told: Told) -> None:
        if told.work:
            self.wrong(record, f"{work} tells of {name}, and {told.work} still does")
        # A clock may have been set back meanwhile, or far ahead and nobody has noticed.
        latest = max(record.at, self.past.latest or record.at)
        again_at = told.again_at if self.past.back <= told.ended else None
        if again_at is not None and latest < again_at:
            self.wrong(record, f"{work} tells of {name} again before {again_at}")
        told.work, told.again_at = work, None

    def _free(self, record: Record, fact: ReleaseRequested) -> None:
        if fact.work in self._works:
            self._freed.add(fact.work)

    def _released(self, record: Record, fact: WorkReleased) -> None:
        if fact.work not in self._works:
            return
        self._run(fact.run)
        house = self.past.settings(record.cause or 0)
        if house is None or fact.work in self._freed:
            return
        if any(_holds(hours, house, record.at) for hours in house.alerts.quiet):
            self.wrong(record, f"{fact.work} tells of {self._works[fact.work]} in quiet hours")

    def _reached(self, record: Record, fact: StepReached) -> None:
        if fact.work in self._works:
            self._run(fact.run)

    def _run(self, run: str) -> None:
        self._runs[run] = None
        if len(self._runs) > RUNS_KEPT:
            del self._runs[next(iter(self._runs))]

    def _ended(self, record: Record, fact: WorkFinished | WorkCancelled | WorkDropped) -> None:
        name = self._works.pop(fact.work, "")
        self._freed.discard(fact.work)
        told = self._alerts.get(name)
        if told is None or told.work != fact.work:
            return
        if isinstance(fact, WorkDropped) and fact.reason == "alert_over":
            told.work = ""
            return
        house = self.past.settings(record.position)
        seconds = 0 if house is None else house.alerts.repeat_seconds
        told.work, told.ended = "", record.position
        told.again_at = record.at + timedelta(seconds=seconds)


def _holds(hours: Hours, house: Configuration, at: datetime) -> bool:
    """By the wall. Where its time comes a second time nothing is said: it may be over."""
    local = at.astimezone(ZoneInfo(house.day.timezone))
    now, today = local.time(), local.weekday()
    if local.fold:
        return False
    if hours.start < hours.end:
        return hours.start <= now < hours.end and WEEKDAYS[today] in hours.days
    began = now >= hours.start and WEEKDAYS[today] in hours.days
    return began or (now < hours.end and WEEKDAYS[today - 1] in hours.days)
