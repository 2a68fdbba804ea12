"""What somebody meant who wrote something else where a trigger belongs."""

import re
from functools import cache
from importlib.resources import files

from actors.triggers.trouble import nearest

UNITS = {"s": "s", "sec": "s", "second": "s", "m": "m", "min": "m", "minute": "m"}
UNITS |= {"h": "h", "hr": "h", "hour": "h", "d": "d", "day": "d", "w": "w", "week": "w"}
SPOKEN = {"hourly": "@hourly", "daily": "@daily", "weekly": "@weekly", "monthly": "@monthly"}
SPOKEN |= {"yearly": "@yearly", "annually": "@annually", "midnight": "@midnight"}
EVERY = re.compile(r"(?:@?every)? *(\d{1,6})? *([a-z]+?)s?")
CLOCK = re.compile(r"(?:(?:every day|daily|each day)? *(?:at)? *)?(\d{1,2}):(\d\d)")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d.*")
ZONE_LIKENESS = 0.75  # There are so many that something is always a little like it.
SUFFIXES = [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]


def instead_of_cron(text: str) -> str:
    """What to write instead of words that are no cron expression; "" when that is not known."""
    said = " ".join(text.lower().split())[:80]
    if said in SPOKEN:
        return SPOKEN[said]
    if MOMENT.fullmatch(said):
        return f'at = "{text.strip()}"'
    if (clock := CLOCK.fullmatch(said)) and int(clock[1]) < 24 and int(clock[2]) < 60:
        return f"{int(clock[2])} {int(clock[1])} * * *"
    every = EVERY.fullmatch(said)
    if every and (every[1] or "every" in said) and every[2] in UNITS:
        return f'every = "{int(every[1] or 1)}{UNITS[every[2]]}"'
    return ""


def zone_like(name: str) -> str:
    """The time zone that a wrong name means: its city is enough, and that nearly."""
    name = "_".join(name.split()).lower()
    by_city = {zone.rpartition("/")[2].lower(): zone for zone in reversed(_zones())}
    city = name.rpartition("/")[2]
    near = nearest(name, _zones(), ZONE_LIKENESS) or nearest(city, by_city, ZONE_LIKENESS)
    return by_city.get(city) or by_city.get(near, near)


def duration(seconds: int) -> str:
    """The shortest way to write a length of time: 1h30m."""
    text = ""
    for unit, length in SUFFIXES[1:]:
        count, seconds = divmod(seconds, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


@cache
def _zones() -> tuple[str, ...]:
    return tuple(files("tzdata").joinpath("zones").read_text("ascii").split())
