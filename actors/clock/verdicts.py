"""How the clock learns what was told of occurrences."""

from bisect import insort
from datetime import datetime, timedelta

from actors.clock import expected
from actors.clock.arming import arm, can_come, is_lone, is_timed, put, wait_from
from actors.clock.misfire import Verdict
from actors.clock.settled import add
from actors.clock.state import Armed, Clock, Waiting
from events.catalogue import AnyDecision
from events.plan import OccurrenceSkipped
from events.time import (
    MissReason,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrencesSuperseded,
)

MINUTE = timedelta(minutes=1)


def started(state: Clock, told: OccurrenceDue, at: datetime) -> None:
    """It became due. One that waited for its turn counts towards the limit of a minute."""
    name, due_at = told.intent, told.due_at
    armed = state.intents.get(name)
    if armed is None:
        return
    if armed.step is not None and armed.next == due_at and not state.waiting:
        _step(state, name, armed, armed.step)
        return
    if told.overdue:
        state.caught_up = [one for one in state.caught_up if at - MINUTE < one <= at]
        state.caught_up.append(at)
    if armed.intent.max_runs is not None:
        armed.runs += 1
    if not (state.waiting and stop_waiting(state, name, due_at, due_at)):
        _move(state, name, armed, due_at, at, ran=True)
    else:
        add(armed.ran, due_at, None)
        if not can_come(armed):
            put(state, name, armed, None)


def _step(state: Clock, name: str, armed: Armed, step: timedelta) -> None:
    """The way most occurrences go, made short."""
    due_at, spans = armed.next, armed.ran
    assert due_at is not None
    if spans and spans[-1].last == armed.mark:
        spans[-1].last = due_at
    else:
        add(spans, due_at, None)
    armed.mark = due_at
    if armed.expected_until is not None:
        expected.settle(armed, due_at)
    following = due_at + step
    if following <= spans[-1].last:
        arm(state, name, armed)
    else:
        put(state, name, armed, following)


def closed(
    state: Clock, name: str, first: datetime, last: datetime, count: int, at: datetime
) -> None:
    """They have their verdict and were not started."""
    armed = state.intents.get(name)
    if state.waiting and stop_waiting(state, name, first, last):
        return
    if armed is not None and (last > armed.mark or not is_timed(armed.intent)):
        _move(state, name, armed, last, at, ran=False, count=count)


def paid(state: Clock, fact: AnyDecision) -> bool:
    """Whether this was owed. What another version of these rules told instead counts too."""
    owed = state.owed
    if not owed:
        return False
    if owed[0] == fact:
        del owed[0]
        return True
    if found := fact in owed:
        owed.remove(fact)
    elif (name := getattr(fact, "intent", None)) is not None:
        owed[:] = [one for one in owed if getattr(one, "intent", None) != name]
    return found


def range_in(fact: Verdict | OccurrencesSuperseded) -> tuple[str, datetime, datetime, int]:
    """Of whom it speaks, from when to when, and how many they are."""
    if isinstance(fact, OccurrenceDue | OccurrenceSkipped | OccurrenceExpired):
        return fact.intent, fact.due_at, fact.due_at, 1
    return fact.intent, fact.first_due_at, fact.last_due_at, fact.count


def wait(state: Clock, name: str, due_at: datetime, reason: MissReason) -> None:
    """It is overdue, and will be told when its turn comes."""
    waiting = state.waiting.setdefault(name, Waiting([], reason))
    if due_at not in waiting.instants:
        insort(waiting.instants, due_at)


def stop_waiting(state: Clock, name: str, first: datetime, last: datetime) -> int:
    """How many of them waited for their turn and do so no more."""
    if (waiting := state.waiting.get(name)) is None:
        return 0
    left = [one for one in waiting.instants if not first <= one <= last]
    count, waiting.instants = len(waiting.instants) - len(left), left
    if not left:
        del state.waiting[name]
    return count


def _move(
    state: Clock,
    name: str,
    armed: Armed,
    due_at: datetime,
    at: datetime,
    ran: bool,
    count: int = 1,
) -> None:
    intent = armed.intent
    if not is_timed(intent):
        if ran:
            add(armed.ran, due_at, None)
        if not is_lone(intent):
            return
        if ran or intent.now:
            put(state, name, armed, None)
        else:
            wait_from(state, name, armed, at)
        return
    if ran:
        add(armed.ran, due_at, armed.mark)
    if due_at > armed.mark:
        armed.mark = due_at
        arm(state, name, armed)
    if armed.expected_until is not None:
        expected.settle(armed, due_at, count)
