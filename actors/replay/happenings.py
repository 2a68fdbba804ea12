"""Why something became no work, or a phase did not come: plans, requests, phases, records."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import get_args

from actors.calendar import phase_on
from actors.replay.explaining import Explanation, Teller, Unknown
from actors.replay.goals import Goal
from actors.replay.occasions import closed, not_told, occurrence
from actors.replay.reasons import Blocking, blocking
from actors.triggers import check
from events.budget import FundsRefused
from events.catalogue import ARequest
from events.intents import IntentAddRequested, OccurrenceBuffered
from events.plan import CandidatePassedOver, OccurrenceSkipped
from events.record import Record
from events.requests import RequestRefused, RequestRepeated, WorkRequested
from events.time import (
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
)
from events.work import WorkHeld, WorkPlanned

BY_DESIGN = ("phase_not_wanted", "outside_windows")  # The least of what may be in the way.
WORKS_MAX = 200  # of a phase, told one by one


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
    return not_told(teller, subject, "template", passed[:1], "passed_over", why, goal, passed[0])


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
                more = _unsound(teller, asked) if reason == "invalid_intent" else name
                goal = Goal("request", key=key, subject=name)
                if isinstance(asked.fact, WorkRequested):
                    wanted = asked.fact
                    lane = "" if wanted.action is None else wanted.action.lane
                    goal = goal._replace(name=wanted.subject, phase=wanted.phase or "", lane=lane)
                more = goal.lane if reason == "unknown_lane" else more
                why = (blocking("refusal", reason, record.position, more),)
                shown = [asked, *answers]
                return not_told(teller, subject, "request", shown, "refused", why, goal, record)
    verdict = "answered" if answers else "unanswered"
    says = f"what was asked for under {subject} was {verdict}"
    return teller.told(subject, "request", [asked, *answers], verdict, says, (), None)


def phase(teller: Teller, name: str, day: date, subject: str) -> Explanation:
    """A phase of a day: that it came, and what became of the work planned for it."""
    records = list(teller.past.phases(day, name))
    planned = teller.past.planned(day, phase=name)
    missed = next((it for it in records if isinstance(it.fact, PhaseMissed)), None)
    started = any(isinstance(it.fact, PhaseStarted) for it in records)
    why: tuple[Blocking, ...]
    if missed is not None and not started and isinstance(missed.fact, PhaseMissed):
        why = (blocking("phase_miss", missed.fact.reason, missed.position),)
        goal = Goal("phase", day=day, phase=name, moment=missed.fact.starts_at)
        return not_told(teller, subject, "phase", records, "missed", why, goal, missed)
    if not records:
        return _no_phase(teller, name, day, subject)
    over = any(isinstance(it.fact, PhaseEnded) for it in records)
    summed, why = _summed(teller, planned)
    says = f"{subject} {'is over' if over else 'is open'}{summed}"
    shown = [*records, *planned]
    return teller.told(subject, "phase", shown, "over" if over else "open", says, why, None)


def _unsound(teller: Teller, asked: Record) -> str:
    """What is wrong with an intent that somebody wanted to add."""
    house = teller.past.configuration(asked.position)
    if not isinstance(asked.fact, IntentAddRequested) or house is None:
        return ""
    trouble = check(asked.fact.intent, house)
    return asked.fact.name if trouble is None else f"{trouble.key}: {trouble.words}"


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


def _summed(teller: Teller, planned: Sequence[Record]) -> tuple[str, tuple[Blocking, ...]]:
    """What became of the work of a phase, and for each that did not end well the first reason."""
    quiet = Teller(teller.past, teller.clock, teller.now, tries=False)
    works = [it.fact.work for it in planned if isinstance(it.fact, WorkPlanned)]
    if not works:
        return "; no work was planned for it", ()
    told = [quiet.work(work) for work in works[:WORKS_MAX]]
    ends = Counter(it.verdict for it in told)
    why = tuple(it.reasons[0]._replace(means=it.says.rstrip(".")) for it in told if it.reasons)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in ends.items())
    return f"; {len(works)} pieces of work were planned for it: {counts}", why


def of_record(teller: Teller, record: Record) -> Explanation:
    """What stands at a position: the story of what it is about."""
    fact, subject = record.fact, str(record.position)
    match fact:
        case OccurrenceSkipped() | OccurrenceDue() | OccurrenceExpired() | OccurrenceBuffered():
            return occurrence(teller, fact.intent, fact.due_at, fact.due_at, subject)
        case OccurrenceMissed() | OccurrencesCoalesced() | OccurrencesSuperseded():
            return closed(teller, record, fact.first_due_at, fact.first_due_at, subject)
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
