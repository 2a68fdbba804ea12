"""What the clock tells of alarms, one story each: given, when, then."""

from msgspec import msgpack

from actors.clock.rules import next_instant
from events.time import (
    AlarmCleared,
    AlarmRang,
    AlarmSet,
)
from tests.rules.clock_story import PASSED, STARTED, at, loaded, started, when


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
