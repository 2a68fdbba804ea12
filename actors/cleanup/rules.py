"""The rules of cleanup: which folders of runs and works may go.

Only what the log says is ours, has ended, and is past what is kept. A folder is remembered as
long as it stands: what a sweep could not take away comes up again, behind what was not tried.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct, field

from actors.rules import Rules
from events.catalogue import AnyDecision, AnyFact
from events.cleanup import SweepEnded, SweepStarting
from events.configuration import Cleanup, Configuration, ConfigurationLoaded
from events.record import Record
from events.runs import RunClosed, RunStarting
from events.work import WorkCancelled, WorkDropped, WorkFinished

MAKES_FOLDERS = frozenset({"command", "python"})


class EndedRun(Struct):
    """A run folder whose run has its verdict."""

    work: str
    ended_at: datetime
    tries: int = 0  # sweeps that did not take it away


class SharedFolder(Struct):
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
    match record.fact:
        case RunStarting(executor="sweep") as asked if asked.run not in state.sweeps:
            yield _sweep(state, record, asked)


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
    match fact:
        case RunStarting(executor=executor):
            if executor in MAKES_FOLDERS:
                state.open[fact.run] = fact.work
                state.works.setdefault(fact.work, SharedFolder()).runs += 1
        case RunClosed(run=run):
            state.sweeps.pop(run, None)
            if (work := state.open.pop(run, None)) is not None:
                state.ended[run] = EndedRun(work, at)
        case WorkFinished(work=work) | WorkCancelled(work=work) | WorkDropped(work=work):
            if work in state.works:
                state.works[work].over = True
        case SweepStarting():
            state.sweeps[fact.run] = fact
        case SweepEnded():
            _forget(state, fact)
        case ConfigurationLoaded(configuration=Configuration(cleanup=settings)):
            state.settings = settings


def _forget(state: Cleaning, done: SweepEnded) -> None:
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


RULES = Rules(
    "cleanup",
    1,
    Cleaning,
    frozenset(
        {
            ConfigurationLoaded,
            RunStarting,
            RunClosed,
            WorkFinished,
            WorkCancelled,
            WorkDropped,
            SweepEnded,
        }
    ),
    decide,
    evolve,
)
