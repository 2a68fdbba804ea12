"""Which window of its phase a piece of work waits for, and which one comes after it."""

from collections.abc import Iterator
from datetime import date, datetime

from actors.calendar import LOOK_AHEAD_DAYS, ONE_DAY, PhaseWindow, day_of, phases_of
from actors.phase_queue.state import Open, Queue, Work
from events.configuration import Configuration


def is_open(queue: Queue, work: Work, at: datetime) -> bool:
    """Whether a window is open in which it may go. One that should have ended has ended."""
    return any(
        at < window.ends_at and (work.day is None or work.day <= window.day)
        for window in queue.open.get(work.phase or "", ())
    )


def has_missed(queue: Queue, work: Work) -> Open | None:
    """The window that is over on record, if it was the one the work waited for."""
    window = queue.over.get(work.phase or "")
    if window is None or _earliest(work) >= window.ends_at:
        return None
    return window if work.day is None or work.day <= window.day else None


def awaited(house: Configuration, work: Work) -> PhaseWindow | None:
    """The first window of its phase that it can use; None when there is none in sight."""
    earliest = _earliest(work)
    first = day_of(house.day, earliest) - ONE_DAY  # A window may cross midnight.
    if work.day is not None and work.day > first:
        first = work.day
    windows = _from(house, first)
    return next((w for w in windows if w.phase == work.phase and w.ends_at > earliest), None)


def next_after(
    house: Configuration, work: Work, ended: Open | PhaseWindow, at: datetime
) -> PhaseWindow | None:
    """Where its policy takes a work whose window has ended; None when there is none in sight.

    It may be a window that has begun by now: after an absence the day is half over.
    """
    windows = _from(house, max(ended.day, day_of(house.day, at) - ONE_DAY))
    if work.at_phase_end == "next_day":
        windows = (w for w in windows if w.phase == work.phase and w.day > ended.day)
    else:
        windows = (w for w in windows if w.starts_at >= ended.ends_at)
    return next((w for w in windows if w.ends_at > at), None)


def _earliest(work: Work) -> datetime:
    """From when on it could have gone."""
    return work.since if work.not_before is None else max(work.since, work.not_before)


def _from(house: Configuration, first: date) -> Iterator[PhaseWindow]:
    for days in range(LOOK_AHEAD_DAYS + 2):
        yield from phases_of(house, first + days * ONE_DAY)
