"""The rules of cleanup: which folders of runs and works may go.

Only what the log says is ours, has ended, and is past what is kept. A folder is remembered as
long as it stands: what a sweep could not take away comes up again, behind what was not tried.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from actors.rules import SILENCE, Rules
from events.catalogue import AnyDecision, AnyFact
from events.cleanup import SweepEnded, SweepStarting
from events.configuration import Cleanup, ConfigurationLoaded
from events.fact import Fact
from events.record import Record
from events.runs import RunClosed, RunStarting
from events.work import WorkCancelled, WorkDropped, WorkFinished

MAKES_FOLDERS = frozenset({"command", "python"})


class EndedRun(Struct, gc=False):
    """A run folder whose run has its verdict."""

    work: str
    ended_at: datetime
    tries: int = 0  # sweeps that did not take it away


class SharedFolder(Struct, gc=False):
    """The folder that the runs of one piece of work share."""

    runs: int = 0  # whose folders stand
    over: bool = False  # the work has ended: no further run will come


class Cleaning(Struct):
    """The folders that stand, as far as the log knows."""

    settings: Cleanup = Cleanup()
    open: dict[str, str] = field(default_factory=dict)  # run: work
    ended: dict[str, EndedRun] = field(default_factory=dict)  # in the order of their ends
    works: dict[str, SharedFolder] = field(default_factory=dict)
    sweeps: dict[str, SweepStarting] = field(default_factory=dict)  # by run, until it is closed


def decide(state: Cleaning, record: Record) -> Iterator[AnyDecision]:
    asked = record.fact
    if type(asked) is not RunStarting or asked.executor != "sweep" or asked.run in state.sweeps:
        return SILENCE
    return iter((_sweep(state, record, asked),))


def open_sweeps(state: Cleaning) -> list[SweepStarting]:
    """The sweeps a restarted cleanup must do again, the oldest first: each is safe to repeat."""
    return list(state.sweeps.values())


def _sweep(state: Cleaning, record: Record, asked: RunStarting) -> SweepStarting:
    settings, at = state.settings, record.at
    runs = _condemned_runs(state, at)
    return SweepStarting(
        sweep=f"s{record.position}-1",
        run=asked.run,
        runs=runs,
        temp_before=at - timedelta(seconds=settings.temp_keep_seconds),
        archives_before=at - timedelta(seconds=settings.archives_keep_seconds),
        archives_keep_count=settings.archives_keep_count,
        items_max=settings.items_max,
        not_after=asked.not_after,
        works=_condemned_works(state, runs),
    )


def _condemned_runs(state: Cleaning, at: datetime) -> tuple[str, ...]:
    """Too old or too many, the oldest first, but those that would not go before behind others."""
    old = at - timedelta(seconds=state.settings.runs_keep_seconds)
    too_many = len(state.ended) - state.settings.runs_keep_count
    condemned = [
        run
        for number, (run, ended) in enumerate(state.ended.items())
        if (number < too_many or ended.ended_at <= old) and _is_over(state, ended.work)
    ]
    condemned.sort(key=lambda run: state.ended[run].tries)
    return tuple(condemned[: state.settings.items_max])


def _condemned_works(state: Cleaning, runs: tuple[str, ...]) -> tuple[str, ...]:
    """Those of whose runs no folder stays behind."""
    going: dict[str, int] = {}
    for run in runs:
        work = state.ended[run].work
        going[work] = going.get(work, 0) + 1
    condemned = [
        name
        for name, shared in state.works.items()
        if shared.over and shared.runs <= going.get(name, 0)
    ]
    return tuple(condemned[: state.settings.items_max - len(runs)])


def _is_over(state: Cleaning, work: str) -> bool:
    shared = state.works.get(work)
    return shared is None or shared.over


def evolve(state: Cleaning, fact: AnyFact, at: datetime) -> None:
    if (change := CHANGES.get(type(fact))) is not None:
        change(state, fact, at)


def _open(state: Cleaning, fact: RunStarting, at: datetime) -> None:
    if fact.executor in MAKES_FOLDERS:
        state.open[fact.run] = fact.work
        shared = state.works.get(fact.work)
        if shared is None:
            shared = state.works[fact.work] = SharedFolder()
        shared.runs += 1


def _close(state: Cleaning, fact: RunClosed, at: datetime) -> None:
    state.sweeps.pop(fact.run, None)
    if (work := state.open.pop(fact.run, None)) is not None:
        state.ended[fact.run] = EndedRun(work, at)


def _end(state: Cleaning, fact: WorkFinished | WorkCancelled | WorkDropped, at: datetime) -> None:
    if (shared := state.works.get(fact.work)) is not None:
        shared.over = True


def _begin_sweep(state: Cleaning, fact: SweepStarting, at: datetime) -> None:
    state.sweeps[fact.run] = fact


def _configure(state: Cleaning, fact: ConfigurationLoaded, at: datetime) -> None:
    if fact.configuration is not None:
        state.settings = fact.configuration.cleanup


def _forget(state: Cleaning, done: SweepEnded, at: datetime) -> None:
    for run in done.swept_runs:
        ended = state.ended.pop(run, None)
        if ended is not None and (shared := state.works.get(ended.work)) is not None:
            shared.runs -= 1
    for work in done.swept_works:
        state.works.pop(work, None)
    for starting in state.sweeps.values():
        if starting.sweep == done.sweep:
            for run in starting.runs:
                if run in state.ended:
                    state.ended[run].tries += 1


CHANGES: dict[type[Fact], Callable[[Cleaning, Any, datetime], None]] = {
    ConfigurationLoaded: _configure,
    RunStarting: _open,
    RunClosed: _close,
    WorkFinished: _end,
    WorkCancelled: _end,
    WorkDropped: _end,
    SweepStarting: _begin_sweep,
    SweepEnded: _forget,
}
HEARS = frozenset(CHANGES) - {SweepStarting}
RULES = Rules("cleanup", 1, Cleaning, HEARS, decide, evolve, HEARS - {RunStarting})
