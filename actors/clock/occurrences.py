"""How intents become due, and what is told of occurrences that nobody could start."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from actors.clock.days import latest
from actors.clock.state import Armed, Clock
from actors.triggers import count_between, last_at_or_before, next_after
from events.catalogue import AnyDecision
from events.configuration import Configuration, Intent
from events.time import MissReason, OccurrenceDue, OccurrenceMissed

COUNT_MAX = 1000
INSTANT = timedelta(microseconds=1)


def catch_up(state: Clock, now: datetime) -> Iterator[AnyDecision]:
    """Of each intent that is due the latest occurrence; those before it were missed."""
    zone = state.calendar.day.timezone
    due = []
    for first, name in state.due.until(now):
        last = last_at_or_before(state.intents[name].intent, zone, now)
        due.append((max(first, last or first), name, first))
    for due_at, name, first in sorted(due):
        if first < due_at:
            slept = state.life is not None and first <= state.life
            reason: MissReason = "daemon_down" if slept else "late"
            yield _missed(name, state.intents[name].intent, zone, first, due_at - INSTANT, reason)
        yield OccurrenceDue(name, due_at)


def settle(state: Clock, name: str, due_at: datetime) -> None:
    """Learn that an occurrence became due, and find the next one."""
    armed = state.intents[name]
    armed.settled = due_at
    following = next_after(armed.intent, state.calendar.day.timezone, due_at)
    if following is None:
        state.due.drop(name)
    else:
        state.due.put(name, following)


def tell(state: Clock, missed: OccurrenceMissed) -> None:
    """Learn that a verdict was given, which may be the one owed next."""
    if state.owed and state.owed[0] == missed:
        del state.owed[0]


def configure(state: Clock, configuration: Configuration, at: datetime) -> None:
    """Learn other intents. Those whose trigger stays the same wait for what they waited for."""
    zone = configuration.day.timezone
    same_zone = zone == state.calendar.day.timezone
    before, state.intents = state.intents, {}
    for name, armed in before.items():
        intent = configuration.intents.get(name)
        if intent is None or not _same_trigger(armed.intent, intent, same_zone):
            _give_up(state, name, armed.intent, at)
        else:
            state.intents[name] = Armed(intent, armed.settled)
            if armed.intent.enabled and not intent.enabled:
                _give_up(state, name, armed.intent, at)
            elif intent.enabled and not armed.intent.enabled:
                _arm(state, name, state.intents[name], zone, at)
    for name, intent in configuration.intents.items():
        if name not in state.intents:
            state.intents[name] = Armed(intent)
            if intent.enabled:
                _arm(state, name, state.intents[name], zone, at)


def _arm(state: Clock, name: str, armed: Armed, zone: str, at: datetime) -> None:
    """From now on; when the clock was put back, from the latest moment seen, for by then the
    same instant may have been settled under the same name.
    """
    intent = armed.intent
    due_at = next_after(intent, zone, latest(state, at))
    if due_at is not None:
        state.due.put(name, due_at)
    elif intent.at is not None and intent.at != armed.settled:
        past = intent.at.astimezone(UTC)
        state.owed.append(OccurrenceMissed(name, past, past, 1, "in_the_past"))


def _give_up(state: Clock, name: str, intent: Intent, at: datetime) -> None:
    """Nothing of it becomes due any more; what was due and not yet told of is owed a verdict."""
    first = state.due.times.get(name)
    state.due.drop(name)
    if first is not None and first <= at:
        zone = state.calendar.day.timezone
        state.owed.append(_missed(name, intent, zone, first, at, "daemon_down"))


def _same_trigger(old: Intent, new: Intent, same_zone: bool) -> bool:
    if (old.cron, old.every_seconds, old.at) != (new.cron, new.every_seconds, new.at):
        return False
    return same_zone or new.cron is None


def _missed(
    name: str, intent: Intent, zone: str, first: datetime, until: datetime, reason: MissReason
) -> OccurrenceMissed:
    count = 1 + count_between(intent, zone, first, until, COUNT_MAX)
    last = last_at_or_before(intent, zone, until) if count > 1 else None
    return OccurrenceMissed(
        name, first, last or first, min(count, COUNT_MAX), reason, at_least=count > COUNT_MAX
    )
