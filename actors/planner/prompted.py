"""Work that no configuration names: a prompt for an agent, and which one is to answer it.

Such a request may come from afar, so it may say little more than that: no program, no shell, no
permissions and no secrets.
"""

import re

from msgspec.structs import fields, replace

from actors.ceilings import FREE
from events.configuration import Action, Configuration
from events.requests import WorkRequested
from events.settings import PROGRAMS

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")
MAY_SAY = frozenset(
    {
        *("executor", "prompt", "input_json", "model", "description", "max_turns"),
        *("category", "lane", "priority", "estimate_usd_micros", "ceiling_usd_micros"),
        *("expected_seconds", "timeout_seconds"),
    }
)
PROMPT_CHARACTERS_MAX = 65_536
USUAL_USD_MICROS = 500_000  # Without any, the first call would overspend and close its category.
MAIN = "main"  # the lane of what names none
_DEFAULTS = Action()
_MAY_NOT_SAY = [field.name for field in fields(Action) if field.name not in MAY_SAY]


def is_taken(house: Configuration, name: str) -> bool:
    """Whether the configuration means something else by that name."""
    return name in house.actions or name in house.templates


def completed(asked: WorkRequested) -> WorkRequested:
    """A request as it is taken in, by whatever door: with a ceiling where somebody said none, and
    an estimate, which is charged where nobody learns what it cost."""
    action = asked.action
    if action is None:
        return asked
    ceiling, estimate = action.ceiling_usd_micros, action.estimate_usd_micros
    if ceiling is None and action.executor not in FREE:
        ceiling = max(USUAL_USD_MICROS, estimate)
    priced = replace(
        action, ceiling_usd_micros=ceiling, estimate_usd_micros=estimate or ceiling or 0
    )
    return replace(asked, action=priced, lane_must_be_known=True)


def has_lane(house: Configuration, lane: str) -> bool:
    """Whether the configuration names that lane anywhere: such runs one thing at a time."""
    return (
        lane == MAIN
        or lane in house.lanes
        or any(action.lane == lane for action in house.actions.values())
        or any(template.lane == lane for template in house.templates.values())
    )


def is_askable(name: str, action: Action) -> bool:
    """Whether anybody may ask for it."""
    return (
        NAME.fullmatch(name) is not None
        and action.executor in PROGRAMS
        and 0 < len(action.prompt) <= PROMPT_CHARACTERS_MAX
        and all(getattr(action, field) == getattr(_DEFAULTS, field) for field in _MAY_NOT_SAY)
    )
