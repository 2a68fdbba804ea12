"""Intents that people and programs make by hand, signals, and what comes of intents."""

from typing import Literal

from events.configuration import Intent
from events.fact import Decision, InputJson, Instant, Key, Observation, Words

IntentSource = Literal["configuration", "request", "signal", "model", "import"]
IntentFate = Literal["asked", "over"]
EndState = Literal[
    "completed", "failed", "unknown", "cancelled", "buried", "dropped", "skipped", "expired"
]


class SignalReceived(Observation, tag="signal-received"):
    """Somebody says that something happened. The clock answers: what it makes due, or a refusal."""

    name: Key
    key: Key
    data_json: InputJson = "{}"


class IntentAddRequested(Observation, tag="intent-add-requested"):
    """Somebody makes an intent by hand. The planner answers."""

    name: Key
    intent: Intent
    key: Key
    source: IntentSource = "request"
    note: Words = ""


class IntentRemoveRequested(Observation, tag="intent-remove-requested"):
    """Remove an intent that was made by hand. The planner answers."""

    name: Key
    key: Key


class IntentSwitchRequested(Observation, tag="intent-switch-requested"):
    """Enable or disable any intent, across restarts. The planner answers."""

    name: Key
    enabled: bool
    key: Key


class IntentAdded(Decision, tag="intent-added"):
    """An intent that did not come from the configuration is in force. By the planner."""

    name: str
    intent: Intent
    source: IntentSource
    key: str = ""


class IntentRemoved(Decision, tag="intent-removed"):
    """It is never due again; its name stays known. By the planner."""

    name: str
    reason: IntentFate
    key: str = ""


class IntentSwitched(Decision, tag="intent-switched"):
    """Enabled or disabled by hand, until switched again or its configuration changes."""

    name: str
    enabled: bool
    key: str = ""


class IntentsConfigured(Decision, tag="intents-configured"):
    """What another configuration means for the intents that came from one. By the clock."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    name_taken: tuple[str, ...] = ()  # Made by hand before: the configured ones are passed over.


class OccurrenceBuffered(Decision, tag="occurrence-buffered"):
    """It was due while work of the same intent was open, and waits for its end. By the planner."""

    intent: str
    due_at: Instant


class OccurrenceEnded(Decision, tag="occurrence-ended"):
    """What came of an occurrence for which another intent, or the next one, waits. By the
    planner."""

    intent: str
    due_at: Instant
    state: EndState
    work: str = ""


class WorkOvertaken(Decision, tag="work-overtaken"):
    """A newer occurrence takes the place of open work; the phase queue ends it. By the planner."""

    work: str
    intent: str
    due_at: Instant  # of the newer one
    at_once: bool = False  # without a grace period


class IdleAsked(Decision, tag="idle-asked"):
    """Work waits for the machine to be idle; the clock has it looked at. By the phase queue."""

    work: str


ALERTS = (  # All that there are.
    "configuration_refused",
    "clock_stepped",
    "budget_used",  # subject: category or "day", and the percentage, as "research 80"
    "budget_pace",
    "breaker_open",
    "run_unknown",
    "many_failures",
    "executor_exhausted",
    "keeper_gone",
    "disk_low",
    "sweep_failed",
)


class AlertRaised(Decision, tag="alert-raised"):
    """Something needs a person. Raised once, until it is cleared."""

    alert: str
    words: str = ""
    subject: str = ""  # what it is about; each subject is raised and cleared by itself


class AlertCleared(Decision, tag="alert-cleared"):
    alert: str
    subject: str = ""


class BreakerOpened(Decision, tag="breaker-opened"):
    """So many runs of an intent failed in a row that it is due no more. By the planner."""

    intent: str
    failures: int


class BreakerClosed(Decision, tag="breaker-closed"):
    """A person let it be due again. By the planner."""

    intent: str
