"""Every measurement by name, each made in a process of its own."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from bench import (
    custody,
    explaining,
    flow,
    intents,
    lateness,
    queries,
    replay,
    rest,
    simulating,
    spawn,
    store,
    sweeping,
    travelling,
    verifying,
)
from bench.history import make_history
from bench.report import Figure, number

P = ParamSpec("P")
T = TypeVar("T")
RUNS, QUICK_RUNS = 100_500, 10_000  # of the long history


class Row(NamedTuple):
    """A measurement, given a folder to be made, or the long history if it wants that."""

    measure: Callable[[Path, bool], Iterator[Figure]]
    long: bool = False


ROWS = {
    "facts": Row(store.many),
    "single": Row(store.single),
    "noop": Row(flow.noop),
    "start": Row(spawn.start),
    "pool": Row(spawn.pool),
    "custody": Row(custody.custody),
    "lateness": Row(lateness.lateness),
    "intents": Row(intents.many),
    "intents-due": Row(intents.due),
    "outage": Row(intents.outage),
    "fold": Row(replay.fold, long=True),
    "restart": Row(replay.restart, long=True),
    "queries": Row(queries.queries, long=True),
    "travelling": Row(travelling.travelling, long=True),
    "explain": Row(explaining.explaining, long=True),
    "verify": Row(verifying.verifying, long=True),
    "simulating": Row(simulating.simulating),
    "deciding-again": Row(simulating.deciding_again),
    "idle": Row(rest.idle),
    "size": Row(rest.size),
    "first-job": Row(rest.first_job),
    "sweeping": Row(sweeping.sweeping),  # The disk is busy for a while with what went.
}


def measured(name: str, place: Path, quick: bool) -> Sequence[Figure]:
    """The figures of a row; what it needs is kept below `place`."""
    folder = place / name
    if ROWS[name].long:
        folder = place / "history"
        if not folder.exists():
            _progress("making a long history ...")
            _apart(make_history, folder, QUICK_RUNS if quick else RUNS)
    _progress(f"{name} ...")
    figures = _apart(_figures, name, folder, quick)
    for figure in figures:
        _progress(f"    {figure.name}: {number(figure.amount)} {figure.unit}")
    return figures


def _figures(name: str, folder: Path, quick: bool) -> list[Figure]:
    return list(ROWS[name].measure(folder, quick))


def _apart(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call it in a fresh process: nothing that was measured before is in its way."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(function, *args, **kwargs).result()


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
