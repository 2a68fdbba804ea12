"""What the clock tells: days, phases, occurrences, alarms."""

from datetime import date
from typing import Literal

from events.fact import Decision, Instant, Observation

PhaseMissReason = Literal["daemon_down", "before_first_start"]
MissReason = Literal["daemon_down", "late", "in_the_past"]


class TimePassed(Observation, tag="time-passed"):
    """An instant that somebody waited for has come; the record's time is the reading."""


class DayStarted(Decision, tag="day-started"):
    day: date
    starts_at: Instant
    ends_at: Instant


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


class OccurrenceDue(Decision, tag="occurrence-due"):
    """An intent is due; the planner gives the verdict. Its key is `intent@due_at`."""

    intent: str
    due_at: Instant


class OccurrenceMissed(Decision, tag="occurrence-missed"):
    """Occurrences that were due while nobody could start them, closed by one verdict."""

    intent: str
    first_due_at: Instant
    last_due_at: Instant
    count: int  # counted up to 1000
    reason: MissReason
    at_least: bool = False  # There were more than were counted.


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
