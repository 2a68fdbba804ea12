"""Cron held against a walk through every minute, at instants drawn from a seed."""

from random import Random

import pytest

from actors.triggers import check
from tests.rules.oracle_of_time import DAY, changes, scan, years_to_days
from tests.rules.triggers_story import ZONES, agree, cron, drawn, house

SCANS, EXPRESSIONS, ASKED = 40, 12, 40
PAIRS = 20_000
RARE = (
    "0 0 29 2 *",
    "15 12 31 * *",
    "30 3 L 2 *",
    "0 6 * * 5L",
    "45 23 LW */3 *",
    "0 0 13 * FRI",
    "0 0 */13 * FRI",
    "30 1 * 3,10 SUN#5,SUNL",
    "0,30 2 25-31 3,10 SUN",
    "15 */8 1-7 * */2",
    "0 9 30,31 1-6 *",
    "0 0 1 JAN,JUL MON#1",
)


def test_it_agrees_with_a_walk_through_every_minute_wherever_one_asks() -> None:
    chance = Random("wherever one asks")
    pairs = 0
    for nth in range(SCANS):
        zone = ZONES[nth % len(ZONES)]
        around = chance.choice([*changes(zone, 2000, 2037), *_anywhere(chance)])
        seen = scan(zone, around - 36 * 60, 72 * 60)
        for _ in range(EXPRESSIONS):
            intent = cron(drawn(chance), zone)
            due = seen.due(intent.cron or "")
            pairs += agree(seen, intent, house("UTC"), due, chance, ASKED)
    assert pairs >= PAIRS


def _anywhere(chance: Random) -> list[int]:
    first, end = years_to_days(1971) * DAY, years_to_days(2090) * DAY
    return [chance.randrange(first, end) for _ in range(8)]


@pytest.mark.parametrize("zone", ["America/Santiago", "Australia/Lord_Howe"])
def test_what_is_rare_agrees_over_years(zone: str) -> None:
    chance = Random(zone)
    seen = scan(zone, years_to_days(2023) * DAY, 6 * 365 * DAY, step=15)
    for expression in RARE:
        intent = cron(expression)
        assert check(intent, house(zone)) is None
        agree(seen, intent, house(zone), seen.due(expression), chance, 60)
