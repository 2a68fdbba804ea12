"""The days and phases of the clock, one story each: given, when, then."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest

from actors.clock.rules import next_instant
from events.configuration import ConfigurationLoaded, Phase
from events.settings import WEEKDAYS
from events.time import (
    DayStarted,
    HostSlept,
    OccurrencesReopened,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
)
from tests.rules.clock_story import (
    AFTERNOON,
    FRIDAY,
    MORNING,
    NIGHT,
    PASSED,
    SATURDAY,
    STARTED,
    SUNDAY,
    at,
    given,
    hourly,
    loaded,
    phase,
    started,
    when,
)


def test_the_first_start_begins_the_day_it_finds() -> None:
    clock = given((at("09:00"), loaded(zone="Europe/Berlin", starts_at="04:00")))
    assert when(clock, at("09:00"), STARTED) == [
        DayStarted(FRIDAY, at("03:00"), at("03:00", SATURDAY))
    ]


def test_a_moment_at_which_nothing_is_due_is_passed_over_in_silence() -> None:
    clock = started(at("09:00"), loaded(MORNING, read=hourly()))
    assert when(clock, at("09:59:59"), PASSED) == []
    assert next_instant(clock) == at("10:00")


def test_a_day_ends_and_the_next_one_starts() -> None:
    clock = started(at("09:00"), loaded())
    assert next_instant(clock) == at("00:00", SATURDAY)
    assert when(clock, at("00:00", SATURDAY), PASSED) == [
        DayStarted(SATURDAY, at("00:00", SATURDAY), at("00:00", SUNDAY))
    ]


def test_a_day_that_has_begun_does_not_begin_again_with_the_daemon() -> None:
    clock = started(at("09:00"), loaded(MORNING))
    assert when(clock, at("10:00"), STARTED) == []


def test_days_without_us_do_not_open_but_the_one_we_come_back_to_does() -> None:
    clock = started(at("09:00"), loaded())
    monday = date(2026, 11, 23)
    assert when(clock, at("09:00", monday), STARTED) == [
        DayStarted(monday, at("00:00", monday), at("00:00", date(2026, 11, 24)))
    ]


def test_a_clock_that_is_put_back_a_little_opens_no_day_and_no_phase_again() -> None:
    clock = started(at("09:00", SATURDAY), loaded(MORNING, AFTERNOON))
    assert when(clock, at("09:00", FRIDAY), PASSED) == []
    assert when(clock, at("13:00", FRIDAY), STARTED) == []
    assert when(clock, at("07:00", SATURDAY), PASSED) == []
    assert when(clock, at("12:00", SATURDAY), PASSED) == [
        PhaseEnded(SATURDAY, "morning", at("12:00", SATURDAY)),
        PhaseStarted(SATURDAY, "afternoon", at("12:00", SATURDAY), at("18:00", SATURDAY)),
    ]


def test_a_clock_that_is_put_back_by_more_than_a_day_goes_through_it_again() -> None:
    clock = started(at("09:00"), loaded(MORNING, AFTERNOON))
    when(clock, at("09:00", SATURDAY), PASSED)
    assert when(clock, at("08:59"), PASSED) == [
        OccurrencesReopened(at("08:59")),
        PhaseEnded(SATURDAY, "morning", at("08:59")),
        DayStarted(FRIDAY, at("00:00"), at("00:00", SATURDAY), again=True),
        PhaseStarted(FRIDAY, "morning", at("06:00"), at("12:00")),
    ]
    assert next_instant(clock) == at("12:00")


@pytest.mark.parametrize(
    ("zone", "on", "begins", "ends"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00", "2026-03-29T22:00"),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00", "2026-11-02T05:00"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T13:30", "2026-10-04T13:00"),
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00", "2026-09-07T03:00"),
    ],
)
def test_a_day_on_which_clocks_change_starts_and_ends_on_its_instants(
    zone: str, on: date, begins: str, ends: str
) -> None:
    starts_at, ends_at = (
        datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (begins, ends)
    )
    clock = started(starts_at - timedelta(hours=1), loaded(zone=zone))
    assert next_instant(clock) == starts_at
    assert when(clock, starts_at, PASSED) == [DayStarted(on, starts_at, ends_at)]
    assert next_instant(clock) == ends_at


def test_the_first_start_finds_what_is_open_and_what_is_over() -> None:
    clock = given((at("13:00"), loaded(MORNING, AFTERNOON, NIGHT)))
    assert when(clock, at("13:00"), STARTED) == [
        DayStarted(FRIDAY, at("00:00"), at("00:00", SATURDAY)),
        PhaseMissed(FRIDAY, "morning", at("06:00"), at("12:00"), "before_first_start"),
        PhaseStarted(FRIDAY, "afternoon", at("12:00"), at("18:00")),
    ]


def test_a_phase_that_crossed_midnight_belongs_to_the_day_before() -> None:
    clock = given((at("05:00"), loaded(NIGHT)))
    assert when(clock, at("05:00"), STARTED)[1:] == [
        PhaseStarted(date(2026, 11, 19), "night", at("22:00", date(2026, 11, 19)), at("06:00"))
    ]


def test_what_ends_is_told_before_the_day_and_what_starts_after_it() -> None:
    evening, dawn = phase("evening", "18:00", "00:00"), phase("dawn", "00:00", "06:00")
    clock = started(at("19:00"), loaded(evening, dawn))
    assert when(clock, at("00:00", SATURDAY), PASSED) == [
        PhaseEnded(FRIDAY, "evening", at("00:00", SATURDAY)),
        DayStarted(SATURDAY, at("00:00", SATURDAY), at("00:00", SUNDAY)),
        PhaseStarted(SATURDAY, "dawn", at("00:00", SATURDAY), at("06:00", SATURDAY)),
    ]


def test_a_phase_in_progress_goes_on_over_a_restart() -> None:
    clock = started(at("09:00"), loaded(MORNING))
    assert when(clock, at("11:00"), loaded(MORNING)) == []
    assert when(clock, at("11:00"), STARTED) == []
    assert next_instant(clock) == at("12:00")


def test_phases_that_came_and_went_without_us_are_missed() -> None:
    clock = started(at("09:00"), loaded(MORNING, AFTERNOON, NIGHT))
    assert when(clock, at("08:00", SATURDAY), STARTED) == [
        PhaseEnded(FRIDAY, "morning", at("12:00")),
        DayStarted(SATURDAY, at("00:00", SATURDAY), at("00:00", SUNDAY)),
        PhaseMissed(FRIDAY, "afternoon", at("12:00"), at("18:00"), "daemon_down"),
        PhaseMissed(FRIDAY, "night", at("22:00"), at("06:00", SATURDAY), "daemon_down"),
        PhaseStarted(SATURDAY, "morning", at("06:00", SATURDAY), at("12:00", SATURDAY)),
    ]


@pytest.mark.parametrize("days", [("fri",), WEEKDAYS])
def test_of_ten_years_without_us_the_hundred_newest_phases_are_told(days: Sequence[str]) -> None:
    rare = Phase(
        name="rare", start=time(6), end=time(7), days=tuple(d for d in WEEKDAYS if d in days)
    )
    clock = started(at("09:00"), loaded(rare))
    back = at("09:00", date(2036, 11, 21))
    missed = [fact for fact in when(clock, back, STARTED) if isinstance(fact, PhaseMissed)]
    assert len(missed) == 100
    assert missed[-1].day == date(2036, 11, 21)
    assert sorted(missed, key=lambda fact: fact.starts_at) == missed


def test_a_phase_that_a_gap_swallows_is_neither_started_nor_missed() -> None:
    short = phase("short", "02:10", "02:50")
    clock = started(at("23:30", date(2026, 3, 28)), loaded(short, zone="Europe/Berlin"))
    assert when(clock, at("12:00", date(2026, 3, 29)), PASSED) == []


def test_a_phase_that_is_configured_no_more_ends_at_once() -> None:
    clock = started(at("09:00"), loaded(MORNING))
    assert when(clock, at("10:00"), loaded(AFTERNOON)) == [
        PhaseEnded(FRIDAY, "morning", at("10:00"))
    ]
    assert when(clock, at("10:00"), PASSED) == []


def test_a_phase_removed_while_we_were_away_ended_when_its_window_did() -> None:
    clock = started(at("09:00"), loaded(MORNING))
    assert when(clock, at("15:00"), loaded(AFTERNOON)) == [
        PhaseEnded(FRIDAY, "morning", at("12:00"))
    ]


def test_a_phase_in_progress_takes_the_new_end_of_its_window() -> None:
    clock = started(at("09:00"), loaded(MORNING))
    assert when(clock, at("10:00"), loaded(phase("morning", "07:00", "11:00"))) == []
    assert when(clock, at("10:00"), PASSED) == []
    assert when(clock, at("11:00"), PASSED) == [PhaseEnded(FRIDAY, "morning", at("11:00"))]


def test_a_phase_whose_window_has_moved_into_the_future_ends_and_starts_again_then() -> None:
    clock = started(at("09:00"), loaded(MORNING))
    assert when(clock, at("10:00"), loaded(phase("morning", "11:00", "12:00"))) == [
        PhaseEnded(FRIDAY, "morning", at("10:00"))
    ]
    when(clock, at("10:00"), PASSED)
    assert next_instant(clock) == at("11:00")


def test_a_new_phase_starts_without_delay_and_one_that_is_over_was_not_missed() -> None:
    clock = started(at("05:00"), loaded())
    when(clock, at("10:00"), loaded(phase("early", "06:00", "07:00"), MORNING))
    wakes = next_instant(clock)
    assert wakes is not None and wakes <= at("10:00")
    assert when(clock, at("10:00"), PASSED) == [
        PhaseStarted(FRIDAY, "morning", at("06:00"), at("12:00"))
    ]


def test_a_phase_that_the_machine_slept_through_says_so() -> None:
    clock = started(at("09:00"), loaded(MORNING, AFTERNOON))
    slept = HostSlept(10 * 3_600_000, at("10:00"))
    assert when(clock, at("20:00"), slept) == [
        PhaseEnded(FRIDAY, "morning", at("12:00")),
        PhaseMissed(FRIDAY, "afternoon", at("12:00"), at("18:00"), "asleep"),
    ]


def test_what_was_missed_is_told_although_the_configuration_changed_meanwhile() -> None:
    clock = started(at("05:00"), loaded(MORNING, AFTERNOON))
    changed = loaded(MORNING, phase("afternoon", "12:00", "17:00"))
    assert when(clock, at("17:30"), changed) == []
    assert when(clock, at("17:30"), STARTED) == [
        PhaseMissed(FRIDAY, "morning", at("06:00"), at("12:00"), "daemon_down"),
        PhaseMissed(FRIDAY, "afternoon", at("12:00"), at("17:00"), "daemon_down"),
    ]


def test_a_configuration_known_already_changes_nothing() -> None:
    clock = started(at("09:00"), loaded(MORNING, read=hourly()))
    assert when(clock, at("09:30"), ConfigurationLoaded("d")) == []
    assert next_instant(clock) == at("10:00")
