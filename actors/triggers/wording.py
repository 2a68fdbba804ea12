"""An intent in plain words: when it is due, within what, and what its policies do differently."""

import re
from collections.abc import Iterator, Sequence

from cronsim.explain import explain

from actors.triggers.cron import cron_of, fields_of
from actors.triggers.fields import WEEKDAYS
from actors.triggers.meant import duration
from actors.triggers.policies import policy_of
from actors.triggers.trouble import UnsoundError
from events.configuration import Configuration, Dates, Intent, On
from events.policies import Policies
from events.settings import WEEKDAYS as ALL_DAYS
from events.settings import Hours

MISSPELT = re.compile(r"\b([23]?)([123])th\b")
ON = {
    "signal": "When the signal {} is sent",
    "succeeded": "When {} has succeeded",
    "failed": "When {} has failed",
    "ended": "When {} has ended",
    "alert": "When the alert {} is raised",
    "spent": "When the money for {} is spent",
}
AFTER = {"success": "succeeded", "failure": "failed", "always": "ended"}
MISFIRE = {
    "skip": "what was missed is not made up for",
    "run_once_latest": "of what was missed, the latest is made up for",
    "run_once_earliest": "of what was missed, the earliest is made up for",
    "run_all": "of what was missed, the newest {limit} are made up for",
    "within": "what was missed is made up for, the newest {limit} at most",
}
OVERLAP = {
    "skip": "it is skipped while its work still runs",
    "buffer_one": "one waits while its work still runs",
    "buffer_all": "up to {limit} wait while its work still runs",
    "keep_latest": "the latest waits while its work still runs",
    "cancel_other": "work of it that still runs is cancelled for it",
    "terminate_other": "work of it that still runs is killed for it",
    "allow_all": "it runs beside work of it that still runs",
}
DST_OVERLAP = {
    "first": "of an hour that comes twice the first counts",
    "last": "of an hour that comes twice the last counts",
    "both": "in an hour that comes twice it comes twice",
}


def sentence(intent: Intent, house: Configuration) -> str:
    """What an intent says, in plain words, with the policies that are not the usual ones."""
    if intent.cron is not None and (trouble := _unreadable(intent.cron)):
        return f"Never: {trouble}."
    first = ", ".join([_when(intent, house), *_within(intent)])
    policies = list(_policies(intent, policy_of(intent, house)))
    if not policies:
        return f"{first}."
    return f"{first}; {'; '.join(policies)}."


def _when(intent: Intent, house: Configuration) -> str:
    zone = intent.timezone or house.day.timezone
    if intent.cron is not None:
        return f"{_cron(intent.cron)} ({zone})"
    if intent.every_seconds is not None:
        since = " after its work has ended" if intent.every_from == "completion" else ""
        return f"Every {duration(intent.every_seconds)}{since}"
    if intent.at is not None:
        return f"Once, at {intent.at.isoformat()}"
    if intent.on is not None:
        return _on(intent.on)
    if intent.after is not None:
        return f"Each time {intent.after} has {AFTER[intent.after_when]}"
    return "Once, as soon as it is known"


def _on(on: On) -> str:
    for name, words in ON.items():
        if (value := getattr(on, name)) is not None:
            return words.format("the day" if (name, value) == ("spent", "day") else value)
    return "Never"


def _cron(expression: str) -> str:
    parts = [part.upper() for part in fields_of(expression)]
    parts[5] = ",".join(_weekdays(term) for term in parts[5].split(","))
    return MISSPELT.sub(_ordinal, explain(" ".join(parts)))


def _unreadable(expression: str) -> str:
    try:
        cron_of(expression)
    except UnsoundError as unsound:
        return unsound.words
    return ""


def _ordinal(misspelt: re.Match[str]) -> str:
    return f"{misspelt[1]}{misspelt[2]}{['st', 'nd', 'rd'][int(misspelt[2]) - 1]}"


def _weekdays(term: str) -> str:
    """A range that ends on Sunday, so that what explains it can read it."""
    first, dash, rest = term.partition("-")
    last, slash, step = rest.partition("/")
    if dash and last == "SUN":
        first = str(WEEKDAYS.index(first)) if first in WEEKDAYS else first
        return f"{first}-7{slash}{step}" if first != "0" else f"0{slash}{step}"
    return term


def _within(intent: Intent) -> Iterator[str]:
    if intent.phases:
        yield f"only during {_or(intent.phases)}"
    if intent.windows:
        yield f"only {_or([_window(window) for window in intent.windows])}"
    if intent.exclude:
        yield f"but not on {_or([_dates(dates) for dates in intent.exclude])}"
    if intent.starts_at is not None:
        yield f"from {intent.starts_at.isoformat()} on"
    if intent.ends_at is not None:
        yield f"until {intent.ends_at.isoformat()}"
    if intent.max_runs is not None:
        yield "once in all" if intent.max_runs == 1 else f"{intent.max_runs} times in all"
    if intent.only_if_idle:
        yield "only while the machine is idle"


def _window(window: Hours) -> str:
    span = f"from {window.start:%H:%M} to {window.end:%H:%M}"
    days = [day for day in ALL_DAYS if day in window.days]
    return span if len(days) == len(ALL_DAYS) else f"{span} on {_or(days)}"


def _dates(dates: Dates) -> str:
    return f"{dates.first} to {dates.last}" if dates.last else f"{dates.first}"


def _or(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _policies(intent: Intent, policy: Policies) -> Iterator[str]:
    usual = Policies()
    if intent.self_restart:
        yield MISFIRE["skip"]
    else:
        yield from _misfire(policy, usual)
    if (policy.overlap, policy.overlap_limit) != (usual.overlap, usual.overlap_limit):
        yield OVERLAP[policy.overlap].format(limit=policy.overlap_limit)
    if intent.cron is not None and cron_of(intent.cron).named:
        if policy.dst_gap != usual.dst_gap:
            yield "an hour that clocks leave out is left out"
        if policy.dst_overlap != usual.dst_overlap:
            yield DST_OVERLAP[policy.dst_overlap]
    if policy.jitter_seconds:
        yield f"put off by up to {duration(policy.jitter_seconds)}"
    if policy.start_deadline_seconds is not None:
        yield f"given up {duration(policy.start_deadline_seconds)} after it was due"


def _misfire(policy: Policies, usual: Policies) -> Iterator[str]:
    window = policy.misfire_window_seconds
    limit = policy.misfire_limit if policy.misfire in ("run_all", "within") else 0
    if policy.misfire == usual.misfire and window is None:
        return
    words = MISFIRE[policy.misfire].format(limit=limit)
    yield words if window is None else f"{words} if not older than {duration(window)}"
