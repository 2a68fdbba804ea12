"""How occurrences are told to be due: in time, or overdue and then a few in a minute."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import heapify, heappop

from actors.clock.lateness import stands_for_others
from actors.clock.misfire import Verdict, in_time
from actors.clock.state import Armed, Clock
from events.settings import PRIORITIES
from events.time import OccurrenceDue, OccurrencesCoalesced

MINUTE = timedelta(minutes=1)


def in_time_until(state: Clock, at: datetime) -> Iterator[Verdict]:
    """All whose moment has come."""
    for _, name in state.due.until(at):
        armed = state.intents[name]
        if armed.next is None:
            continue
        verdict = in_time(name, armed.intent, state.house, armed.next, at)
        if name in state.waiting and isinstance(verdict, OccurrenceDue):
            yield from _made_up_for(state, name, armed, verdict)
        yield verdict


def overdue_until(state: Clock, at: datetime) -> Iterator[Verdict]:
    """As many of those that wait as may be told in this minute, the most urgent first."""
    if not state.waiting:
        return
    room = state.house.clock.catch_up_limit
    room -= sum(at - MINUTE < one <= at for one in state.caught_up)
    if room <= 0:
        return
    line = [
        (*_urgency(state.intents[name]), due_at, name)
        for name, waiting in state.waiting.items()
        for due_at in waiting.instants
        if due_at <= at  # The clock may have been put back.
    ]
    heapify(line)
    while line and room:
        _, _, due_at, name = heappop(line)
        verdict = in_time(name, state.intents[name].intent, state.house, due_at, at)
        if isinstance(verdict, OccurrenceDue):
            verdict, room = OccurrenceDue(name, due_at, overdue=True), room - 1
        yield verdict


def next_turn(state: Clock) -> datetime | None:
    """When one of those that wait may be told."""
    if not state.waiting:
        return None
    first = min(waiting.instants[0] for waiting in state.waiting.values())
    limit = state.house.clock.catch_up_limit
    if len(state.caught_up) < limit:
        return first
    return max(first, state.caught_up[-limit] + MINUTE)


def _made_up_for(
    state: Clock, name: str, armed: Armed, due: OccurrenceDue
) -> Iterator[OccurrencesCoalesced]:
    waiting = state.waiting[name]
    if stands_for_others(state, armed):
        first, last = waiting.instants[0], waiting.instants[-1]
        count = len(waiting.instants)
        yield OccurrencesCoalesced(name, first, last, count, due.due_at, waiting.reason)


def _urgency(armed: Armed) -> tuple[bool, int]:
    return not armed.intent.user_facing, PRIORITIES.index(armed.intent.priority or "normal")
