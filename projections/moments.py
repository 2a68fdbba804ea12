"""Times as text: RFC 3339 in UTC, of one width, so that text sorts as time does."""

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """`2026-11-20T06:00:00.123456Z`. The moment must be aware."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"
