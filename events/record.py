"""A fact with its place in the log: where, when, by whom, and because of what."""

from msgspec import Struct

from events.catalogue import AnyFact
from events.fact import Instant


class Record(Struct, frozen=True, gc=False):
    """One line of the log.

    `hash` is the link of the chain (see `events.codec`). `depth` counts the decisions since the
    last observation: rules that answer each other for ever are found by it.
    """

    position: int
    at: Instant  # When the world said so; a decision bears the time of its cause.
    by: str  # An actor for its decisions, a door for an observation.
    cause: int | None  # What it answers. Something that came by itself has none.
    fact: AnyFact
    depth: int = 0
    hash: str = ""
