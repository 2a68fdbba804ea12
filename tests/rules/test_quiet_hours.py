"""When quiet hours end, by the wall and whatever clocks do."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from actors.phase_queue.quiet import end_of_quiet
from events.configuration import Configuration, Day
from events.policies import Alerts
from events.settings import WEEKDAYS, Hours
from projections.invariants.tellings import _holds

NIGHT = Hours(start=time(22), end=time(7))
MINUTE = timedelta(minutes=1)


def house(*quiet: Hours, zone: str = "UTC") -> Configuration:
    return Configuration(day=Day(timezone=zone), alerts=Alerts(quiet=quiet))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "zone", "at", "end"),
    [
        ((NIGHT,), "UTC", "2026-11-20T21:59:59", None),
        ((NIGHT,), "UTC", "2026-11-20T22:00", "2026-11-21T07:00"),
        ((NIGHT,), "UTC", "2026-11-21T06:59:59", "2026-11-21T07:00"),
        ((NIGHT,), "UTC", "2026-11-21T07:00", None),
        ((NIGHT,), "Europe/Berlin", "2026-11-20T21:30", "2026-11-21T06:00"),
        ((NIGHT,), "Europe/Berlin", "2026-03-28T22:00", "2026-03-29T05:00"),
        ((NIGHT,), "Europe/Berlin", "2026-10-24T22:00", "2026-10-25T06:00"),
        ((NIGHT, Hours(start=time(7), end=time(9))), "UTC", "2026-11-21T01:00",
         "2026-11-21T09:00"),
        ((Hours(start=time(12), end=time(13), days=("sat",)),), "UTC", "2026-11-20T12:30", None),
        ((Hours(start=time(12), end=time(13), days=("sat",)),), "UTC", "2026-11-21T12:30",
         "2026-11-21T13:00"),
        ((Hours(start=time(22), end=time(7), days=("fri",)),), "UTC", "2026-11-21T06:00",
         "2026-11-21T07:00"),
        ((Hours(start=time(22), end=time(7), days=("fri",)),), "UTC", "2026-11-22T06:00", None),
        ((), "UTC", "2026-11-22T06:00", None),
    ],
)  # fmt: skip
def test_they_end(quiet: tuple[Hours, ...], zone: str, at: str, end: str | None) -> None:
    found = end_of_quiet(house(*quiet, zone=zone), utc(at))
    assert found == (None if end is None else utc(end))


def test_what_never_ends_is_broken_off() -> None:
    at = utc("2026-11-20T12:00")
    end = end_of_quiet(house(Hours(start=time(8), end=time(8))), at)
    assert end is not None
    assert timedelta(days=7) <= end - at <= timedelta(days=8)


TIMES = some.builds(time, some.integers(0, 23), some.sampled_from([0, 15, 30]))
WINDOWS = some.builds(
    lambda start, end, days: Hours(start=start, end=end, days=tuple(days)),
    TIMES,
    TIMES,
    some.lists(some.sampled_from(WEEKDAYS), max_size=7, unique=True),
)
ZONES = some.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])


@settings(max_examples=150, deadline=None)
@for_any(
    some.lists(WINDOWS, max_size=3),
    ZONES,
    some.integers(0, 270 * 24 * 60),
)
def test_the_rules_and_those_who_check_them_agree(
    quiet: list[Hours], zone: str, minutes: int
) -> None:
    it, at = house(*quiet, zone=zone), utc("2026-03-01") + minutes * MINUTE
    end = end_of_quiet(it, at)
    holds = any(_holds(hours, it, at) for hours in quiet)
    assert end is not None or not holds
    if end is not None:
        assert end > at
        assert end - at > timedelta(days=7) or end_of_quiet(it, end) is None
