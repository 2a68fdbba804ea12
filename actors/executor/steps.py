"""What follows a run that has its verdict: another attempt, another step, or the end."""

from collections.abc import Iterator

from actors.executor.outcomes import attempts_allowed, buried, retry_at
from actors.executor.state import Asked, Executing, Work
from actors.rules import SILENCE
from events.catalogue import AnyDecision
from events.configuration import Action
from events.record import Record
from events.runs import RunClosed, RunRetrying, Trouble, WorkBuried
from events.work import StepReached, WorkFinished, WorkState

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
    trouble: Trouble | None = None,
) -> Iterator[AnyDecision]:
    """The decisions after that verdict; the state has learned the verdict before.

    `action` is None for one that is configured no longer: it is not tried again. `trouble` is
    what was seen of its end.
    """
    work = state.works.get(closed.work)
    if work is None:
        return SILENCE
    if closed.outcome in ("cancelled", "too_late"):
        return iter((_finished(closed.work, work),))
    if action is not None:
        if asked.attempt < attempts_allowed(closed.outcome, trouble, action):
            again = _stopped(closed.work) if work.stopping else _retry(record, asked, action)
            return iter((again,))
        if buried(closed.outcome, action, asked.attempt):
            return _bury(state, record, closed, asked, work)
    return iter((_go_on(state, record, closed, asked, work),))


def _bury(
    state: Executing, record: Record, closed: RunClosed, asked: Asked, work: Work
) -> Iterator[AnyDecision]:
    yield WorkBuried(closed.work, closed.action, asked.attempt)
    yield _go_on(state, record, closed, asked, work)


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


def graver(work: Work) -> tuple[WorkState, str]:
    """How the work stands when the end of its latest step is counted in; the first stands."""
    if GRAVITY[work.step_state] > GRAVITY[work.state]:
        return work.step_state, work.step_reason
    return work.state, work.reason


def _finished(name: str, work: Work) -> WorkFinished:
    return WorkFinished(name, *graver(work))


def _stopped(name: str) -> WorkFinished:
    return WorkFinished(name, "cancelled", "cancelled")


def _retry(record: Record, asked: Asked, action: Action) -> RunRetrying:
    at = retry_at(action, asked.attempt, record.at)
    return RunRetrying(asked.work, asked.step, asked.action, asked.attempt + 1, at)


def _reached(state: Executing, record: Record, name: str, work: Work, number: int) -> StepReached:
    wanted = work.steps[number - 1].action
    action = state.actions.get(wanted) or Action()
    ceiling = action.ceiling_usd_micros
    return StepReached(
        work=name,
        run=f"r{record.position}-1",
        action=wanted,
        step=number,
        category=work.category,
        ceiling_usd_micros=action.estimate_usd_micros if ceiling is None else ceiling,
        priority=work.priority,
    )
