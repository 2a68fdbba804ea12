"""The rules of the phase queue, one story each: who goes, who waits, and for what."""

from datetime import timedelta

import msgspec
import pytest

from events.budget import FundsOffered, FundsRefused
from events.configuration import Action, ConfigurationLoaded, Lane, Step
from events.plan import WorkWithdrawn
from events.policies import Executor
from events.runs import RunRetrying
from events.settings import Priority
from events.time import AlarmRang
from events.work import StepReached, WorkDropped, WorkFinished
from tests.rules.phase_queue_story import (
    HOUR,
    HOUSE,
    NOON,
    SECOND,
    Story,
    alarm,
    cleared,
    held,
    over,
    planned,
    released,
    started,
    window,
)

LATER = NOON + HOUR
RANG = AlarmRang("work:w1", "phase_queue", LATER)


def refused(work: str, run: str, left: int = 0) -> FundsRefused:
    return FundsRefused(run, work, "research", 40, left, "category_spent")


def finished(work: str) -> WorkFinished:
    return WorkFinished(work, "completed")


def retrying(work: str = "w1", attempt: int = 2) -> RunRetrying:
    return RunRetrying(work, 1, "read", attempt, LATER)


def test_work_with_nothing_in_its_way_is_released_at_once() -> None:
    assert Story().hears(planned("w1")) == [released("w1")]


def test_work_for_the_open_phase_is_released_at_once() -> None:
    assert Story().hears(planned("w1", phase="afternoon")) == [released("w1")]


def test_the_ceiling_of_a_release_is_that_of_the_action() -> None:
    decisions = Story().hears(planned("w1", "write", priority="critical"))
    assert decisions == [released("w1", action="write", ceiling_usd_micros=9, priority="critical")]


def test_an_action_that_is_configured_no_longer_goes_ahead_for_nothing() -> None:
    decisions = Story().hears(planned("w1", "gone"))
    assert decisions == [released("w1", action="gone", ceiling_usd_micros=0)]


def test_the_ceiling_is_the_one_in_force_when_it_goes() -> None:
    story = Story(planned("w1"), planned("w2"))
    dearer = msgspec.structs.replace(HOUSE, actions={"read": Action(estimate_usd_micros=50)})
    story.lives(ConfigurationLoaded("d2", dearer))
    assert story.hears(finished("w1")) == [released("w2", ceiling_usd_micros=50)]


def test_a_full_lane_holds_work_until_one_ends() -> None:
    story = Story(planned("w1"))
    assert story.lives(planned("w2")) == [held("w2", "lane_full")]
    assert story.hears(finished("w1")) == [released("w2")]


def test_a_full_lane_holds_nothing_in_another_lane() -> None:
    story = Story(planned("w1"), planned("w2"))
    assert story.hears(planned("w3", lane="yard")) == [released("w3")]


def test_a_lane_that_nobody_configured_runs_one_thing_at_a_time() -> None:
    story = Story(planned("w1", lane="attic"))
    assert story.hears(planned("w2", lane="attic")) == [held("w2", "lane_full")]


def test_a_full_daemon_holds_work_of_a_free_lane() -> None:
    story = Story(*(planned(f"w{n}", lane=f"lane{n}") for n in range(3)))
    assert story.lives(planned("w3", lane="yard")) == [held("w3", "daemon_full")]
    assert story.hears(finished("w1")) == [released("w3")]


@pytest.mark.parametrize(
    ("first", "second", "goes"),
    [
        pytest.param("normal", "high", "w3", id="the more urgent one, though younger"),
        pytest.param("normal", "normal", "w2", id="the older one among equals"),
        pytest.param("low", "idle", "w2", id="low before idle"),
        pytest.param("high", "critical", "w3", id="critical before all"),
    ],
)
def test_room_goes_to_the_most_urgent_then_to_the_oldest(
    first: Priority, second: Priority, goes: str
) -> None:
    story = Story(planned("w1"), planned("w2", priority=first), planned("w3", priority=second))
    decision, *rest = story.hears(finished("w1"))
    assert decision == released(goes, priority=first if goes == "w2" else second)
    assert rest == []


def test_room_in_the_daemon_goes_to_the_first_of_all_lanes() -> None:
    story = Story(*(planned(f"w{n}", lane=f"lane{n}") for n in range(3)))
    story.lives(planned("w3", lane="desk"))
    story.lives(planned("w4", lane="yard", priority="high"))
    assert story.lives(finished("w0"))[0].work == "w4"  # type: ignore[union-attr]
    assert story.hears(finished("w1")) == [released("w3")]


def test_more_room_is_used_as_soon_as_it_is_configured() -> None:
    story = Story(planned("w1"), planned("w2"), planned("w3"), planned("w4"))
    roomy = msgspec.structs.replace(HOUSE, lanes={"desk": Lane(concurrency=3)})
    decisions = story.hears(ConfigurationLoaded("d2", roomy))
    assert decisions == [released("w2", "r90-1"), released("w3", "r90-2")]


def test_less_room_stops_nothing_that_runs() -> None:
    story = Story(planned("w1", lane="yard"), planned("w2", lane="yard"))
    narrow = msgspec.structs.replace(HOUSE, executor=Executor(concurrency=1))
    assert story.lives(ConfigurationLoaded("d2", narrow)) == []
    story.lives(planned("w3"))
    assert story.lives(finished("w1")) == []
    assert story.hears(finished("w2")) == [released("w3")]


def test_a_configuration_known_by_its_digest_changes_nothing() -> None:
    story = Story(planned("w1"), planned("w2"))
    assert story.lives(ConfigurationLoaded("d1")) == []
    assert story.hears(finished("w1")) == [released("w2")]


def test_work_waits_until_its_time() -> None:
    story = Story()
    decisions = story.lives(planned("w1", not_before=LATER))
    assert decisions == [held("w1", "not_before", LATER), alarm("w1", LATER)]
    assert story.hears(RANG, LATER) == [released("w1")]


def test_work_whose_time_has_come_already_does_not_wait() -> None:
    assert Story().hears(planned("w1", not_before=NOON)) == [released("w1")]


def test_an_alarm_is_believed_more_than_the_time_of_its_record() -> None:
    story = Story(planned("w1", not_before=LATER))
    assert story.hears(RANG, LATER - SECOND) == [released("w1")]


@pytest.mark.parametrize(
    "ring",
    [
        pytest.param(AlarmRang("work:w1", "planner", LATER), id="of somebody else"),
        pytest.param(AlarmRang("work:w9", "phase_queue", LATER), id="of unknown work"),
        pytest.param(AlarmRang("work:w1", "phase_queue", NOON), id="of an earlier alarm"),
    ],
)
def test_a_ring_that_is_not_waited_for_is_ignored(ring: AlarmRang) -> None:
    story = Story(planned("w1", not_before=LATER))
    assert story.hears(ring) == []


def test_a_late_ring_for_work_that_runs_is_ignored() -> None:
    story = Story(planned("w1", not_before=LATER))
    story.lives(RANG, LATER)
    assert story.hears(RANG) == []


def test_refused_work_gives_its_room_to_the_next() -> None:
    story = Story(planned("w1"), planned("w2", "write"))
    decisions = story.hears(refused("w1", "r3-1", left=9))
    goes = released("w2", action="write", ceiling_usd_micros=9)
    assert decisions == [held("w1", "no_funds"), goes]


def test_work_that_is_offered_money_goes_again_as_another_run() -> None:
    story = Story(planned("w1"), refused("w1", "r3-1"))
    assert story.hears(FundsOffered("w1", "research")) == [released("w1")]


def test_work_that_is_offered_money_waits_for_its_lane() -> None:
    story = Story(planned("w1"), refused("w1", "r3-1"), planned("w2"))
    assert story.lives(FundsOffered("w1", "research")) == [held("w1", "lane_full")]
    assert story.hears(finished("w2")) == [released("w1")]


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(refused("w1", "r2-1"), id="refused as another run"),
        pytest.param(refused("w9", "r9-1"), id="refused and unknown"),
        pytest.param(FundsOffered("w1", "research"), id="offered while running"),
        pytest.param(FundsOffered("w9", "research"), id="offered and unknown"),
    ],
)
def test_news_of_money_that_concerns_no_waiting_work_is_ignored(fact: FundsRefused) -> None:
    story = Story(planned("w1"))
    assert story.lives(fact) == []
    assert story.hears(planned("w2")) == [held("w2", "lane_full")]


def test_a_retry_waits_for_its_time_and_frees_its_lane() -> None:
    story = Story(planned("w1"), planned("w2"))
    assert story.lives(retrying()) == [
        held("w1", "retry_backoff", LATER),
        alarm("w1", LATER),
        released("w2", "r5-1"),
    ]
    assert story.lives(RANG, LATER) == [held("w1", "lane_full")]
    assert story.hears(finished("w2")) == [released("w1", attempt=2)]


def test_a_retry_without_backoff_still_lets_the_more_urgent_go_first() -> None:
    story = Story(planned("w1"), planned("w2", priority="high"))
    at_once = RunRetrying("w1", 1, "read", 2, NOON)
    assert story.hears(at_once) == [released("w2", priority="high"), held("w1", "lane_full")]


def test_a_retry_is_as_old_as_its_work() -> None:
    story = Story(planned("w1"), planned("w2"))
    assert story.hears(RunRetrying("w1", 1, "read", 2, NOON)) == [released("w1", attempt=2)]


def test_a_retry_does_not_ask_for_its_phase_again() -> None:
    story = Story(planned("w1", phase="afternoon"), retrying())
    at_night = window("night").starts_at
    assert story.hears(RANG, at_night) == [released("w1", attempt=2)]


def test_the_next_step_keeps_the_lane() -> None:
    story = Story(planned("w1"), planned("w2"))
    assert story.lives(StepReached("w1", "r5-1", "write", 2, "research", 9)) == []
    assert story.hears(finished("w1")) == [released("w2")]


def test_a_step_that_is_refused_money_waits_as_that_step() -> None:
    steps = (Step(action="read"), Step(action="write"))
    story = Story(planned("w1", steps=steps, phase="afternoon"))
    story.lives(StepReached("w1", "r5-1", "write", 2, "chores", 9))
    assert story.lives(refused("w1", "r5-1")) == [held("w1", "no_funds")]
    assert story.lives(over("afternoon")) == [], "what has started is not deferred"
    assert story.hears(FundsOffered("w1", "chores")) == [
        released("w1", action="write", step=2, category="chores", ceiling_usd_micros=9)
    ]


def test_work_that_still_waits_can_be_withdrawn() -> None:
    story = Story(planned("w1", not_before=LATER))
    decisions = story.hears(WorkWithdrawn("w1", "replanned"))
    assert decisions == [WorkDropped("w1", "replanned"), cleared("w1")]


@pytest.mark.parametrize(
    "life",
    [
        pytest.param([planned("w1")], id="while it runs"),
        pytest.param([planned("w1"), retrying()], id="between two attempts"),
        pytest.param([planned("w1"), finished("w1")], id="after its end"),
        pytest.param([], id="though nobody knows it"),
    ],
)
def test_work_that_has_started_is_not_withdrawn(life: list[WorkFinished]) -> None:
    assert Story(*life).hears(WorkWithdrawn("w1", "configuration_changed")) == []


def test_withdrawn_work_leaves_the_line() -> None:
    story = Story(planned("w1"), planned("w2"), planned("w3"))
    story.lives(WorkWithdrawn("w2", "replanned"))
    assert story.hears(finished("w1")) == [released("w3")]


def test_what_has_ended_is_forgotten_but_for_the_latest() -> None:
    story = Story()
    for n in range(2_200):
        story.queue.ended.append(f"old{n}")
    for n in range(1_000):
        story.lives(planned(f"w{n}"))
        story.lives(finished(f"w{n}"))
    queue = story.queue
    assert len(queue.ended) < 4_000 and "w999" in queue.ended and "old0" not in queue.ended
    assert (queue.works, queue.runs, queue.in_line, queue.busy, queue.running) == (
        {}, {}, {}, {}, 0,
    )  # fmt: skip


def test_work_of_a_day_to_come_waits_for_that_day() -> None:
    tomorrow = NOON.date() + timedelta(days=1)
    story = Story()
    decisions = story.hears(planned("w1", phase="afternoon", day=tomorrow))
    opens_at = window("afternoon", tomorrow).starts_at
    assert decisions == [held("w1", "phase_not_open", opens_at)]
    assert story.lives(started("afternoon", tomorrow), opens_at)[0].kind == "work-released"
