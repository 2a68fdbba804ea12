"""Short worlds in which everything that can go wrong does: our deterministic test bed.

A seed draws the configuration, what people ask for and when, which actor considers next, how
runs go, and what fails. The same seed gives the same log.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, NamedTuple

from msgspec.structs import replace

from actors.replay.books import BOOKS
from actors.replay.courses import History, course_of
from actors.replay.draws import Draws
from actors.replay.faults import FaultyWorld, Rates
from actors.replay.houses import PHASES, house_of
from actors.rules import Rules
from actors.triggers.walls import stretch_at
from events.catalogue import ARequest
from events.cleanup import SweepRequested
from events.configuration import Action, Intent
from events.intents import (
    IntentAddRequested,
    IntentRemoveRequested,
    IntentSwitchRequested,
    SignalReceived,
)
from events.record import Record
from events.requests import (
    CancelRequested,
    LimitRequested,
    LimitScope,
    MoveRequested,
    PauseRequested,
    ReleaseRequested,
    ReplanRequested,
    ResumeRequested,
    ReviveRequested,
    SettleRequested,
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
    quota=60,
    not_ready=60,
    login=40,
    at_ceiling=40,
    escape=20,
    crash=700,
    power_cut=200,
    stop=300,
    host_sleep=300,
    clock_forward=200,
    clock_back=200,
    clock_far=100,
    edit=200,
    bad_edit=50,
    other_zones=50,
    signal=700,
    keeper_lost=200,
    paused_start=100,
    busy=400,
)
# Days before clocks change, and such as any other.
STARTS = (
    ("UTC", date(2026, 11, 20)),
    ("Europe/Berlin", date(2026, 3, 28)),
    ("America/New_York", date(2026, 10, 31)),
    ("America/New_York", date(2026, 3, 7)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Asia/Kolkata", date(2026, 2, 28)),
)
SCOPES: tuple[tuple[LimitScope, str], ...] = (
    ("day", ""),
    ("category", "study"),
    ("template", "study"),
    ("intent", "daily"),
)
AMOUNTS = (None, 0, 50_000, 150_000, 400_000, 2_000_000)
ASKS_MAX = 16  # of people, in one world
INTENTS = (
    Intent(run="check", every_seconds=1_800),
    Intent(run="read", now=True),
    Intent(run="check", after="daily"),
    Intent(run="stranger", every_seconds=60),
    Intent(run="check", every_seconds=900, max_runs=2),
)
PROMPT = Action(executor="claude", prompt="What is new?", lane="side", ceiling_usd_micros=20_000)


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
    world.begin(begin, house_of(draws, zone, start))
    _let_people_ask(world, draws, begin, days)
    world.live_days(days)
    for night in nights_between(zone, begin, world.wall):
        world.met[night] += 1
    return Trial(world.log, world.met)


def nights_between(zone: str, begin: datetime, end: datetime) -> Sequence[str]:
    """The changes of the clocks of a zone in a stretch of time, as the wall showed it."""
    found, at, last = [], int(begin.timestamp()), int(end.timestamp())
    while (at := stretch_at(zone, at).end) <= last:
        stretch = stretch_at(zone, at)
        if stretch.offset != stretch.before:
            found.append("dst_gap" if stretch.offset > stretch.before else "dst_overlap")
    return found


def _let_people_ask(world: FaultyWorld, draws: Draws, begin: datetime, days: int) -> None:
    for nth in range(draws.below(ASKS_MAX + 1, "asks")):
        second = draws.below(86_400 * days, "asked", nth)

        def ask(nth: int = nth) -> None:
            world.tell("cli", [_request(world, draws, nth)])

        world.later(begin + timedelta(seconds=second), ask)


def _request(world: FaultyWorld, draws: Draws, nth: int) -> ARequest:
    key = f"k{draws.below(ASKS_MAX, 'key', nth)}"  # Now and then one comes again.
    asks: tuple[ARequest, ...] = (
        *_of_work(world, draws, nth, key),
        *_of_intents(draws, nth, key),
        *_of_runs(world, draws, nth, key),
        *_of_money(draws, nth, key),
        SweepRequested(key, ("runs", "temp") if nth % 2 else ()),
    )
    return draws.choice(asks, "ask", nth)


def _of_work(world: FaultyWorld, draws: Draws, nth: int, key: str) -> Sequence[ARequest]:
    works = [*world.states["phase_queue"].works] or ["w1-1"]
    work, phase = draws.choice(works, "work", nth), draws.choice(PHASES, "phase", nth)
    at = world.wall + timedelta(hours=draws.below(6, "at", nth))
    subject = draws.choice(("study", "read", "check", "stranger"), "subject", nth)
    buried = draws.choice([*world.states["planner"].buried] or ["w1-1"], "buried", nth)
    prompt = replace(PROMPT, lane=draws.choice(("side", "side", "sied"), "asked lane", nth))
    return (
        WorkRequested(subject, key, phase if nth % 2 else None, at if nth % 3 else None),
        WorkRequested("read", key),
        WorkRequested("prompted", key, action=prompt, lane_must_be_known=bool(nth % 2)),
        ReviveRequested(buried, key),
        IntentSwitchRequested(_name(draws, nth), True, key),
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


def _of_intents(draws: Draws, nth: int, key: str) -> Sequence[ARequest]:
    name, made = _name(draws, nth), draws.choice(INTENTS, "made", nth)
    return (
        SignalReceived("bell", key, '{"from": "a person"}'),
        IntentAddRequested(name, made, key),
        IntentAddRequested("mine", made, key),
        IntentRemoveRequested(name, key),
        IntentSwitchRequested(name, bool(nth % 2), key),
    )


def _name(draws: Draws, nth: int) -> str:
    return draws.choice(("mine", "often", "quiet", "daily"), "intent", nth)


def _of_runs(world: FaultyWorld, draws: Draws, nth: int, key: str) -> Sequence[ARequest]:
    executor = world.states["executor"]
    run = draws.choice([*executor.unknown, *executor.runs] or ["r1-1"], "run", nth)
    return (
        SettleRequested(run, "succeeded" if nth % 2 else "failed", key, nth or None),
        SettleRequested(run, "failed", key),
    )


def _of_money(draws: Draws, nth: int, key: str) -> Sequence[LimitRequested]:
    """A limit is changed by hand, for today, for good, or back."""
    (scope, name), amount = draws.choice(SCOPES, "scope", nth), draws.choice(AMOUNTS, "amount", nth)
    return [
        LimitRequested(scope, key, name, amount),
        LimitRequested(scope, key, name, amount, for_good=True),
        LimitRequested("category", key, "study", amount),
    ]
