"""What becomes of work that waits: it goes, it is held, it is deferred, it is dropped.

Every change of circumstances asks the same question of each work that it may concern: `place`.
A work that stays held for the same reason stays silent.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain

from actors.breath import DEEP
from actors.calendar import PhaseWindow
from actors.ceilings import NOTHING, Asks
from actors.pauses import is_paused
from actors.phase_queue.quiet import end_of_quiet
from actors.phase_queue.state import (
    IN_LINE,
    Open,
    Queue,
    Work,
    first_in_line,
    has_room,
    waiting,
)
from actors.phase_queue.windows import awaited, has_missed, is_open, next_after
from events.budget import FundsRefused, RefuseReason
from events.catalogue import AnyDecision
from events.intents import IdleAsked
from events.record import Record
from events.time import AlarmCleared, AlarmSet
from events.work import HoldReason, WorkCancelled, WorkDeferred, WorkDropped, WorkHeld, WorkReleased

ME = "phase_queue"
ALARM = "work:"  # and the work's id
DEADLINE = "start:"  # and the work's id
IDLE = "idle"
BREATH = "room"
UNTIL: tuple[HoldReason, ...] = ("not_before", "retry_backoff", "quiet_hours")  # a time
OF_THE_DAY: tuple[RefuseReason, ...] = ("day_spent", "no_day_open")  # whatever the category
OF_ITS_OWN: tuple[RefuseReason, ...] = ("own_limit_spent", "over_own_limit")


class Turn:
    """What one record brings: its time, and ids for the runs that are decided upon it.

    `refused`: it says that money is lacking. `deep`: nothing goes upon it, for it stands at the
    end of a long chain; what the budget offers just before it takes breath itself still goes.
    """

    __slots__ = ("_position", "_runs", "at", "deep", "refused")

    def __init__(self, record: Record) -> None:
        self.at, self._position, self._runs = record.at, record.position, 0
        self.deep = record.depth > DEEP
        self.refused = record.fact if isinstance(record.fact, FundsRefused) else None

    def run(self) -> str:
        self._runs += 1
        return f"r{self._position}-{self._runs}"


def place(
    queue: Queue, work: Work, turn: Turn, *, aloud: bool = False, idle: bool = False
) -> Iterator[AnyDecision]:
    """Let it go if nothing stands in its way, else say what does, `aloud` even if it is known.

    `idle`: the machine has just been seen to be.
    """
    if work.start_before is not None and turn.at > work.start_before and not work.started:
        return end(work, WorkDropped(work.name, "start_deadline"))
    if work.phase is not None and not is_open(queue, work, turn.at):
        return _await_phase(queue, work, turn)
    if (obstacle := _obstacle(queue, work, turn.at)) is not None:
        return _hold(work, *obstacle, aloud=aloud)
    if turn.refused is not None and is_unpayable(queue, work, turn.refused):
        return _hold_unasked(queue, work)
    if turn.deep:
        return _hold(work, work.reason if work.reason in IN_LINE else "lane_full", aloud=aloud)
    if not queue.in_line and has_room(queue, work.lane):
        return _go(queue, work, turn, idle)
    return _admit(queue, work, turn, aloud, idle)


def is_unpayable(queue: Queue, work: Work, refused: FundsRefused) -> bool:
    """Whether a refusal that was just heard holds for a work that would ask now as well."""
    asked = queue.works.get(refused.work)
    if asked is None or (work.priority == "critical" and asked.priority != "critical"):
        return False  # The reserve is for critical work alone.
    if work.category != refused.category and refused.reason not in OF_THE_DAY:
        return False
    if refused.reason in OF_ITS_OWN and work.own_limit != asked.own_limit:
        return False
    asks = _asks(queue, work)
    if refused.reason == "over_quota" and asks.executors != _asks(queue, asked).executors:
        return False
    return refused.reason == "closed" or asks.usd_micros > refused.left_usd_micros


def look_again(
    queue: Queue, turn: Turn, concerned: Callable[[Work], bool]
) -> Iterator[AnyDecision]:
    """Place all that waits and is concerned, the first to go first."""
    for work in waiting(queue, concerned):
        yield from place(queue, work, turn)


def fill(queue: Queue, turn: Turn) -> Iterator[AnyDecision]:
    """Give all room there is to those who stand in line, at once or after a breath."""
    if turn.deep:
        if first_in_line(queue) is not None and not queue.takes_breath:
            yield AlarmSet(BREATH, ME, turn.at)
        return
    while (work := first_in_line(queue)) is not None:
        yield from place(queue, work, turn)


def end(work: Work, verdict: WorkDropped | WorkCancelled) -> Iterator[AnyDecision]:
    """The last word about a work that waits."""
    return iter((verdict, *_alarm(work, None), *_no_deadline(work)))


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
    if work.tells and (until := end_of_quiet(queue.house, at)) is not None:
        return "quiet_hours", until
    return None


def _hold_unasked(queue: Queue, work: Work) -> Iterator[AnyDecision]:
    """The budget would refuse it as well: it is told what this one would have asked for."""
    asks = _asks(queue, work)
    told = WorkHeld(
        work.name,
        "no_funds",
        None,
        work.category,
        asks.usd_micros,
        work.priority,
        asks.takes_what_is_left,
        asks.executors,
    )
    return chain((told,), _hold_alarms(work, None))


def _admit(queue: Queue, work: Work, turn: Turn, aloud: bool, idle: bool) -> Iterator[AnyDecision]:
    while (first := first_in_line(queue)) is not None and first.order < work.order:
        yield from place(queue, first, turn)
    if has_room(queue, work.lane):
        yield from _go(queue, work, turn, idle)
    elif queue.running < queue.house.executor.concurrency:
        yield from _hold(work, "lane_full", aloud=aloud)
    else:
        yield from _hold(work, "daemon_full", aloud=aloud)


def _go(queue: Queue, work: Work, turn: Turn, idle: bool) -> Iterator[AnyDecision]:
    """Nothing is in its way, unless it waits for the machine to be idle."""
    if not work.only_if_idle or idle:
        return _release(queue, work, turn)
    held = _hold(work, "not_idle")
    known = work.reason == "not_idle" or work.name in queue.asking
    return held if known else chain(held, (IdleAsked(work.name),))


def _release(queue: Queue, work: Work, turn: Turn) -> Iterator[AnyDecision]:
    asks = _asks(queue, work)
    released = WorkReleased(
        work.name,
        turn.run(),
        work.action,
        work.step,
        work.attempt,
        work.category,
        asks.usd_micros,
        work.priority,
        work.own_limit,
        asks.takes_what_is_left,
        asks.executors,
    )
    return iter((released, *_alarm(work, None), *_no_deadline(work)))


def _asks(queue: Queue, work: Work) -> Asks:
    return work.asks or queue.asks.get(work.action, NOTHING)


def _hold(
    work: Work, reason: HoldReason, until: datetime | None = None, *, aloud: bool = False
) -> Iterator[AnyDecision]:
    alarms = _hold_alarms(work, until if reason in UNTIL else None)
    if aloud or (reason, until) != (work.reason, work.until):
        return iter((WorkHeld(work.name, reason, until), *alarms))
    return iter(alarms)


def _hold_alarms(work: Work, wakes_at: datetime | None) -> tuple[AnyDecision, ...]:
    alarms = _alarm(work, wakes_at)
    if work.start_before is not None and not (work.warned or work.started):
        alarms = (*alarms, AlarmSet(DEADLINE + work.name, ME, work.start_before))
    return alarms


def _alarm(work: Work, at: datetime | None) -> tuple[AnyDecision, ...]:
    """Change the work's alarm, if it is another one."""
    if at == work.wakes_at:
        return ()
    if at is None:
        return (AlarmCleared(ALARM + work.name, ME),)
    return (AlarmSet(ALARM + work.name, ME, at),)


def _no_deadline(work: Work) -> tuple[AnyDecision, ...]:
    return (AlarmCleared(DEADLINE + work.name, ME),) if work.warned else ()
