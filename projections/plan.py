"""The current plan: what is planned, where each piece of work stands, and why."""

from typing import Final

from msgspec.json import encode

from events.budget import CostCorrected, FundsSettled
from events.plan import CandidatePassedOver, PlanDrawn
from events.record import Record
from events.runs import RunSettled, RunStarting
from events.settings import PRIORITIES
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)
from projections.moments import rfc3339
from projections.rows import Handlers, Tables
from projections.settled import settled_state
from projections.tables import PassedOver, Plan, Work

NAME: Final = "plan"
RANKS = {priority: rank for rank, priority in enumerate(PRIORITIES)}
WAITS_ITS_TURN = ("phase_not_open", "lane_full", "daemon_full", "not_before")


def plan_drawn(tables: Tables, record: Record, fact: PlanDrawn, at: str) -> None:
    tables.plans.add(
        Plan(
            fact.day.isoformat(),
            fact.revision,
            fact.because,
            at,
            encode(fact.phases).decode(),
            fact.left_usd_micros,
            fact.set_aside_usd_micros,
            fact.set_aside_count,
        )
    )


def candidate_passed_over(
    tables: Tables, record: Record, fact: CandidatePassedOver, at: str
) -> None:
    tables.passed_over.add(
        PassedOver(
            record.position,
            fact.day.isoformat(),
            fact.revision,
            fact.phase,
            fact.template,
            fact.reason,
            encode(fact.score).decode(),
        )
    )


def work_planned(tables: Tables, record: Record, fact: WorkPlanned, at: str) -> None:
    not_before = rfc3339(fact.not_before) if fact.not_before else None
    tables.works.add(
        Work(
            record.position,
            fact.work,
            fact.name,
            fact.source,
            fact.key,
            fact.category,
            fact.lane,
            fact.priority,
            RANKS[fact.priority],
            at,
            fact.day.isoformat() if fact.day else tables.open_day(),
            fact.phase,
            actions=encode([step.action for step in fact.steps]).decode(),
            waiting_since=at,
            until=not_before,
            not_before=not_before,
            estimate_usd_micros=fact.estimate_usd_micros,
            expected_seconds=fact.expected_seconds,
            score=encode(fact.score).decode() if fact.score else None,
            revision=fact.revision,
            note=fact.note,
            input_json=fact.input_json,
            own_limit=fact.own_limit,
        )
    )


def work_held(tables: Tables, record: Record, fact: WorkHeld, at: str) -> None:
    """Queued is what waits its turn, held is what something stands in the way of."""
    if work := _alive(tables, fact.work):
        work.state = "queued" if fact.reason in WAITS_ITS_TURN else "held"
        work.reason = fact.reason
        work.waiting_since = at
        work.until = rfc3339(fact.until) if fact.until else None


def work_released(tables: Tables, record: Record, fact: WorkReleased, at: str) -> None:
    if work := _alive(tables, fact.work):
        work.state = "released"
        work.reason = ""
        _goes_on(work, fact)


def step_reached(tables: Tables, record: Record, fact: StepReached, at: str) -> None:
    if work := _alive(tables, fact.work):
        _goes_on(work, fact)


def run_starting(tables: Tables, record: Record, fact: RunStarting, at: str) -> None:
    if work := _alive(tables, fact.work):
        work.state = "running"
        work.started_at = work.started_at or at


def work_returned(tables: Tables, record: Record, fact: WorkReturned, at: str) -> None:
    """It waits again; what it waits for is said next."""
    if work := _alive(tables, fact.work):
        work.state = "queued"
        work.reason = fact.reason
        work.waiting_since = at
        if fact.step == fact.attempt == 1:
            work.started_at = None


def work_moved(tables: Tables, record: Record, fact: WorkMoved, at: str) -> None:
    if work := _alive(tables, fact.work):
        work.phase = fact.phase


def work_deferred(tables: Tables, record: Record, fact: WorkDeferred, at: str) -> None:
    if work := _alive(tables, fact.work):
        work.phase = fact.phase
        work.day = fact.day.isoformat()
        work.deferrals = fact.times


def work_stopping(tables: Tables, record: Record, fact: WorkStopping, at: str) -> None:
    if work := _alive(tables, fact.work):
        work.reason = "stopping"


def work_dropped(tables: Tables, record: Record, fact: WorkDropped, at: str) -> None:
    _end(tables, fact.work, "dropped", fact.reason, at)


def work_cancelled(tables: Tables, record: Record, fact: WorkCancelled, at: str) -> None:
    _end(tables, fact.work, "cancelled", fact.note, at)


def work_finished(tables: Tables, record: Record, fact: WorkFinished, at: str) -> None:
    _end(tables, fact.work, fact.state, fact.reason, at)


def run_settled(tables: Tables, record: Record, fact: RunSettled, at: str) -> None:
    """Only here an end is another one afterwards."""
    settled = settled_state(tables, fact)
    work = tables.works.find(fact.work)
    if settled is not None and work is not None:
        work.state, work.reason = settled


def funds_settled(tables: Tables, record: Record, fact: FundsSettled, at: str) -> None:
    if work := tables.works.find(fact.work):
        work.cost_usd_micros += fact.cost_usd_micros


def cost_corrected(tables: Tables, record: Record, fact: CostCorrected, at: str) -> None:
    if work := tables.works.find(fact.work):
        work.cost_usd_micros += fact.cost_usd_micros - fact.was_usd_micros


def _alive(tables: Tables, name: str) -> Work | None:
    """Work that has not ended; an end is never taken back."""
    work = tables.works.find(name)
    return work if work and work.ended_at is None else None


def _goes_on(work: Work, fact: WorkReleased | StepReached) -> None:
    work.waiting_since = work.until = None
    work.run = fact.run
    work.action = fact.action
    work.step = fact.step
    work.attempt = fact.attempt


def _end(tables: Tables, name: str, state: str, reason: str, at: str) -> None:
    if work := _alive(tables, name):
        work.state = state
        work.reason = reason
        work.waiting_since = work.until = None
        work.ended_at = at


HANDLERS: Handlers = {
    PlanDrawn: plan_drawn,
    CandidatePassedOver: candidate_passed_over,
    WorkPlanned: work_planned,
    WorkHeld: work_held,
    WorkReleased: work_released,
    StepReached: step_reached,
    RunStarting: run_starting,
    WorkReturned: work_returned,
    WorkMoved: work_moved,
    WorkDeferred: work_deferred,
    WorkStopping: work_stopping,
    WorkDropped: work_dropped,
    WorkCancelled: work_cancelled,
    WorkFinished: work_finished,
    RunSettled: run_settled,
    FundsSettled: funds_settled,
    CostCorrected: cost_corrected,
}
