"""What people ask for. Each request has one actor that always answers, also with a refusal."""

from datetime import datetime
from typing import Literal

from events.fact import Decision, Observation

Scope = Literal["all", "category", "lane"]
Refusal = Literal[
    "unknown_subject",
    "unknown_phase",
    "already_ended",
    "already_running",
    "already_paused",
    "not_paused",
    "nothing_to_do",
    "no_day_open",
    "intent_disabled",
    "too_many_waiting",
]


class WorkRequested(Observation, tag="work-requested"):
    """Somebody asks for an action or a template. The planner answers with WorkPlanned."""

    subject: str
    key: str  # The same key again gets the former answer.
    phase: str | None = None
    at: datetime | None = None  # not before
    input_json: str = "{}"
    note: str = ""


class ReplanRequested(Observation, tag="replan-requested"):
    """Draw today's plan anew. The planner answers."""

    key: str
    note: str = ""


class ReleaseRequested(Observation, tag="release-requested"):
    """Run waiting work now, whatever its phase. The phase queue answers."""

    work: str
    key: str


class MoveRequested(Observation, tag="move-requested"):
    """Let waiting work wait for another phase. The phase queue answers."""

    work: str
    phase: str
    key: str


class CancelRequested(Observation, tag="cancel-requested"):
    """End a piece of work, or the work of a run. The phase queue answers."""

    subject: str
    key: str
    note: str = ""


class PauseRequested(Observation, tag="pause-requested"):
    """Start nothing more of a scope until somebody resumes it. The phase queue answers."""

    scope: Scope
    key: str
    name: str = ""  # of the category or lane
    note: str = ""


class ResumeRequested(Observation, tag="resume-requested"):
    """The phase queue answers; a category that was closed by an overrun is opened again too."""

    scope: Scope
    key: str
    name: str = ""
    note: str = ""


class Paused(Decision, tag="paused"):
    scope: Scope
    name: str = ""
    note: str = ""


class Resumed(Decision, tag="resumed"):
    scope: Scope
    name: str = ""


class RequestRepeated(Decision, tag="request-repeated"):
    """This key was answered before: here is the work it became."""

    key: str
    work: str


class RequestRefused(Decision, tag="request-refused"):
    """What was asked for cannot be done, and why."""

    key: str
    subject: str
    reason: Refusal
