"""Times as people write them and read them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as some

from horarium.times import NotATime, clock, day, duration, instant, money, span

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)  # half past three in the afternoon in Berlin


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-11-20T14:30:00Z"),
        ("2h", "2026-11-20T12:30:00Z"),
        ("1d12h", "2026-11-19T02:30:00Z"),
        ("90m ago", "2026-11-20T13:00:00Z"),
        ("today", "2026-11-19T23:00:00Z"),
        ("Yesterday", "2026-11-18T23:00:00Z"),
        ("yesterday 18:00", "2026-11-19T17:00:00Z"),
        ("08:15", "2026-11-20T07:15:00Z"),
        ("18:00", "2026-11-19T17:00:00Z"),
        ("2026-07-01", "2026-06-30T22:00:00Z"),
        ("2026-07-01 08:00", "2026-07-01T06:00:00Z"),
        ("2026-07-01T08:00", "2026-07-01T06:00:00Z"),
        ("2026-07-01T08:00:00Z", "2026-07-01T08:00:00Z"),
        ("2026-07-01t08:00:00.5+05:30", "2026-07-01T02:30:00.5Z"),
    ],
)
def test_a_moment_lies_behind_us(text: str, meant: str) -> None:
    assert instant(text, NOW, BERLIN) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2h", "2026-11-20T16:30:00Z"),
        ("in 2h", "2026-11-20T16:30:00Z"),
        ("2h ago", "2026-11-20T12:30:00Z"),
        ("18:00", "2026-11-20T17:00:00Z"),
        ("08:15", "2026-11-21T07:15:00Z"),
        ("tomorrow", "2026-11-20T23:00:00Z"),
        ("tomorrow 08:00", "2026-11-21T07:00:00Z"),
    ],
)
def test_or_ahead_where_that_is_asked_for(text: str, meant: str) -> None:
    assert instant(text, NOW, BERLIN, ahead=True) == datetime.fromisoformat(meant)


def test_until_a_day_means_until_its_end() -> None:
    assert instant("yesterday", NOW, BERLIN, end=True) == instant("today", NOW, BERLIN)
    assert instant("08:15", NOW, BERLIN, end=True) == instant("08:15", NOW, BERLIN)


def test_a_day_that_is_an_hour_longer_ends_an_hour_later() -> None:
    begins, ends = (instant("2026-10-25", NOW, BERLIN, end=end) for end in (False, True))
    assert ends - begins == timedelta(hours=25)


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "2026-13-01", "2", "h", "-2h", "yesterday noon", "9" * 30 + "d"]
)
def test_what_is_no_time_is_refused_with_a_word_on_what_is_one(text: str) -> None:
    with pytest.raises(NotATime, match="is not a time; write 2h, "):
        instant(text, NOW, BERLIN)


def test_a_day_is_a_name_or_a_date() -> None:
    assert day("today", NOW, BERLIN) == date(2026, 11, 20)
    assert day("tomorrow", NOW, BERLIN) == date(2026, 11, 21)
    assert day("2026-02-28", NOW, BERLIN) == date(2026, 2, 28)
    with pytest.raises(NotATime):
        day("2026-02-30", NOW, BERLIN)


def test_a_time_is_shown_as_short_as_it_stays_clear() -> None:
    def shown(text: str) -> str:
        return clock(datetime.fromisoformat(text), NOW, BERLIN)

    assert shown("2026-11-20T06:05:00Z") == "07:05"
    assert shown("2026-11-19T23:30:00Z") == "00:30"
    assert shown("2026-11-19T22:30:00Z") == "19 Nov 23:30"
    assert shown("2025-11-20T06:05:00Z") == "2025-11-20 07:05"


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (0, "0ms"),
        (999, "999ms"),
        (1_000, "1.0s"),
        (9_999, "9.9s"),
        (59_999, "59s"),
        (80_000, "1m20s"),
        (7_500_000, "2h05m"),
        (273_600_000, "3d04h"),
    ],
)
def test_a_duration_is_shown_in_its_two_greatest_units(milliseconds: int, shown: str) -> None:
    assert duration(milliseconds) == shown


@pytest.mark.parametrize(
    ("usd_micros", "shown"),
    [
        (0, "$0.00"),
        (250_000, "$0.25"),
        (1_234_567_890, "$1,234.57"),
        (4_200, "$0.0042"),
        (1, "$0.000001"),
        (-250_000, "-$0.25"),
    ],
)
def test_money_is_shown_in_dollars(usd_micros: int, shown: str) -> None:
    assert money(usd_micros) == shown


@for_any(some.text(alphabet="0123456789:-+TZdhmswago inyterday.", max_size=24))
def test_any_text_is_a_moment_in_utc_or_refused(text: str) -> None:
    try:
        found = instant(text, NOW, BERLIN)
    except NotATime:
        return
    assert found.utcoffset() == timedelta(0)


@for_any(some.integers(1, 99), some.integers(1, 23), some.integers(1, 59))
def test_lengths_add_up(days: int, hours: int, minutes: int) -> None:
    length = timedelta(days=days, hours=hours, minutes=minutes)
    assert span(f"{days}d{hours}h{minutes}m") == length
    assert instant(f"{days}d{hours}h{minutes}m", NOW, BERLIN) == NOW - length
