"""How a run is followed to its end, by a keeper or within the daemon."""

from collections.abc import Callable

from actors.executor.life import Life
from actors.executor.loop import Steps
from events.runs import RunEnded

Way = Callable[[Life], Steps[RunEnded | None]]
"""Sees a run to its end; None for one that did not begin before the daemon stopped."""


def followed(life: Life, way: Way, by: str) -> Steps[RunEnded | None]:
    """Its end. A mistake of ours must not leave it open for ever."""
    try:
        return (yield from way(life))
    except Exception as mistake:
        return life.lost(f"{by} failed: {mistake!r}")
