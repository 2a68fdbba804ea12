"""A run: one attempt at one action of a piece of work."""

from datetime import date
from typing import Literal

from msgspec import Struct

from events.budget import CostSource
from events.fact import Decision, Instant, Observation
from events.settings import ExecutorKind

Outcome = Literal[
    "succeeded",
    "failed",
    "timed_out",
    "cancelled",
    "misconfigured",
    "too_late",
    "unknown",
    "not_ready",
    "rate_limited",
    "quota_exhausted",
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
    "not_ready",  # its own readiness test, or the program, says that it could not work now
    "rate_limited",
    "quota_exhausted",
    "misconfigured",  # A person must change something: login, key, model, arguments.
    "refused",  # The model declined to answer.
    "said_failed",  # The program says so itself, whatever its exit code.
    "at_ceiling",  # stopped when it had cost what it might
    "too_little",  # less of an answer than was asked for
    "artifact_missing",
    "not_successful",  # said the success test
    "sandbox_missing",
]
RestReason = Literal["failures", "rate_limited", "quota_exhausted", "misconfigured"]
SettledAs = Literal["succeeded", "failed"]
SettledBy = Literal["person", "probe"]
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


class Usage(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a run used of a model: tokens of four prices. `input` was in no cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return self.input + self.output + self.cache_read + self.cache_write


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
    ceiling_usd_micros: int | None = None  # what was reserved, where the door keeps it within


class RunWaiting(Decision, tag="run-waiting"):
    """It is paid for, and waits until one of those that this executor may run at once has ended."""

    run: str
    work: str
    executor: ExecutorKind


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
    model: str = ""  # that answered
    usage: Usage | None = None  # of the model, as far as it is known
    priced_usd_micros: int | None = None  # of that usage, where the program reported no cost
    turns: int = 0
    session: str = ""  # the program's own, by which it can be gone on with
    resets_at: Instant | None = None  # when it may work again, by its own word
    is_empty: bool = False  # It said that there was nothing to do.
    is_done: bool = False  # It said so itself, and stands by its answer, whatever its exit code.


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
    executor: ExecutorKind = "command"  # that carried it out
    tokens: int = 0


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


class ExecutorRested(Decision, tag="executor-rested"):
    """Nothing more is asked of it until then. By the executor."""

    executor: ExecutorKind
    reason: RestReason
    until: Instant


class ExecutorRecovered(Decision, tag="executor-recovered"):
    """It is asked again: its rest is over, or it has succeeded since. By the executor."""

    executor: ExecutorKind


class ProbeStarting(Decision, tag="probe-starting"):
    """The executor has the probe command of an unknown run looked at."""

    probe: str
    run: str
    work: str
    action: str
    not_after: Instant


class ProbeEnded(Observation, tag="probe-ended"):
    """What the probe said; without an exit code it said nothing."""

    probe: str
    exit_code: int | None = None
    detail: str = ""


class RunSettled(Decision, tag="run-settled"):
    """What became of an unknown run is known now. By the executor."""

    run: str
    work: str
    settled_as: SettledAs
    by: SettledBy
    cost_usd_micros: int | None = None  # None: what was set aside stays charged
    key: str = ""
    note: str = ""


class KeeperLost(Observation, tag="keeper-lost"):
    """The process that keeps the runs is gone or dumb; another one takes its place."""

    open_runs: int
    detail: str = ""


class KeeperFound(Observation, tag="keeper-found"):
    """A keeper answers again."""
