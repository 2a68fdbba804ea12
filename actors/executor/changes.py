"""What the executor remembers of each fact."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from actors.ceilings import terms_of
from actors.executor import health
from actors.executor.outcomes import STATES
from actors.executor.settling import run_of
from actors.executor.state import Asked, Executing, OpenRun, Paid, Work, no_providers
from actors.executor.steps import graver
from actors.pauses import hear_of_pause
from actors.rules import evolves_by
from events.budget import FundsRefused, FundsReserved, QuotaReset, QuotaSpent
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted
from events.fact import Fact
from events.intents import AlertCleared, AlertRaised
from events.requests import Paused, RequestRefused, Resumed, SettleRequested
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    Outcome,
    ProbeEnded,
    RunCancelling,
    RunClosed,
    RunEnded,
    RunRetrying,
    RunSettled,
    RunStarted,
    RunStarting,
    RunWaiting,
    Trouble,
    WorkBuried,
)
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)

REMEMBERED_MAX = 1_000  # unknown runs, answered requests
FAILURES: frozenset[Outcome] = frozenset({"failed", "timed_out", "misconfigured"})
NOTIFY = "notify"  # What fails in this lane is no news: somebody was to be told of something.
# Another program may do what this one cannot.
PASSES: frozenset[Trouble] = frozenset(
    {"misconfigured", "program_missing", "not_executable", "not_ready"}
)


def _configure(state: Executing, fact: ConfigurationLoaded, at: datetime) -> None:
    if (new := fact.configuration) is not None:
        state.actions, state.lanes, state.settings = new.actions, new.lanes, new.executor
        state.providers, state.prices = no_providers() | new.executors, new.prices
        state.day, state.alerts, state.terms = new.day, new.alerts, terms_of(new)


def _begin_life(state: Executing, fact: DaemonStarted, at: datetime) -> None:
    state.boot = fact.boot
    hear_of_pause(state.paused, fact)


def _pause(state: Executing, fact: Paused | Resumed, at: datetime) -> None:
    hear_of_pause(state.paused, fact)


def _plan(state: Executing, fact: WorkPlanned, at: datetime) -> None:
    state.works[fact.work] = Work(
        fact.steps,
        fact.category,
        fact.lane,
        fact.priority,
        fact.input_json,
        fact.key,
        fact.day,
        fact.phase,
        fact.source,
        fact.own_limit,
        fact.action,
    )


def _ask(state: Executing, fact: WorkReleased, at: datetime) -> None:
    state.asked[fact.run] = Asked(fact.work, fact.action, fact.step, fact.attempt)


def _reach(state: Executing, fact: StepReached, at: datetime) -> None:
    state.asked[fact.run] = Asked(fact.work, fact.action, fact.step, fact.attempt)
    if (work := state.works.get(fact.work)) is not None:
        work.state, work.reason = graver(work)
        work.step_state, work.step_reason = "completed", ""
        work.said_before, work.said = work.said, None
        work.tried_on = None
        _begin_attempt(work, fact.attempt)


def _refuse(state: Executing, fact: FundsRefused, at: datetime) -> None:
    state.asked.pop(fact.run, None)


def _pay(state: Executing, fact: FundsReserved, at: datetime) -> None:
    state.paid = fact


def _wait(state: Executing, fact: RunWaiting, at: datetime) -> None:
    known: Paid | FundsReserved | None = state.waiting.get(fact.run) or state.paid
    if known is not None and known.run == fact.run:
        paid = Paid(fact.run, known.usd_micros, known.day, fact.executor, known.without)
        state.waiting[fact.run] = paid


def _open(state: Executing, fact: RunStarting, at: datetime) -> None:
    del state.asked[fact.run]
    if state.waiting:
        state.waiting.pop(fact.run, None)
    work = state.works[fact.work]
    work.live = fact.run
    action = state.actions[fact.action] if work.action is None else work.action
    state.runs[fact.run] = OpenRun(
        fact.run,
        fact.work,
        fact.action,
        action,
        fact.step,
        fact.attempt,
        fact.not_after,
        state.boot,
        fact.day,
        executor=fact.executor,
        ceiling_usd_micros=fact.ceiling_usd_micros,
    )
    if action.attempts_per_day is not None and fact.day != work.tried_on:
        work.tried_on, work.first_then = fact.day, fact.attempt


def _see(state: Executing, fact: RunStarted, at: datetime) -> None:
    if (run := state.runs.get(fact.run)) is not None:
        run.process = fact


def _hear_end(state: Executing, fact: RunEnded, at: datetime) -> None:
    """What the next step may be told of it, and what it says of who carried it out."""
    run = state.runs.get(fact.run)
    if run is None:
        return
    if run.executor in state.providers:
        health.learn(state, run, fact)
    work = state.works.get(run.work)
    if work is None:
        return
    if len(work.steps) > 1:
        work.said = fact.result
    if fact.trouble is None:
        return
    if fact.trouble in health.TURNS:
        work.turned_away += 1
        if run.executor not in state.providers:
            work.passed.append(run.executor)
    elif run.action.fallback and fact.trouble in PASSES and not _is_its_own(fact):
        work.passed.append(run.executor)


def _is_its_own(fact: RunEnded) -> bool:
    """Whether the action itself was not ready, whoever is to carry it out."""
    return fact.trouble == "not_ready" and not fact.started


def _cancel(state: Executing, fact: RunCancelling, at: datetime) -> None:
    run = state.runs[fact.run]
    run.cancelling, run.at_once = True, fact.at_once


def _shut(state: Executing, fact: RunClosed, at: datetime) -> None:
    if state.waiting:
        state.waiting.pop(fact.run, None)
    run = state.runs.pop(fact.run, None) or state.asked.pop(fact.run, None)
    work = state.works.get(fact.work)
    if fact.outcome == "unknown":
        _remember(state.unknown, fact.run, fact.work)
    if work is None or work.live not in ("", fact.run):
        return
    work.live = ""
    if fact.outcome == "succeeded":
        return
    work.step_state, work.step_reason = STATES[fact.outcome], fact.reason
    if len(work.steps) > 1 and run is not None:
        work.step_reason = f"step {run.step}, {fact.action}: {fact.reason}"
    if fact.outcome == "unknown" and isinstance(run, OpenRun):
        if run.action.probe_command and not work.stopping:
            state.probes[fact.run] = run
    elif fact.outcome in FAILURES:
        _count_failure(state, work, at)


def _count_failure(state: Executing, work: Work, at: datetime) -> None:
    most = state.alerts.failures_per_hour
    if most is None or work.source == "alert" or work.lane == NOTIFY:
        return
    state.failures.append(at)
    del state.failures[: -most - 1]


def _retry(state: Executing, fact: RunRetrying, at: datetime) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.step_state, work.step_reason = "completed", ""
        if fact.attempt != work.attempt:
            _begin_attempt(work, fact.attempt)
        elif fact.retry_at > at:
            work.passed.clear()


def _begin_attempt(work: Work, attempt: int) -> None:
    work.attempt, work.turned_away = attempt, 0
    work.passed.clear()


def _return(state: Executing, fact: WorkReturned, at: datetime) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.step_state, work.step_reason = "completed", ""


def _bury(state: Executing, fact: WorkBuried, at: datetime) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.step_state = "buried"
        work.step_reason += f", after {fact.attempts} attempts"


def _be_stopping(state: Executing, fact: WorkStopping, at: datetime) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.stopping = True


def _move(state: Executing, fact: WorkMoved, at: datetime) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.phase = fact.phase


def _defer(state: Executing, fact: WorkDeferred, at: datetime) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.phase, work.day = fact.phase, fact.day


def _forget(
    state: Executing, fact: WorkFinished | WorkCancelled | WorkDropped, at: datetime
) -> None:
    state.works.pop(fact.work, None)


def _be_asked(state: Executing, fact: SettleRequested, at: datetime) -> None:
    state.repeated = fact.key in state.answered
    if not state.repeated:
        work = state.unknown.get(fact.run, "")
        _remember(state.answered, fact.key, work)


def _turn_down(state: Executing, fact: RequestRefused, at: datetime) -> None:
    """A refusal is no answer that stands: asked again, the request is looked at anew."""
    state.answered.pop(fact.key, None)


def _probed(state: Executing, fact: ProbeEnded, at: datetime) -> None:
    state.probed = state.probes.pop(run_of(fact.probe), None)


def _settle(state: Executing, fact: RunSettled, at: datetime) -> None:
    state.unknown.pop(fact.run, None)
    probed = state.probes.pop(fact.run, None) or state.probed
    work = state.works.get(fact.work)
    if work is not None and probed is not None and probed.run == fact.run:
        work.step_state = "completed" if fact.settled_as == "succeeded" else "failed"
        work.step_reason = "" if fact.settled_as == "succeeded" else f"settled by a {fact.by}"


def _raise(state: Executing, fact: AlertRaised, at: datetime) -> None:
    state.raised[f"{fact.alert} {fact.subject}"] = fact.subject


def _clear(state: Executing, fact: AlertCleared, at: datetime) -> None:
    state.raised.pop(f"{fact.alert} {fact.subject}", None)


def _remember(known: dict[str, str], name: str, value: str) -> None:
    known[name] = value
    if len(known) > REMEMBERED_MAX:
        del known[next(iter(known))]


CHANGES: dict[type[Fact], Callable[[Executing, Any, datetime], None]] = {
    ConfigurationLoaded: _configure,
    DaemonStarted: _begin_life,
    Paused: _pause,
    Resumed: _pause,
    WorkPlanned: _plan,
    WorkReleased: _ask,
    WorkMoved: _move,
    WorkDeferred: _defer,
    WorkDropped: _forget,
    WorkCancelled: _forget,
    WorkStopping: _be_stopping,
    WorkReturned: _return,
    WorkBuried: _bury,
    WorkFinished: _forget,
    StepReached: _reach,
    FundsRefused: _refuse,
    FundsReserved: _pay,
    RunWaiting: _wait,
    RunStarting: _open,
    RunStarted: _see,
    RunEnded: _hear_end,
    RunCancelling: _cancel,
    RunClosed: _shut,
    RunRetrying: _retry,
    ProbeEnded: _probed,
    SettleRequested: _be_asked,
    RequestRefused: _turn_down,
    RunSettled: _settle,
    ExecutorRested: health.rest,
    ExecutorRecovered: health.recover,
    QuotaSpent: health.spend,
    QuotaReset: health.reset,
    AlertRaised: _raise,
    AlertCleared: _clear,
}

evolve = evolves_by(CHANGES)
