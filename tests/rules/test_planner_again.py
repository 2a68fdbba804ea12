"""A day that the clock goes back to is planned with what it had left."""

from datetime import date, timedelta

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec import msgpack

from actors.planner.changes import DAYS_MAX
from actors.planner.state import Planner
from events.plan import PlanDrawn
from events.work import WorkFinished, WorkPlanned
from tests.rules.planner_story import (
    FRIDAY,
    MIDNIGHT,
    SATURDAY,
    SIX,
    at,
    given,
    house,
    loaded,
    of_kind,
    opened,
    settled,
    template,
    when,
)

LONG_AFTER = date(2030, 1, 1)
HOUSE = house(templates={"essay": template(per_day=2, per_phase=1)})


def test_a_day_that_comes_again_gets_a_further_revision_with_the_money_it_has_left() -> None:
    planner = given(loaded(HOUSE))
    (first,) = of_kind(PlanDrawn, when(planner, opened(), MIDNIGHT))
    spent, _ = planner.works
    when(planner, opened(LONG_AFTER), at(9), position=8)
    when(planner, settled(spent, 300), position=9)
    when(planner, WorkFinished(spent, "completed"), position=10)
    (again,) = of_kind(PlanDrawn, when(planner, opened(revision=2), at(9), position=11))
    assert (first.day, first.revision) == (FRIDAY, 1)
    assert (again.day, again.revision) == (FRIDAY, 2)
    assert first.left_usd_micros == 1_000 - 100
    assert again.left_usd_micros == 1_000 - 100 - 300 - 100, "spent, and promised to the other"


def test_what_was_chosen_of_it_counts_and_no_number_is_given_twice() -> None:
    planner = given(loaded(HOUSE))
    keys = [work.key for work in of_kind(WorkPlanned, when(planner, opened(), MIDNIGHT))]
    when(planner, opened(SATURDAY), at(0, day=21), position=8)
    again = of_kind(WorkPlanned, when(planner, opened(revision=2), SIX, position=9))
    assert keys == ["essay@2026-11-20#1", "essay@2026-11-20#2"]
    assert again == []


def test_a_change_of_limits_is_no_new_day() -> None:
    planner = given(loaded(HOUSE))
    when(planner, opened(), MIDNIGHT)
    assert when(planner, opened(revision=2), SIX) == []


def test_the_night_in_progress_belongs_to_the_day_before_when_that_was_planned() -> None:
    planner = given(loaded(HOUSE))
    when(planner, opened(), MIDNIGHT)
    when(planner, opened(SATURDAY), at(0, day=21), position=8)
    when(planner, opened(LONG_AFTER), at(1, day=21), position=9)
    (again,) = of_kind(PlanDrawn, when(planner, opened(SATURDAY, revision=2), at(1, day=21)))
    assert again.phases == ("morning", "afternoon", "evening", "night")


def test_a_day_that_is_forgotten_is_not_planned_a_second_time() -> None:
    planner = given(loaded(HOUSE))
    for later in range(DAYS_MAX + 1):
        when(planner, opened(FRIDAY + timedelta(days=later)), SIX + timedelta(days=later))
    assert when(planner, opened(revision=2), SIX) == []


@settings(max_examples=50, deadline=None)
@for_any(some.lists(some.integers(0, DAYS_MAX + 2), min_size=5, max_size=64))
def test_however_often_the_days_come_no_template_exceeds_its_number(visits: list[int]) -> None:
    planner, keys = given(loaded(HOUSE)), list[str]()
    for number, later in enumerate(visits):
        day, now = FRIDAY + timedelta(days=later), SIX + timedelta(days=later)
        told = when(planner, opened(day, revision=1 + visits[:number].count(later)), now, number)
        keys += [work.key for work in of_kind(WorkPlanned, told)]
        for work in list(planner.works):
            when(planner, WorkFinished(work, "completed"), position=10_000)
        planner = msgpack.decode(msgpack.encode(planner), type=Planner)
        assert len(planner.former) < DAYS_MAX
    assert len(keys) == len(set(keys)) <= 2 * len(set(visits))
