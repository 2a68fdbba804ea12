"""One plain sentence for each fact about time, intents and their occurrences."""

from collections.abc import Callable
from datetime import datetime, timedelta

from actors.replay import reasons
from events import intents, plan, time
from events.catalogue import AnyFact
from events.configuration import ConfigurationRefused

Clock = Callable[[datetime], str]
NAMES_MAX = 5
Range = time.OccurrenceMissed | time.OccurrencesCoalesced | time.OccurrencesSuperseded


def of_time(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case time.TimePassed():
            return "A moment came that somebody had waited for."
        case time.HostSlept(milliseconds, since):
            return f"The machine had slept for {_length(milliseconds)}, since {clock(since)}."
        case time.ClockStepped(milliseconds, before):
            way = "back" if milliseconds < 0 else "forward"
            return f"The clock was put {way} by {_length(abs(milliseconds))}, at {clock(before)}."
        case time.DayStarted(day, _, ends_at, again):
            once_more = " again, for the clock went back" if again else ""
            return f"The day {day} began{once_more}; it ends {clock(ends_at)}."
        case time.PhaseStarted(day, phase, _, ends_at):
            return f"The phase {phase} of {day} began; it ends {clock(ends_at)}."
        case time.PhaseEnded(day, phase):
            return f"The phase {phase} of {day} ended."
        case time.PhaseMissed(day, phase, starts_at, ends_at, reason):
            why = reasons.PHASE_MISSES[reason]
            stretch = f"{clock(starts_at)} to {clock(ends_at)}"
            return f"The phase {phase} of {day} ({stretch}) was missed: {why}."
        case time.CalendarChanged(what, before_, after):
            name = "time zone" if what == "timezone" else "time zone database"
            return f"The {name} changed from {before_} to {after}."
        case time.OccurrencesReopened(after_):
            told = f"what was said of times after {clock(after_)} is withdrawn"
            return f"The clock had been far ahead: {told}."
    return _of_alarms(fact, clock)


def _of_alarms(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case time.AlarmSet(alarm, setter, rings_at):
            return f"The {_actor(setter)} wants to be told {clock(rings_at)} ({alarm})."
        case time.AlarmCleared(alarm, setter):
            return f"The {_actor(setter)} need not be told any more ({alarm})."
        case time.AlarmRang(alarm, setter, rings_at):
            return f"The {_actor(setter)} was told that it is {clock(rings_at)} ({alarm})."
        case intents.IdleAsked(name):
            return f"{name} waits for the machine to be idle: it is to be looked at."
        case time.IdleProbing():
            return "The machine is being asked whether it is idle."
        case time.IdleSeen(idle, detail):
            return f"The machine was {'idle' if idle else 'busy'}{_note(detail)}."
        case intents.AlertRaised(alert, words, subject):
            told = f": {words}" if words else ""
            return f"The alert {alert}{_about(subject)} was raised{told}."
        case intents.AlertCleared(alert, subject):
            return f"The alert {alert}{_about(subject)} is over."
        case ConfigurationRefused(source, faults):
            first = f": {faults[0]}" if faults else ""
            return f"A changed configuration cannot be used{_note(source)}{first}."
    return None


def of_occurrences(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case time.OccurrencesExpected():
            return _expected(fact)
        case time.OccurrenceDue(intent, due_at, overdue):
            late = ", and is made up for" if overdue else ""
            return f"The intent {intent} was due {clock(due_at)}{late}."
        case time.OccurrenceMissed():
            policy = f"; {reasons.POLICIES[fact.policy]}" if fact.policy else ""
            return f"{_range(fact, clock, 'missed')}: {reasons.MISSES[fact.reason]}{policy}."
        case time.OccurrencesCoalesced(into=into, reason=reason):
            stands = f"that of {clock(into)} stands for it"
            return f"{_range(fact, clock, 'not run')}: {reasons.MISSES[reason]}, and {stands}."
        case time.OccurrencesSuperseded(reason=reason_):
            return f"{_range(fact, clock, 'superseded')}: {reasons.SUPERSEDES[reason_]}."
        case time.OccurrenceExpired(intent, due_at, why):
            return f"{intent} of {clock(due_at)} expired: {reasons.EXPIRES[why]}."
        case plan.OccurrenceSkipped(intent, due_at, skip):
            return f"{intent} of {clock(due_at)} was skipped: {reasons.SKIPS[skip]}."
        case intents.OccurrenceBuffered(intent, due_at):
            return f"{intent} of {clock(due_at)} waits until the work of one before it has ended."
        case intents.OccurrenceEnded(intent, due_at, state, work):
            whose = f" ({work})" if work else ""
            return f"{intent} of {clock(due_at)} has ended{whose}: {reasons.ENDINGS[state]}."
        case intents.WorkOvertaken(work, intent, due_at, at_once):
            how = " at once" if at_once else ""
            return f"{work} is to be ended{how}, for {intent} of {clock(due_at)} takes its place."
    return None


def of_intents(fact: AnyFact, clock: Clock) -> str | None:
    match fact:
        case intents.SignalReceived(name):
            return f"The signal {name} was sent."
        case intents.IntentAddRequested(name, note=note):
            return f"Somebody asked to add the intent {name}{_note(note)}."
        case intents.IntentRemoveRequested(name):
            return f"Somebody asked to remove the intent {name}."
        case intents.IntentSwitchRequested(name, enabled):
            return f"Somebody asked to {'enable' if enabled else 'disable'} the intent {name}."
        case intents.IntentAdded(name, intent, source):
            return f"The intent {name} was added, to run {intent.run} ({source})."
        case intents.IntentRemoved(name, reason):
            return f"The intent {name} was removed: {reasons.FATES[reason]}."
        case intents.IntentSwitched(name, enabled):
            return f"The intent {name} was {'enabled' if enabled else 'disabled'}."
        case intents.IntentsConfigured():
            return f"{_configured(fact)}."
        case intents.BreakerOpened(name, failures):
            return f"{name} failed {failures} times in a row and is due no more."
        case intents.BreakerClosed(name):
            return f"{name} is due again; its failures are forgotten."
    return None


def _range(fact: Range, clock: Clock, became: str) -> str:
    if fact.count == 1:
        return f"{fact.intent} of {clock(fact.first_due_at)} was {became}"
    least = "at least " if isinstance(fact, time.OccurrenceMissed) and fact.at_least else ""
    stretch = f"{clock(fact.first_due_at)} to {clock(fact.last_due_at)}"
    return f"{fact.intent} was {became} {least}{fact.count} times from {stretch}"


def _expected(fact: time.OccurrencesExpected) -> str:
    count = sum(each.count for each in fact.intents)
    whose = _names(tuple(each.intent for each in fact.intents))
    told = f"{count} occurrences of {whose}"
    because = reasons.EXPECTATIONS[fact.because]
    return f"The rest of {fact.day} is expected to bring {told}; told because {because}."


def _configured(fact: intents.IntentsConfigured) -> str:
    parts = (
        ("added", fact.added),
        ("changed", fact.changed),
        ("removed", fact.removed),
        ("passed over, for their names are taken", fact.name_taken),
    )
    return "Intents were " + "; ".join(f"{how}: {_names(names)}" for how, names in parts if names)


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
    return f"{', '.join(names[:NAMES_MAX])}{more}"


def _length(milliseconds: int) -> str:
    return str(timedelta(seconds=max(1, milliseconds // 1_000)))


def _about(subject: str) -> str:
    return f" about {subject}" if subject else ""


def _note(note: str) -> str:
    return f" ({note})" if note else ""


def _actor(name: str) -> str:
    return name.replace("_", " ")
