"""A run: one attempt at one action of a piece of work."""

from datetime import date
from typing import Literal

from msgspec import Struct

from events.budget import CostSource
from events.configuration import ExecutorKind
from events.fact import Decision, Instant, Observation

Outcome = Literal[
    "succeeded", "failed", "timed_out", "cancelled", "misconfigured", "too_late", "unknown"
]
Trouble = Literal[
    "program_missing",
    "not_executable",
    "lane_missing",
    "bad_input",
    "spawn_failed",
    "timed_out",
    "cancelled",
    "too_late",
    "doors_closed",
    "paused",
    "daemon_stopped",
    "lost",
]
ResultFault = Literal["too_large", "not_json", "not_an_object", "wrong_types", "absurd_cost"]


class RunResult(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a job said of itself, bounded: at most 32 KiB in all."""

    summary: str = ""
    insights: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    cost_usd_micros: int | None = None
    tokens: int | None = None
    artifacts: tuple[str, ...] = ()  # names within the work folder
    data_json: str = ""


class RunStarting(Decision, tag="run-starting"):
    """The executor will start this, at most once, and not after `not_after`."""

    run: str
    work: str
    action: str
    step: int
    attempt: int
    executor: ExecutorKind
    not_after: Instant
    day: date | None = None  # whose money it spends


class RunStarted(Observation, tag="run-started"):
    """A process lives. Its identity is boot, pid and start time together."""

    run: str
    pid: int
    boot: str
    start_ticks: int  # field 22 of /proc/PID/stat
    started_at: Instant


class RunAdopted(Observation, tag="run-adopted"):
    """A process of an earlier life was found alive and is watched to its end."""

    run: str
    pid: int


class RunEnded(Observation, tag="run-ended"):
    """What was seen of the end of a run, or of its not starting (`started` is False)."""

    run: str
    started: bool
    ended_at: Instant
    exit_code: int | None = None  # minus the signal's number when one ended it
    trouble: Trouble | None = None
    detail: str = ""
    duration_ms: int = 0
    cpu_ms: int = 0
    peak_bytes: int = 0  # 0: not known
    output_bytes: int = 0  # as printed, also what was cut off
    output_cut: bool = False
    tail: str = ""  # last lines of the output, at most 2,000 characters
    result: RunResult | None = None
    result_fault: ResultFault | None = None
    processes_most: int = 0  # at once, as seen; 0: nobody looked


class RunClosed(Decision, tag="run-closed"):
    """The executor's verdict. Everyone but the executor hears this and not RunEnded."""

    run: str
    work: str
    action: str
    outcome: Outcome
    started: bool = True
    reason: str = ""
    cost_usd_micros: int | None = None  # as reported; None: the budget charges the estimate
    cost_source: CostSource = "estimated"


class RunRetrying(Decision, tag="run-retrying"):
    """Another attempt will follow; the phase queue owns the work again until then."""

    work: str
    step: int
    action: str
    attempt: int  # the number of the next one
    retry_at: Instant


class RunCancelling(Decision, tag="run-cancelling"):
    """The executor tells the door to stop this run."""

    run: str
    work: str
    at_once: bool = False  # without a grace period


class WorkBuried(Decision, tag="work-buried"):
    """Out of attempts: kept, shown, and not tried again."""

    work: str
    action: str
    attempts: int
