"""Cron on every change of clocks of many zones, held against a walk through every minute."""

from collections.abc import Sequence
from typing import get_args

import pytest

from actors.triggers import passed_over
from actors.triggers.walls import BLOCK, stretch_at
from events.configuration import Intent
from events.policies import Policies
from events.settings import DstGap, DstOverlap
from tests.rules.oracle_of_time import (
    DAY,
    HOUR,
    Scan,
    available,
    changes,
    instant,
    offset,
    scan,
    wall_of,
    years_to_days,
)
from tests.rules.triggers_story import ZONES, agree_throughout, cron, house

QUIET = 29_000_000  # A minute around which none of the zones changes its clocks.
THINNED = 23  # In CI one change of so many is looked at, in turn over all zones.
ALWAYS = (
    "0 0 * * *",
    "30 2 * * *",
    "*/15 * * * *",
    "30 */2 * * *",
    "5 0-23 * * *",
    "10,40 1-3 * * *",
    "20 0 * * SUN",
)


def around(change: int, seen: Scan) -> list[str]:
    """Expressions that come just before, within and after what is left out or comes twice."""
    before, after = wall_of(seen.rows[0].shown.at), wall_of(seen.rows[0].shown.at)
    for row in seen.rows:
        if row.at == change - 1:
            before = row.shown
        if row.at == change:
            after = row.shown
    walls = [wall_of((before.at + after.at) // 2), before, after]
    named = [f"{wall.minute} {wall.hour} * * *" for wall in walls]
    named += [f"{wall.minute} {wall.hour} {wall.day} {wall.month} *" for wall in walls]
    return [*named, f"*/7 {after.hour} * * *", f"{before.minute} * * * *"]


def sweep(zone: str, these: Sequence[int]) -> int:
    looked = 0
    for change in these:
        seen = scan(zone, change - 26 * HOUR, 52 * HOUR)
        for expression in (*ALWAYS, *around(change, seen)):
            agree_throughout(seen, cron(expression), house(zone), seen.due(expression))
            looked += 1
    return looked


def test_it_agrees_around_changes_of_clocks() -> None:
    all_of_them = [(zone, it) for zone in ZONES for it in changes(zone, 2000, 2037)]
    assert len(all_of_them) > 1_000
    for zone, change in all_of_them[::THINNED]:
        sweep(zone, [change])


@pytest.mark.parametrize("year", [2011, 2012])
def test_a_day_that_a_zone_skipped_is_the_end_of_its_gap(year: int) -> None:
    assert sweep("Pacific/Apia", changes("Pacific/Apia", year, year)) >= 2 * len(ALWAYS)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("zone", ZONES)
def test_it_agrees_around_every_change_of_a_zone(zone: str) -> None:
    sweep(zone, [*changes(zone, 2000, 2037), QUIET])


def offsets_agree(zone: str, first_year: int) -> None:
    first, end = years_to_days(first_year) * DAY, years_to_days(2038) * DAY
    for at in range(first, end, DAY):
        assert stretch_at(zone, at * 60).offset == offset(zone, at) * 60, (zone, instant(at))


def test_what_is_worked_out_of_a_zone_never_ends_within_a_second_pass() -> None:
    for zone in available():
        for cut in (block * BLOCK // 60 for block in range(3, 120)):  # from 1973 to 2097
            assert offset(zone, cut - HOUR) <= offset(zone, cut + 1), (zone, instant(cut))


@pytest.mark.parametrize("zone", available()[::40])
def test_the_offset_of_a_zone_is_known_on_every_day(zone: str) -> None:
    offsets_agree(zone, 2010)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_offset_of_any_zone_is_known_on_every_day_since_1973() -> None:
    for zone in available():
        offsets_agree(zone, 1973)


@pytest.mark.parametrize("gap", get_args(DstGap))
@pytest.mark.parametrize("overlap", get_args(DstOverlap))
@pytest.mark.parametrize("zone", ["Europe/Vienna", "Australia/Lord_Howe", "America/Santiago"])
def test_what_is_passed_over_is_what_the_policies_do_not_want(
    zone: str, gap: DstGap, overlap: DstOverlap
) -> None:
    where = house(zone)
    for change in changes(zone, 2026, 2026):
        seen = scan(zone, change - 26 * HOUR, 52 * HOUR)
        for expression in (*ALWAYS, *around(change, seen), "30 1,2,3 * * *", "0,30 2-3 * * *"):
            own = Intent(run="read", cron=expression, dst_gap=gap, dst_overlap=overlap)
            for at, expected in seen.passed_over(expression, gap, overlap).items():
                assert passed_over(own, where, instant(at)) == expected, (expression, instant(at))


def test_the_policies_of_the_house_hold_where_an_intent_has_none() -> None:
    change = changes("Europe/Vienna", 2026, 2026)[0]
    where = house("Europe/Vienna")
    skips = Policies(dst_gap="skip")
    assert passed_over(cron("30 2 * * *"), where, instant(change)) is None
    strict = type(where)(day=where.day, policies=skips)
    assert passed_over(cron("30 2 * * *"), strict, instant(change)) == "dst_gap"
    wanted_too = cron("0,30 2-3 * * *")  # 03:00 is named as well.
    assert passed_over(wanted_too, strict, instant(change)) is None
