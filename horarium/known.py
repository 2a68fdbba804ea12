"""The names of the intents, wherever they came from."""

from horarium.asof import opened_projections
from horarium.places import Places
from projections.database import ProjectionsUnavailable
from projections.queries.intents import names


def intent_names(here: Places) -> list[str]:
    """Of all that are in force, as far as the projections know; none where there are no such."""
    try:
        with opened_projections(here) as connection:
            return names(connection)
    except ProjectionsUnavailable:
        return []
