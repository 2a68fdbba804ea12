"""When a limit is lifted, read from the words in which programs tell people.

| words | meaning |
|---|---|
| `limit reached|1755806400` | seconds since 1970 |
| `resets 3:30am (Europe/Moscow)`, `resets Apr 23 at 4pm (America/Recife)` | next in that zone |
| `try again at 3:28 PM`, `at Aug 8th, 2026 12:30 PM`, `resets at 15:00 UTC` | here, if no zone |
| `try again in 3 days 6 hours`, `reset after 12h34m56s`, `retry in 34.07s` | from now on |

What has passed, and what is further away than any window of a quota, is no answer.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfoNotFoundError

from actors.calendar import zone_of
from actors.executor.programs.fields import WAIT_MAX, instant, rounded_up

JUST_PASSED = timedelta(minutes=10)
ONE_DAY = timedelta(days=1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECONDS = {"ms": "0.001", "s": "1", "m": "60", "h": "3600", "d": "86400", "w": "604800"}
_UNITS = {unit: Decimal(seconds) for unit, seconds in _SECONDS.items()}

_EPOCH = re.compile(r"limit reached\|(\d{10})\b", re.IGNORECASE)
_AMOUNT = (
    r"\d{1,9}(?:\.\d{1,9})?\s?"
    r"(?:ms|s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?)"
)
_WAIT = re.compile(
    r"(?:again|retry|retrying|resets?|refreshed|wait|retrydelay\W{0,6})\s?(?:in|after|within|for)?\s?"
    rf"(?P<wait>{_AMOUNT}(?:[\s,]{{0,2}}{_AMOUNT}){{0,5}})(?![a-z])",
    re.IGNORECASE,
)
_ONE_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s?(ms|[smhdw])", re.IGNORECASE)
_WHEN = re.compile(
    r"(?:resets?|again)\s(?:at\s|on\s)?"
    r"(?:(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s"
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,?\s(?P<year>20\d\d))?,?\s(?:at\s)?)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?(?:\s?(?P<half>[ap]m))?\b"
    r"(?:\s\((?P<zone>[^)]{1,64})\)|\s(?P<utc>UTC|GMT)\b)?",
    re.IGNORECASE,
)


class Reset(NamedTuple):
    """When it is over, in UTC, and how long until then, as far as either is known."""

    at: datetime | None = None
    after_seconds: int | None = None


def reset_in(words: str, at: datetime | None) -> Reset:
    """What these words say of it, read at that time and in that zone."""
    epoch = _EPOCH.search(words)
    if epoch:
        return to_come(instant(int(epoch[1])), at)
    wait = _WAIT.search(words)
    if wait:
        return waiting(_seconds(wait["wait"]), at)
    when = _WHEN.search(words)
    return to_come(_clock(when, at), at) if when and at else Reset()


def to_come(found: datetime | None, at: datetime | None) -> Reset:
    """That time, if it is to come, and not too far away."""
    if found is None or at is None:
        return Reset(found)
    away = found - at.astimezone(UTC)
    if not timedelta() < away <= WAIT_MAX:
        return Reset()
    return Reset(found, rounded_up(Decimal(str(away.total_seconds()))))


def waiting(seconds: int | None, at: datetime | None) -> Reset:
    """So long from now on, if anybody would wait so long."""
    if seconds is None or timedelta(seconds=seconds) > WAIT_MAX:
        return Reset()
    return Reset(at and at.astimezone(UTC) + timedelta(seconds=seconds), seconds)


def _seconds(words: str) -> int | None:
    total = sum(
        (Decimal(amount) * _UNITS[unit.lower()] for amount, unit in _ONE_AMOUNT.findall(words)),
        Decimal(),
    )
    return rounded_up(total) if total <= WAIT_MAX.total_seconds() else None


def _clock(found: re.Match[str], at: datetime) -> datetime | None:
    """A time of the clock as the next instant at which the clock says so."""
    try:
        zone = zone_of(found["zone"]) if found["zone"] else UTC if found["utc"] else at.tzinfo
        here = at.astimezone(zone)
        return _next(found, here, zone)
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
        return None


def _next(found: re.Match[str], here: datetime, zone: tzinfo | None) -> datetime | None:
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
    elif found["half"] or not found["minute"]:
        return None  # a bare number is no time of the clock
    wall = here.replace(hour=hour, minute=minute, second=0, microsecond=0, tzinfo=None)
    if found["month"]:
        return _dated(found, wall, here).replace(tzinfo=zone).astimezone(UTC)
    if wall + JUST_PASSED < here.replace(tzinfo=None):
        wall += ONE_DAY
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _dated(found: re.Match[str], wall: datetime, here: datetime) -> datetime:
    """On that day of this year, or of the next when that day has long passed."""
    month = _MONTHS.index(found["month"].lower()) + 1
    year = int(found["year"] or here.year)
    dated = wall.replace(year=year, month=month, day=int(found["day"]))
    if not found["year"] and dated + WAIT_MAX < here.replace(tzinfo=None):
        dated = dated.replace(year=year + 1)
    return dated
