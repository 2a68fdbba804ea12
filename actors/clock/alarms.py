"""How alarms of other actors are kept until they ring."""

from collections.abc import Iterator
from datetime import datetime

from actors.clock.state import Clock
from events.catalogue import AnyDecision
from events.time import AlarmCleared, AlarmRang, AlarmSet


def catch_up(state: Clock, now: datetime) -> Iterator[AnyDecision]:
    """All whose moment has come, in order of time."""
    for rings_at, key in state.alarms.until(now):
        setter, _, alarm = key.partition("/")
        yield AlarmRang(alarm, setter, rings_at)


def key(alarm: AlarmSet | AlarmCleared | AlarmRang) -> str:
    return f"{alarm.setter}/{alarm.alarm}"
