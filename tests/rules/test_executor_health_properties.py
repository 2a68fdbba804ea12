"""Executors that fail, rest, are full and come back, in any order: the promises hold.

The world plays the queue, the budget, the clock, the doors and people from what the executor
itself decides; which of it happens next is up to hypothesis.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from hypothesis import given as for_any
from hypothesis import strategies as some
from msgspec import msgpack

from actors.executor.rules import RULES
from actors.executor.state import Executing
from events.budget import FundsReserved, QuotaReset, QuotaSpent
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Action, Configuration, ConfigurationLoaded, Step
from events.intents import AlertCleared, AlertRaised
from events.policies import Alerts, Provider
from events.record import Record
from events.requests import SettleRequested
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    ProbeEnded,
    ProbeStarting,
    RunClosed,
    RunEnded,
    RunRetrying,
    RunSettled,
    RunStarting,
    Trouble,
)
from events.time import AlarmCleared, AlarmRang, AlarmSet
from events.work import (
    StepReached,
    WorkFinished,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)
LIMITS = {"claude": 1, "codex": 2}
ACTIONS = {
    "ask": Action(executor="claude", fallback=("codex", "gemini"), attempts=2, backoff_seconds=1),
    "alone": Action(executor="claude", attempts=2, probe_command=("look",)),
    "page": Action(executor="http", fallback=("codex",), retry_on=("rate_limited", "failed")),
    "safe": Action(executor="codex", safe_to_repeat=True, attempts_per_day=1, attempts=3),
}
HOUSE = Configuration(
    actions=ACTIONS,
    executors={
        "claude": Provider(concurrency=LIMITS["claude"]),
        "codex": Provider(concurrency=LIMITS["codex"], rest_after_failures=1, rest_seconds=60),
    },
    alerts=Alerts(failures_per_hour=2),
)
TROUBLES: list[Trouble | None] = [
    None, None, None, "rate_limited", "rate_limited", "quota_exhausted", "not_ready", "lost",
    "lost", "misconfigured", "timed_out", "at_ceiling", "cancelled", "said_failed",
]  # fmt: skip
NEVER_BEGAN: list[Trouble] = ["program_missing", "not_ready", "too_late", "paused"]


class World:
    """Tells facts, obeys decisions, and keeps count. `restarts`: forget and remember each time."""

    def __init__(self, restarts: bool) -> None:
        self.state, self.position, self.restarts, self.at = Executing(), 0, restarts, NOON
        self.told: list[tuple[datetime, AnyFact, list[AnyDecision]]] = []
        self.waiting: dict[str, tuple[str, int, int, datetime]] = {}
        self.asked: dict[str, str] = {}  # run: work
        self.of: dict[str, str] = {}  # run: action
        self.live: dict[str, str] = {}
        self.probes: list[str] = []
        self.unknown: list[str] = []
        self.alarms: dict[str, datetime] = {}
        self.quotas: dict[str, datetime] = {}
        self.say(ConfigurationLoaded("d1", HOUSE))

    def say(self, fact: AnyFact) -> None:
        if self.restarts:
            self.state = msgpack.decode(msgpack.encode(self.state), type=Executing)
        self.position += 1
        record = Record(self.position, self.at, "world", None, fact)
        decided = list(RULES.consider(self.state, record))
        self.told.append((self.at, fact, decided))
        self.position += len(decided)
        for decision in decided:
            self.obey(decision)

    def obey(self, decision: AnyDecision) -> None:
        match decision:
            case RunStarting(run=run, work=work):
                self.live[run] = work
            case RunClosed(run=run, outcome=outcome):
                self.live.pop(run, None)
                self.asked.pop(run, None)
                if outcome == "unknown":
                    self.unknown.append(run)
            case RunRetrying(work, step, action, attempt, at):
                self.waiting[work] = action, step, attempt, at
            case WorkReturned(work=work, run=run, step=step, attempt=attempt):
                self.waiting[work] = self.of[run], step, attempt, self.at
            case StepReached(work=work, run=run, action=action):
                self.pay(work, run, action)
            case ProbeStarting(probe=probe):
                self.probes.append(probe)
            case AlarmSet(alarm, _, at):
                self.alarms[alarm] = at
            case AlarmCleared(alarm):
                self.alarms.pop(alarm, None)

    def plan(self, number: int) -> None:
        names = list(ACTIONS)
        first, second = names[number % 4], names[number // 4 % 4]
        steps = (Step(action=first), Step(action=second, when="always"))[: 1 + number % 2]
        work = f"w{self.position}-1"
        self.say(WorkPlanned(work, "study", "request", work, steps, "general", "main"))
        self.waiting[work] = first, 1, 1, self.at

    def release(self, number: int) -> None:
        work = list(self.waiting)[number % len(self.waiting)]
        action, step, attempt, at = self.waiting.pop(work)
        self.at = max(self.at, at)
        run = f"r{self.position}-9"
        self.say(WorkReleased(work, run, action, step, attempt, "general", 5))
        self.pay(work, run, action)

    def pay(self, work: str, run: str, action: str) -> None:
        self.asked[run], self.of[run] = work, action
        self.say(FundsReserved(run, work, "general", 5, TODAY))

    def end(self, number: int) -> None:
        run = list(self.live)[number % len(self.live)]
        never, trouble = number % 11 == 0, TROUBLES[number % len(TROUBLES)]
        if never:
            trouble = NEVER_BEGAN[number // 11 % len(NEVER_BEGAN)]
        code = None if trouble else number % 2
        resets = None if number % 3 else self.at + timedelta(seconds=number % 7_200)
        self.say(RunEnded(run, not never, self.at, code, trouble, resets_at=resets))

    def probe(self, number: int) -> None:
        probe = self.probes.pop(number % len(self.probes))
        self.say(ProbeEnded(probe, number % 3 or None))

    def settle(self, number: int) -> None:
        known = [*self.unknown, *self.live, "r0-0"]
        run = known[number % len(known)]
        self.say(SettleRequested(run, "failed" if number % 2 else "succeeded", f"k{number % 9}"))

    def stop(self, number: int) -> None:
        works = list(self.state.works)
        self.say(WorkStopping(works[number % len(works)]))

    def ring(self, number: int) -> None:
        alarm, at = min(self.alarms.items(), key=lambda item: item[1])
        self.at = max(self.at, at)
        del self.alarms[alarm]
        self.say(AlarmRang(alarm, "executor", at))

    def spend(self, number: int) -> None:
        if self.quotas:
            self.at = max(self.at, self.quotas.pop("codex"))
            self.say(QuotaReset("codex", "week"))
        else:
            self.quotas["codex"] = self.at + timedelta(seconds=number)
            self.say(QuotaSpent("codex", "week", self.quotas["codex"]))

    def possible(self) -> list[Callable[[int], None]]:
        return [
            *([self.end] * 4 if self.live else []),
            *([self.release] * 3 if self.waiting else []),
            *([self.probe] * 2 if self.probes else []),
            *([self.ring] if self.alarms else []),
            *([self.stop] if self.state.works else []),
            self.spend,
            self.settle,
            self.plan,
        ]

    def finish(self) -> None:
        """Everything is ended, waited for and released until nothing is left."""
        while self.waiting or self.live or self.probes or self.state.waiting:
            assert self.position < 20_000, "it never ends"
            self.possible()[0](self.position)


def lived(numbers: list[int], restarts: bool = False) -> World:
    world = World(restarts)
    for number in numbers:
        possible = world.possible()
        possible[number % len(possible)](number // len(possible))
        world.at += timedelta(seconds=number % 40)
    world.finish()
    return world


moves = some.lists(some.integers(0, 9_999), min_size=10, max_size=80)


@for_any(moves)
def test_nothing_is_asked_of_one_that_rests_and_no_more_than_may_be(numbers: list[int]) -> None:
    rests: dict[str, datetime] = {}
    quotas: dict[str, datetime] = {}
    open_: dict[str, str] = {}
    for at, fact, decided in lived(numbers).told:
        match fact:
            case QuotaSpent(executor, _, until):
                quotas[executor] = until
            case QuotaReset(executor):
                quotas.pop(executor, None)
        for one in decided:
            match one:
                case ExecutorRested(executor, _, until):
                    assert rests.get(executor, at) < until
                    rests[executor] = until
                case ExecutorRecovered(executor):
                    del rests[executor]
                case RunStarting(run=run, executor=executor):
                    open_[run] = executor
                    assert max(rests.get(executor, at), quotas.get(executor, at)) <= at
                    assert Counter(open_.values())[executor] <= LIMITS.get(executor, 99)
                case RunClosed(run=run):
                    open_.pop(run, None)


@for_any(moves)
def test_each_work_ends_once_and_nothing_is_left_of_it(numbers: list[int]) -> None:
    world = lived(numbers)
    decided = [one for _, _, decisions in world.told for one in decisions]
    ends = Counter(one.work for one in decided if isinstance(one, WorkFinished))
    assert ends == Counter(fact.work for _, fact, _ in world.told if isinstance(fact, WorkPlanned))
    state = world.state
    left = (state.works, state.asked, state.runs, state.waiting, state.probes)
    assert left == ({}, {}, {}, {}, {})


@for_any(moves)
def test_nothing_goes_on_beside_a_live_run_of_the_same_work(numbers: list[int]) -> None:
    live: dict[str, str] = {}
    for _, _, decided in lived(numbers).told:
        for one in decided:
            match one:
                case RunStarting(run=run, work=work):
                    assert live.setdefault(work, run) == run
                case RunClosed(run=run, work=work) if live.get(work) == run:
                    del live[work]
                case StepReached(work=work) | RunRetrying(work=work) | WorkFinished(work=work):
                    assert work not in live


@for_any(moves)
def test_only_an_unknown_run_is_settled_and_once(numbers: list[int]) -> None:
    unknown = set[str]()
    for _, _, decided in lived(numbers).told:
        for one in decided:
            match one:
                case RunClosed(run=run, outcome="unknown"):
                    unknown.add(run)
                case RunSettled(run=run):
                    unknown.remove(run)


@for_any(moves)
def test_an_alert_is_raised_once_and_cleared_once(numbers: list[int]) -> None:
    raised = set[tuple[str, str]]()
    for _, _, decided in lived(numbers).told:
        for one in decided:
            match one:
                case AlertRaised(alert, _, subject):
                    assert (alert, subject) not in raised
                    raised.add((alert, subject))
                case AlertCleared(alert, subject):
                    raised.remove((alert, subject))


@for_any(moves)
def test_an_attempt_that_was_turned_away_keeps_its_number(numbers: list[int]) -> None:
    turned = ("rate_limited", "quota_exhausted", "not_ready", "misconfigured")
    for _, _, decided in lived(numbers).told:
        closed = next((one for one in decided if isinstance(one, RunClosed)), None)
        for one in decided:
            if isinstance(one, RunRetrying) and closed is not None and closed.work == one.work:
                assert one.attempt > 1 or closed.outcome in turned


@for_any(moves)
def test_restarted_at_every_position_it_decides_the_same(numbers: list[int]) -> None:
    straight, restarted = lived(numbers), lived(numbers, restarts=True)
    assert straight.told == restarted.told
    assert straight.state == restarted.state
