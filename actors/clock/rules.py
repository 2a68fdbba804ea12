"""The rules of the clock: what a moment that came means.

It catches up when the daemon starts and whenever time is told: days, phases, what the day is
expected to bring, occurrences, alarms, in this order. Everything that becomes due lies at or
before the moment of the record.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from actors.clock import (
    alarms,
    catching_up,
    days,
    expected,
    idleness,
    intents,
    leaping,
    listening,
    loading,
    verdicts,
    warning,
)
from actors.clock.state import Clock
from actors.rules import Change, Rule, Rules, decides_by, evolves_by
from events.budget import BudgetExhausted
from events.catalogue import AnyDecision
from events.configuration import ConfigurationLoaded, ConfigurationRefused
from events.daemon import DaemonStarted
from events.fact import Fact
from events.intents import (
    AlertCleared,
    AlertRaised,
    IdleAsked,
    IntentAdded,
    IntentRemoved,
    IntentsConfigured,
    IntentSwitched,
    OccurrenceEnded,
    SignalReceived,
)
from events.plan import OccurrenceSkipped
from events.record import Record
from events.time import (
    AlarmCleared,
    AlarmRang,
    AlarmSet,
    CalendarChanged,
    ClockStepped,
    DayStarted,
    HostSlept,
    IdleProbing,
    IdleSeen,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
    OccurrencesReopened,
    OccurrencesSuperseded,
    PhaseEnded,
    PhaseStarted,
    TimePassed,
)

__all__ = ["RULES", "Clock", "next_instant"]


def next_instant(state: Clock) -> datetime | None:
    """When the clock has to look again; it may have passed already. None: there is nothing."""
    coming = (state.turn, state.due.first, state.alarms.first, catching_up.next_turn(state))
    return min((one for one in coming if one is not None), default=None)


def _upon_time(state: Clock, fact: Fact, record: Record) -> Iterator[AnyDecision]:
    at, day, back = record.at, state.day, state.reopened is not None
    if state.reopened is not None:
        yield OccurrencesReopened(state.reopened)
    if state.turned or not isinstance(fact, TimePassed):
        yield from days.catch_up(state, back, isinstance(fact, HostSlept))
    if state.day != day:
        yield from expected.tell(state, state.intents, "clock_changed" if back else "day_started")
    elif state.told != state.day and isinstance(fact, DaemonStarted):
        yield from expected.tell(state, state.intents, "daemon_started")
    numbered: list[str] = []
    yield from _watched(state, list(state.owed), numbered)
    if numbered:
        yield from expected.tell(state, dict.fromkeys(numbered), "runs_left")
    yield from _watched(state, catching_up.in_time_until(state, at), numbered)
    yield from _watched(state, catching_up.overdue_until(state, at), numbered)
    if numbered:
        yield from expected.tell(state, dict.fromkeys(numbered), "runs_left")
    yield from alarms.catch_up(state, at)
    yield from warning.upon_time(state, record, state.day != day)
    if isinstance(fact, DaemonStarted):
        yield from idleness.ask_again(state, at)


def _watched(
    state: Clock, verdicts: Iterable[AnyDecision], numbered: list[str]
) -> Iterator[AnyDecision]:
    """Note those whose runs are numbered: where one does not run, or another one does, more or
    less may come of them than was expected."""
    for verdict in verdicts:
        yield verdict
        name = getattr(verdict, "intent", "")
        if name in state.intents and state.intents[name].intent.max_runs is not None:
            numbered.append(name)


def _upon_end(state: Clock, ended: OccurrenceEnded, record: Record) -> Iterator[AnyDecision]:
    """A run that was given back lets another occurrence come than was expected."""
    armed = state.intents.get(ended.intent)
    if armed is not None and armed.intent.max_runs is not None:
        yield from expected.tell(state, (ended.intent,), "runs_left")
    yield from listening.upon_end(state, ended, record)


def _upon_configuration(
    state: Clock, loaded: ConfigurationLoaded, at: datetime
) -> Iterator[AnyDecision]:
    yield from days.end_overtaken(state, at)
    moved = any(isinstance(one, CalendarChanged) for one in state.owed)
    news = [one for one in state.owed if isinstance(one, IntentsConfigured)]
    yield from list(state.owed)
    if moved:
        yield from expected.tell(state, state.intents, "clock_changed")
    elif loaded.configuration is not None:
        names = [name for one in news for name in (*one.added, *one.changed)]
        names += [name for name, armed in state.intents.items() if armed.intent.phases]
        yield from expected.tell(state, dict.fromkeys(names), "configuration")
    yield from warning.upon_configuration(state)


def _upon_intent(state: Clock, name: str) -> Iterator[AnyDecision]:
    yield from list(state.owed)  # A configured one may take the place of one that is removed.
    yield from expected.tell(state, (name,), "intent_changed")


def _hear_loaded(state: Clock, fact: ConfigurationLoaded, at: datetime) -> None:
    loading.load(state, fact, at)


def _hear_closed(state: Clock, fact: Any, at: datetime) -> None:
    if not verdicts.paid(state, fact):
        verdicts.closed(state, *verdicts.range_in(fact), at)


def _due(state: Clock, fact: OccurrenceDue, at: datetime) -> None:
    if state.owed:
        verdicts.paid(state, fact)
    verdicts.started(state, fact, at)


_LEARN: Mapping[type[Fact], Change] = {
    AlarmSet: alarms.learn_set,
    AlarmCleared: alarms.learn_cleared,
    AlarmRang: alarms.learn_cleared,
    TimePassed: lambda state, fact, at: leaping.pass_time(state, at, "late"),
    DaemonStarted: lambda state, fact, at: leaping.pass_time(state, at, "daemon_down"),
    HostSlept: lambda state, fact, at: leaping.pass_time(state, at, "host_slept"),
    ClockStepped: lambda state, fact, at: leaping.step(state, fact, at),
    OccurrenceDue: _due,
    OccurrenceMissed: _hear_closed,
    OccurrencesCoalesced: _hear_closed,
    OccurrencesSuperseded: _hear_closed,
    OccurrenceSkipped: _hear_closed,
    OccurrenceExpired: _hear_closed,
    OccurrencesExpected: lambda state, fact, at: expected.learn(state, fact),
    IntentsConfigured: lambda state, fact, at: verdicts.paid(state, fact),
    CalendarChanged: lambda state, fact, at: verdicts.paid(state, fact),
    OccurrencesReopened: lambda state, fact, at: leaping.reopened(state),
    DayStarted: lambda state, fact, at: days.begin(state, fact.day),
    PhaseStarted: lambda state, fact, at: days.start(state, fact),
    PhaseEnded: lambda state, fact, at: days.end(state, fact.day, fact.phase),
    ConfigurationLoaded: _hear_loaded,
    IntentAdded: lambda state, fact, at: intents.hear_added(state, fact, at),
    IntentRemoved: lambda state, fact, at: intents.hear_removed(state, fact.name, at),
    IntentSwitched: lambda state, fact, at: intents.hear_switched(state, fact, at),
    SignalReceived: lambda state, fact, at: listening.learn_signal(state, fact),
    OccurrenceEnded: lambda state, fact, at: listening.learn_end(state, fact, at),
    AlertRaised: lambda state, fact, at: warning.learn(state, fact),
    AlertCleared: lambda state, fact, at: warning.forget(state, fact),
    IdleProbing: lambda state, fact, at: idleness.learn(state, fact),
    IdleSeen: lambda state, fact, at: idleness.learn_answer(state),
}

_UPON: Mapping[type[Fact], Rule] = {
    TimePassed: _upon_time,
    DaemonStarted: _upon_time,
    HostSlept: _upon_time,
    ClockStepped: _upon_time,
    ConfigurationLoaded: lambda state, fact, record: _upon_configuration(state, fact, record.at),
    IntentAdded: lambda state, fact, record: _upon_intent(state, fact.name),
    IntentRemoved: lambda state, fact, record: _upon_intent(state, fact.name),
    IntentSwitched: lambda state, fact, record: _upon_intent(state, fact.name),
    SignalReceived: listening.upon_signal,
    OccurrenceEnded: _upon_end,
    AlertRaised: listening.upon_alert,
    BudgetExhausted: listening.upon_spent,
    ConfigurationRefused: warning.upon_refusal,
    IdleAsked: lambda state, fact, record: idleness.ask(state, record.at),
}
_ONLY_LEARNS: frozenset[type[Fact]] = frozenset({AlarmSet, AlarmCleared, IdleSeen})
decide, evolve = decides_by(_UPON), evolves_by(_LEARN)
RULES = Rules("clock", 4, Clock, _ONLY_LEARNS | _UPON.keys(), decide, evolve, _ONLY_LEARNS)
