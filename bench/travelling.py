"""Asking for the past when the log is long."""

import random
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from bench.report import Figure, at_most
from bench.samples import percentile
from horarium import reading
from horarium.asof import as_of, opened_log
from horarium.places import places
from projections.queries.budget import budget
from projections.queries.plan import plan
from projections.queries.queue import queue


def travelling(history: Path, quick: bool) -> Iterator[Figure]:
    """Plan, budget and queue as of positions anywhere in the log, each opened anew."""
    here, times, took = places(data=str(history)), 10 if quick else 50, []
    with opened_log(here) as log:
        head = reading.head(log)
    began = perf_counter()
    with opened_log(here) as log:
        read = sum(1 for _ in reading.rows(log, head - min(head, 25_000)))
    bare = perf_counter() - began
    anywhere = random.Random(1)
    for position in (anywhere.randint(1, head) for _ in range(times)):
        began = perf_counter()
        with opened_log(here) as log, as_of(here, log, position) as then:
            plan(then), budget(then), queue(then)
        took.append(perf_counter() - began)
    for percent in (50, 100):
        yield Figure(
            f"plan, budget and queue as of a position of {head:,}, p{percent}",
            percentile(took, percent),
            "s",
            bare,
            f"reading {read:,} records",
            at_most(2),
        )
