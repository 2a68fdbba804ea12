"""Causes to be brought about, each for what a person, the clock or a plan sets off."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

from actors.replay.explaining import Explanation
from events.configuration import Action, Configuration, Intent
from events.runs import RunStarting
from tests.rules.explain_story import (
    DOLLAR,
    HOUSE,
    Endings,
    Step,
    Template,
    World,
    action,
    at,
    ending,
    with_,
)

Source = Literal["request", "cron", "template"]
NOTHING: Mapping[str, Any] = MappingProxyType({})
Inject = Callable[[World], object]


class Setting(NamedTuple):
    """How a job is set off, and what is done to it. It is due at half past six."""

    job: Mapping[str, Any] = NOTHING  # of the action
    house: Configuration = HOUSE
    phase: str = ""  # that it waits for; a template always waits for one
    inject: Inject = lambda world: None  # at five to six
    then: Inject = lambda world: None  # at half past six
    until: tuple[str, int] = ("06:40", 0)
    outcome: Endings | None = None
    request: Mapping[str, Any] = NOTHING
    intent: Mapping[str, Any] = NOTHING
    run: bool = False  # The question is about its first run.


def lived(it: Setting, source: Source) -> tuple[World, Callable[[], Explanation]]:
    """A morning with that job in it, and the question about it."""
    job = {"lane": "desk", "category": "study", "estimate_usd_micros": DOLLAR, **it.job}
    house = _set_off(action("job", it.house, **job), source, it)
    world = World(house, _outcome(it.outcome))
    world.until("05:55")
    it.inject(world)
    if source == "request":
        world.asks("job", "k", "06:30", phase=it.phase or None, **it.request)
    it.then(world)
    world.until(*it.until)
    return world, lambda: _asked(world, it, source)


def _outcome(wanted: Endings | None) -> Endings:
    long, others = ending(8 * 60), wanted or ending()
    return lambda starting: (long if starting.action == "busy" else others)(starting)


def _set_off(house: Configuration, source: Source, it: Setting) -> Configuration:
    phase = it.phase
    house = replace(
        house,
        actions={**house.actions, "busy": Action(command=("b",), category="chores", lane="desk")},
    )
    match source:
        case "cron":
            when = Intent(run="job", cron="30 6 20 11 *", phase=phase or None, **it.intent)
            return with_(house, intents={**house.intents, "early": when})
        case "template":
            job = house.actions["job"]
            weekly = Template(
                steps=(Step(action="job"),),
                phases=(phase or "morning",),
                at_phase_end=job.at_phase_end,
                defer_limit=job.defer_limit,
            )
            return with_(house, templates={**house.templates, "weekly": weekly})
    return house


def _asked(world: World, it: Setting, source: Source) -> Explanation:
    if it.run:
        starting = world.first(RunStarting, action="job")
        return world.why(getattr(starting.fact, "run", ""))
    match source:
        case "cron":
            return world.why_occurrence("early", at("06:30"))
        case "template":
            return world.why_template("weekly", 1)
    return world.why_request("k")
