"""Whatever happens, in whatever order: what always holds of the budget."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec import msgpack

from actors.budget.ledger import Ledger
from actors.budget.rules import RULES
from events.budget import (
    BudgetExhausted,
    BudgetOpened,
    CategoryReopened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.catalogue import AnyFact
from events.configuration import Action, Budget, Configuration, ConfigurationLoaded
from events.record import Record
from events.requests import ResumeRequested
from events.runs import Outcome, RunClosed
from events.settings import PRIORITIES, Priority
from events.time import DayStarted
from events.work import StepReached, WorkCancelled, WorkDeferred, WorkHeld, WorkReleased

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CATEGORIES = {"research": 100, "chores": 60}
SPENDERS = [*CATEGORIES, "garden"]  # which has no money of its own
LIMIT, RESERVE = 120, 20


@dataclass
class World:
    """A budget, a witness who adds up what it says, and all the others in a few words."""

    ledger: Ledger = field(default_factory=Ledger)
    works: int = 0
    opened: BudgetOpened | None = None
    held: dict[str, FundsReserved] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)  # runs that were settled or returned
    settled: Counter[tuple[date, str]] = field(default_factory=Counter)
    over: Counter[tuple[date, str]] = field(default_factory=Counter)
    days: list[date] = field(default_factory=list)  # as they were opened
    unknown: Counter[date] = field(default_factory=Counter)  # gone of a day long forgotten
    exhausted: set[tuple[date, str]] = field(default_factory=set)
    closed_on: defaultdict[date, set[str]] = field(default_factory=lambda: defaultdict(set))
    closed: set[str] = field(default_factory=set)
    refused: dict[str, WorkReleased | StepReached] = field(default_factory=dict)  # by work
    offered: dict[str, WorkReleased | StepReached] = field(default_factory=dict)  # by work
    asked: WorkReleased | StepReached | None = None

    def lives(self, fact: AnyFact) -> None:
        """Let the budget hear it, and let one hear it that was written down and read again."""
        record = Record(7, NOON, "somebody", None, fact)
        twin = msgpack.decode(msgpack.encode(self.ledger), type=Ledger)
        decisions = RULES.consider(self.ledger, record)
        assert list(RULES.consider(twin, record)) == list(decisions)
        assert twin == self.ledger
        self.asked = fact if isinstance(fact, WorkReleased | StepReached) else None
        self._answer(fact)
        for decision in decisions:
            self._check(decision)
            self._learn(decision)
        self._nothing_is_overspent()
        assert set(self.ledger.offered) == set(self.offered)
        promised = self.promised()
        assert not any(self.fits(ask, promised) for ask in self.refused.values()), "it starves"

    def _answer(self, fact: AnyFact) -> None:
        """What becomes of an offer, or of a refusal: the work asks, ends or waits otherwise."""
        match fact:
            case WorkReleased(work=work) | StepReached(work=work):
                self.offered.pop(work, None)
            case WorkHeld(reason="no_funds"):
                pass
            case WorkHeld(work=work) | WorkDeferred(work=work) | WorkCancelled(work=work):
                self.offered.pop(work, None)
                self.refused.pop(work, None)

    def promised(self) -> Counter[str]:
        promised: Counter[str] = Counter()
        for ask in self.offered.values():
            promised[ask.category] += ask.ceiling_usd_micros
        return promised

    def used(self, category: str) -> int:
        assert self.opened is not None
        day = self.opened.day
        held = sum(
            some_.usd_micros
            for some_ in self.held.values()
            if (some_.day, some_.category) == (day, category)
        )
        return held + self.settled[day, category]

    def fits(self, ask: WorkReleased | StepReached, promised: Counter[str]) -> bool:
        amount, category = ask.ceiling_usd_micros, ask.category
        if category in self.closed:
            return False
        if amount == 0:
            return True
        if self.opened is None:
            return False
        everything = (
            sum(map(self.used, SPENDERS)) + promised.total() + self.unknown[self.opened.day]
        )
        limit = LIMIT if ask.priority == "critical" else LIMIT - RESERVE
        in_category = CATEGORIES.get(category, 0) - self.used(category) - promised[category]
        return amount <= min(in_category, limit - everything)

    def _check(self, decision: AnyFact) -> None:
        match decision:
            case FundsReserved(run=run):
                assert self.asked is not None and self.fits(self.asked, Counter())
                assert run not in self.held and run not in self.ended
            case FundsRefused():
                assert self.asked is not None and not self.fits(self.asked, Counter())
                assert decision.left_usd_micros >= 0
            case FundsSettled(run=run) | FundsReturned(run=run):
                assert run in self.held and run not in self.ended
            case FundsOverrun():
                assert decision.over_usd_micros > 0
            case BudgetOpened(day=day, revision=revision):
                assert (revision == 1) == (day not in self.days), "new money comes once a day"
            case BudgetExhausted(day=day, category=category):
                assert self.opened is not None and day == self.opened.day
                assert (day, category) not in self.exhausted, "once is enough"
            case FundsOffered(work=work, category=category):
                promised = self.promised()
                fitting = [w for w, ask in self.refused.items() if self.fits(ask, promised)]
                first = min(fitting, key=lambda w: PRIORITIES.index(self.refused[w].priority))
                assert work == first, "the first that fits, the oldest of the most urgent"
                assert category == self.refused[work].category

    def _learn(self, decision: AnyFact) -> None:
        match decision:
            case FundsReserved(run=run):
                self.held[run] = decision
                self.refused.pop(decision.work, None)
            case FundsRefused(work=work):
                assert self.asked is not None
                self.refused.pop(work, None)
                self.refused[work] = self.asked
            case FundsSettled(run=run) | FundsReturned(run=run):
                held = self.held.pop(run)
                self.ended.add(run)
                if isinstance(decision, FundsSettled):
                    self.settled[held.day, held.category] += decision.cost_usd_micros
            case FundsOverrun(_, category, day, over):
                self.over[day, category] += over
                self.closed_on[day].add(category)
            case CategoryReopened(category):
                self.closed.remove(category)
            case BudgetOpened(day=day):
                self._open(decision)
            case BudgetExhausted(day=day, category=category):
                self.exhausted.add((day, category))
            case FundsOffered(work=work):
                self.offered[work] = self.refused.pop(work)

    def _open(self, opened: BudgetOpened) -> None:
        day = opened.day
        last = list(dict.fromkeys(reversed(self.days)))[:8]
        self.opened = opened
        if day in self.days and day not in last:
            self.closed_on[day] = set()
            for category in SPENDERS:
                self.settled[day, category] += CATEGORIES.get(category, 0) - self.used(category)
            self.unknown[day] = LIMIT - sum(map(self.used, SPENDERS))
        self.days.append(day)
        self.closed = self.closed_on[day]

    def _nothing_is_overspent(self) -> None:
        if self.opened is None:
            return
        day, over = self.opened.day, 0
        for category in SPENDERS:
            over += self.over[day, category]
            assert self.used(category) <= CATEGORIES.get(category, 0) + self.over[day, category]
        assert sum(map(self.used, SPENDERS)) + self.unknown[day] <= LIMIT + over


Move = Callable[[World], None]


def asks(amount: int, category: str, priority: Priority, is_step: bool) -> Move:
    def move(world: World) -> None:
        world.works += 1
        work, run = f"w{world.works}", f"r{world.works}"
        if is_step:
            step = StepReached(work, run, "read", 2, category, amount, priority=priority)
            world.lives(step)
        else:
            world.lives(WorkReleased(work, run, "read", 1, 1, category, amount, priority))

    return move


def asks_again(number: int) -> Move:
    """Refused work comes back as another run; what holds money asks for the same run again."""

    def move(world: World) -> None:
        asked = [*world.offered.values(), *world.refused.values()]
        if asked:
            ask = asked[number % len(asked)]
            world.works += 1
            world.lives(
                WorkReleased(
                    ask.work, f"r{world.works}", "read", 1, 2, ask.category, ask.ceiling_usd_micros
                )
            )
        if world.held:
            held = list(world.held.values())[number % len(world.held)]
            before = dict(world.held)
            world.lives(
                WorkReleased(held.work, held.run, "read", 1, 1, held.category, held.usd_micros)
            )
            assert world.held == before

    return move


def closes(number: int, started: bool, cost: int | None, outcome: Outcome) -> Move:
    def move(world: World) -> None:
        if world.held:
            held = list(world.held.values())[number % len(world.held)]
            closed = RunClosed(held.run, held.work, "read", outcome, started, cost_usd_micros=cost)
            world.lives(closed)
            assert held.run in world.ended
            world.lives(closed)

    return move


def cancels(number: int) -> Move:
    def move(world: World) -> None:
        if world.refused:
            world.lives(WorkCancelled(list(world.refused)[number % len(world.refused)]))

    return move


def waits(number: int, how: Callable[[str], AnyFact]) -> Move:
    """Work that was offered money, or refused it, waits for something else, or ends."""

    def move(world: World) -> None:
        if works := [*world.offered, *world.refused]:
            world.lives(how(works[number % len(works)]))

    return move


def starts_day(later: int) -> Move:
    def move(world: World) -> None:
        day = (TODAY if world.opened is None else world.opened.day) + timedelta(days=later)
        starts_at = datetime.combine(day, time(), tzinfo=UTC)
        world.lives(DayStarted(day, starts_at, starts_at + timedelta(days=1)))

    return move


def loads(world: World) -> None:
    limits = Budget(daily_usd_micros=LIMIT, reserve_usd_micros=RESERVE, categories=CATEGORIES)
    actions = {"read": Action(estimate_usd_micros=15)}
    world.lives(ConfigurationLoaded("d", Configuration(budget=limits, actions=actions)))


OTHERWISE: list[Callable[[str], AnyFact]] = [
    lambda work: WorkHeld(work, "no_funds"),
    lambda work: WorkHeld(work, "lane_full"),
    lambda work: WorkDeferred(work, "night", TODAY, 1),
    WorkCancelled,
]
numbers = some.integers(0, 20)
moves = some.one_of(
    *[
        some.builds(
            asks,
            some.one_of(some.integers(0, 40), some.integers(0, 130)),
            some.sampled_from([*CATEGORIES, *SPENDERS]),
            some.sampled_from(PRIORITIES),
            some.booleans(),
        )
    ]
    * 3,
    *[
        some.builds(
            closes,
            numbers,
            some.sampled_from([True, True, False]),
            some.sampled_from([None, 0, 10, 30, 50]),
            some.sampled_from(["succeeded", "failed", "unknown", "timed_out"]),
        )
    ]
    * 2,
    some.builds(asks_again, numbers),
    some.builds(cancels, numbers),
    some.builds(waits, numbers, some.sampled_from(OTHERWISE)),
    some.builds(starts_day, some.sampled_from([-6, -1, 0, 0, 1, 1, 5])),
    some.just(loads),
    some.sampled_from(list(CATEGORIES)).map(
        lambda name: lambda world: world.lives(ResumeRequested("category", "k", name))
    ),
)


@settings(max_examples=200, deadline=None)
@for_any(some.lists(moves, min_size=10, max_size=50))
def test_no_life_overspends_a_day_or_settles_a_run_twice(life: list[Move]) -> None:
    world = World()
    for move in [loads, starts_day(0), *life]:
        move(world)
    while world.held:
        closes(0, True, None, "succeeded")(world)
    ledger = world.ledger
    assert ledger.reservations == {}, "at rest nothing is set aside"
    assert ledger.whole.reserved == 0
    assert all(account.reserved == 0 for account in ledger.categories.values())
    assert set(ledger.refused.places) == set(world.refused), "nobody is forgotten or kept too long"


@settings(max_examples=50, deadline=None)
@for_any(some.lists(some.integers(1, 30), min_size=1, max_size=30))
def test_everyone_who_can_be_paid_is_paid_in_the_end(amounts: list[int]) -> None:
    world = World()
    loads(world)
    starts_day(0)(world)
    for amount in amounts:
        asks(amount, "chores", "normal", is_step=False)(world)
    waiting = dict(world.refused)
    for _ in amounts:
        while world.held:
            closes(0, True, None, "unknown")(world)
        starts_day(1)(world)
        for work in [work for work in waiting if work not in world.refused]:
            ask = waiting.pop(work)
            world.lives(
                WorkReleased(work, f"{ask.run}+", "read", 1, 1, "chores", ask.ceiling_usd_micros)
            )
            assert f"{ask.run}+" in world.held, "an offer of a fresh day is kept"
    assert waiting == {} and world.refused == {}
