"""Which folders may go: only what the log says is ours, has ended, and is past what is kept."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from actors.cleanup.state import Cleaning, EndedRun, Fate
from events.policies import Cleanup


class Keeping(NamedTuple):
    """How long the run folders of a class are kept, and how many of them."""

    span: timedelta
    most: int | None


def condemned_runs(state: Cleaning, at: datetime) -> tuple[str, ...]:
    """Too old or too many of their class, the oldest first, but those that would not go before
    behind others."""
    keeping = _keeping(state.settings)
    classes = {run: _class(state, ended, keeping) for run, ended in state.ended.items()}
    left = Counter(classes.values())
    condemned = []
    for run, ended in state.ended.items():
        span, most = keeping[classes[run]]
        too_many = most is not None and left[classes[run]] > most
        left[classes[run]] -= 1
        if (too_many or ended.ended_at <= at - span) and is_over(state, ended.work):
            condemned.append(run)
    return _first_tried_last(state, condemned)


def expendable_runs(state: Cleaning) -> tuple[str, ...]:
    """When the disk is nearly full: all that have ended, those of completed work first, the
    oldest first; but for work of which nobody knows how it ended."""
    found = [
        (run, ended)
        for run, ended in state.ended.items()
        if is_over(state, ended.work) and _fate(state, ended) != "unknown"
    ]
    found.sort(key=lambda it: _fate(state, it[1]) == "failed")
    return _first_tried_last(state, [run for run, _ in found])


def condemned_works(state: Cleaning, runs: tuple[str, ...]) -> tuple[str, ...]:
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


def is_over(state: Cleaning, work: str) -> bool:
    """Whether no further run of this work will come."""
    shared = state.works.get(work)
    return shared is None or shared.over


def _first_tried_last(state: Cleaning, runs: list[str]) -> tuple[str, ...]:
    runs.sort(key=lambda run: state.ended[run].tries)
    return tuple(runs[: state.settings.items_max])


def _fate(state: Cleaning, ended: EndedRun) -> Fate:
    shared = state.works.get(ended.work)
    return "" if shared is None else shared.fate


def _class(state: Cleaning, ended: EndedRun, keeping: Mapping[Fate, Keeping]) -> Fate:
    fate = _fate(state, ended)
    return fate if fate in keeping else ""


def _keeping(settings: Cleanup) -> Mapping[Fate, Keeping]:
    """Of each class that has settings of its own; "" is that of all others."""
    found: dict[Fate, Keeping] = {"": _kept(settings.runs_keep_seconds, settings.runs_keep_count)}
    if settings.failed_keep_seconds is not None:
        found["failed"] = _kept(settings.failed_keep_seconds, settings.failed_keep_count)
    if settings.unknown_keep_seconds is not None:
        found["unknown"] = _kept(settings.unknown_keep_seconds, None)
    return found


def _kept(seconds: int, most: int | None) -> Keeping:
    return Keeping(timedelta(seconds=seconds), most)
