"""What becomes of occurrences whose place something else takes."""

from datetime import datetime

from actors.calendar import day_bounds
from actors.clock import expected
from actors.clock.arming import INSTANT, anchor, is_timed
from actors.clock.misfire import range_of
from actors.clock.state import Armed, Clock
from actors.triggers import due_between
from events.configuration import Configuration, Intent
from events.time import OccurrencesSuperseded, SupersedeReason

COMPARED_MAX = 1_000  # of a day; where there are more they are taken to be others

Range = tuple[datetime, datetime, int]  # the first, the last, how many


def give_up(
    state: Clock,
    name: str,
    armed: Armed,
    house: Configuration,
    at: datetime,
    reason: SupersedeReason,
) -> None:
    """Nothing of it becomes due any more, neither what was overdue nor what is to come."""
    found = _overdue(armed, house, at), _coming(armed, house, at)
    _supersede(state, name, found, reason)
    expected.forget(armed)
    armed.next = None
    state.due.drop(name)


def replace(
    state: Clock,
    name: str,
    armed: Armed,
    new: Intent,
    house: Configuration,
    at: datetime,
    reason: SupersedeReason,
) -> None:
    """It counts from now on, by other times. Where these are the same as what was to come of
    this day, that is still expected. `house` is the one of before."""
    overdue, coming = _overdue(armed, house, at), _coming(armed, house, at)
    old, armed.intent = armed.intent, new
    armed.next = None
    anchor(state, name, armed, at)
    if coming is not None and _is_same(state, armed, coming, old, house, at, reason):
        armed.expected = coming[2]
        _supersede(state, name, (overdue, None), reason)
    else:
        expected.forget(armed)
        _supersede(state, name, (overdue, coming), reason)


def _overdue(armed: Armed, house: Configuration, at: datetime) -> Range | None:
    """What was due and could not be told."""
    if armed.next is None or armed.next > at:
        return None
    found = range_of(armed.intent, house, armed.mark, at) if is_timed(armed.intent) else None
    return found or (armed.next, armed.next, 1)


def _coming(armed: Armed, house: Configuration, at: datetime) -> Range | None:
    """What was told of this day and is still to come."""
    last = armed.expected_until
    if last is None or last <= at or armed.next is None:
        return None
    if armed.next > at:
        return armed.next, last, armed.expected
    return range_of(armed.intent, house, at, last)


def _supersede(
    state: Clock, name: str, found: tuple[Range | None, Range | None], reason: SupersedeReason
) -> None:
    if (waiting := state.waiting.pop(name, None)) is not None:
        first, last, count = waiting.instants[0], waiting.instants[-1], len(waiting.instants)
        state.owed.append(OccurrencesSuperseded(name, first, last, count, reason))
    ranges = [one for one in found if one is not None]
    if ranges:
        count = sum(one[2] for one in ranges)
        state.owed.append(OccurrencesSuperseded(name, ranges[0][0], ranges[-1][1], count, reason))


def _is_same(
    state: Clock,
    armed: Armed,
    coming: Range,
    old: Intent,
    house: Configuration,
    at: datetime,
    reason: SupersedeReason,
) -> bool:
    """What older time zones would have said is not known any more: there a summary must do."""
    if state.day is None or coming[2] > COMPARED_MAX:
        return False
    until = day_bounds(state.house.day, state.day)[1] - INSTANT
    if reason == "tzdata_changed":
        return range_of(armed.intent, state.house, armed.mark, until) == coming
    most = coming[2] + 1
    before = due_between(old, house, at, coming[1], most)
    return before == due_between(armed.intent, state.house, at, until, most)
