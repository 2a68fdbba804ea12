"""Intents that come, change and go while the clock runs: given, when, then."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from actors.clock.rules import next_instant
from events.catalogue import AnyDecision
from events.configuration import Configuration, Day, Intent, Phase
from events.intents import IntentAdded, IntentRemoved, IntentsConfigured, IntentSwitched
from events.time import (
    CalendarChanged,
    DayStarted,
    Expected,
    OccurrenceDue,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
    OccurrencesSuperseded,
    SupersedeReason,
)
from tests.rules.clock_world import MIDNIGHT, PASSED, STARTED, World

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FRIDAY = MIDNIGHT.date()
HOURLY = Intent(run="read", cron="0 * * * *")
HALF = Intent(run="read", cron="30 * * * *")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{FRIDAY}T{text}+00:00")


def house(zone: str = "UTC", **intents: Intent) -> Configuration:
    return Configuration(day=Day(timezone=zone), intents=intents)


def world_at(text: str, **intents: Intent) -> World:
    return World(at(text), Configuration(intents=intents))


def rest(
    first: str, last: str, count: int, reason: SupersedeReason, name: str = "read"
) -> OccurrencesSuperseded:
    return OccurrencesSuperseded(name, at(first), at(last), count, reason)


def expected(first: str, last: str, count: int, because: Any, name: str = "read") -> AnyDecision:
    found = Expected(name, at(first), at(last), count)
    return OccurrencesExpected(FRIDAY, because, (found,))


def test_a_new_intent_counts_from_now_on_and_a_past_one_was_missed() -> None:
    world = world_at("09:30")
    past = Intent(run="read", at=datetime.fromisoformat("2026-11-20T10:00:00+02:00"))
    assert world.load(house(past=past, read=HOURLY)) == [
        IntentsConfigured(added=("past", "read")),
        OccurrenceMissed("past", at("08:00"), at("08:00"), 1, "in_the_past"),
        expected("10:00", "23:00", 14, "configuration"),
    ]
    assert world.load(house(past=past, read=HOURLY)) == []


def test_an_edit_counts_from_now_on_and_takes_the_place_of_what_was_expected() -> None:
    world = world_at("09:45", read=HOURLY)
    assert world.load(house(read=HALF)) == [
        IntentsConfigured(changed=("read",)),
        rest("10:00", "23:00", 14, "edited"),
        expected("10:30", "23:30", 14, "configuration"),
    ]
    assert next_instant(world.clock) == at("10:30")


def test_an_edit_during_an_absence_runs_nothing_that_was_due_before_it() -> None:
    world = world_at("09:30", read=HOURLY)
    world.now = at("12:10")
    assert rest("10:00", "23:00", 14, "edited") in world.load(house(read=HALF))
    assert world.tell(STARTED) == []
    assert next_instant(world.clock) == at("12:30")


def test_an_edit_after_days_of_absence_closes_all_that_was_due_in_them() -> None:
    world = world_at("09:30", read=HOURLY)
    world.now += timedelta(days=2)
    told = world.load(house(read=HALF))
    last = at("09:00") + timedelta(days=2)
    assert OccurrencesSuperseded("read", at("10:00"), last, 48, "edited") in told


@pytest.mark.parametrize(
    "same",
    [
        replace(HOURLY, run="write"),
        replace(HOURLY, misfire="skip"),
        Intent(run="read", cron="00 * * * *"),
        Intent(run="read", every_seconds=3_600),
    ],
)
def test_an_edit_that_leaves_the_times_as_they_are_supersedes_nothing(same: Intent) -> None:
    world = world_at("09:30", read=HOURLY)
    assert world.load(house(read=same)) == [IntentsConfigured(changed=("read",))]
    assert world.pass_time(31 * MINUTE) == [OccurrenceDue("read", at("10:00"))]


def test_other_work_at_the_same_times_does_not_lose_what_is_due() -> None:
    world = world_at("09:30", read=HOURLY)
    world.now = at("10:10")
    world.load(house(read=replace(HOURLY, run="write")))
    assert world.tell(STARTED) == [OccurrenceDue("read", at("10:00"), overdue=True)]


def test_one_that_is_gone_comes_no_more_and_is_no_news_when_it_returns() -> None:
    world = world_at("09:30", read=HOURLY)
    assert world.load(house()) == [
        IntentsConfigured(removed=("read",)),
        rest("10:00", "23:00", 14, "removed"),
    ]
    assert world.pass_time(HOUR) == []
    world.load(house(read=HOURLY))
    world.pass_time(HOUR)
    assert world.dues("read") == [at("11:00")]


def test_one_that_comes_back_while_the_clock_was_put_back_is_not_due_twice() -> None:
    world = world_at("09:30", read=HOURLY)
    world.pass_time(HOUR)
    world.load(house())
    world.step(-HOUR)
    world.load(house(read=HOURLY))
    world.pass_time(2 * HOUR)
    assert world.dues("read") == [at("10:00"), at("11:00")]


def test_what_was_missed_is_not_made_up_for_by_one_that_comes_back() -> None:
    strict = replace(HOURLY, misfire="skip")
    world = world_at("09:30", read=strict)
    world.be_down(HOUR)
    world.load(house())
    world.step(-HOUR)
    world.load(house(read=strict))
    world.pass_time(HOUR)
    assert world.dues("read") == []


def test_one_that_was_made_while_the_clock_was_wrong_counts_from_when_it_is_right() -> None:
    world = world_at("09:30", read=HOURLY)
    world.step(timedelta(days=9_000))
    world.tell(IntentAdded("mine", replace(HOURLY, misfire="run_all"), "request"))
    world.pass_time(2 * HOUR)
    far = world.dues("mine")
    world.step(-timedelta(days=9_000))
    world.pass_time(HOUR)
    assert world.dues("mine") == [*far, at("12:00")]


def test_one_that_is_disabled_waits_and_counts_from_when_it_is_enabled() -> None:
    world = world_at("09:30", read=HOURLY)
    off = replace(HOURLY, enabled=False)
    assert rest("10:00", "23:00", 14, "disabled") in world.load(house(read=off))
    world.pass_time(2 * HOUR)
    assert expected("12:00", "23:00", 12, "configuration") in world.load(house(read=HOURLY))
    world.pass_time(HOUR)
    assert world.dues("read") == [at("12:00")]


def test_one_that_is_switched_by_hand_stays_so_until_its_configuration_changes() -> None:
    world = world_at("09:30", read=HOURLY)
    assert world.tell(IntentSwitched("read", False)) == [rest("10:00", "23:00", 14, "disabled")]
    assert world.load(house(read=HOURLY)) == []
    assert world.be_down(HOUR) == []
    told = world.load(house(read=replace(HOURLY, run="write")))
    assert expected("11:00", "23:00", 13, "configuration") in told


def test_one_that_is_switched_on_again_expects_the_rest_of_the_day() -> None:
    world = world_at("09:30", read=HOURLY)
    world.tell(IntentSwitched("read", False))
    world.now = at("12:30")
    assert world.tell(IntentSwitched("read", True)) == [
        expected("13:00", "23:00", 11, "intent_changed")
    ]
    assert world.tell(IntentSwitched("read", True)) == []
    assert world.tell(IntentSwitched("nobody", True)) == []


def test_one_that_is_made_by_hand_is_touched_by_no_configuration() -> None:
    world = world_at("09:30", read=HOURLY)
    assert world.tell(IntentAdded("mine", HALF, "request")) == [
        expected("10:30", "23:30", 14, "intent_changed", "mine")
    ]
    assert world.load(house(mine=HOURLY)) == [
        IntentsConfigured(removed=("read",), name_taken=("mine",)),
        rest("10:00", "23:00", 14, "removed"),
    ]
    assert world.load(house(mine=HOURLY)) == []
    world.pass_time(HOUR)
    assert world.dues("mine") == [at("10:30")]
    assert world.tell(IntentRemoved("mine", "asked")) == [
        rest("11:30", "23:30", 13, "removed", "mine"),
        IntentsConfigured(added=("mine",)),
        expected("11:00", "23:00", 13, "intent_changed", "mine"),
    ]
    assert world.tell(IntentRemoved("mine", "asked")) == []
    world.pass_time(HOUR)
    assert world.dues("mine")[-1] == at("11:00"), "the configured one has its name now"
    assert world.load(house(mine=HOURLY)) == []
    assert world.clock == world.lived_again()


def test_what_waits_for_its_turn_is_superseded_with_its_intent() -> None:
    world = world_at("09:30", read=replace(HOURLY, misfire="run_all", misfire_limit=20))
    world.be_down(timedelta(hours=12))
    waiting = len(world.clock.waiting["read"].instants)
    told = world.load(house())
    assert [fact.count for fact in told if isinstance(fact, OccurrencesSuperseded)] == [waiting, 2]
    assert world.pass_time(HOUR) == []


def test_another_zone_moves_what_goes_by_the_wall_and_nothing_else() -> None:
    nine, often = Intent(run="read", cron="0 9 * * *"), Intent(run="read", every_seconds=21_600)
    world = World(at("07:00"), house(nine=nine, often=often))
    told = world.load(house("Europe/Berlin", nine=nine, often=often))
    assert told == [
        CalendarChanged("timezone", "UTC", "Europe/Berlin"),
        rest("09:00", "09:00", 1, "zone_changed", "nine"),
        expected("08:00", "08:00", 1, "clock_changed", "nine"),
    ]
    world.pass_time(2 * HOUR)
    assert world.dues("nine") == [at("08:00")]


def test_a_local_time_that_passes_with_the_change_of_zone_does_not_come() -> None:
    nine = Intent(run="read", cron="0 9 * * *")
    world = World(at("08:30"), house(nine=nine))
    world.load(house("Europe/Berlin", nine=nine))
    world.pass_time(12 * HOUR)
    assert world.dues("nine") == []


def test_an_intent_with_a_zone_of_its_own_stays_when_the_house_moves() -> None:
    nine = Intent(run="read", cron="0 9 * * *", timezone="Asia/Tokyo")
    world = World(at("00:00") - HOUR, house(nine=nine))
    world.load(house("Europe/Berlin", nine=nine))
    world.pass_time(2 * HOUR)
    assert world.dues("nine") == [at("00:00")]


def test_other_time_zone_data_are_told_and_move_only_what_differs() -> None:
    world = world_at("09:30", read=HOURLY)
    assert world.load(house(read=HOURLY), tzdata="b") == [CalendarChanged("tzdata", "a", "b")]
    world.pass_time(31 * MINUTE)
    assert world.dues("read") == [at("10:00")]


def test_a_phase_that_moves_takes_the_occurrences_in_it_along() -> None:
    def phased(start: str) -> Configuration:
        night = Phase(name="night", start=at(start).time(), end=at("23:00").time())
        return Configuration(phases=(night,), intents={"read": replace(HOURLY, phases=("night",))})

    world = World(at("09:30"), phased("20:00"))
    told = world.load(phased("21:00"))
    assert told == [
        rest("20:00", "22:00", 3, "edited"),
        expected("21:00", "22:00", 2, "configuration"),
    ]


def test_everything_is_as_before_where_the_configuration_is_known_already() -> None:
    world = world_at("09:30", read=HOURLY)
    before = world.clock.intents["read"]
    assert world.load(house(read=HOURLY)) == []
    assert world.clock.intents["read"] == before


def test_two_edits_in_a_day_leave_one_expectation() -> None:
    world = world_at("09:45", read=HOURLY)
    world.load(house(read=HALF))
    world.load(house(read=HOURLY))
    assert world.book.open["read"] == {at(f"{hour}:00") for hour in range(10, 24)}
    told = world.pass_time(timedelta(hours=14, minutes=15))
    assert [type(fact) for fact in told[-3:]] == [DayStarted, OccurrencesExpected, OccurrenceDue]
    assert world.lived_again() == world.clock


def test_a_coalesced_occurrence_needs_no_second_verdict_after_an_edit() -> None:
    world = world_at("09:30", read=HOURLY)
    told = world.be_down(timedelta(hours=3, minutes=35))
    assert isinstance(told[0], OccurrencesCoalesced)
    assert world.load(house(read=HALF))[1] == rest("14:00", "23:00", 10, "edited")
    assert world.tell(PASSED) == []
