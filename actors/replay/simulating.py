"""A stretch of time, simulated: what came of it, and what would have to change."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from actors.calendar import day_bounds
from actors.executor.state import OpenRun
from actors.replay.courses import Course, History, course_of
from actors.replay.draws import Draws
from actors.replay.faults import FaultyWorld, Rates
from actors.replay.naming import RunName
from actors.replay.needs import Change, Need, Wanted, changes
from actors.replay.tally import Digest, Tally
from actors.replay.world import World
from events.configuration import Configuration
from events.record import Record

REMEDY_DAYS = 31  # looked at when it is asked what would have to change
ROUNDS_MAX = 8


class Stretch(NamedTuple):
    """What is simulated: so many days from the beginning of a day."""

    configuration: Configuration
    start: date
    days: int
    seed: int
    history: History


class Outcome(NamedTuple):
    """What came of it. `digest` is the link of the last record; `met` counts faults."""

    tally: Tally
    digest: str
    met: Counter[str]


class Remedy(NamedTuple):
    """Settings that would have to change, and what would not fit even then. Both were found by
    simulating the first `days` again."""

    changes: Sequence[Change]
    unmet: Counter[Wanted]
    left: Counter[Wanted]
    days: int


def simulated(
    stretch: Stretch, rates: Rates | None = None, also: Callable[[Record], object] | None = None
) -> Outcome:
    """Live it, with faults at these rates; `also` is handed every record."""
    tally, digest = Tally(stretch.configuration), Digest()

    def consume(record: Record) -> None:
        tally.take(record)
        digest.take(record)
        if also is not None:
            also(record)

    met = _live(stretch, consume, rates)
    _, end = _bounds(stretch)
    tally.finish(end)
    return Outcome(tally, digest.link, met)


def remedy(stretch: Stretch) -> Remedy:
    """What would have to change for everything to fit, found by trying."""
    stretch = stretch._replace(days=min(stretch.days, REMEDY_DAYS))
    before = stretch.configuration
    first = need = _need(stretch)
    for _ in range(ROUNDS_MAX):
        wider = need.answered()
        if not need.unmet or wider == stretch.configuration:
            break
        stretch = stretch._replace(configuration=wider)
        need = _need(stretch)
    return Remedy(changes(before, stretch.configuration), first.unmet, need.unmet, stretch.days)


def _need(stretch: Stretch) -> Need:
    need = Need(stretch.configuration)
    _live(stretch, need.take, None)
    need.finish()
    return need


def _live(
    stretch: Stretch, consume: Callable[[Record], object], rates: Rates | None
) -> Counter[str]:
    draws, history = Draws(stretch.seed), stretch.history

    def courses(name: RunName, run: OpenRun) -> Course:
        return course_of(draws, history, name, run.name, run.action)

    begin, end = _bounds(stretch)
    if rates is None:
        world = World(courses, consumer=consume)
        world.begin(begin, stretch.configuration)
        world.run_until(end)
        return Counter()
    faulty = FaultyWorld(courses, draws, rates, consumer=consume)
    faulty.begin(begin, stretch.configuration)
    faulty.live_days(stretch.days)
    return faulty.met


def _bounds(stretch: Stretch) -> tuple[datetime, datetime]:
    day = stretch.configuration.day
    begin, _ = day_bounds(day, stretch.start)
    end, _ = day_bounds(day, stretch.start + timedelta(days=stretch.days))
    return begin, end - datetime.resolution
