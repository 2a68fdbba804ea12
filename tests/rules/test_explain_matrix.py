"""Every reason of every closed list is brought about, and named first when somebody asks why."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from actors.replay import reasons
from actors.replay.explaining import Explanation
from events.budget import RefuseReason
from events.plan import PassOverReason, SkipReason, WithdrawReason
from events.requests import (
    PauseRequested,
    Refusal,
    ResumeRequested,
)
from events.runs import Outcome, ResultFault, Trouble
from events.time import (
    ExpireReason,
    MissPolicy,
    MissReason,
    PhaseMissReason,
    SupersedeReason,
)
from events.work import DropReason, HoldReason, ReturnReason, WorkHeld, WorkState
from tests.rules.explain_matrix_story import Setting, Source, lived
from tests.rules.explain_questions_story import QUESTIONS, ended
from tests.rules.explain_story import (
    DOLLAR,
    World,
    action,
    ending,
)
from tests.rules.explain_works_story import DROPPED, NARROW, WORKS

LISTS: Mapping[str, Any] = {
    "hold": HoldReason,
    "drop": DropReason,
    "funds": RefuseReason,
    "skip": SkipReason,
    "miss": MissReason,
    "coalesced": MissReason,
    "policy": MissPolicy,
    "supersede": SupersedeReason,
    "expire": ExpireReason,
    "silence": reasons.SilenceReason,
    "phase_miss": PhaseMissReason,
    "refusal": Refusal,
    "passed_over": PassOverReason,
    "return": ReturnReason,
    "withdrawal": WithdrawReason,
    "outcome": Outcome,
    "trouble": Trouble,
    "fault": ResultFault,
    "end": WorkState,
}


@pytest.mark.parametrize(
    ("within", "reason", "drop", "setting", "source"),
    [
        pytest.param(within, reason, drop, setting, source, id=f"{reason}-{drop}-{source}")
        for within, reason, drop, sources, setting in DROPPED
        for source in sources
    ],
)
def test_what_stood_in_the_way_is_named_before_the_phase_that_ended(
    within: str, reason: str, drop: str, setting: Setting, source: Source
) -> None:
    _, question = lived(setting, source)
    told = question()
    assert told.verdict == "dropped"
    assert (within, reason) in _named(told)
    assert (told.reasons[-1].within, told.reasons[-1].reason) == ("drop", drop)
    assert told.says.endswith(f"{told.reasons[0].means}; and so {told.reasons[-1].means}.")


def test_what_a_release_overcame_is_not_what_kept_it_from_running() -> None:
    """The lane was full until half past seven; what it lacked from then on was money."""
    job = {"lane": "main", "category": "study", "ceiling_usd_micros": 6 * DOLLAR}
    world = World(action("job", NARROW, at_phase_end="drop", **job), ending(minutes=90))
    world.until("06:00").asks("busy", "busy")
    work = world.asks("job", phase="morning")
    told = world.until("12:05").why(work)
    held = [it.fact.reason for it in world.log if isinstance(it.fact, WorkHeld)]
    assert held == ["daemon_full", "no_funds"]
    assert [it.reason for it in told.reasons] == ["over_category_limit", "no_funds", "phase_over"]


def test_of_several_holds_the_first_is_named_first() -> None:
    """Paused until nine, and then its lane was full."""
    house = action("job", category="study", lane="desk", at_phase_end="drop")
    world = World(house, ending(minutes=480)).until("06:00")
    world.hears(PauseRequested("category", "p", "study"))
    work = world.asks("job", phase="morning")
    world.asks("busy", "busy")
    world.hears(ResumeRequested("category", "on", "study"), "09:00")
    told = world.until("12:05").why(work)
    assert [it.reason for it in told.reasons] == ["paused", "lane_full", "phase_over"]


def _named(told: Explanation) -> list[tuple[str, str]]:
    """What is named first. A refusal of money and the hold that follows from it are one."""
    several = 2 if told.reasons[0].within == "funds" else 1
    return [(it.within, it.reason) for it in told.reasons[:several]]


@pytest.mark.parametrize(
    ("within", "reason", "setting", "source"),
    [
        pytest.param(within, reason, setting, source, id=f"{within}-{reason}-{source}")
        for within, reason, sources, setting in WORKS
        for source in sources
    ],
)
def test_what_keeps_a_job_from_running_is_named_first(
    within: str, reason: str, setting: Setting, source: Source
) -> None:
    _, question = lived(setting, source)
    told = question()
    assert (within, reason) in _named(told)
    assert told.reasons[0].means in told.says
    assert [line.position for line in told.chain] == sorted(line.position for line in told.chain)


@pytest.mark.parametrize(
    ("within", "reason"), QUESTIONS, ids=[f"{within}-{reason}" for within, reason in QUESTIONS]
)
def test_what_kept_it_from_becoming_work_is_named_first(within: str, reason: str) -> None:
    told = QUESTIONS[within, reason]()
    match within:
        case "end":
            assert told.verdict == reason
            assert [it.reason for it in told.reasons if it.within == "end"] == (
                [] if reason == "completed" else [reason]
            )
        case "withdrawal" | "drop":
            (drop,) = (it for it in told.reasons if it.within == "drop")
            assert drop.reason == reason
            assert drop.means in told.says
        case "policy":
            assert (told.reasons[1].within, told.reasons[1].reason) == (within, reason)
        case _:
            assert (within, reason) in _named(told)
            assert told.reasons[0].means in told.says


def test_what_went_well_needs_no_reason() -> None:
    told = ended("completed")
    assert (told.reasons, told.ways) == ((), ())
    assert told.chain[-1].kind in ("funds-settled", "work-finished")


@pytest.mark.parametrize("within", LISTS)
def test_every_reason_has_its_row_and_its_words(within: str) -> None:
    """A reason that is added to a list without a row here, or without words, fails."""
    rows = {(list_, reason) for list_, reason, _, _ in WORKS} | set(QUESTIONS)
    rows |= {("drop", drop) for _, _, drop, _, _ in DROPPED}
    rows |= {("outcome", it) for it in ("succeeded",)}  # It needs no reason: see above.
    rows |= {("outcome", it) for it in get_args(Outcome) if ("trouble", it) in rows}
    rows |= {("trouble", it) for it in get_args(Trouble) if ("return", it) in rows}
    rows |= {("policy", ""), ("coalesced", "in_the_past")}  # Nothing is said, and never so.
    assert {reason for list_, reason in rows if list_ == within} == set(get_args(LISTS[within]))
    assert set(reasons.LISTS[within]) == set(get_args(LISTS[within]))


def test_at_least_twenty_five_causes_are_brought_about_in_each_way_they_can_be() -> None:
    causes = {row[:2] for row in WORKS} | {("drop", row[2]) for row in DROPPED}
    assert len(causes) >= 25
    assert len([None for row in WORKS for _ in row[2]]) >= 75
