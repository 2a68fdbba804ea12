"""How the clock goes through days and phases."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from actors.calendar import (
    PhaseWindow,
    day_bounds,
    day_of,
    next_boundary,
    phase_on,
    phases_at,
    phases_of,
)
from actors.clock.state import Clock
from events.catalogue import AnyDecision
from events.configuration import Configuration
from events.time import DayStarted, PhaseEnded, PhaseMissed, PhaseMissReason, PhaseStarted

ONE_DAY = timedelta(days=1)
MISSED_MAX = 100  # windows told of after an absence, the newest
LOOK_BACK_DAYS = 7 * MISSED_MAX + 1  # A phase that comes at all comes once a week.
DAYS_MAX = 8  # remembered as started


def catch_up(state: Clock, back: bool, slept: bool) -> Iterator[AnyDecision]:
    """Everything that changed since the moment seen before: what a person would call the time.

    `back`: the clock went back so far that days come again. `slept`: so did the machine, since.
    """
    seen, house = state.seen, state.house
    assert seen is not None
    if back:
        for window in [window for window in state.open if window.starts_at > seen]:
            yield PhaseEnded(window.day, window.phase, seen)
    over = sorted((w for w in state.open if w.ends_at <= seen), key=lambda w: w.ends_at)
    for window in over:
        yield PhaseEnded(window.day, window.phase, window.ends_at)
    today = day_of(house.day, seen)
    if state.day is None or today > state.day or (back and today < state.day):
        yield DayStarted(today, *day_bounds(house.day, today), again=today in state.days)
    reason: PhaseMissReason = "asleep" if slept else "daemon_down"
    if state.before is None:
        reason = "before_first_start"
    for window in _missed(state, today, seen, over):
        yield PhaseMissed(*window, reason=reason)
    for window in phases_at(house, seen):
        if _key(window) not in map(_key, state.open):
            yield PhaseStarted(*window)


def end_overtaken(state: Clock, at: datetime) -> Iterator[AnyDecision]:
    """A phase in progress that no configuration knows any more ends at once."""
    for window in list(state.open):
        if window not in phases_of(state.house, window.day):
            yield PhaseEnded(window.day, window.phase, min(window.ends_at, latest(state, at)))


def latest(state: Clock, at: datetime) -> datetime:
    """This moment, or the latest one seen when the clock was put back since."""
    return at if state.seen is None else max(state.seen, at)


def see(state: Clock, at: datetime) -> None:
    """Learn what time it is."""
    state.before, state.seen = state.seen, latest(state, at)
    state.turned = state.turn is None or state.turn <= state.seen
    if state.turned:
        state.turn = next_boundary(state.house, state.seen)


def leap(state: Clock, at: datetime) -> None:
    """Learn what time it is, and that none passed on the way there."""
    state.before = state.seen = at
    state.turned, state.turn = True, next_boundary(state.house, at)


def configure(state: Clock, house: Configuration, at: datetime) -> None:
    """Learn another calendar; what it says of the present is looked at without delay.

    Unless an absence is still to be told of, nothing of its past was missed.
    """
    same = (house.day, house.phases) == (state.house.day, state.house.phases)
    state.house = house
    if same:
        return
    if state.turn is not None:
        if state.turn > at:
            state.seen = latest(state, at)
        state.turn = at
    state.open = [_renewed(state, window, latest(state, at)) for window in state.open]


def begin(state: Clock, day: date) -> None:
    state.day = day
    if day not in state.days:
        state.days.append(day)
        del state.days[:-DAYS_MAX]


def start(state: Clock, started: PhaseStarted) -> None:
    window = PhaseWindow(started.day, started.phase, started.starts_at, started.ends_at)
    state.open.append(window)


def end(state: Clock, day: date, phase: str) -> None:
    state.open = [window for window in state.open if _key(window) != (day, phase)]


def _renewed(state: Clock, window: PhaseWindow, now: datetime) -> PhaseWindow:
    renewed = phase_on(state.house, window.day, window.phase)
    return renewed if renewed is not None and renewed.starts_at <= now else window


def _missed(
    state: Clock, today: date, seen: datetime, over: list[PhaseWindow]
) -> list[PhaseWindow]:
    """The newest windows that closed since the moment seen before and never were open to us."""
    house, before = state.house, state.before
    oldest = today if before is None else day_of(house.day, before) - ONE_DAY
    known, missed, day = {_key(window) for window in over}, list[PhaseWindow](), today
    while day >= max(oldest, today - LOOK_BACK_DAYS * ONE_DAY) and len(missed) < MISSED_MAX:
        for window in reversed(phases_of(house, day)):
            unseen = before is None or window.ends_at > before
            if unseen and window.ends_at <= seen and _key(window) not in known:
                missed.append(window)
        day -= ONE_DAY
    return missed[MISSED_MAX - 1 :: -1]


def _key(window: PhaseWindow) -> tuple[date, str]:
    return window.day, window.phase
