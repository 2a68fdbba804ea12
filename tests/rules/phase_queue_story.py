"""What the stories about the phase queue are told with."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import msgpack

from actors.calendar import PhaseWindow, phase_on
from actors.phase_queue.rules import RULES
from actors.phase_queue.state import Queue
from events.catalogue import AnyDecision, AnyFact
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Lane,
    Phase,
    Step,
)
from events.policies import Executor
from events.record import Record
from events.time import AlarmCleared, AlarmSet, PhaseEnded, PhaseStarted
from events.work import HoldReason, WorkHeld, WorkPlanned, WorkReleased

TODAY = date(2026, 11, 20)  # a Friday
TOMORROW = TODAY + timedelta(days=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)

HOUSE = Configuration(
    phases=(
        Phase(name="morning", start=time(6), end=time(12)),
        Phase(name="afternoon", start=time(12), end=time(18)),
        Phase(name="evening", start=time(18), end=time(22)),
        Phase(name="night", start=time(22), end=time(6)),
        Phase(name="rest", start=time(10), end=time(11), days=("sun",)),
    ),
    lanes={"desk": Lane(concurrency=1), "yard": Lane(concurrency=2)},
    executor=Executor(concurrency=3),
    budget=Budget(categories={"research": 100}),
    actions={
        "read": Action(estimate_usd_micros=40, category="chores"),
        "write": Action(estimate_usd_micros=7, ceiling_usd_micros=9),
    },
)


def window(phase: str, day: date = TODAY) -> PhaseWindow:
    found = phase_on(HOUSE, day, phase)
    assert found is not None
    return found


def started(phase: str, day: date = TODAY) -> PhaseStarted:
    return PhaseStarted(*window(phase, day))


def over(phase: str, day: date = TODAY) -> PhaseEnded:
    return PhaseEnded(day, phase, window(phase, day).ends_at)


def planned(work: str, action: str = "read", **more: Any) -> WorkPlanned:
    """Work for the lane `desk` and as soon as possible, unless told otherwise."""
    settings: dict[str, Any] = {
        "name": action,
        "source": "request",
        "key": work,
        "steps": (Step(action=action),),
        "category": "research",
        "lane": "desk",
    }
    return WorkPlanned(work=work, **(settings | more))


def released(work: str, run: str = "r90-1", action: str = "read", **more: Any) -> WorkReleased:
    settings: dict[str, Any] = {
        "step": 1,
        "attempt": 1,
        "category": "research",
        "ceiling_usd_micros": 40,
    }
    return WorkReleased(work=work, run=run, action=action, **(settings | more))


def held(work: str, reason: HoldReason, until: datetime | None = None) -> WorkHeld:
    return WorkHeld(work, reason, until)


def alarm(work: str, rings_at: datetime) -> AlarmSet:
    return AlarmSet(f"work:{work}", "phase_queue", rings_at)


def cleared(work: str) -> AlarmCleared:
    return AlarmCleared(f"work:{work}", "phase_queue")


class Story:
    """A queue that lives from a Friday noon on; its memory is written and read at each step."""

    def __init__(self, *facts: AnyFact, house: Configuration = HOUSE) -> None:
        self.queue, self.at, self.position = Queue(), NOON, 0
        for fact in (ConfigurationLoaded("d1", house), started("afternoon"), *facts):
            self.lives(fact)

    def lives(self, fact: AnyFact, at: datetime | None = None) -> Sequence[AnyDecision]:
        """What it decides upon a fact; time stands still unless told otherwise."""
        self.position += 1
        self.at = at or self.at
        decisions = RULES.consider(
            self.queue, Record(self.position, self.at, "somebody", None, fact)
        )
        again = msgpack.decode(msgpack.encode(self.queue), type=Queue)
        assert again == self.queue
        self.queue = again
        return decisions

    def hears(self, fact: AnyFact, at: datetime | None = None) -> Sequence[AnyDecision]:
        """The same, of the one fact the story is about: its position is 90."""
        self.position = 89
        return self.lives(fact, at)
