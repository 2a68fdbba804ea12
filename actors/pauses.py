"""What is paused: everything, categories, lanes, each under one label."""

from collections.abc import Container

from events.requests import Scope

EVERYTHING = "all"


def label(scope: Scope, name: str) -> str:
    """The one name under which a scope is paused."""
    return EVERYTHING if scope == "all" else f"{scope}:{name}"


def is_paused(paused: Container[str], category: str, lane: str) -> bool:
    """Whether a pause holds what is of that category and that lane."""
    return EVERYTHING in paused or f"category:{category}" in paused or f"lane:{lane}" in paused
