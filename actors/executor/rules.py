"""The rules of the executor: what may start, how it ended, what follows.

It owns a piece of work from FundsReserved on, until it says how the work ended or gives it back
to the phase queue: for another attempt, or because this one may not begin now.
"""

from collections.abc import Container, Iterator
from datetime import date, datetime, timedelta

from actors.executor.brief import merged_input
from actors.executor.outcomes import STATES, closed, given_back
from actors.executor.state import Asked, Executing, OpenRun, Work
from actors.executor.steps import follow, graver
from actors.pauses import EVERYTHING, is_paused, label
from actors.rules import Rules
from events.budget import FundsRefused, FundsReserved
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Configuration, ConfigurationLoaded
from events.daemon import DaemonStarted
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
    match record.fact:
        case FundsReserved(run=run, day=day) if run in state.asked:
            yield from _start(state, record, run, day, state.asked[run])
        case RunEnded(run=run) as ended if run in state.runs:
            yield from _close(state, record, ended, state.runs[run])
        case WorkStopping(work=name) if name in state.works:
            live = state.runs.get(state.works[name].live)
            if live is not None and not live.cancelling:
                yield RunCancelling(live.run, name)


def _start(
    state: Executing, record: Record, run: str, day: date, asked: Asked
) -> Iterator[AnyDecision]:
    obstacle = _obstacle(state, asked)
    if obstacle is None and state.paused and is_held(state, asked.work, state.paused):
        yield RunClosed(run, asked.work, asked.action, "cancelled", False, "paused")
        yield WorkReturned(asked.work, run, asked.step, asked.attempt, "paused")
        return
    if obstacle is not None:
        refused = RunClosed(run, asked.work, asked.action, *obstacle)
        work = state.works.get(asked.work)
        yield refused
        if work is not None and not work.live:
            yield from follow(state, record, refused, asked, state.actions.get(asked.action))
        return
    yield RunStarting(
        run,
        asked.work,
        asked.action,
        asked.step,
        asked.attempt,
        state.actions[asked.action].executor,
        record.at + timedelta(seconds=state.settings.start_within_seconds),
        day,
    )


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


def _close(
    state: Executing, record: Record, ended: RunEnded, run: OpenRun
) -> Iterator[AnyDecision]:
    verdict = closed(ended, run.work, run.name)
    asked = Asked(run.work, run.name, run.step, run.attempt)
    yield verdict
    work = state.works.get(run.work)
    in_phase = work is not None and work.phase is not None
    reason = given_back(ended, run.step, run.attempt, in_phase)
    if reason is None:
        yield from follow(state, record, verdict, asked, run.action, ended.trouble)
    elif work is not None:
        yield WorkReturned(run.work, run.run, run.step, run.attempt, reason)


def evolve(state: Executing, fact: AnyFact, at: datetime) -> None:
    match fact:
        case WorkPlanned():
            state.works[fact.work] = _planned(fact)
        case WorkReleased() | StepReached():
            _ask(state, fact)
        case FundsReserved() | RunEnded():
            pass  # Only what is decided upon it changes anything.
        case RunStarting():
            _open(state, fact)
        case RunStarted(run=run):
            if run in state.runs:
                state.runs[run].process = fact
        case RunClosed():
            _shut(state, fact)
        case WorkFinished(work=name) | WorkCancelled(work=name) | WorkDropped(work=name):
            state.works.pop(name, None)
        case FundsRefused(run=run):
            state.asked.pop(run, None)
        case ConfigurationLoaded(configuration=Configuration() as configuration):
            state.actions, state.lanes = configuration.actions, configuration.lanes
            state.settings = configuration.executor
        case DaemonStarted(boot=boot):
            state.boot = boot
            hear_of_pause(state.paused, fact)
        case Paused() | Resumed():
            hear_of_pause(state.paused, fact)
        case RunCancelling(run=run):
            state.runs[run].cancelling = True
        case (
            WorkStopping()
            | WorkMoved()
            | WorkDeferred()
            | RunRetrying()
            | WorkReturned()
            | WorkBuried()
        ):
            if (work := state.works.get(fact.work)) is not None:
                _change(work, fact)


def hear_of_pause(paused: list[str], fact: AnyFact) -> None:
    """Follow what is paused; a life that begins paused, or in safe mode, begins with everything."""
    match fact:
        case Resumed(scope, name) if (known := label(scope, name)) in paused:
            paused.remove(known)
        case Paused(scope, name) if (new := label(scope, name)) not in paused:
            paused.append(new)
        case DaemonStarted() if (fact.paused or fact.safe_mode) and EVERYTHING not in paused:
            paused.append(EVERYTHING)


def _change(
    work: Work,
    fact: WorkStopping | WorkMoved | WorkDeferred | RunRetrying | WorkReturned | WorkBuried,
) -> None:
    match fact:
        case WorkStopping():
            work.stopping = True
        case RunRetrying() | WorkReturned():
            work.step_state, work.step_reason = "completed", ""
        case WorkBuried(attempts=attempts):
            work.step_state = "buried"
            work.step_reason += f", after {attempts} attempts"
        case WorkMoved(phase=phase):
            work.phase = phase
        case WorkDeferred(phase=phase, day=day):
            work.phase, work.day = phase, day


def _planned(fact: WorkPlanned) -> Work:
    return Work(
        fact.steps,
        fact.category,
        fact.lane,
        fact.priority,
        fact.input_json,
        fact.key,
        fact.day,
        fact.phase,
    )


def _ask(state: Executing, fact: WorkReleased | StepReached) -> None:
    state.asked[fact.run] = Asked(fact.work, fact.action, fact.step, fact.attempt)
    if type(fact) is StepReached and (work := state.works.get(fact.work)) is not None:
        work.state, work.reason = graver(work)
        work.step_state, work.step_reason = "completed", ""


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


RULES = Rules(
    "executor",
    2,
    Executing,
    frozenset(
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
            WorkStopping,
            FundsReserved,
            FundsRefused,
            RunStarted,
            RunEnded,
        }
    ),
    decide,
    evolve,
)
