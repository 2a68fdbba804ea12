"""What the phase queue does not even ask for, since it was just refused to others."""

from typing import Any

import pytest
from msgspec.structs import replace

from events.budget import FundsOffered, FundsRefused, RefuseReason
from events.configuration import Action
from events.settings import Priority
from events.time import AlarmRang
from events.work import WorkDropped, WorkHeld, WorkReleased
from tests.rules.phase_queue_story import HOUR, HOUSE, NOON, Story, held, planned, released


def refused(work: str, run: str, left: int = 0) -> FundsRefused:
    return FundsRefused(run, work, "research", 40, left, "category_spent")


def goes(work: str, **more: Any) -> WorkReleased:
    return released(work, action="write", ceiling_usd_micros=9, **more)


def unasked(work: str, priority: Priority = "normal", ceiling: int = 40) -> WorkHeld:
    return WorkHeld(work, "no_funds", None, "research", ceiling, priority)


def test_what_would_be_refused_as_well_is_held_unasked_and_what_can_be_paid_goes() -> None:
    story = Story(planned("w1"), planned("w2"), planned("w3", "write"), planned("w4"))
    decisions = story.hears(refused("w1", "r3-1", left=10))
    assert decisions == [held("w1", "no_funds"), unasked("w2"), goes("w3")]
    after = [unasked("w4")]
    assert story.hears(FundsRefused("r90-1", "w3", "research", 9, 8, "category_spent")) == [
        held("w3", "no_funds"),
        *after,
    ]
    assert story.hears(FundsOffered("w4", "research")) == [released("w4")]


def test_the_reserve_is_for_critical_work_whatever_others_were_refused() -> None:
    story = Story(planned("w1"), planned("w2", priority="critical"), planned("w3"))
    decisions = story.hears(refused("w1", "r3-1"))
    assert decisions == [held("w1", "no_funds"), released("w2", priority="critical")]


def test_what_critical_work_cannot_have_nobody_can() -> None:
    story = Story(planned("w1", priority="critical"), planned("w2"))
    decisions = story.hears(refused("w1", "r3-1"))
    assert decisions == [held("w1", "no_funds"), unasked("w2")]


@pytest.mark.parametrize(("reason", "goes_on"), [("category_spent", True), ("day_spent", False)])
def test_another_category_is_concerned_only_when_the_day_is_spent(
    reason: RefuseReason, goes_on: bool
) -> None:
    story = Story(planned("w1"), planned("w2", category="chores"))
    first, then = story.hears(FundsRefused("r3-1", "w1", "research", 40, 0, reason))
    assert first == held("w1", "no_funds")
    assert isinstance(then, WorkReleased if goes_on else WorkHeld) and then.category == "chores"


def test_in_a_closed_category_not_even_what_is_free_of_charge_is_asked_for() -> None:
    house = replace(HOUSE, actions={"read": Action(estimate_usd_micros=40), "free": Action()})
    gone = released("w2", action="free", ceiling_usd_micros=0)
    reasons: dict[RefuseReason, WorkHeld | WorkReleased] = {
        "closed": unasked("w2", ceiling=0),
        "category_spent": gone,
    }
    for reason, said in reasons.items():
        story = Story(planned("w1"), planned("w2", "free"), house=house)
        decisions = story.hears(FundsRefused("r3-1", "w1", "research", 40, 0, reason))
        assert decisions == [held("w1", "no_funds"), said]


def test_who_is_held_unasked_has_the_alarm_of_its_deadline() -> None:
    story = Story(planned("w1"), planned("w2", lane="yard"), planned("w3", lane="yard"))
    late = planned("w4", lane="desk", start_before=NOON + HOUR)
    story.lives(late)
    assert story.queue.works["w4"].warned
    assert story.hears(refused("w1", "r3-1"))[1:] == [unasked("w4")]
    assert story.hears(AlarmRang("start:w4", "phase_queue", NOON + HOUR), NOON + HOUR) == [
        WorkDropped("w4", "start_deadline")
    ]
