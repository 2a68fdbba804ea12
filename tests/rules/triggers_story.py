"""Cron expressions of many kinds, drawn from a seed, and how they are held against the oracle."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import timedelta
from random import Random

from actors.triggers import count_between, due_between, last_at_or_before, next_after
from events.configuration import Configuration, Day, Intent
from tests.rules.oracle_of_time import DAY_NAMES, MONTH_NAMES, Scan, instant

ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Caracas",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/London",
    "Europe/Vienna",
    "Europe/Volgograd",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)
SECOND = timedelta(seconds=1)


def house(zone: str) -> Configuration:
    return Configuration(day=Day(timezone=zone))


def cron(expression: str, zone: str = "") -> Intent:
    return Intent(run="read", cron=expression, timezone=zone)


def drawn(chance: Random) -> str:
    """An expression that comes on many days."""
    minute = _field(chance, 0, 59, stars=3)
    hour = _field(chance, 0, 23, stars=4)
    day, month, weekday = "*", "*", "*"
    match chance.randrange(8):
        case 0:
            day = _days(chance)
        case 1:
            weekday = _weekdays(chance)
        case 2:
            day, weekday = _days(chance), _weekdays(chance)
        case 3:
            month = _field(chance, 1, 12, stars=1, names=MONTH_NAMES)
    return f"{minute} {hour} {day} {month} {weekday}"


def _field(chance: Random, low: int, high: int, stars: int, names: Sequence[str] = ()) -> str:
    def number(value: int) -> str:
        return names[value - low] if names and chance.random() < 0.5 else str(value)

    def term() -> str:
        first, last = sorted(chance.choices(range(low, high + 1), k=2))
        step = chance.choice([2, 3, 5, 7, 10])
        spelled = [number(first), f"{number(first)}-{number(last)}", f"{first}-{last}/{step}"]
        return chance.choice([*spelled, f"{first}/{step}"])

    kinds = ["*"] * stars + [f"*/{chance.choice([2, 3, 5, 7, 11])}"] * stars
    kinds += [number(chance.randint(low, high))] * 3 + [term()] * 3
    kinds.append(",".join(term() for _ in range(chance.randint(2, 4))))
    return chance.choice(kinds)


def _days(chance: Random) -> str:
    return chance.choice(["L", "LW", "*/2", "1-28/3,L", _field(chance, 1, 31, stars=1)])


def _weekdays(chance: Random) -> str:
    name, number = chance.choice(DAY_NAMES), chance.randint(0, 7)
    first, last = sorted(chance.choices(range(8), k=2))
    nth = f"{name}#{chance.randint(1, 5)},{number}L"
    spans = [f"{first}-{last}", "MON-FRI", "FRI-SUN", "SUN-TUE", f"{first}-{last}/2", "*/3"]
    return chance.choice([name, str(number), nth, f"{name}L", *spans, f"{name},{number}"])


def agree(
    scan: Scan, intent: Intent, where: Configuration, due: Sequence[int], chance: Random, asked: int
) -> int:
    """Hold what triggers say, asked at random instants, against what the oracle saw.

    How many pairs of an expression and an instant were compared.
    """
    seconds = [at * 60 for at in due]
    instants = sorted(chance.randrange(scan.first * 60, scan.end * 60) for _ in range(asked))
    instants += chance.sample(seconds, min(len(seconds), asked // 4))
    instants += [at - 1 for at in instants[asked:]]
    for at in instants:
        place = bisect_right(seconds, at)
        asked_at = instant(0) + at * SECOND
        following = next_after(intent, where, asked_at)
        assert following is None or following > asked_at
        if place < len(seconds):
            assert following == instant(due[place]), (intent.cron, asked_at)
        else:
            assert following is None or following >= instant(scan.end), (intent.cron, asked_at)
        latest = last_at_or_before(intent, where, asked_at)
        if place:
            assert latest == instant(due[place - 1]), (intent.cron, asked_at)
        else:
            assert latest is None or latest < instant(scan.first), (intent.cron, asked_at)
        count = count_between(intent, where, instant(scan.first) - SECOND, asked_at)
        assert count == place, (intent.cron, asked_at)
    return len(instants)


def agree_throughout(scan: Scan, intent: Intent, where: Configuration, due: Sequence[int]) -> None:
    """Hold every single one against the oracle, and walk back over them."""
    start, end = instant(scan.first) - SECOND, instant(scan.end) - SECOND
    expected = [instant(at) for at in due]
    found = due_between(intent, where, start, end, len(due) + 2)
    assert found == expected, (intent.cron, scan.zone)
    assert count_between(intent, where, start, end) == len(due), (intent.cron, scan.zone)
    back = end
    for at in reversed(expected):
        assert last_at_or_before(intent, where, back) == at, (intent.cron, scan.zone)
        back = at - SECOND
