"""Days that never were: the same for the same seed, and true to the rules."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.executor.simulated import ESCAPED, FOUND
from actors.replay.courses import Course, History, course_of
from actors.replay.draws import Draws
from actors.replay.faults import Rates
from actors.replay.naming import RunName
from actors.replay.simulating import Stretch, remedy, simulated
from actors.replay.tally import Spread
from actors.replay.world import World
from events.configuration import Action, Budget, Configuration, Intent, Lane
from events.policies import Plan
from events.record import Record
from events.runs import RunEnded, RunResult, RunStarting
from horarium.configuration import load
from tests.rules.replay_story import MINUTE, at, by_estimates, recorded

CASS = load(Path(__file__).parents[2] / "examples" / "cass.toml", {}).configuration
MONDAY = date(2026, 11, 23)


def of_cass(days: int = 7, seed: int = 1, history: History | None = None) -> Stretch:
    return Stretch(CASS, MONDAY, days, seed, history or History())


def test_the_same_seed_gives_the_same_log_and_another_one_another() -> None:
    first, again = simulated(of_cass()), simulated(of_cass())
    assert first.digest == again.digest
    assert simulated(of_cass(seed=2)).digest != first.digest


def test_a_simulated_day_spends_no_more_than_it_may() -> None:
    tally = simulated(of_cass(31)).tally
    for category, by_day in tally.spend.items():
        assert max(by_day.values()) <= CASS.budget.categories[category]
    assert len(tally.days) == 31
    assert sum(day.works for day in tally.days.values()) == tally.ends.total() + len(tally.works)


def two_at_eight() -> Configuration:
    return Configuration(
        lanes={"main": Lane()},
        plan=Plan(enabled=False),
        budget=Budget(
            daily_usd_micros=1_000_000, reserve_usd_micros=0, categories={"general": 500_000}
        ),
        actions={
            "long": Action(command=("long",), estimate_usd_micros=300_000, timeout_seconds=7_200),
            "short": Action(command=("short",), estimate_usd_micros=300_000),
        },
        intents={
            "a-long": Intent(run="long", cron="0 8 * * *"),
            "b-short": Intent(run="short", cron="0 8 * * *"),
        },
    )


def test_waiting_refusals_and_lanes_are_counted_as_they_were() -> None:
    history = History()
    history.add("long", RunEnded("r", True, at(0), 0, duration_ms=60 * MINUTE))
    history.add("short", RunEnded("r", True, at(0), 0, duration_ms=5 * MINUTE))
    tally = simulated(Stretch(two_at_eight(), MONDAY, 1, 1, history)).tally
    assert tally.lateness.counts == {0: 1}, "the short one had to wait, and then had no money"
    assert tally.refused == {("general", "category_spent"): 1}
    assert tally.held["short", "lane_full"].seconds == 3_600
    assert tally.held["short", "no_funds"].seconds == 15 * 3_600 - 1, "until the last moment"
    lane = tally.lanes["main"]
    assert (lane.runs, lane.busy_seconds, lane.at_once_most, lane.waits) == (1, 3_600, 1, 1)
    assert [work.name for work in tally.waiting()] == ["short"]


def test_what_escapes_is_counted_by_whether_it_is_found() -> None:
    told: Counter[str] = Counter()

    def count(record: Record) -> None:
        if isinstance(record.fact, RunEnded):
            told[record.fact.detail] += 1

    only_escapes = Rates(*[0] * len(Rates._fields))._replace(escape=500)
    met = simulated(of_cass(14), only_escapes, count).met
    assert set(met) - {"busy"} == {"escape", "escape_found", "escape_not_found"}
    assert met["escape_found"] == told[FOUND] > met["escape_not_found"] == told[ESCAPED] > 0
    assert met["escape"] == told[FOUND] + told[ESCAPED]


def test_what_would_have_to_change_lets_everything_fit_when_it_is_tried() -> None:
    stretch = Stretch(two_at_eight(), MONDAY, 2, 1, History())
    needed = remedy(stretch)
    assert needed.unmet
    assert not needed.left
    assert [change.setting for change in needed.changes] == ["budget.categories.general"]
    limit = needed.changes[0].after
    budget = replace(two_at_eight().budget, categories={"general": limit})
    wider = stretch._replace(configuration=replace(two_at_eight(), budget=budget))
    assert remedy(wider).unmet == {}
    assert simulated(wider).tally.refused == {}


def test_places_in_a_phase_are_what_the_example_is_short_of() -> None:
    needed = remedy(of_cass())
    assert [change.setting for change in needed.changes] == ["plan.per_phase_max"]
    assert not needed.left


def test_a_run_goes_as_one_of_the_same_action_went_before() -> None:
    log = recorded(
        two_at_eight(), {"long": Course(7 * MINUTE, 3, None, 5), "short": Course(1)}, at(9)
    )
    history = History()
    begun = {it.fact.run: it.fact.action for it in log if isinstance(it.fact, RunStarting)}
    for record in log:
        if isinstance(record.fact, RunEnded):
            history.add(begun[record.fact.run], record.fact)
    course = course_of(Draws(1), history, RunName("k", 1, 1), "long", Action())
    assert course == Course(7 * MINUTE, 3, None, 5)
    assert history.count("stranger") == 0


def test_an_end_that_the_daemon_brought_about_is_no_history() -> None:
    history = History()
    history.add("long", RunEnded("r", True, at(0), trouble="lost"))
    history.add("long", RunEnded("r", True, at(0), trouble="cancelled"))
    assert history.count("long") == 0


def test_an_estimated_run_keeps_within_its_ceiling_and_near_its_time() -> None:
    action = Action(estimate_usd_micros=1_000, ceiling_usd_micros=900, expected_seconds=100)
    for seed in range(200):
        name = RunName("k", 1, 1)
        course = course_of(Draws(seed), History(), name, "read", action)
        assert 50_000 <= course.milliseconds <= 150_000
        assert course.cost_usd_micros is not None
        assert 800 <= course.cost_usd_micros <= 900


def test_a_run_that_takes_too_long_is_stopped_when_its_time_is_up() -> None:
    courses = {"long": Course(3 * 60 * MINUTE), "short": Course(MINUTE)}
    log = recorded(two_at_eight(), courses, at(23))
    first = next(it.fact for it in log if isinstance(it.fact, RunStarting))
    assert first.action == "long"
    [ended] = [it for it in log if isinstance(it.fact, RunEnded) and it.fact.run == first.run]
    assert isinstance(ended.fact, RunEnded)
    assert (ended.fact.trouble, ended.at) == ("timed_out", at(10))


def test_nothing_is_kept_of_a_long_simulation_but_what_is_open() -> None:
    worlds = [World(by_estimates(1), consumer=lambda record: None) for _ in range(2)]
    for world, end in zip(worlds, (at(24 * 20), at(24 * 40)), strict=True):
        world.begin(at(0), CASS)
        world.run_until(end)
        assert world.log == []
    sizes = [[len(world.states["cleanup"].ended), len(world.states["planner"].works),
              len(world.begun), len(world.live)] for world in worlds]  # fmt: skip
    assert sizes[0] == sizes[1], "after forty days no more than after twenty"


@pytest.mark.parametrize("percent, seconds", [(50, 2), (51, 3), (100, 123_000)])
def test_a_spread_knows_what_so_many_percent_do_not_exceed(percent: int, seconds: int) -> None:
    spread = Spread()
    for each in (1, 2, 3, 123_456):
        spread.add(each)
    assert spread.percentile(percent) == seconds


def test_what_a_run_reported_is_what_its_history_costs() -> None:
    history = History()
    said = RunResult(cost_usd_micros=77)
    history.add("read", RunEnded("r", True, at(0), 0, duration_ms=5, result=said))
    assert course_of(Draws(9), history, RunName("k", 1, 1), "read", Action()).cost_usd_micros == 77
