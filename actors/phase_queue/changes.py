"""How the queue's knowledge follows the facts."""

from bisect import bisect_left, insort
from datetime import datetime

from actors.calendar import phase_on
from actors.pauses import label
from actors.phase_queue.answered import Request, ask, refuse
from actors.phase_queue.release import ALARM, ME
from actors.phase_queue.state import IN_LINE, Open, Queue, Work
from events.budget import (
    BudgetOpened,
    CategoryReopened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
)
from events.catalogue import AnyFact
from events.configuration import (
    PRIORITIES,
    Action,
    Configuration,
    ConfigurationLoaded,
    Template,
)
from events.requests import Paused, ReleaseRequested, RequestRefused, Resumed
from events.runs import RunRetrying
from events.time import AlarmCleared, AlarmRang, AlarmSet, PhaseEnded, PhaseMissed, PhaseStarted
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
RANKS = {priority: rank for rank, priority in enumerate(PRIORITIES)}

OfWork = (
    WorkHeld
    | WorkReleased
    | WorkFinished
    | StepReached
    | FundsRefused
    | FundsOffered
    | RunRetrying
    | WorkReturned
    | WorkCancelled
    | WorkDropped
    | WorkDeferred
    | WorkMoved
    | WorkStopping
)


def evolve(queue: Queue, fact: AnyFact, at: datetime) -> None:
    if isinstance(fact, OfWork):
        if (work := queue.works.get(fact.work)) is not None:
            _of_work(queue, work, fact, at)
    elif isinstance(fact, Request):
        ask(queue, fact)
        if isinstance(fact, ReleaseRequested) and not queue.repeated:
            _let_go(queue, fact.work)
    else:
        _of_house(queue, fact, at)


def _of_house(queue: Queue, fact: AnyFact, at: datetime) -> None:
    match fact:
        case WorkPlanned():
            _plan(queue, fact, at)
        case AlarmSet() | AlarmCleared() | AlarmRang():
            _alarm(queue, fact)
        case PhaseStarted(day, phase, _, ends_at):
            queue.over.pop(phase, None)
            _close_window(queue, phase, Open(day, ends_at))
            queue.open.setdefault(phase, []).append(Open(day, ends_at))
        case (
            PhaseEnded(day=day, phase=phase, ends_at=ends_at)
            | PhaseMissed(day=day, phase=phase, ends_at=ends_at)
        ):
            queue.over[phase] = Open(day, ends_at)
            _close_window(queue, phase, Open(day, ends_at))
        case Paused(scope, name, note):
            queue.paused[label(scope, name)] = note
        case Resumed(scope, name):
            queue.paused.pop(label(scope, name), None)
        case RequestRefused():
            refuse(queue)
        case ConfigurationLoaded(configuration=Configuration() as configuration):
            _configure(queue, configuration)
        case _:
            _money(queue, fact)


def _plan(queue: Queue, fact: WorkPlanned, at: datetime) -> None:
    if fact.work in queue.works:
        return  # Whoever plans a work twice must not make it stand in line twice.
    queue.planned += 1
    queue.works[fact.work] = Work(
        order=(RANKS[fact.priority], queue.planned, fact.work),
        priority=fact.priority,
        lane=fact.lane,
        category=fact.category,
        action=fact.steps[0].action if fact.steps else "",
        since=at,
        day=fact.day,
        phase=fact.phase,
        not_before=fact.not_before,
        at_phase_end=fact.at_phase_end,
        defer_limit=fact.defer_limit,
    )


def _of_work(queue: Queue, work: Work, fact: OfWork, at: datetime) -> None:
    match fact:
        case WorkReleased(run=run):
            _leave_line(queue, work)
            _run(queue, work, run)
            work.released, work.reason, work.until = True, None, None
            queue.busy[work.lane] = queue.busy.get(work.lane, 0) + 1
            queue.running += 1
        case WorkHeld(_, reason, until):
            _leave_line(queue, work)
            work.reason, work.until = reason, until
            work.unpaid = work.unpaid and reason == "no_funds"
            if reason in IN_LINE:
                insort(queue.in_line.setdefault(work.lane, []), work.order)
        case WorkFinished() | WorkCancelled() | WorkDropped():
            _end(queue, work)
        case StepReached():
            _run(queue, work, fact.run)
            work.action, work.category = fact.action, fact.category
            work.step, work.attempt = fact.step, fact.attempt
            work.started, work.phase = True, None
        case FundsRefused(run=run) if run == work.run and work.released:
            _take_back(queue, work)
            work.unpaid = True
        case WorkReturned(run=run) if run == work.run and work.released:
            _take_back(queue, work)
        case FundsOffered():
            work.unpaid = False
        case RunRetrying() if work.released:
            _take_back(queue, work)
            work.action, work.step, work.attempt = fact.action, fact.step, fact.attempt
            work.started, work.phase, work.not_before = True, None, fact.retry_at
        case WorkDeferred(_, phase, day, times):
            work.phase, work.day, work.deferred, work.since = phase, day, times, at
            work.unpaid = False
        case WorkMoved(phase=phase):
            work.phase, work.day, work.since, work.moved = phase, None, at, True
        case WorkStopping(note=note):
            work.stopping, work.note = True, note


def _let_go(queue: Queue, name: str) -> None:
    """A person wants it to wait for no time any more."""
    work = queue.works.get(name)
    if work is not None and not work.released:
        work.phase = work.not_before = None


def _run(queue: Queue, work: Work, run: str) -> None:
    """It has a new run, or, with no name, none any more."""
    if work.run:
        del queue.runs[work.run]
        _forget(queue, work.run)
    if run:
        queue.runs[run] = work.name
    work.run = run


def _end(queue: Queue, work: Work) -> None:
    if work.released:
        _take_back(queue, work)
    _leave_line(queue, work)
    _run(queue, work, "")
    del queue.works[work.name]
    _forget(queue, work.name)


def _take_back(queue: Queue, work: Work) -> None:
    work.released = False
    queue.running -= 1
    queue.busy[work.lane] -= 1
    if not queue.busy[work.lane]:
        del queue.busy[work.lane]


def _leave_line(queue: Queue, work: Work) -> None:
    if work.reason in IN_LINE:
        line = queue.in_line[work.lane]
        del line[bisect_left(line, work.order)]
        if not line:
            del queue.in_line[work.lane]


def _forget(queue: Queue, ended: str) -> None:
    queue.ended.append(ended)
    if len(queue.ended) >= 2 * ENDED_MAX:
        del queue.ended[:ENDED_MAX]


def _alarm(queue: Queue, fact: AlarmSet | AlarmCleared | AlarmRang) -> None:
    work = queue.works.get(fact.alarm.removeprefix(ALARM)) if fact.setter == ME else None
    if work is None:
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


def _configure(queue: Queue, new: Configuration) -> None:
    queue.house = Configuration(
        day=new.day, phases=new.phases, lanes=new.lanes, executor=new.executor
    )
    queue.open = {
        phase: [_renewed(new, phase, window) for window in windows]
        for phase, windows in queue.open.items()
    }
    queue.ceilings = {
        name: action.estimate_usd_micros
        if action.ceiling_usd_micros is None
        else action.ceiling_usd_micros
        for name, action in new.actions.items()
    }
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


def _money(queue: Queue, fact: AnyFact) -> None:
    """The categories that the budget has closed, of which the queue speaks when asked."""
    match fact:
        case FundsOverrun(category=category, day=day) if day == queue.money_day:
            if category not in queue.closed:
                queue.closed.append(category)
        case CategoryReopened(category=category) if category in queue.closed:
            queue.closed.remove(category)
        case BudgetOpened(day=day) if day != queue.money_day:
            queue.money_day, queue.closed = day, []
