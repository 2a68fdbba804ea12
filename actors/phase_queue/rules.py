"""The rules of the phase queue: which work goes when, and what it waits for until then.

The queue owns a piece of work from its planning until its release, and again whenever it is
refused money, is given back or has to be tried again. It decides upon what it hears in the order
of the log; whatever made room or opened a way is used before the next fact is heard.
"""

from collections.abc import Callable, Iterator
from typing import Any, get_args

from actors.pauses import EVERYTHING
from actors.phase_queue.answered import Request
from actors.phase_queue.changes import evolve
from actors.phase_queue.idling import ask_again, upon_answer
from actors.phase_queue.release import (
    ALARM,
    BREATH,
    DEADLINE,
    IDLE,
    ME,
    Turn,
    end,
    fill,
    look_again,
    place,
)
from actors.phase_queue.requests import answer, pause
from actors.phase_queue.state import Queue
from actors.rules import SILENCE, Rule, Rules, decides_by
from events.budget import (
    BudgetOpened,
    CategoryReopened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
)
from events.catalogue import AnyDecision
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted
from events.fact import Fact
from events.intents import WorkOvertaken
from events.plan import WorkWithdrawn
from events.record import Record
from events.runs import RunRetrying
from events.time import (
    AlarmRang,
    DayStarted,
    IdleSeen,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
)
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkPlanned,
    WorkReturned,
    WorkStopping,
)

OVERTAKEN = "overtaken by a newer occurrence"

QueueRule = Callable[[Queue, Any, Turn], Iterator[AnyDecision]]


def _by(rule: QueueRule) -> Rule:
    """What is decided upon a kind of fact: by its rule, and then by who stands in line."""

    def decide(queue: Queue, fact: Any, record: Record) -> Iterator[AnyDecision]:
        turn = Turn(record)
        yield from rule(queue, fact, turn)
        if queue.in_line:
            yield from fill(queue, turn)

    return decide


def _by_line(queue: Queue, fact: Any, record: Record) -> Iterator[AnyDecision]:
    """Upon what makes room only those decide who stand in line."""
    return fill(queue, Turn(record)) if queue.in_line else SILENCE


def _plan(queue: Queue, fact: WorkPlanned | FundsOffered, turn: Turn) -> Iterator[AnyDecision]:
    return _place(queue, fact.work, turn)


def _refuse(queue: Queue, fact: FundsRefused | RunRetrying, turn: Turn) -> Iterator[AnyDecision]:
    return _take_back(queue, fact.work, turn)


def _return(queue: Queue, fact: WorkReturned, turn: Turn) -> Iterator[AnyDecision]:
    return _take_back(queue, fact.work, turn, late=fact.reason == "too_late")


def _ring(queue: Queue, fact: AlarmRang, turn: Turn) -> Iterator[AnyDecision]:
    alarm = fact.alarm
    if fact.setter != ME or alarm == BREATH:
        return SILENCE
    if alarm == IDLE:
        return ask_again(queue)
    if alarm.startswith(DEADLINE):
        return _expire(queue, alarm.removeprefix(DEADLINE), turn)
    return _place(queue, alarm.removeprefix(ALARM), turn)


def _expire(queue: Queue, name: str, turn: Turn) -> Iterator[AnyDecision]:
    """The moment has come by which it should have started, if that is still the one."""
    work = queue.works.get(name)
    if work is None or work.released or work.started or work.start_before is None:
        return SILENCE
    if turn.at < work.start_before:
        return SILENCE
    return end(work, WorkDropped(name, "start_deadline"))


def _overtake(queue: Queue, fact: WorkOvertaken, turn: Turn) -> Iterator[AnyDecision]:
    work = queue.works.get(fact.work)
    if work is None or (work.stopping and (work.at_once or not fact.at_once)):
        return SILENCE
    if not work.released:
        return end(work, WorkCancelled(work.name, OVERTAKEN))
    return iter((WorkStopping(work.name, OVERTAKEN, fact.at_once),))


def _withdraw(queue: Queue, fact: WorkWithdrawn, turn: Turn) -> Iterator[AnyDecision]:
    work = queue.works.get(fact.work)
    if work is None or work.released or work.started or work.moved:
        return SILENCE
    return end(work, WorkDropped(fact.work, fact.reason))


def _turn_phase(
    queue: Queue, fact: PhaseStarted | PhaseEnded | PhaseMissed, turn: Turn
) -> Iterator[AnyDecision]:
    return look_again(queue, turn, lambda work: work.phase == fact.phase)


def _turn_all(
    queue: Queue, fact: DayStarted | ConfigurationLoaded, turn: Turn
) -> Iterator[AnyDecision]:
    return look_again(queue, turn, lambda work: work.phase is not None or work.tells)


def _begin_life(queue: Queue, fact: DaemonStarted, turn: Turn) -> Iterator[AnyDecision]:
    if not (fact.paused or fact.safe_mode) or EVERYTHING in queue.paused:
        return SILENCE
    return pause(queue, turn, "all", note="safe mode" if fact.safe_mode else "")


def _place(queue: Queue, name: str, turn: Turn) -> Iterator[AnyDecision]:
    work = queue.works.get(name)
    return SILENCE if work is None or work.released else place(queue, work, turn)


def _take_back(queue: Queue, name: str, turn: Turn, *, late: bool = False) -> Iterator[AnyDecision]:
    """It waits again. What came too late, never ran and has no phase to wait for is stale."""
    work = queue.works.get(name)
    if work is None or work.released:
        return SILENCE
    if work.stopping:
        return end(work, WorkCancelled(name, work.note))
    if late and work.phase is None and not work.started:
        return end(work, WorkDropped(name, "too_late"))
    return place(queue, work, turn)


DECIDES_UPON: dict[type[Fact], QueueRule] = {
    WorkPlanned: _plan,
    FundsOffered: _plan,
    FundsRefused: _refuse,
    RunRetrying: _refuse,
    WorkReturned: _return,
    AlarmRang: _ring,
    WorkWithdrawn: _withdraw,
    WorkOvertaken: _overtake,
    IdleSeen: upon_answer,
    PhaseStarted: _turn_phase,
    PhaseEnded: _turn_phase,
    PhaseMissed: _turn_phase,
    DayStarted: _turn_all,
    ConfigurationLoaded: _turn_all,
    DaemonStarted: _begin_life,
    **dict.fromkeys(get_args(Request), answer),
}
MAKES_ROOM: frozenset[type[Fact]] = frozenset(
    {WorkFinished, StepReached, BudgetOpened, FundsOverrun, CategoryReopened}
)
decide = decides_by(
    {kind: _by(rule) for kind, rule in DECIDES_UPON.items()} | dict.fromkeys(MAKES_ROOM, _by_line)
)
RULES = Rules(ME, 6, Queue, MAKES_ROOM | DECIDES_UPON.keys(), decide, evolve)
