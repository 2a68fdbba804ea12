"""How a day that was planned is planned anew, and what then becomes of the former plan."""

from datetime import datetime

import pytest
from msgspec import structs

from actors.planner.state import Planner
from events.configuration import Configuration, ConfigurationLoaded
from events.plan import PlanDrawn, WorkWithdrawn
from events.policies import Lines, Plan
from events.requests import (
    Refusal,
    ReplanRequested,
    RequestRefused,
    RequestRepeated,
)
from events.work import (
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkPlanned,
)
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
    released,
    settled,
    taken,
    template,
    when,
)

DAILY = house(
    {"read": action(100)},
    {"study": template(per_day=2), "muse": template(per_day=2)},
    phases=PHASES[:2],
    plan=Plan(per_phase_max=2),
)
REPLAN = ReplanRequested("p1")


def planned(configuration: Configuration = DAILY) -> Planner:
    """A planner whose Friday is planned: w7-1, w7-2 for the morning, w7-3, w7-4 for later."""
    planner = given(loaded(configuration))
    planner.former_day = THURSDAY
    when(planner, opened(), at(6))
    return planner


def test_somebody_may_have_the_day_planned_anew() -> None:
    decisions = when(planned(), REPLAN, at(7), position=8)
    assert decisions[:5] == [
        *(WorkWithdrawn(f"w7-{n}", "replanned") for n in (1, 2, 3, 4)),
        PlanDrawn(FRIDAY, 2, "asked", ("morning", "afternoon"), left_usd_micros=900, key="p1"),
    ]
    works = of_kind(WorkPlanned, decisions)
    assert [work.work for work in works] == ["w8-1", "w8-2", "w8-3", "w8-4"]
    assert {work.revision for work in works} == {2}
    assert {work.key for work in works} == {
        f"{name}@2026-11-20#{n}" for name in ("study", "muse") for n in (3, 4)
    }


def test_what_is_released_or_moved_is_not_taken_back_and_counts() -> None:
    planner = planned()
    when(planner, released("w7-1"), at(7))
    when(planner, WorkMoved("w7-3", "afternoon"), at(7))
    decisions = when(planner, REPLAN, at(7), position=8)
    assert [fact.work for fact in of_kind(WorkWithdrawn, decisions)] == ["w7-2", "w7-4"]
    (drawn,) = of_kind(PlanDrawn, decisions)
    assert drawn.left_usd_micros == 700
    assert len(taken(decisions)) == 2


def test_what_has_ended_counts_for_the_limits_of_the_day() -> None:
    planner = planned(structs.replace(DAILY, phases=PHASES[:1], plan=Plan()))
    for work in ("w7-1", "w7-2"):
        when(planner, released(work), at(7))
        when(planner, WorkFinished(work, "completed"), at(7))
    decisions = when(planner, REPLAN, at(7))
    assert taken(decisions) == []
    assert passed_over(decisions) == {
        ("morning", "muse"): "phase_limit",
        ("morning", "study"): "phase_limit",
    }


def test_what_was_dropped_has_had_its_day() -> None:
    planner = planned(structs.replace(DAILY, templates={"study": template()}))
    when(planner, WorkDropped("w7-1", "phase_over"), at(7))
    decisions = when(planner, REPLAN, at(7))
    assert taken(decisions) == []
    assert set(passed_over(decisions).values()) == {"daily_limit"}


def test_work_that_was_taken_back_and_went_ahead_all_the_same_counts() -> None:
    planner = planned(structs.replace(DAILY, templates={"study": template()}))
    when(planner, REPLAN, at(7), position=8)
    when(planner, released("w7-1"), at(7))
    decisions = when(planner, ReplanRequested("p2"), at(8), position=9)
    assert of_kind(WorkWithdrawn, decisions) == [WorkWithdrawn("w8-1", "replanned")]
    assert taken(decisions) == []


def test_work_that_was_taken_back_is_forgotten_when_the_queue_drops_it() -> None:
    planner = planned()
    when(planner, REPLAN, at(7), position=8)
    for n in (1, 2, 3, 4):
        when(planner, WorkDropped(f"w7-{n}", "replanned"), at(7))
    assert list(planner.works) == list(planner.chosen) == ["w8-1", "w8-2", "w8-3", "w8-4"]
    assert sorted(planner.recents) == ["muse", "muse", "study", "study"]


def test_a_key_asks_for_one_new_plan() -> None:
    planner = planned()
    when(planner, REPLAN, at(7))
    assert when(planner, REPLAN, at(8)) == [RequestRepeated("p1", "")]


@pytest.mark.parametrize(
    ("planner", "now", "reason"),
    [
        pytest.param(given(loaded(DAILY)), at(7), "no_day_open", id="no day was opened yet"),
        pytest.param(planned(), at(7, day=21), "no_day_open", id="the day is over"),
        pytest.param(planned(), at(18), "nothing_to_do", id="no phase is left"),
    ],
)
def test_a_new_plan_is_refused(planner: Planner, now: datetime, reason: Refusal) -> None:
    assert when(planner, REPLAN, now) == [RequestRefused("p1", "plan", reason)]


def test_a_changed_configuration_plans_the_day_anew_with_its_own_limits() -> None:
    planner = planned()
    budget = structs.replace(DAILY.budget, daily_usd_micros=400, categories={"research": 400})
    changed = structs.replace(DAILY, budget=budget)
    decisions = when(planner, loaded(changed), at(7), position=8)
    assert decisions[:5] == [
        *(WorkWithdrawn(f"w7-{n}", "configuration_changed") for n in (1, 2, 3, 4)),
        PlanDrawn(FRIDAY, 2, "configuration_changed", ("morning", "afternoon"), 300),
    ]
    assert len(taken(decisions)) == 3
    assert when(planner, opened(budget=budget, revision=2), at(7), position=9) == []


@pytest.mark.parametrize(
    "news",
    [
        pytest.param(ConfigurationLoaded("d"), id="the one we know"),
        pytest.param(loaded(DAILY), id="told again"),
        pytest.param(
            loaded(structs.replace(DAILY, log=Lines(json=True))), id="no matter to a plan"
        ),
    ],
)
def test_a_configuration_that_changes_nothing_for_plans_leaves_the_plan(
    news: ConfigurationLoaded,
) -> None:
    planner = planned()
    assert when(planner, news, at(7)) == []
    assert len(planner.works) == 4


def test_the_first_configuration_plans_a_day_that_opened_without_one() -> None:
    planner = given(opened())
    (drawn, *_) = when(planner, loaded(DAILY), at(7))
    assert isinstance(drawn, PlanDrawn)
    assert (drawn.revision, drawn.because) == (1, "configuration_changed")
    assert when(planner, ConfigurationLoaded("d"), at(8)) == []


def test_a_configuration_with_the_former_limits_leaves_those_in_force() -> None:
    planner = planned()
    smaller = structs.replace(DAILY.budget, daily_usd_micros=300)
    when(planner, opened(budget=smaller, revision=2), at(7))
    changed = structs.replace(DAILY, plan=Plan(per_phase_max=1))
    (drawn,) = of_kind(PlanDrawn, when(planner, loaded(changed), at(7)))
    assert drawn.left_usd_micros == 200


def test_a_configuration_that_changed_overnight_waits_for_the_new_day() -> None:
    planner = planned()
    changed = structs.replace(DAILY, plan=Plan(per_phase_max=1))
    assert when(planner, loaded(changed), at(6, day=21)) == []
    (drawn,) = of_kind(PlanDrawn, when(planner, opened(SATURDAY), at(6, day=21)))
    assert (drawn.day, drawn.revision, drawn.because) == (SATURDAY, 1, "day_opened")


def test_a_day_opens_once_whatever_its_limits_do_later() -> None:
    planner = planned()
    smaller = structs.replace(DAILY.budget, daily_usd_micros=300)
    assert when(planner, opened(budget=smaller, revision=2), at(7)) == []
    (drawn,) = of_kind(PlanDrawn, when(planner, REPLAN, at(8)))
    assert drawn.left_usd_micros == 200


def test_a_new_day_starts_afresh() -> None:
    planner = planned()
    when(planner, settled("w7-1", 100), at(7))
    for n in (1, 2, 3, 4):
        when(planner, WorkFinished(f"w7-{n}", "completed"), at(8))
    decisions = when(planner, opened(SATURDAY), at(0, day=21), position=9)
    (drawn,) = of_kind(PlanDrawn, decisions)
    assert (drawn.revision, drawn.left_usd_micros) == (1, 900)
    assert of_kind(WorkPlanned, decisions)[0].key.endswith("@2026-11-21#1")
    assert len(planner.chosen) == len(taken(decisions)) == 4
