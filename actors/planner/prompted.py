"""Work that no configuration names: a prompt for an agent, and which one is to answer it.

Such a request may come from afar, so it may say little more than that: no program, no shell, no
permissions and no secrets.
"""

import re

from msgspec.structs import fields

from events.configuration import Action, Configuration
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
_DEFAULTS = Action()
_MAY_NOT_SAY = [field.name for field in fields(Action) if field.name not in MAY_SAY]


def is_taken(house: Configuration, name: str) -> bool:
    """Whether the configuration means something else by that name."""
    return name in house.actions or name in house.templates


def is_askable(name: str, action: Action) -> bool:
    """Whether anybody may ask for it."""
    return (
        NAME.fullmatch(name) is not None
        and action.executor in PROGRAMS
        and 0 < len(action.prompt) <= PROMPT_CHARACTERS_MAX
        and all(getattr(action, field) == getattr(_DEFAULTS, field) for field in _MAY_NOT_SAY)
    )
