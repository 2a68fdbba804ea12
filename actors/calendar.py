"""The day and its phases: local settings in, instants in UTC out.

Every instant is aware and in UTC. Local times are turned into instants in one place,
`instant`, and instants are compared and shifted in UTC only: an aware local datetime plus a
timedelta is wall-clock arithmetic and wrong on the days on which clocks change.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from events.configuration import Configuration, Day, Phase, Window
from events.settings import WEEKDAYS

ONE_DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
LOOK_AHEAD_DAYS = 8  # A window that opens once a week opens within them.


class PhaseWindow(NamedTuple):
    """One phase on one day. `day` is the day in which it starts; `ends_at` is exclusive."""

    day: date
    phase: str
    starts_at: datetime
    ends_at: datetime


def day_of(day: Day, at: datetime) -> date:
    """The day to which an instant belongs."""
    found = at.astimezone(zone_of(day.timezone)).date()
    while at < _day_start(day, found):
        found -= ONE_DAY
    while at >= _day_start(day, found + ONE_DAY):
        found += ONE_DAY
    return found


def day_bounds(day: Day, on: date) -> tuple[datetime, datetime]:
    """The first instant of a day and that of the day after: 23 or 25 hours when clocks change."""
    return _day_start(day, on), _day_start(day, on + ONE_DAY)


def phases_of(configuration: Configuration, on: date) -> list[PhaseWindow]:
    """The windows that start on a day, in order of time."""
    return list(_phases_of(configuration.phases, configuration.day, on))


def phase_on(configuration: Configuration, on: date, name: str) -> PhaseWindow | None:
    """The window of that name that starts on that day, if there is one."""
    windows = _phases_of(configuration.phases, configuration.day, on)
    return next((window for window in windows if window.phase == name), None)


def phases_at(configuration: Configuration, at: datetime) -> list[PhaseWindow]:
    """The windows that are open at an instant, those of the day before among them."""
    today = day_of(configuration.day, at)
    windows = phases_of(configuration, today - ONE_DAY) + phases_of(configuration, today)
    return [window for window in windows if window.starts_at <= at < window.ends_at]


def next_boundary(configuration: Configuration, after: datetime) -> datetime:
    """The first instant after this one at which a day ends or a phase starts or ends."""
    today = day_of(configuration.day, after)
    _, boundary = day_bounds(configuration.day, today)
    for on in (today - ONE_DAY, today):
        for window in _phases_of(configuration.phases, configuration.day, on):
            for turn in (window.starts_at, window.ends_at):
                if after < turn < boundary:
                    boundary = turn
    return boundary


def in_window(window: Window, zone: str, at: datetime) -> bool:
    """Whether the clock on the wall shows a time within a planner's window.

    A window that crosses midnight belongs to the weekday on which it starts.
    """
    local = at.astimezone(zone_of(zone))
    now, weekday = local.time(), local.weekday()
    if window.start < window.end:
        return window.start <= now < window.end and WEEKDAYS[weekday] in window.days
    if now >= window.start:
        return WEEKDAYS[weekday] in window.days
    return now < window.end and WEEKDAYS[weekday - 1] in window.days


def instant(local_date: date, local_time: time, zone: str) -> datetime:
    """The first instant at which a wall clock shows that date and time, or has passed it.

    A time that comes twice is the first of the two; one that is skipped is the end of the
    gap. So the order of local times is the order of their instants, and windows that meet on
    the wall meet in time.
    """
    wall = zone_of(zone)
    first, second = passes(datetime.combine(local_date, local_time), wall)
    return first if first <= second else _end_of_gap(second, first, wall)


def passes(local: datetime, wall: ZoneInfo) -> tuple[datetime, datetime]:
    """When a wall shows a time: twice the same as a rule, and in a gap the later one first."""
    first = local.replace(tzinfo=wall, fold=0).astimezone(UTC)
    return first, local.replace(tzinfo=wall, fold=1).astimezone(UTC)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """A zone out of the pinned `tzdata`, whatever the machine itself has: the same log is
    decided alike everywhere. Raises `zoneinfo.ZoneInfoNotFoundError` for one that nobody knows."""
    if not ZONE_NAME.fullmatch(name):
        raise ZoneInfoNotFoundError(f"no time zone is named {name!r}")
    path = files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not path.is_file():
        raise ZoneInfoNotFoundError(f"no time zone is named {name!r}")
    with path.open("rb") as zone:
        return ZoneInfo.from_file(zone, key=name)


def _end_of_gap(before: datetime, after: datetime, wall: ZoneInfo) -> datetime:
    offset = before.astimezone(wall).utcoffset()
    before, after = before.replace(microsecond=0), after.replace(microsecond=0)
    while after - before > SECOND:
        middle = before + (after - before) // 2 // SECOND * SECOND
        if middle.astimezone(wall).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


@lru_cache(maxsize=4096)
def _day_start(day: Day, on: date) -> datetime:
    return instant(on, day.starts_at, day.timezone)


@lru_cache(maxsize=1024)
def _phases_of(phases: tuple[Phase, ...], day: Day, on: date) -> tuple[PhaseWindow, ...]:
    starts_at, ends_at = day_bounds(day, on)
    if starts_at == ends_at:
        return ()  # The zone skipped this day.
    windows = (_window(phase, day, on) for phase in phases)
    return tuple(sorted((w for w in windows if w), key=lambda w: (w.starts_at, w.phase)))


def _window(phase: Phase, day: Day, on: date) -> PhaseWindow | None:
    """By the wall it starts at or after the start of the day, so it starts once in each day."""
    starts_on = on if phase.start >= day.starts_at else on + ONE_DAY
    if WEEKDAYS[starts_on.weekday()] not in phase.days:
        return None
    ends_on = starts_on if phase.start < phase.end else starts_on + ONE_DAY
    starts_at = instant(starts_on, phase.start, day.timezone)
    ends_at = instant(ends_on, phase.end, day.timezone)
    return PhaseWindow(on, phase.name, starts_at, ends_at) if starts_at < ends_at else None
