"""Work that waits for the machine to be idle, and work that has to start by a certain time."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from events.budget import FundsRefused
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Configuration
from events.intents import IdleAsked, WorkOvertaken
from events.policies import Clock
from events.requests import (
    CancelRequested,
    Paused,
    PauseRequested,
    ReleaseRequested,
    Resumed,
    ResumeRequested,
)
from events.runs import RunRetrying
from events.time import AlarmCleared, AlarmRang, AlarmSet, IdleSeen
from events.work import (
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkPlanned,
    WorkReleased,
    WorkStopping,
)
from tests.rules.phase_queue_story import (
    HOUR,
    HOUSE,
    NOON,
    SECOND,
    Story,
    alarm,
    held,
    over,
    planned,
    released,
    started,
)

IDLE, BUSY = IdleSeen(True), IdleSeen(False, "load 4.0")
RETRY = AlarmSet("idle", "phase_queue", NOON + 60 * SECOND)
RANG = AlarmRang("idle", "phase_queue", NOON + 60 * SECOND)
DEADLINE = NOON + HOUR
NOTE = "overtaken by a newer occurrence"


def shy(work: str, **more: Any) -> WorkPlanned:
    return planned(work, only_if_idle=True, **more)


def urgent(work: str, **more: Any) -> WorkPlanned:
    return planned(work, start_before=DEADLINE, **more)


def deadline(work: str) -> AlarmSet:
    return AlarmSet(f"start:{work}", "phase_queue", DEADLINE)


def rings(work: str) -> AlarmRang:
    return AlarmRang(f"start:{work}", "phase_queue", DEADLINE)


def no_deadline(work: str) -> AlarmCleared:
    return AlarmCleared(f"start:{work}", "phase_queue")


def waiting_for_rest() -> Story:
    return Story(shy("w1"))


# Idle


def test_work_that_nothing_else_holds_asks_whether_the_machine_is_idle() -> None:
    assert Story().hears(shy("w1")) == [held("w1", "not_idle"), IdleAsked("w1")]


def test_seen_to_be_idle_it_goes() -> None:
    assert waiting_for_rest().hears(IDLE) == [released("w1")]


def test_seen_to_be_busy_it_asks_again_later() -> None:
    story = waiting_for_rest()
    assert story.hears(BUSY) == [RETRY]
    assert story.hears(BUSY) == [], "once is enough"
    assert story.hears(RANG, NOON + 60 * SECOND) == [IdleAsked("w1")]
    assert story.hears(IDLE) == [released("w1")]


def test_how_long_it_waits_is_configured() -> None:
    clock = Clock(idle_retry_seconds=7)
    house = Configuration(phases=HOUSE.phases, actions=HOUSE.actions, clock=clock)
    again = AlarmSet("idle", "phase_queue", NOON + 7 * SECOND)
    assert Story(shy("w1"), house=house).hears(BUSY) == [again]


def test_one_asks_again_for_all() -> None:
    story = Story(shy("w2", lane="yard"), shy("w1", lane="yard", priority="high"), BUSY)
    assert story.hears(RANG, NOON + 60 * SECOND) == [IdleAsked("w1")]
    both = [released("w1", priority="high"), released("w2", "r90-2")]
    assert story.hears(IDLE) == both


def test_an_alarm_that_nobody_waits_for_asks_nothing() -> None:
    story = Story(shy("w1"), BUSY, CancelRequested("w1", "k"))
    assert story.hears(RANG, NOON + 60 * SECOND) == []
    assert story.hears(IDLE) == []


def test_what_was_let_go_needs_no_alarm() -> None:
    story = Story(shy("w1"), BUSY)
    assert story.hears(IDLE) == [released("w1"), AlarmCleared("idle", "phase_queue")]


def test_an_answer_counts_for_those_only_who_had_asked() -> None:
    story = Story(shy("w1"), IDLE)
    assert story.hears(shy("w2", lane="yard")) == [held("w2", "not_idle"), IdleAsked("w2")]


def test_where_only_one_has_room_the_other_asks_again_when_it_has() -> None:
    story = Story(shy("w1"), shy("w2"))
    assert story.hears(IDLE) == [released("w1"), held("w2", "lane_full")]
    asks = [held("w2", "not_idle"), IdleAsked("w2")]
    assert story.hears(WorkFinished("w1", "completed")) == asks


@pytest.mark.parametrize(
    ("facts", "work", "reason"),
    [
        ((planned("w0"),), shy("w1"), "lane_full"),
        ((PauseRequested("all", "k"),), shy("w1"), "paused"),
        ((), shy("w1", phase="evening"), "phase_not_open"),
        ((), shy("w1", not_before=NOON + HOUR), "not_before"),
    ],
)
def test_what_something_else_holds_does_not_ask(
    facts: tuple[AnyFact, ...], work: WorkPlanned, reason: str
) -> None:
    said, *alarms = Story(*facts).hears(work)
    assert isinstance(said, WorkHeld) and said.reason == reason
    assert not any(isinstance(fact, IdleAsked) for fact in alarms)


def test_it_does_not_stand_in_the_way_of_others() -> None:
    story = Story(shy("w1"))
    assert story.hears(planned("w2")) == [released("w2")]


def test_a_pause_holds_what_waits_for_an_idle_machine() -> None:
    story = waiting_for_rest()
    assert story.hears(PauseRequested("all", "k")) == [Paused("all"), held("w1", "paused")]
    assert story.hears(IDLE) == []
    asks = [Resumed("all"), held("w1", "not_idle"), IdleAsked("w1")]
    assert story.hears(ResumeRequested("all", "k2")) == asks


def test_a_phase_that_ends_takes_it_to_the_next() -> None:
    story = Story(shy("w1", phase="afternoon"))
    story.hears(over("afternoon"), NOON + 6 * HOUR)
    assert story.hears(started("evening")) == [held("w1", "not_idle")], "it has asked already"
    assert story.hears(IDLE) == [released("w1")]


def test_it_asks_once_until_it_is_answered_however_often_its_lane_fills() -> None:
    story, said = Story(shy("w1")), list[AnyDecision]()
    for number in range(3):
        said += story.lives(planned(f"x{number}", priority="critical"))
        said += story.lives(PauseRequested("category", f"p{number}", f"c{number}"))
        said += story.lives(PauseRequested("lane", f"q{number}", "yard"))
        said += story.lives(ResumeRequested("lane", f"r{number}", "yard"))
        assert [story.queue.works["w1"].reason] == ["lane_full"]
        said += story.lives(WorkFinished(f"x{number}", "completed"))
        assert [story.queue.works["w1"].reason] == ["not_idle"]
    assert not any(isinstance(fact, IdleAsked) for fact in said)
    assert story.hears(IDLE) == [released("w1")]


def test_an_answer_that_came_while_it_waited_for_room_is_not_its_own() -> None:
    story = Story(shy("w1"), planned("w2", priority="critical"))
    story.lives(PauseRequested("lane", "p", "yard"))
    assert story.hears(BUSY) == []
    asks = [held("w1", "not_idle"), IdleAsked("w1")]
    assert story.hears(WorkFinished("w2", "completed")) == asks


def test_a_person_who_wants_it_now_is_not_idle() -> None:
    assert waiting_for_rest().hears(ReleaseRequested("w1", "k")) == [released("w1")]


def test_it_waits_for_an_idle_machine_before_each_attempt() -> None:
    story = Story(shy("w1"), IDLE, RunRetrying("w1", 1, "read", 2, NOON + SECOND))
    asks = [held("w1", "not_idle"), IdleAsked("w1")]
    assert story.hears(AlarmRang("work:w1", "phase_queue", NOON + SECOND), NOON + SECOND) == asks


# A deadline


def test_what_goes_at_once_needs_no_alarm() -> None:
    assert Story().hears(urgent("w1")) == [released("w1")]


def test_what_waits_is_dropped_when_the_time_has_come() -> None:
    story = Story(planned("w0"))
    assert story.hears(urgent("w1")) == [held("w1", "lane_full"), deadline("w1")]
    assert story.hears(rings("w1"), DEADLINE) == [WorkDropped("w1", "start_deadline")]


def test_what_goes_in_time_is_not_dropped() -> None:
    story = Story(planned("w0"), urgent("w1"))
    gone = [released("w1"), no_deadline("w1")]
    assert story.hears(WorkFinished("w0", "completed")) == gone
    assert story.hears(rings("w1"), DEADLINE) == []


def test_what_comes_too_late_is_dropped_unseen() -> None:
    story = Story()
    assert story.hears(urgent("w1"), DEADLINE) == [released("w1")]
    late = story.hears(urgent("w2"), DEADLINE + SECOND)
    assert late == [WorkDropped("w2", "start_deadline")]


def test_room_that_comes_too_late_is_not_taken() -> None:
    story = Story(planned("w0"), urgent("w1"))
    late = DEADLINE + SECOND
    dropped = [WorkDropped("w1", "start_deadline"), no_deadline("w1")]
    assert story.hears(WorkFinished("w0", "completed"), late) == dropped


def test_money_that_is_refused_does_not_lift_the_deadline() -> None:
    story = Story(urgent("w1"))
    run = story.queue.works["w1"].run
    refused = FundsRefused(run, "w1", "research", 40, 0, "category_spent")
    assert story.hears(refused) == [held("w1", "no_funds"), deadline("w1")]
    assert story.hears(rings("w1"), DEADLINE) == [WorkDropped("w1", "start_deadline")]


def test_what_has_once_started_has_no_deadline() -> None:
    story = Story(urgent("w1"))
    retry_at = DEADLINE + HOUR
    again = [held("w1", "retry_backoff", retry_at), alarm("w1", retry_at)]
    assert story.hears(RunRetrying("w1", 1, "read", 2, retry_at)) == again
    assert story.hears(rings("w1"), DEADLINE) == []
    rang = AlarmRang("work:w1", "phase_queue", retry_at)
    assert story.hears(rang, retry_at) == [released("w1", attempt=2)]


def test_what_is_cancelled_needs_no_alarm() -> None:
    story = Story(planned("w0"), urgent("w1"))
    assert story.hears(CancelRequested("w1", "k")) == [WorkCancelled("w1"), no_deadline("w1")]


# Overtaken


def overtaken(at_once: bool = False) -> WorkOvertaken:
    return WorkOvertaken("w1", "news", NOON, at_once)


def test_what_waits_and_is_overtaken_is_cancelled() -> None:
    story = Story(planned("w0"), planned("w1"))
    assert story.hears(overtaken()) == [WorkCancelled("w1", NOTE)]


@pytest.mark.parametrize("at_once", [False, True])
def test_what_runs_and_is_overtaken_is_stopped(at_once: bool) -> None:
    story = Story(planned("w1"))
    assert story.hears(overtaken(at_once)) == [WorkStopping("w1", NOTE, at_once)]
    assert story.hears(overtaken(at_once)) == [], "once"


def test_what_is_being_stopped_may_be_stopped_at_once() -> None:
    story = Story(planned("w1"), CancelRequested("w1", "k"))
    assert story.hears(overtaken()) == []
    assert story.hears(overtaken(at_once=True)) == [WorkStopping("w1", NOTE, True)]


def test_what_has_ended_is_not_overtaken() -> None:
    assert Story().hears(overtaken()) == []


# Whatever happens


kinds = some.tuples(some.booleans(), some.booleans(), some.sampled_from(["desk", "yard"]))
steps = some.one_of(
    some.tuples(some.just("plan"), kinds),
    some.tuples(some.sampled_from(["idle", "busy", "finish", "ring", "pause", "resume"]), kinds),
)


@settings(max_examples=200, deadline=None)
@for_any(some.lists(steps, min_size=5, max_size=50))
def test_only_an_idle_machine_lets_go_what_waits_for_it_and_nothing_starts_too_late(
    life: list[tuple[str, tuple[bool, bool, str]]],
) -> None:
    story, alarms = Story(), dict[str, AlarmSet]()
    plans, open_, asked = dict[str, WorkPlanned](), list[str](), False
    for number, (what, (only_if_idle, hurried, lane)) in enumerate(life):
        now = story.at + 7 * SECOND
        fact: AnyFact
        if what == "plan":
            before = now + timedelta(seconds=30) if hurried else None
            work = f"w{number}"
            fact = planned(work, lane=lane, only_if_idle=only_if_idle, start_before=before)
            plans[work] = fact
        elif what in ("idle", "busy"):
            fact = IdleSeen(what == "idle")
        elif what == "finish" and open_:
            fact = WorkFinished(open_.pop(0), "completed")
        elif what == "ring" and alarms:
            first = min(alarms.values(), key=lambda it: it.rings_at)
            now = max(now, first.rings_at)
            fact = AlarmRang(first.alarm, first.setter, first.rings_at)
            del alarms[first.alarm]
        elif what == "resume":
            fact = ResumeRequested("all", f"k{number}")
        else:
            fact = PauseRequested("all", f"k{number}")
        for said in story.lives(fact, now):
            match said:
                case WorkReleased(work=work):
                    plan = plans.pop(work)
                    assert not plan.only_if_idle or fact == IdleSeen(True)
                    assert plan.start_before is None or now <= plan.start_before
                    open_.append(work)
                case WorkDropped(work=work):
                    dropped = plans.pop(work).start_before
                    assert dropped is not None and dropped <= now
                case AlarmSet(alarm=name):
                    alarms[name] = said
                case AlarmCleared(alarm=name):
                    del alarms[name]
                case IdleAsked(work=work):
                    assert plans[work].only_if_idle
                    asked = True
        asked = asked and not isinstance(fact, IdleSeen)
        waits = any(story.queue.works[work].reason == "not_idle" for work in plans)
        assert not waits or asked or "idle" in alarms, "nobody waits for an answer unasked"
        missing = [work for work, plan in plans.items() if plan.start_before is not None]
        assert all(f"start:{work}" in alarms for work in missing)
