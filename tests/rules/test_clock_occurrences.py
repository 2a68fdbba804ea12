"""What the clock tells of intents and alarms, one story each: given, when, then."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
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
    OccurrenceDue,
    OccurrenceMissed,
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


def test_an_intent_is_due_on_its_instant_and_then_waits_for_the_next() -> None:
    clock = started(at("09:30"), loaded(read=hourly()))
    assert next_instant(clock) == at("10:00")
    assert when(clock, at("10:00"), PASSED) == [OccurrenceDue("read", at("10:00"))]
    assert when(clock, at("10:00"), PASSED) == []
    assert next_instant(clock) == at("11:00")


def test_occurrences_come_by_due_time_and_then_by_name() -> None:
    quick, slow = Intent(run="read", cron="30 * * * *"), hourly()
    clock = started(at("09:45"), loaded(b=slow, a=slow, c=quick))
    assert when(clock, at("10:40"), PASSED) == [
        OccurrenceDue("a", at("10:00")),
        OccurrenceDue("b", at("10:00")),
        OccurrenceDue("c", at("10:30")),
    ]


def test_after_an_absence_the_latest_is_due_and_the_others_were_missed() -> None:
    clock = started(at("09:30"), loaded(read=hourly()))
    assert when(clock, at("13:10"), STARTED) == [
        OccurrenceMissed("read", at("10:00"), at("12:00"), 3, "daemon_down"),
        OccurrenceDue("read", at("13:00")),
    ]
    assert next_instant(clock) == at("14:00")


def test_what_a_late_wake_up_missed_was_late() -> None:
    clock = started(at("09:30"), loaded(read=hourly()))
    assert when(clock, at("11:10"), PASSED) == [
        OccurrenceMissed("read", at("10:00"), at("10:00"), 1, "late"),
        OccurrenceDue("read", at("11:00")),
    ]


def test_those_that_were_missed_are_counted_up_to_a_thousand() -> None:
    minutely = Intent(run="read", cron="* * * * *")
    clock = started(at("09:30"), loaded(read=minutely))
    back = at("09:30", date(2027, 11, 20))
    assert when(clock, back, STARTED)[-2:] == [
        OccurrenceMissed(
            "read", at("09:31"), back - timedelta(minutes=1), 1000, "daemon_down", at_least=True
        ),
        OccurrenceDue("read", back),
    ]


def test_exactly_a_thousand_are_not_at_least_a_thousand() -> None:
    clock = started(at("09:30"), loaded(read=Intent(run="read", every_seconds=1)))
    missed, _ = when(clock, at("09:30") + timedelta(seconds=1001), STARTED)
    assert isinstance(missed, OccurrenceMissed)
    assert (missed.count, missed.at_least) == (1000, False)


def test_once_is_due_once_also_after_an_absence() -> None:
    clock = started(at("09:30"), loaded(read=Intent(run="read", at=at("10:00"))))
    assert when(clock, at("13:00"), STARTED) == [OccurrenceDue("read", at("10:00"))]
    assert when(clock, at("14:00"), loaded(read=Intent(run="read", at=at("10:00")))) == []
    assert when(clock, at("14:00"), PASSED) == []


def test_a_new_intent_is_armed_from_now_on_and_a_past_one_is_missed() -> None:
    clock = started(at("09:30"), loaded())
    past = Intent(run="read", at=datetime.fromisoformat("2026-11-20T10:00:00+02:00"))
    assert when(clock, at("10:00"), loaded(past=past, read=hourly())) == [
        OccurrenceMissed("past", at("08:00"), at("08:00"), 1, "in_the_past")
    ]
    assert when(clock, at("10:30"), PASSED) == []
    assert next_instant(clock) == at("11:00")


def test_another_trigger_is_armed_from_now_on_and_what_it_overtook_was_missed() -> None:
    clock = started(at("09:30"), loaded(read=hourly()))
    other = Intent(run="read", cron="45 * * * *")
    assert when(clock, at("12:10"), loaded(read=other)) == [
        OccurrenceMissed("read", at("10:00"), at("12:00"), 3, "daemon_down")
    ]
    assert when(clock, at("12:10"), STARTED) == []
    assert next_instant(clock) == at("12:45")


def test_other_work_for_the_same_trigger_does_not_move_it() -> None:
    clock = started(at("09:30"), loaded(read=hourly()))
    assert when(clock, at("10:10"), loaded(read=hourly("write"))) == []
    assert when(clock, at("10:10"), STARTED) == [OccurrenceDue("read", at("10:00"))]


def test_another_zone_moves_what_goes_by_the_wall_and_nothing_else() -> None:
    nine, often = Intent(run="read", cron="0 9 * * *"), Intent(run="read", every_seconds=60)
    clock = started(at("07:00:30"), loaded(nine=nine, often=often))
    assert when(clock, at("07:02"), loaded(nine=nine, often=often, zone="Europe/Berlin")) == []
    assert when(clock, at("07:02"), PASSED)[-2:] == [
        OccurrenceMissed("often", at("07:01"), at("07:01"), 1, "late"),
        OccurrenceDue("often", at("07:02")),
    ]
    assert OccurrenceDue("nine", at("08:00")) in when(clock, at("08:00"), PASSED)


def test_an_intent_that_is_gone_or_disabled_comes_no_more() -> None:
    clock = started(at("09:30"), loaded(gone=hourly(), off=hourly()))
    assert when(clock, at("09:40"), loaded(off=hourly(enabled=False))) == []
    assert when(clock, at("11:00"), PASSED) == []
    assert next_instant(clock) == at("00:00", SATURDAY)


def test_an_intent_that_is_enabled_again_is_armed_from_now_on() -> None:
    done = Intent(run="read", at=at("09:00"))
    clock = started(at("08:30"), loaded(read=hourly(), done=done))
    when(clock, at("09:00"), PASSED)
    resting = Intent(run="read", at=at("09:00"), enabled=False)
    when(clock, at("09:40"), loaded(read=hourly(enabled=False), done=resting))
    assert when(clock, at("12:10"), loaded(read=hourly(), done=done)) == []
    assert when(clock, at("12:10"), PASSED) == []
    assert next_instant(clock) == at("13:00")


def test_a_clock_that_is_put_back_makes_nothing_due_twice() -> None:
    clock = started(at("09:30"), loaded(read=hourly()))
    assert when(clock, at("10:00"), PASSED) == [OccurrenceDue("read", at("10:00"))]
    assert when(clock, at("09:59"), STARTED) == []
    assert when(clock, at("09:59"), loaded()) == []
    assert when(clock, at("09:59"), loaded(read=hourly())) == []
    assert when(clock, at("10:00"), PASSED) == []
    assert when(clock, at("11:00"), PASSED) == [OccurrenceDue("read", at("11:00"))]


@pytest.mark.parametrize(
    ("zone", "fields", "asleep_at", "woken_at", "due_at"),
    [
        ("Europe/Berlin", "30 2 * * *", "2026-03-29T00:00", "01:00", "01:00"),
        ("America/New_York", "30 1 * * *", "2026-11-01T05:00", "06:40", "05:30"),
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T15:00", "15:30", "15:30"),
        ("America/Santiago", "0 0 * * *", "2026-09-06T03:00", "04:05", "04:00"),
    ],
)
def test_what_is_due_while_clocks_change_is_due_once(
    zone: str, fields: str, asleep_at: str, woken_at: str, due_at: str
) -> None:
    asleep = datetime.fromisoformat(asleep_at).replace(tzinfo=UTC)
    woken, due = at(woken_at, asleep.date()), at(due_at, asleep.date())
    clock = started(asleep, loaded(zone=zone, read=Intent(run="read", cron=fields)))
    told = when(clock, woken, PASSED) + when(clock, woken + timedelta(hours=20), PASSED)
    assert [fact for fact in told if isinstance(fact, OccurrenceDue)] == [
        OccurrenceDue("read", due)
    ]


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
