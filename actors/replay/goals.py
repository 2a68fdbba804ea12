"""What should have come about, and what stands in its way where it is decided again."""

from datetime import date, datetime
from typing import Literal, NamedTuple

from actors.budget.ledger import refusal
from actors.phase_queue.state import IN_LINE, Work
from actors.replay.forking import Fork
from events.catalogue import AnyFact
from events.intents import OccurrenceBuffered
from events.plan import CandidatePassedOver, OccurrenceSkipped
from events.requests import RequestRefused
from events.runs import RunClosed, RunRetrying, RunStarting
from events.time import (
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
    PhaseMissed,
    PhaseStarted,
)
from events.work import HoldReason, WorkDropped, WorkPlanned

Kind = Literal["work", "occurrence", "request", "candidate", "phase", "retry", "in_time"]


class Goal(NamedTuple):
    """A thing that did not happen. Which of the names count depends on the kind."""

    kind: Kind
    work: str = ""  # when it had been planned before
    key: str = ""  # of the work, or of the request
    name: str = ""  # of the intent, template or action
    day: date | None = None
    phase: str = ""
    moment: datetime | None = None  # when it was due, or how late it was started
    subject: str = ""  # what a request was about, or why an intent was silent
    lane: str = ""  # of a prompt


class Obstacle(NamedTuple):
    """Why not: a reason of a list, and the work that waits for it, if there is one."""

    within: str
    reason: str
    work: str = ""


def obstacle_of(fork: Fork, goal: Goal) -> Obstacle | None:
    """The first thing in the way; None when the goal is reached."""
    match goal.kind:
        case "phase":
            return _of_phase(fork, goal)
        case "retry":
            return None if _is_tried_again(fork, goal) else Obstacle("end", "failed")
        case "in_time":
            return _of_start(fork, goal)
        case "request" if not goal.name:
            return _of_answer(fork, goal)
    work = _called(fork, goal)
    return _of_work(fork, work) if work else _of_verdict(fork, goal)


def runs(fork: Fork, goal: Goal) -> bool:
    """Whether it has come so far that a run starts, or that nothing more can become of it."""
    work = work_in(fork, goal)
    if work is None:
        return not _is_to_come(fork, goal)
    return work not in fork.queue.works or work in fork.started


def _is_to_come(fork: Fork, goal: Goal) -> bool:
    """Whether an occurrence waits for its turn, for an end, or for its time."""
    if goal.kind != "occurrence":
        return False
    armed = fork.clock.intents.get(goal.name)
    due = None if armed is None else armed.next
    waits = goal.name in fork.clock.waiting or goal.name in fork.planner.buffered
    return waits or (due is not None and goal.moment is not None and due <= goal.moment)


def work_in(fork: Fork, goal: Goal) -> str | None:
    """The id of the work, as it is known there."""
    found = _called(fork, goal)
    return found if found and (found in fork.queue.works or found != goal.work) else None


def _called(fork: Fork, goal: Goal) -> str:
    """What was planned behind the cut may have another id there, and another work its id."""
    planned = next((it.work for it in fork.planned if _is_wanted(it, goal)), None)
    if planned is not None:
        return planned
    return "" if any(it.work == goal.work for it in fork.planned) else goal.work


def _is_wanted(planned: WorkPlanned, goal: Goal) -> bool:
    match goal.kind:
        case "occurrence":
            name, _, instant = planned.key.rpartition("@")
            wanted = planned.source == "intent" and name == goal.name
            return wanted and goal.moment in (None, datetime.fromisoformat(instant))
        case "candidate":
            here = planned.day == goal.day and planned.phase == goal.phase
            return planned.source == "template" and planned.name == goal.name and here
        case _:
            return planned.key == goal.key


def _of_work(fork: Fork, name: str) -> Obstacle | None:
    if name in fork.started:
        return None
    work = fork.queue.works.get(name)
    if work is None:
        for record in fork.said:
            match record.fact:
                case WorkDropped(work=dropped, reason=reason) if dropped == name:
                    return Obstacle("drop", reason)
                case RunClosed(work=closed, outcome=outcome) if closed == name:
                    return Obstacle("outcome", outcome, record.fact.action)
        return Obstacle("end", "cancelled")
    if work.reason == "no_funds":
        return _of_money(fork, name)
    return Obstacle("hold", _room(fork, work) or work.reason or "no_funds", name)


def _room(fork: Fork, work: Work) -> HoldReason | None:
    """What it stands in line for: that is said when it joins the line, and may change there."""
    house, queue = fork.queue.house, fork.queue
    if work.reason not in IN_LINE:
        return None
    if queue.busy.get(work.lane, 0) >= house.lane(work.lane).concurrency:
        return "lane_full"
    return "daemon_full" if queue.running >= house.executor.concurrency else None


def _of_money(fork: Fork, name: str) -> Obstacle:
    if name in fork.refusals:
        return Obstacle("funds", fork.refusals[name].fact.reason, name)
    place = fork.ledger.refused.places.get(name)
    price = fork.ledger.refused.lines[place[0]].price if place else None
    why = refusal(fork.ledger, price, at=fork.at) if price else None
    return Obstacle("funds", why or "day_spent", name)


def _of_verdict(fork: Fork, goal: Goal) -> Obstacle:
    if goal.kind == "occurrence":
        return _of_occurrence(fork, goal)
    for record in reversed(fork.said):
        match record.fact:
            case RequestRefused(key=key, reason=reason) if goal.kind == "request":
                if key == goal.key:
                    return Obstacle("refusal", reason)
            case CandidatePassedOver(day, _, phase, template, reason):
                if (day, phase, template) == (goal.day, goal.phase, goal.name):
                    return Obstacle("passed_over", reason)
    return Obstacle("silence", "not_due")


def _of_occurrence(fork: Fork, goal: Goal) -> Obstacle:
    for record in reversed(fork.said):
        if not _is_said_of(record.fact, goal):
            continue
        match record.fact:
            case OccurrenceSkipped(reason=skip):
                return Obstacle("skip", skip)
            case OccurrenceExpired(reason=why):
                return Obstacle("expire", why)
            case OccurrenceBuffered():
                return Obstacle("overlap", "still_running")
            case OccurrenceMissed(policy=policy) if policy:
                return Obstacle("policy", policy)
            case OccurrenceMissed(reason=missed):
                return Obstacle("miss", missed)
            case OccurrencesCoalesced(reason=missed):
                return Obstacle("coalesced", missed)
            case OccurrencesSuperseded(reason=taken):
                return Obstacle("supersede", taken)
    waiting = fork.planner.buffered.get(goal.name, ())
    if any(it.due_at == goal.moment for it in waiting):
        return Obstacle("overlap", "still_running")
    return Obstacle("silence", "not_due")


def _is_said_of(fact: AnyFact, goal: Goal) -> bool:
    match fact:
        case OccurrenceSkipped() | OccurrenceExpired() | OccurrenceBuffered():
            return fact.intent == goal.name and goal.moment in (None, fact.due_at)
        case OccurrenceMissed() | OccurrencesCoalesced() | OccurrencesSuperseded():
            at = goal.moment or fact.first_due_at
            return fact.intent == goal.name and fact.first_due_at <= at <= fact.last_due_at
    return False


def _of_answer(fork: Fork, goal: Goal) -> Obstacle | None:
    for record in reversed(fork.said):
        if isinstance(record.fact, RequestRefused) and record.fact.key == goal.key:
            return Obstacle("refusal", record.fact.reason)
    return None


def _of_phase(fork: Fork, goal: Goal) -> Obstacle | None:
    for record in fork.said:
        match record.fact:
            case PhaseStarted(day=day, phase=phase) if (day, phase) == (goal.day, goal.phase):
                return None
            case PhaseMissed(day=day, phase=phase, reason=reason):
                if (day, phase) == (goal.day, goal.phase):
                    return Obstacle("phase_miss", reason)
    return Obstacle("silence", "no_phase")


def _of_start(fork: Fork, goal: Goal) -> Obstacle | None:
    """Whether the run that started may start so late."""
    for record in fork.said:
        match record.fact:
            case RunStarting(work=work, not_after=not_after) if work == work_in(fork, goal):
                late = goal.moment is not None and goal.moment > not_after
                return Obstacle("trouble", "too_late", work) if late else None
    return Obstacle("trouble", "too_late")


def _is_tried_again(fork: Fork, goal: Goal) -> bool:
    work = work_in(fork, goal)
    return any(isinstance(it.fact, RunRetrying) and it.fact.work == work for it in fork.said)
