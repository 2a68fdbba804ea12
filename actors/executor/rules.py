"""The rules of the executor: what may start, how it ended, what follows.

It owns a piece of work from FundsReserved on, until it says how the work ended or gives it back
to the phase queue: for another attempt, or because this one may not begin now.
"""

from collections.abc import Callable, Iterator
from typing import Any

from actors.executor import alerting, health, settling
from actors.executor.changes import FAILURES, evolve
from actors.executor.outcomes import closed, given_back
from actors.executor.starting import give_places, is_held, leave, start
from actors.executor.state import Asked, Executing
from actors.executor.steps import follow
from actors.rules import SILENCE, Rules, decides_by
from events.budget import FundsRefused, FundsReserved, QuotaReset, QuotaSpent
from events.catalogue import AnyDecision
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted
from events.fact import Fact
from events.record import Record
from events.requests import Paused, Resumed, SettleRequested
from events.runs import (
    KeeperFound,
    KeeperLost,
    ProbeEnded,
    RunCancelling,
    RunEnded,
    RunStarted,
)
from events.settings import PROGRAMS, ExecutorKind
from events.time import AlarmRang
from events.work import (
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)

__all__ = ["RULES", "is_held"]

NAMED = frozenset[ExecutorKind]((*PROGRAMS, "http"))  # in the verdict, whatever is configured


def _close(state: Executing, ended: RunEnded, record: Record) -> Iterator[AnyDecision]:
    run = state.runs.get(ended.run)
    if run is None:
        return
    executor = run.executor
    watched = executor in state.providers
    verdict = closed(ended, run, named=watched or executor in NAMED)
    yield verdict
    if watched:
        yield from health.fare(state, ended, run, verdict.outcome, record.at)
    work = state.works.get(run.work)
    in_phase = work is not None and work.phase is not None
    reason = given_back(ended, run.step, run.attempt, in_phase)
    if reason is None:
        asked = Asked(run.work, run.name, run.step, run.attempt)
        yield from follow(state, record, verdict, asked, run.action, ended, run)
    elif work is not None:
        yield WorkReturned(run.work, run.run, run.step, run.attempt, reason)
    if verdict.outcome in FAILURES and state.failures:
        yield from alerting.fail(state, record)
    if state.waiting:
        yield from give_places(state, executor, record)


def _stop(state: Executing, fact: WorkStopping, record: Record) -> Iterator[AnyDecision]:
    work = state.works.get(fact.work)
    live = None if work is None else state.runs.get(work.live)
    if live is None and state.waiting:
        yield from leave(state, fact, record)
    if live is None or (live.cancelling and not fact.at_once) or live.at_once:
        return
    yield RunCancelling(live.run, fact.work, fact.at_once)


def _ring(state: Executing, fact: AlarmRang, record: Record) -> Iterator[AnyDecision]:
    if fact.setter != health.ME:
        return SILENCE
    if fact.alarm == alerting.FEWER:
        return alerting.ring(state, record)
    return health.ring(state, fact.alarm, record.at)


def _reset(state: Executing, fact: QuotaReset, record: Record) -> Iterator[AnyDecision]:
    return health.clear_exhausted(state, fact.executor)


DECIDES_UPON: dict[type[Fact], Callable[[Executing, Any, Record], Iterator[AnyDecision]]] = {
    FundsReserved: start,
    RunEnded: _close,
    WorkStopping: _stop,
    AlarmRang: _ring,
    QuotaReset: _reset,
    SettleRequested: settling.answer,
    ProbeEnded: settling.hear_probe,
    ConfigurationLoaded: alerting.upon_configuration,
    KeeperLost: alerting.lose_keeper,
    KeeperFound: alerting.find_keeper,
}
ONLY_LEARNS: frozenset[type[Fact]] = frozenset(
    {
        DaemonStarted,
        Paused,
        Resumed,
        WorkPlanned,
        WorkReleased,
        WorkMoved,
        WorkDeferred,
        WorkDropped,
        WorkCancelled,
        FundsRefused,
        RunStarted,
        QuotaSpent,
    }
)
decide = decides_by(DECIDES_UPON)
RULES = Rules(
    "executor", 5, Executing, ONLY_LEARNS | DECIDES_UPON.keys(), decide, evolve, ONLY_LEARNS
)
