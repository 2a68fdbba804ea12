"""Asking why when the log is long."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection
from time import perf_counter

from actors.clock.timer import now
from bench.report import Figure, at_most
from bench.samples import percentile
from horarium import reading
from horarium.commands.explain import Subject
from horarium.past import LogPast
from horarium.places import Places, places
from projections.database import open_readonly

STATES = {"waiting": "held", "finished": "completed", "dropped": "dropped"}


def explaining(history: Path, quick: bool) -> Iterator[Figure]:
    """Works anywhere in the log: waiting, finished and dropped, each with all opened anew."""
    here, times = places(data=str(history)), 5 if quick else 20
    anywhere = random.Random(1)
    for name, state in STATES.items():
        with closing(open_readonly(here.projections)) as folded:
            works = _works(folded, state)
        if not works:
            continue  # At this time of day nothing of the history waits.
        asked = [anywhere.choice(works) for _ in range(times)]
        bare = [_ms(here, work, tells=False) for work in asked]
        took = [_ms(here, work, tells=True) for work in asked]
        for percent in (50, 100):
            yield Figure(
                f"explain a {name} work, p{percent}",
                percentile(took, percent),
                "ms",
                percentile(bare, percent),
                "reading its records",
                at_most(300),
            )


def _works(folded: Connection, state: str) -> list[str]:
    found = folded.execute("SELECT work FROM works WHERE state = ? ORDER BY work", (state,))
    return [work for (work,) in found]


def _ms(here: Places, work: str, *, tells: bool) -> float:
    began = perf_counter()
    with reading.opened(here) as log, closing(open_readonly(here.projections)) as folded:
        past = LogPast(log, folded)
        if tells:
            told = Subject(past, now()).explained(work)
            assert told.chain
        else:
            past.about(work)
    return 1000 * (perf_counter() - began)
