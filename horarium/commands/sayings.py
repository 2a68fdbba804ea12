"""What the daemon answers, in words."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from horarium import times
from horarium.commands.options import now
from horarium.known import intent_names
from horarium.places import Places
from horarium.reading import did_you_mean, names

Fact = Mapping[str, Any]

HOLDS = {
    "": "a moment",
    "phase_not_open": "its phase",
    "lane_full": "its lane",
    "daemon_full": "a free place",
    "paused": "the end of a pause",
    "not_before": "its time",
    "no_funds": "money",
    "retry_backoff": "the next attempt",
    "not_idle": "the machine to be idle",
    "quiet_hours": "the end of quiet hours",
}
_REFUSALS = {
    "already_ended": "{subject} has ended already.",
    "already_running": "{subject} is running already.",
    "already_paused": "{subject} is paused already.",
    "not_paused": "{subject} is not paused.",
    "nothing_to_do": "Nothing to do.",
    "no_day_open": "No day is open.",
    "intent_disabled": "{subject} is disabled.",
    "too_many_waiting": "Too much work waits already.",
    "invalid_intent": "{subject} cannot be an intent: what it says is not valid here.",
    "name_taken": "something is called {subject} already.",
    "not_made_by_hand": "{subject} comes from the configuration: take it out there, "
    "or use `horarium intent disable {subject}`.",
    "nobody_listens": "no intent waits for the signal {subject}.",
    "not_unknown": "{subject} is no run of which nobody saw the end; "
    "`horarium runs --state unknown` lists those.",
    "not_buried": "{subject} is not buried, or was revived before; "
    "`horarium revive` lists what is.",
    "invalid_action": "{subject} is no prompt that anybody may ask for.",
}


_SAID = {
    "work-released": "Released {work}: {run} goes ahead as soon as it is paid for.",
    "work-moved": "Moved {work} to {phase}.",
    "work-cancelled": "Cancelled {work}.",
    "work-stopping": "Stopping {work}: what runs of it is being ended.",
    "occurrence-due": "{intent} is due.",
    "intent-added": "Added {name}.",
    "intent-removed": "Removed {name}: it is never due again.",
    "category-reopened": "Opened category {category} again.",
    "run-settled": "Settled {run}: it {settled_as}.",
    "sweep-starting": "Sweeping: {sweep}.",
}


def said(kind: str, fact: Fact) -> str:
    """One sentence for an answer that is not a refusal."""
    fact = defaultdict(str, fact)
    if (words := _SAID.get(kind)) is not None:
        return words.format_map(fact)
    match kind:
        case "work-planned":
            return f"Planned {fact['work']}: {fact['name']}{_when(fact)}."
        case "request-repeated":
            outcome = f"it became {fact['work']}" if fact["work"] else "it was answered then"
            return f"Asked before under this key: {outcome}."
        case "work-held":
            return f"{fact['work']} waits for {HOLDS.get(fact['reason'], fact['reason'])}."
        case "paused":
            return f"Paused {scope(fact)}: nothing more of it is started."
        case "resumed":
            return f"Resumed {scope(fact)}."
        case "intent-switched":
            return f"{'Enabled' if fact['enabled'] else 'Disabled'} {fact['name']}."
        case "limit-changed":
            return f"{_limit(fact)}."
        case "plan-drawn":
            return f"Drew plan {fact['revision']} of {fact['day']}{_covering(fact['phases'])}."
    return f"Done: {kind}."


def refused(here: Places, fact: Fact, kinds: Sequence[str], phase: str = "", lane: str = "") -> str:
    """Why not, and what was probably meant: among names of these kinds, or instead of a phase or
    a lane."""
    subject, reason = str(fact.get("subject", "")), str(fact.get("reason", ""))
    if reason == "unknown_phase":
        return f"no phase is called {phase!r}.{did_you_mean(phase, names(here, 'phase'))}"
    if reason == "unknown_lane":
        return f"no lane is called {lane!r}.{did_you_mean(lane, names(here, 'lane'))}"
    if reason == "unknown_intent":
        return f"no intent is called {subject!r}.{did_you_mean(subject, intent_names(here))}"
    if reason == "unknown_subject":
        what, known = " or ".join(kinds), names(here, *kinds) if kinds else ()
        return f"no {what or 'work'} is called {subject!r}.{did_you_mean(subject, known)}"
    return _REFUSALS.get(reason, "refused: {reason}").format(
        subject=subject or "everything", reason=reason
    )


def _limit(fact: Fact) -> str:
    what = "The day" if fact["scope"] == "day" else f"The {fact['scope']} {fact['name']}"
    when = f"on {fact['day']}" if fact["day"] else "in a day, from now on"
    if fact["usd_micros"] in ("", None):
        amount = "what it might before" if fact["day"] else "what is configured"
        return f"{what} may cost {when} {amount}"
    return f"{what} may cost {times.money(int(fact['usd_micros']))} {when}"


def scope(fact: Fact) -> str:
    """What a pause is of."""
    kind, name = fact.get("scope", "all"), fact.get("name", "")
    return "everything" if kind == "all" else f"{kind} {name}"


def _when(fact: Fact) -> str:
    where = f" for {fact['phase']}" if fact.get("phase") else ""
    if not fact.get("not_before"):
        return where or " for as soon as possible"
    return f"{where} not before {times.clock(datetime.fromisoformat(fact['not_before']), now())}"


def _covering(phases: Sequence[str]) -> str:
    return f" for {', '.join(phases)}" if phases else ""
