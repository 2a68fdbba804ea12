"""What becomes of each occurrence that is due, and of the work that it becomes.

One verdict for each: work, or the reason why there is none. Where the work of an earlier one is
open, the policy for overlaps decides; what it keeps waits here for the end of that work.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import DecodeError, Raw, json

from actors.calendar import LOOK_AHEAD_DAYS, ONE_DAY, PhaseWindow, day_of, phases_of
from actors.pauses import is_paused
from actors.planner import breaker
from actors.planner.state import Buffered, Planner
from actors.planner.subject import Subject, subject_of
from actors.triggers import policy_of
from events.catalogue import AnyDecision
from events.configuration import Configuration, Intent
from events.fact import stamp
from events.intents import (
    EndState,
    IntentRemoved,
    OccurrenceBuffered,
    OccurrenceEnded,
    WorkOvertaken,
)
from events.plan import OccurrenceSkipped, SkipReason
from events.policies import Policies
from events.record import Record
from events.time import (
    OccurrenceDue,
    OccurrenceExpired,
    OccurrencesSuperseded,
    SupersedeReason,
)
from events.work import WorkCancelled, WorkDropped, WorkFinished

Ended = WorkFinished | WorkCancelled | WorkDropped
NEVER_RAN: dict[type[AnyDecision], EndState] = {
    OccurrenceSkipped: "skipped",
    OccurrencesSuperseded: "skipped",
    OccurrenceExpired: "expired",
}

_objects = json.Decoder(dict[str, Raw])
_values = json.Decoder()


def upon_due(planner: Planner, due: OccurrenceDue, record: Record) -> Iterator[AnyDecision]:
    for verdict in _upon_due(planner, due, record):
        yield verdict
        yield from _told(planner, due.intent, verdict)
    yield from _removed_if_over(planner, due.intent)


def upon_end(planner: Planner, fact: Ended, record: Record) -> Iterator[AnyDecision]:
    """The work of an occurrence has ended: those that waited for it have their turn."""
    ended = planner.ended
    assert ended is not None and ended.due_at is not None
    name = ended.intent
    if planner.is_awaited(name):
        yield OccurrenceEnded(name, ended.due_at, _state(fact), fact.work)
    if name in planner.failing:
        yield from breaker.upon_end(planner, name, record)
    if name in planner.buffered:
        yield from _let_in(planner, name, record)
    yield from _removed_if_over(planner, name)


def displace(planner: Planner, name: str, reason: SupersedeReason) -> Iterator[AnyDecision]:
    """What waits of that intent has no turn any more."""
    for waiting in planner.buffered.get(name, ()):
        superseded = OccurrencesSuperseded(name, waiting.due_at, waiting.due_at, 1, reason)
        yield superseded
        yield from _told(planner, name, superseded)


def window_from(configuration: Configuration, phase: str, after: datetime) -> PhaseWindow | None:
    """The window of that name that is open at an instant, or else the next to open."""
    on = day_of(configuration.day, after) - ONE_DAY
    for day in (on + ONE_DAY * days for days in range(LOOK_AHEAD_DAYS + 2)):
        for window in phases_of(configuration, day):
            if window.phase == phase and window.ends_at > after:
                return window
    return None


def _upon_due(planner: Planner, due: OccurrenceDue, record: Record) -> Iterator[AnyDecision]:
    name, intent, house = due.intent, planner.intent(due.intent), planner.configuration
    open_ = planner.occurring.get(name)
    if open_ is None or intent is None or house is None:
        yield _verdict(planner, name, Buffered(due.due_at, due.data_json), record, 1)
        return
    policy = policy_of(intent, house)
    found = _subject(planner, name, intent, house)
    if isinstance(found, str):
        yield OccurrenceSkipped(name, due.due_at, found)
    elif policy.overlap == "allow_all":
        yield _verdict(planner, name, Buffered(due.due_at, due.data_json), record, 1)
    elif policy.overlap == "skip":
        yield OccurrenceSkipped(name, due.due_at, "still_running")
    elif policy.overlap in ("buffer_one", "buffer_all"):
        yield _buffered(planner, due, policy)
    else:
        yield from _newest(planner, due, policy, open_)


def _buffered(planner: Planner, due: OccurrenceDue, policy: Policies) -> AnyDecision:
    limit = 1 if policy.overlap == "buffer_one" else policy.overlap_limit
    if len(planner.buffered.get(due.intent, ())) >= limit:
        return OccurrenceSkipped(due.intent, due.due_at, "buffer_full")
    return OccurrenceBuffered(due.intent, due.due_at)


def _newest(
    planner: Planner, due: OccurrenceDue, policy: Policies, open_: list[str]
) -> Iterator[AnyDecision]:
    """Only the latest waits, and by some policies it does not wait for the end of what runs."""
    for older in planner.buffered.get(due.intent, ()):
        at = older.due_at
        yield OccurrencesSuperseded(due.intent, at, at, 1, "newer_occurrence")
    yield OccurrenceBuffered(due.intent, due.due_at)
    if policy.overlap == "keep_latest":
        return
    for work in open_:
        if planner.works[work].overtaken not in (policy.overlap, "terminate_other"):
            at_once = policy.overlap == "terminate_other"
            yield WorkOvertaken(work, due.intent, due.due_at, at_once)


def _let_in(planner: Planner, name: str, record: Record) -> Iterator[AnyDecision]:
    """The first of those that wait becomes work, or, if that is not possible, the next."""
    for number, waiting in enumerate(planner.buffered[name], 1):
        if name in planner.occurring and not _may_overlap(planner, name):
            return
        verdict = _verdict(planner, name, waiting, record, number)
        yield verdict
        yield from _told(planner, name, verdict)


def _may_overlap(planner: Planner, name: str) -> bool:
    intent, house = planner.intent(name), planner.configuration
    if intent is None or house is None:
        return False
    return (intent.overlap or house.policies.overlap) == "allow_all"


def _verdict(
    planner: Planner, name: str, due: Buffered, record: Record, number: int
) -> AnyDecision:
    """What an occurrence becomes that nothing of its own intent is in the way of."""
    intent, house = planner.intent(name), planner.configuration
    if intent is None or house is None:
        return OccurrenceSkipped(name, due.due_at, "intent_unknown")
    subject = _subject(planner, name, intent, house)
    if isinstance(subject, str):
        return OccurrenceSkipped(name, due.due_at, subject)
    start_before = _start_before(intent, house, due.due_at)
    if start_before is not None and record.at > start_before:
        return OccurrenceExpired(name, due.due_at, "start_deadline")
    day = None
    if intent.phase is not None:
        window = window_from(house, intent.phase, record.at)
        if window is None:
            return OccurrenceSkipped(name, due.due_at, "phase_unknown")
        day = window.day
    return subject.planned(
        f"w{record.position}-{number}",
        "intent",
        f"{name}@{stamp(due.due_at)}",
        day=day,
        phase=intent.phase,
        priority=intent.priority,
        input_json=_input(intent.input_json, due.data_json) if due.data_json else intent.input_json,
        only_if_idle=intent.only_if_idle,
        start_before=start_before,
        own_limit=planner.own_limit(intent.run, name),
    )


def _subject(
    planner: Planner, name: str, intent: Intent, house: Configuration
) -> Subject | SkipReason:
    """What it is to run, or why it does not."""
    if not planner.is_enabled(name, intent):
        return "intent_disabled"
    if name in planner.broken:
        return "breaker_open"
    subject = subject_of(house, intent.run)
    if subject is None:
        return "work_unknown"
    if planner.paused and is_paused(planner.paused, subject.category, subject.lane):
        return "paused"
    return subject


def _start_before(intent: Intent, house: Configuration, due_at: datetime) -> datetime | None:
    seconds = intent.start_deadline_seconds
    if seconds is None:
        seconds = house.policies.start_deadline_seconds
    return None if seconds is None else due_at + timedelta(seconds=seconds)


def _input(ours: str, signal: str) -> str:
    """The intent's input with what the signal said. What is not JSON reaches the work as text."""
    try:
        _values.decode(signal)
        data = Raw(signal.encode())
    except (DecodeError, RecursionError, UnicodeError):
        data = Raw(json.encode(signal.encode(errors="replace").decode()))
    try:
        return json.encode(_objects.decode(ours) | {"signal": data}).decode()
    except (DecodeError, RecursionError, UnicodeError):
        return ours  # The executor says what is wrong with it.


def _told(planner: Planner, name: str, verdict: AnyDecision) -> Iterator[OccurrenceEnded]:
    """Whoever waits for what comes of an occurrence hears that it became no work."""
    state = NEVER_RAN.get(type(verdict))
    if state is None or not planner.is_awaited(name):
        return
    match verdict:
        case OccurrenceSkipped(due_at=at) | OccurrenceExpired(due_at=at):
            yield OccurrenceEnded(name, at, state)
        case OccurrencesSuperseded(first_due_at=at):
            yield OccurrenceEnded(name, at, state)


def _state(fact: Ended) -> EndState:
    match fact:
        case WorkFinished(state=state):
            return state
        case WorkCancelled():
            return "cancelled"
        case WorkDropped():
            return "dropped"


def _removed_if_over(planner: Planner, name: str) -> Iterator[IntentRemoved]:
    """What was made by hand for one occasion goes with it."""
    by_hand = planner.by_hand.get(name)
    if by_hand is None or name in planner.occurring:
        return
    if by_hand.intent.now or by_hand.intent.at is not None:
        yield IntentRemoved(name, "over")
