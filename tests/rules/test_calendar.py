"""Days and phases on the wall and in time, above all where clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from actors.calendar import (
    PhaseWindow,
    day_bounds,
    day_of,
    in_window,
    instant,
    next_boundary,
    phase_on,
    phases_at,
    phases_of,
)
from events.configuration import Configuration, Day, Phase, Window
from events.settings import WEEKDAYS, Weekday

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
LORD_HOWE, SANTIAGO = "Australia/Lord_Howe", "America/Santiago"

# The local dates on which clocks are put forward and back.
CHANGES = {
    BERLIN: (date(2026, 3, 29), date(2026, 10, 25)),
    NEW_YORK: (date(2026, 3, 8), date(2026, 11, 1)),
    LORD_HOWE: (date(2026, 10, 4), date(2026, 4, 5)),
    SANTIAGO: (date(2026, 9, 6), date(2026, 4, 4)),
}

zones = some.sampled_from([*CHANGES, "UTC", "Asia/Kolkata"])
zones_and_one_that_lost_a_day = zones | some.just("Pacific/Apia")
clock_times = some.builds(time, some.integers(0, 23), some.sampled_from([0, 10, 15, 30, 45]))


@some.composite
def moments(draw: some.DrawFn, zone: str) -> datetime:
    """Often near a change of clocks, sometimes anywhere."""
    near = [datetime.combine(on, time(2), UTC) for on in CHANGES.get(zone, ())]
    near += [datetime(2011, 12, 30, 10, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)]
    seconds = draw(some.integers(-3 * 86_400, 3 * 86_400))
    return draw(some.sampled_from(near)) + timedelta(seconds=seconds)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def phase(name: str, start: str, end: str, *days: Weekday) -> Phase:
    start_at, end_at = time.fromisoformat(start), time.fromisoformat(end)
    return Phase(name=name, start=start_at, end=end_at, days=days or WEEKDAYS)


def configured(*phases: Phase, zone: str = "UTC", starts_at: str = "00:00") -> Configuration:
    day = Day(timezone=zone, starts_at=time.fromisoformat(starts_at))
    return Configuration(day=day, phases=phases)


FOUR = (
    phase("night", "22:00", "06:00"),
    phase("morning", "06:00", "12:00"),
    phase("afternoon", "12:00", "18:00"),
    phase("evening", "18:00", "22:00"),
)


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        (BERLIN, "2026-11-20T09:30", "2026-11-20T08:30"),
        (BERLIN, "2026-03-29T02:30", "2026-03-29T01:00"),  # skipped: the end of the gap
        (BERLIN, "2026-03-29T03:00", "2026-03-29T01:00"),
        (BERLIN, "2026-10-25T02:30", "2026-10-25T00:30"),  # twice: the first
        (NEW_YORK, "2026-03-08T02:00", "2026-03-08T07:00"),
        (NEW_YORK, "2026-11-01T01:30", "2026-11-01T05:30"),
        (LORD_HOWE, "2026-10-04T02:10", "2026-10-03T15:30"),  # half an hour is skipped
        (LORD_HOWE, "2026-10-04T02:30", "2026-10-03T15:30"),
        (LORD_HOWE, "2026-04-05T01:45", "2026-04-04T14:45"),
        (SANTIAGO, "2026-09-06T00:00", "2026-09-06T04:00"),  # there is no midnight
        (SANTIAGO, "2026-04-04T23:30", "2026-04-05T02:30"),
        ("Pacific/Apia", "2011-12-30T15:00", "2011-12-30T10:00"),  # there is no such day
    ],
)
def test_a_time_on_the_wall_is_one_instant(zone: str, local: str, expected: str) -> None:
    shown = datetime.fromisoformat(local)
    assert instant(shown.date(), shown.time(), zone) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "on", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 23.0),
        (BERLIN, date(2026, 10, 25), 25.0),
        (NEW_YORK, date(2026, 3, 8), 23.0),
        (NEW_YORK, date(2026, 11, 1), 25.0),
        (LORD_HOWE, date(2026, 10, 4), 23.5),
        (LORD_HOWE, date(2026, 4, 5), 24.5),
        (SANTIAGO, date(2026, 9, 6), 23.0),
        (SANTIAGO, date(2026, 4, 4), 25.0),
        (BERLIN, date(2026, 11, 20), 24.0),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(zone: str, on: date, hours: float) -> None:
    starts_at, ends_at = day_bounds(Day(timezone=zone), on)
    assert ends_at - starts_at == timedelta(hours=hours)


def test_a_day_begins_when_it_is_told_to() -> None:
    day = Day(timezone=BERLIN, starts_at=time(4))
    assert day_of(day, utc("2026-11-20T02:59:59")) == date(2026, 11, 19)
    assert day_of(day, utc("2026-11-20T03:00")) == date(2026, 11, 20)
    assert day_bounds(day, date(2026, 11, 20)) == (utc("2026-11-20T03:00"), utc("2026-11-21T03:00"))


def test_a_start_of_day_that_comes_twice_starts_one_day() -> None:
    day = Day(timezone=BERLIN, starts_at=time(2, 30))
    first, second = utc("2026-10-25T00:30"), utc("2026-10-25T01:30")
    between = second - timedelta(minutes=20)  # The wall shows 02:10 again.
    assert [day_of(day, at) for at in (first, between, second)] == [date(2026, 10, 25)] * 3
    assert day_of(day, first - timedelta(seconds=1)) == date(2026, 10, 24)


@settings(deadline=None)
@for_any(some.data(), zones_and_one_that_lost_a_day, clock_times)
def test_every_instant_lies_in_its_day_and_days_leave_no_gap(
    data: some.DataObject, zone: str, starts_at: time
) -> None:
    day, at = Day(timezone=zone, starts_at=starts_at), data.draw(moments(zone))
    on = day_of(day, at)
    begins, ends = day_bounds(day, on)
    assert begins <= at < ends
    assert day_bounds(day, on + timedelta(days=1))[0] == ends


def test_phases_are_windows_in_order_of_time_and_may_cross_midnight() -> None:
    today = date(2026, 11, 20)
    assert phases_of(configured(*FOUR), today) == [
        PhaseWindow(today, "morning", utc("2026-11-20T06:00"), utc("2026-11-20T12:00")),
        PhaseWindow(today, "afternoon", utc("2026-11-20T12:00"), utc("2026-11-20T18:00")),
        PhaseWindow(today, "evening", utc("2026-11-20T18:00"), utc("2026-11-20T22:00")),
        PhaseWindow(today, "night", utc("2026-11-20T22:00"), utc("2026-11-21T06:00")),
    ]


def test_a_phase_belongs_to_the_day_in_which_it_starts() -> None:
    configuration = configured(phase("late", "01:00", "03:00"), starts_at="04:00")
    friday = date(2026, 11, 20)
    assert phases_of(configuration, friday) == [
        PhaseWindow(friday, "late", utc("2026-11-21T01:00"), utc("2026-11-21T03:00"))
    ]


def test_the_weekday_of_a_phase_is_that_of_the_local_date_on_which_it_starts() -> None:
    late = phase("late", "01:00", "03:00", "sat")
    friday, saturday = date(2026, 11, 20), date(2026, 11, 21)
    assert phase_on(configured(late), saturday, "late") is not None
    assert phase_on(configured(late), friday, "late") is None
    assert phase_on(configured(late, starts_at="04:00"), friday, "late") is not None
    assert phase_on(configured(late, starts_at="04:00"), saturday, "late") is None


def test_windows_of_one_name_may_differ_by_weekday() -> None:
    working, resting = phase("day", "09:00", "17:00", "fri"), phase("day", "11:00", "15:00", "sat")
    configuration = configured(working, resting)
    opens = [phases_of(configuration, date(2026, 11, on)) for on in (20, 21, 22)]
    assert [[w.starts_at.hour for w in windows] for windows in opens] == [[9], [11], []]


def test_equal_start_and_end_last_a_whole_day() -> None:
    configuration = configured(phase("all", "08:00", "08:00"), zone=BERLIN)
    window = phase_on(configuration, date(2026, 10, 24), "all")
    assert window is not None
    assert window.ends_at - window.starts_at == timedelta(hours=25)


def test_windows_meet_also_where_clocks_change() -> None:
    early, late = phase("early", "01:00", "02:30"), phase("late", "02:30", "05:00")
    gap = phases_of(configured(early, late, zone=BERLIN), date(2026, 3, 29))
    fold = phases_of(configured(early, late, zone=BERLIN), date(2026, 10, 25))
    assert [(w.starts_at.hour, w.ends_at.hour) for w in gap] == [(0, 1), (1, 3)]
    assert [w.ends_at - w.starts_at for w in fold] == [
        timedelta(hours=1, minutes=30),
        timedelta(hours=3, minutes=30),
    ]


def test_a_window_that_a_gap_swallows_is_left_out() -> None:
    short = configured(phase("short", "02:10", "02:50"), zone=BERLIN)
    assert phases_of(short, date(2026, 3, 29)) == []
    assert len(phases_of(short, date(2026, 3, 30))) == 1


def test_a_phase_of_a_day_that_never_was_is_left_out() -> None:
    configuration = configured(phase("night", "22:00", "06:00"), zone="Pacific/Apia")
    assert phases_of(configuration, date(2011, 12, 30)) == []
    assert [w.day.day for w in phases_of(configuration, date(2011, 12, 31))] == [31]


def test_a_gap_that_swallows_the_start_of_day_gives_no_day_a_phase_twice() -> None:
    configuration = configured(phase("all", "00:00", "00:00"), zone=SANTIAGO, starts_at="00:10")
    for on in (date(2026, 9, 4), date(2026, 9, 5), date(2026, 9, 6)):
        (window,) = phases_of(configuration, on)
        assert day_bounds(configuration.day, on)[0] < window.starts_at


def test_a_missing_midnight_begins_the_day_and_its_phase_at_one() -> None:
    configuration = configured(phase("first", "00:00", "02:00"), zone=SANTIAGO)
    window = phase_on(configuration, date(2026, 9, 6), "first")
    assert window is not None
    assert (window.starts_at, window.ends_at) == (utc("2026-09-06T04:00"), utc("2026-09-06T05:00"))
    assert day_bounds(configuration.day, window.day)[0] == window.starts_at


def test_what_a_caller_does_to_the_phases_harms_nobody_else() -> None:
    configuration, today = configured(*FOUR), date(2026, 11, 20)
    phases_of(configuration, today).clear()
    assert len(phases_of(configuration, today)) == 4


@some.composite
def tilings(draw: some.DrawFn) -> tuple[Phase, ...]:
    """Phases that follow each other around the whole clock."""
    cuts = draw(some.lists(clock_times, min_size=2, max_size=6, unique=True))
    cuts.sort()
    return tuple(
        Phase(name=f"p{n}", start=start, end=end)
        for n, (start, end) in enumerate(zip(cuts, cuts[1:] + cuts[:1], strict=True))
    )


@settings(max_examples=60, deadline=None)
@for_any(some.data(), zones, clock_times, tilings())
def test_phases_that_fill_the_clock_fill_all_of_time_once(
    data: some.DataObject, zone: str, starts_at: time, phases: tuple[Phase, ...]
) -> None:
    configuration = Configuration(day=Day(timezone=zone, starts_at=starts_at), phases=phases)
    first = day_of(configuration.day, data.draw(moments(zone)))
    days = [first + timedelta(days=n) for n in range(4)]
    windows = [window for on in days for window in phases_of(configuration, on)]
    assert all(w.ends_at == n.starts_at for w, n in pairwise(windows))
    assert len({(w.day, w.phase) for w in windows}) == len(windows)
    for window in windows:
        begins, ends = day_bounds(configuration.day, window.day)
        assert begins <= window.starts_at <= ends
        in_a_gap = ends.astimezone(ZoneInfo(zone)).time() != starts_at
        assert window.starts_at < ends or in_a_gap
    for window in windows:
        assert phases_at(configuration, window.starts_at) == [window]


@settings(max_examples=60, deadline=None)
@for_any(some.data(), zones_and_one_that_lost_a_day, clock_times, tilings())
def test_nothing_changes_before_the_next_boundary(
    data: some.DataObject, zone: str, starts_at: time, phases: tuple[Phase, ...]
) -> None:
    some_phases = phases[: data.draw(some.integers(0, len(phases)))]
    configuration = Configuration(day=Day(timezone=zone, starts_at=starts_at), phases=some_phases)

    def present(at: datetime) -> tuple[date, list[PhaseWindow]]:
        return day_of(configuration.day, at), phases_at(configuration, at)

    at = data.draw(moments(zone))
    boundary = next_boundary(configuration, at)
    assert boundary > at
    between = at + (boundary - at) * data.draw(some.floats(0, 1, exclude_max=True))
    assert present(min(between, boundary - timedelta(microseconds=1))) == present(at)
    assert present(boundary) != present(at)


NINE_TO_FIVE = Window(start=time(9), end=time(17), days=("fri",))
OVERNIGHT = Window(start=time(22), end=time(6), days=("fri",))


@pytest.mark.parametrize(
    ("window", "zone", "at", "expected"),
    [
        (NINE_TO_FIVE, "UTC", "2026-11-20T09:00", True),
        (NINE_TO_FIVE, "UTC", "2026-11-20T17:00", False),  # its end is not in it
        (NINE_TO_FIVE, "UTC", "2026-11-21T10:00", False),  # a Saturday
        (NINE_TO_FIVE, BERLIN, "2026-11-20T08:30", True),
        (OVERNIGHT, "UTC", "2026-11-20T23:00", True),
        (OVERNIGHT, "UTC", "2026-11-21T05:59", True),  # Friday's window, on Saturday
        (OVERNIGHT, "UTC", "2026-11-20T05:59", False),  # Thursday's would be
        (OVERNIGHT, "UTC", "2026-11-21T23:00", False),
        (OVERNIGHT, "UTC", "2026-11-20T12:00", False),
    ],
)
def test_a_window_goes_by_the_wall_and_the_weekday_on_which_it_starts(
    window: Window, zone: str, at: str, expected: bool
) -> None:
    assert in_window(window, zone, utc(at)) is expected
