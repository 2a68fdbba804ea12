"""What the executor knows: works on their way, runs that were asked for, runs that are open, and
how those who carry them out are faring."""

from datetime import date, datetime

from msgspec import Struct, field

from actors.ceilings import Terms
from events.budget import FundsReserved
from events.configuration import Action, Day, Lane, Step
from events.policies import Alerts, Executor, Price, Provider
from events.runs import RestReason, RunResult, RunStarted
from events.settings import PROGRAMS, ExecutorKind, Priority
from events.work import Source, WorkState


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
    source: Source = "request"
    own_limit: str = ""
    action: Action | None = None  # of its only step, when nobody configured it
    live: str = ""  # its open run; there is never a second one
    stopping: bool = False  # somebody wants it ended
    state: WorkState = "completed"  # the gravest end of its steps so far
    reason: str = ""  # of that end
    step_state: WorkState = "completed"  # the end of the latest attempt, not final yet
    step_reason: str = ""
    said: RunResult | None = None  # by its latest run; only where a step may follow
    said_before: RunResult | None = None  # by the step before
    attempt: int = 1  # of its present step
    turned_away: int = 0  # times that this attempt began and had to go elsewhere, or to wait
    passed: list[ExecutorKind] = field(default_factory=list)  # that cannot do this attempt
    tried_on: date | None = None  # the day of its latest attempt, where those of a day count
    first_then: int = 1  # the number of the first attempt on that day


class Asked(Struct, frozen=True, gc=False):
    """A run between its release and its start."""

    work: str
    action: str
    step: int
    attempt: int


class Paid(Struct, frozen=True, gc=False):
    """A run for which there is money. `executor` is the one that it waits for."""

    run: str
    usd_micros: int
    day: date
    executor: ExecutorKind = "command"
    without: tuple[ExecutorKind, ...] = ()  # that may not be asked for so much


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
    executor: ExecutorKind = "command"  # that carries it out: the action's own, or a fallback
    ceiling_usd_micros: int | None = None  # within which its door keeps it


class Health(Struct):
    """How an executor is faring. It rests until the latest of the moments named here."""

    failures: int = 0  # in a row
    rests: int = 0  # in a row, of those that it was sent to by its provider
    until: datetime | None = None
    reason: RestReason = "failures"
    quotas: dict[str, datetime] = field(default_factory=dict)  # those that are spent


def no_providers() -> dict[str, Provider]:
    """Those that have health without being configured."""
    return {name: Provider() for name in PROGRAMS}


class Executing(Struct):
    """All of it. What has ended is forgotten, but for unknown runs that may yet be settled."""

    actions: dict[str, Action] = field(default_factory=dict)
    terms: Terms = Terms()
    lanes: dict[str, Lane] = field(default_factory=dict)
    settings: Executor = Executor()
    boot: str = ""  # of the machine, in the latest life that was heard of
    paused: list[str] = field(default_factory=list)  # labels
    works: dict[str, Work] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    runs: dict[str, OpenRun] = field(default_factory=dict)
    day: Day = Day()
    alerts: Alerts = Alerts()
    providers: dict[str, Provider] = field(default_factory=no_providers)
    prices: dict[str, Price] = field(default_factory=dict)  # of models, by their names
    health: dict[str, Health] = field(default_factory=dict)  # of those that ever fared badly
    waiting: dict[str, Paid] = field(default_factory=dict)  # by run, for a place
    unknown: dict[str, str] = field(default_factory=dict)  # run: work
    probes: dict[str, OpenRun] = field(default_factory=dict)  # by run, while they are looked at
    probed: OpenRun | None = None  # the one that was looked at last
    paid: FundsReserved | None = None  # what was heard last
    repeated: bool = False  # The request that was heard last had been answered before.
    answered: dict[str, str] = field(default_factory=dict)  # key of a request: work
    raised: dict[str, str] = field(default_factory=dict)  # alert and subject: words
    failures: list[datetime] = field(default_factory=list)  # the latest
