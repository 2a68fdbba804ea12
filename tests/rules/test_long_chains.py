"""However much follows from one fact, no chain of decisions grows with the number of works.

The bus stops the daemon at a depth of 32: that is for rules that answer each other for ever.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.breath import DEEP
from actors.budget.ledger import refusal
from actors.budget.refused import Price
from actors.clock.rules import RULES as CLOCK
from actors.replay.books import BOOKS, next_instant
from actors.replay.simulation import Ending, Simulation
from events.budget import FundsOffered, FundsRefused
from events.catalogue import AnyFact
from events.configuration import Action, Budget, Configuration, ConfigurationLoaded, Intent, Lane
from events.daemon import DaemonStarted
from events.intents import OccurrenceEnded
from events.policies import Executor
from events.record import Record
from events.requests import ResumeRequested, WorkRequested
from events.runs import RunEnded, RunResult, RunStarting
from events.settings import PRIORITIES, Priority
from events.time import AlarmRang, AlarmSet, OccurrenceDue, TimePassed
from events.work import WorkFinished, WorkHeld, WorkReleased
from projections.invariants.check import Violation
from projections.invariants.checker import Checker

DAWN = datetime(2026, 11, 20, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
MANY = 40
DEPTH_MAX = DEEP + 8

Costs = dict[str, int]


def ending(costs: Costs, hours: Costs) -> Callable[[RunStarting], Ending]:
    """What runs of an action cost, and how long they take; a minute unless told otherwise."""

    def end(starting: RunStarting, at: datetime) -> RunEnded:
        cost = costs.get(starting.action, 0)
        return RunEnded(starting.run, True, at, 0, result=RunResult(cost_usd_micros=cost))

    return lambda starting: Ending(hours.get(starting.action, 0) * 3_600 + 60, end)


class House(Simulation):
    def __init__(self, house: Configuration, costs: Costs, hours: Costs, seed: int = 0) -> None:
        super().__init__(BOOKS, next_instant, ending(costs, hours), Random(seed).choice)
        self.say(DAWN, ConfigurationLoaded("d", house), "daemon")
        self.say(DAWN, DaemonStarted("0", 1, "b"), "daemon")

    def ask(self, *actions: str) -> None:
        for action in actions:
            self.say(self.now or DAWN, WorkRequested(action, f"k{self.head}"), "cli")

    def told(self, *kinds: type[Any]) -> Sequence[Any]:
        return [record.fact for record in self.log if isinstance(record.fact, kinds)]

    def check(self) -> None:
        assert max(record.depth for record in self.log) <= DEPTH_MAX
        found: list[Violation] = []
        checker = Checker(found.append)
        checker.take(self.log)
        checker.finish({})
        assert found == []
        queue, ledger = self.states["phase_queue"], self.states["budget"]
        assert not queue.takes_breath and not ledger.takes_breath
        for name, work in queue.works.items():
            assert work.unpaid == (name in ledger.refused.places)
        assert all(refusal(ledger, line.price) for line in ledger.refused.lines.values())


def action(category: str, price: int = 0, lane: str = "main", **more: Any) -> Action:
    return Action(command=("x",), category=category, estimate_usd_micros=price, lane=lane, **more)


def house(categories: Costs, **actions: Action) -> Configuration:
    return Configuration(
        budget=Budget(daily_usd_micros=10_000, reserve_usd_micros=0, categories=categories),
        lanes={"main": Lane(), "side": Lane()},
        actions=actions,
    )


def test_a_category_that_closes_stops_all_that_wait_for_it_in_one_pass() -> None:
    world = House(house({"study": 1_000}, read=action("study", 10)), {"read": 50}, {})
    world.ask(*["read"] * MANY)
    world.run_until(DAWN + HOUR)
    assert len(world.told(WorkReleased)) == 2, "one ran too long, one was refused"
    unasked = [fact for fact in world.told(WorkHeld) if fact.category == "study"]
    assert len(unasked) == MANY - 2
    assert max(record.depth for record in world.log) < 10
    world.say(DAWN + HOUR, ResumeRequested("category", "again", "study"), "cli")
    world.check()
    assert world.states["phase_queue"].running == 1


@pytest.mark.parametrize(
    ("otherwise", "reason"),
    [
        ({"ceiling_usd_micros": 10}, "is held and 10 was not refused to anyone"),
        ({"category": "rest"}, "is held for no_funds as of rest"),
        ({"reason": "paused"}, "is held for paused as of study"),
    ],
)
def test_a_hold_for_money_that_nobody_was_refused_is_found(
    otherwise: dict[str, Any], reason: str
) -> None:
    prices = house({"study": 100, "rest": 0}, long=action("rest"), much=action("study", 200))
    world = House(prices, {}, {})
    world.ask("long", "much", "much", "much")
    world.run_until(DAWN + HOUR)
    world.check()
    held = next(r for r in world.log if isinstance(r.fact, WorkHeld) and r.fact.category)
    assert isinstance(held.fact, WorkHeld)
    log = list(world.log)
    log[held.position - 1] = replace(held, fact=replace(held.fact, **otherwise))
    found: list[Violation] = []
    Checker(found.append).take(log)
    assert f"{held.fact.work} {reason}" in [it.reason for it in found]


def test_money_that_is_not_enough_for_each_is_offered_when_it_is() -> None:
    prices = house(
        {"study": 100, "rest": 0},
        long=action("rest"),
        much=action("study", 200),
        some=action("study", 60),
    )
    world = House(prices, {"some": 40}, {})
    world.ask("long", *["much", "some"] * (MANY // 2))
    world.run_until(DAWN + 12 * HOUR)
    world.check()
    assert len(world.told(WorkFinished)) == 3, "one of 60 out of 100, one of 60 out of 60"
    more = replace(prices, budget=replace(prices.budget, categories={"study": 10_000}))
    world.say(DAWN + 12 * HOUR, ConfigurationLoaded("e", more), "daemon")
    world.run_until(DAWN + 18 * HOUR)
    world.check()
    assert len(world.told(WorkFinished)) == MANY + 1


def test_many_categories_that_are_spent_are_many_refusals_with_a_breath_between() -> None:
    prices = {f"c{number}": 1 for number in range(MANY)}
    actions = {f"a{number}": action(f"c{number}", 2) for number in range(MANY)}
    world = House(house(prices, long=action("rest"), **actions), {}, {})
    world.ask("long", *actions)
    world.run_until(DAWN + HOUR)
    world.check()
    assert len(world.told(FundsRefused)) == MANY


def test_offers_that_find_the_lane_full_go_from_one_to_the_next_with_a_breath_between() -> None:
    prices = house(
        {"study": 100, "rest": 0},
        big=action("study", 100, "side"),
        small=action("study", 20),
        long=action("rest"),
    )
    world = House(prices, {"big": 60}, {"long": 30, "big": 1})
    world.ask("big", *["small"] * MANY, "long")
    world.run_until(DAWN + 2 * HOUR)
    world.check()
    assert len(world.told(FundsOffered)) >= MANY


def test_works_that_end_without_a_run_follow_one_another_with_a_breath_between() -> None:
    known = house({"study": 100}, gone=action("study", 1), stays=action("study", 1))
    world = House(known, {}, {})
    world.ask("stays", *["gone"] * MANY)
    fewer = replace(known, actions={"stays": known.actions["stays"]})
    world.say(DAWN, ConfigurationLoaded("e", fewer), "daemon")
    world.run_until(DAWN + HOUR)
    world.check()
    assert len(world.told(WorkFinished)) == MANY + 1


def test_a_long_row_of_intents_that_follow_each_other_comes_to_its_end() -> None:
    row = {"i0": Intent(run="read", at=DAWN + HOUR, input_json="[1]")}
    for number in range(1, MANY):
        after = f"i{number - 1}"
        row[f"i{number}"] = Intent(
            run="read", after=after, after_when="always", input_json="[1]", max_runs=1
        )
    world = House(replace(house({}, read=action("study")), intents=row), {}, {})
    world.run_until(DAWN + 2 * HOUR)
    world.check()
    assert [due.intent for due in world.told(OccurrenceDue)] == list(row)
    assert len({due.due_at for due in world.told(OccurrenceDue)}) == 1


@pytest.mark.parametrize("still_there", [True, False])
def test_what_waits_for_a_breath_comes_unless_it_is_gone_by_then(still_there: bool) -> None:
    row = {"a": Intent(run="read", at=DAWN), "b": Intent(run="read", after="a")}
    known = replace(house({}, read=action("study")), intents=row)
    clock = CLOCK.state()

    def hears(fact: AnyFact, depth: int = 0) -> list[Any]:
        return list(CLOCK.consider(clock, Record(7, DAWN, "somebody", 6, fact, depth)))

    hears(ConfigurationLoaded("d", known))
    hears(DaemonStarted("0", 1, "b"))
    ended = OccurrenceEnded("a", DAWN, "completed", "w1")
    assert hears(ended, DEEP - 1) == [OccurrenceDue("b", DAWN)]
    assert hears(ended, DEEP) == [AlarmSet("due:7:b", "clock", DAWN)]
    assert next_instant(clock) == DAWN
    if not still_there:
        hears(ConfigurationLoaded("e", replace(known, intents={"a": row["a"]})))
    told = hears(TimePassed())
    later = [OccurrenceDue("b", DAWN + timedelta(microseconds=1))] if still_there else []
    assert told == [AlarmRang("due:7:b", "clock", DAWN), *later]


prices = some.sampled_from([0, 1, 5, 20, 60, 101])
wishes = some.tuples(
    some.sampled_from(["a", "b", "c"]), prices, some.sampled_from(PRIORITIES),
    some.sampled_from(["main", "side"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@for_any(
    some.lists(wishes, min_size=20, max_size=60),
    some.sampled_from([(0, 0, 0), (100, 30, 0), (60, 100, 100)]),
    some.sampled_from([0, 40]),
    some.sampled_from([1, 3]),
    some.integers(0, 9),
)
def test_whatever_waits_the_payable_goes_and_the_rest_is_offered_money_when_it_comes(
    works: list[tuple[str, int, Priority, str]],
    limits: tuple[int, int, int],
    reserve: int,
    room: int,
    seed: int,
) -> None:
    names = {f"{n}-{c}": action(c, p, lane, priority=r) for n, (c, p, r, lane) in enumerate(works)}
    costs = {name: 2 * it.estimate_usd_micros for name, it in names.items() if seed % 2 == 0}
    categories = dict(zip("abc", limits, strict=True))
    small = Configuration(
        budget=Budget(daily_usd_micros=160, reserve_usd_micros=reserve, categories=categories),
        lanes={"main": Lane(concurrency=room), "side": Lane()},
        executor=Executor(concurrency=2 * room),
        actions=names,
    )
    world = House(small, costs, {}, seed)
    world.ask(*names)
    world.run_until(DAWN + 10 * HOUR)
    world.check()
    queue, ledger = world.states["phase_queue"], world.states["budget"]
    for work in queue.works.values():
        amount = queue.asks[work.action].usd_micros
        price = Price(work.category, amount, PRIORITIES.index(work.priority))
        assert work.reason == "no_funds" and refusal(ledger, price) is not None
    rich = replace(small.budget, daily_usd_micros=10**6, categories=dict.fromkeys("abc", 10**6))
    frugal = replace(small, budget=replace(rich, reserve_usd_micros=0))
    world.say(DAWN + 10 * HOUR, ConfigurationLoaded("e", frugal), "daemon")
    for hour in range(10, 18):
        for category in list(ledger.closed):
            key = f"r{world.head}"
            world.say(DAWN + hour * HOUR, ResumeRequested("category", key, category), "cli")
        world.run_until(DAWN + (hour + 1) * HOUR)
    world.check()
    if not costs:
        assert world.states["phase_queue"].works == {}
