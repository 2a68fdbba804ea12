"""Questions about what is told to people, and what they are asked for."""

from collections.abc import Callable
from datetime import time

from actors.replay import reasons
from actors.replay.explaining import Explanation
from events.configuration import (
    Action,
    Configuration,
    ConfigurationLoaded,
    ConfigurationRefused,
)
from events.policies import Alerts
from events.requests import ReviveRequested
from events.settings import Hours
from tests.rules.explain_story import HOUSE, World, at, ending, intent, with_

QUIET = Hours(start=time(5), end=time(7))


def telling(house: Configuration = HOUSE, **alerts: object) -> Configuration:
    settings = {"ways": ("tidy",), "quiet": (QUIET,)} | alerts
    return with_(house, alerts=Alerts(**settings))  # type: ignore[arg-type]  # Fields of its own.


def told_in_the_night() -> Explanation:
    world = World(telling()).until("06:00")
    world.say(world.moment, ConfigurationRefused("f", ("it is empty",)), "reloading")
    return world.why(world.work_of("alert:configuration_refused"))


def over_in_the_night() -> Explanation:
    """It cannot be read at six, and can at ten past."""
    world = World(telling(tell_over=False)).until("06:00")
    world.say(world.moment, ConfigurationRefused("f", ("it is empty",)), "reloading")
    work = world.work_of("alert:configuration_refused")
    loaded = ConfigurationLoaded("e", telling(tell_over=False))
    world.until("06:10").say(world.moment, loaded, "daemon")
    world.until("07:10")
    told = world.why(work)
    assert told.says == (
        f"{work} (alert:configuration_refused) never ran: nobody is told anything in quiet hours; "
        "then what it was to tell was over before it began."
    )
    assert reasons.WITHDRAWALS["alert_over"] in " ".join(line.says for line in told.chain)
    return told


def failing() -> World:
    """It fails at six, and is due again at seven."""
    house = telling(intent(overlap="allow_all"), breaker_failures=1, quiet=())
    return World(house, ending(exit_code=1))


def skipped_behind_the_breaker() -> Explanation:
    return failing().until("07:10").why_occurrence("hourly", at("07:00"))


def revives_what_is_not_buried() -> Explanation:
    world = World()
    world.hears(ReviveRequested(world.asks("read", "k"), "a"))
    return world.why_request("a")


def asks_for_more_than_a_prompt() -> Explanation:
    world = World()
    world.asks("ask", "k", action=Action(executor="claude", prompt="Hello", shell=True))
    return world.why_request("k")


QUESTIONS: dict[tuple[str, str], Callable[[], Explanation]] = {
    ("hold", "quiet_hours"): told_in_the_night,
    ("drop", "alert_over"): over_in_the_night,
    ("withdrawal", "alert_over"): over_in_the_night,
    ("skip", "breaker_open"): skipped_behind_the_breaker,
    ("refusal", "not_buried"): revives_what_is_not_buried,
    ("refusal", "invalid_action"): asks_for_more_than_a_prompt,
}
