"""What went wrong elsewhere with runs and with what was told of them must not come to pass here."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Any, get_args

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from actors.executor.health import EXECUTORS
from actors.executor.outcomes import TROUBLES, verdict
from actors.planner.rules import RULES as PLANNER
from actors.planner.state import Planner
from actors.replay.books import BOOKS
from events.cleanup import SweepEnded
from events.configuration import Action, Step, Template
from events.daemon import DaemonStarted
from events.intents import (
    AlertCleared,
    AlertRaised,
    BreakerOpened,
    IntentSwitchRequested,
)
from events.plan import OccurrenceSkipped
from events.runs import RunClosed, RunEnded, RunResult, RunStarting, Trouble
from events.settings import ExecutorKind
from events.time import OccurrenceDue
from events.work import StepReached, WorkFinished, WorkPlanned
from projections.queries.days import days, rolling_summary
from projections.queries.runs import runs
from tests.contracts.query_story import lived, queried
from tests.rules import alerts_story
from tests.rules.agents_story import Story
from tests.rules.agents_story import loaded as agents
from tests.rules.configuration_story import FREE, loaded, said
from tests.rules.explain_story import HOUSE, World, action, ending, intent, with_
from tests.rules.projection_story import DAY, NOON


def of(world: World, kind: Any) -> list[Any]:
    return [it.fact for it in world.log if isinstance(it.fact, kind)]


# How a run ends


@pytest.mark.parametrize("trouble", get_args(Trouble))
def test_nothing_that_went_wrong_counts_as_done_because_its_exit_code_was_0(
    trouble: Trouble,
) -> None:
    ended = RunEnded("r1-1", started=True, ended_at=NOON, exit_code=0, trouble=trouble)
    assert trouble in TROUBLES
    assert verdict(ended)[0] != "succeeded"


@pytest.mark.parametrize("trouble", ["said_failed", "too_little", "not_successful", "refused"])
def test_the_words_of_an_error_are_not_published_as_if_they_were_the_answer(
    trouble: Trouble,
) -> None:
    house = with_(
        actions={**HOUSE.actions, "write": Action(executor="claude", prompt="?")},
        templates={"essay": Template(steps=(Step(action="write"), Step(action="tidy")))},
    )
    words = RunResult("Error: rate limit", data_json='{"answer": "Error: rate limit"}')
    world = World(house, ending(exit_code=0, trouble=trouble, result=words))
    world.asks("essay")
    world.until("23:00")
    assert {it.action for it in of(world, RunStarting)} == {"write"}
    assert of(world, StepReached) == []
    assert {it.state for it in of(world, WorkFinished)} == {"failed"}


def test_what_hangs_does_not_keep_all_others_from_their_lane_for_ever() -> None:
    def ends(starting: RunStarting) -> Any:
        hangs = ending(minutes=10, exit_code=None, trouble="timed_out")
        return (hangs if starting.action == "busy" else ending())(starting)

    world = World(HOUSE, ends)
    world.asks("busy", "a")
    tidy = world.asks("tidy", "b")
    world.until("06:15")
    assert WorkFinished(tidy, "completed") in of(world, WorkFinished)


def test_nothing_may_take_for_ever(tmp_path: Path) -> None:
    assert 0 < Action().timeout_seconds <= 600
    for forever in ("0s", "never", "-1s", "400d"):
        assert said(tmp_path, f'{FREE}timeout = "{forever}"\n'), forever


@pytest.mark.parametrize("kind", EXECUTORS)
def test_no_kind_of_run_goes_by_without_a_trace(kind: ExecutorKind) -> None:
    house = with_(actions={"it": Action(executor=kind, category="chores")})
    world = World(house)
    work = world.asks("it")
    world.until("07:00")
    (starting,) = of(world, RunStarting)
    (closed,) = of(world, RunClosed)
    assert (starting.executor, starting.work, closed.run) == (kind, work, starting.run)


# How often it runs


def most_at_once(world: World) -> int:
    """How many runs were open at the same time."""
    now = most = 0
    for record in world.log:
        now += isinstance(record.fact, RunStarting)
        now -= isinstance(record.fact, RunClosed) and record.fact.started
        most = max(most, now)
    return most


def test_nothing_starts_a_second_time_while_it_waits_to_be_tried_again() -> None:
    house = intent(action("read", attempts=3, backoff_seconds=3_600), cron="*/5 * * * *")
    world = World(house, ending(exit_code=1)).until("07:30")
    assert len(of(world, WorkPlanned)) == 1
    assert [it.attempt for it in of(world, RunStarting)] == [1, 2]
    assert {it.reason for it in of(world, OccurrenceSkipped)} == {"still_running"}


def test_a_time_out_that_comes_to_nothing_starts_no_second_one_beside_it() -> None:
    """It is tried again when its end was seen, not when its time was over."""
    house = action("read", attempts=3, backoff_seconds=0, timeout_seconds=60)
    world = World(house, ending(minutes=120, exit_code=None, trouble="timed_out"))
    world.asks("read")
    world.until("11:00")
    assert most_at_once(world) == 1
    assert len(of(world, RunStarting)) == 3


def test_what_waited_for_hours_is_not_taken_for_stalled_and_run_twice() -> None:
    world = World(HOUSE, ending(minutes=6 * 60))
    works = [world.asks(name, name) for name in ("busy", "tidy")]
    world.until("05:00", 2)
    assert [it.work for it in of(world, RunStarting)] == works
    assert [it.work for it in of(world, WorkFinished)] == works
    late = of(world, RunStarting)[1]
    assert late.not_after - world.first(RunStarting, run=late.run).at == timedelta(minutes=5)


def test_what_another_waits_for_may_stand_behind_it_and_a_name_that_is_not_there_is_told(
    tmp_path: Path,
) -> None:
    later = f'{FREE}[intents]\nthen = {{ run = "look", after = "first" }}\n'
    first = 'first = { run = "look", every = "1h" }\n'
    assert [*loaded(tmp_path, later + first).intents] == ["then", "first"]
    (told, *_) = said(tmp_path, later)
    assert "first" in told


def test_what_is_swept_away_changes_nothing_that_is_decided_later() -> None:
    assert [book.actor for book in BOOKS if SweepEnded in book.hears] == ["cleanup"]


# What is told


@pytest.fixture
def failed(tmp_path: Path) -> Iterator[Connection]:
    """A day on which one thing went well and others failed, whatever they said."""
    proud = RunResult("Completed all that was asked for", insights=("timed out",))
    connection = queried(
        tmp_path,
        DAY,
        *lived("well", "succeeded", "completed", result=RunResult("two pages")),
        *lived("late", "timed_out", "failed", result=proud),
        *lived("bad", "failed", "failed", result=proud),
        *lived("lost", "unknown", "unknown", result=proud),
    )
    yield connection
    connection.close()


def test_what_a_failed_run_says_is_not_told_as_what_the_day_has_brought(
    failed: Connection,
) -> None:
    assert rolling_summary(days(failed)).splitlines()[1:] == ["- well: two pages"]


def test_of_a_failed_run_it_is_told_why_and_not_that_it_was_completed(failed: Connection) -> None:
    told = {run.action: run.told for run in runs(failed)}
    assert told == {
        "well": "two pages",
        "late": "late says 100%",
        "bad": "bad says 100%",
        "lost": "lost says 100%",
    }


def test_who_wants_to_hear_little_of_failures_still_hears_of_what_waits_for_a_person(
    tmp_path: Path,
) -> None:
    alerts = loaded(tmp_path, "[alerts]\nfailures_per_hour = 1000\nbudget_percents = []\n").alerts
    story = Story(agents(alerts))
    story.asked("local")
    raised = [it for it in story.ends("r1-1", trouble="lost") if isinstance(it, AlertRaised)]
    assert [(it.alert, it.subject) for it in raised] == [("run_unknown", "r1-1")]


# Five failures in a row


class Restarted(alerts_story.World):
    """A planner that dies after everything it hears, and remembers or reads what was."""

    def say(self, fact: Any, by: str = "world") -> list[Any]:
        said = super().say(fact, by)
        self.planner = msgpack.decode(msgpack.encode(self.planner), type=Planner)
        return said

    def fails(self, minute: int) -> Sequence[Any]:
        due = self.say(OccurrenceDue("watch", alerts_story.NOON + timedelta(minutes=minute)))
        for work in [it.work for it in due if isinstance(it, WorkPlanned)]:
            due = self.say(WorkFinished(work, "failed"))
        self.say(DaemonStarted("0", minute + 1, "boot"))
        return due


def test_five_failures_in_a_row_pause_it_with_one_alert_until_somebody_lets_it_go_on(
    tmp_path: Path,
) -> None:
    ours = loaded(tmp_path, "").alerts
    house = replace(alerts_story.house(), alerts=replace(ours, ways=("mail",)))
    world = Restarted(house)
    for minute in range(4):
        world.fails(minute)
    assert world.of(BreakerOpened, AlertRaised) == []
    for minute in range(4, 30):
        world.fails(minute)
    assert [it for _, it in world.of(BreakerOpened)] == [BreakerOpened("watch", 5)]
    assert len(world.of(AlertRaised)) == len(world.telling()) == 1
    assert {it.reason for _, it in world.of(OccurrenceSkipped)} == {"breaker_open"}  # type: ignore[union-attr]
    assert len(world.of(OccurrenceSkipped)) == 25

    read_again = Planner()
    for record in world.log:
        PLANNER.evolve(read_again, record.fact, record.at)
    assert read_again.broken == world.planner.broken == ["watch"]

    world.say(IntentSwitchRequested("watch", enabled=True, key="on"))
    assert [it for _, it in world.of(AlertCleared)] == [AlertCleared("breaker_open", "watch")]
    for minute in range(30, 34):
        world.fails(minute)
    assert len(world.of(BreakerOpened)) == 1, "it counts anew"
