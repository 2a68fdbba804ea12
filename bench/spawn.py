"""How soon a process lives, and how many of them one after the other."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from actors.clock.timer import now
from bench.living import Living, living, one_action
from bench.report import Figure, at_most
from bench.samples import percentile
from events.bus import Append
from events.codec import entry
from events.configuration import Action
from events.requests import WorkRequested
from events.runs import RunStarted
from events.work import WorkFinished

TRUE = shutil.which("true") or "/bin/true"
REST_SECONDS = 0.01  # between runs, so that each finds the house at rest
CONCURRENCY = 4


def start(folder: Path, quick: bool) -> Iterator[Figure]:
    """From handing a request to the edge to a process that lives; bare ones in between."""
    runs = 40 if quick else 400
    settings = one_action(Action(command=(TRUE,)), 1)
    with living(folder, settings, RunStarted, WorkFinished) as here:
        took, bare = zip(*(_pair(here, number) for number in range(runs)), strict=True)
    limit = f"Popen alone, {runs} of each in turn"
    for percent, more_ms in ((50, 3), (99, 10)):
        yield Figure(
            f"request to process start, p{percent}",
            percentile(took, percent),
            "ms",
            percentile(bare, percent),
            limit,
            at_most(more_ms, "more than bare"),
        )


def _pair(here: Living, number: int) -> tuple[float, float]:
    """Milliseconds of one of ours and of a bare one."""
    began = now()
    here.edge.ask(WorkRequested("job", f"key-{number}"))
    started = here.heard.take(1)[0].fact
    assert isinstance(started, RunStarted)
    here.heard.take(1)
    sleep(REST_SECONDS)
    bare = _bare_ms(here.data)
    sleep(REST_SECONDS)
    return (started.started_at - began).total_seconds() * 1000, bare


def _bare_ms(place: Path) -> float:
    """As little as can be done for a process that is a session of its own and prints to us."""
    reader, writer = os.pipe()
    began = perf_counter()
    process = subprocess.Popen(
        (TRUE,),
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
        cwd=place,
        start_new_session=True,
    )
    took = 1000 * (perf_counter() - began)
    process.wait()
    os.close(reader)
    os.close(writer)
    return took


def pool(folder: Path, quick: bool) -> Iterator[Figure]:
    """200 times `true`, four at once, again and again in turn with a bare pool of threads."""
    runs, rounds = (40, 3) if quick else (200, 9)
    settings = one_action(Action(command=(TRUE,)), CONCURRENCY)
    with living(folder, settings, WorkFinished) as here:
        pairs = [(_ours(here, runs, turn), _bare_pool(runs)) for turn in range(rounds)]
    ours, bare = (median(side) for side in zip(*pairs, strict=True))
    yield Figure(
        f"{runs} x true, {CONCURRENCY} at once",
        ours,
        "s",
        bare,
        f"subprocess.run in a ThreadPoolExecutor({CONCURRENCY}), median of {rounds}",
        at_most(3.5, "times bare"),
    )
    kept = (folder / "log.sqlite").stat().st_size / (runs * rounds)
    yield Figure("log for a run of true", kept / 1000, "KB", target=at_most(4))


def _ours(here: Living, runs: int, turn: int) -> float:
    began = perf_counter()
    for number in range(runs):
        request = entry(WorkRequested("job", f"key-{turn}-{number}"), now())
        here.house.bus.tell(Append("cli", (request,)))
    here.heard.take(runs)
    return perf_counter() - began


def _bare_pool(runs: int) -> float:
    with ThreadPoolExecutor(CONCURRENCY) as threads:
        began = perf_counter()
        list(threads.map(lambda _: subprocess.run((TRUE,), check=True), range(runs)))
        return perf_counter() - began
