"""The windows of quotas: when one that holds an instant began, and when it ends."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from events.configuration import Day
from events.policies import Quota

ONE_DAY = timedelta(days=1)


def window_from(quota: Quota, day: Day, at: datetime) -> tuple[datetime, datetime]:
    """The window that a use at that instant begins, or falls into; its end is exclusive."""
    if quota.counted_from == "first_use":
        return at, at + timedelta(seconds=quota.window_seconds)
    here = at.astimezone(ZoneInfo(day.timezone))
    first = here.date() if here.time() >= day.starts_at else here.date() - ONE_DAY
    if quota.counted_from == "day":
        return _start(day, first), _start(day, first + ONE_DAY)
    monday = first - first.weekday() * ONE_DAY
    return _start(day, monday), _start(day, monday + 7 * ONE_DAY)


def _start(day: Day, on: date) -> datetime:
    return datetime.combine(on, day.starts_at, ZoneInfo(day.timezone)).astimezone(UTC)
