"""The days: their phases as the clock tells them, and how the work of each ended.

A piece of work counts to its day and phase as they stand when something happens to it: deferred
work counts where it went. Work without a day counts to the one that was open when it was planned.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from msgspec import Struct
from msgspec.json import decode, encode

from events.configuration import Configuration, ConfigurationLoaded
from events.configuration import Phase as Window
from events.plan import WITHDRAWALS, PlanDrawn
from events.record import Record
from events.runs import RunSettled
from events.settings import WEEKDAYS
from events.time import DayStarted, PhaseEnded, PhaseMissed, PhaseStarted
from events.work import (
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkPlanned,
)
from projections.moments import rfc3339
from projections.rows import Handlers, Tables
from projections.settled import settled_state
from projections.tables import Phase, Tally, Work

NAME: Final = "days"
DAY_MINUTES = 24 * 60


class Hours(Struct, frozen=True):
    """What the configuration in force says of days and phases."""

    timezone: str = "UTC"
    starts_at: time = time(0)
    phases: tuple[Window, ...] = ()

    def on(self, day: str) -> dict[str, Window]:
        """The windows that open on a day, by name; before the day begins it is still the day
        before, also on the calendar."""
        today = date.fromisoformat(day)
        tomorrow = today + timedelta(days=1)
        return {
            window.name: window
            for window in self.phases
            for opens_on in (today if window.start >= self.starts_at else tomorrow,)
            if WEEKDAYS[opens_on.weekday()] in window.days
        }

    def minute(self, of_day: time) -> int:
        """How many minutes after the start of the day a wall clock shows that time."""
        minutes = of_day.hour * 60 + of_day.minute
        return (minutes - self.starts_at.hour * 60 - self.starts_at.minute) % DAY_MINUTES


def configuration_loaded(
    tables: Tables, record: Record, fact: ConfigurationLoaded, at: str
) -> None:
    if fact.configuration is None:
        return
    before, after = _hours(tables), _told(fact.configuration)
    tables.latest.make("hours").value = encode(after).decode()
    if (day := tables.open_day()) is not None:
        _withdraw(tables, day, before.on(day).keys() - after.on(day).keys())
        _expect(tables, day, after)


def day_started(tables: Tables, record: Record, fact: DayStarted, at: str) -> None:
    day = tables.days.make(fact.day.isoformat())
    day.starts_at = rfc3339(fact.starts_at)
    day.ends_at = rfc3339(fact.ends_at)
    tables.latest.make("day").value = day.day
    _expect(tables, day.day, _hours(tables))


def phase_started(tables: Tables, record: Record, fact: PhaseStarted, at: str) -> None:
    _opened(tables, fact).state = "in_progress"


def phase_ended(tables: Tables, record: Record, fact: PhaseEnded, at: str) -> None:
    phase = tables.phases.make(fact.day.isoformat(), fact.phase)
    phase.state = "completed"
    phase.ends_at = rfc3339(fact.ends_at)


def phase_missed(tables: Tables, record: Record, fact: PhaseMissed, at: str) -> None:
    phase = _opened(tables, fact)
    phase.state = "missed"
    phase.reason = fact.reason


def plan_drawn(tables: Tables, record: Record, fact: PlanDrawn, at: str) -> None:
    for phase in fact.phases:
        tables.phases.make(fact.day.isoformat(), phase)


def work_planned(tables: Tables, record: Record, fact: WorkPlanned, at: str) -> None:
    day = fact.day.isoformat() if fact.day else tables.open_day()
    for tally in _tallies(tables, day, fact.phase):
        tally.planned += 1


def work_moved(tables: Tables, record: Record, fact: WorkMoved, at: str) -> None:
    work = tables.works.see(fact.work)
    if work and work.ended_at is None:
        _shift(tables, work, work.day, fact.phase)


def work_deferred(tables: Tables, record: Record, fact: WorkDeferred, at: str) -> None:
    work = tables.works.see(fact.work)
    if work is None or work.ended_at is not None:
        return
    day = fact.day.isoformat()
    if work.day is not None:
        if work.day != day:
            tables.tallies.make(work.day, "").deferred += 1
        if work.phase and (work.day, work.phase) != (day, fact.phase):
            tables.tallies.make(work.day, work.phase).deferred += 1
    _shift(tables, work, day, fact.phase)


def work_dropped(tables: Tables, record: Record, fact: WorkDropped, at: str) -> None:
    """What a later plan took back counts as if it had never been planned."""
    for tally in _last_tallies(tables, fact.work):
        if fact.reason in WITHDRAWALS:
            tally.planned -= 1
        else:
            tally.dropped += 1


def work_cancelled(tables: Tables, record: Record, fact: WorkCancelled, at: str) -> None:
    for tally in _last_tallies(tables, fact.work):
        tally.cancelled += 1


def work_finished(tables: Tables, record: Record, fact: WorkFinished, at: str) -> None:
    for tally in _last_tallies(tables, fact.work):
        setattr(tally, fact.state, getattr(tally, fact.state) + 1)


def run_settled(tables: Tables, record: Record, fact: RunSettled, at: str) -> None:
    settled, work = settled_state(tables, fact), tables.works.see(fact.work)
    if settled is None or work is None:
        return
    for tally in _tallies(tables, work.day, work.phase):
        tally.unknown -= 1
        setattr(tally, settled[0], getattr(tally, settled[0]) + 1)


def _tallies(tables: Tables, day: str | None, phase: str | None) -> Iterator[Tally]:
    if day is not None:
        yield tables.tallies.make(day, "")
        if phase:
            yield tables.tallies.make(day, phase)


def _last_tallies(tables: Tables, name: str) -> Iterator[Tally]:
    """Those of work that ends now; it ends once."""
    work = tables.works.see(name)
    if work and work.ended_at is None:
        yield from _tallies(tables, work.day, work.phase)


def _shift(tables: Tables, work: Work, day: str | None, phase: str) -> None:
    for tally in _tallies(tables, work.day, work.phase):
        tally.planned -= 1
    for tally in _tallies(tables, day, phase):
        tally.planned += 1
    if day is not None:
        tables.phases.make(day, phase)


def _hours(tables: Tables) -> Hours:
    latest = tables.latest.see("hours")
    return decode(latest.value, type=Hours) if latest else Hours()


def _told(configuration: Configuration) -> Hours:
    day = configuration.day
    return Hours(day.timezone, day.starts_at, configuration.phases)


def _expect(tables: Tables, day: str, hours: Hours) -> None:
    """The phases of a day stand pending from the start."""
    for name, window in hours.on(day).items():
        phase = tables.phases.make(day, name)
        if phase.state in ("pending", "withdrawn"):
            phase.state = "pending"
            phase.window_start = window.start.isoformat("minutes")
            phase.window_end = window.end.isoformat("minutes")
            phase.minute = hours.minute(window.start)


def _withdraw(tables: Tables, day: str, names: set[str]) -> None:
    for name in sorted(names):
        phase = tables.phases.make(day, name)
        if phase.state == "pending":
            phase.state = "withdrawn"


def _opened(tables: Tables, fact: PhaseStarted | PhaseMissed) -> Phase:
    phase = tables.phases.make(fact.day.isoformat(), fact.phase)
    phase.starts_at = rfc3339(fact.starts_at)
    phase.ends_at = rfc3339(fact.ends_at)
    day = tables.days.make(phase.day)
    if phase.minute == DAY_MINUTES and day.starts_at:
        since = fact.starts_at - datetime.fromisoformat(day.starts_at)
        phase.minute = since // timedelta(minutes=1)
    return phase


HANDLERS: Handlers = {
    ConfigurationLoaded: configuration_loaded,
    DayStarted: day_started,
    PhaseStarted: phase_started,
    PhaseEnded: phase_ended,
    PhaseMissed: phase_missed,
    PlanDrawn: plan_drawn,
    WorkPlanned: work_planned,
    WorkMoved: work_moved,
    WorkDeferred: work_deferred,
    WorkDropped: work_dropped,
    WorkCancelled: work_cancelled,
    WorkFinished: work_finished,
    RunSettled: run_settled,
}
