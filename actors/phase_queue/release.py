"""What becomes of work that waits: it goes, it is held, it is deferred, it is dropped.

Every change of circumstances asks the same question of each work that it may concern: `place`.
A work that stays held for the same reason stays silent.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from actors.calendar import PhaseWindow
from actors.pauses import is_paused
from actors.phase_queue.state import Open, Queue, Work, first_in_line, has_room, waiting
from actors.phase_queue.windows import awaited, has_missed, is_open, next_after
from events.catalogue import AnyDecision
from events.time import AlarmCleared, AlarmSet
from events.work import HoldReason, WorkCancelled, WorkDeferred, WorkDropped, WorkHeld, WorkReleased

ME = "phase_queue"
ALARM = "work:"  # and the work's id


class Turn(NamedTuple):
    """What one record brings: its time, and ids for the runs that are decided upon it."""

    at: datetime
    runs: Iterator[str]


def place(queue: Queue, work: Work, turn: Turn, *, aloud: bool = False) -> Iterator[AnyDecision]:
    """Let it go if nothing stands in its way, else say what does, `aloud` even if it is known."""
    if work.phase is not None and not is_open(queue, work, turn.at):
        yield from _await_phase(queue, work, turn)
    elif (obstacle := _obstacle(queue, work, turn.at)) is not None:
        yield from _hold(work, *obstacle, aloud=aloud)
    else:
        yield from _admit(queue, work, turn, aloud)


def look_again(
    queue: Queue, turn: Turn, concerned: Callable[[Work], bool]
) -> Iterator[AnyDecision]:
    """Place all that waits and is concerned, the first to go first."""
    for work in waiting(queue, concerned):
        yield from place(queue, work, turn)


def fill(queue: Queue, turn: Turn) -> Iterator[AnyDecision]:
    """Give all room there is to those who stand in line."""
    while (work := first_in_line(queue)) is not None:
        yield from place(queue, work, turn)


def end(work: Work, verdict: WorkDropped | WorkCancelled) -> Iterator[AnyDecision]:
    """The last word about a work that waits."""
    yield verdict
    yield from _set_alarm(work, None)


def _await_phase(queue: Queue, work: Work, turn: Turn) -> Iterator[AnyDecision]:
    ended: Open | PhaseWindow | None = has_missed(queue, work)
    if ended is None:
        window = awaited(queue.house, work)
        if window is None:
            yield from end(work, WorkDropped(work.name, "no_phase_left"))
            return
        if window.ends_at > turn.at:
            yield from _hold(work, "phase_not_open", window.starts_at)
            return
        ended = window  # The clock has not said so, or never will.
    yield from _defer(queue, work, ended, turn)


def _defer(
    queue: Queue, work: Work, ended: Open | PhaseWindow, turn: Turn
) -> Iterator[AnyDecision]:
    if work.at_phase_end == "drop":
        yield from end(work, WorkDropped(work.name, "phase_over"))
    elif work.deferred >= work.defer_limit:
        yield from end(work, WorkDropped(work.name, "defer_limit"))
    elif (window := next_after(queue.house, work, ended, turn.at)) is None:
        yield from end(work, WorkDropped(work.name, "no_phase_left"))
    else:
        yield WorkDeferred(work.name, window.phase, window.day, work.deferred + 1)
        yield from place(queue, work, turn)


def _obstacle(queue: Queue, work: Work, at: datetime) -> tuple[HoldReason, datetime | None] | None:
    """What else but room it lacks."""
    if work.not_before is not None and at < work.not_before:
        return "retry_backoff" if work.attempt > 1 else "not_before", work.not_before
    if work.unpaid:
        return "no_funds", None
    if queue.paused and is_paused(queue.paused, work.category, work.lane):
        return "paused", None
    return None


def _admit(queue: Queue, work: Work, turn: Turn, aloud: bool) -> Iterator[AnyDecision]:
    while (first := first_in_line(queue)) is not None and first.order < work.order:
        yield from place(queue, first, turn)
    if has_room(queue, work.lane):
        yield from _release(queue, work, turn)
    elif queue.running < queue.house.executor.concurrency:
        yield from _hold(work, "lane_full", aloud=aloud)
    else:
        yield from _hold(work, "daemon_full", aloud=aloud)


def _release(queue: Queue, work: Work, turn: Turn) -> Iterator[AnyDecision]:
    ceiling = queue.ceilings.get(work.action, 0)
    yield WorkReleased(
        work.name,
        next(turn.runs),
        work.action,
        work.step,
        work.attempt,
        work.category,
        ceiling,
        work.priority,
    )
    yield from _set_alarm(work, None)


def _hold(
    work: Work, reason: HoldReason, until: datetime | None = None, *, aloud: bool = False
) -> Iterator[AnyDecision]:
    if aloud or (reason, until) != (work.reason, work.until):
        yield WorkHeld(work.name, reason, until)
    yield from _set_alarm(work, until if reason in ("not_before", "retry_backoff") else None)


def _set_alarm(work: Work, at: datetime | None) -> Iterator[AnyDecision]:
    """Change the work's alarm, if it is another one."""
    if at == work.wakes_at:
        return
    if at is None:
        yield AlarmCleared(ALARM + work.name, ME)
    else:
        yield AlarmSet(ALARM + work.name, ME, at)
