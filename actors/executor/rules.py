"""The rules of the executor: what may start, how it ended, what follows.

It owns a piece of work from FundsReserved on, until it says how the work ended or gives it back
to the phase queue: for another attempt, or because this one may not begin now.
"""

from collections.abc import Callable, Container, Iterator
from datetime import datetime, timedelta
from typing import Any

from actors.executor.brief import merged_input
from actors.executor.outcomes import STATES, closed, given_back
from actors.executor.state import Asked, Executing, OpenRun, Work
from actors.executor.steps import follow, graver
from actors.pauses import hear_of_pause, is_paused
from actors.rules import SILENCE, Rules
from events.budget import FundsRefused, FundsReserved
from events.catalogue import AnyDecision, AnyFact
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted
from events.fact import Fact
from events.record import Record
from events.requests import Paused, Resumed
from events.runs import (
    Outcome,
    RunCancelling,
    RunClosed,
    RunEnded,
    RunRetrying,
    RunStarted,
    RunStarting,
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


def decide(state: Executing, record: Record) -> Iterator[AnyDecision]:
    rule = DECIDES_UPON.get(type(record.fact))
    return SILENCE if rule is None else rule(state, record.fact, record)


def _start(state: Executing, paid: FundsReserved, record: Record) -> Iterator[AnyDecision]:
    asked = state.asked.get(paid.run)
    if asked is None:
        return SILENCE
    obstacle = _obstacle(state, asked)
    if obstacle is not None:
        return _do_without(state, record, RunClosed(paid.run, asked.work, asked.action, *obstacle))
    if state.paused and is_held(state, asked.work, state.paused):
        return iter(
            (
                RunClosed(paid.run, asked.work, asked.action, "cancelled", False, "paused"),
                WorkReturned(asked.work, paid.run, asked.step, asked.attempt, "paused"),
            )
        )
    starting = RunStarting(
        paid.run,
        asked.work,
        asked.action,
        asked.step,
        asked.attempt,
        state.actions[asked.action].executor,
        record.at + timedelta(seconds=state.settings.start_within_seconds),
        paid.day,
    )
    return iter((starting,))


def _do_without(state: Executing, record: Record, refused: RunClosed) -> Iterator[AnyDecision]:
    asked, work = state.asked[refused.run], state.works.get(refused.work)
    yield refused
    if work is not None and not work.live:
        yield from follow(state, record, refused, asked, state.actions.get(asked.action))


def is_held(state: Executing, work: str, paused: Container[str]) -> bool:
    """Whether these labels hold that work."""
    found = state.works[work]
    return is_paused(paused, found.category, found.lane)


def _obstacle(state: Executing, asked: Asked) -> tuple[Outcome, bool, str] | None:
    """Why a run cannot start although it is paid for: outcome, started, reason."""
    work, action = state.works.get(asked.work), state.actions.get(asked.action)
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


def _close(state: Executing, ended: RunEnded, record: Record) -> Iterator[AnyDecision]:
    run = state.runs.get(ended.run)
    if run is None:
        return
    verdict = closed(ended, run.work, run.name)
    yield verdict
    work = state.works.get(run.work)
    in_phase = work is not None and work.phase is not None
    reason = given_back(ended, run.step, run.attempt, in_phase)
    if reason is None:
        asked = Asked(run.work, run.name, run.step, run.attempt)
        yield from follow(state, record, verdict, asked, run.action, ended.trouble)
    elif work is not None:
        yield WorkReturned(run.work, run.run, run.step, run.attempt, reason)


def _stop(state: Executing, fact: WorkStopping, record: Record) -> Iterator[AnyDecision]:
    work = state.works.get(fact.work)
    live = None if work is None else state.runs.get(work.live)
    if live is None or (live.cancelling and not fact.at_once) or live.at_once:
        return
    yield RunCancelling(live.run, fact.work, fact.at_once)


def evolve(state: Executing, fact: AnyFact, at: datetime) -> None:
    if (change := CHANGES.get(type(fact))) is not None:
        change(state, fact)


def _configure(state: Executing, fact: ConfigurationLoaded) -> None:
    if (new := fact.configuration) is not None:
        state.actions, state.lanes, state.settings = new.actions, new.lanes, new.executor


def _begin_life(state: Executing, fact: DaemonStarted) -> None:
    state.boot = fact.boot
    hear_of_pause(state.paused, fact)


def _pause(state: Executing, fact: Paused | Resumed) -> None:
    hear_of_pause(state.paused, fact)


def _plan(state: Executing, fact: WorkPlanned) -> None:
    state.works[fact.work] = Work(
        fact.steps,
        fact.category,
        fact.lane,
        fact.priority,
        fact.input_json,
        fact.key,
        fact.day,
        fact.phase,
    )


def _ask(state: Executing, fact: WorkReleased) -> None:
    state.asked[fact.run] = Asked(fact.work, fact.action, fact.step, fact.attempt)


def _reach(state: Executing, fact: StepReached) -> None:
    state.asked[fact.run] = Asked(fact.work, fact.action, fact.step, fact.attempt)
    if (work := state.works.get(fact.work)) is not None:
        work.state, work.reason = graver(work)
        work.step_state, work.step_reason = "completed", ""


def _refuse(state: Executing, fact: FundsRefused) -> None:
    state.asked.pop(fact.run, None)


def _open(state: Executing, fact: RunStarting) -> None:
    del state.asked[fact.run]
    state.works[fact.work].live = fact.run
    state.runs[fact.run] = OpenRun(
        fact.run,
        fact.work,
        fact.action,
        state.actions[fact.action],
        fact.step,
        fact.attempt,
        fact.not_after,
        state.boot,
        fact.day,
    )


def _see(state: Executing, fact: RunStarted) -> None:
    if (run := state.runs.get(fact.run)) is not None:
        run.process = fact


def _cancel(state: Executing, fact: RunCancelling) -> None:
    run = state.runs[fact.run]
    run.cancelling, run.at_once = True, fact.at_once


def _shut(state: Executing, fact: RunClosed) -> None:
    run = state.runs.pop(fact.run, None) or state.asked.pop(fact.run, None)
    work = state.works.get(fact.work)
    if work is None or work.live not in ("", fact.run):
        return
    work.live = ""
    if fact.outcome != "succeeded":
        work.step_state, work.step_reason = STATES[fact.outcome], fact.reason
        if len(work.steps) > 1 and run is not None:
            work.step_reason = f"step {run.step}, {fact.action}: {fact.reason}"


def _try_again(state: Executing, fact: RunRetrying | WorkReturned) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.step_state, work.step_reason = "completed", ""


def _bury(state: Executing, fact: WorkBuried) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.step_state = "buried"
        work.step_reason += f", after {fact.attempts} attempts"


def _be_stopping(state: Executing, fact: WorkStopping) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.stopping = True


def _move(state: Executing, fact: WorkMoved) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.phase = fact.phase


def _defer(state: Executing, fact: WorkDeferred) -> None:
    if (work := state.works.get(fact.work)) is not None:
        work.phase, work.day = fact.phase, fact.day


def _forget(state: Executing, fact: WorkFinished | WorkCancelled | WorkDropped) -> None:
    state.works.pop(fact.work, None)


DECIDES_UPON: dict[type[Fact], Callable[[Executing, Any, Record], Iterator[AnyDecision]]] = {
    FundsReserved: _start,
    RunEnded: _close,
    WorkStopping: _stop,
}
CHANGES: dict[type[Fact], Callable[[Executing, Any], None]] = {
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
    WorkReturned: _try_again,
    WorkBuried: _bury,
    WorkFinished: _forget,
    StepReached: _reach,
    FundsRefused: _refuse,
    RunStarting: _open,
    RunStarted: _see,
    RunCancelling: _cancel,
    RunClosed: _shut,
    RunRetrying: _try_again,
}
ONLY_LEARNS: frozenset[type[Fact]] = frozenset(
    {
        ConfigurationLoaded,
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
    }
)
RULES = Rules(
    "executor", 3, Executing, ONLY_LEARNS | DECIDES_UPON.keys(), decide, evolve, ONLY_LEARNS
)
