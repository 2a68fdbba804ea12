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
    last_at_or_before,
    next_after,
)
from events.configuration import Intent

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
    due = due_between(cron(fields), zone, after, after + timedelta(hours=hours), 100)
    assert local(due, zone) == expected


def test_a_restart_within_the_second_pass_repeats_nothing() -> None:
    second_half_past_one = utc("2026-11-01T06:30")
    due = next_after(cron("45 1 * * *"), NEW_YORK, second_half_past_one)
    assert due == utc("2026-11-02T06:45")


def test_six_fields_begin_with_the_seconds() -> None:
    assert next_after(cron("15 * * * * *"), "UTC", utc("2026-11-20T09:00:15")) == utc(
        "2026-11-20T09:01:15"
    )


def test_what_is_due_now_is_not_due_later() -> None:
    nine = utc("2026-11-20T09:00")
    hourly = cron("0 * * * *")
    assert next_after(hourly, "UTC", nine - timedelta(microseconds=1)) == nine
    assert next_after(hourly, "UTC", nine) == nine + timedelta(hours=1)
    assert last_at_or_before(hourly, "UTC", nine) == nine
    assert last_at_or_before(hourly, "UTC", nine - timedelta(microseconds=1)) == utc(
        "2026-11-20T08:00"
    )


def test_an_interval_counts_from_the_epoch_whenever_it_is_asked() -> None:
    assert next_after(every(7), "UTC", utc("1970-01-01T00:00:20")) == utc("1970-01-01T00:00:21")
    assert next_after(every(7), BERLIN, utc("1970-01-01T00:00:21")) == utc("1970-01-01T00:00:28")
    assert last_at_or_before(every(7), "UTC", utc("1970-01-01T00:00:27")) == utc(
        "1970-01-01T00:00:21"
    )


def test_once_is_once() -> None:
    nine = utc("2026-11-20T09:00")
    intent = once("2026-11-20T10:00:00+01:00")
    assert next_after(intent, "UTC", nine - SECOND) == nine
    assert next_after(intent, "UTC", nine) is None
    assert last_at_or_before(intent, "UTC", nine) == nine
    assert last_at_or_before(intent, "UTC", nine - SECOND) is None
    assert due_between(intent, "UTC", nine - SECOND, nine + SECOND, 9) == [nine]


@pytest.mark.parametrize("intent", [cron("*/10 * * * *"), every(600)])
def test_what_is_due_between_leaves_out_its_start_and_ends_with_its_end(intent: Intent) -> None:
    nine = utc("2026-11-20T09:00")
    tens = [nine + n * 10 * MINUTE for n in range(1, 4)]
    assert due_between(intent, "UTC", nine, nine + 30 * MINUTE, 100) == tens
    assert due_between(intent, "UTC", nine, nine + 30 * MINUTE, 2) == tens[:2]
    assert due_between(intent, "UTC", nine, nine, 100) == []


def test_a_trigger_that_never_comes_was_never_due() -> None:
    never = cron("0 0 LW * */6")  # The last working day is never a Saturday or a Sunday.
    assert next_after(never, "UTC", utc("2026-11-20T09:00")) is None
    assert last_at_or_before(never, "UTC", utc("2026-11-20T09:00")) is None


SOUND = [
    cron("*/5 * * * *"),
    cron("@Hourly"),
    cron("0 0 29 2 *"),
    every(1),
    once("2026-11-20T09:00Z"),
]


@pytest.mark.parametrize("intent", SOUND)
def test_nothing_is_wrong_with_a_sound_trigger(intent: Intent) -> None:
    assert check(intent, BERLIN) is None


@pytest.mark.parametrize("shorthand", ALIASES)
def test_every_shorthand_is_sound(shorthand: str) -> None:
    assert check(cron(shorthand), BERLIN) is None


@pytest.mark.parametrize(
    ("intent", "zone", "words"),
    [
        (Intent(run="read"), "UTC", "exactly one of cron, every, at is needed, not none"),
        (Intent(run="read", cron="@daily", every_seconds=5), "UTC", "not cron and every"),
        (cron("@daily"), "Europe/Atlantis", "'Europe/Atlantis' is unknown"),
        (cron("@daily"), "../etc/passwd", "'../etc/passwd' is unknown"),
        (cron("@daily"), "", "'' is unknown"),
        (cron("@reboot"), "UTC", "@reboot has no time"),
        (cron("@often"), "UTC", "'@often' is unknown; there are @yearly"),
        (cron("61 * * * *"), "UTC", "bad minute"),
        (cron("* * * *"), "UTC", "five fields"),
        (cron("* * * * * * *"), "UTC", "five fields"),
        (cron(""), "UTC", "five fields"),
        (cron("0 0 31 2 *"), "UTC", "bad day-of-month"),
        (cron("0 0 LW * */6"), "UTC", "never comes"),
        (cron("0 0 " + "9" * 5000 + " * *"), "UTC", "exceeds the limit"),
        (once("2026-11-20T09:00"), "UTC", "at needs an offset"),
        (every(0), "UTC", "a second or more"),
    ],
)
def test_what_is_wrong_is_said_in_words(intent: Intent, zone: str, words: str) -> None:
    said = check(intent, zone)
    assert said is not None and words in said


# A second opinion, minute by minute: what a wall would show.

FIELDS: dict[str, tuple[Sequence[int], Sequence[int]]] = {
    "30 2 * * *": ([30], [2]),
    "15,45 1,2 * * *": ([15, 45], [1, 2]),
    "0 0 * * *": ([0], [0]),
    "45 23 * * *": ([45], [23]),
    "20 0-23 * * *": ([20], range(24)),
    "*/20 2 * * *": ([0, 20, 40], [2]),
    "*/30 0 * * *": ([0, 30], [0]),
    "50 * * * *": ([50], range(24)),
    "10 */3 * * *": ([10], range(0, 24, 3)),
    "* 1-2 * * *": (range(60), [1, 2]),
}
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


def by_the_wall(fields: str, zone: str, first: datetime, minutes: int) -> list[datetime]:
    """Walks through every minute. A time that is named comes when the wall first reaches it."""
    wanted_minutes, wanted_hours = FIELDS[fields]
    follows_the_wall = any(field.startswith("*") for field in fields.split()[:2])
    due, furthest = [], first.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - MINUTE
    for now in (first + n * MINUTE for n in range(minutes)):
        shown = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        passed = [shown] if follows_the_wall else []
        while furthest < shown:
            furthest += MINUTE
            if not follows_the_wall:
                passed.append(furthest)
        if any(t.minute in wanted_minutes and t.hour in wanted_hours for t in passed):
            due.append(now)
    return due


@pytest.mark.parametrize(("zone", "change"), CHANGES)
@pytest.mark.parametrize("fields", FIELDS)
def test_it_agrees_with_a_walk_through_every_minute(zone: str, change: str, fields: str) -> None:
    first = utc(change) - timedelta(hours=26)
    expected = by_the_wall(fields, zone, first, 60 * 52)
    until = first + timedelta(hours=52) - MINUTE
    assert due_between(cron(fields), zone, first - SECOND, until, 10_000) == expected


triggers = some.one_of(
    some.sampled_from([*FIELDS, "0 0 0 * * *", "*/17 * * * * *", "0 30 2 * * 0", "@hourly"]).map(
        cron
    ),
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
    first, second = next_after(intent, zone, earlier), next_after(intent, zone, later)
    assert first is None or first > earlier
    if first is None or first > later:
        assert second == first
    else:
        last = last_at_or_before(intent, zone, later)
        assert last is not None and first <= last <= later
        assert next_after(intent, zone, last) == second
        assert next_after(intent, zone, last - timedelta(microseconds=1)) == last
        between = due_between(intent, zone, earlier, later, 10_000)
        assert (between[0], between[-1]) == (first, last)
        assert count_between(intent, zone, earlier, later, 10_000) == len(between)
        assert count_between(intent, zone, earlier, later, 1) == 1
