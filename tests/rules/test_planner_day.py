"""How a day is planned: what is taken into which phase, and why everything else is not."""

from dataclasses import dataclass
from datetime import time
from typing import Any

import pytest

from events.configuration import Action, Budget, Lane, Step, Template, Window
from events.plan import CandidatePassedOver, PlanDrawn, Score
from events.policies import Plan
from events.work import WorkPlanned
from tests.rules.planner_story import (
    FRIDAY,
    PHASES,
    THURSDAY,
    action,
    at,
    given,
    house,
    loaded,
    of_kind,
    opened,
    passed_over,
    taken,
    template,
    the_plan,
    when,
)

MORNINGS = {"phases": ("morning",)}


def test_a_day_is_planned_when_its_budget_opens() -> None:
    study = template("read", "write", **MORNINGS, defer_limit=3, at_phase_end="drop")
    actions = {"read": action(100, lane="desk"), "write": action(50, 20, "system")}
    configuration = house(actions, {"study": study}, phases=PHASES[:2])
    score = Score(200 + 200 + 200 + 100, 200, 200, 200, 100)
    assert the_plan(configuration) == [
        PlanDrawn(FRIDAY, 1, "day_opened", ("morning", "afternoon"), left_usd_micros=900),
        WorkPlanned(
            work="w7-1",
            name="study",
            source="template",
            key="study@2026-11-20#1",
            steps=(Step(action="read"), Step(action="write")),
            category="research",
            lane="desk",
            day=FRIDAY,
            phase="morning",
            estimate_usd_micros=150,
            expected_seconds=3_000,
            at_phase_end="drop",
            defer_limit=3,
            score=score,
            revision=1,
        ),
        CandidatePassedOver(
            FRIDAY, 1, "afternoon", "study", "phase_not_wanted", Score(510, 200, 150, 60, 100)
        ),
    ]


def test_a_template_may_have_a_category_a_lane_and_a_priority_of_its_own() -> None:
    own = template(category="system", lane="attic", priority="high", **MORNINGS)
    (work,) = of_kind(WorkPlanned, the_plan(house(templates={"own": own})))
    assert (work.category, work.lane, work.priority) == ("system", "attic", "high")
    (work,) = of_kind(WorkPlanned, the_plan(house(templates={"plain": template(**MORNINGS)})))
    assert (work.category, work.lane, work.priority) == ("research", "main", "normal")


def test_a_day_without_a_configuration_is_not_planned() -> None:
    assert when(given(), opened()) == []


def test_a_plan_made_at_noon_covers_the_phases_that_remain() -> None:
    (drawn, *_) = the_plan(house(), now=at(12))
    assert isinstance(drawn, PlanDrawn)
    assert drawn.phases == ("afternoon", "evening", "night")


def test_a_new_daemon_plans_the_rest_of_last_night_too() -> None:
    configuration = house(templates={"study": template(per_day=2)}, phases=PHASES[-1:])
    decisions = when(given(loaded(configuration)), opened(), at(2))
    (drawn,) = of_kind(PlanDrawn, decisions)
    last_night, tonight = of_kind(WorkPlanned, decisions)
    assert drawn.phases == ("night", "night")
    assert (last_night.day, tonight.day) == (THURSDAY, FRIDAY)
    assert (last_night.key, tonight.key) == ("study@2026-11-20#1", "study@2026-11-20#2")


def test_last_night_is_left_alone_when_its_day_was_planned() -> None:
    planner = given(loaded(house()), opened(THURSDAY))
    planner.revision = 1
    (drawn,) = when(planner, opened(FRIDAY), at(2))
    assert isinstance(drawn, PlanDrawn)
    assert drawn.phases == ("morning", "afternoon", "evening", "night")


def test_last_night_is_planned_when_its_day_was_opened_and_never_planned() -> None:
    planner = given(opened(THURSDAY), loaded(house()))
    (drawn,) = when(planner, opened(FRIDAY), at(2))
    assert isinstance(drawn, PlanDrawn)
    assert drawn.phases[0] == "night"


def test_a_daemon_that_was_away_for_a_day_plans_the_rest_of_last_night() -> None:
    planner = given(loaded(house()), opened(THURSDAY.replace(day=18)))
    planner.revision = 1
    (drawn,) = when(planner, opened(FRIDAY), at(2))
    assert isinstance(drawn, PlanDrawn)
    assert drawn.phases == ("night", "morning", "afternoon", "evening", "night")


@dataclass
class Refusal:
    reason: str
    study: Template
    read: Action
    more: dict[str, Any]


def case(name: str, reason: str, *, read: Action | None = None, **rest: Any) -> object:
    study = rest.pop("study", template())
    return pytest.param(Refusal(reason, study, read or action(), rest), id=name)


@pytest.mark.parametrize(
    "it",
    [
        case("a template that is switched off", "disabled", study=template(enabled=False)),
        case("a planner that is switched off", "disabled", plan=Plan(enabled=False)),
        case("an action that nobody knows", "disabled", study=template("read", "paint")),
        case("no steps", "disabled", study=Template(steps=())),
        case("another phase", "phase_not_wanted", study=template(phases=("evening",))),
        case(
            "another time of day",
            "outside_windows",
            study=template(windows=(Window(start=time(4), end=time(6)),)),
        ),
        case("never more than so often a day", "daily_limit", study=template(per_day=0)),
        case("never more than so often a phase", "phase_limit", study=template(per_phase=0)),
        case("no places in a phase", "phase_full", plan=Plan(per_phase_max=0)),
        case("a category without money", "no_money_in_category", read=action(1, 30, "painting")),
        case("more than the category has", "no_money_in_category", read=action(601)),
        case(
            "more than the day has beside its reserve",
            "no_money_left",
            read=action(901),
            budget=Budget(
                daily_usd_micros=1_000, reserve_usd_micros=100, categories={"research": 1_000}
            ),
        ),
        case("longer than the phase", "no_time_left", read=action(0, 361)),
        case(
            "longer than the phase, whatever the lane holds",
            "no_time_left",
            read=action(0, 361),
            lanes={"main": Lane(concurrency=9)},
        ),
    ],
)
def test_a_template_is_passed_over_with_the_first_reason(it: Refusal) -> None:
    configuration = house({"read": it.read}, {"study": it.study}, phases=PHASES[:1], **it.more)
    decisions = the_plan(configuration)
    assert passed_over(decisions) == {("morning", "study"): it.reason}
    assert taken(decisions) == []


def test_what_does_not_compete_at_all_has_no_score() -> None:
    off = the_plan(house(templates={"off": template(enabled=False)}, phases=PHASES[:1]))
    assert of_kind(CandidatePassedOver, off)[0].score == Score()


def test_what_just_fits_is_taken() -> None:
    budget = Budget(daily_usd_micros=700, reserve_usd_micros=100, categories={"research": 600})
    configuration = house({"read": action(600, 360)}, {"study": template()}, budget=budget)
    assert taken(the_plan(configuration)) == [("morning", "study")]


def test_the_phase_in_progress_has_only_the_minutes_that_remain() -> None:
    configuration = house({"read": action(0, 60)}, {"study": template()}, phases=PHASES[:1])
    assert taken(the_plan(configuration, now=at(11))) == [("morning", "study")]
    assert passed_over(the_plan(configuration, now=at(11, 1))) == {
        ("morning", "study"): "no_time_left"
    }


def test_a_window_that_has_closed_already_does_not_welcome_the_rest_of_a_phase() -> None:
    early = template(windows=(Window(start=time(6), end=time(9)),))
    configuration = house(templates={"early": early}, phases=PHASES[:1])
    assert taken(the_plan(configuration, now=at(8))) == [("morning", "early")]
    assert passed_over(the_plan(configuration, now=at(9))) == {
        ("morning", "early"): "outside_windows"
    }


def test_a_lane_holds_as_many_minutes_as_it_runs_at_once() -> None:
    study = template(per_day=9, per_phase=9)
    for concurrency, times in ((1, 2), (2, 4)):
        lanes = {"main": Lane(concurrency=concurrency)}
        configuration = house(
            {"read": action(0, 170)}, {"study": study}, phases=PHASES[:1], lanes=lanes
        )
        assert len(taken(the_plan(configuration))) == times


def test_a_template_may_be_taken_again_up_to_its_limits_and_is_then_not_passed_over() -> None:
    study = template(per_day=5, per_phase=2)
    decisions = the_plan(house({"read": action()}, {"study": study}))
    assert taken(decisions) == [
        ("morning", "study"),
        ("morning", "study"),
        ("afternoon", "study"),
        ("afternoon", "study"),
        ("evening", "study"),
    ]
    assert passed_over(decisions) == {("night", "study"): "daily_limit"}


def test_the_better_one_takes_the_last_place_and_the_other_is_outscored() -> None:
    welcome = template(windows=(Window(start=time(7), end=time(8)),))
    templates = {"any": template(), "welcome": welcome}
    configuration = house(templates=templates, plan=Plan(per_phase_max=1), phases=PHASES[:1])
    decisions = the_plan(configuration)
    assert taken(decisions) == [("morning", "welcome")]
    (loser,) = of_kind(CandidatePassedOver, decisions)
    assert (loser.template, loser.reason) == ("any", "outscored")
    assert loser.score == Score(700, 200, 200, 200, 100)


def test_names_decide_between_equals() -> None:
    templates = {name: template(per_day=4) for name in ("b", "a", "c")}
    configuration = house({"read": action()}, templates, plan=Plan(per_phase_max=1))
    planned = taken(the_plan(configuration))
    assert planned == [
        ("morning", "a"),
        ("afternoon", "b"),
        ("evening", "c"),
        ("night", "a"),  # done longest ago
    ]


def test_a_category_that_has_had_less_comes_first() -> None:
    actions = {"read": action(150), "tidy": action(150, 30, "system")}
    templates = {"read_more": template("read", per_day=3), "tidy_up": template("tidy", per_day=3)}
    plan = Plan(per_phase_max=1, variety_weight_millis=0)
    decisions = the_plan(house(actions, templates, plan=plan))
    assert [name for _, name in taken(decisions)] == [
        "read_more",  # both have had nothing
        "tidy_up",
        "read_more",  # a quarter of 600 gone against half of 300
        "read_more",
    ]


def test_what_was_planned_lately_comes_last() -> None:
    templates = {"a": template(**MORNINGS), "b": template(**MORNINGS)}
    configuration = house(templates=templates, plan=Plan(per_phase_max=1))
    asked_for_a = WorkPlanned("w1-1", "a", "request", "k", (), "research", "main")
    assert taken(the_plan(configuration)) == [("morning", "a")]
    assert taken(the_plan(configuration, asked_for_a)) == [("morning", "b")]


def test_what_comes_by_the_clock_does_not_count_as_recent() -> None:
    templates = {"a": template(**MORNINGS), "b": template(**MORNINGS)}
    configuration = house(templates=templates, plan=Plan(per_phase_max=1))
    due = WorkPlanned("w1-1", "a", "intent", "each@2026-11-20T00:00:00Z", (), "research", "main")
    assert taken(the_plan(configuration, due)) == [("morning", "a")]


def test_only_templates_are_recent() -> None:
    templates = {"a": template(**MORNINGS), "b": template(**MORNINGS)}
    plan = Plan(per_phase_max=1, recent_works=1)
    asked_for = [
        WorkPlanned(name, name, "request", name, (), "research", "main") for name in ("a", "read")
    ]
    assert taken(the_plan(house(templates=templates, plan=plan), *asked_for)) == [("morning", "b")]
