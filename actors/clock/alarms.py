"""How alarms are kept until they ring: those of other actors, and those that the clock sets."""

from collections.abc import Iterator
from datetime import datetime

from actors.clock import listening
from actors.clock.state import Clock
from events.catalogue import AnyDecision
from events.time import AlarmCleared, AlarmRang, AlarmSet


def catch_up(state: Clock, now: datetime) -> Iterator[AnyDecision]:
    """All whose moment has come, in order of time."""
    for rings_at, key in state.alarms.until(now):
        setter, _, alarm = key.partition("/")
        yield AlarmRang(alarm, setter, rings_at)
        if setter == listening.ME:
            yield from listening.after_breath(state, alarm, rings_at)


def learn_set(state: Clock, alarm: AlarmSet, at: datetime) -> None:
    state.alarms.put(f"{alarm.setter}/{alarm.alarm}", alarm.rings_at)


def learn_cleared(state: Clock, alarm: AlarmCleared | AlarmRang, at: datetime) -> None:
    state.alarms.drop(f"{alarm.setter}/{alarm.alarm}")
