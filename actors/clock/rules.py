"""The rules of the clock: what a moment that came means.

It catches up when the daemon starts and whenever time passed: days, phases, occurrences, alarms,
in this order. Everything it yields lies at or before the moment of the record.
"""

from collections.abc import Iterator
from datetime import datetime

from actors.clock import alarms, days, occurrences
from actors.clock.state import Clock
from actors.rules import Rules
from events.catalogue import AnyDecision, AnyFact
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted
from events.record import Record
from events.time import (
    AlarmCleared,
    AlarmRang,
    AlarmSet,
    DayStarted,
    OccurrenceDue,
    OccurrenceMissed,
    PhaseEnded,
    PhaseStarted,
    TimePassed,
)

__all__ = ["RULES", "Clock", "next_instant"]


def next_instant(state: Clock) -> datetime | None:
    """When the clock has to look again; it may have passed already. None: there is nothing."""
    return min(filter(None, (state.turn, state.due.first, state.alarms.first)), default=None)


def decide(state: Clock, record: Record) -> Iterator[AnyDecision]:
    match record.fact:
        case ConfigurationLoaded(configuration=configuration) if configuration is not None:
            yield from days.end_overtaken(state, record.at)
            yield from list(state.owed)
        case DaemonStarted() | TimePassed():
            yield from days.catch_up(state)
            yield from occurrences.catch_up(state, record.at)
            yield from alarms.catch_up(state, record.at)


def evolve(state: Clock, fact: AnyFact, at: datetime) -> None:
    match fact:
        case AlarmSet(rings_at=rings_at):
            state.alarms.put(alarms.key(fact), rings_at)
        case AlarmCleared() | AlarmRang():
            state.alarms.drop(alarms.key(fact))
        case TimePassed():
            days.see(state, at)
        case OccurrenceDue(intent=intent, due_at=due_at):
            occurrences.settle(state, intent, due_at)
        case OccurrenceMissed():
            occurrences.tell(state, fact)
        case DayStarted(day=day):
            state.day = day
        case PhaseStarted():
            days.start(state, fact)
        case PhaseEnded(day=day, phase=phase):
            days.end(state, day, phase)
        case DaemonStarted():
            state.life = at
            days.see(state, at)
        case ConfigurationLoaded(configuration=configuration) if configuration is not None:
            occurrences.configure(state, configuration, at)
            days.configure(state, configuration, at)


RULES = Rules(
    actor="clock",
    version=1,
    state=Clock,
    hears=frozenset({ConfigurationLoaded, DaemonStarted, TimePassed, AlarmSet, AlarmCleared}),
    decide=decide,
    evolve=evolve,
)
