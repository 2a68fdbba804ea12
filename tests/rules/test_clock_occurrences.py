"""How intents become due in time, and what a day is expected to bring: given, when, then."""

from datetime import date, datetime, timedelta

import pytest

from actors.clock.rules import next_instant
from events.catalogue import AnyDecision
from events.configuration import Configuration, Dates, Day, Intent, Phase
from events.intents import IntentsConfigured
from events.plan import OccurrenceSkipped
from events.policies import Clock, Policies
from events.settings import Hours
from events.time import (
    DayStarted,
    Expected,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrencesExpected,
)
from tests.rules.clock_world import MIDNIGHT, PASSED, World

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
FRIDAY, SATURDAY = MIDNIGHT.date(), date(2026, 11, 21)


def at(text: str, on: date = FRIDAY) -> datetime:
    return datetime.fromisoformat(f"{on}T{text}+00:00")


def world_at(text: str, zone: str = "UTC", **intents: Intent) -> World:
    now = at(text) if "T" not in text else datetime.fromisoformat(f"{text}+00:00")
    return World(now, Configuration(day=Day(timezone=zone), intents=intents))


def world_of(intents: dict[str, Intent]) -> World:
    return World(at("09:30"), Configuration(intents=intents))


def cron(fields: str, **more: object) -> Intent:
    return Intent(run="read", cron=fields, **more)  # type: ignore[arg-type]


HOURLY = cron("0 * * * *")


def of_kind(kind: type, told: list[AnyDecision]) -> list[AnyDecision]:
    return [fact for fact in told if isinstance(fact, kind)]


def test_an_intent_is_due_on_its_instant_and_then_waits_for_the_next() -> None:
    world = world_at("09:30", read=HOURLY)
    assert next_instant(world.clock) == at("10:00")
    assert world.pass_time(30 * MINUTE) == [OccurrenceDue("read", at("10:00"))]
    assert world.tell(PASSED) == []
    assert next_instant(world.clock) == at("11:00")


def test_what_a_day_brings_is_told_when_it_starts() -> None:
    world = world_at("22:30", rare=cron("0 9 * * 1"), read=HOURLY)
    first = world.log[1][1]
    assert first[1] == OccurrencesExpected(
        FRIDAY, "day_started", (Expected("read", at("23:00"), at("23:00"), 1),)
    )
    midnight, last = at("00:00", SATURDAY), at("23:00", SATURDAY)
    assert world.pass_time(2 * HOUR)[1:] == [
        DayStarted(SATURDAY, midnight, midnight + 24 * HOUR),
        OccurrencesExpected(SATURDAY, "day_started", (Expected("read", midnight, last, 24),)),
        OccurrenceDue("read", midnight),
    ]


def test_nothing_is_expected_of_what_no_time_makes_due() -> None:
    world = world_at("09:30", next=Intent(run="read", after="read"), now=Intent(run="x", now=True))
    assert of_kind(OccurrencesExpected, world.log[1][1]) == []
    assert OccurrenceDue("now", at("09:30")) in world.log[1][1]


def test_five_hundred_intents_are_told_at_once() -> None:
    many = {f"i{n}": HOURLY for n in range(1_001)}
    told = world_of(many).log[1][1]
    assert [len(fact.intents) for fact in told if isinstance(fact, OccurrencesExpected)] == [
        500, 500, 1,
    ]  # fmt: skip


def test_a_hundred_that_are_due_at_one_instant_are_told_in_one_pass() -> None:
    world = world_of({f"i{n:03}": HOURLY for n in range(100)})
    world.now = at("10:00")
    assert world.tell(PASSED) == [OccurrenceDue(f"i{n:03}", at("10:00")) for n in range(100)]


def test_a_restart_in_the_same_day_expects_nothing_new() -> None:
    world = world_at("09:30", read=HOURLY)
    assert world.be_down(SECOND) == []


def test_jitter_is_the_same_each_time_and_the_occurrence_keeps_its_instant() -> None:
    late = cron("0 * * * *", jitter_seconds=600)
    world = world_at("09:30", read=late)
    first = next_instant(world.clock)
    assert first is not None and at("10:00") < first <= at("10:10")
    assert world.pass_time(first - world.now - SECOND) == []
    assert world.pass_time(SECOND) == [OccurrenceDue("read", at("10:00"))]
    assert next_instant(world.clock) == first + HOUR
    assert next_instant(world_at("09:30", other=late).clock) != first


def test_the_jitter_of_the_house_holds_at_once_when_it_changes() -> None:
    world = world_at("09:30", read=HOURLY)
    settings = Configuration(intents={"read": HOURLY}, policies=Policies(jitter_seconds=600))
    assert world.load(settings) == []
    first = next_instant(world.clock)
    assert first is not None and first > at("10:00")


@pytest.mark.parametrize(
    ("zone", "fields", "asleep_at", "due"),
    [
        ("Europe/Berlin", "30 2 * * *", "2026-03-29T00:00", ["2026-03-29T01:00"]),
        ("America/New_York", "30 1 * * *", "2026-11-01T05:00", ["2026-11-01T05:30"]),
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T15:00", ["2026-10-03T15:30"]),
        ("America/Santiago", "0 0 * * *", "2026-09-06T03:00", ["2026-09-06T04:00"]),
    ],
)
def test_what_is_named_is_due_once_while_clocks_change(
    zone: str, fields: str, asleep_at: str, due: list[str]
) -> None:
    world = world_at(asleep_at, zone, read=cron(fields))
    world.pass_time(20 * HOUR)
    assert world.dues("read") == [datetime.fromisoformat(f"{one}+00:00") for one in due]


@pytest.mark.parametrize(
    ("policy", "start", "told"),
    [
        ({"dst_gap": "skip"}, "2026-03-29T00:30", [("01:00", "dst_gap")]),
        ({}, "2026-03-29T00:30", [("01:00", "")]),
        ({}, "2026-10-25T00:10", [("00:30", ""), ("01:30", "dst_overlap")]),
        ({"dst_overlap": "last"}, "2026-10-25T00:10", [("00:30", "dst_overlap"), ("01:30", "")]),
        ({"dst_overlap": "both"}, "2026-10-25T00:10", [("00:30", ""), ("01:30", "")]),
    ],
)
def test_an_occurrence_that_clocks_pass_over_is_skipped(
    policy: dict[str, str], start: str, told: list[tuple[str, str]]
) -> None:
    world = world_at(start, "Europe/Berlin", read=cron("30 2 * * *", **policy))
    verdicts = [
        (f"{fact.due_at:%H:%M}", getattr(fact, "reason", ""))
        for fact in world.pass_time(2 * HOUR)
        if isinstance(fact, OccurrenceDue | OccurrenceSkipped)
    ]
    assert verdicts == told


def test_outside_its_conditions_an_intent_is_not_due_and_not_expected() -> None:
    intent = cron(
        "0 * * * *",
        windows=(Hours(start=at("10:00").time(), end=at("13:00").time()),),
        exclude=(Dates(first=SATURDAY),),
        starts_at=at("10:30"),
    )
    world = world_at("09:30", read=intent)
    assert of_kind(OccurrencesExpected, world.log[1][1]) == [
        OccurrencesExpected(FRIDAY, "day_started", (Expected("read", at("11:00"), at("12:00"), 2),))
    ]
    world.pass_time(48 * HOUR)
    assert world.dues("read") == [at("11:00"), at("12:00")]


def test_a_phase_is_a_condition_too() -> None:
    night = Phase(name="night", start=at("22:00").time(), end=at("06:00").time())
    settings = Configuration(
        phases=(night,), intents={"read": cron("0 */3 * * *", phases=("night",))}
    )
    world = World(at("09:30"), settings)
    world.pass_time(24 * HOUR)
    assert world.dues("read") == [at("00:00", SATURDAY), at("03:00", SATURDAY)]


def test_an_intent_is_due_no_more_often_than_its_maximum() -> None:
    world = world_at("09:30", read=cron("0 * * * *", max_runs=2))
    told = of_kind(OccurrencesExpected, world.log[1][1])
    assert told == [
        OccurrencesExpected(FRIDAY, "day_started", (Expected("read", at("10:00"), at("11:00"), 2),))
    ]
    world.pass_time(24 * HOUR)
    assert world.dues("read") == [at("10:00"), at("11:00")]


def test_one_that_comes_too_late_for_its_deadline_expires() -> None:
    world = world_at("09:30", read=cron("0 * * * *", start_deadline_seconds=10))
    assert world.be_down(30 * MINUTE + 11 * SECOND) == [
        OccurrenceExpired("read", at("10:00"), "start_deadline")
    ]


def test_what_is_known_first_becomes_a_fact() -> None:
    world = world_at("09:30", b=HOURLY, a=HOURLY)
    assert world.log[0][1] == [IntentsConfigured(added=("b", "a"))]


def test_a_secondly_intent_is_told_every_second() -> None:
    world = world_at("09:30", read=Intent(run="read", every_seconds=1))
    assert len(world.pass_time(MINUTE)) == 60


def test_an_intent_made_due_now_is_due_once_in_its_life() -> None:
    world = world_at("09:30", read=Intent(run="read", now=True))
    world.be_down(HOUR)
    world.load(Configuration(intents={"read": Intent(run="write", now=True)}))
    world.pass_time(HOUR)
    assert world.dues("read") == [at("09:30")]


def test_the_limit_of_a_house_is_read_where_it_is_needed() -> None:
    settings = Configuration(clock=Clock(misfire_grace_seconds=0), intents={"read": HOURLY})
    world = World(at("09:30"), settings)
    assert world.pass_time(30 * MINUTE) == [OccurrenceDue("read", at("10:00"))]
