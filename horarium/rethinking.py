"""A recorded log decided again under another configuration, and the two laid side by side.

The log is read, never written; there is no door to anything.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from actors.replay.agreement import Agreement, Decided, agreements
from actors.replay.otherwise import Otherwise, completed
from actors.replay.recorded import Change, Recorded
from actors.replay.stories import Difference, Stories, differences
from events import codec
from events.catalogue import AnyObservation
from events.configuration import Configuration
from events.record import Record
from horarium import reading
from horarium.places import Places
from horarium.untrusted import handed

Log = Callable[[int, int], Iterator[Record]]  # behind a position, up to another one


class Source(NamedTuple):
    """A log that can be read again and again. `near` is a position before a moment."""

    records: Log
    head: int
    near: Callable[[datetime], int]


class Stretch(NamedTuple):
    """The records behind a position, up to another one."""

    after: int
    until: int


class Rethought(NamedTuple):
    """Both sides of a stretch. `drawn` counts runs whose ends were invented, `estimated` those of
    them whose costs nothing recorded tells."""

    stretch: Stretch
    recorded: Stories
    otherwise: Stories
    differences: Sequence[Difference]
    agreement: Sequence[Agreement]
    drawn: int
    settings: tuple[Configuration, Configuration]  # the last in force, and what it became
    estimated: int = 0


@contextmanager
def source(here: Places, file: Path | None) -> Iterator[Source]:
    """The log of a data folder, or one that was handed over. Raises NoLog, BadLog and
    UnreadableRecord."""
    if file is not None:
        with handed(file) as log:
            if log.after:
                raise reading.NoLog(f"{file} begins behind record {log.after}, not at the first")
            head = max((page[-1].position for page in log.pages), default=0)
        yield Source(lambda after, until: _handed(file, after, until), head, lambda moment: 0)
        return
    with reading.opened(here) as connection:

        def records(after: int, until: int) -> Iterator[Record]:
            for position, _, state in reading.rows(connection, after):
                if position > until:
                    return
                yield codec.read(position, state)

        head = reading.head(connection)
        yield Source(records, head, lambda moment: reading.position_before(connection, moment))


def _handed(file: Path, after: int, until: int) -> Iterator[Record]:
    with handed(file) as log:
        for page in log.pages:
            yield from (record for record in page if after < record.position <= until)


def stretch_between(log: Source, since: datetime | None, until: datetime | None) -> Stretch:
    """What was seen in a time, and all that was decided upon it."""
    after = 0 if since is None else _before(log, since)
    return Stretch(after, log.head if until is None else _before(log, until))


def _before(log: Source, moment: datetime) -> int:
    """The position in front of the first observation of that moment or later."""
    for record in log.records(log.near(moment), log.head):
        if isinstance(record.fact, AnyObservation) and record.at >= moment:
            return record.position - 1
    return log.head


class Side(NamedTuple):
    """What became of everything on one side, and what was decided there."""

    stories: Stories
    decided: Decided

    def know(self, record: Record) -> None:
        """It lies before the stretch."""
        self.stories.take(record)
        self.decided.know(record)

    def take(self, record: Record) -> None:
        """It is part of the stretch."""
        self.stories.take(record)
        self.decided.take(record)


def rethought(
    records: Log, stretch: Stretch, change: Change, seed: int, since: datetime | None = None
) -> Rethought:
    """Decide a stretch again. It is read twice, and what lies before it once more."""
    after, until = stretch
    recorded, then = _as_recorded(records, stretch)
    here = Side(Stories(), Decided())
    for record in records(0, after):
        here.know(record)
    world = Otherwise(recorded, records(0, after), change, seed, here.take, since=since)
    world.live(records(after, until))
    drawn = {name.key for name in world.drawn}
    guessed = {name.key for name in world.estimated}
    unlike = differences(then.stories, here.stories, drawn.__contains__, guessed.__contains__)
    return Rethought(
        stretch,
        then.stories,
        here.stories,
        list(unlike),
        agreements(then.decided, here.decided),
        len(world.drawn),
        (recorded.latest, change(recorded.latest)),
        len(world.estimated),
    )


def _as_recorded(records: Log, stretch: Stretch) -> tuple[Recorded, Side]:
    """With what was still to be decided where the log ends."""
    after, until = stretch
    recorded, then = Recorded(after), Side(Stories(), Decided())

    def note(record: Record) -> None:
        (then.take if record.position > after else then.know)(record)

    def foresee(record: Record) -> None:
        recorded.decided(record)
        note(record)

    for record in records(0, until):
        recorded.take(record)
        note(record)
    completed(records(0, until), foresee)
    return recorded, then
