"""Which intents wait for something to happen, and what makes them due.

Of what happens at the end of a long chain of decisions, they are due after a breath: an alarm is
set for each, and rings at once.
"""

from collections.abc import Iterator
from datetime import datetime

from actors.breath import is_deep
from actors.clock.arming import (
    INSTANT,
    arm,
    can_come,
    is_allowed,
    is_lone,
    is_timed,
    wait_from,
)
from actors.clock.settled import span_of
from actors.clock.state import Armed, Clock
from events.budget import BudgetExhausted
from events.catalogue import AnyDecision
from events.configuration import Intent
from events.intents import AlertRaised, EndState, OccurrenceEnded, SignalReceived
from events.record import Record
from events.requests import Refusal, RequestRefused, RequestRepeated
from events.time import AlarmSet, OccurrenceDue

ME = "clock"
BREATH = "due:"  # and the position of what happened, and the intent
SIGNALS_MAX = 1_000  # whose keys are remembered
SUCCEEDED: frozenset[EndState] = frozenset({"completed"})
FAILED: frozenset[EndState] = frozenset({"failed", "buried", "unknown"})
ENDED: frozenset[EndState] = SUCCEEDED | FAILED | {"cancelled", "dropped"}
NEVER_RAN: frozenset[EndState] = frozenset({"skipped", "expired", "dropped"})


def listen(state: Clock, name: str, intent: Intent) -> None:
    if (key := _key(intent)) is not None:
        state.listeners.setdefault(key, []).append(name)


def forget(state: Clock, name: str, intent: Intent) -> None:
    key = _key(intent)
    if key is not None and name in (names := state.listeners.get(key, [])):
        names.remove(name)
        if not names:
            del state.listeners[key]


def learn_end(state: Clock, ended: OccurrenceEnded, at: datetime) -> None:
    """The next one of its intent may have waited for this."""
    if (armed := state.intents.get(ended.intent)) is None:
        return
    if ended.state in NEVER_RAN and armed.runs:
        armed.runs -= 1
        if armed.next is None and is_timed(armed.intent):
            arm(state, ended.intent, armed)
    if is_lone(armed.intent) and not armed.intent.now:
        wait_from(state, ended.intent, armed, at)


def learn_signal(state: Clock, signal: SignalReceived) -> None:
    state.signals[signal.key] = state.signals.pop(signal.key, 0) + 1
    if len(state.signals) > SIGNALS_MAX:
        del state.signals[next(iter(state.signals))]


def upon_signal(state: Clock, signal: SignalReceived, record: Record) -> Iterator[AnyDecision]:
    """Everyone who listens is due; if nobody is, why."""
    if state.signals.get(signal.key, 0) > 1:
        yield RequestRepeated(signal.key, "")
        return
    names = state.listeners.get(f"signal/{signal.name}", ())
    heard = list(_due(state, names, record, signal.data_json))
    yield from heard
    if heard:
        return
    reason: Refusal = "nothing_to_do"
    if not names:
        reason = "nobody_listens"
    elif not any(state.intents[name].enabled for name in names):
        reason = "intent_disabled"
    yield RequestRefused(signal.key, signal.name, reason)


def upon_end(state: Clock, ended: OccurrenceEnded, record: Record) -> Iterator[AnyDecision]:
    """Who comes after it, or waits for how it ended."""
    names = state.listeners.get(f"ended/{ended.intent}", ())
    wanting = [name for name in names if ended.state in _wanted(state.intents[name].intent)]
    yield from _due(state, wanting, record)


def upon_alert(state: Clock, alert: AlertRaised, record: Record) -> Iterator[AnyDecision]:
    yield from _due(state, state.listeners.get(f"alert/{alert.alert}", ()), record)


def upon_spent(state: Clock, spent: BudgetExhausted, record: Record) -> Iterator[AnyDecision]:
    yield from _due(state, state.listeners.get(f"spent/{spent.category}", ()), record)


def after_breath(state: Clock, alarm: str, at: datetime) -> Iterator[OccurrenceDue]:
    """What an alarm of ours stands for, unless it is not wanted any more."""
    _, _, name = alarm.removeprefix(BREATH).partition(":")
    armed = state.intents.get(name)
    if armed is not None and can_come(armed):
        yield OccurrenceDue(name, _instant(armed, at))


def _due(
    state: Clock, names: list[str] | tuple[str, ...], record: Record, data_json: str = ""
) -> Iterator[AnyDecision]:
    at = record.at
    for name in names:
        armed = state.intents[name]
        if not (can_come(armed) and is_allowed(armed.intent, state.house, at)):
            continue
        if is_deep(record):
            yield AlarmSet(f"{BREATH}{record.position}:{name}", ME, at)
        else:
            yield OccurrenceDue(name, _instant(armed, at), data_json=data_json)


def _instant(armed: Armed, at: datetime) -> datetime:
    """This moment, or the next one that is not taken by an occurrence of before."""
    while (span := span_of(armed.ran, at)) is not None:
        at = span.last + INSTANT
    return at


def _key(intent: Intent) -> str | None:
    if intent.after is not None:
        return f"ended/{intent.after}"
    if (on := intent.on) is None:
        return None
    if (other := on.succeeded or on.failed or on.ended) is not None:
        return f"ended/{other}"
    if on.signal is not None:
        return f"signal/{on.signal}"
    return f"alert/{on.alert}" if on.alert is not None else f"spent/{on.spent}"


def _wanted(intent: Intent) -> frozenset[EndState]:
    if intent.after is not None:
        return {"success": SUCCEEDED, "failure": FAILED, "always": ENDED}[intent.after_when]
    if intent.on is None or intent.on.ended is not None:
        return ENDED
    return SUCCEEDED if intent.on.succeeded is not None else FAILED
