"""Triggers within conditions: phases, windows, excluded dates, start and end."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from msgspec import structs

from actors.calendar import phases_at
from actors.triggers import check, count_between, due_between, last_at_or_before, next_after
from events.configuration import Configuration, Dates, Day, Intent, Phase
from events.settings import WEEKDAYS, Hours, Weekday
from tests.rules.oracle_of_time import DAY, HOUR, Row, changes, instant, scan
from tests.rules.triggers_story import agree, agree_throughout, cron, drawn, house

ZONES = ("UTC", "Europe/Vienna", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca")
Holds = Callable[[Row], bool]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def at_random(chance: Random) -> time:
    return time(chance.randrange(24), chance.choice([0, 0, 15, 30, 45]))


def some_days(chance: Random) -> tuple[Weekday, ...]:
    return tuple(chance.sample(WEEKDAYS, chance.choice([1, 3, 7])))


def within(chance: Random, kind: str, first: int) -> tuple[dict[str, object], Holds]:
    """A condition as it is configured, and as the oracle understands it."""
    begin, end = at_random(chance), at_random(chance)
    days = some_days(chance)
    if kind == "windows":
        more, more_end = at_random(chance), at_random(chance)
        windows = (Hours(start=begin, end=end, days=days), Hours(start=more, end=more_end))
        return (
            {"windows": windows},
            lambda row: (
                _within_hours(row.shown.at, begin, end, days)
                or _within_hours(row.shown.at, more, more_end, WEEKDAYS)
            ),
        )
    if kind == "exclude":
        day = first // DAY + chance.randint(1, 2)
        excluded = Dates(first=date(1970, 1, 1) + timedelta(days=day))
        return {"exclude": (excluded,)}, lambda row: row.shown.at // DAY != day
    if kind == "between":
        starts, ends = sorted(first + chance.randrange(3 * DAY) for _ in range(2))
        limits: dict[str, object] = {"starts_at": instant(starts), "ends_at": instant(ends)}
        return limits, lambda row: starts <= row.at < ends
    phase = Phase(name="night", start=begin, end=end, days=days)
    return {"phases": ("night",), "phase_given": phase}, lambda row: _within_hours(
        row.furthest, begin, end, days
    )


def together(conditions: Sequence[Holds]) -> Holds:
    return lambda row: all(holds(row) for holds in conditions)


def _within_hours(wall: int, begin: time, end: time, days: tuple[Weekday, ...]) -> bool:
    start = begin.hour * HOUR + begin.minute
    length = (end.hour * HOUR + end.minute - start - 1) % DAY + 1
    return any(
        WEEKDAYS[(day + 3) % 7] in days and 0 <= wall - day * DAY - start < length
        for day in (wall // DAY, wall // DAY - 1)
    )


@pytest.mark.parametrize("kind", ["windows", "exclude", "between", "phases"])
def test_an_intent_is_due_only_while_its_condition_holds(kind: str) -> None:
    chance = Random(kind)
    for nth in range(12):
        zone = ZONES[nth % len(ZONES)]
        around = chance.choice(changes(zone, 2000, 2037) or [28_000_000])
        first = around - 36 * HOUR
        given, holds = within(chance, kind, first)
        seen = scan(zone, first, 72 * HOUR)
        phase = given.pop("phase_given", None)
        where = structs.replace(house(zone), phases=(phase,) if phase else ())
        for _ in range(3):
            intent = structs.replace(cron(drawn(chance)), **given)
            due = seen.due(intent.cron or "", holds)
            agree_throughout(seen, intent, where, due)
            agree(seen, intent, where, due, chance, 8)


def test_all_conditions_hold_at_once() -> None:
    chance = Random("at once")
    for nth in range(10):
        zone = ZONES[nth % len(ZONES)]
        first = chance.choice(changes(zone, 2000, 2037) or [28_000_000]) - 36 * HOUR
        asked = [within(chance, kind, first) for kind in ("windows", "exclude", "phases")]
        given = {key: value for each, _ in asked for key, value in each.items()}
        holds = together([holds for _, holds in asked])
        where = structs.replace(house(zone), phases=(given.pop("phase_given"),))
        seen = scan(zone, first, 72 * HOUR)
        for expression in ("* * * * *", "*/20 * * * *", drawn(chance)):
            intent = structs.replace(cron(expression), **given)
            due = seen.due(expression, holds)
            agree_throughout(seen, intent, where, due)


def test_an_interval_comes_within_its_windows() -> None:
    night = Hours(start=time(22), end=time(2), days=("fri",))
    intent = Intent(run="read", every_seconds=3600, windows=(night,), timezone="Europe/Vienna")
    found = due_between(intent, house("UTC"), utc("2026-11-18T00:00"), utc("2026-11-28T00:00"), 9)
    fridays = [utc("2026-11-20T21:00") + timedelta(hours=n) for n in range(4)]
    assert found == [*fridays, *(at + timedelta(days=7) for at in fridays)]


def test_once_comes_only_within_its_conditions() -> None:
    nine = utc("2026-11-20T09:00")
    once = Intent(run="read", at=nine)
    holiday = structs.replace(once, exclude=(Dates(first=date(2026, 11, 20)),))
    late = structs.replace(once, ends_at=nine)
    begun = structs.replace(once, starts_at=nine)
    before = nine - timedelta(hours=1)
    assert next_after(begun, house("UTC"), before) == nine
    assert next_after(holiday, house("UTC"), before) is None
    assert next_after(late, house("UTC"), before) is None
    assert count_between(late, house("UTC"), before, nine) == 0
    assert last_at_or_before(begun, house("UTC"), nine) == nine


def test_a_condition_that_never_holds_is_given_up() -> None:
    three = (Hours(start=time(3), end=time(4)),)
    never = Intent(run="read", cron="0 12 * * *", windows=three)
    assert next_after(never, house("UTC"), utc("2026-11-20T09:00")) is None
    assert last_at_or_before(never, house("UTC"), utc("2026-11-20T09:00")) is None
    assert (
        due_between(never, house("UTC"), utc("2026-11-20T09:00"), utc("2027-01-01T00:00"), 9) == []
    )
    found = check(never, house("UTC"))
    assert found is not None and found.words == "it never comes within its windows"


def test_what_is_excluded_for_decades_comes_after_them() -> None:
    long = (Dates(first=date(2020, 1, 1), last=date(2049, 12, 31)),)
    intent = Intent(run="read", cron="* * * * * *", exclude=long)
    assert next_after(intent, house("UTC"), utc("2026-11-20T09:00")) == utc("2050-01-01T00:00")
    assert last_at_or_before(intent, house("UTC"), utc("2026-11-20T09:00")) == utc(
        "2019-12-31T23:59:59"
    )


def test_a_phase_that_never_opens_lets_nothing_come() -> None:
    never = Phase(name="never", start=time(1), end=time(2), days=())
    where = Configuration(day=Day(), phases=(never,))
    intent = Intent(run="read", every_seconds=60, phases=("never",))
    assert next_after(intent, where, utc("2026-11-20T09:00")) is None
    found = check(intent, where)
    assert found is not None and (found.key, found.words) == (
        "every",
        "it never comes within its phases",
    )


def test_what_waits_for_something_else_than_a_time_is_never_due_by_itself() -> None:
    for intent in (
        Intent(run="read", now=True),
        Intent(run="read", after="other"),
        Intent(run="read", every_seconds=60, every_from="completion"),
    ):
        nine = utc("2026-11-20T09:00")
        assert next_after(intent, house("UTC"), nine) is None
        assert last_at_or_before(intent, house("UTC"), nine) is None
        assert count_between(intent, house("UTC"), nine, nine + timedelta(days=9)) == 0
        assert check(intent, house("UTC")) is None


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # Clocks go from 03:00 back to 02:00 at 01:00 in UTC.
        (time(2, 30), time(5), ["00:30", "00:45", "01:00", "01:15", "01:30"]),
        (time(1), time(2, 15), ["00:00"]),
        (time(2, 15), time(2, 45), ["00:15", "00:30"]),
        (time(0), time(3), ["00:00", "00:15", "00:30", "00:45", "01:00", "01:15", "01:30"]),
    ],
)
def test_a_phase_goes_on_when_clocks_are_put_back_and_does_not_open_again(
    start: time, end: time, expected: list[str]
) -> None:
    where = Configuration(
        day=Day(timezone="Europe/Vienna"), phases=(Phase(name="night", start=start, end=end),)
    )
    intent = Intent(run="read", every_seconds=900, phases=("night",))
    begins, ends = utc("2026-10-24T23:59"), utc("2026-10-25T01:30")
    found = due_between(intent, where, begins, ends, 99)
    assert [f"{at:%H:%M}" for at in found] == expected
    assert count_between(intent, where, begins, ends) == len(expected)
    if found[-1] < ends:
        assert last_at_or_before(intent, where, ends) == found[-1]


@pytest.mark.parametrize("zone", [*ZONES, "Africa/Cairo", "America/New_York"])
def test_the_phases_of_an_intent_are_those_of_the_calendar(zone: str) -> None:
    chance = Random(zone)
    for nth in range(40):
        phases = tuple(
            Phase(name=name, start=at_random(chance), end=at_random(chance), days=some_days(chance))
            for name in ("one", "two", "three")
        )
        day = Day(timezone=zone, starts_at=chance.choice([time(0), at_random(chance)]))
        where = Configuration(day=day, phases=phases)
        wanted = ("one", "three")
        intent = Intent(run="read", every_seconds=60, phases=wanted)
        around = chance.choice([*changes(zone, 2000, 2037), 28_000_000])
        for _ in range(60):
            at = instant(around + chance.randrange(-36 * HOUR, 36 * HOUR))
            open_then = any(window.phase in wanted for window in phases_at(where, at))
            due = next_after(intent, where, at - timedelta(seconds=1)) == at
            assert due == open_then, (nth, at, where)
