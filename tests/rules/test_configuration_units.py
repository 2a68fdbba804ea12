"""How amounts, times and sizes are written: what is read, and what is refused with which words."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from horarium.configuration import units
from horarium.configuration.units import UnfitError

BERLIN = ZoneInfo("Europe/Berlin")
LOCAL = datetime.fromisoformat  # what TOML gives for a time without an offset


@pytest.mark.parametrize(
    ("read", "written", "meant"),
    [
        (units.duration, "90s", 90),
        (units.duration, "1h30m", 5_400),
        (units.duration, " 1w 2d ", 777_600),
        (units.duration, "0s", 0),
        (units.money, 5, 5_000_000),
        (units.money, Decimal("0.000001"), 1),
        (units.money, "0.25", 250_000),
        (units.money, Decimal("1E+3"), 1_000_000_000),
        (units.size, "16MiB", 16 << 20),
        (units.size, "64KB", 64_000),
        (units.size, "1 gib", 1 << 30),
        (units.size, 1_048_576, 1 << 20),
        (units.clock, "22:00", time(22)),
        (units.clock, "6:05:07", time(6, 5, 7)),
        (units.clock, time(7, 30), time(7, 30)),
    ],
)
def test_a_value_is_read_without_rounding(
    read: Callable[[object], object], written: object, meant: object
) -> None:
    assert read(written) == meant


@pytest.mark.parametrize(
    ("read", "written", "why"),
    [
        (units.duration, 600, "600 is a duration without a unit"),
        (units.duration, "", '"" is not a duration'),
        (units.duration, "30m1h", '"30m1h" is not a duration'),
        (units.duration, "1.5h", '"1.5h" is not a duration'),
        (units.duration, "-5m", '"-5m" is not a duration'),
        (units.duration, "٣s", "is not a duration"),
        (units.money, Decimal("0.1234567"), "more than 6 decimals"),
        (units.money, Decimal("NaN"), "NaN is not an amount"),
        (units.money, Decimal("1E+999999999"), "is not an amount"),
        (units.money, Decimal("1E-999999999"), "more than 6 decimals"),
        (units.money, True, "true is not an amount"),
        (units.money, "1e3", '"1e3" is not an amount'),
        (units.size, "16 pages", '"16 pages" is not a size'),
        (units.size, True, "true is not a size"),
        (units.clock, "24:00", '"24:00" is not a time of day'),
        (units.clock, "12:60", '"12:60" is not a time of day'),
        (units.clock, time(7, 0, 0, 1), "is not a time of day"),
        (units.clock, 700, "700 is not a time of day"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_with_the_reason(
    read: Callable[[object], object], written: object, why: str
) -> None:
    with pytest.raises(UnfitError) as refused:
        read(written)
    assert why in str(refused.value)


def test_a_number_without_a_unit_is_offered_with_seconds() -> None:
    with pytest.raises(UnfitError) as refused:
        units.duration(600)
    assert refused.value.suggestion == "600s"


def test_only_an_end_may_be_the_midnight_after() -> None:
    assert units.clock("24:00", is_end=True) == time(0)


@settings(deadline=None)
@for_any(some.integers(0, 366 * 86_400))
def test_a_duration_is_read_as_it_was_written(seconds: int) -> None:
    assert units.duration(units.duration_text(seconds)) == seconds


@settings(deadline=None)
@for_any(some.integers(0, 1_000_000_000_000_000))
def test_an_amount_is_read_as_it_is_shown(usd_micros: int) -> None:
    assert units.money(units.dollars(usd_micros).removeprefix("$")) == usd_micros


@settings(deadline=None)
@for_any(
    some.integers(0, 10**12),
    some.lists(some.decimals(0, 100, places=6), max_size=8),
)
def test_shares_rounded_down_never_add_up_to_more_than_the_whole(
    daily: int, percentages: list[Decimal]
) -> None:
    total, within = Decimal(0), 0
    for percentage in percentages:
        if total + percentage <= 100:
            total += percentage
            within += units.share(f"{percentage:f}%", daily)
    assert 0 <= within <= daily


def test_a_share_is_a_percentage_or_an_amount() -> None:
    assert units.share("33.333333%", 5_000_000) == 1_666_666
    assert units.share("0.25", 5_000_000) == 250_000
    with pytest.raises(UnfitError, match='"101%" is not a percentage'):
        units.share("101%", 5_000_000)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-12-24T18:00:00+01:00", datetime(2026, 12, 24, 17, tzinfo=UTC)),
        ("2026-12-24 18:00", datetime(2026, 12, 24, 17, tzinfo=UTC)),
        (LOCAL("2026-07-01T18:00"), datetime(2026, 7, 1, 16, tzinfo=UTC)),
        (datetime(2026, 7, 1, 18, tzinfo=UTC), datetime(2026, 7, 1, 18, tzinfo=UTC)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_without_an_offset_is_local(written: object, instant: datetime) -> None:
    assert units.moment(written, BERLIN) == instant


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (
            "2026-10-25 02:30",
            "comes twice in Europe/Berlin; "
            "write 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00",
        ),
        (
            LOCAL("2026-03-29T02:30"),
            "does not exist in Europe/Berlin; "
            "write 2026-03-29T01:30:00+01:00 or 2026-03-29T03:30:00+02:00",
        ),
        ("2026-12-24", "is not a date and time"),
        ("2026-13-24 18:00", "is not a date and time"),
        ("0001-01-01T00:00:00+14:00", "is too far away"),
        (20261224, "is not a date and time"),
    ],
)
def test_a_moment_that_is_not_exactly_one_is_refused_with_the_choices(
    written: object, why: str
) -> None:
    with pytest.raises(UnfitError) as refused:
        units.moment(written, BERLIN)
    assert why in str(refused.value)
