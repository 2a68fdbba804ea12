"""What a day is expected to bring, told before it is due."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from actors.calendar import day_bounds
from actors.clock.arming import is_timed
from actors.clock.settled import between
from actors.clock.state import Armed, Clock
from actors.triggers import count_between, due_between, last_at_or_before
from events.time import ExpectCause, Expected, OccurrencesExpected

INTENTS_MAX = 500  # of one fact
INSTANT = timedelta(microseconds=1)


def tell(state: Clock, names: Iterable[str], because: ExpectCause) -> Iterator[OccurrencesExpected]:
    """Of these intents what the rest of the day brings, where that is not what was told."""
    if state.day is None:
        return
    _, ends_at = day_bounds(state.house.day, state.day)
    news = iter(list(_news(state, names, ends_at - INSTANT)))
    while some := tuple(islice(news, INTENTS_MAX)):
        yield OccurrencesExpected(state.day, because, some)


def learn(state: Clock, told: OccurrencesExpected) -> None:
    state.told = told.day
    for one in told.intents:
        if (armed := state.intents.get(one.intent)) is not None:
            armed.expected = one.count
            armed.expected_until = one.last_due_at if one.count else None


def settle(armed: Armed, until: datetime, count: int = 1) -> None:
    """So many of what was expected have their verdict, the last of them then."""
    if armed.expected_until is not None:
        armed.expected -= count
        if until >= armed.expected_until or armed.expected <= 0:
            forget(armed)


def settle_until(state: Clock, armed: Armed, until: datetime) -> None:
    """All that was expected up to a moment has its verdict."""
    last = armed.expected_until
    if last is not None and last > until:
        armed.expected = count(state, armed, until, last)
    elif last is not None:
        forget(armed)


def forget(armed: Armed) -> None:
    """Nothing of it is expected any more."""
    armed.expected, armed.expected_until = 0, None


def count(state: Clock, armed: Armed, after: datetime, until: datetime) -> int:
    """How many are still to come in a stretch of time."""
    if not armed.ran or armed.ran[-1].last <= after:
        return count_between(armed.intent, state.house, after, until)
    pieces = between(armed.ran, after, until)
    return sum(count_between(armed.intent, state.house, *piece) for piece in pieces)


def _news(state: Clock, names: Iterable[str], until: datetime) -> Iterator[Expected]:
    for name in names:
        armed = state.intents.get(name)
        if armed is None:
            continue
        found = _of(state, name, armed, until)
        if found is not None:
            if (found.count, found.last_due_at) != (armed.expected, armed.expected_until):
                yield found
        elif armed.expected_until is not None:
            yield Expected(name, until, until, 0)


def _of(state: Clock, name: str, armed: Armed, until: datetime) -> Expected | None:
    first, intent = armed.next, armed.intent
    if first is None or first > until or not is_timed(intent):
        return None
    last = last_at_or_before(intent, state.house, until)
    if last is None or last <= first:
        return Expected(name, first, first, 1)
    many = count(state, armed, armed.mark, until)
    if intent.max_runs is not None and many > intent.max_runs - armed.runs:
        many = intent.max_runs - armed.runs
        last = due_between(intent, state.house, armed.mark, until, many)[-1]
    return Expected(name, first, last, many)
