"""Every reason of every closed list is brought about, and named first when somebody asks why."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, get_args

import pytest

from actors.replay import reasons
from actors.replay.explaining import Explanation
from events.budget import RefuseReason
from events.configuration import ConfigurationLoaded, Executor, Intent, Plan, Window
from events.daemon import DaemonStarted, DaemonStopped
from events.plan import PassOverReason, SkipReason, WithdrawReason, WorkWithdrawn
from events.requests import (
    CancelRequested,
    PauseRequested,
    Refusal,
    ReleaseRequested,
    ReplanRequested,
    RequestRefused,
    ResumeRequested,
)
from events.runs import Outcome, ResultFault, RunResult, RunStarting, Trouble
from events.time import MissReason, PhaseMissReason, TimePassed
from events.work import DropReason, HoldReason, ReturnReason, WorkHeld, WorkState
from tests.rules.explain_matrix_story import Inject, Setting, Source, lived
from tests.rules.explain_story import (
    DAWN,
    DOLLAR,
    HOUSE,
    Endings,
    Step,
    World,
    action,
    at,
    budget,
    ending,
    intent,
    study,
    templates,
    troubled,
    with_,
)

ALL: tuple[Source, ...] = ("request", "cron", "template")
BRIEFLY: tuple[Source, ...] = ("request", "cron")
ASKED: tuple[Source, ...] = ("request",)
PLANNED: tuple[Source, ...] = ("template",)

LISTS: Mapping[str, Any] = {
    "hold": HoldReason,
    "drop": DropReason,
    "funds": RefuseReason,
    "skip": SkipReason,
    "miss": MissReason,
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
LATE: dict[str, Any] = {"minutes": 6, "started": False, "exit_code": None, "trouble": "too_late"}

Row = tuple[str, str, tuple[Source, ...], Setting]
WORKS: tuple[Row, ...] = (
    ("hold", "phase_not_open", ALL, Setting(phase="evening")),
    ("hold", "lane_full", ALL, Setting(inject=fills_lane)),
    ("hold", "daemon_full", ALL, Setting({"lane": "main"}, NARROW, inject=fills_lane)),
    ("hold", "paused", ALL, Setting(inject=pauses)),
    ("hold", "not_before", ASKED, Setting(request={"at": at("09:00")})),
    ("hold", "no_funds", ALL, Setting({"ceiling_usd_micros": 6 * DOLLAR})),
    ("hold", "retry_backoff", ALL,
     Setting({"attempts": 2, "backoff_seconds": 3600}, outcome=ending(exit_code=1))),
    ("funds", "over_category_limit", ALL, Setting({"ceiling_usd_micros": 6 * DOLLAR})),
    ("funds", "over_day_limit", ALL, Setting({"ceiling_usd_micros": 11 * DOLLAR}, RICH)),
    ("funds", "category_spent", ALL, Setting(house=dear("study", 4.5), inject=spends("big"))),
    ("funds", "day_spent", ALL, Setting(house=CHORES_TEN, inject=spends("big"))),
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
    ("outcome", "misconfigured", BRIEFLY, Setting(inject=pauses_and_loses_its_action)),
    ("outcome", "unknown", ALL, Setting(outcome=ending(exit_code=None))),
    *(("fault", fault, ALL, Setting(outcome=ending(result_fault=fault)))
      for fault in get_args(ResultFault)),
    *(("trouble", trouble, ALL, Setting(outcome=troubled(trouble)))
      for trouble in get_args(Trouble) if trouble not in ("paused", "doors_closed")),
)  # fmt: skip


def over(inject: Inject, **job: Any) -> Setting:
    """Something stands in its way until its phase has ended, and it is dropped."""
    return Setting({"at_phase_end": "drop", **job}, phase="morning", inject=inject,
                   until=("12:05", 0))  # fmt: skip


def late(inject: Inject) -> Setting:
    """It may be put off no more."""
    return over(inject, at_phase_end="next_phase", defer_limit=0)


# What is injected, how it drops the work, and the reason that is to be named first.
DROPPED: tuple[tuple[str, str, str, tuple[Source, ...], Setting], ...] = (
    ("hold", "lane_full", "phase_over", ALL, over(fills_lane)),
    ("hold", "lane_full", "defer_limit", ALL, late(fills_lane)),
    ("hold", "daemon_full", "phase_over", ALL,
     over(fills_lane, lane="main")._replace(house=NARROW)),
    ("hold", "paused", "phase_over", ALL, over(pauses)),
    ("hold", "paused", "defer_limit", ALL, late(pauses)),
    ("hold", "no_funds", "phase_over", ALL,
     over(lambda world: None, ceiling_usd_micros=6 * DOLLAR)),
    ("funds", "over_category_limit", "phase_over", ALL,
     over(lambda world: None, ceiling_usd_micros=6 * DOLLAR)),
)  # fmt: skip


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


# What becomes no work: each question is put to a world of its own.


def skipped_while_running() -> Explanation:
    world = World(intent(run="busy", cron="*/30 * * * *"), busy())
    return world.until("06:40").why_occurrence("hourly", at("06:30"))


def busy() -> Endings:
    return ending(minutes=45)


def overtaken(change: dict[str, Intent]) -> Explanation:
    """The configuration changes between the clock's moment and what the planner hears of it."""
    house = intent(cron="30 6 * * *")
    world = World(house).until("06:29")
    world.rush(at("06:30"), TimePassed(), ConfigurationLoaded("d2", with_(house, intents=change)))
    return world.why_occurrence("hourly", at("06:30"))


def runs_what_nobody_knows() -> Explanation:
    return World(intent(run="nothing")).until("07:10").why_occurrence("hourly", at("07:00"))


def waits_for_no_phase() -> Explanation:
    return World(intent(phase="noon")).until("07:10").why_occurrence("hourly", at("07:00"))


def missed_while_down() -> Explanation:
    world = World(intent()).until("06:40")
    world.say(at("06:41"), DaemonStopped("asked"), "daemon")
    world.say(at("09:30"), DaemonStarted("0", 2, "boot"), "daemon")
    return world.why_occurrence("hourly", at("08:00"))


def missed_in_sleep() -> Explanation:
    world = World(intent()).until("06:40")
    world.say(at("09:30"), TimePassed(), "timer")
    return world.why_occurrence("hourly", at("08:00"))


def configured_too_late() -> Explanation:
    past = at("05:00")
    return World(intent(cron=None, at=past)).why_occurrence("hourly", past)


def phase_while_down() -> Explanation:
    world = World().until("17:00")
    world.say(at("17:01"), DaemonStopped("asked"), "daemon")
    world.say(at("23:00"), DaemonStarted("0", 2, "boot"), "daemon")
    return world.why_phase("evening")


def phase_before_the_first_start() -> Explanation:
    world = World(start=False)
    world.say(at("13:00"), ConfigurationLoaded("d", HOUSE), "daemon")
    world.say(at("13:00"), DaemonStarted("0", 1, "boot"), "daemon")
    return world.why_phase("morning")


def asked_for_what_nobody_knows() -> Explanation:
    world = World()
    world.asks("raed", "k")
    return world.why_request("k")


def asked_for_no_phase() -> Explanation:
    world = World()
    world.asks("read", "k", phase="noon")
    return world.why_request("k")


def cancels(*endings: str) -> Explanation:
    """What runs is cancelled as often as there are keys, the last time too late or in vain."""
    world = World(outcome=busy())
    work = world.asks("read", "k")
    for clock, key in zip(endings, "abc", strict=False):
        world.hears(CancelRequested(work, key), clock)
    return world.why_request("abc"[len(endings) - 1])


def releases_what_runs() -> Explanation:
    world = World(outcome=busy())
    world.hears(ReleaseRequested(world.asks("read", "k"), "a"))
    return world.why_request("a")


def pauses_twice() -> Explanation:
    world = World()
    world.hears(PauseRequested("all", "a"))
    world.hears(PauseRequested("all", "b"))
    return world.why_request("b")


def resumes_what_goes_on() -> Explanation:
    world = World()
    world.hears(ResumeRequested("all", "a"))
    return world.why_request("a")


def plans_before_the_day() -> Explanation:
    world = World(start=False)
    world.say(DAWN, ConfigurationLoaded("d", HOUSE), "daemon")
    world.say(DAWN, ReplanRequested("a"), "cli")
    return world.why_request("a")


def asks_in_an_intents_name() -> Explanation:
    """No rule refuses for this reason yet; a log may come to hold it all the same."""
    world = World()
    asked = world.hears(ReplanRequested("a"))
    world.log[-1:] = []
    answered = world.log[-1]
    refused = RequestRefused("a", "hourly", "intent_disabled")
    world.log[asked:] = [type(answered)(asked + 1, answered.at, "planner", asked, refused, 1)]
    return world.why_request("a")


def asks_when_too_much_waits() -> Explanation:
    world = World()
    world.asks("read", "k", phase="evening")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("actors.planner.rules.WORKS_MAX", 1)
        world.asks("read", "l")
        return world.why_request("l")


def money_before_the_day() -> Explanation:
    world = World(start=False)
    world.say(DAWN, ConfigurationLoaded("d", HOUSE), "daemon")
    return world.why(world.asks("read"))


def passed_over(house: Any, phase: str = "evening", template: str = "study") -> Explanation:
    return World(house).why_passed(phase, template)


def taken_back(reason: WithdrawReason) -> Explanation:
    row = next(it for it in WORKS if it[1] == reason)
    world, _ = lived(row[3], "template")
    told = world.why(str(getattr(world.last(WorkWithdrawn).fact, "work", "")))
    assert reasons.WITHDRAWALS[reason] in " ".join(line.says for line in told.chain)
    return told


def ended(reason: WorkState) -> Explanation:
    """Cancelled while it waits, or run to its end."""
    if reason == "cancelled":
        world = World()
        work = world.asks("read", phase="evening")
        world.hears(CancelRequested(work, "c", "not wanted"))
        return world.why(work)
    code = {"completed": 0, "unknown": None}.get(reason, 1)
    world = World(action("read", attempts=3 if reason == "buried" else 1), ending(exit_code=code))
    work = world.asks("read")
    return world.until("12:00").why(work)


TWO = templates(study=study(), other=study())
BIG = action("big", category="study", estimate_usd_micros=6 * DOLLAR)
LONG = action("long", category="chores", expected_seconds=5 * 3600)
QUESTIONS: dict[tuple[str, str], Callable[[], Explanation]] = {
    ("skip", "still_running"): skipped_while_running,
    ("skip", "intent_unknown"): lambda: overtaken({}),
    ("skip", "intent_disabled"): lambda: overtaken(
        {"hourly": Intent(run="read", cron="30 6 * * *", enabled=False)}
    ),
    ("skip", "work_unknown"): runs_what_nobody_knows,
    ("skip", "phase_unknown"): waits_for_no_phase,
    ("miss", "daemon_down"): missed_while_down,
    ("miss", "late"): missed_in_sleep,
    ("miss", "in_the_past"): configured_too_late,
    ("phase_miss", "daemon_down"): phase_while_down,
    ("phase_miss", "before_first_start"): phase_before_the_first_start,
    ("refusal", "unknown_subject"): asked_for_what_nobody_knows,
    ("refusal", "unknown_phase"): asked_for_no_phase,
    ("refusal", "already_ended"): lambda: cancels("08:00"),
    ("refusal", "already_running"): releases_what_runs,
    ("refusal", "already_paused"): pauses_twice,
    ("refusal", "not_paused"): resumes_what_goes_on,
    ("refusal", "nothing_to_do"): lambda: cancels("06:00", "06:01"),
    ("refusal", "no_day_open"): plans_before_the_day,
    ("refusal", "intent_disabled"): asks_in_an_intents_name,
    ("refusal", "too_many_waiting"): asks_when_too_much_waits,
    ("funds", "no_day_open"): money_before_the_day,
    ("passed_over", "disabled"): lambda: passed_over(templates(study=study(enabled=False))),
    ("passed_over", "outside_windows"): lambda: passed_over(
        templates(study=study(windows=(Window(start=at("06:00").time(), end=at("07:00").time()),)))
    ),
    ("passed_over", "phase_not_wanted"): lambda: passed_over(templates(study=study()), "morning"),
    ("passed_over", "daily_limit"): lambda: passed_over(templates(study=study(phases=()))),
    ("passed_over", "phase_limit"): lambda: passed_over(templates(study=study(per_phase=0))),
    ("passed_over", "phase_full"): lambda: passed_over(
        with_(templates(study=study()), plan=Plan(per_phase_max=0))
    ),
    ("passed_over", "no_money_in_category"): lambda: passed_over(
        templates(BIG, study=study(steps=(Step(action="big"),)))
    ),
    ("passed_over", "no_money_left"): lambda: passed_over(
        templates(budget(daily_usd_micros=DOLLAR // 2), study=study())
    ),
    ("passed_over", "no_time_left"): lambda: passed_over(
        templates(LONG, study=study(steps=(Step(action="long"),)))
    ),
    ("passed_over", "outscored"): lambda: passed_over(
        with_(TWO, plan=Plan(per_phase_max=1)), template="study"
    ),
}

QUESTIONS |= {("withdrawal", it): partial(taken_back, it) for it in get_args(WithdrawReason)}
QUESTIONS |= {("end", it): partial(ended, it) for it in get_args(WorkState)}


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
        case "withdrawal":
            assert _named(told) == [("drop", reason)]
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
    assert {reason for list_, reason in rows if list_ == within} == set(get_args(LISTS[within]))
    assert set(reasons.LISTS[within]) == set(get_args(LISTS[within]))


def test_at_least_twenty_five_causes_are_brought_about_in_each_way_they_can_be() -> None:
    causes = {row[:2] for row in WORKS} | {("drop", row[2]) for row in DROPPED}
    assert len(causes) >= 25
    assert len([None for row in WORKS for _ in row[2]]) >= 75
