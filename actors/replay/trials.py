"""Short worlds in which everything that can go wrong does: our deterministic test bed.

A seed draws the configuration, what people ask for and when, which actor considers next, how
runs go, and what fails. The same seed gives the same log.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, NamedTuple

from actors.replay.books import BOOKS
from actors.replay.courses import History, course_of
from actors.replay.draws import Draws
from actors.replay.faults import FaultyWorld, Rates
from actors.rules import Rules
from events.catalogue import ARequest
from events.configuration import (
    Action,
    AtPhaseEnd,
    Budget,
    Configuration,
    Day,
    Intent,
    Lane,
    Phase,
    Plan,
    Step,
    Template,
    When,
)
from events.record import Record
from events.requests import (
    CancelRequested,
    MoveRequested,
    PauseRequested,
    ReleaseRequested,
    ReplanRequested,
    ResumeRequested,
    WorkRequested,
)

RATES = Rates(
    hang=40,
    rate_limit=80,
    failure=80,
    slow=80,
    unseen=40,
    overspent=40,
    missing=20,
    crash=700,
    power_cut=200,
    stop=300,
    host_sleep=300,
    clock_forward=200,
    clock_back=200,
    paused_start=100,
)
# Days on which clocks change, and such as any other.
STARTS = (
    ("UTC", date(2026, 11, 20)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Asia/Kolkata", date(2026, 2, 28)),
)
PHASES = ("night", "morning", "afternoon", "evening")
ASKS_MAX = 12  # of people, in one world


class Trial(NamedTuple):
    """A world that was lived, and how often each fault came to pass in it."""

    log: Sequence[Record]
    met: Counter[str]


def trial(seed: int, books: Iterable[Rules[Any]] = BOOKS, days: int = 1) -> Trial:
    """Live the world of a seed."""
    draws, history = Draws(seed), History()
    zone, start = draws.choice(STARTS, "start")
    steps = count()

    def pick(ready: Sequence[str]) -> str:
        return ready[0] if len(ready) == 1 else draws.choice(ready, next(steps))

    world = FaultyWorld(
        lambda name, run: course_of(draws, history, name, run.name, run.action),
        draws,
        RATES,
        books=books,
        pick=pick,
    )
    begin = datetime.combine(start, time(draws.below(24, "hour")), UTC)
    world.begin(begin, configuration_of(draws, zone))
    _let_people_ask(world, draws, begin, days)
    world.live_days(days)
    return Trial(world.log, world.met)


def configuration_of(draws: Draws, zone: str) -> Configuration:
    """A house that is short of money, room and time."""
    ends: tuple[AtPhaseEnd, ...] = ("next_phase", "next_day", "drop")
    whens: tuple[When, ...] = ("success", "failure", "always")
    hours = (time(22), time(6), time(12), time(18))
    return Configuration(
        day=Day(timezone=zone, starts_at=time(draws.choice((0, 0, 4), "starts"))),
        phases=tuple(
            Phase(name=name, start=hours[nth], end=hours[(nth + 1) % 4])
            for nth, name in enumerate(PHASES)
        ),
        budget=Budget(
            daily_usd_micros=draws.between(300_000, 900_000, "daily"),
            reserve_usd_micros=100_000,
            categories={"study": 500_000, "upkeep": 300_000},
        ),
        lanes={"main": Lane(concurrency=draws.between(1, 3, "main")), "side": Lane()},
        actions={
            "read": _action(draws, "read", "study", "main", 90_000),
            "write": _action(draws, "write", "study", "main", 60_000),
            "check": _action(draws, "check", "upkeep", "side", 0),
            "sweep": Action(executor="sweep", category="upkeep", lane="side"),
            "nothing": Action(executor="noop", category="upkeep", lane="side"),
        },
        templates={
            "study": Template(
                steps=(
                    Step(action="read"),
                    Step(action="write", when=draws.choice(whens, "when")),
                    Step(action="check", when="always"),
                ),
                per_day=3,
                at_phase_end=draws.choice(ends, "end"),
                defer_limit=draws.below(3, "defer"),
            ),
            "tidy": Template(steps=(Step(action="check"),), per_day=2, phases=("morning",)),
        },
        intents={
            "often": Intent(run="check", every_seconds=draws.between(3_600, 14_400, "often")),
            "daily": Intent(run="study", cron="30 2 * * *", phase="evening"),
            "clean": Intent(run="sweep", cron="15 13 * * *"),
            "idle": Intent(run="nothing", every_seconds=28_800),
        },
        plan=Plan(per_phase_max=2),
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


def _let_people_ask(world: FaultyWorld, draws: Draws, begin: datetime, days: int) -> None:
    for nth in range(draws.below(ASKS_MAX + 1, "asks")):
        second = draws.below(86_400 * days, "asked", nth)

        def ask(nth: int = nth) -> None:
            world.tell("cli", [_request(world, draws, nth)])

        world.later(begin + timedelta(seconds=second), ask)


def _request(world: FaultyWorld, draws: Draws, nth: int) -> ARequest:
    key = f"k{draws.below(ASKS_MAX, 'key', nth)}"  # Now and then one comes again.
    works = [*world.states["phase_queue"].works] or ["w1-1"]
    work, phase = draws.choice(works, "work", nth), draws.choice(PHASES, "phase", nth)
    at = world.wall + timedelta(hours=draws.below(6, "at", nth))
    subject = draws.choice(("study", "read", "check", "stranger"), "subject", nth)
    asks: tuple[ARequest, ...] = (
        WorkRequested(subject, key, phase if nth % 2 else None, at if nth % 3 else None),
        WorkRequested("read", key),
        ReleaseRequested(work, key),
        MoveRequested(work, phase, key),
        CancelRequested(work, key),
        ReplanRequested(key),
        PauseRequested("category", key, "study"),
        ResumeRequested("category", key, "study"),
        PauseRequested("all", key),
        ResumeRequested("all", key),
        ResumeRequested("all", key),
    )
    return draws.choice(asks, "ask", nth)
