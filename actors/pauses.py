"""What is paused: everything, categories, lanes, each under one label."""

from collections.abc import Container

from events.catalogue import AnyFact
from events.daemon import DaemonStarted
from events.requests import Paused, Resumed, Scope

EVERYTHING = "all"


def label(scope: Scope, name: str) -> str:
    """The one name under which a scope is paused."""
    return EVERYTHING if scope == "all" else f"{scope}:{name}"


def is_paused(paused: Container[str], category: str, lane: str) -> bool:
    """Whether a pause holds what is of that category and that lane."""
    return EVERYTHING in paused or f"category:{category}" in paused or f"lane:{lane}" in paused


def hear_of_pause(paused: list[str], fact: AnyFact) -> None:
    """Follow what is paused; a life that begins paused, or in safe mode, begins with everything."""
    match fact:
        case Resumed(scope, name) if (known := label(scope, name)) in paused:
            paused.remove(known)
        case Paused(scope, name) if (new := label(scope, name)) not in paused:
            paused.append(new)
        case DaemonStarted() if (fact.paused or fact.safe_mode) and EVERYTHING not in paused:
            paused.append(EVERYTHING)
