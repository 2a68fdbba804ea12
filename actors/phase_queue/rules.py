"""The rules of the phase queue: which work goes when, and what it waits for until then.

The queue owns a piece of work from its planning until its release, and again whenever it is
refused money, is given back or has to be tried again. It decides upon what it hears in the order
of the log; whatever made room or opened a way is used before the next fact is heard.
"""

from collections.abc import Iterator
from itertools import count
from typing import get_args

from actors.phase_queue.answered import Request
from actors.phase_queue.changes import evolve
from actors.phase_queue.release import ALARM, ME, Turn, end, fill, look_again, place
from actors.phase_queue.requests import answer, pause
from actors.phase_queue.state import Queue
from actors.rules import Rules
from events.budget import (
    BudgetOpened,
    CategoryReopened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
)
from events.catalogue import AnyDecision, AnyFact
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted
from events.plan import WorkWithdrawn
from events.record import Record
from events.runs import RunRetrying
from events.time import AlarmRang, DayStarted, PhaseEnded, PhaseMissed, PhaseStarted
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkPlanned,
    WorkReturned,
)


def decide(queue: Queue, record: Record) -> Iterator[AnyDecision]:
    turn = Turn(record.at, (f"r{record.position}-{n}" for n in count(1)))
    yield from _consider(queue, record.fact, turn)
    if queue.in_line:
        yield from fill(queue, turn)


def _consider(queue: Queue, fact: AnyFact, turn: Turn) -> Iterator[AnyDecision]:
    if isinstance(fact, Request):
        yield from answer(queue, fact, turn)
        return
    match fact:
        case WorkPlanned(work=name) | FundsOffered(work=name):
            yield from _place(queue, name, turn)
        case FundsRefused(work=name) | RunRetrying(work=name):
            yield from _take_back(queue, name, turn)
        case WorkReturned(work=name, reason=reason):
            yield from _take_back(queue, name, turn, late=reason == "too_late")
        case AlarmRang(alarm=alarm, setter="phase_queue"):
            yield from _place(queue, alarm.removeprefix(ALARM), turn)
        case WorkWithdrawn(name, reason):
            work = queue.works.get(name)
            if work is not None and not (work.released or work.started or work.moved):
                yield from end(work, WorkDropped(name, reason))
        case PhaseStarted(phase=phase) | PhaseEnded(phase=phase) | PhaseMissed(phase=phase):
            yield from look_again(queue, turn, lambda work: work.phase == phase)
        case DayStarted() | ConfigurationLoaded():
            yield from look_again(queue, turn, lambda work: work.phase is not None)
        case DaemonStarted(paused=paused, safe_mode=safe_mode):
            if (paused or safe_mode) and "all" not in queue.paused:
                yield from pause(queue, turn, "all", note="safe mode" if safe_mode else "")


def _place(queue: Queue, name: str, turn: Turn) -> Iterator[AnyDecision]:
    work = queue.works.get(name)
    if work is not None and not work.released:
        yield from place(queue, work, turn)


def _take_back(queue: Queue, name: str, turn: Turn, *, late: bool = False) -> Iterator[AnyDecision]:
    """It waits again. What came too late and has no phase by which to wait is stale."""
    work = queue.works.get(name)
    if work is None or work.released:
        return
    if work.stopping:
        yield from end(work, WorkCancelled(name, work.note))
    elif late and work.phase is None:
        yield from end(work, WorkDropped(name, "too_late"))
    else:
        yield from place(queue, work, turn)


RULES = Rules(
    ME,
    2,
    Queue,
    frozenset(
        {
            ConfigurationLoaded,
            DaemonStarted,
            DayStarted,
            PhaseStarted,
            PhaseEnded,
            PhaseMissed,
            AlarmRang,
            WorkPlanned,
            WorkWithdrawn,
            FundsRefused,
            FundsOffered,
            FundsOverrun,
            CategoryReopened,
            BudgetOpened,
            StepReached,
            RunRetrying,
            WorkFinished,
            WorkReturned,
            *get_args(Request),
        }
    ),
    decide,
    evolve,
)
