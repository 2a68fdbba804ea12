"""How late a job that is due every second gets its process, in a daemon of its own."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from actors.clock.timer import now
from bench.process import daemon, wait_until_past
from bench.report import Figure, at_most
from bench.samples import percentile
from events.runs import RunStarted
from events.sqlite import SqliteStore
from events.store import read
from events.time import OccurrenceDue
from events.work import WorkPlanned, WorkReleased

SETTLE_SECONDS = 3
SETTINGS = """
[plan]
enabled = false
[actions.tick]
command = ["true"]
[intents.tick]
run = "tick"
every = "1s"
"""


def lateness(folder: Path, quick: bool) -> Iterator[Figure]:
    """Bare waits for the half seconds go on meanwhile, in this process."""
    seconds = 10 if quick else 60
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(SETTINGS)
    with daemon(config, folder / "data") as alive:
        wait_until_past(alive.log, 0)
        begin = now() + timedelta(seconds=SETTLE_SECONDS)
        bare = _waits(begin, seconds)
        Event().wait(1)
    late = _late_ms(alive.log, begin)[:seconds]
    if len(late) < seconds:
        raise RuntimeError(f"only {len(late)} of {seconds} occurrences started")
    for percent, most_ms in ((50, 3.5), (99, 12)):
        yield Figure(
            f"lateness of a job every second, p{percent} of {seconds}",
            percentile(late, percent),
            "ms",
            percentile(bare, percent),
            "a timed wait alone",
            at_most(most_ms),
        )


def _waits(begin: datetime, seconds: int) -> list[float]:
    """Milliseconds by which waits for so many half seconds came too late."""
    first = begin.replace(microsecond=500_000)
    never, late = Event(), []
    for instant in (first + timedelta(seconds=n) for n in range(seconds)):
        never.wait((instant - now()).total_seconds())
        late.append((now() - instant).total_seconds() * 1000)
    return late


def _late_ms(log: Path, begin: datetime) -> list[float]:
    """From the scheduled instant to the process, for each occurrence from then on."""
    due_at: dict[int | str, datetime] = {}  # by the due record, then its work, then its run
    late = []
    with closing(SqliteStore(log)) as store:
        for record in read(store):
            match record.fact:
                case OccurrenceDue(due_at=instant) if instant >= begin:
                    due_at[record.position] = instant
                case WorkPlanned(work=work) if record.cause in due_at:
                    due_at[work] = due_at[record.cause]
                case WorkReleased(work=work, run=run) if work in due_at:
                    due_at[run] = due_at[work]
                case RunStarted(run=run, started_at=started_at) if run in due_at:
                    late.append((started_at - due_at[run]).total_seconds() * 1000)
    return late
