"""A recorded day decided again: alike under the same settings, and as computed under others."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.replay.courses import Course
from actors.replay.trials import trial
from events.catalogue import AnyObservation
from events.codec import read
from events.configuration import Action, Budget, Configuration, Intent, Lane
from events.policies import Plan
from events.record import Record
from events.requests import CancelRequested, WorkRequested
from events.runs import RunEnded
from events.work import WorkPlanned
from tests.rules.replay_story import (
    MINUTE,
    Sides,
    at,
    before_observation,
    recorded,
    simulated_log,
)
from tests.rules.test_golden_logs import NEW_KINDS
from tests.rules.test_simulating import CASS

GOLDEN = sorted((Path(__file__).parent.parent / "golden").glob("*.log"))
A_DAY = at(23, 59)


def golden(path: Path) -> list[Record]:
    return [read(nth, row) for nth, row in enumerate(path.read_bytes().splitlines(), 1)]


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_the_same_configuration_makes_no_difference_to_a_golden_log(path: Path) -> None:
    sides = Sides(golden(path))
    assert sides.differences == []
    told = [each for each in sides.agreement if each.kind not in NEW_KINDS]
    assert all(each.recorded == each.same == each.otherwise for each in told)


@pytest.mark.parametrize("follows", [True, False])
def test_the_same_configuration_makes_no_difference_to_a_week(follows: bool) -> None:
    sides = Sides(simulated_log(CASS, 7), follows=follows)
    assert sides.differences == []
    assert sides.drawn == set()
    assert all(each.recorded == each.same == each.otherwise for each in sides.agreement)


@settings(max_examples=25, deadline=None)
@for_any(some.integers(0, 10_000), some.integers(0, 200))
def test_the_same_configuration_makes_no_difference_whatever_went_wrong(
    seed: int, near: int
) -> None:
    log = trial(seed).log
    assert Sides(log).differences == [], f"seed {seed}"
    after = before_observation(log, min(near, len(log) // 2))
    assert Sides(log, after=after).differences == [], f"seed {seed}, behind {after}"


def house(intents: dict[str, Intent], **changed: object) -> Configuration:
    """Something is recorded two minutes before each hour, so that the log shows us alive."""
    alive = {"alive": Intent(run="nothing", cron="58 * * * *")}
    settings = Configuration(
        plan=Plan(enabled=False),
        budget=Budget(daily_usd_micros=1_000_000, categories={"general": 300_000}),
        lanes={"main": Lane(concurrency=2)},
        actions={
            "read": Action(command=("read",), estimate_usd_micros=200_000),
            "nothing": Action(executor="noop", lane="aside"),
        },
        intents=alive | intents,
    )
    return replace(settings, **changed)


def twice(category_usd_micros: int = 300_000) -> Configuration:
    money = Budget(
        daily_usd_micros=1_000_000,
        reserve_usd_micros=0,
        categories={"general": category_usd_micros},
    )
    return house({"early": read_at("0 8"), "late": read_at("0 9")}, budget=money)


def read_at(cron: str) -> Intent:
    return Intent(run="read", cron=f"{cron} * * *")


def at_other_times(it: Configuration, **intents: Intent) -> Configuration:
    return replace(it, intents={"alive": it.intents["alive"]} | intents)


def test_more_money_would_have_let_run_what_was_refused() -> None:
    """Of $0.30 the first read takes $0.20; the second, at nine, finds $0.10."""
    log = recorded(
        twice(), {"read": Course(10 * MINUTE, cost_usd_micros=200_000), "nothing": Course(0)}, A_DAY
    )
    richer = Budget(daily_usd_micros=1_000_000, categories={"general": 400_000})
    sides = Sides(log, lambda it: replace(it, budget=richer))
    [found] = sides.differences
    assert (found.subject, found.what) == ("late@2026-11-20T09:00:00Z", "would have run")
    assert found.recorded is not None and found.otherwise is not None
    assert (found.recorded.state, found.recorded.reason) == ("held", "no_funds")
    assert (found.otherwise.state, found.otherwise.started_at) == ("completed", at(9))
    assert (found.drawn, found.otherwise.cost_usd_micros) == (True, 200_000)
    today = at(0).date()
    assert sides.before.spend[today] == {"general": 200_000}
    assert sides.after.spend[today] == {"general": 400_000}


def test_less_money_would_have_refused_what_ran() -> None:
    courses = {"read": Course(10 * MINUTE, cost_usd_micros=100_000), "nothing": Course(0)}
    log = recorded(twice(), courses, A_DAY)
    poorer = Budget(daily_usd_micros=1_000_000, categories={"general": 250_000})
    [found] = Sides(log, lambda it: replace(it, budget=poorer)).differences
    assert (found.subject, found.what) == ("late@2026-11-20T09:00:00Z", "would not have run")
    assert found.otherwise is not None and found.otherwise.refused == 1


def test_more_room_would_have_let_it_run_an_hour_sooner_and_as_long() -> None:
    """Both are due at eight. The long one keeps the lane until nine."""
    both = {
        "a-long": Intent(run="long", cron="0 8 * * *"),
        "b-short": Intent(run="short", cron="0 8 * * *"),
    }
    actions = {name: Action(command=(name,), timeout_seconds=7_200) for name in ("long", "short")}
    actions["nothing"] = Action(executor="noop", lane="aside")
    narrow = house(both, actions=actions, lanes={"main": Lane()})
    courses = {"long": Course(60 * MINUTE), "short": Course(5 * MINUTE), "nothing": Course(0)}
    log = recorded(narrow, courses, A_DAY)
    sides = Sides(log, lambda it: replace(it, lanes={"main": Lane(concurrency=2)}))
    [found] = sides.differences
    assert (found.subject, found.what) == ("b-short@2026-11-20T08:00:00Z", "would have moved")
    assert found.recorded is not None and found.otherwise is not None
    assert (found.recorded.started_at, found.otherwise.started_at) == (at(9), at(8))
    ends = [record.at for record in sides.log if isinstance(record.fact, RunEnded)]
    assert {at(8, 5), at(9)} < {*ends}, "it takes the five minutes that it took"
    assert not found.drawn


def test_time_is_made_anew_but_for_when_nobody_was_there() -> None:
    """From five to seven the daemon is down; what is due then is told of at seven."""
    courses = {"read": Course(10 * MINUTE, cost_usd_micros=1), "nothing": Course(0)}
    log = recorded(house({"clean": read_at("0 6")}), courses, A_DAY, down=(at(5), at(7)))
    gone, come = Sides(log, lambda it: at_other_times(it, clean=read_at("30 5"))).differences
    assert (gone.subject, gone.what) == ("clean@2026-11-20T06:00:00Z", "would not have run")
    assert (come.subject, come.what) == ("clean@2026-11-20T05:30:00Z", "would have run")
    assert come.otherwise is not None and come.otherwise.started_at == at(7)
    _, come = Sides(log, lambda it: at_other_times(it, clean=read_at("0 4"))).differences
    assert come.otherwise is not None and come.otherwise.started_at == at(4)


def test_what_would_have_run_on_into_an_absence_is_lost_with_it() -> None:
    courses = {"read": Course(8 * MINUTE, cost_usd_micros=1), "nothing": Course(0)}
    log = recorded(house({"clean": read_at("0 2")}), courses, A_DAY, down=(at(5), at(7)))
    _, come = Sides(log, lambda it: at_other_times(it, clean=read_at("55 4"))).differences
    assert come.otherwise is not None
    assert (come.otherwise.state, come.otherwise.runs) == ("unknown", ["unknown"])


def test_a_person_who_cancelled_a_run_cancels_it_wherever_it_is() -> None:
    """The request names an id; under another configuration the same work has another one."""
    courses = {"read": Course(9 * MINUTE, cost_usd_micros=1), "nothing": Course(0)}
    asked: list[tuple[datetime, AnyObservation]] = [(at(3), WorkRequested("read", "k1"))]
    [work] = [
        record.fact.work
        for record in recorded(twice(1_000_000), courses, A_DAY, asked)
        if isinstance(record.fact, WorkPlanned) and record.fact.key == "k1"
    ]
    log = recorded(
        twice(1_000_000), courses, A_DAY, [*asked, (at(3, 5), CancelRequested(work, "k2"))]
    )
    early = {"night": read_at("0 1"), "early": read_at("0 8"), "late": read_at("0 9")}
    sides = Sides(log, lambda it: at_other_times(it, **early))
    asked_for = sides.after.subjects["work", "k1"]
    assert (asked_for.state, asked_for.runs) == ("cancelled", ["cancelled"])
    [found] = sides.differences
    assert (found.subject, found.what) == ("night@2026-11-20T01:00:00Z", "would have run")
    works = [it.fact.work for it in sides.log if isinstance(it.fact, WorkPlanned)]
    assert work not in works, "here it has another id"


def test_from_the_middle_on_only_what_came_later_is_decided_otherwise() -> None:
    log = simulated_log(CASS, 4)
    noon = at(36)
    after = next(it.position for it in log if it.at >= noon and it.cause is None) - 1
    wider = replace(CASS.plan, per_phase_max=3)
    sides = Sides(log, lambda it: replace(it, plan=wider), after=after, since=noon)
    assert sides.differences
    for found in sides.differences:
        if found.kind == "alert":  # Under other settings it may never have been raised.
            continue
        assert found.otherwise is not None
        assert (found.otherwise.started_at or noon) >= noon


def test_the_same_seed_draws_the_same_ends() -> None:
    log = simulated_log(CASS, 3)
    wider = replace(CASS.plan, per_phase_max=4)
    first, again = (Sides(log, lambda it: replace(it, plan=wider)) for _ in range(2))
    assert first.differences == again.differences
    assert first.drawn == again.drawn != set()


def test_two_configurations_agree_on_what_both_decide() -> None:
    log = simulated_log(CASS, 3)
    wider = replace(CASS.plan, per_phase_max=3)
    found = {it.kind: it for it in Sides(log, lambda it: replace(it, plan=wider)).agreement}
    assert found["occurrence-due"].same == found["occurrence-due"].recorded
    planned = found["work-planned"]
    assert planned.recorded > planned.same > 0 < planned.otherwise - planned.same
