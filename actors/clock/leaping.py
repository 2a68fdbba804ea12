"""How the clock follows a wall clock that was set.

Put forward by more than a day, no time passed in between: nothing there is missed or made up for.
Put back by more than a day, it had been wrong: what it led to is withdrawn, but for what really
became due, and things go on from the last moment that was lived. Less than that is an absence, or
a time that comes again and brings nothing twice.
"""

from datetime import datetime, timedelta

from actors.clock import days
from actors.clock.arming import INSTANT, arm, is_lone, is_timed, put
from actors.clock.lateness import examine
from actors.clock.state import Clock, Unlived
from actors.clock.verdicts import wait
from events.time import ClockStepped, MissReason

FAR = timedelta(days=1)
UNLIVED_MAX = 8


def pass_time(state: Clock, at: datetime, reason: MissReason) -> None:
    """Learn what time it is, whatever it was before."""
    if state.seen is not None and at < state.seen - FAR:
        _go_back(state, at, was_there=reason != "daemon_down")
        reason = "clock_stepped"
    else:
        days.see(state, at)
    if state.caught_up and state.caught_up[-1] > at:
        state.caught_up = [one for one in state.caught_up if one <= at]
    examine(state, at, reason)


def step(state: Clock, stepped: ClockStepped, at: datetime) -> None:
    before = stepped.before
    if state.seen is not None and at - before > FAR:
        examine(state, before, "late")
        _go_far_ahead(state, max(before, state.seen), at)
    else:
        # A sleep is told first, with the same reading: then it has gone back already.
        is_back = before - at > FAR and state.seen == at
        if state.seen is not None and before > at and not is_back:
            state.seen = max(state.seen, before)
        pass_time(state, at, "clock_stepped")


def reopened(state: Clock) -> None:
    state.reopened = None


def _go_far_ahead(state: Clock, before: datetime, at: datetime) -> None:
    state.unlived.append(Unlived(before, at))
    del state.unlived[:-UNLIVED_MAX]
    for name, armed in state.intents.items():
        if armed.next is None:
            continue
        if is_lone(armed.intent):
            put(state, name, armed, at + max(timedelta(0), armed.next - before))
        elif armed.mark < at:
            if armed.next <= before:
                wait(state, name, armed.next, "clock_stepped")
            armed.mark = at - INSTANT
            arm(state, name, armed)
    days.leap(state, at)


def _go_back(state: Clock, at: datetime, was_there: bool) -> None:
    lived = _lived_until(state, at, was_there)
    for name, armed in state.intents.items():
        if is_timed(armed.intent):
            armed.mark = min(armed.mark, lived if armed.anchored <= lived else at)
            arm(state, name, armed)
        elif armed.next is not None:
            every = timedelta(seconds=armed.intent.every_seconds or 0)
            put(state, name, armed, min(armed.next, at + every))
    for name in list(state.waiting):
        _wait_no_more(state, name, at)
    state.reopened = at
    days.leap(state, at)


def _lived_until(state: Clock, at: datetime, was_there: bool) -> datetime:
    """The last moment that was lived before this one.

    Somebody who was there the whole time knows how much of it passed since the clock was put
    forward: when it now shows far more than that, it is still wrong.
    """
    ahead, until = timedelta(0), state.seen or at
    lived = at
    while state.unlived and state.unlived[-1].after > at:
        leap = state.unlived.pop()
        ahead, until = ahead + max(timedelta(0), until - leap.after), leap.before
        lived = min(lived, leap.before)
    if was_there and at - lived > ahead + FAR:
        state.unlived.append(Unlived(lived, at))
        return at - INSTANT
    return lived


def _wait_no_more(state: Clock, name: str, after: datetime) -> None:
    waiting = state.waiting[name]
    waiting.instants = [one for one in waiting.instants if one <= after]
    if not waiting.instants:
        del state.waiting[name]
