"""What the cleanup actor takes away, and the evidence of it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from events.fact import Decision, Instant, Key, Observation, Words
from events.policies import Foreign
from events.settings import SweepPart

Area = Literal["runs", "works", "temp", "archives", "sockets"]
Occasion = Literal["run", "asked", "disk_low"]
PARTS_BEFORE: tuple[SweepPart, ...] = ("runs", "temp", "archives")  # as it was in old logs


class SweepRequested(Observation, tag="sweep-requested"):
    """Somebody wants to have swept. The cleanup answers."""

    key: Key
    parts: Annotated[tuple[SweepPart, ...], Meta(max_length=100)] = ()  # none: all
    really: bool = False  # End also what is not ours and would only be shown.
    note: Words = ""


class DiskSeen(Observation, tag="disk-seen"):
    """How full the disk of the data folder is: when that is less than is wanted, or no more."""

    free_bytes: int
    total_bytes: int


class Seal(Struct, frozen=True):
    """A stretch of the log that is to be written into a file of its own."""

    after: int  # the record in front of the first
    until: int


class SweepStarting(Decision, tag="sweep-starting"):
    """One pass over our own folders: for a run of a `sweep` action, or as `occasion` says."""

    sweep: str
    run: str  # "" when no run asked for it
    runs: tuple[str, ...]  # whose folders go: each ended, and past what is kept
    temp_before: Instant
    archives_before: Instant
    archives_keep_count: int
    items_max: int
    not_after: Instant
    works: tuple[str, ...] = ()  # whose shared folders go: over, and no run folder of theirs stays
    parts: tuple[SweepPart, ...] = PARTS_BEFORE  # in this order
    archives_max_bytes: int | None = None  # More than these in all, the oldest go.
    sockets_before: Instant | None = None
    foreign: dict[str, Foreign] = field(default_factory=dict)
    seal: Seal | None = None
    within_seconds: int = 0  # Then it ends, with what is left for the next; 0 is no limit.
    until_free_bytes: int = 0  # It ends when so much is free; 0: it takes all that it names.
    occasion: Occasion = "run"
    key: str = ""  # of the request


class Swept(Struct, frozen=True):
    """A thing that was taken away."""

    area: Area
    name: str  # within its root
    bytes: int


class EndedProcess(Struct, frozen=True, omit_defaults=True):
    """A process that was ended, or that would be."""

    pid: int
    start_ticks: int
    name: str  # of its program
    run: str = ""  # whose it was
    pattern: str = ""  # by which it was found, when it is not ours
    memory_bytes: int = 0


class Sealed(Struct, frozen=True):
    """A stretch of the log that stands in a file of its own, read back and found whole."""

    after: int
    until: int
    last: str  # the link of its last record
    file: str  # in the data folder
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
    left: int = 0  # more than the limits of one sweep allow
    swept_works: tuple[str, ...] = ()  # whose shared folders are gone now
    failing: tuple[SweepPart, ...] = ()  # parts in which something failed
    clean: tuple[SweepPart, ...] = ()  # parts that were gone through, and nothing failed
    processes: tuple[EndedProcess, ...] = ()  # that were ended
    processes_count: int = 0
    memory_bytes: int = 0  # that those held
    shown: tuple[EndedProcess, ...] = ()  # not ours, and only looked at
    sealed: Sealed | None = None
    free_bytes: int | None = None  # on the disk, at the end
    took_ms: int = 0
