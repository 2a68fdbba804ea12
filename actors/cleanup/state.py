"""What cleanup knows: the folders that stand, as far as the log says, and what is under way.

A folder is remembered as long as it stands: what a sweep could not take away comes up again,
behind what was not tried.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

from events.cleanup import SweepEnded, SweepStarting
from events.configuration import ConfigurationLoaded
from events.fact import Fact
from events.intents import AlertCleared, AlertRaised
from events.policies import Cleanup
from events.runs import RunClosed, RunSettled, RunStarting
from events.settings import SweepPart
from events.work import WorkCancelled, WorkDropped, WorkFinished

MAKES_NO_FOLDER = frozenset({"noop", "sweep"})
KEYS_KEPT = 100

Fate = Literal["", "failed", "unknown"]


class EndedRun(Struct, gc=False):
    """A run folder whose run has its verdict."""

    work: str
    ended_at: datetime
    tries: int = 0  # sweeps that did not take it away


class SharedFolder(Struct, gc=False):
    """The folder that the runs of one piece of work share."""

    runs: int = 0  # whose folders stand
    over: bool = False  # the work has ended: no further run will come
    fate: Fate = ""  # how it ended, if not well


class Cleaning(Struct):
    """`low` and `told_failing` are the alerts that stand."""

    settings: Cleanup = Cleanup()
    parts: dict[str, tuple[SweepPart, ...]] = field(default_factory=dict)  # by action
    open: dict[str, str] = field(default_factory=dict)  # run: work
    ended: dict[str, EndedRun] = field(default_factory=dict)  # in the order of their ends
    works: dict[str, SharedFolder] = field(default_factory=dict)
    sweeps: dict[str, SweepStarting] = field(default_factory=dict)  # by run or else by name
    keys: dict[str, None] = field(default_factory=dict)  # of the latest requests
    failing: dict[SweepPart, None] = field(default_factory=dict)  # until they are found clean
    told_failing: bool = False
    low: bool = False
    sealed: int = 0  # the last record that stands in a file of its own


def open_sweeps(state: Cleaning) -> list[SweepStarting]:
    """The sweeps a restarted cleanup must do again, the oldest first: each is safe to repeat."""
    return list(state.sweeps.values())


def _open(state: Cleaning, fact: RunStarting, at: datetime) -> None:
    if fact.executor not in MAKES_NO_FOLDER:
        state.open[fact.run] = fact.work
        shared = state.works.get(fact.work)
        if shared is None:
            shared = state.works[fact.work] = SharedFolder()
        shared.runs += 1


def _close(state: Cleaning, fact: RunClosed, at: datetime) -> None:
    state.sweeps.pop(fact.run, None)
    if (work := state.open.pop(fact.run, None)) is not None:
        state.ended[fact.run] = EndedRun(work, at)


def _finish(state: Cleaning, fact: WorkFinished, at: datetime) -> None:
    if (shared := state.works.get(fact.work)) is not None:
        shared.over = True
        if fact.state == "unknown":
            shared.fate = "unknown"
        elif fact.state not in ("completed", "cancelled"):
            shared.fate = "failed"


def _end(state: Cleaning, fact: WorkCancelled | WorkDropped, at: datetime) -> None:
    if (shared := state.works.get(fact.work)) is not None:
        shared.over = True


def _settle(state: Cleaning, fact: RunSettled, at: datetime) -> None:
    if (shared := state.works.get(fact.work)) is not None and shared.fate == "unknown":
        shared.fate = "" if fact.settled_as == "succeeded" else "failed"


def _begin_sweep(state: Cleaning, fact: SweepStarting, at: datetime) -> None:
    state.sweeps[fact.run or fact.sweep] = fact
    if fact.key:
        state.keys[fact.key] = None
        if len(state.keys) > KEYS_KEPT:
            del state.keys[next(iter(state.keys))]


def _configure(state: Cleaning, fact: ConfigurationLoaded, at: datetime) -> None:
    if fact.configuration is not None:
        state.settings = fact.configuration.cleanup
        actions = fact.configuration.actions
        state.parts = {name: it.sweeps for name, it in actions.items() if it.sweeps}


def _forget(state: Cleaning, done: SweepEnded, at: datetime) -> None:
    for run in done.swept_runs:
        ended = state.ended.pop(run, None)
        if ended is not None and (shared := state.works.get(ended.work)) is not None:
            shared.runs -= 1
    for work in done.swept_works:
        state.works.pop(work, None)
    for starting in [it for it in state.sweeps.values() if it.sweep == done.sweep]:
        for run in starting.runs:
            if run in state.ended:
                state.ended[run].tries += 1
        if not starting.run:
            del state.sweeps[starting.sweep]
    if done.sealed is not None:
        state.sealed = max(state.sealed, done.sealed.until)
    state.failing = {part: None for part in state.failing if part not in done.clean}
    state.failing |= dict.fromkeys(done.failing)


def _raise(state: Cleaning, fact: AlertRaised, at: datetime) -> None:
    _tell(state, fact.alert, stands=True)


def _clear(state: Cleaning, fact: AlertCleared, at: datetime) -> None:
    _tell(state, fact.alert, stands=False)


def _tell(state: Cleaning, alert: str, *, stands: bool) -> None:
    if alert == "disk_low":
        state.low = stands
    elif alert == "sweep_failed":
        state.told_failing = stands


CHANGES: dict[type[Fact], Callable[[Cleaning, Any, datetime], None]] = {
    ConfigurationLoaded: _configure,
    RunStarting: _open,
    RunClosed: _close,
    RunSettled: _settle,
    WorkFinished: _finish,
    WorkCancelled: _end,
    WorkDropped: _end,
    SweepStarting: _begin_sweep,
    SweepEnded: _forget,
    AlertRaised: _raise,
    AlertCleared: _clear,
}
