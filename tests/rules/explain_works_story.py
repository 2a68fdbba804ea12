"""Works that are kept from running, one row for each reason and how it is brought about."""

from typing import Any, get_args

from events.configuration import ConfigurationLoaded
from events.policies import Executor, Plan, Provider, Quota
from events.requests import (
    PauseRequested,
    ReleaseRequested,
    ReplanRequested,
    ResumeRequested,
)
from events.runs import ResultFault, RunResult, RunStarting, Trouble
from tests.rules.explain_matrix_story import Inject, Setting, Source
from tests.rules.explain_story import (
    DOLLAR,
    HOUSE,
    World,
    action,
    at,
    budget,
    ending,
    troubled,
    with_,
)

ALL: tuple[Source, ...] = ("request", "cron", "template")
BRIEFLY: tuple[Source, ...] = ("request", "cron")
ASKED: tuple[Source, ...] = ("request",)
PLANNED: tuple[Source, ...] = ("template",)
SCHEDULED: tuple[Source, ...] = ("cron",)


def resumes(world: World) -> None:
    world.later(at("06:38"), lambda: world.hears(ResumeRequested("all", "on")))


def pauses_and_loses_its_action(world: World) -> None:
    """It is planned, and by the time it may go nobody knows any more what it is."""
    pauses(world)
    changes_configuration(actions={})(world)
    resumes(world)


def fills_lane(world: World) -> None:
    world.asks("busy", "busy")


def pauses(world: World) -> None:
    world.hears(PauseRequested("all", "p", note="tea"))


def pauses_at_noon(world: World) -> None:
    world.later(at("12:00"), lambda: world.hears(PauseRequested("all", "p"), "12:00"))


def spends(name: str) -> Inject:
    return lambda world: world.asks(name, "big")


def dear(category: str, usd: float) -> Any:
    """A house in which somebody else may spend that much."""
    return action(
        "big", HOUSE, category=category, lane="main", estimate_usd_micros=int(usd * DOLLAR)
    )


def overruns(starting: RunStarting) -> Any:
    """What is called `wild` costs more than was set aside for it."""
    if starting.action == "wild":
        return ending(result=RunResult(cost_usd_micros=2 * DOLLAR))(starting)
    return ending()(starting)


def changes_configuration(**changed: Any) -> Inject:
    def inject(world: World) -> None:
        old = world.past.configuration(world.head)
        assert old is not None
        world.later(at("06:35"), lambda: world.say(
            at("06:35"), ConfigurationLoaded("d2", with_(old, **changed)), "daemon"))  # fmt: skip

    return inject


def asks_for_a_plan(world: World) -> None:
    world.hears(ReplanRequested("again"))


def releases(world: World) -> None:
    world.hears(ReleaseRequested(world.work_of("job"), "now"))


SPENT = budget(
    daily_usd_micros=10 * DOLLAR, categories={"study": 5 * DOLLAR, "chores": 10 * DOLLAR}
)
CHORES_TEN = with_(dear("chores", 9.5), budget=SPENT.budget)
RICH = budget(categories={"study": 20 * DOLLAR, "chores": 5 * DOLLAR})
WILD = action("wild", HOUSE, category="study", lane="main", estimate_usd_micros=DOLLAR)
NARROW = with_(HOUSE, executor=Executor(concurrency=1))
WEEK = Quota(
    window_seconds=604_800, counted_from="week", usd_micros=DOLLAR // 2, holds_ceilings=True
)
FEW = with_(HOUSE, executors={"claude": Provider(quotas={"week": WEEK})})
LATE: dict[str, Any] = {"minutes": 6, "started": False, "exit_code": None, "trouble": "too_late"}

Row = tuple[str, str, tuple[Source, ...], Setting]
WORKS: tuple[Row, ...] = (
    ("hold", "phase_not_open", ALL, Setting(phase="evening")),
    ("hold", "lane_full", ALL, Setting(inject=fills_lane)),
    ("hold", "daemon_full", ALL, Setting({"lane": "main"}, NARROW, inject=fills_lane)),
    ("hold", "paused", ("request", "template"), Setting(inject=pauses)),
    ("hold", "paused", ("cron",),
     Setting(phase="evening", inject=pauses_at_noon, until=("18:10", 0))),
    ("hold", "not_idle", ALL, Setting({"only_if_idle": True})),
    ("hold", "not_before", ASKED, Setting(request={"at": at("09:00")})),
    ("hold", "no_funds", ALL, Setting({"ceiling_usd_micros": 6 * DOLLAR})),
    ("hold", "retry_backoff", ALL,
     Setting({"attempts": 2, "backoff_seconds": 3600}, outcome=ending(exit_code=1))),
    ("funds", "over_category_limit", ALL, Setting({"ceiling_usd_micros": 6 * DOLLAR})),
    ("funds", "over_day_limit", ALL, Setting({"ceiling_usd_micros": 11 * DOLLAR}, RICH)),
    ("funds", "category_spent", ALL, Setting(house=dear("study", 4.5), inject=spends("big"))),
    ("funds", "day_spent", ALL, Setting(house=CHORES_TEN, inject=spends("big"))),
    ("funds", "over_own_limit", SCHEDULED, Setting(intent={"daily_usd_micros": DOLLAR // 2})),
    ("funds", "own_limit_spent", SCHEDULED,
     Setting({"attempts": 2, "backoff_seconds": 60}, outcome=ending(exit_code=1),
             intent={"daily_usd_micros": 3 * DOLLAR // 2})),
    ("funds", "over_quota", ALL,
     Setting({"executor": "claude", "prompt": "go", "command": ()}, FEW)),
    ("funds", "closed", ALL, Setting(house=WILD, inject=spends("wild"), outcome=overruns)),
    ("drop", "no_phase_left", BRIEFLY,
     Setting(phase="evening", inject=changes_configuration(phases=()))),
    ("drop", "too_late", ASKED,
     Setting(phase="evening", then=releases, outcome=ending(**LATE))),
    ("drop", "replanned", PLANNED, Setting(inject=asks_for_a_plan)),
    ("drop", "configuration_changed", PLANNED,
     Setting(phase="evening", inject=changes_configuration(plan=Plan(per_phase_max=3)))),
    ("return", "paused", ALL, Setting(run=True, outcome=troubled("paused", False))),
    ("return", "too_late", ALL,
     Setting(run=True, phase="morning", outcome=ending(**LATE))),
    ("return", "doors_closed", ALL, Setting(run=True, outcome=troubled("doors_closed", False))),
    ("return", "daemon_stopped", ALL, Setting(run=True, outcome=troubled("daemon_stopped", False))),
    ("outcome", "failed", ALL, Setting(outcome=ending(exit_code=3))),
    ("outcome", "misconfigured", ASKED, Setting(inject=pauses_and_loses_its_action)),
    ("outcome", "misconfigured", ("cron",),
     Setting(phase="evening", inject=changes_configuration(actions={}), until=("18:10", 0))),
    ("outcome", "unknown", ALL, Setting(outcome=ending(exit_code=None))),
    *(("fault", fault, ALL, Setting(outcome=ending(result_fault=fault)))
      for fault in get_args(ResultFault)),
    *(("trouble", trouble, ALL, Setting(outcome=ending(exit_code=None, trouble=trouble,
                                                      resets_at=at("09:00"))))
      for trouble in get_args(Trouble) if trouble not in ("paused", "doors_closed")),
)  # fmt: skip


def over(inject: Inject, **job: Any) -> Setting:
    """Something stands in its way until its phase has ended, and it is dropped."""
    return Setting({"at_phase_end": "drop", **job}, phase="morning", inject=inject,
                   until=("12:05", 0))  # fmt: skip


def late(inject: Inject) -> Setting:
    """It may be put off no more."""
    return over(inject, at_phase_end="next_phase", defer_limit=0)


def evening(**job: Any) -> Setting:
    """It was planned before everything was paused: later it would be skipped."""
    return Setting(job, phase="evening", inject=pauses_at_noon, until=("22:05", 0))


# What is injected, how it drops the work, and the reason that is to be named first.
DROPPED: tuple[tuple[str, str, str, tuple[Source, ...], Setting], ...] = (
    ("hold", "lane_full", "phase_over", ALL, over(fills_lane)),
    ("hold", "lane_full", "defer_limit", ALL, late(fills_lane)),
    ("hold", "daemon_full", "phase_over", ALL,
     over(fills_lane, lane="main")._replace(house=NARROW)),
    ("hold", "paused", "phase_over", ("request", "template"), over(pauses)),
    ("hold", "paused", "defer_limit", ("request", "template"), late(pauses)),
    ("hold", "paused", "phase_over", ("cron",), evening(at_phase_end="drop")),
    ("hold", "paused", "defer_limit", ("cron",), evening(defer_limit=0)),
    ("hold", "lane_full", "start_deadline", ("cron",),
     Setting(inject=fills_lane, intent={"start_deadline_seconds": 600}, until=("06:50", 0))),
    ("hold", "no_funds", "phase_over", ALL,
     over(lambda world: None, ceiling_usd_micros=6 * DOLLAR)),
    ("funds", "over_category_limit", "phase_over", ALL,
     over(lambda world: None, ceiling_usd_micros=6 * DOLLAR)),
)  # fmt: skip
