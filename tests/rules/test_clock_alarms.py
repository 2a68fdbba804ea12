"""What the clock tells of alarms, one story each: given, when, then."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from msgspec import msgpack

from actors.clock.rules import RULES, Clock, next_instant
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Configuration, ConfigurationLoaded, Day, Intent, Phase
from events.daemon import DaemonStarted
from events.record import Record
from events.time import (
    AlarmCleared,
    AlarmRang,
    AlarmSet,
    TimePassed,
)

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


def alarm(name: str, rings: str, setter: str = "phase_queue") -> AlarmSet:
    return AlarmSet(name, setter, at(rings))


def test_an_alarm_rings_when_its_moment_has_come() -> None:
    clock = started(at("09:00"), loaded())
    assert when(clock, at("09:00"), alarm("work:w1", "09:30")) == []
    assert next_instant(clock) == at("09:30")
    assert when(clock, at("09:29:59"), PASSED) == []
    assert when(clock, at("09:30"), PASSED) == [AlarmRang("work:w1", "phase_queue", at("09:30"))]
    assert when(clock, at("09:30"), PASSED) == []


def test_alarms_ring_in_order_of_time_then_name() -> None:
    clock = started(at("09:00"), loaded())
    for name, rings in [("c", "09:10"), ("b", "09:20"), ("a", "09:20")]:
        when(clock, at("09:00"), alarm(name, rings))
    assert when(clock, at("09:30"), STARTED) == [
        AlarmRang("c", "phase_queue", at("09:10")),
        AlarmRang("a", "phase_queue", at("09:20")),
        AlarmRang("b", "phase_queue", at("09:20")),
    ]


def test_an_alarm_for_the_past_rings_without_delay() -> None:
    clock = started(at("09:00"), loaded())
    when(clock, at("09:00"), alarm("late", "08:00"))
    assert next_instant(clock) == at("08:00")
    assert when(clock, at("09:00"), PASSED) == [AlarmRang("late", "phase_queue", at("08:00"))]


def test_an_alarm_can_be_set_anew_and_cleared() -> None:
    clock = started(at("09:00"), loaded())
    when(clock, at("09:00"), alarm("one", "09:30"))
    when(clock, at("09:00"), alarm("one", "10:00"))
    when(clock, at("09:00"), alarm("two", "09:30"))
    when(clock, at("09:00"), AlarmCleared("two", "phase_queue"))
    assert when(clock, at("09:40"), PASSED) == []
    assert when(clock, at("10:00"), PASSED) == [AlarmRang("one", "phase_queue", at("10:00"))]


def test_setters_do_not_share_names() -> None:
    clock = started(at("09:00"), loaded())
    when(clock, at("09:00"), alarm("one", "09:30", setter="budget"))
    when(clock, at("09:00"), alarm("one", "09:40"))
    when(clock, at("09:00"), AlarmCleared("one", "phase_queue"))
    assert when(clock, at("09:50"), PASSED) == [AlarmRang("one", "budget", at("09:30"))]


def test_alarms_set_and_cleared_for_ever_leave_nothing_behind() -> None:
    clock = started(at("09:00"), loaded())
    when(clock, at("09:00"), alarm("stays", "09:30"))
    for n in range(1000):
        when(clock, at("09:00"), alarm(f"work:w{n}", "10:00"))
        when(clock, at("09:00"), AlarmCleared(f"work:w{n}", "phase_queue"))
    assert len(msgpack.encode(clock)) < 5_000
    assert next_instant(clock) == at("09:30")
