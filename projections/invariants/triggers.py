"""What is due lies on its trigger: on its interval, its moment, or the times that it names."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from re import compile as pattern
from zoneinfo import ZoneInfo

from events.configuration import Configuration, ConfigurationLoaded, Intent
from events.fact import Fact
from events.plan import OccurrenceSkipped
from events.record import Record
from events.settings import WEEKDAYS
from events.time import (
    OccurrenceDue,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
)
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.crontab import Crontab, read
from projections.invariants.expected import is_timed
from projections.invariants.past import Past

INSTANT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
GAP_MAX = timedelta(days=1)
TZDATA = version("tzdata")
ZONE_NAME = pattern(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")
NONE = Configuration()

_crontab = lru_cache(maxsize=16_384)(read)


class Triggers(Check):
    """Every instant that the clock names of an intent, by the settings that it knew.

    In a gap, times that are named come where the gap ends. Windows are looked at only on days on
    which the clocks of the zone do not change, phases not at all. Where another version of the
    time zones was in force, the wall is not looked at.
    """

    NAME = "trigger"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._same_zones = True

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            ConfigurationLoaded: self._loaded,
            OccurrenceDue: self._due,
            OccurrenceMissed: self._range,
            OccurrencesCoalesced: self._range,
            OccurrencesExpected: self._expected,
            OccurrenceSkipped: self._skipped,
        }

    def _loaded(self, record: Record, fact: ConfigurationLoaded) -> None:
        self._same_zones = fact.tzdata in ("", TZDATA)

    def _due(self, record: Record, fact: OccurrenceDue) -> None:
        self._look(record, fact.intent, fact.due_at, wanted=True)

    def _range(self, record: Record, fact: OccurrenceMissed | OccurrencesCoalesced) -> None:
        self._look(record, fact.intent, fact.first_due_at)
        if fact.last_due_at != fact.first_due_at:
            self._look(record, fact.intent, fact.last_due_at)

    def _expected(self, record: Record, fact: OccurrencesExpected) -> None:
        for one in fact.intents:
            if one.count:
                self._look(record, one.intent, one.first_due_at)

    def _skipped(self, record: Record, fact: OccurrenceSkipped) -> None:
        if record.by != "clock":
            return
        self._look(record, fact.intent, fact.due_at)
        if fact.reason not in ("dst_gap", "dst_overlap"):
            self.wrong(record, f"the clock skips {fact.intent} as {fact.reason}")

    def _look(self, record: Record, name: str, instant: datetime, wanted: bool = False) -> None:
        cause = record.cause or 0
        known = self.past.intent(name, cause)
        intent = None if known is None else known.intent
        if intent is None or not is_timed(intent):
            return
        why = _off_grid(intent, instant)
        if why is None and (intent.cron is not None or intent.windows or intent.exclude):
            house = self.past.settings(cause) or NONE
            zone = _zone(intent.timezone or house.day.timezone) if self._same_zones else None
            why = None if zone is None else _off(intent, house, zone, instant, wanted)
        if why is not None:
            self.wrong(record, f"{name}@{instant} {why}")


def _off_grid(intent: Intent, at: datetime) -> str | None:
    """Why it cannot be due then, whatever the wall shows."""
    if intent.at is not None:
        return None if at == intent.at else f"is not {intent.at}"
    every = intent.every_seconds
    if every is not None and (at.microsecond or at.timestamp() % every):
        return f"is no multiple of {every} s"
    if intent.starts_at is not None and at < intent.starts_at:
        return f"is before its start, {intent.starts_at}"
    if intent.ends_at is not None and at >= intent.ends_at:
        return f"is not before its end, {intent.ends_at}"
    return None


def _off(
    intent: Intent, house: Configuration, zone: ZoneInfo, at: datetime, wanted: bool
) -> str | None:
    """Why it cannot be due then by the wall; `wanted`: also by its policies for changed clocks."""
    if intent.cron is not None and (crontab := _crontab(intent.cron)) is not None:
        why = _off_wall(crontab, intent, house, zone, at, wanted)
        if why is not None:
            return why
    return _outside(intent, zone, at)


def _off_wall(
    crontab: Crontab, intent: Intent, house: Configuration, zone: ZoneInfo, at: datetime,
    wanted: bool,
) -> str | None:  # fmt: skip
    wall = at.astimezone(zone)
    if crontab.shows(wall) and not wall.microsecond:
        if wanted and crontab.named and _is_double(wall, zone):
            policy = intent.dst_overlap or house.policies.dst_overlap
            pass_ = wall.fold + 1
            if policy != "both" and pass_ != (1 if policy == "first" else 2):
                return f"is pass {pass_} of an hour that comes twice, and the {policy} is wanted"
        return None
    if not (crontab.named and _fills_gap(crontab, zone, at)):
        return f"is {wall:%a %Y-%m-%d %H:%M:%S} on the wall, not {intent.cron}"
    if wanted and (intent.dst_gap or house.policies.dst_gap) == "skip":
        return "fills a gap, and is to be skipped"
    return None


def _is_double(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether the wall shows this time twice."""
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


def _fills_gap(crontab: Crontab, zone: ZoneInfo, at: datetime) -> bool:
    """Whether a gap ends then, in which there was a time that is named."""
    end = at.astimezone(zone).replace(tzinfo=None)
    begin = (at - INSTANT).astimezone(zone).replace(tzinfo=None) + INSTANT
    if not timedelta(0) < end - begin <= GAP_MAX:
        return False
    while begin < end:
        if any(crontab.shows(begin.replace(second=second)) for second in crontab.seconds):
            return True
        begin = begin.replace(second=0) + MINUTE
    return False


def _outside(intent: Intent, zone: ZoneInfo, at: datetime) -> str | None:
    """The condition of the wall that does not hold then."""
    if not (intent.exclude or intent.windows):
        return None
    wall = at.astimezone(zone)
    day = wall.date()
    if any(it.first <= day <= (it.last or it.first) for it in intent.exclude):
        return f"is on {day}, which is excluded"
    if intent.windows and not _is_odd(zone, at) and not _is_within(intent, wall):
        return f"is {wall:%a %H:%M:%S} on the wall, within none of its windows"
    return None


def _is_within(intent: Intent, wall: datetime) -> bool:
    now, today, before = wall.time(), WEEKDAYS[wall.weekday()], WEEKDAYS[wall.weekday() - 1]
    for hours in intent.windows:
        if hours.start < hours.end:
            if hours.start <= now < hours.end and today in hours.days:
                return True
        elif (now >= hours.start and today in hours.days) or (
            now < hours.end and before in hours.days
        ):
            return True
    return False


def _is_odd(zone: ZoneInfo, at: datetime) -> bool:
    """Whether the clocks of a zone change about then."""
    day = timedelta(days=1)
    return (at - day).astimezone(zone).utcoffset() != (at + day).astimezone(zone).utcoffset()


@lru_cache(maxsize=1_024)
def _zone(name: str) -> ZoneInfo | None:
    """Out of the pinned database, not out of the machine's; None when it has no such zone."""
    if not ZONE_NAME.fullmatch(name):
        return None
    path = files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not path.is_file():
        return None
    with path.open("rb") as zone:
        return ZoneInfo.from_file(zone, key=name)
