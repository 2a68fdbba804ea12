"""How the queue's knowledge follows the facts."""

from bisect import bisect_left, insort
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

from actors.calendar import phase_on
from actors.ceilings import asks_of, terms_of
from actors.pauses import label
from actors.phase_queue.answered import Request, ask, refuse
from actors.phase_queue.release import ALARM, BREATH, DEADLINE, IDLE, ME
from actors.phase_queue.state import IN_LINE, Open, Queue, Work
from actors.rules import Change, evolves_by
from events.budget import (
    BudgetOpened,
    CategoryReopened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
)
from events.catalogue import AnyFact
from events.configuration import Action, Configuration, ConfigurationLoaded, Template
from events.fact import Fact
from events.intents import IdleAsked
from events.requests import Paused, ReleaseRequested, RequestRefused, Resumed
from events.runs import RunRetrying
from events.settings import PRIORITIES
from events.time import (
    AlarmCleared,
    AlarmRang,
    AlarmSet,
    IdleSeen,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
)
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)

ENDED_MAX = 2_000
DAYS_MAX = 8
RANKS = {priority: rank for rank, priority in enumerate(PRIORITIES)}


def _release(queue: Queue, work: Work, fact: WorkReleased, at: datetime) -> None:
    if work.reason is not None:
        _leave_line(queue, work)
        work.reason, work.until = None, None
    _run(queue, work, fact.run)
    work.released = True
    queue.busy[work.lane] = queue.busy.get(work.lane, 0) + 1
    queue.running += 1


def _hold(queue: Queue, work: Work, fact: WorkHeld, at: datetime) -> None:
    _leave_line(queue, work)
    if fact.reason == "not_idle":
        queue.unidle[work.name] = work.order
    work.reason, work.until = fact.reason, fact.until
    work.unpaid = fact.reason == "no_funds"
    if fact.reason in IN_LINE:
        insort(queue.in_line.setdefault(work.lane, []), work.order)


def _end(queue: Queue, work: Work, fact: AnyFact, at: datetime) -> None:
    if work.released:
        _take_back(queue, work)
    _leave_line(queue, work)
    _run(queue, work, "")
    del queue.works[work.name]
    queue.asking.pop(work.name, None)
    _forget(queue, work.name)


def _reach(queue: Queue, work: Work, fact: StepReached, at: datetime) -> None:
    _run(queue, work, fact.run)
    work.action, work.category = fact.action, fact.category
    work.step, work.attempt = fact.step, fact.attempt
    work.started, work.phase = True, None


def _refuse_funds(queue: Queue, work: Work, fact: FundsRefused, at: datetime) -> None:
    if work.released and fact.run == work.run:
        _take_back(queue, work)
        work.unpaid = True


def _give_back(queue: Queue, work: Work, fact: WorkReturned, at: datetime) -> None:
    if work.released and fact.run == work.run:
        _take_back(queue, work)


def _offer(queue: Queue, work: Work, fact: FundsOffered, at: datetime) -> None:
    work.unpaid = False


def _retry(queue: Queue, work: Work, fact: RunRetrying, at: datetime) -> None:
    if work.released:
        _take_back(queue, work)
        work.action, work.step, work.attempt = fact.action, fact.step, fact.attempt
        work.started, work.phase, work.not_before = True, None, fact.retry_at


def _defer(queue: Queue, work: Work, fact: WorkDeferred, at: datetime) -> None:
    work.phase, work.day, work.deferred = fact.phase, fact.day, fact.times
    work.since, work.unpaid = at, False


def _move(queue: Queue, work: Work, fact: WorkMoved, at: datetime) -> None:
    work.phase, work.day, work.since, work.moved = fact.phase, None, at, True


def _stop(queue: Queue, work: Work, fact: WorkStopping, at: datetime) -> None:
    work.stopping, work.note, work.at_once = True, fact.note, fact.at_once


def _plan(queue: Queue, fact: WorkPlanned, at: datetime) -> None:
    if fact.work in queue.works:
        return  # Whoever plans a work twice must not make it stand in line twice.
    queue.planned += 1
    queue.works[fact.work] = Work(
        (RANKS[fact.priority], queue.planned, fact.work),
        fact.priority,
        fact.lane,
        fact.category,
        fact.steps[0].action if fact.steps else "",
        at,
        fact.day,
        fact.phase,
        fact.not_before,
        fact.at_phase_end,
        fact.defer_limit,
        only_if_idle=fact.only_if_idle,
        start_before=fact.start_before,
        asks=None if fact.action is None else asks_of(fact.action, queue.terms),
        own_limit=fact.own_limit,
        tells=fact.source == "alert",
    )


def _ask(queue: Queue, request: Request, at: datetime) -> None:
    ask(queue, request)
    if type(request) is ReleaseRequested and not queue.repeated:
        _let_go(queue, request.work)


def _refuse(queue: Queue, fact: RequestRefused, at: datetime) -> None:
    refuse(queue)


def _ask_idle(queue: Queue, work: Work, fact: IdleAsked, at: datetime) -> None:
    queue.asking[work.name] = work.name


def _hear_idle(queue: Queue, fact: IdleSeen, at: datetime) -> None:
    queue.asking.clear()


def _start_window(queue: Queue, fact: PhaseStarted, at: datetime) -> None:
    phase, window = fact.phase, Open(fact.day, fact.ends_at)
    queue.over.pop(phase, None)
    _close_window(queue, phase, window)
    queue.open.setdefault(phase, []).append(window)


def _end_window(queue: Queue, fact: PhaseEnded | PhaseMissed, at: datetime) -> None:
    queue.over[fact.phase] = window = Open(fact.day, fact.ends_at)
    _close_window(queue, fact.phase, window)


def _pause(queue: Queue, fact: Paused, at: datetime) -> None:
    queue.paused[label(fact.scope, fact.name)] = fact.note


def _resume(queue: Queue, fact: Resumed, at: datetime) -> None:
    queue.paused.pop(label(fact.scope, fact.name), None)


def _let_go(queue: Queue, name: str) -> None:
    """A person wants it to wait for no time any more."""
    work = queue.works.get(name)
    if work is not None and not work.released:
        work.phase = work.not_before = None
        work.only_if_idle = False  # Whoever asks is not idle,
        work.tells = False  # and wants to be told.


def _run(queue: Queue, work: Work, run: str) -> None:
    """It has a new run, or, with no name, none any more."""
    if work.run:
        del queue.runs[work.run]
        _forget(queue, work.run)
    if run:
        queue.runs[run] = work.name
    work.run = run


def _take_back(queue: Queue, work: Work) -> None:
    lane, busy = work.lane, queue.busy
    work.released = False
    queue.running -= 1
    if busy[lane] == 1:
        del busy[lane]
    else:
        busy[lane] -= 1


def _leave_line(queue: Queue, work: Work) -> None:
    if work.reason in IN_LINE:
        line = queue.in_line[work.lane]
        del line[bisect_left(line, work.order)]
        if not line:
            del queue.in_line[work.lane]
    elif work.reason == "not_idle":
        queue.unidle.pop(work.name, None)


def _forget(queue: Queue, ended: str) -> None:
    queue.ended.append(ended)
    if len(queue.ended) >= 2 * ENDED_MAX:
        del queue.ended[:ENDED_MAX]


def _alarm(queue: Queue, fact: AlarmSet | AlarmCleared | AlarmRang, at: datetime) -> None:
    if fact.setter != ME:
        return
    if fact.alarm == IDLE:
        queue.asks_again = type(fact) is AlarmSet
        return
    if fact.alarm == BREATH:
        queue.takes_breath = type(fact) is AlarmSet
        return
    if fact.alarm.startswith(DEADLINE):
        if (work := queue.works.get(fact.alarm.removeprefix(DEADLINE))) is not None:
            work.warned = type(fact) is AlarmSet
        return
    if (work := queue.works.get(fact.alarm.removeprefix(ALARM))) is None:
        return
    match fact:
        case AlarmSet():
            work.wakes_at = fact.rings_at
        case AlarmCleared():
            work.wakes_at = None
        case AlarmRang() if fact.rings_at == work.wakes_at:
            work.wakes_at = work.not_before = None


def _close_window(queue: Queue, phase: str, window: Open) -> None:
    """Forget a window, and any of its name that should have ended before it."""
    windows = queue.open.pop(phase, [])
    kept = [w for w in windows if w.day != window.day and w.ends_at > window.ends_at]
    if kept:
        queue.open[phase] = kept


def _configure(queue: Queue, fact: ConfigurationLoaded, at: datetime) -> None:
    if (new := fact.configuration) is None:
        return
    queue.house = Configuration(
        day=new.day,
        phases=new.phases,
        lanes=new.lanes,
        executor=new.executor,
        clock=new.clock,
        alerts=new.alerts,
    )
    queue.open = {
        phase: [_renewed(new, phase, window) for window in windows]
        for phase, windows in queue.open.items()
    }
    queue.terms = terms_of(new)
    queue.asks = {name: asks_of(action, queue.terms) for name, action in new.actions.items()}
    configured: tuple[Action | Template, ...] = (*new.actions.values(), *new.templates.values())
    lanes = {*new.lanes, *(some.lane for some in configured if some.lane)}
    categories = {*new.budget.categories, *(some.category for some in configured if some.category)}
    queue.known = ["all"]
    queue.known += [label("lane", name) for name in sorted(lanes)]
    queue.known += [label("category", name) for name in sorted(categories)]


def _renewed(new: Configuration, phase: str, window: Open) -> Open:
    """A window that is open ends as configured now; the clock does not start it again."""
    found = phase_on(new, window.day, phase)
    return window if found is None else Open(found.day, found.ends_at)


def _overrun(queue: Queue, fact: FundsOverrun, at: datetime) -> None:
    same = fact.day == queue.money_day
    closed = queue.closed if same else queue.closed_before.get(fact.day.isoformat())
    if closed is not None and fact.category not in closed:
        closed.append(fact.category)


def _reopen(queue: Queue, fact: CategoryReopened, at: datetime) -> None:
    if fact.category in queue.closed:
        queue.closed.remove(fact.category)


def _open_budget(queue: Queue, fact: BudgetOpened, at: datetime) -> None:
    if fact.day == queue.money_day:
        return
    before = queue.closed_before
    if queue.money_day is not None:
        before[queue.money_day.isoformat()] = queue.closed
    queue.money_day, queue.closed = fact.day, before.pop(fact.day.isoformat(), [])
    if len(before) >= DAYS_MAX:
        del before[next(iter(before))]


OF_WORK: dict[type[Fact], Callable[[Queue, Work, Any, datetime], None]] = {
    WorkReleased: _release,
    WorkHeld: _hold,
    WorkFinished: _end,
    WorkCancelled: _end,
    WorkDropped: _end,
    StepReached: _reach,
    FundsRefused: _refuse_funds,
    FundsOffered: _offer,
    RunRetrying: _retry,
    WorkReturned: _give_back,
    WorkDeferred: _defer,
    WorkMoved: _move,
    WorkStopping: _stop,
    IdleAsked: _ask_idle,
}
OF_HOUSE: dict[type[Fact], Callable[[Queue, Any, datetime], None]] = {
    WorkPlanned: _plan,
    **dict.fromkeys(get_args(Request), _ask),
    RequestRefused: _refuse,
    AlarmSet: _alarm,
    AlarmCleared: _alarm,
    AlarmRang: _alarm,
    IdleSeen: _hear_idle,
    PhaseStarted: _start_window,
    PhaseEnded: _end_window,
    PhaseMissed: _end_window,
    Paused: _pause,
    Resumed: _resume,
    ConfigurationLoaded: _configure,
    FundsOverrun: _overrun,
    CategoryReopened: _reopen,
    BudgetOpened: _open_budget,
}


def _of_work(change: Callable[[Queue, Work, Any, datetime], None]) -> Change:
    """The change of a piece of work, if the queue still has it."""

    def changed(queue: Queue, fact: Any, at: datetime) -> None:
        if (work := queue.works.get(fact.work)) is not None:
            change(queue, work, fact, at)

    return changed


evolve = evolves_by(OF_HOUSE | {kind: _of_work(change) for kind, change in OF_WORK.items()})
