"""What may start: a run that is paid for goes to the first of its executors that is there."""

from collections.abc import Container, Iterator
from datetime import timedelta

from actors.executor import health
from actors.executor.brief import merged_input
from actors.executor.state import Asked, Executing, Paid, Work
from actors.executor.steps import follow, has_another_way, later
from actors.pauses import is_paused
from actors.rules import SILENCE
from events.budget import FundsReserved
from events.catalogue import AnyDecision
from events.configuration import Action
from events.record import Record
from events.runs import Outcome, RunClosed, RunStarting, RunWaiting
from events.settings import PRIORITIES, PROGRAMS, ExecutorKind
from events.work import WorkReturned, WorkStopping

METERED = frozenset(PROGRAMS)  # whose doors keep them within a ceiling
RANKS = {priority: rank for rank, priority in enumerate(PRIORITIES)}


def action_of(state: Executing, work: Work, name: str) -> Action | None:
    """The action of a step: one of the configuration, or that which the work brings along."""
    return state.actions.get(name) if work.action is None else work.action


def start(state: Executing, paid: FundsReserved, record: Record) -> Iterator[AnyDecision]:
    asked = state.asked.get(paid.run)
    if asked is None or paid.run in state.waiting:
        return SILENCE
    return _begin(state, record, asked, paid)


def _begin(
    state: Executing, record: Record, asked: Asked, paid: FundsReserved | Paid
) -> Iterator[AnyDecision]:
    work = state.works.get(asked.work)
    action = None if work is None else action_of(state, work, asked.action)
    why = _obstacle(asked, work, action)
    if why is not None or work is None or action is None:
        refused = why or ("cancelled", False, "")
        return _do_without(state, record, RunClosed(paid.run, asked.work, asked.action, *refused))
    if state.paused and is_held(state, asked.work, state.paused):
        return iter(
            (
                RunClosed(paid.run, asked.work, asked.action, "cancelled", False, "paused"),
                WorkReturned(asked.work, paid.run, asked.step, asked.attempt, "paused"),
            )
        )
    executor = action.executor
    if executor in state.providers or action.fallback:
        return _ask_one(state, record, asked, paid, work, action)
    return iter((_starting(state, record, asked, paid, executor),))


def _ask_one(
    state: Executing,
    record: Record,
    asked: Asked,
    paid: FundsReserved | Paid,
    work: Work,
    action: Action,
) -> Iterator[AnyDecision]:
    executor, back_at = health.chosen(state, work, action, record.at, paid.without)
    if executor is None and back_at is None and paid.without:
        back_at = health.asked_again_at(state, paid.without[0], record.at)
    if executor is not None and not is_full(state, executor):
        yield _starting(state, record, asked, paid, executor)
    elif executor is not None:
        waits = state.waiting.get(paid.run)
        if waits is None or waits.executor != executor:
            yield RunWaiting(paid.run, asked.work, executor)
    elif back_at is not None:
        outcome, reason = health.why_resting(state, action, record.at, paid.without)
        closed = RunClosed(paid.run, asked.work, asked.action, outcome, False, reason)
        if has_another_way(state, work, asked.step):
            yield from _do_without(state, record, closed)
            return
        yield closed
        yield from later(state, record, asked, action, back_at)
    else:
        reason = "none of its executors can carry it out"
        refused = RunClosed(paid.run, asked.work, asked.action, "misconfigured", False, reason)
        yield from _do_without(state, record, refused)


def _starting(
    state: Executing,
    record: Record,
    asked: Asked,
    paid: FundsReserved | Paid,
    executor: ExecutorKind,
) -> RunStarting:
    return RunStarting(
        paid.run,
        asked.work,
        asked.action,
        asked.step,
        asked.attempt,
        executor,
        record.at + timedelta(seconds=state.settings.start_within_seconds),
        paid.day,
        paid.usd_micros if executor in METERED else None,
    )


def _do_without(state: Executing, record: Record, refused: RunClosed) -> Iterator[AnyDecision]:
    asked, work = state.asked[refused.run], state.works.get(refused.work)
    yield refused
    if work is not None and not work.live:
        action = action_of(state, work, asked.action)
        yield from follow(state, record, refused, asked, action)


def is_held(state: Executing, work: str, paused: Container[str]) -> bool:
    """Whether these labels hold that work."""
    found = state.works[work]
    return is_paused(paused, found.category, found.lane)


def _obstacle(
    asked: Asked, work: Work | None, action: Action | None
) -> tuple[Outcome, bool, str] | None:
    """Why a run cannot start although it is paid for: outcome, started, reason."""
    if work is None:
        return "cancelled", False, "its work has ended"
    if work.live:
        return "cancelled", False, f"{work.live} of this work is still open"
    if work.stopping:
        return "cancelled", False, "cancelled"
    if action is None:
        return "misconfigured", False, f"no action named {asked.action} is configured any longer"
    if merged_input(action.input_json, work.input_json) is None:
        return "misconfigured", False, "its input is not a JSON object, or is too large"
    return None


# A place at an executor


def is_full(state: Executing, executor: ExecutorKind) -> bool:
    """Whether as many of its runs are open as there may be at once."""
    provider = state.providers.get(executor)
    if provider is None or provider.concurrency is None:
        return False
    return sum(run.executor == executor for run in state.runs.values()) >= provider.concurrency


def give_places(state: Executing, executor: ExecutorKind, record: Record) -> Iterator[AnyDecision]:
    """Those that wait for an executor look again, the most urgent first."""
    while (paid := _first(state, executor)) is not None:
        yield from _begin(state, record, state.asked[paid.run], paid)
        if state.waiting.get(paid.run) == paid:
            return


def _first(state: Executing, executor: ExecutorKind) -> Paid | None:
    theirs = [paid for paid in state.waiting.values() if paid.executor == executor]
    return min(theirs, key=lambda paid: _rank(state, paid.run), default=None)


def _rank(state: Executing, run: str) -> int:
    work = state.works.get(state.asked[run].work)
    return RANKS["normal" if work is None else work.priority]


def leave(state: Executing, fact: WorkStopping, record: Record) -> Iterator[AnyDecision]:
    """What waits for a place is not wanted any more."""
    for paid in list(state.waiting.values()):
        if state.asked[paid.run].work == fact.work:
            yield from _begin(state, record, state.asked[paid.run], paid)
