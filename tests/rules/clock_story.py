"""Given, when, then for the clock: what it is told on a Friday in November."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from actors.clock.rules import RULES, Clock
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Configuration, ConfigurationLoaded, Day, Intent, Phase
from events.daemon import DaemonStarted
from events.record import Record
from events.time import TimePassed

FRIDAY, SATURDAY, SUNDAY = (date(2026, 11, on) for on in (20, 21, 22))
STARTED = DaemonStarted(version="0.1.0", pid=1, boot="b")
PASSED = TimePassed()
Told = Sequence[tuple[datetime, AnyFact]]


def at(text: str, on: date = FRIDAY) -> datetime:
    return datetime.combine(on, time.fromisoformat(text), UTC)


def phase(name: str, start: str, end: str) -> Phase:
    return Phase(name=name, start=time.fromisoformat(start), end=time.fromisoformat(end))


MORNING, AFTERNOON = phase("morning", "06:00", "12:00"), phase("afternoon", "12:00", "18:00")
NIGHT = phase("night", "22:00", "06:00")


def loaded(
    *phases: Phase, zone: str = "UTC", starts_at: str = "00:00", **intents: Intent
) -> ConfigurationLoaded:
    day = Day(timezone=zone, starts_at=time.fromisoformat(starts_at))
    return ConfigurationLoaded("d", Configuration(day=day, phases=phases, intents=intents))


def hourly(run: str = "read", enabled: bool = True) -> Intent:
    return Intent(run=run, cron="0 * * * *", enabled=enabled)


def when(clock: Clock, now: datetime, fact: AnyFact) -> list[AnyDecision]:
    return list(RULES.consider(clock, Record(7, now, "timer", None, fact)))


def given(*told: tuple[datetime, AnyFact]) -> Clock:
    clock = RULES.state()
    for now, fact in told:
        when(clock, now, fact)
    return clock


def started(now: datetime, configuration: ConfigurationLoaded) -> Clock:
    return given((now, configuration), (now, STARTED))
