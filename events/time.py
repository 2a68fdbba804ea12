"""What the clock tells: days, phases, occurrences, alarms."""

from datetime import date
from typing import Literal

from msgspec import Struct

from events.fact import Decision, InputJson, Instant, Observation, Words

PhaseMissReason = Literal["daemon_down", "before_first_start", "asleep"]
MissReason = Literal["daemon_down", "host_slept", "clock_stepped", "late", "in_the_past"]
MissPolicy = Literal["", "skip", "window", "limit", "self_restart"]
SupersedeReason = Literal[
    "edited", "removed", "disabled", "newer_occurrence", "zone_changed", "tzdata_changed"
]
ExpireReason = Literal["start_deadline"]
ExpectCause = Literal[
    "day_started",
    "daemon_started",
    "configuration",
    "intent_changed",
    "clock_changed",
    "runs_left",
]


class TimePassed(Observation, tag="time-passed"):
    """An instant that somebody waited for has come; the record's time is the reading."""


class HostSlept(Observation, tag="host-slept"):
    """The machine was suspended: its wall clock went on, nothing ran. By the timer."""

    milliseconds: int
    since: Instant  # about when it fell asleep


class ClockStepped(Observation, tag="clock-stepped"):
    """The wall clock was set, while no such time passed. By the timer."""

    milliseconds: int  # negative when it was put back
    before: Instant  # what it would have shown


class IdleSeen(Observation, tag="idle-seen"):
    """What a probe said of the machine. It answers IdleProbing; a probe that fails says busy."""

    idle: bool
    detail: Words = ""


class DayStarted(Decision, tag="day-started"):
    day: date
    starts_at: Instant
    ends_at: Instant
    again: bool = False  # The clock went back to a day that had started before.


class PhaseStarted(Decision, tag="phase-started"):
    """The window of a phase is open. `day` is the one in which the window starts."""

    day: date
    phase: str
    starts_at: Instant
    ends_at: Instant


class PhaseEnded(Decision, tag="phase-ended"):
    day: date
    phase: str
    ends_at: Instant


class PhaseMissed(Decision, tag="phase-missed"):
    """Its window opened and closed and we were not there."""

    day: date
    phase: str
    starts_at: Instant
    ends_at: Instant
    reason: PhaseMissReason


class Expected(Struct, frozen=True, omit_defaults=True, gc=False):
    """The occurrences of one intent that a day is expected to bring."""

    intent: str
    first_due_at: Instant
    last_due_at: Instant
    count: int


class OccurrencesExpected(Decision, tag="occurrences-expected"):
    """What is to come of this day, told before it is due; each one gets a verdict.

    For an intent named again, what is told here takes the place of what was still to come.
    """

    day: date
    because: ExpectCause
    intents: tuple[Expected, ...]


class OccurrenceDue(Decision, tag="occurrence-due"):
    """An intent is due; the planner gives the verdict. Its key is `intent@due_at`."""

    intent: str
    due_at: Instant
    overdue: bool = False  # made up for, by the policy for misfires
    data_json: InputJson = ""  # of the signal that made it due


class OccurrenceMissed(Decision, tag="occurrence-missed"):
    """Occurrences that were due while nobody could start them, closed by one verdict."""

    intent: str
    first_due_at: Instant
    last_due_at: Instant
    count: int
    reason: MissReason  # why they could not start
    at_least: bool = False  # There were more than were counted.
    policy: MissPolicy = ""  # why none was made up for


class OccurrencesCoalesced(Decision, tag="occurrences-coalesced"):
    """Overdue occurrences that another one stands for."""

    intent: str
    first_due_at: Instant
    last_due_at: Instant
    count: int
    into: Instant  # the one that becomes due instead of them
    reason: MissReason


class OccurrencesSuperseded(Decision, tag="occurrences-superseded"):
    """Occurrences, past or to come, whose place something else has taken."""

    intent: str
    first_due_at: Instant
    last_due_at: Instant
    count: int
    reason: SupersedeReason


class OccurrenceExpired(Decision, tag="occurrence-expired"):
    """It waited for its turn until it was too late to start."""

    intent: str
    due_at: Instant
    reason: ExpireReason


class OccurrencesReopened(Decision, tag="occurrences-reopened"):
    """The clock had been far ahead: verdicts on what lies after this moment are withdrawn, but
    for what really became due."""

    after: Instant


class CalendarChanged(Decision, tag="calendar-changed"):
    """Local times mean other instants from here on."""

    what: Literal["timezone", "tzdata"]
    before: str
    after: str


class IdleProbing(Decision, tag="idle-probing"):
    """The machine is asked whether it is idle."""

    not_after: Instant


class AlarmSet(Decision, tag="alarm-set"):
    """An actor wants to be told when a moment has come. The same name again replaces it."""

    alarm: str
    setter: str
    rings_at: Instant


class AlarmCleared(Decision, tag="alarm-cleared"):
    alarm: str
    setter: str


class AlarmRang(Decision, tag="alarm-rang"):
    """Heard by its setter, who ignores one that it no longer waits for."""

    alarm: str
    setter: str
    rings_at: Instant
