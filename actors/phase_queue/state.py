"""What the phase queue knows: every piece of work between its planning and its end."""

from collections.abc import Callable
from datetime import date, datetime

from msgspec import Struct, field

from actors.ceilings import Asks, Terms
from events.configuration import Configuration
from events.settings import AtPhaseEnd, Priority
from events.work import HoldReason

Order = tuple[int, int, str]  # priority, age, work: the smaller goes first

IN_LINE: tuple[HoldReason, ...] = ("lane_full", "daemon_full")
"""The reasons of those that would go if only there were room."""


class Work(Struct, gc=False):
    """A piece of work that has not ended: it is released, or it waits."""

    order: Order
    priority: Priority
    lane: str
    category: str
    action: str  # of the step that comes next, or is released
    since: datetime  # it waits for the first window of its phase that ends later than this
    day: date | None = None  # it waits for a window of this day, or of a later one
    phase: str | None = None  # None: any time will do, as it does for what has once started
    not_before: datetime | None = None
    at_phase_end: AtPhaseEnd = "next_phase"
    defer_limit: int = 1
    deferred: int = 0  # times
    step: int = 1
    attempt: int = 1
    run: str = ""  # the latest
    released: bool = False
    moved: bool = False  # by a person: the planner takes it back no more
    started: bool = False  # an attempt has ended: it is no longer dropped, only finished
    unpaid: bool = False  # it was refused money, and no offer has come since
    stopping: bool = False
    note: str = ""  # of the request that stops it
    reason: HoldReason | None = None  # as last said
    until: datetime | None = None
    wakes_at: datetime | None = None  # an alarm is set
    only_if_idle: bool = False
    start_before: datetime | None = None  # It is dropped when it never started by then.
    warned: bool = False  # The alarm for that is set.
    at_once: bool = False  # It is stopping without a grace period.
    asks: Asks | None = None  # for an action that no configuration names
    own_limit: str = ""
    tells: bool = False  # an alert; in quiet hours it waits

    @property
    def name(self) -> str:
        return self.order[2]


class Open(Struct, frozen=True, gc=False):
    """A window of a phase that has started, or the latest one that is over."""

    day: date
    ends_at: datetime


class Queue(Struct):
    """Everything that waits or is released, and what decides who may go."""

    # Only what concerns the queue: day, phases, lanes, clock, executor, alerts.
    house: Configuration = field(default_factory=Configuration)
    terms: Terms = Terms()
    asks: dict[str, Asks] = field(default_factory=dict)  # by action
    known: list[str] = field(default_factory=list)  # labels of what can be paused
    open: dict[str, list[Open]] = field(default_factory=dict)  # by phase
    over: dict[str, Open] = field(default_factory=dict)  # by phase, until it starts again
    paused: dict[str, str] = field(default_factory=dict)  # label: note
    money_day: date | None = None  # whose budget is open
    closed: list[str] = field(default_factory=list)  # categories the budget has closed
    closed_before: dict[str, list[str]] = field(default_factory=dict)  # by day, the last few
    works: dict[str, Work] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)  # the latest of each work
    in_line: dict[str, list[Order]] = field(default_factory=dict)  # by lane, sorted, never empty
    unidle: dict[str, Order] = field(default_factory=dict)  # what lacks an idle machine only
    asks_again: bool = False  # An alarm for it is set.
    asking: dict[str, str] = field(default_factory=dict)  # works whose question has no answer
    takes_breath: bool = False  # An alarm is set, upon which room is given out again.
    busy: dict[str, int] = field(default_factory=dict)  # by lane
    running: int = 0
    planned: int = 0  # works ever, the age of each
    ended: list[str] = field(default_factory=list)  # works and runs, the latest only
    answered: dict[str, str] = field(default_factory=dict)  # by request, its work; the latest only
    asked: str = ""  # the request heard last
    repeated: bool = False  # it had been answered before


def waiting(queue: Queue, concerned: Callable[[Work], bool]) -> list[Work]:
    """What waits and is concerned, in the order in which it would go."""
    works = (work for work in queue.works.values() if not work.released and concerned(work))
    return sorted(works, key=lambda work: work.order)


def has_room(queue: Queue, lane: str) -> bool:
    """Whether one more may run in a lane, and in the daemon."""
    house = queue.house
    return (
        queue.running < house.executor.concurrency
        and queue.busy.get(lane, 0) < house.lane(lane).concurrency
    )


def first_in_line(queue: Queue) -> Work | None:
    """Who comes first among those for whom there is room now."""
    heads = [entries[0] for lane, entries in queue.in_line.items() if has_room(queue, lane)]
    return queue.works[min(heads)[2]] if heads else None
