"""The words of the configuration: the closed lists that its settings choose from, and their kinds.

An amount is in the unit that its name tells, within bounds that no calendar and no sum overflows.
"""

from datetime import time
from typing import Annotated, Literal, dataclass_transform, get_args

from msgspec import Meta, Struct

Priority = Literal["critical", "high", "normal", "low", "idle"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ProgramKind = Literal[
    "claude", "codex", "gemini", "kimi", "kimi-code", "opencode", "aider", "ollama"
]
ExecutorKind = Literal["command", "python", "noop", "sweep", "http"] | ProgramKind
Permission = Literal["", "plan", "ask", "edit", "all"]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
Sandbox = Literal["none", "bwrap"]
RetryClass = Literal["failed", "timed_out", "not_ready", "rate_limited", "quota_exhausted"]
QuotaFrom = Literal["first_use", "day", "week"]
Worktree = bool | Literal["work", "run"]  # True is "work".
AtPhaseEnd = Literal["next_phase", "next_day", "drop"]
When = Literal["success", "failure", "always"]
WithoutCeiling = Literal["estimate", "what_is_left"]
CountedFrom = Literal["scheduled", "completion"]
Misfire = Literal["skip", "run_once_latest", "run_once_earliest", "run_all", "within"]
Overlap = Literal[
    "skip",
    "buffer_one",
    "buffer_all",
    "keep_latest",
    "cancel_other",
    "terminate_other",
    "allow_all",
]
DstGap = Literal["shift_forward", "skip"]
DstOverlap = Literal["first", "last", "both"]
KeepAwake = Literal["never", "while_running", "phases"]

SweepPart = Literal["processes", "foreign", "sockets", "runs", "temp", "archives", "log"]

PRIORITIES: tuple[Priority, ...] = ("critical", "high", "normal", "low", "idle")
PROGRAMS: tuple[ProgramKind, ...] = get_args(ProgramKind)
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Name = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,79}$")]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Seconds = Annotated[int, Meta(ge=0, le=366 * 86_400)]
UsdMicros = Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
Bytes = Annotated[int, Meta(ge=0, le=1 << 50)]
Limit = Annotated[int, Meta(ge=1, le=1_000)]


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of the configuration."""


class Hours(Settings):
    """A window on the clock; with `end` at or before `start` it crosses midnight."""

    start: time
    end: time  # exclusive
    days: tuple[Weekday, ...] = WEEKDAYS  # on which it starts
