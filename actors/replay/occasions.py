"""Why an occurrence of an intent became work or did not: its verdict, or why there is none."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from actors.replay.explaining import Explanation, Teller
from actors.replay.goals import Goal
from actors.replay.reasons import Blocking, blocking
from actors.replay.silences import silent
from actors.replay.trying import Scene, root_of, scene
from actors.triggers import last_at_or_before
from events.intents import OccurrenceBuffered
from events.plan import OccurrenceSkipped
from events.record import Record
from events.time import (
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
)
from events.work import WorkPlanned

Range = OccurrenceMissed | OccurrencesCoalesced | OccurrencesSuperseded
RANGES = (OccurrenceMissed, OccurrencesCoalesced, OccurrencesSuperseded)
STILL_RUNNING = "the work of one before it has not ended"


def occurrence(
    teller: Teller, intent: str, first: datetime, last: datetime, subject: str
) -> Explanation:
    """An intent at an instant, or within the minute that was named. The latest verdict counts:
    one before it may have been withdrawn."""
    records = teller.past.occurrences(intent, first, last)
    planned = next((it.fact for it in reversed(records) if isinstance(it.fact, WorkPlanned)), None)
    if planned is not None:
        return teller.work(planned.work, subject)
    why: tuple[Blocking, ...]
    for record in reversed(records):
        match record.fact:
            case OccurrenceSkipped(reason=reason):
                why = (blocking("skip", reason, record.position),)
                return _single(teller, subject, records, "skipped", why, record)
            case OccurrenceExpired(reason=reason):
                why = (*_waited(records), blocking("expire", reason, record.position))
                return _single(teller, subject, records, "expired", why, record)
            case OccurrenceMissed() | OccurrencesCoalesced() | OccurrencesSuperseded():
                return closed(teller, record, first, last, subject, records)
            case OccurrenceBuffered():
                return _buffered(teller, subject, records, record)
    due = next((it for it in records if isinstance(it.fact, OccurrenceDue)), None)
    if due is not None:
        says = f"{subject} was due, and no verdict is recorded yet"
        return teller.told(subject, "occurrence", records, "due", says, (), None)
    return silent(teller, intent, first, last, subject)


def closed(
    teller: Teller,
    record: Record,
    first: datetime,
    last: datetime,
    subject: str,
    records: Sequence[Record] = (),
) -> Explanation:
    """One of several that were closed together, the first of them that was meant."""
    fact = record.fact
    assert isinstance(fact, RANGES)
    moment = _moment(teller, record, fact, first, last)
    goal = Goal("occurrence", name=fact.intent, moment=moment, subject=fact.reason)
    verdict, why = _of_range(teller, record, fact)
    shown = [it for it in records if it.position <= record.position] or [record]
    return not_told(teller, subject, "occurrence", shown, verdict, why, goal, record)


def not_told(
    teller: Teller,
    subject: str,
    about: str,
    records: Sequence[Record],
    verdict: str,
    why: tuple[Blocking, ...],
    goal: Goal,
    decided: Record,
) -> Explanation:
    """What did not come about, decided again from what set it off."""
    patient = about in ("occurrence", "template", "request") and bool(goal.name)
    became = "" if verdict == "expired" else "was "
    says = f"{subject} {became}{verdict.replace('_', ' ')}: {why[0].means}"
    first = root_of(teller.past, decided)
    where: Callable[[], Scene] = partial(scene, teller.past, first, goal, patient=patient)
    return teller.told(subject, about, records, verdict, says, why, where)


def _single(
    teller: Teller,
    subject: str,
    records: Sequence[Record],
    verdict: str,
    why: tuple[Blocking, ...],
    record: Record,
) -> Explanation:
    fact = record.fact
    assert isinstance(fact, OccurrenceSkipped | OccurrenceExpired)
    goal = Goal("occurrence", name=fact.intent, moment=fact.due_at)
    return not_told(teller, subject, "occurrence", records, verdict, why, goal, record)


def _of_range(teller: Teller, record: Record, fact: Range) -> tuple[str, tuple[Blocking, ...]]:
    at = record.position
    match fact:
        case OccurrenceMissed(reason=reason, policy=policy):
            why = (blocking("miss", reason, at),)
            return "missed", (*why, blocking("policy", policy, at)) if policy else why
        case OccurrencesCoalesced(into=into, reason=reason):
            lost = blocking("coalesced", reason, at)
            stands = f"{lost.means}, and that of {teller.clock(into)} stands for it"
            return "coalesced", (lost._replace(means=stands),)
        case OccurrencesSuperseded(reason=taken):
            return "superseded", (blocking("supersede", taken, at),)


def _moment(
    teller: Teller, record: Record, fact: Range, first: datetime, last: datetime
) -> datetime:
    """Of those that were closed together the latest that was meant."""
    house = teller.past.configuration(record.position)
    intent = house.intents.get(fact.intent) if house else None
    if intent is None or house is None or fact.count == 1:
        return min(max(first, fact.first_due_at), fact.last_due_at)
    found = last_at_or_before(intent, house, min(max(last, fact.first_due_at), fact.last_due_at))
    return found if found is not None and found >= fact.first_due_at else fact.first_due_at


def _buffered(
    teller: Teller, subject: str, records: Sequence[Record], record: Record
) -> Explanation:
    fact = record.fact
    assert isinstance(fact, OccurrenceBuffered)
    why = (Blocking("overlap", "still_running", STILL_RUNNING, record.position),)
    goal = Goal("occurrence", name=fact.intent, moment=fact.due_at)
    where = partial(scene, teller.past, root_of(teller.past, record), goal)
    says = f"{subject} waits for its turn: {why[0].means}"
    return teller.told(subject, "occurrence", records, "buffered", says, why, where)


def _waited(records: Sequence[Record]) -> tuple[Blocking, ...]:
    """That it had to wait for the end of other work, before it expired."""
    for record in reversed(records):
        if isinstance(record.fact, OccurrenceBuffered):
            return (Blocking("overlap", "still_running", STILL_RUNNING, record.position),)
    return ()
