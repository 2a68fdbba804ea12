"""What a plan leaves alone: money and minutes that are spent, promised or set aside."""

from typing import Any

import pytest
from msgspec import structs

from events.catalogue import AnyFact
from events.configuration import Budget, Configuration, Intent
from events.plan import PlanDrawn
from events.work import WorkDeferred, WorkFinished, WorkMoved, WorkPlanned
from tests.rules.planner_story import (
    FRIDAY,
    PHASES,
    SATURDAY,
    THURSDAY,
    action,
    at,
    given,
    house,
    loaded,
    of_kind,
    opened,
    passed_over,
    settled,
    taken,
    template,
    the_plan,
    when,
)

MORNINGS = {"phases": ("morning",)}


def test_only_critical_work_may_touch_the_reserve() -> None:
    budget = Budget(daily_usd_micros=500, reserve_usd_micros=100, categories={"research": 500})
    for priority, expected in (("critical", [("morning", "study")]), ("high", [])):
        study = template(priority=priority, **MORNINGS)
        configuration = house({"read": action(450)}, {"study": study}, budget=budget)
        assert taken(the_plan(configuration)) == expected


def test_what_costs_nothing_needs_no_money_anywhere() -> None:
    free = {"read": action(0, 30, "painting")}
    broke = Budget(daily_usd_micros=0, reserve_usd_micros=0)
    configuration = house(free, {"study": template(**MORNINGS)}, budget=broke)
    assert taken(the_plan(configuration)) == [("morning", "study")]


def drawn(configuration: Configuration, *before: AnyFact, hour: int = 6) -> PlanDrawn:
    decision, *_ = the_plan(configuration, *before, now=at(hour))
    assert isinstance(decision, PlanDrawn)
    return decision


def test_money_for_expected_occurrences_is_set_aside_first() -> None:
    intents = {
        "hourly": Intent(run="read", cron="0 * * * *"),
        "off": Intent(run="read", cron="0 * * * *", enabled=False),
        "lost": Intent(run="nothing", cron="0 * * * *"),
        "free": Intent(run="look", cron="0 * * * *"),
    }
    actions = {"read": action(10), "look": action(0)}
    configuration = house(actions, {"study": template(per_day=99, per_phase=99)}, intents)
    plan = drawn(configuration, hour=12)
    assert (plan.set_aside_usd_micros, plan.set_aside_count) == (110, 11)  # 13:00 to 23:00
    assert plan.left_usd_micros == 900 - 110


def test_a_category_sets_aside_no_more_than_it_has() -> None:
    configuration = house(
        {"read": action(100)}, intents={"i": Intent(run="read", cron="0 * * * *")}
    )
    plan = drawn(configuration)
    assert (plan.set_aside_usd_micros, plan.set_aside_count) == (600, 17)
    assert plan.left_usd_micros == 300


def test_money_that_is_set_aside_is_not_planned() -> None:
    often = {"often": Intent(run="read", cron="0 8-12 * * *")}
    templates = {"study": template(per_day=9, per_phase=9, **MORNINGS)}
    decisions = the_plan(house(templates=templates, intents=often))
    assert len(taken(decisions)) == 1  # 600 in the category, 5 times 100 set aside


def test_occurrences_wait_for_the_window_that_has_not_ended_by_then() -> None:
    once = {"once": Intent(run="read", cron="0 7 * * *", phase="night")}
    configuration = house({"read": action(0, 240)}, {"study": template(per_day=2)}, once)
    nights = structs.replace(configuration, phases=PHASES[-1:])
    planned = of_kind(WorkPlanned, when(given(loaded(nights)), opened(), at(2)))
    assert [work.day for work in planned] == [THURSDAY, FRIDAY]
    longer = structs.replace(nights, actions={"read": action(0, 241)})
    assert taken(when(given(loaded(longer)), opened(), at(2))) == []


@pytest.mark.parametrize(("phase", "fit"), [("morning", 1), ("evening", 3), (None, 3)])
def test_occurrences_that_wait_for_a_phase_take_their_minutes_from_it(
    phase: str | None, fit: int
) -> None:
    twice = {"twice": Intent(run="read", cron="0 7,8 * * *", phase=phase)}
    study = template(per_day=9, per_phase=9, **MORNINGS)
    configuration = house({"read": action(0, 120)}, {"study": study}, twice)
    assert len(taken(the_plan(configuration))) == fit


def asked(work: str = "w1-1", cost: int = 400, **more: Any) -> WorkPlanned:
    return WorkPlanned(
        work, "read", "request", work, (), "research", "main", estimate_usd_micros=cost, **more
    )


def test_work_under_way_has_its_money_already() -> None:
    assert drawn(house(), asked()).left_usd_micros == 500


@pytest.mark.parametrize(
    ("cost", "left"),
    [
        pytest.param(150, 500, id="a step has cost less than all: the rest may still be spent"),
        pytest.param(450, 450, id="it has cost more than was thought"),
    ],
)
def test_work_that_has_cost_something_counts_once(cost: int, left: int) -> None:
    assert drawn(house(), opened(), asked(), settled("w1-1", cost)).left_usd_micros == left


def test_work_that_ended_counts_as_what_it_cost() -> None:
    ended = WorkFinished("w1-1", "completed")
    assert drawn(house(), opened(), asked(), settled("w1-1", 150), ended).left_usd_micros == 750


def test_what_was_paid_on_another_day_is_not_paid_today() -> None:
    paid = settled("w1-1", 150, day=THURSDAY)
    assert drawn(house(), opened(), paid).left_usd_micros == 900


def test_work_that_cannot_be_paid_by_its_category_does_not_starve_the_others() -> None:
    assert drawn(house(), asked(cost=5_000)).left_usd_micros == 300


@pytest.mark.parametrize(
    ("work", "left"),
    [
        pytest.param(asked(not_before=at(23)), 500, id="tonight"),
        pytest.param(asked(not_before=at(0, day=21)), 900, id="not before tomorrow"),
        pytest.param(asked(day=THURSDAY, phase="night"), 500, id="left over from yesterday"),
        pytest.param(asked(day=FRIDAY, phase="night"), 500, id="a phase of today"),
        pytest.param(asked(day=SATURDAY, phase="night"), 900, id="a phase of tomorrow"),
    ],
)
def test_work_of_another_day_leaves_the_money_of_today_alone(work: WorkPlanned, left: int) -> None:
    assert drawn(house(), work).left_usd_micros == left


def test_work_that_waits_for_a_phase_has_its_minutes_already() -> None:
    waiting = asked(cost=0, day=FRIDAY, phase="morning", expected_seconds=4 * 3_600)
    study = {"study": template(**MORNINGS)}
    for minutes, reason in ((120, {}), (121, {("morning", "study"): "no_time_left"})):
        decisions = the_plan(house({"read": action(0, minutes)}, study, phases=PHASES[:1]), waiting)
        assert passed_over(decisions) == reason


def test_deferred_work_takes_its_minutes_along() -> None:
    waiting = asked(cost=0, day=THURSDAY, phase="evening", expected_seconds=6 * 3_600)
    deferred = WorkDeferred("w1-1", "morning", FRIDAY, times=1)
    study = {"study": template()}
    decisions = the_plan(house({"read": action(0, 1)}, study), waiting, deferred)
    assert taken(decisions) == [("afternoon", "study")]


def test_moved_work_takes_its_minutes_along() -> None:
    waiting = asked(cost=0, day=FRIDAY, phase="evening", expected_seconds=6 * 3_600)
    study = {"study": template()}
    decisions = the_plan(house(templates=study), waiting, WorkMoved("w1-1", "morning"))
    assert taken(decisions) == [("afternoon", "study")]


def test_a_category_gives_out_only_what_it_has_not_spent() -> None:
    study = {"study": template(**MORNINGS)}
    for spent, fits in ((500, True), (501, False)):
        decisions = the_plan(house(templates=study), opened(), settled("w1-1", spent))
        assert (("morning", "study") in taken(decisions)) == fits
