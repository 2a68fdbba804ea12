"""What holds for every plan, and for everything that people and clocks may say to a planner."""

from collections import Counter
from datetime import date, time, timedelta
from typing import Any

from hypothesis import given as for_any
from hypothesis import strategies as some
from msgspec import msgpack, structs

from actors.calendar import phase_on
from actors.planner.rules import RULES
from actors.planner.state import Planner
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Budget, Configuration, Intent, Lane, Window
from events.plan import CandidatePassedOver, OccurrenceSkipped, PlanDrawn, WorkWithdrawn
from events.policies import Plan
from events.record import Record
from events.requests import ReplanRequested, RequestRepeated, WorkRequested
from events.settings import PRIORITIES
from events.time import OccurrenceDue
from events.work import WorkCancelled, WorkDropped, WorkFinished, WorkPlanned
from tests.rules.planner_story import (
    FRIDAY,
    MIDNIGHT,
    PHASES,
    action,
    at,
    given,
    house,
    loaded,
    of_kind,
    opened,
    released,
    settled,
    taken,
    template,
    when,
)

CATEGORIES = ["research", "system", "painting"]
ACTIONS = ["read", "tidy", "paint"]
amounts = some.sampled_from([0, 1, 90, 250, 600])
actions = some.fixed_dictionaries(
    {
        name: some.builds(
            action,
            amounts,
            some.sampled_from([0, 20, 90, 200, 400]),
            some.sampled_from(CATEGORIES),
            lane=some.sampled_from(["main", "desk"]),
            priority=some.sampled_from(PRIORITIES),
        )
        for name in ACTIONS
    }
)
windows = some.builds(
    Window,
    start=some.builds(time, some.integers(0, 23)),
    end=some.builds(time, some.integers(0, 23)),
    weight_millis=some.integers(0, 2_000),
)
templates = some.dictionaries(
    some.sampled_from("abcde"),
    some.builds(
        template,
        some.sampled_from([*ACTIONS, "unknown"]),
        some.sampled_from(ACTIONS),
        windows=some.lists(windows, max_size=2).map(tuple),
        phases=some.sampled_from([(), ("morning", "night")]),
        per_day=some.integers(0, 4),
        per_phase=some.integers(0, 2),
        enabled=some.sampled_from([True, True, False]),
    ),
    min_size=1,
)
intents = some.dictionaries(
    some.sampled_from(["hourly", "often"]),
    some.builds(
        Intent,
        run=some.sampled_from([*ACTIONS, "a"]),
        every_seconds=some.sampled_from([1_200, 3_600]),
        phase=some.sampled_from([None, "morning", "evening"]),
    ),
)
budgets = some.builds(
    Budget,
    daily_usd_micros=some.integers(0, 2_000),
    reserve_usd_micros=some.integers(0, 300),
    categories=some.dictionaries(some.sampled_from(CATEGORIES), some.integers(0, 1_200)),
)
plans = some.builds(Plan, per_phase_max=some.integers(0, 4), recent_works=some.integers(0, 4))
houses = some.builds(
    house,
    actions,
    templates,
    intents,
    budget=budgets,
    plan=plans,
    lanes=some.dictionaries(some.just("desk"), some.builds(Lane, concurrency=some.integers(1, 3))),
)
hours = some.integers(0, 23)
spendings = some.dictionaries(some.sampled_from(CATEGORIES), amounts)


def planned_at(hour: int, configuration: Configuration, spent: dict[str, int]) -> Any:
    planner = given(loaded(configuration), opened(budget=configuration.budget))
    for category, amount in spent.items():
        when(planner, settled("w1-1", amount, category))
    return when(planner, opened(budget=configuration.budget), at(hour))


def cost_of(works: list[WorkPlanned]) -> int:
    return sum(work.estimate_usd_micros for work in works)


@for_any(hours, houses, spendings)
def test_a_plan_never_gives_out_more_than_there_is(
    hour: int, configuration: Configuration, spent: dict[str, int]
) -> None:
    (drawn, *_), budget = planned_at(hour, configuration, spent), configuration.budget
    works = of_kind(WorkPlanned, planned_at(hour, configuration, spent))
    beyond_spent = budget.daily_usd_micros - sum(spent.values()) - drawn.set_aside_usd_micros
    assert drawn.left_usd_micros == max(0, beyond_spent - budget.reserve_usd_micros)
    assert cost_of(works) <= max(0, beyond_spent)
    if all(work.priority != "critical" for work in works):
        assert cost_of(works) <= drawn.left_usd_micros
    for category in CATEGORIES:
        share = budget.categories.get(category, 0) - spent.get(category, 0)
        assert cost_of([work for work in works if work.category == category]) <= max(0, share)


@for_any(hours, houses)
def test_a_plan_fits_into_the_minutes_of_each_phase_and_lane(
    hour: int, configuration: Configuration
) -> None:
    seconds: Counter[tuple[date, str, str]] = Counter()
    for work in of_kind(WorkPlanned, planned_at(hour, configuration, {})):
        assert work.day is not None
        assert work.phase is not None
        seconds[work.day, work.phase, work.lane] += work.expected_seconds
    for (day, phase, lane), planned in seconds.items():
        window = phase_on(configuration, day, phase)
        assert window is not None
        length = (window.ends_at - max(window.starts_at, at(hour))) // timedelta(seconds=1)
        assert planned <= length * configuration.lane(lane).concurrency


@for_any(hours, houses)
def test_in_each_phase_each_template_is_taken_within_its_limits_or_passed_over_once(
    hour: int, configuration: Configuration
) -> None:
    drawn, *decisions = planned_at(hour, configuration, {})
    took = Counter((work.day, work.phase, work.name) for work in of_kind(WorkPlanned, decisions))
    over = Counter(
        (fact.day, fact.phase, fact.template) for fact in of_kind(CandidatePassedOver, decisions)
    )
    covered = {(day, phase) for day, phase, _ in [*took, *over]}
    assert len(covered) == len(drawn.phases)
    assert {*took, *over} == {
        (*place, name) for place in covered for name in configuration.templates
    }
    assert not took.keys() & over.keys()
    assert set(over.values()) <= {1}
    for (_, _, name), times in took.items():
        assert times <= configuration.templates[name].per_phase
    for name, times in Counter(name for _, name in taken(decisions)).items():
        assert times <= configuration.templates[name].per_day
    for place in covered:
        in_phase = sum(times for (*where, _), times in took.items() if (*where,) == place)
        assert in_phase <= configuration.plan.per_phase_max


@for_any(hours, houses)
def test_nobody_is_outscored_where_nobody_scored(hour: int, configuration: Configuration) -> None:
    decisions = planned_at(hour, configuration, {})
    won = {(work.day, work.phase) for work in of_kind(WorkPlanned, decisions)}
    for fact in of_kind(CandidatePassedOver, decisions):
        assert fact.reason != "outscored" or (fact.day, fact.phase) in won


@for_any(hours, houses)
def test_the_order_in_which_a_configuration_is_written_does_not_matter(
    hour: int, configuration: Configuration
) -> None:
    backwards = structs.replace(
        configuration,
        actions=dict(reversed(configuration.actions.items())),
        templates=dict(reversed(configuration.templates.items())),
        intents=dict(reversed(configuration.intents.items())),
    )
    assert planned_at(hour, configuration, {}) == planned_at(hour, backwards, {})


# A life: what clocks and people say, and how work goes, in any order.

SMALL = house(
    {"read": action(100), "tidy": action(0, 20, "system")},
    {"study": template(per_day=3), "muse": template("tidy", per_day=2)},
    {"hourly": Intent(run="read", cron="0 * * * *"), "often": Intent(run="muse", every_seconds=60)},
    phases=PHASES[:2],
)
OTHER = structs.replace(SMALL, plan=Plan(per_phase_max=1))
names = some.sampled_from
happenings = some.one_of(
    some.builds(OccurrenceDue, names(["hourly", "often", "gone"]), some.just(at(9))),
    some.builds(WorkRequested, names(["read", "study", "gone"]), names(["k1", "k2", "k3"])),
    some.builds(ReplanRequested, names(["p1", "p2"])),
    some.builds(loaded, names([SMALL, OTHER])),
    some.tuples(
        some.integers(0, 30),
        names(
            [
                released,
                lambda work: settled(work, 70),
                lambda work: WorkFinished(work, "completed"),
                lambda work: WorkDropped(work, "phase_over"),
                WorkCancelled,
            ]
        ),
    ),
)


def facts_of(happened: list[Any], planner: Planner) -> Any:
    """Each happening as a fact; what happens to work happens to one that is open, if any is."""
    for it in happened:
        if not isinstance(it, tuple):
            yield it
        elif planner.works:
            number, happen = it
            yield happen(list(planner.works)[number % len(planner.works)])


def live(happened: list[Any]) -> list[tuple[AnyFact, list[AnyDecision]]]:
    """What was said to a planner and what it decided; its state is put away and back each time."""
    planner, life = given(loaded(SMALL)), []
    for position, fact in enumerate(facts_of([opened(), *happened], planner), start=1):
        restored = msgpack.decode(msgpack.encode(planner), type=Planner)
        assert restored == planner
        record = Record(position, MIDNIGHT, "door", None, fact)
        decisions = list(RULES.consider(planner, record))
        assert RULES.consider(restored, record) == decisions
        life.append((fact, decisions))
    return life


lives = some.lists(happenings, max_size=25).map(live)


@for_any(lives)
def test_each_occurrence_has_one_verdict_and_one_open_work_at_most(
    life: list[tuple[AnyFact, list[AnyDecision]]],
) -> None:
    open_: dict[str, str] = {}
    for fact, decisions in life:
        if isinstance(fact, OccurrenceDue):
            (verdict,) = decisions
            assert isinstance(verdict, WorkPlanned | OccurrenceSkipped)
            if isinstance(verdict, WorkPlanned):
                assert fact.intent not in open_.values()
                open_[verdict.work] = fact.intent
        elif isinstance(fact, WorkFinished | WorkDropped | WorkCancelled):
            open_.pop(fact.work, None)


@for_any(lives)
def test_each_request_is_answered_and_no_key_becomes_two_works(
    life: list[tuple[AnyFact, list[AnyDecision]]],
) -> None:
    became: dict[str, str] = {}
    for fact, decisions in life:
        if isinstance(fact, WorkRequested):
            (answer,) = decisions
            if isinstance(answer, WorkPlanned):
                assert became.setdefault(fact.key, answer.work) == answer.work
            elif isinstance(answer, RequestRepeated):
                assert became[fact.key] == answer.work
        if isinstance(fact, ReplanRequested):
            assert decisions


@for_any(lives)
def test_all_work_has_an_id_and_a_key_of_its_own(
    life: list[tuple[AnyFact, list[AnyDecision]]],
) -> None:
    works = [work for _, decisions in life for work in of_kind(WorkPlanned, decisions)]
    assert len({work.work for work in works}) == len(works)
    keys = [work.key for work in works if work.source != "intent"]
    assert len(set(keys)) == len(keys)


@for_any(lives)
def test_no_revision_takes_a_template_more_often_than_a_day_allows(
    life: list[tuple[AnyFact, list[AnyDecision]]],
) -> None:
    kept: dict[str, str] = {}
    revision = 0
    for _, decisions in life:
        for fact in decisions:
            if isinstance(fact, PlanDrawn):
                revision += 1
                assert (fact.day, fact.revision) == (FRIDAY, revision)
            elif isinstance(fact, WorkWithdrawn):
                del kept[fact.work]
            elif isinstance(fact, WorkPlanned) and fact.source == "template":
                kept[fact.work] = fact.name
        for name, times in Counter(kept.values()).items():
            assert times <= SMALL.templates[name].per_day
