"""A piece of work as anybody sees it who only hears the facts."""

from dataclasses import dataclass
from datetime import date, datetime

from events.budget import FundsOffered, FundsRefused
from events.catalogue import AnyFact
from events.requests import (
    ReleaseRequested,
)
from events.runs import RunRetrying
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


@dataclass
class Seen:
    """A piece of work, as far as the facts tell."""

    plan: WorkPlanned
    age: int
    phase: str | None
    day: date | None
    category: str
    wakes_at: datetime | None
    unpaid: bool = False
    moved: bool = False
    started: bool = False
    stopping: bool = False
    run: str | None = None  # while it is released
    step: int = 1
    attempt: int = 1
    held: WorkHeld | None = None
    ended: bool = False

    @property
    def order(self) -> tuple[int, int]:
        return PRIORITIES.index(self.plan.priority), self.age


def follow(work: Seen, fact: AnyFact) -> None:
    """What a fact makes of the work that it is about."""
    match fact:
        case WorkReleased(run=run):
            work.run, work.held = run, None
        case WorkHeld():
            work.held = fact
            work.unpaid = fact.reason == "no_funds"
        case FundsRefused():
            work.run, work.unpaid = None, True
        case WorkReturned():
            work.run = None
        case FundsOffered():
            work.unpaid = False
        case RunRetrying():
            work.run, work.started, work.phase = None, True, None
            work.attempt, work.wakes_at = fact.attempt, fact.retry_at
        case StepReached():
            work.run, work.started, work.phase = fact.run, True, None
            work.category, work.step, work.attempt = fact.category, fact.step, fact.attempt
        case WorkDeferred():
            work.phase, work.day, work.unpaid = fact.phase, fact.day, False
        case WorkMoved():
            work.phase, work.day, work.moved = fact.phase, None, True
        case WorkStopping():
            work.stopping = True
        case ReleaseRequested() if work.run is None:
            work.phase = work.wakes_at = None
        case WorkFinished() | WorkDropped() | WorkCancelled():
            work.ended, work.run, work.held = True, None, None
