"""Houses that a seed draws: short of money, room and time, with every kind of intent."""

from datetime import UTC, date, datetime, time
from typing import get_args

from msgspec.structs import replace

from actors.replay.draws import Draws
from events.configuration import (
    Action,
    Budget,
    Configuration,
    Dates,
    Day,
    Intent,
    Lane,
    On,
    Phase,
    Step,
    Template,
)
from events.policies import Alerts, Cleanup, Clock, Plan, Policies, Provider, Quota
from events.settings import (
    AtPhaseEnd,
    DstGap,
    DstOverlap,
    ExecutorKind,
    Hours,
    Misfire,
    Overlap,
    ProgramKind,
    When,
    WithoutCeiling,
)

PHASES = ("night", "morning", "afternoon", "evening")
HOURS = (time(22), time(6), time(12), time(18))  # at which they begin
ENDS: tuple[AtPhaseEnd, ...] = ("next_phase", "next_day", "drop")
WHENS: tuple[When, ...] = ("success", "failure", "always")
MISFIRES: tuple[Misfire, ...] = get_args(Misfire)
# Where everything runs beside itself, a house that is short of room only fills up.
OVERLAPS: tuple[Overlap, ...] = tuple(it for it in get_args(Overlap) if it != "allow_all")
WITHOUT_CEILING: tuple[WithoutCeiling, ...] = get_args(WithoutCeiling)
GAPS: tuple[DstGap, ...] = get_args(DstGap)
TWICES: tuple[DstOverlap, ...] = get_args(DstOverlap)


def house_of(draws: Draws, zone: str, start: date) -> Configuration:
    """A house in a zone, and for the days from that date on."""
    return Configuration(
        day=Day(timezone=zone, starts_at=time(draws.choice((0, 0, 4), "starts"))),
        phases=tuple(
            Phase(name=name, start=HOURS[nth], end=HOURS[(nth + 1) % 4])
            for nth, name in enumerate(PHASES)
        ),
        budget=Budget(
            daily_usd_micros=draws.between(300_000, 900_000, "daily"),
            reserve_usd_micros=100_000,
            categories={"study": 500_000, "upkeep": 300_000},
            without_ceiling=draws.choice(WITHOUT_CEILING, "without ceiling"),
        ),
        lanes={"main": Lane(concurrency=draws.between(1, 3, "main")), "side": Lane()},
        actions=_actions(draws),
        executors=_executors(draws),
        alerts=_alerts(draws),
        templates=_templates(draws),
        intents=_intents(draws, start),
        policies=_policies(draws),
        clock=Clock(catch_up_limit=draws.between(1, 4, "catch up")),
        plan=Plan(per_phase_max=2),
        cleanup=Cleanup(processes=True, disk_low_bytes=1 << 30, failed_keep_seconds=3 * 86_400),
    )


def _actions(draws: Draws) -> dict[str, Action]:
    return {
        "read": _action(draws, "read", "study", "main", 90_000),
        "write": _action(draws, "write", "study", "main", 60_000),
        "check": _action(draws, "check", "upkeep", "side", 0),
        "sweep": Action(executor="sweep", category="upkeep", lane="side"),
        "nothing": Action(executor="noop", category="upkeep", lane="side"),
        "ask": _agent(draws, "ask", "claude", "codex"),
        "ponder": _agent(draws, "ponder", "claude"),
    }


def _templates(draws: Draws) -> dict[str, Template]:
    study = Template(
        steps=(
            Step(action="read"),
            Step(action="write", when=draws.choice(WHENS, "when")),
            Step(action="check", when="always"),
        ),
        per_day=3,
        at_phase_end=draws.choice(ENDS, "end"),
        defer_limit=draws.below(3, "defer"),
        daily_usd_micros=draws.choice((None, None, 100_000, 200_000), "own limit"),
    )
    tidy = Template(steps=(Step(action="check"),), per_day=2, phases=("morning",))
    return {"study": study, "tidy": tidy}


def _executors(draws: Draws) -> dict[ExecutorKind, Provider]:
    """Each with a quota now and then, of runs, tokens or money."""
    hours = Quota(window_seconds=7_200, requests=draws.choice((None, 1, 3), "hours"))
    week = Quota(
        window_seconds=604_800,
        counted_from="week",
        usd_micros=draws.choice((None, 80_000), "week"),
        holds_ceilings=draws.happens(500, "holds ceilings"),
    )
    day = Quota(window_seconds=86_400, counted_from="day", requests=2)
    return {
        "claude": Provider(
            concurrency=draws.choice((None, 1, 2), "concurrency"),
            quotas={"hours": hours, "week": week},
        ),
        "codex": Provider(
            concurrency=1,
            rest_after_failures=1,
            rest_seconds=600,
            quotas=draws.choice(({}, {"day": day}), "day"),
        ),
    }


def _alerts(draws: Draws) -> Alerts:
    quiet = (Hours(start=time(22), end=time(7)), Hours(start=time(12), end=time(13), days=("sat",)))
    return Alerts(
        ways=draws.choice(((), ("nothing",), ("check", "nothing")), "ways"),
        quiet=draws.choice(((), quiet), "quiet"),
        repeat_seconds=draws.choice((0, 1_800, 21_600), "repeat"),
        budget_percents=draws.choice(((), (50, 80, 100)), "percents"),
        pace=draws.happens(500, "pace"),
        failures_per_hour=draws.choice((None, 1, 3), "failures"),
        breaker_failures=draws.choice((None, 1, 2), "breaker"),
        tell_over=draws.happens(500, "tell over"),
    )


def _action(draws: Draws, name: str, category: str, lane: str, estimate: int) -> Action:
    expected = draws.between(30, 4_000, "expected", name)
    return Action(
        command=(name,),
        category=category,
        lane=lane,
        priority=draws.choice(("critical", "normal", "low"), "priority", name),
        estimate_usd_micros=estimate,
        expected_seconds=expected,
        timeout_seconds=2 * expected,
        attempts=draws.between(1, 3, "attempts", name),
        backoff_seconds=draws.choice((0, 60, 5_000), "backoff", name),
        safe_to_repeat=draws.happens(500, "repeat", name),
    )


def _agent(draws: Draws, name: str, executor: ProgramKind, *fallback: ProgramKind) -> Action:
    return replace(
        _action(draws, name, "study", draws.choice(("main", "side"), "lane", name), 40_000),
        executor=executor,
        fallback=fallback,
        command=(),
        prompt=name,
        expected_seconds=draws.between(30, 900, "takes", name),
        probe_command=draws.choice(((), ("look",)), "probe", name),
        retry_on=("failed", "timed_out", "not_ready", "rate_limited"),
        attempts_per_day=draws.choice((None, 1, 2), "a day", name),
        backoff_jitter_millis=100,
    )


def _intents(draws: Draws, start: date) -> dict[str, Intent]:
    often = draws.between(3_600, 14_400, "often")
    jitter = draws.choice((None, 30, 600), "jitter")
    deadline = draws.choice((None, 600, 7_200), "deadline")
    return {
        "often": Intent(run="check", every_seconds=often, jitter_seconds=jitter),
        "daily": Intent(run="study", cron="30 2 * * *", phase="evening"),
        "minutes": Intent(run="check", cron="0,40 1-3 * * *", start_deadline_seconds=deadline),
        "clean": Intent(run="sweep", cron="15 13 * * *", self_restart=draws.happens(500, "self")),
        "idle": Intent(run="nothing", every_seconds=28_800),
        "quiet": Intent(run="check", every_seconds=10_800, only_if_idle=True, overlap="allow_all"),
        "rest": Intent(run="write", every_seconds=7_200, every_from="completion"),
        "then": Intent(run="read", after="often", after_when="always", max_runs=4),
        "heard": Intent(run="check", on=On(signal="bell"), user_facing=True),
        "alerted": Intent(run="check", on=On(alert="clock_stepped")),
        "poor": Intent(run="nothing", on=On(spent=draws.choice(("study", "day"), "spent"))),
        "once": Intent(run="check", now=True),
        "asked": Intent(run="ask", every_seconds=draws.choice((1_800, 5_400), "asked")),
        "pondered": Intent(run="ponder", every_seconds=5_400, overlap="allow_all"),
        "office": Intent(
            run="check",
            cron="*/50 * * * *",
            windows=(Hours(start=time(9), end=time(17)),),
            phases=("morning", "afternoon"),
            exclude=(Dates(first=date(start.year, 12, 24), last=date(start.year, 12, 26)),),
            ends_at=datetime(2027, 1, 1, tzinfo=UTC),
        ),
    }


def _policies(draws: Draws) -> Policies:
    return Policies(
        misfire=draws.choice(MISFIRES, "misfire"),
        misfire_window_seconds=draws.choice((None, 1_800), "window"),
        misfire_limit=draws.between(1, 4, "misfire limit"),
        overlap=draws.choice(OVERLAPS, "overlap"),
        overlap_limit=draws.between(1, 3, "overlap limit"),
        dst_gap=draws.choice(GAPS, "gap"),
        dst_overlap=draws.choice(TWICES, "twice"),
        jitter_seconds=draws.choice((0, 0, 20), "jitters"),
    )
