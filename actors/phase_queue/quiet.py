"""Hours in which nobody is told anything."""

from datetime import date, datetime, timedelta

from actors.calendar import LOOK_AHEAD_DAYS, ONE_DAY, instant, zone_of
from events.configuration import Configuration
from events.settings import WEEKDAYS, Hours

LONGEST = timedelta(days=LOOK_AHEAD_DAYS)


def end_of_quiet(house: Configuration, at: datetime) -> datetime | None:
    """When the quiet hours that hold at an instant are over; None when none do.

    Those that follow each other without a break are one; what never ends is broken off.
    """
    end = at
    while (later := _end(house, end)) is not None and later - at <= LONGEST:
        end = later
    return None if end == at else end


def _end(house: Configuration, at: datetime) -> datetime | None:
    zone = house.day.timezone
    today = at.astimezone(zone_of(zone)).date()
    spans = (
        _span(hours, on, zone)
        for hours in house.alerts.quiet
        for on in (today - ONE_DAY, today)
        if WEEKDAYS[on.weekday()] in hours.days
    )
    return max((end for start, end in spans if start <= at < end), default=None)


def _span(hours: Hours, on: date, zone: str) -> tuple[datetime, datetime]:
    until = on if hours.start < hours.end else on + ONE_DAY
    return instant(on, hours.start, zone), instant(until, hours.end, zone)
