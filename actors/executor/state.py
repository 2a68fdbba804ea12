"""What the executor knows: works on their way, runs that were asked for, runs that are open."""

from datetime import date, datetime

from msgspec import Struct, field

from events.configuration import Action, Executor, Lane, Priority, Step
from events.runs import RunStarted
from events.work import WorkState


class Work(Struct, gc=False):
    """A piece of work, from its planning to its end."""

    steps: tuple[Step, ...]
    category: str
    lane: str
    priority: Priority
    input_json: str
    key: str
    day: date | None
    phase: str | None
    live: str = ""  # its open run; there is never a second one
    stopping: bool = False  # somebody wants it ended
    state: WorkState = "completed"  # the gravest end of its steps so far
    reason: str = ""  # of that end
    step_state: WorkState = "completed"  # the end of the latest attempt, not final yet
    step_reason: str = ""


class Asked(Struct, frozen=True, gc=False):
    """A run between its release and its money."""

    work: str
    action: str
    step: int
    attempt: int


class OpenRun(Struct, gc=False):
    """A run that was decided and has no verdict yet, with the settings it was decided with."""

    run: str
    work: str
    name: str  # of the action
    action: Action
    step: int
    attempt: int
    not_after: datetime
    boot: str = ""  # of the machine, when it was decided
    day: date | None = None  # whose money it spends
    process: RunStarted | None = None  # who it is, once that was seen
    cancelling: bool = False
    at_once: bool = False  # It is cancelled without a grace period.


class Executing(Struct):
    """All of it. What has ended is forgotten."""

    actions: dict[str, Action] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)
    settings: Executor = Executor()
    boot: str = ""  # of the machine, in the latest life that was heard of
    paused: list[str] = field(default_factory=list)  # labels
    works: dict[str, Work] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    runs: dict[str, OpenRun] = field(default_factory=dict)
