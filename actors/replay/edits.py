"""How people change a configuration while the daemon runs: one intent at a time, by chance."""

from collections.abc import Sequence
from typing import Any, get_args

from msgspec.structs import replace

from actors.replay.draws import Draws
from actors.triggers import check
from events.configuration import Configuration, Intent
from events.settings import Misfire, Overlap

MISFIRES: tuple[Misfire, ...] = get_args(Misfire)
OVERLAPS: tuple[Overlap, ...] = get_args(Overlap)


def edited(configuration: Configuration, draws: Draws, nth: int) -> Configuration:
    """The first configuration with one intent changed, taken out or added."""
    intents = dict(configuration.intents)
    if not intents:
        return configuration
    name = draws.choice([*intents], "edit", nth)
    match draws.below(5, "edit how", nth):
        case 0:
            del intents[name]
        case 1:
            intents["added"] = replace(intents[name], jitter_seconds=30)
        case _:
            changed = replace(intents[name], **_change(intents[name], draws, nth))
            if check(changed, configuration) is None:
                intents[name] = changed
    return replace(configuration, intents=intents)


def signals_of(configuration: Configuration) -> Sequence[str]:
    """The signals that some intent waits for."""
    ons = (intent.on for intent in configuration.intents.values())
    return [on.signal for on in ons if on is not None and on.signal is not None]


def _change(intent: Intent, draws: Draws, nth: int) -> dict[str, Any]:
    match draws.below(4, "edit what", nth):
        case 0:
            return {"enabled": not intent.enabled}
        case 1:
            return {"misfire": draws.choice(MISFIRES, "misfire", nth)}
        case 2:
            return {"overlap": draws.choice(OVERLAPS, "overlap", nth)}
    if intent.every_seconds is not None:
        return {"every_seconds": intent.every_seconds + 600}
    return {"jitter_seconds": 60}
