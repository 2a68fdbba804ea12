"""Questions about runs of which nobody saw the end, and about who was to carry runs out."""

from collections.abc import Callable, Sequence
from datetime import datetime

from actors.replay.explaining import Explanation
from events.configuration import Configuration
from events.policies import Provider
from events.requests import SettleRequested
from events.runs import RunStarting
from tests.rules.explain_story import (
    DOLLAR,
    HOUSE,
    Endings,
    World,
    action,
    ending,
    troubled,
    with_,
)

ASK = {
    "executor": "claude",
    "prompt": "?",
    "category": "study",
    "estimate_usd_micros": DOLLAR // 10,
}


def agents(house: Configuration = HOUSE, **providers: Provider) -> Configuration:
    return with_(action("ask", house, **ASK), executors=providers)


def in_turn(endings: Sequence[Endings]) -> Endings:
    """One run after the other ends like these; the last stands for all that follow."""
    left = list(endings)
    return lambda starting: (left.pop(0) if len(left) > 1 else left[0])(starting)


def turned_away(until: datetime) -> Endings:
    return ending(exit_code=None, trouble="quota_exhausted", resets_at=until)


def lost() -> tuple[World, str]:
    world = World(outcome=troubled("lost")).until("06:00")
    return world, world.asks("read", "k", "06:05")


def settles_what_is_known() -> Explanation:
    world = World().until("06:00")
    world.asks("read", "k", "06:05")
    world.until("06:10")
    run = world.first(RunStarting, action="read").fact
    world.hears(SettleRequested(getattr(run, "run", ""), "failed", "s"))
    return world.why_request("s")


QUESTIONS: dict[tuple[str, str], Callable[[], Explanation]] = {
    ("refusal", "not_unknown"): settles_what_is_known,
}
