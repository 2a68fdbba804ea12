"""What people ask for. Each request has one actor that always answers, also with a refusal."""

from typing import Literal

from events.configuration import Action
from events.fact import Decision, InputJson, Instant, Key, Observation, Words
from events.runs import SettledAs
from events.settings import UsdMicros

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
    "unknown_intent",
    "invalid_intent",
    "name_taken",
    "not_made_by_hand",
    "nobody_listens",
    "not_unknown",
    "not_buried",
    "invalid_action",
    "unknown_lane",
]
LimitScope = Literal["day", "category", "template", "intent"]


class WorkRequested(Observation, tag="work-requested"):
    """Somebody asks for an action or a template. The planner answers with WorkPlanned."""

    subject: Key
    key: Key  # The same key again gets the former answer.
    phase: Key | None = None
    at: Instant | None = None  # not before
    input_json: InputJson = "{}"
    note: Words = ""
    action: Action | None = None  # that no configuration names; `subject` is its name
    lane_must_be_known: bool = False  # that of the action; every door asks for it


class SettleRequested(Observation, tag="settle-requested"):
    """Somebody knows what became of an unknown run. The executor answers."""

    run: Key
    settled_as: SettledAs
    key: Key
    cost_usd_micros: UsdMicros | None = None
    note: Words = ""


class ReviveRequested(Observation, tag="revive-requested"):
    """Let buried work be tried again. The planner answers with WorkPlanned."""

    work: Key
    key: Key
    note: Words = ""


class LimitRequested(Observation, tag="limit-requested"):
    """Change a limit by hand. The budget answers."""

    scope: LimitScope
    key: Key
    name: Key = ""  # of the category, template or intent
    usd_micros: UsdMicros | None = None  # None: as configured again
    for_good: bool = False  # and not for today alone
    note: Words = ""


class ReplanRequested(Observation, tag="replan-requested"):
    """Draw today's plan anew. The planner answers."""

    key: Key
    note: Words = ""


class ReleaseRequested(Observation, tag="release-requested"):
    """Run waiting work now, whatever its phase. The phase queue answers."""

    work: Key
    key: Key


class MoveRequested(Observation, tag="move-requested"):
    """Let waiting work wait for another phase. The phase queue answers."""

    work: Key
    phase: Key
    key: Key


class CancelRequested(Observation, tag="cancel-requested"):
    """End a piece of work, or the work of a run. The phase queue answers."""

    subject: Key
    key: Key
    note: Words = ""


class PauseRequested(Observation, tag="pause-requested"):
    """Start nothing more of a scope until somebody resumes it. The phase queue answers."""

    scope: Scope
    key: Key
    name: Key = ""  # of the category or lane
    note: Words = ""


class ResumeRequested(Observation, tag="resume-requested"):
    """The phase queue answers; a category that was closed by an overrun is opened again too."""

    scope: Scope
    key: Key
    name: Key = ""
    note: Words = ""


class Paused(Decision, tag="paused"):
    scope: Scope
    name: Key = ""
    note: Words = ""


class Resumed(Decision, tag="resumed"):
    scope: Scope
    name: Key = ""


class RequestRepeated(Decision, tag="request-repeated"):
    """This key was answered before: here is the work it became, if it was about one."""

    key: Key
    work: Key


class RequestRefused(Decision, tag="request-refused"):
    """What was asked for cannot be done, and why."""

    key: Key
    subject: Key
    reason: Refusal
