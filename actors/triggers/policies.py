"""What an intent's policies say of its times: which are passed over, and how late each is told."""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal

import msgspec

from actors.triggers.cron import DAY_SECONDS, EPOCH_DAY, Cron, cron_of
from actors.triggers.placing import fills_gap
from actors.triggers.spans import EPOCH, SECOND
from actors.triggers.walls import pass_of, stretch_at
from events.configuration import Configuration, Intent
from events.policies import Policies

PERIOD_DAYS_MAX = 64  # days of an expression that are compared to find the closest two


def policy_of(intent: Intent, house: Configuration) -> Policies:
    """The intent's own policies, and those of the house where it has none."""
    own = {
        name: value
        for name in Policies.__struct_fields__
        if (value := getattr(intent, name)) is not None
    }
    return msgspec.structs.replace(house.policies, **own) if own else house.policies


def passed_over(
    intent: Intent, house: Configuration, due_at: datetime
) -> Literal["dst_gap", "dst_overlap"] | None:
    """The change of clocks for which its policies do not want an occurrence; None: it is wanted.

    Only what names its hours and minutes can be unwanted. Of several nominal times that land on
    one instant it is enough that one is wanted.
    """
    cron = cron_of(intent.cron) if intent.cron is not None else None
    if cron is None or not cron.named:
        return None
    zone = intent.timezone or house.day.timezone
    at = (due_at - EPOCH) // SECOND
    stretch = stretch_at(zone, at)
    left_out = at == stretch.start and fills_gap(cron, stretch)
    if left_out and (intent.dst_gap or house.policies.dst_gap) == "shift_forward":
        return None
    if not cron.matches(at + stretch.offset):
        return "dst_gap" if left_out else None
    unwanted = {"first": 2, "last": 1, "both": None}
    policy = intent.dst_overlap or house.policies.dst_overlap
    return "dst_overlap" if pass_of(zone, at) == unwanted[policy] else None


def jitter_of(name: str, intent: Intent, house: Configuration) -> timedelta:
    """How much later than its nominal instant an intent is told to be due: always the same for
    one name, and less than the shortest time between two of its occurrences."""
    policy = house.policies.jitter_seconds
    jitter = policy if intent.jitter_seconds is None else intent.jitter_seconds
    if not jitter:
        return timedelta(0)
    period = period_seconds(intent)
    if period is not None:
        jitter = min(jitter, period - 1)
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
    return timedelta(seconds=number % (jitter + 1))


def period_seconds(intent: Intent) -> int | None:
    """The shortest time between two occurrences on a wall that never changes its clock.

    None for what comes once, and for what no time makes due.
    """
    if intent.cron is not None:
        return _period(cron_of(intent.cron))
    return intent.every_seconds


def _period(cron: Cron) -> int:
    """The closest two within a minute, from a minute to the next, from an hour, from a day."""
    opening = closing = 0
    found = []
    for mask, unit in ((cron.seconds, 1), (cron.minutes, 60), (cron.hours, 3600)):
        if (apart := _closest(mask)) is not None:
            found.append(apart * unit - (closing - opening))
        opening += ((mask & -mask).bit_length() - 1) * unit
        closing += (mask.bit_length() - 1) * unit
    overnight = _days_apart(cron) * DAY_SECONDS - (closing - opening)
    return min([*found, overnight])


def _closest(mask: int) -> int | None:
    """The least distance between two numbers of a set; None when it has but one."""
    return next((n for n in range(1, mask.bit_length()) if mask & mask >> n), None)


def _days_apart(cron: Cron) -> int:
    day = cron.days.first(EPOCH_DAY)
    shortest = 366
    for _ in range(PERIOD_DAYS_MAX):
        following = None if day is None else cron.days.first(day + 1)
        if day is None or following is None:
            break
        shortest, day = min(shortest, following - day), following
        if shortest == 1:
            break
    return shortest
