"""Two days of a house with every kind of limit, lived by all actors."""

from typing import Any

from events.configuration import Action, Budget, Intent
from events.policies import Alerts, Executor, Provider, Quota
from events.record import Record
from events.requests import LimitRequested, ResumeRequested, SettleRequested
from events.runs import RunClosed, RunResult, RunStarting, Usage
from tests.rules.explain_story import DOLLAR, HOUSE, Endings, World, ending, with_

CENT = DOLLAR // 100


def house() -> Any:
    agent = Action(
        executor="claude", prompt="go", category="study", lane="main",
        estimate_usd_micros=20 * CENT, ceiling_usd_micros=50 * CENT,
    )  # fmt: skip
    plain = Action(command=("read",), category="study", lane="main", estimate_usd_micros=10 * CENT)
    return with_(
        HOUSE,
        budget=Budget(
            daily_usd_micros=4 * DOLLAR,
            reserve_usd_micros=0,
            categories={"study": 3 * DOLLAR, "chores": DOLLAR},
        ),
        executor=Executor(concurrency=8),
        actions={"ask": agent, "plain": plain, "lose": plain, "wild": plain},
        intents={
            "hourly": Intent(run="plain", cron="0 * * * *", daily_usd_micros=60 * CENT),
            "asking": Intent(run="ask", cron="30 * * * *", daily_usd_micros=2 * DOLLAR),
        },
        executors={
            "claude": Provider(
                quotas={
                    "hours": Quota(window_seconds=18_000, requests=3),
                    "week": Quota(window_seconds=60, counted_from="week", tokens=20_000),
                }
            )
        },
        alerts=Alerts(budget_percents=(20, 50, 80, 100), pace=True),
    )


def endings(starting: RunStarting) -> Any:
    """Agents are priced by tokens, some jobs say what they cost, some are lost, some overspend."""
    how: Endings = ending(minutes=5)
    match starting.action:
        case "ask":
            how = ending(minutes=5, priced_usd_micros=30 * CENT, usage=Usage(1_000, 200))
        case "lose":
            how = ending(exit_code=None, trouble="lost")
        case "wild":
            how = ending(result=RunResult(cost_usd_micros=15 * CENT))
        case _ if starting.run.endswith("1") and starting.attempt == 1:
            how = ending(minutes=3, result=RunResult(cost_usd_micros=4 * CENT))
    return how(starting)


def lived() -> World:
    """Their log."""
    world = World(house(), endings)
    world.until("06:10")
    lost = world.asks("lose", "lose")
    world.until("07:10")
    run = next(it.fact.run for it in world.log if isinstance(it.fact, RunClosed) and
               it.fact.work == lost)  # fmt: skip
    world.hears(SettleRequested(run, "failed", "settle", 2 * CENT))
    world.asks("wild", "wild")
    world.until("08:10")
    world.hears(ResumeRequested("category", "on", "study"))
    world.until("12:00")
    world.hears(LimitRequested("intent", "l1", "hourly", DOLLAR))
    world.hears(LimitRequested("category", "l2", "study", 2 * DOLLAR, for_good=True))
    world.until("14:00")
    world.hears(LimitRequested("day", "l3", "", 6 * DOLLAR))
    world.hears(LimitRequested("category", "l4", "study", 5 * DOLLAR))
    world.until("09:00", 1)
    return world


def of(log: list[Record], kind: Any) -> list[Any]:
    return [record.fact for record in log if isinstance(record.fact, kind)]
