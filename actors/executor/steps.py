"""What follows a run that has its verdict: another attempt, another step, or the end."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from actors.calendar import day_bounds
from actors.ceilings import asks_of
from actors.executor import alerting, health
from actors.executor.outcomes import attempts_allowed, buried, retry_at
from actors.executor.state import Asked, Executing, OpenRun, Work
from actors.rules import SILENCE
from events.catalogue import AnyDecision
from events.configuration import Action
from events.record import Record
from events.runs import ProbeStarting, RunClosed, RunEnded, RunRetrying, WorkBuried
from events.work import StepReached, WorkFinished, WorkState

TURNS_MAX = 8  # times that an attempt may be turned away by each of its executors
GRAVITY: dict[WorkState, int] = {
    "completed": 0,
    "failed": 1,
    "unknown": 2,
    "buried": 3,
    "cancelled": 4,
}


def follow(
    state: Executing,
    record: Record,
    closed: RunClosed,
    asked: Asked,
    action: Action | None,
    ended: RunEnded | None = None,
    run: OpenRun | None = None,
) -> Iterator[AnyDecision]:
    """The decisions after that verdict; the state has learned the verdict before.

    `action` is None for one that is configured no longer: it is not tried again. `ended` is what
    was seen of the end of the `run`, when it had begun.
    """
    work = state.works.get(closed.work)
    if work is None:
        return SILENCE
    if closed.outcome in ("cancelled", "too_late"):
        return iter((_finished(closed.work, work),))
    if action is None or closed.outcome == "succeeded":
        return iter((_go_on(state, record, closed, asked, work),))
    if closed.outcome == "unknown" and closed.run in state.probes:
        return iter((_probe(state, closed, record),))
    if ended is not None and run is not None:
        goes_on_at = _same_attempt(state, record.at, closed, work, ended, run)
        if goes_on_at is not None:
            return later(state, record, asked, action, goes_on_at)
    return _over(state, record, closed, asked, action, work, ended)


def _over(
    state: Executing,
    record: Record,
    closed: RunClosed,
    asked: Asked,
    action: Action,
    work: Work,
    ended: RunEnded | None,
) -> Iterator[AnyDecision]:
    """That attempt has failed: another one, or what follows the last."""
    trouble = None if ended is None else ended.trouble
    if asked.attempt < attempts_allowed(closed.outcome, trouble, action):
        if work.stopping:
            return iter((_stopped(closed.work),))
        return iter((_retry(state, record, closed, asked, action, work),))
    last = buried(closed.outcome, trouble, action, asked.attempt)
    if last or closed.outcome == "unknown":
        return _give_up(state, record, closed, asked, work, last)
    return iter((_go_on(state, record, closed, asked, work),))


def _same_attempt(
    state: Executing,
    at: datetime,
    closed: RunClosed,
    work: Work,
    ended: RunEnded,
    run: OpenRun,
) -> datetime | None:
    """When this attempt goes on: now with another executor, later when one is back; None when it
    is over."""
    outcome, action = closed.outcome, run.action
    turned_away = ended.trouble in health.TURNS
    if not (turned_away or (run.executor in work.passed and action.fallback)):
        return None
    if turned_away and work.turned_away > TURNS_MAX * len(health.chain_of(action)):
        return None
    executor, back_at = health.chosen(state, work, action, at)
    if executor is not None:
        return at
    if has_another_way(state, work, run.step):
        return None
    if turned_away:
        return back_at or health.back_at(state, ended, run, outcome, at)
    return back_at if outcome == "misconfigured" else None


def later(
    state: Executing, record: Record, asked: Asked, action: Action, at: datetime
) -> Iterator[AnyDecision]:
    """The same attempt goes on at that time; that it was turned away is no attempt."""
    work = state.works[asked.work]
    if work.stopping:
        yield _stopped(asked.work)
        return
    yield RunRetrying(asked.work, asked.step, asked.action, asked.attempt, at)
    if at > record.at and health.chosen(state, work, action, record.at).executor is None:
        yield from health.exhausted(state, action, record.at)


def _probe(state: Executing, closed: RunClosed, record: Record) -> ProbeStarting:
    within = timedelta(seconds=state.settings.start_within_seconds)
    probe = probe_of(closed.run)
    return ProbeStarting(probe, closed.run, closed.work, closed.action, record.at + within)


def probe_of(run: str) -> str:
    """The probe of a run is called like it."""
    return f"p{run.removeprefix('r')}"


def _give_up(
    state: Executing, record: Record, closed: RunClosed, asked: Asked, work: Work, last: bool
) -> Iterator[AnyDecision]:
    if last:
        yield WorkBuried(closed.work, closed.action, asked.attempt)
    yield _go_on(state, record, closed, asked, work)
    if closed.outcome == "unknown":
        yield from alerting.be_unknown(state, closed)


def _go_on(
    state: Executing, record: Record, closed: RunClosed, asked: Asked, work: Work
) -> StepReached | WorkFinished:
    step = next_step(state, work, asked.step, closed.outcome == "succeeded")
    if step is None:
        return _finished(closed.work, work)
    if work.stopping:
        return _stopped(closed.work)
    return _reached(state, record, closed.work, work, step)


def next_step(state: Executing, work: Work, after: int, succeeded: bool) -> int | None:
    """The number of the next step whose condition the latest one met, or None.

    After a success, a step whose action is configured no longer is still reached, so that the
    want of it is on record. After a failure it is passed over.
    """
    wanted = "success" if succeeded else "failure"
    for number, step in enumerate(work.steps[after:], after + 1):
        if step.when in (wanted, "always") and (succeeded or step.action in state.actions):
            return number
    return None


def has_another_way(state: Executing, work: Work, step: int) -> bool:
    """An alert does not wait for a way that cannot be asked now while there is another."""
    return work.source == "alert" and next_step(state, work, step, False) is not None


def graver(work: Work) -> tuple[WorkState, str]:
    """How the work stands when the end of its latest step is counted in; the first stands."""
    if work.source == "alert" or GRAVITY[work.step_state] > GRAVITY[work.state]:
        return work.step_state, work.step_reason  # An alert is told by the last way that was tried.
    return work.state, work.reason


def _finished(name: str, work: Work) -> WorkFinished:
    return WorkFinished(name, *graver(work))


def _stopped(name: str) -> WorkFinished:
    return WorkFinished(name, "cancelled", "cancelled")


def _retry(
    state: Executing, record: Record, closed: RunClosed, asked: Asked, action: Action, work: Work
) -> RunRetrying:
    at = retry_at(action, asked, work.key, closed.outcome, record.at)
    most, on = action.attempts_per_day, work.tried_on
    if most is not None and on is not None and asked.attempt - work.first_then + 1 >= most:
        at = max(at, _day_after(state, on))
    return RunRetrying(asked.work, asked.step, asked.action, asked.attempt + 1, at)


def _day_after(state: Executing, on: date) -> datetime:
    return day_bounds(state.day, on)[1]


def _reached(state: Executing, record: Record, name: str, work: Work, number: int) -> StepReached:
    wanted = work.steps[number - 1].action
    action = state.actions.get(wanted) or Action()
    asks = asks_of(action, state.terms)
    return StepReached(
        work=name,
        run=f"r{record.position}-1",
        action=wanted,
        step=number,
        category=work.category,
        ceiling_usd_micros=asks.usd_micros,
        priority=work.priority,
        own_limit=work.own_limit,
        takes_what_is_left=asks.takes_what_is_left,
        executors=asks.executors,
    )
