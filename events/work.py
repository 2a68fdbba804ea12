"""A piece of work on its way through the day."""

from datetime import date
from typing import Literal

from events.configuration import Action, Step
from events.fact import Decision, Instant
from events.plan import Score
from events.settings import AtPhaseEnd, ExecutorKind, Priority

Source = Literal["template", "intent", "request", "alert", "revival"]
HoldReason = Literal[
    "phase_not_open",
    "lane_full",
    "paused",
    "not_before",
    "no_funds",
    "retry_backoff",
    "daemon_full",
    "not_idle",
    "quiet_hours",
]
DropReason = Literal[
    "phase_over",
    "defer_limit",
    "no_phase_left",
    "too_late",
    "replanned",
    "configuration_changed",
    "start_deadline",
    "alert_over",
]
ReturnReason = Literal["paused", "too_late", "doors_closed", "daemon_stopped"]
WorkState = Literal["completed", "failed", "unknown", "cancelled", "buried"]


class WorkPlanned(Decision, tag="work-planned"):
    """Work for a phase, or, with no phase, for as soon as possible. Decided by the planner.

    It carries what the queue and the budget must know, so that a later change of the
    configuration does not change work that is already on its way.
    """

    work: str
    name: str  # of the template or action
    source: Source
    key: str  # template@day#n, intent@instant, or the request's own key
    steps: tuple[Step, ...]
    category: str
    lane: str
    day: date | None = None
    phase: str | None = None
    priority: Priority = "normal"
    estimate_usd_micros: int = 0  # of all steps together
    expected_seconds: int = 0
    not_before: Instant | None = None
    at_phase_end: AtPhaseEnd = "next_phase"
    defer_limit: int = 1
    score: Score | None = None
    revision: int = 0  # of the plan that chose it; 0 when no plan did
    input_json: str = "{}"
    note: str = ""
    only_if_idle: bool = False
    start_before: Instant | None = None  # It is dropped when it has not started by then.
    action: Action | None = None  # the one that its only step names, when nobody configured it
    own_limit: str = ""  # "template:NAME" or "intent:NAME", when that has a limit of its own


class WorkHeld(Decision, tag="work-held"):
    """It waits, and for what. Said again only when the reason changes.

    Where others were just refused what it would need, it is held without being asked for: what
    it would cost stands here, and the budget remembers it like those that it refused.
    """

    work: str
    reason: HoldReason
    until: Instant | None = None  # where a time is known
    category: str = ""  # unless it is held unasked, nothing
    ceiling_usd_micros: int = 0
    priority: Priority = "normal"
    takes_what_is_left: bool = False
    executors: tuple[ExecutorKind, ...] = ()


class WorkReleased(Decision, tag="work-released"):
    """An attempt at a step may go ahead: only money stands between it and a run.

    Without a ceiling of its own it may take what is left; `ceiling_usd_micros` is the least that
    will do then.
    """

    work: str
    run: str
    action: str
    step: int  # from 1
    attempt: int  # from 1, of this step
    category: str
    ceiling_usd_micros: int
    priority: Priority = "normal"
    own_limit: str = ""
    takes_what_is_left: bool = False
    executors: tuple[ExecutorKind, ...] = ()  # that may be asked, if one has a quota of money


class StepReached(Decision, tag="step-reached"):
    """The step before ended so that this one follows, in the same lane. By the executor."""

    work: str
    run: str
    action: str
    step: int
    category: str
    ceiling_usd_micros: int
    attempt: int = 1
    priority: Priority = "normal"
    own_limit: str = ""
    takes_what_is_left: bool = False
    executors: tuple[ExecutorKind, ...] = ()


class WorkReturned(Decision, tag="work-returned"):
    """An attempt was paid for and never began: the phase queue owns the work again. By the
    executor."""

    work: str
    run: str
    step: int
    attempt: int
    reason: ReturnReason


class WorkMoved(Decision, tag="work-moved"):
    """It now waits for another phase, because somebody asked."""

    work: str
    phase: str


class WorkDeferred(Decision, tag="work-deferred"):
    """Its phase ended before it could start: it waits for another one."""

    work: str
    phase: str
    day: date
    times: int  # how often, this time included


class WorkDropped(Decision, tag="work-dropped"):
    """It never started and never will."""

    work: str
    reason: DropReason


class WorkStopping(Decision, tag="work-stopping"):
    """Somebody wants running work ended: the executor stops what runs of it."""

    work: str
    note: str = ""
    at_once: bool = False  # without a grace period


class WorkCancelled(Decision, tag="work-cancelled"):
    """It waited and was ended on request."""

    work: str
    note: str = ""


class WorkFinished(Decision, tag="work-finished"):
    """It ran, and this is how it ended. By the executor."""

    work: str
    state: WorkState
    reason: str = ""
