"""Questions about what became no work, each put to a world of its own."""

from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import pytest

from actors.replay import reasons
from actors.replay.explaining import Explanation
from events.configuration import Action, ConfigurationLoaded, Intent, Window
from events.daemon import DaemonStarted, DaemonStopped
from events.plan import WithdrawReason, WorkWithdrawn
from events.policies import Plan
from events.requests import (
    CancelRequested,
    PauseRequested,
    ReleaseRequested,
    ReplanRequested,
    ResumeRequested,
)
from events.time import (
    HostSlept,
    TimePassed,
)
from events.work import WorkState
from tests.rules.explain_alerts_story import QUESTIONS as OF_ALERTS
from tests.rules.explain_matrix_story import lived
from tests.rules.explain_runs_story import QUESTIONS as OF_RUNS
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
    with_,
)
from tests.rules.explain_time_story import QUESTIONS as OF_TIME
from tests.rules.explain_works_story import WORKS


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


def phase_while_down() -> Explanation:
    world = World().until("17:00")
    world.say(at("17:01"), DaemonStopped("asked"), "daemon")
    world.say(at("23:00"), DaemonStarted("0", 2, "boot"), "daemon")
    return world.why_phase("evening")


def phase_while_asleep() -> Explanation:
    world = World().until("17:00")
    world.say(at("23:00"), HostSlept(6 * 3_600_000, at("17:00")), "timer")
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


def asked_in_no_lane() -> Explanation:
    world, prompt = World(), Action(executor="claude", prompt="Why?", lane="dsek")
    world.asks("ask", "k", action=prompt, lane_must_be_known=True)
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
    ("phase_miss", "daemon_down"): phase_while_down,
    ("phase_miss", "before_first_start"): phase_before_the_first_start,
    ("phase_miss", "asleep"): phase_while_asleep,
    ("refusal", "unknown_subject"): asked_for_what_nobody_knows,
    ("refusal", "unknown_phase"): asked_for_no_phase,
    ("refusal", "unknown_lane"): asked_in_no_lane,
    ("refusal", "already_ended"): lambda: cancels("08:00"),
    ("refusal", "already_running"): releases_what_runs,
    ("refusal", "already_paused"): pauses_twice,
    ("refusal", "not_paused"): resumes_what_goes_on,
    ("refusal", "nothing_to_do"): lambda: cancels("06:00", "06:01"),
    ("refusal", "no_day_open"): plans_before_the_day,
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
QUESTIONS |= OF_TIME
QUESTIONS |= OF_ALERTS
QUESTIONS |= OF_RUNS
QUESTIONS |= {("end", it): partial(ended, it) for it in get_args(WorkState)}
