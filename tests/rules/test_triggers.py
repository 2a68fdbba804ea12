"""When intents are due: cron on walls whose clocks change, intervals, and once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from actors.triggers import (
    ALIASES,
    check,
    count_between,
    due_between,
    jitter_of,
    last_at_or_before,
    next_after,
    passed_over,
    policy_of,
)
from events.configuration import Configuration, Day, Intent
from events.policies import Policies

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
LORD_HOWE, SANTIAGO = "Australia/Lord_Howe", "America/Santiago"
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def cron(fields: str) -> Intent:
    return Intent(run="read", cron=fields)


def every(seconds: int) -> Intent:
    return Intent(run="read", every_seconds=seconds)


def once(at: str) -> Intent:
    return Intent(run="read", at=datetime.fromisoformat(at))


def house(zone: str) -> Configuration:
    return Configuration(day=Day(timezone=zone))


def local(instants: Sequence[datetime], zone: str) -> list[str]:
    return [f"{due.astimezone(ZoneInfo(zone)):%d %H:%M%z}" for due in instants]


@pytest.mark.parametrize(
    ("zone", "fields", "from_local", "hours", "expected"),
    [
        # A time that is named comes once: right after the gap, or at the first of two.
        (BERLIN, "30 2 * * *", "2026-03-29T00:00", 24, ["29 03:00+0200"]),
        (BERLIN, "30 2 * * *", "2026-10-25T00:00", 24, ["25 02:30+0200"]),
        (BERLIN, "0 30 2 * * *", "2026-03-29T00:00", 24, ["29 03:00+0200"]),
        (BERLIN, "0 30 2 * * *", "2026-10-25T00:00", 24, ["25 02:30+0200"]),
        (BERLIN, "15,45 2 * * *", "2026-03-29T00:00", 24, ["29 03:00+0200"]),
        (NEW_YORK, "30 2 * * *", "2026-03-08T00:00", 24, ["08 03:00-0400"]),
        (NEW_YORK, "30 1 * * *", "2026-11-01T00:00", 24, ["01 01:30-0400"]),
        (LORD_HOWE, "15 2 * * *", "2026-10-04T00:00", 24, ["04 02:30+1100"]),
        (LORD_HOWE, "45 1 * * *", "2026-04-05T00:00", 24, ["05 01:45+1100"]),
        (SANTIAGO, "0 0 * * *", "2026-09-05T12:00", 24, ["06 01:00-0300"]),
        (SANTIAGO, "30 23 * * *", "2026-04-04T12:00", 24, ["04 23:30-0300"]),
        (NEW_YORK, "15 1-2 * * *", "2026-11-01T00:00", 5, ["01 01:15-0400", "01 02:15-0500"]),
        # A field that begins with a star follows the wall.
        (BERLIN, "*/30 * * * *", "2026-03-29T01:15", 1, ["29 01:30+0100", "29 03:00+0200"]),
        (BERLIN, "*/20 2 * * *", "2026-03-29T00:00", 24, []),
        (BERLIN, "30 */2 * * *", "2026-03-29T00:45", 4, ["29 04:30+0200"]),
        (BERLIN, "15 * * * *", "2026-10-25T01:30", 2, ["25 02:15+0200", "25 02:15+0100"]),
        (LORD_HOWE, "*/15 1 * * *", "2026-04-05T01:35", 1,
         ["05 01:45+1100", "05 01:30+1030", "05 01:45+1030"]),
        (SANTIAGO, "*/30 0 * * *", "2026-09-05T12:00", 24, []),
        (LORD_HOWE, "*/30 0 * * *", "2026-10-04T02:41", 24, ["05 00:00+1100", "05 00:30+1100"]),
        # Debian's days: either of two that are named, both when one begins with a star.
        ("UTC", "0 0 13 * 5", "2026-11-01T01:00", 24 * 13, ["06 00:00+0000", "13 00:00+0000"]),
        ("UTC", "0 0 */2 * MON", "2026-11-01T01:00", 24 * 21, ["09 00:00+0000"]),
        ("UTC", "0 12 L * *", "2026-11-20T00:00", 24 * 20, ["30 12:00+0000"]),
        ("UTC", "@daily", "2026-11-20T00:00", 24, ["21 00:00+0000"]),
    ],
)  # fmt: skip
def test_cron_comes_as_the_wall_of_its_zone_says(
    zone: str, fields: str, from_local: str, hours: int, expected: list[str]
) -> None:
    after = datetime.fromisoformat(from_local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    intent, where = cron(fields), house(zone)
    due = due_between(intent, where, after, after + timedelta(hours=hours), 100)
    wanted = [at for at in due if passed_over(intent, where, at) is None]
    assert local(wanted, zone) == expected


def test_both_passes_of_an_hour_are_occurrences_of_which_the_policy_wants_some() -> None:
    first, second = utc("2026-11-01T05:45"), utc("2026-11-01T06:45")
    intent = cron("45 1 * * *")
    assert due_between(intent, house(NEW_YORK), first - SECOND, second, 9) == [first, second]
    assert passed_over(intent, house(NEW_YORK), first) is None
    assert passed_over(intent, house(NEW_YORK), second) == "dst_overlap"
    last = Intent(run="read", cron="45 1 * * *", dst_overlap="last")
    assert passed_over(last, house(NEW_YORK), first) == "dst_overlap"
    assert passed_over(last, house(NEW_YORK), second) is None
    both = Intent(run="read", cron="45 1 * * *", dst_overlap="both")
    assert passed_over(both, house(NEW_YORK), first) is None
    assert passed_over(both, house(NEW_YORK), second) is None


def test_an_intent_may_have_a_zone_of_its_own() -> None:
    seven = Intent(run="read", cron="0 7 * * *", timezone=NEW_YORK)
    assert next_after(seven, house(BERLIN), utc("2026-11-20T09:00")) == utc("2026-11-20T12:00")


def test_the_policies_of_an_intent_go_before_those_of_the_house() -> None:
    where = Configuration(policies=Policies(overlap="keep_latest", jitter_seconds=60))
    own = Intent(run="read", every_seconds=600, misfire="skip", jitter_seconds=0)
    expected = Policies(misfire="skip", overlap="keep_latest", jitter_seconds=0)
    assert policy_of(own, where) == expected
    assert policy_of(Intent(run="read", every_seconds=600), where) == where.policies


@for_any(some.text(max_size=20), some.integers(1, 5_000), some.integers(0, 10_000))
def test_jitter_is_stable_and_shorter_than_the_period(name: str, period: int, most: int) -> None:
    intent = Intent(run="read", every_seconds=period, jitter_seconds=most)
    jitter = jitter_of(name, intent, house("UTC"))
    assert timedelta(0) <= jitter <= most * SECOND
    assert jitter < period * SECOND
    assert jitter == jitter_of(name, intent, house(BERLIN))


def test_jitter_spreads_what_is_due_at_once() -> None:
    daily = Intent(run="read", cron="@daily", jitter_seconds=3_600)
    found = {jitter_of(f"job-{n}", daily, house("UTC")) for n in range(100)}
    assert len(found) > 80
    assert min(found) < timedelta(minutes=10) and max(found) > timedelta(minutes=50)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ("* * * * *", 60),
        ("* * * * * *", 1),
        ("0,59 * * * * *", 1),
        ("*/20 * * * *", 20 * 60),
        ("0,50 * * * *", 10 * 60),
        ("0,50 8-9 * * *", 10 * 60),
        ("0 0,23 * * *", 3_600),
        ("30 8,20 * * *", 12 * 3_600),
        ("@daily", 86_400),
        ("0 9 * * MON", 7 * 86_400),
        ("0 9 1,3 * *", 2 * 86_400),
        ("@monthly", 28 * 86_400),
        ("0,30 0,23 * * MON", 30 * 60),
    ],
)
def test_jitter_stays_below_the_closest_two_times(fields: str, seconds: int) -> None:
    just_under = Intent(run="read", cron=fields, jitter_seconds=seconds - 1)
    assert check(just_under, house("UTC")) is None
    too_long = check(Intent(run="read", cron=fields, jitter_seconds=seconds), house("UTC"))
    assert too_long is not None and too_long.key == "jitter"


def test_years_of_minutes_are_counted_and_not_walked() -> None:
    start = utc("2000-01-01T00:00")
    years = timedelta(days=36_525)
    for fields, per_day in (("* * * * *", 1_440), ("* * * * * *", 86_400), ("0 12 * * *", 1)):
        found = count_between(cron(fields), house("UTC"), start, start + years)
        assert found == 36_525 * per_day
    for zone in (BERLIN, LORD_HOWE):
        found = count_between(cron("* * * * *"), house(zone), start, start + years)
        assert found == 36_525 * 1_440


def test_six_fields_begin_with_the_seconds() -> None:
    assert next_after(cron("15 * * * * *"), house("UTC"), utc("2026-11-20T09:00:15")) == utc(
        "2026-11-20T09:01:15"
    )


def test_what_is_due_now_is_not_due_later() -> None:
    nine = utc("2026-11-20T09:00")
    hourly = cron("0 * * * *")
    assert next_after(hourly, house("UTC"), nine - timedelta(microseconds=1)) == nine
    assert next_after(hourly, house("UTC"), nine) == nine + timedelta(hours=1)
    assert last_at_or_before(hourly, house("UTC"), nine) == nine
    assert last_at_or_before(hourly, house("UTC"), nine - timedelta(microseconds=1)) == utc(
        "2026-11-20T08:00"
    )


def test_an_interval_counts_from_the_epoch_whenever_it_is_asked() -> None:
    assert next_after(every(7), house("UTC"), utc("1970-01-01T00:00:20")) == utc(
        "1970-01-01T00:00:21"
    )
    assert next_after(every(7), house(BERLIN), utc("1970-01-01T00:00:21")) == utc(
        "1970-01-01T00:00:28"
    )
    assert last_at_or_before(every(7), house("UTC"), utc("1970-01-01T00:00:27")) == utc(
        "1970-01-01T00:00:21"
    )


def test_once_is_once() -> None:
    nine = utc("2026-11-20T09:00")
    intent = once("2026-11-20T10:00:00+01:00")
    assert next_after(intent, house("UTC"), nine - SECOND) == nine
    assert next_after(intent, house("UTC"), nine) is None
    assert last_at_or_before(intent, house("UTC"), nine) == nine
    assert last_at_or_before(intent, house("UTC"), nine - SECOND) is None
    assert due_between(intent, house("UTC"), nine - SECOND, nine + SECOND, 9) == [nine]


@pytest.mark.parametrize("intent", [cron("*/10 * * * *"), every(600)])
def test_what_is_due_between_leaves_out_its_start_and_ends_with_its_end(intent: Intent) -> None:
    nine = utc("2026-11-20T09:00")
    tens = [nine + n * 10 * MINUTE for n in range(1, 4)]
    assert due_between(intent, house("UTC"), nine, nine + 30 * MINUTE, 100) == tens
    assert due_between(intent, house("UTC"), nine, nine + 30 * MINUTE, 2) == tens[:2]
    assert due_between(intent, house("UTC"), nine, nine, 100) == []


def test_a_trigger_that_never_comes_was_never_due() -> None:
    never = cron("0 0 LW * */6")  # The last working day is never a Saturday or a Sunday.
    assert next_after(never, house("UTC"), utc("2026-11-20T09:00")) is None
    assert last_at_or_before(never, house("UTC"), utc("2026-11-20T09:00")) is None


SOUND = [
    cron("*/5 * * * *"),
    cron("@Hourly"),
    cron("0 0 29 2 *"),
    every(1),
    once("2026-11-20T09:00Z"),
]


@pytest.mark.parametrize("intent", SOUND)
def test_nothing_is_wrong_with_a_sound_trigger(intent: Intent) -> None:
    assert check(intent, house(BERLIN)) is None


@pytest.mark.parametrize("shorthand", ALIASES)
def test_every_shorthand_is_sound(shorthand: str) -> None:
    assert check(cron(shorthand), house(BERLIN)) is None


EXPRESSIONS = (
    "30 2 * * *",
    "15,45 1,2 * * *",
    "0 0 * * *",
    "20 0-23 * * *",
    "*/20 2 * * *",
    "50 * * * *",
    "10 */3 * * *",
    "* 1-2 * * *",
)
CHANGES = [
    (BERLIN, "2026-03-29T01:00"),
    (BERLIN, "2026-10-25T01:00"),
    (NEW_YORK, "2026-03-08T07:00"),
    (NEW_YORK, "2026-11-01T06:00"),
    (LORD_HOWE, "2026-10-03T15:30"),
    (LORD_HOWE, "2026-04-04T15:00"),
    (SANTIAGO, "2026-09-06T04:00"),
    (SANTIAGO, "2026-04-05T03:00"),
]


triggers = some.one_of(
    some.sampled_from(
        [*EXPRESSIONS, "0 0 0 * * *", "*/17 * * * * *", "0 30 2 * * 0", "@hourly"]
    ).map(cron),
    some.integers(1, 100_000).map(every),
    some.integers(0, 200_000).map(
        lambda s: Intent(run="read", at=utc("2026-10-24T00:00") + timedelta(seconds=s))
    ),
)


@settings(max_examples=200, deadline=None)
@for_any(
    triggers,
    some.sampled_from(CHANGES),
    some.integers(-30 * 3600 * 1000, 30 * 3600 * 1000),
    some.integers(0, 7200 * 1000),
)
def test_wherever_one_asks_from_nothing_is_skipped_repeated_or_early(
    intent: Intent, change: tuple[str, str], from_millis: int, later_millis: int
) -> None:
    zone, moment = change
    earlier = utc(moment) + timedelta(milliseconds=from_millis)
    later = earlier + timedelta(milliseconds=later_millis)
    first, second = next_after(intent, house(zone), earlier), next_after(intent, house(zone), later)
    assert first is None or first > earlier
    if first is None or first > later:
        assert second == first
    else:
        last = last_at_or_before(intent, house(zone), later)
        assert last is not None and first <= last <= later
        assert next_after(intent, house(zone), last) == second
        assert next_after(intent, house(zone), last - timedelta(microseconds=1)) == last
        between = due_between(intent, house(zone), earlier, later, 10_000)
        assert (between[0], between[-1]) == (first, last)
        assert count_between(intent, house(zone), earlier, later) == len(between)
