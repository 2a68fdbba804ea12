"""What becomes of occurrences that were not told in time: each policy in each situation."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.clock.misfire import Verdict, verdicts
from actors.clock.rules import next_instant
from actors.triggers import due_between
from events.configuration import Configuration, Intent
from events.policies import Clock, Policies
from events.time import (
    MissReason,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
)
from tests.rules.clock_world import MIDNIGHT, World

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
HOURLY = Intent(run="read", cron="0 * * * *")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{MIDNIGHT.date()}T{text}+00:00")


def due(text: str, overdue: bool = True) -> OccurrenceDue:
    return OccurrenceDue("read", at(text), overdue)


def missed(first: str, last: str, count: int, policy: Any) -> OccurrenceMissed:
    return OccurrenceMissed("read", at(first), at(last), count, "late", policy=policy)


def into(first: str, last: str, count: int, text: str) -> OccurrencesCoalesced:
    return OccurrencesCoalesced("read", at(first), at(last), count, at(text), "late")


# From 09:30 on an hourly intent; the verdicts at 13:10 and at 13:00:30, one row for each policy.
ROWS: list[tuple[str, dict[str, Any], list[Verdict], list[Verdict]]] = [
    (
        "skip",
        {"misfire": "skip"},
        [missed("10:00", "13:00", 4, "skip")],
        [missed("10:00", "12:00", 3, "skip"), due("13:00", False)],
    ),
    (
        "latest",
        {},
        [into("10:00", "12:00", 3, "13:00"), due("13:00")],
        [into("10:00", "12:00", 3, "13:00"), due("13:00", False)],
    ),
    (
        "latest, but too old",
        {"misfire_window_seconds": 300},
        [missed("10:00", "13:00", 4, "window")],
        [into("10:00", "12:00", 3, "13:00"), due("13:00", False)],
    ),
    (
        "earliest",
        {"misfire": "run_once_earliest"},
        [due("10:00"), into("11:00", "13:00", 3, "10:00")],
        [into("10:00", "12:00", 3, "13:00"), due("13:00", False)],
    ),
    (
        "earliest within two hours",
        {"misfire": "run_once_earliest", "misfire_window_seconds": 7_200},
        [missed("10:00", "11:00", 2, "window"), due("12:00"), into("13:00", "13:00", 1, "12:00")],
        [into("10:00", "12:00", 3, "13:00"), due("13:00", False)],
    ),
    (
        "earliest that may still start",
        {"misfire": "run_once_earliest", "start_deadline_seconds": 7_200},
        [missed("10:00", "11:00", 2, "window"), due("12:00"), into("13:00", "13:00", 1, "12:00")],
        [into("10:00", "12:00", 3, "13:00"), due("13:00", False)],
    ),
    (
        "earliest, but too late to start",
        {"misfire": "run_once_earliest", "start_deadline_seconds": 10},
        [
            missed("10:00", "12:00", 3, "window"),
            OccurrenceExpired("read", at("13:00"), "start_deadline"),
        ],
        [
            missed("10:00", "12:00", 3, "window"),
            OccurrenceExpired("read", at("13:00"), "start_deadline"),
        ],
    ),
    (
        "all up to two",
        {"misfire": "run_all", "misfire_limit": 2},
        [missed("10:00", "11:00", 2, "limit"), due("12:00"), due("13:00")],
        [missed("10:00", "10:00", 1, "limit"), due("11:00"), due("12:00"), due("13:00", False)],
    ),
    (
        "within two and a half hours",
        {"misfire": "within", "misfire_window_seconds": 9_000},
        [missed("10:00", "10:00", 1, "window"), due("11:00"), due("12:00"), due("13:00")],
        [missed("10:00", "10:00", 1, "window"), due("11:00"), due("12:00"), due("13:00", False)],
    ),
    (
        "a job that restarts us",
        {"misfire": "run_all", "self_restart": True},
        [missed("10:00", "13:00", 4, "self_restart")],
        [missed("10:00", "12:00", 3, "self_restart"), due("13:00", False)],
    ),
    (
        "too late to start",
        {"start_deadline_seconds": 10},
        [
            missed("10:00", "12:00", 3, "window"),
            OccurrenceExpired("read", at("13:00"), "start_deadline"),
        ],
        [
            missed("10:00", "12:00", 3, "window"),
            OccurrenceExpired("read", at("13:00"), "start_deadline"),
        ],
    ),
]


@pytest.mark.parametrize(
    ("policy", "later", "sooner"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_policy_gives_its_verdicts(
    policy: dict[str, Any], later: list[Verdict], sooner: list[Verdict]
) -> None:
    intent, house = replace(HOURLY, **policy), Configuration()
    assert verdicts("read", intent, house, at("09:30"), at("13:10")) == later
    assert verdicts("read", intent, house, at("09:30"), at("13:00:30")) == sooner
    own, given = Policies.__struct_fields__, replace(HOURLY)
    general = {name: value for name, value in policy.items() if name in own}
    if general == policy:
        house = Configuration(policies=Policies(**policy))
        assert verdicts("read", given, house, at("09:30"), at("13:10")) == later


def test_one_that_is_a_little_late_is_simply_due() -> None:
    assert verdicts("read", HOURLY, Configuration(), at("09:30"), at("10:01")) == [
        due("10:00", False)
    ]


def test_nothing_is_said_where_nothing_was_due() -> None:
    assert verdicts("read", HOURLY, Configuration(), at("09:30"), at("09:59:59")) == []


def test_what_comes_once_is_made_up_for_within_two_hours() -> None:
    once = Intent(run="read", at=at("10:00"))
    assert verdicts("read", once, Configuration(), at("09:30"), at("12:00")) == [due("10:00")]
    assert verdicts("read", once, Configuration(), at("09:30"), at("12:01")) == [
        missed("10:00", "10:00", 1, "window")
    ]


@for_any(
    some.sampled_from(["skip", "run_once_latest", "run_once_earliest", "run_all", "within"]),
    some.none() | some.integers(1, 20_000),
    some.integers(1, 5),
    some.sampled_from(["*/17 * * * *", "0 9 * * *", "* * * * 1"]),
    some.integers(0, 200_000),
)
def test_each_occurrence_has_exactly_one_verdict(
    misfire: Any, window: int | None, limit: int, fields: str, seconds: int
) -> None:
    intent = Intent(
        run="read",
        cron=fields,
        misfire=misfire,
        misfire_window_seconds=window,
        misfire_limit=limit,
    )
    now, house = MIDNIGHT + timedelta(seconds=seconds), Configuration()
    covered: list[datetime] = []
    for one in verdicts("read", intent, house, MIDNIGHT, now):
        match one:
            case OccurrenceDue(due_at=due_at):
                covered.append(due_at)
            case OccurrenceMissed() | OccurrencesCoalesced():
                first = one.first_due_at - timedelta(microseconds=1)
                found = due_between(intent, house, first, one.last_due_at, 10_000)
                assert len(found) == one.count
                covered += found
    assert covered == due_between(intent, house, MIDNIGHT, now, 10_000)


# In the clock


def world_of(limit: int = 10, **intents: Intent) -> World:
    settings = Configuration(clock=Clock(catch_up_limit=limit), intents=intents)
    return World(at("09:30"), settings)


@pytest.mark.parametrize(
    ("way", "reason"),
    [("be_down", "daemon_down"), ("sleep", "host_slept"), ("step", "clock_stepped")],
)
def test_why_they_were_not_started_is_what_was_seen_of_it(way: str, reason: MissReason) -> None:
    world = world_of(read=HOURLY)
    told = getattr(world, way)(3 * HOUR + 40 * MINUTE)
    first, last = at("10:00"), at("12:00")
    assert told[:2] == [
        OccurrencesCoalesced("read", first, last, 3, at("13:00"), reason),
        due("13:00"),
    ]
    assert next_instant(world.clock) == at("14:00")


def test_a_year_of_downtime_is_a_handful_of_facts() -> None:
    world = world_of(read=Intent(run="read", cron="* * * * *"))
    told = world.be_down(timedelta(days=365))
    assert len(told) == 4
    assert isinstance(told[2], OccurrencesCoalesced) and told[2].count == 365 * 24 * 60 - 1


def test_thirty_overdue_jobs_do_not_start_together_and_what_people_wait_for_goes_first() -> None:
    jobs = {f"j{n:02}": HOURLY for n in range(28)}
    urgent = replace(HOURLY, priority="critical")
    world = world_of(10, **jobs, x=urgent, y=replace(HOURLY, user_facing=True))
    told = world.be_down(40 * MINUTE)
    assert [one.intent for one in told] == ["y", "x", *(f"j{n:02}" for n in range(8))]
    assert next_instant(world.clock) == world.now + MINUTE
    assert [one.intent for one in world.pass_time(MINUTE)] == [f"j{n:02}" for n in range(8, 18)]
    assert [one.intent for one in world.pass_time(MINUTE)] == [f"j{n:02}" for n in range(18, 28)]
    assert next_instant(world.clock) == at("11:00")


def test_one_that_waits_is_made_up_for_by_the_next_that_comes_in_time() -> None:
    often = Intent(run="read", every_seconds=600, misfire_window_seconds=600)
    world = world_of(1, a=often, b=often)
    assert world.be_down(timedelta(minutes=39, seconds=30))[-1].intent == "a"
    assert "b" in world.clock.waiting
    told = world.pass_time(30 * SECOND)
    ten, next_ten = at("10:00"), at("10:10")
    assert OccurrencesCoalesced("b", ten, ten, 1, next_ten, "daemon_down") in told
    assert OccurrenceDue("b", next_ten) in told
    assert world.clock.waiting == {}


def test_the_earliest_that_waits_stands_for_others_and_comes_all_the_same() -> None:
    often = Intent(run="read", every_seconds=600, misfire="run_once_earliest")
    world = world_of(1, a=often, b=often)
    told = world.be_down(timedelta(minutes=39, seconds=30))
    first, ten = at("09:40"), at("10:00")
    assert OccurrencesCoalesced("b", at("09:50"), ten, 2, first, "daemon_down") in told
    told = world.pass_time(30 * SECOND)
    assert [fact for fact in told if fact.intent == "b"] == [OccurrenceDue("b", at("10:10"))]
    told = world.pass_time(30 * SECOND)
    assert told == [OccurrenceDue("b", first, overdue=True)]


def test_the_earliest_that_waits_is_enough_for_another_absence_too() -> None:
    often = Intent(run="read", every_seconds=600, misfire="run_once_earliest")
    world = world_of(1, a=often, b=often)
    world.be_down(timedelta(minutes=29, seconds=30))
    told = world.sleep(timedelta(minutes=22))
    first, ten = at("09:40"), at("10:00")
    of_b = [fact for fact in told if getattr(fact, "intent", "") == "b"]
    assert OccurrencesCoalesced("b", ten, ten, 1, first, "host_slept") in of_b
    assert {fact.into for fact in of_b if isinstance(fact, OccurrencesCoalesced)} == {first}
    world.pass_time(2 * MINUTE)
    assert world.dues("b") == [first]


def test_where_all_are_to_run_the_ones_that_wait_stay_in_line() -> None:
    world = world_of(1, read=replace(HOURLY, misfire="run_all"))
    world.be_down(timedelta(hours=2, minutes=29, seconds=30))
    world.pass_time(3 * MINUTE)
    assert world.dues("read") == [at("10:00"), at("12:00"), at("11:00")]


def test_one_that_waits_is_not_told_before_its_instant_when_the_clock_is_put_back() -> None:
    world = world_of(1, read=replace(HOURLY, misfire="run_all"))
    world.be_down(timedelta(hours=2, minutes=30, seconds=30))
    assert world.clock.waiting["read"].instants == [at("11:00")]
    world.step(-timedelta(hours=1, minutes=40))
    world.pass_time(2 * HOUR)
    assert world.dues("read") == [at("12:00"), at("10:00"), at("11:00")]
    told = [now for now, fact in world.decided if fact == OccurrenceDue("read", at("11:00"), True)]
    assert told == [at("11:00")]


def test_one_that_waits_too_long_for_its_deadline_expires() -> None:
    strict = replace(HOURLY, start_deadline_seconds=640)
    world = world_of(1, a=strict, b=strict)
    world.be_down(40 * MINUTE)
    assert world.pass_time(MINUTE) == [OccurrenceExpired("b", at("10:00"), "start_deadline")]


def test_a_maximum_of_runs_holds_for_what_is_made_up_for() -> None:
    world = world_of(read=replace(HOURLY, misfire="run_all", max_runs=2))
    told = world.be_down(5 * HOUR)
    dues = [one.due_at for one in told if isinstance(one, OccurrenceDue)]
    assert dues == [at("10:00"), at("11:00")]
    assert world.pass_time(24 * HOUR)[1:] == []


def test_a_restart_at_any_moment_of_a_day_changes_no_verdict() -> None:
    jobs = {
        "often": Intent(run="read", cron="*/20 * * * *"),
        "late": replace(HOURLY, jitter_seconds=900),
        "all": replace(HOURLY, misfire="run_all"),
        "done": Intent(run="read", every_seconds=5_000, every_from="completion"),
        "once": Intent(run="read", at=at("15:00")),
    }

    def lived(restart_after: int | None) -> list[Any]:
        world = world_of(2, **jobs)
        world.be_down(150 * MINUTE)
        for number in range(60):
            if number == restart_after:
                world.be_down(timedelta(0))
            wakes = next_instant(world.clock)
            assert wakes is not None
            world.pass_time(wakes - world.now)
        return [fact for _, fact in world.decided]

    whole = lived(None)
    assert len(whole) > 60
    for number in range(60):
        assert lived(number)[: len(whole) - 5] == whole[: len(whole) - 5], number


def test_a_day_that_was_never_told_is_told_when_the_daemon_returns() -> None:
    world = world_of(read=HOURLY)
    world.clock.told = None
    world.clock.intents["read"].expected_until = None
    told = world.be_down(SECOND)
    assert [fact.because for fact in told] == ["daemon_started"]
    assert date(2026, 11, 20) == world.clock.told
