"""What the planner makes of a day."""

from datetime import date
from typing import Literal, get_args

from msgspec import Struct

from events.fact import Decision, Instant

PlanCause = Literal["day_opened", "configuration_changed", "asked"]
PassOverReason = Literal[
    "disabled",
    "outside_windows",
    "phase_not_wanted",
    "daily_limit",
    "phase_limit",
    "phase_full",
    "no_money_in_category",
    "no_money_left",
    "no_time_left",
    "outscored",
]
SkipReason = Literal[
    "still_running",
    "buffer_full",
    "paused",
    "dst_gap",
    "dst_overlap",
    "intent_unknown",
    "intent_disabled",
    "work_unknown",
    "phase_unknown",
    "breaker_open",
]
WithdrawReason = Literal["replanned", "configuration_changed", "alert_over"]

WITHDRAWALS: frozenset[str] = frozenset(get_args(WithdrawReason))


class Score(Struct, frozen=True, omit_defaults=True, gc=False):
    """Why a candidate stands where it stands. Each term is in thousandths, weight included."""

    total_millis: int = 0
    window_millis: int = 0
    balance_millis: int = 0
    variety_millis: int = 0
    priority_millis: int = 0


class PlanDrawn(Decision, tag="plan-drawn"):
    """A plan of a day, or a later revision of it. The work planned into it follows."""

    day: date
    revision: int  # from 1
    because: PlanCause
    phases: tuple[str, ...]  # those it covers, in order
    left_usd_micros: int  # what it had to give out, the reserve and set-aside money apart
    set_aside_usd_micros: int = 0  # for occurrences expected later in the day
    set_aside_count: int = 0
    key: str = ""  # of the request that asked for it


class CandidatePassedOver(Decision, tag="candidate-passed-over"):
    """A template that could have been planned into a phase and was not."""

    day: date
    revision: int
    phase: str
    template: str
    reason: PassOverReason
    score: Score = Score()


class OccurrenceSkipped(Decision, tag="occurrence-skipped"):
    """An occurrence that was due and becomes no work."""

    intent: str
    due_at: Instant
    reason: SkipReason


class WorkWithdrawn(Decision, tag="work-withdrawn"):
    """The planner takes back what it planned; the phase queue drops it if it still waits."""

    work: str
    reason: WithdrawReason
