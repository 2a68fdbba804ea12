"""What the cleanup actor takes away, and the evidence of it."""

from typing import Literal

from msgspec import Struct

from events.fact import Decision, Instant, Observation

Area = Literal["runs", "works", "temp", "archives"]


class SweepStarting(Decision, tag="sweep-starting"):
    """One pass over our own folders, asked for by a run of a `sweep` action."""

    sweep: str
    run: str
    runs: tuple[str, ...]  # whose folders go: each ended, and past what is kept
    temp_before: Instant
    archives_before: Instant
    archives_keep_count: int
    items_max: int
    not_after: Instant
    works: tuple[str, ...] = ()  # whose shared folders go: over, and no run folder of theirs stays


class Swept(Struct, frozen=True):
    """A thing that was taken away."""

    area: Area
    name: str  # within its root
    bytes: int


class SweepEnded(Observation, tag="sweep-ended"):
    """What a sweep did. The first hundred items are named, all are counted."""

    sweep: str
    items: int
    bytes: int
    swept: tuple[Swept, ...] = ()
    failed: tuple[str, ...] = ()  # names that could not be taken away, at most twenty
    missing: int = 0  # were gone already
    swept_runs: tuple[str, ...] = ()  # whose folders are gone now
    left: int = 0  # more than the limit of one sweep
    swept_works: tuple[str, ...] = ()  # whose shared folders are gone now
