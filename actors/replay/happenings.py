"""Why something became no work, or a phase did not come: occurrences, plans, requests, phases."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import get_args

from actors.calendar import phase_on
from actors.replay.explaining import Explanation, Teller, Unknown
from actors.replay.goals import Goal
from actors.replay.reasons import Blocking, blocking
from actors.replay.trying import Scene, root_of, scene
from actors.triggers import last_at_or_before, next_after
from events.budget import FundsRefused
from events.catalogue import ARequest
from events.configuration import Configuration, Intent
from events.plan import CandidatePassedOver, OccurrenceSkipped
from events.record import Record
from events.requests import RequestRefused, RequestRepeated, WorkRequested
from events.time import (
    OccurrenceDue,
    OccurrenceMissed,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
    TimePassed,
)
from events.work import WorkHeld, WorkPlanned

BY_DESIGN = ("phase_not_wanted", "outside_windows")  # The least of what may be in the way.
INSTANT = timedelta(microseconds=1)


def occurrence(
    teller: Teller, intent: str, first: datetime, last: datetime, subject: str
) -> Explanation:
    """An intent at an instant, or within the minute that was named."""
    records = teller.past.occurrences(intent, first, last)
    planned = next((it.fact for it in records if isinstance(it.fact, WorkPlanned)), None)
    if planned is not None:
        return teller.work(planned.work, subject)
    for record in records:
        match record.fact:
            case OccurrenceSkipped(due_at=due_at, reason=reason):
                why = (blocking("skip", reason, record.position),)
                goal = Goal("occurrence", name=intent, moment=due_at)
                return _not(teller, subject, "occurrence", records, "skipped", why, goal, record)
            case OccurrenceMissed():
                return _missed(teller, record, first, last, subject)
    due = next((it for it in records if isinstance(it.fact, OccurrenceDue)), None)
    if due is not None:
        says = f"{subject} was due, and no verdict is recorded yet"
        return teller.told(subject, "occurrence", records, "due", says, (), None)
    return _silent(teller, intent, first, last, subject)


def template(teller: Teller, name: str, day: date, number: int | None, subject: str) -> Explanation:
    """A template on a day: the work it became, or why none was planned."""
    past = teller.past
    planned = [
        it.fact
        for on in (day - timedelta(days=1), day)
        for it in past.planned(on, name)
        if isinstance(it.fact, WorkPlanned) and it.fact.key.startswith(f"{name}@{day}#")
    ]
    if number is not None:
        planned = [it for it in planned if it.key == f"{name}@{day}#{number}"]
    told = [teller.work(it.work, subject) for it in planned[-8:]]
    if told:
        return next((it for it in told if it.verdict not in ("completed", "running")), told[-1])
    passed = _latest(past.passed_over(day, name))
    if not passed:
        return _unplanned(teller, name, day, subject)
    house = past.configuration(passed[0].position)
    wanted = house.templates[name].phases if house and name in house.templates else ()
    passed.sort(key=lambda it: _is_by_design(_passed(it), wanted))
    return passed_over(teller, passed, subject)


def passed_over(teller: Teller, passed: Sequence[Record], subject: str) -> Explanation:
    """Why a template was not taken for a phase; `passed` tells of each phase, that one first."""
    fact = _passed(passed[0])
    why = tuple(
        Blocking(it.within, it.reason, f"{_passed(record).phase}: {it.means}", it.position)
        for record in passed
        for it in [blocking("passed_over", _passed(record).reason, record.position)]
    )
    goal = Goal("candidate", name=fact.template, day=fact.day, phase=fact.phase)
    return _not(teller, subject, "template", passed[:1], "passed_over", why, goal, passed[0])


def request(teller: Teller, asked: Record, subject: str) -> Explanation:
    """What somebody asked for, and what it became."""
    answers = teller.past.answers(asked.position)
    for record in answers:
        match record.fact:
            case WorkPlanned(work=work):
                return teller.work(work, subject)
            case RequestRepeated(work=work) if work and isinstance(asked.fact, WorkRequested):
                return teller.work(work, subject)
            case RequestRefused(key, name, reason):
                why = (blocking("refusal", reason, record.position, name),)
                goal = Goal("request", key=key)
                if isinstance(asked.fact, WorkRequested):
                    wanted = asked.fact
                    goal = goal._replace(name=wanted.subject, phase=wanted.phase or "")
                shown = [asked, *answers]
                return _not(teller, subject, "request", shown, "refused", why, goal, record)
    verdict = "answered" if answers else "unanswered"
    says = f"what was asked for under {subject} was {verdict}"
    return teller.told(subject, "request", [asked, *answers], verdict, says, (), None)


def phase(teller: Teller, name: str, day: date, subject: str) -> Explanation:
    """A phase of a day: that it came, and what became of the work planned for it."""
    records = list(teller.past.phases(day, name))
    planned = teller.past.planned(day, phase=name)
    missed = next((it for it in records if isinstance(it.fact, PhaseMissed)), None)
    started = any(isinstance(it.fact, PhaseStarted) for it in records)
    if missed is not None and not started and isinstance(missed.fact, PhaseMissed):
        why = (blocking("phase_miss", missed.fact.reason, missed.position),)
        goal = Goal("phase", day=day, phase=name, moment=missed.fact.starts_at)
        return _not(teller, subject, "phase", records, "missed", why, goal, missed)
    if not records:
        return _no_phase(teller, name, day, subject)
    over = any(isinstance(it.fact, PhaseEnded) for it in records)
    says = f"{subject} {'is over' if over else 'is open'}{_summed(teller, planned)}"
    shown = [*records, *planned]
    return teller.told(subject, "phase", shown, "over" if over else "open", says, (), None)


def _not(
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
    says = f"{subject} was {verdict.replace('_', ' ')}: {why[0].means}"
    first = root_of(teller.past, decided)
    where = partial(scene, teller.past, first, goal, patient=patient)
    return teller.told(subject, about, records, verdict, says, why, where)


def _missed(
    teller: Teller, record: Record, first: datetime, last: datetime, subject: str
) -> Explanation:
    fact = record.fact
    assert isinstance(fact, OccurrenceMissed)
    house = teller.past.configuration(record.position)
    moment = min(max(first, fact.first_due_at), fact.last_due_at)
    intent = house.intents.get(fact.intent) if house else None
    if intent is not None and house is not None:
        found = last_at_or_before(intent, house.day.timezone, max(last, fact.first_due_at))
        moment = found if found is not None and found >= fact.first_due_at else fact.first_due_at
    why = (blocking("miss", fact.reason, record.position),)
    goal = Goal("occurrence", name=fact.intent, moment=moment)
    return _not(teller, subject, "occurrence", [record], "missed", why, goal, record)


def _silent(
    teller: Teller, name: str, first: datetime, last: datetime, subject: str
) -> Explanation:
    """Nothing is recorded of an occurrence: the configuration says why."""
    past = teller.past
    at = past.before(last + INSTANT)
    house = past.configuration(max(at, 1)) or past.configuration(past.head)
    newest = past.record(past.head)
    if house is None or newest is None:
        raise Unknown("nothing has been recorded yet")
    intent = house.intents.get(name)
    if intent is None:
        raise Unknown(f"no intent is called {name}")
    reason, more = _silence(teller, house, intent, first, last, newest)
    why = (blocking("silence", reason, 0, more),)
    says = f"{subject} did not come about: {why[0].means}"
    again: Callable[[], Scene] | None = None
    if reason == "intent_disabled":
        due = _due(intent, house, last)
        set_off = Record(at + 1, due or last, "timer", None, TimePassed())
        if due is not None and first <= due:
            goal = Goal("occurrence", name=name, moment=due)
            again = partial(scene, past, set_off, goal, patient=True)
    return teller.told(subject, "occurrence", [], "silent", says, why, again)


def _silence(
    teller: Teller,
    house: Configuration,
    intent: Intent,
    first: datetime,
    last: datetime,
    newest: Record,
) -> tuple[str, str]:
    if not intent.enabled:
        return "intent_disabled", ""
    due = _due(intent, house, last)
    if due is None or due < first:
        following = next_after(intent, house.day.timezone, last)
        near = [f"before that {teller.clock(due)}"] if due else []
        near += [f"after that {teller.clock(following)}"] if following else []
        return "not_due", ", ".join(near)
    if teller.now is not None and due > teller.now:
        return "not_yet", teller.clock(due)
    if due > newest.at:
        return "daemon_down", ""
    return "not_due", "it was configured, or enabled, only later"


def _due(intent: Intent, house: Configuration, last: datetime) -> datetime | None:
    return last_at_or_before(intent, house.day.timezone, last)


def _is_by_design(passed: CandidatePassedOver, wanted: Sequence[str]) -> bool:
    return passed.reason in BY_DESIGN or bool(wanted and passed.phase not in wanted)


def _latest(passed: Sequence[Record]) -> list[Record]:
    newest = max((_passed(it).revision for it in passed), default=0)
    return [it for it in passed if _passed(it).revision == newest]


def _passed(record: Record) -> CandidatePassedOver:
    assert isinstance(record.fact, CandidatePassedOver)
    return record.fact


def _unplanned(teller: Teller, name: str, day: date, subject: str) -> Explanation:
    house = teller.past.configuration(teller.past.head)
    if house is None or name not in house.templates:
        raise Unknown(f"no template is called {name}")
    why = (blocking("silence", "no_plan"),)
    says = f"{subject} was not planned: {why[0].means}, or it did not know that template"
    return teller.told(subject, "template", [], "silent", says, why, None)


def _no_phase(teller: Teller, name: str, day: date, subject: str) -> Explanation:
    house = teller.past.configuration(teller.past.head)
    if house is None or all(it.name != name for it in house.phases):
        raise Unknown(f"no phase is called {name}")
    window, newest = phase_on(house, day, name), teller.past.record(teller.past.head)
    if window is None:
        reason, more = "no_phase", ""
    elif teller.now is not None and window.starts_at > teller.now:
        reason, more = "not_yet", teller.clock(window.starts_at)
    elif newest is not None and window.starts_at > newest.at:
        reason, more = "daemon_down", ""
    else:
        reason, more = "no_phase", "it was configured only later"
    why = (blocking("silence", reason, 0, more),)
    says = f"{subject} has not come: {why[0].means}"
    return teller.told(subject, "phase", [], "silent", says, why, None)


def _summed(teller: Teller, planned: Sequence[Record]) -> str:
    quiet = Teller(teller.past, teller.clock, teller.now, tries=False)
    works = [it.fact.work for it in planned if isinstance(it.fact, WorkPlanned)]
    ends = Counter(quiet.work(work).verdict for work in works[:200])
    if not works:
        return "; no work was planned for it"
    told = ", ".join(f"{count} {verdict}" for verdict, count in ends.items())
    return f"; {len(works)} pieces of work were planned for it: {told}"


def of_record(teller: Teller, record: Record) -> Explanation:
    """What stands at a position: the story of what it is about."""
    fact, subject = record.fact, str(record.position)
    match fact:
        case OccurrenceSkipped(intent=intent, due_at=at) | OccurrenceDue(intent=intent, due_at=at):
            return occurrence(teller, intent, at, at, subject)
        case OccurrenceMissed(intent=intent, first_due_at=at):
            return _missed(teller, record, at, at, subject)
        case CandidatePassedOver():
            return passed_over(teller, [record], subject)
        case PhaseStarted() | PhaseEnded() | PhaseMissed():
            return phase(teller, fact.phase, fact.day, subject)
        case RequestRefused() | RequestRepeated():
            asked = teller.past.record(record.cause or 0)
            return request(teller, asked, subject) if asked else teller.record(record)
        case FundsRefused() | WorkHeld():
            return teller.record(record)
    if isinstance(fact, get_args(ARequest)):
        return request(teller, record, subject)
    if (work := getattr(fact, "work", None)) and getattr(fact, "run", None) is None:
        return teller.work(work, subject)
    if run := getattr(fact, "run", None):
        return teller.run(run)
    return teller.record(record)
