"""Whatever becomes due, and however people interfere: one verdict each, and nothing runs twice."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec import msgpack
from msgspec.structs import replace

from actors.planner.rules import RULES
from actors.planner.state import Planner
from events.catalogue import AnyFact
from events.configuration import Intent
from events.intents import (
    IntentAdded,
    IntentAddRequested,
    IntentRemoved,
    IntentRemoveRequested,
    IntentSwitchRequested,
    OccurrenceBuffered,
    OccurrenceEnded,
    WorkOvertaken,
)
from events.plan import OccurrenceSkipped
from events.policies import Policies
from events.record import Record
from events.requests import Paused, Resumed
from events.settings import Overlap
from events.time import OccurrenceDue, OccurrenceExpired, OccurrencesSuperseded
from events.work import WorkCancelled, WorkDropped, WorkFinished, WorkPlanned
from tests.rules.overlap_story import minute, of_intents
from tests.rules.planner_story import loaded

NAMES = ["news", "more", "then", "mine"]
LIMIT = 3
NONE = Intent(run="", overlap="skip")
Occurrence = tuple[str, datetime]


@dataclass
class World:
    """A planner that forgets nothing it was told, and a witness who counts."""

    planner: Planner = field(default_factory=Planner)
    configured: dict[str, Intent] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    number: int = 0
    open: dict[str, str] = field(default_factory=dict)  # work: its intent
    due: list[Occurrence] = field(default_factory=list)
    waiting: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    verdicts: Counter[Occurrence] = field(default_factory=Counter)
    told: Counter[Occurrence] = field(default_factory=Counter)

    def lives(self, fact: AnyFact, later: int = 1) -> None:
        self.number += later
        if isinstance(fact, WorkFinished | WorkCancelled | WorkDropped):
            del self.open[fact.work]
        record = Record(self.number, minute(self.number), "somebody", None, fact)
        twin = msgpack.decode(msgpack.encode(self.planner), type=Planner)
        decisions = list(RULES.consider(self.planner, record))
        assert list(RULES.consider(twin, record)) == decisions
        assert twin == self.planner
        for decision in decisions:
            self._learn(decision)
        self._look()

    def _learn(self, decision: AnyFact) -> None:
        match decision:
            case WorkPlanned(work=work, key=key):
                name, _, instant = key.partition("@")
                at = datetime.fromisoformat(instant)
                assert self.allows_all(name) or name not in self.open.values()
                assert work not in self.open
                self.open[work] = name
                self._close(name, at)
            case OccurrenceBuffered(name, at):
                assert name in self.open.values() and (name, at) in self.due
                self.waiting[name].append(at)
            case OccurrenceSkipped(name, at) | OccurrenceExpired(name, at):
                self._close(name, at)
            case OccurrencesSuperseded(name, first, last, count):
                assert (first, count) == (last, 1)
                assert first in self.waiting[name], "only what waits is taken the place of"
                self._close(name, first)
            case WorkOvertaken(work, name):
                assert self.open[work] == name
            case OccurrenceEnded(name, at):
                self.told[name, at] += 1
            case IntentAdded(name, intent):
                self.intents[name] = intent
            case IntentRemoved(name):
                self.intents[name] = self.configured.get(name, NONE)

    def _close(self, name: str, at: datetime) -> None:
        assert (name, at) in self.due
        self.verdicts[name, at] += 1
        if at in self.waiting[name]:
            self.waiting[name].remove(at)

    def allows_all(self, name: str) -> bool:
        house, intent = self.planner.configuration, self.intents.get(name)
        assert house is not None
        return intent is not None and (intent.overlap or house.policies.overlap) == "allow_all"

    def _look(self) -> None:
        assert all(count == 1 for count in self.verdicts.values()), "one verdict for each"
        assert all(count == 1 for count in self.told.values()), "it ends once"
        for name, waiting in self.waiting.items():
            assert len(waiting) <= LIMIT
            assert not waiting or name in self.open.values(), "what waits waits for something"
            kept = [it.due_at for it in self.planner.buffered.get(name, [])]
            assert kept == waiting
        assert set(self.planner.works) == set(self.open)


Move = Callable[[World], None]


def becomes_due(name: str, later: int) -> Move:
    def move(world: World) -> None:
        at = minute(world.number + later)
        if (name, at) not in world.due:
            world.due.append((name, at))
            world.lives(OccurrenceDue(name, at), later)

    return move


def ends(number: int, how: Callable[[str], AnyFact]) -> Move:
    def move(world: World) -> None:
        if world.open:
            world.lives(how(list(world.open)[number % len(world.open)]))

    return move


def configures(intents: dict[str, Intent], overlap: Overlap) -> Move:
    def move(world: World) -> None:
        by_hand = {name: it.intent for name, it in world.planner.by_hand.items()}
        world.configured, world.intents = intents, intents | by_hand
        policies = Policies(overlap=overlap, overlap_limit=LIMIT)
        world.lives(loaded(of_intents(intents, policies)))

    return move


def says(fact: AnyFact) -> Move:
    def move(world: World) -> None:
        key = {"key": f"k{world.number}"} if hasattr(fact, "key") else {}
        world.lives(replace(fact, **key))

    return move


overlaps = some.sampled_from(get_args(Overlap))
names = some.sampled_from(NAMES)
triggers: list[dict[str, Any]] = [
    {"every_seconds": 60},
    {"every_seconds": 60, "max_runs": 9},
    {"every_seconds": 60, "every_from": "completion"},
    {"after": "news"},
]
intents = some.builds(
    lambda trigger, **more: Intent(**trigger, **more),
    some.sampled_from(triggers),
    run=some.sampled_from(["read", "tidy", "read", "gone"]),
    overlap=some.one_of(some.none(), overlaps),
    start_deadline_seconds=some.sampled_from([None, None, 120]),
    enabled=some.sampled_from([True, True, True, False]),
)
houses = some.builds(configures, some.dictionaries(names, intents, min_size=2), overlaps)
ENDS: list[Callable[[str], AnyFact]] = [
    lambda work: WorkFinished(work, "completed"),
    lambda work: WorkFinished(work, "failed"),
    WorkCancelled,
    lambda work: WorkDropped(work, "start_deadline"),
]
WORDS: list[AnyFact] = [
    Paused("all"),
    Resumed("all"),
    Resumed("all"),
    Paused("lane", "desk"),
    Resumed("lane", "desk"),
]
dues = some.builds(becomes_due, names, some.integers(1, 3))
moves = some.one_of(
    dues,
    dues,
    dues,
    some.builds(ends, some.integers(0, 9), some.sampled_from(ENDS)),
    some.builds(ends, some.integers(0, 9), some.sampled_from(ENDS)),
    houses,
    some.builds(says, some.sampled_from(WORDS)),
    some.builds(says, some.builds(IntentAddRequested, names, intents, some.just("k"))),
    some.builds(says, some.builds(IntentRemoveRequested, names, some.just("k"))),
    some.builds(says, some.builds(IntentSwitchRequested, names, some.booleans(), some.just("k"))),
)


@settings(max_examples=300, deadline=None)
@for_any(houses, some.lists(moves, min_size=10, max_size=60))
def test_each_occurrence_has_one_verdict_and_none_runs_twice(house: Move, life: list[Move]) -> None:
    world = World()
    for move in [house, *life]:
        move(world)
    while world.open:
        ends(0, ENDS[0])(world)
    assert world.verdicts == Counter(world.due), "in the end there is no occurrence without one"
    assert not world.planner.buffered and not world.planner.occurring
