"""A house that is hard on the budget: 64 clients, all of whom may ask, run and end before the
budget has heard of the first; days that turn, limits that change, memories that are lost."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from msgspec import msgpack

from actors.budget.ledger import Ledger
from actors.budget.rules import RULES
from events.budget import (
    CostSource,
    FundsReserved,
    QuotaReset,
    QuotaSpent,
)
from events.catalogue import AnyDecision, AnyFact
from events.configuration import ConfigurationLoaded
from events.record import Record
from events.requests import LimitRequested, LimitScope, ResumeRequested
from events.runs import Outcome, RunClosed, RunSettled, RunStarting
from events.settings import ExecutorKind, Priority
from events.time import AlarmCleared, AlarmRang, AlarmSet, DayStarted
from events.work import WorkCancelled, WorkReleased
from tests.rules.ledger_model import CATEGORIES, FIRST, OWN, Model, house

CLIENTS = 64
PRIORITIES: tuple[Priority, ...] = ("critical", "normal", "low")
OUTCOMES: tuple[Outcome, ...] = ("succeeded", "succeeded", "failed", "timed_out", "unknown")
EXECUTORS: tuple[ExecutorKind, ...] = ("command", "claude")
CHAINS: tuple[tuple[ExecutorKind, ...], ...] = ((), (), (), ("claude",), ("codex", "claude"))
SOURCES: tuple[CostSource, ...] = ("reported", "priced")
LIMITS: tuple[tuple[LimitScope, str], ...] = (
    ("day", ""),
    ("category", "research"),
    ("template", "weekly"),
    ("intent", "early"),
)
SNAPSHOT_EVERY = 400


@dataclass
class House:
    """The budget among those that use it."""

    random: Random
    model: Model = field(default_factory=Model)
    ledger: Ledger = field(default_factory=Ledger)
    inbox: deque[tuple[datetime, AnyFact]] = field(default_factory=deque)
    at: datetime = datetime(2026, 11, 20, tzinfo=UTC)
    day: date = FIRST
    newest: date = FIRST
    position: int = 0
    works: int = 0
    open: list[FundsReserved] = field(default_factory=list)  # paid, and not known to have ended
    began: dict[str, ExecutorKind] = field(default_factory=dict)  # by run
    lost: list[str] = field(default_factory=list)
    alarms: dict[str, datetime] = field(default_factory=dict)
    rests: set[tuple[ExecutorKind, str]] = field(default_factory=set)
    snapshot: bytes = b""
    since: list[tuple[Record, list[AnyDecision]]] = field(default_factory=list)
    crashes: int = 0
    concurrent: int = 0

    def live(self, steps: int) -> None:
        """So many records are considered."""
        self.tell(ConfigurationLoaded("d", self.model.house), DayStarted(self.day, *self.bounds()))
        while self.position < steps:
            for _ in range(self.random.choice((1, 1, 2, 8, CLIENTS))):
                self.tell(*self.happens())
            self.concurrent = max(self.concurrent, len(self.inbox))
            for _ in range(self.random.randint(0, len(self.inbox))):
                self.consider()
            if self.random.random() < 0.01:
                self.crash()

    def rest(self) -> None:
        """Everything that runs ends, and nobody asks any more."""
        while self.inbox or self.open:
            while self.inbox:
                self.consider()
            while self.open:
                self.tell(self.ends(self.open.pop()))

    def tell(self, *facts: AnyFact) -> None:
        self.inbox.extend((self.at, fact) for fact in facts)

    def bounds(self) -> tuple[datetime, datetime]:
        begin = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)
        return begin, begin + timedelta(days=1)

    def happens(self) -> Iterator[AnyFact]:
        draw, chance = self.random, self.random.random()
        self.at += timedelta(seconds=draw.randint(0, 60))
        yield from self.ring()
        if chance < 0.45 and len(self.open) < CLIENTS:
            yield self.asks()
        elif chance < 0.50 and self.open:
            yield from self.begins(draw.choice(self.open))
        elif chance < 0.90 and self.open:
            yield self.ends(self.open.pop(draw.randrange(len(self.open))))
        elif chance < 0.93 and self.model.waiting:
            work = draw.choice(list(self.model.waiting))
            if work not in self.model.offered:
                yield WorkCancelled(work)
        elif chance < 0.96 and self.lost:
            yield RunSettled(
                self.lost.pop(), "", "failed", "person", draw.choice((None, 0, 5, 30, 80))
            )
        elif chance < 0.975:
            yield self.changes_limit()
        elif chance < 0.99:
            yield ResumeRequested("category", "k", draw.choice(list(CATEGORIES)))
        elif chance < 0.991:
            yield ConfigurationLoaded(
                "d", house(draw.choice((9_000, 12_000, 15_000)), draw.choice((None, 1_000, 3_000)))
            )
        if self.at >= self.bounds()[1] or chance > 0.9995:
            yield self.turns_day()

    def turns_day(self) -> DayStarted:
        """Mostly the next one; sometimes the clock goes back, not further than is remembered."""
        self.newest = max(self.newest, self.day)
        again = self.random.random() < 0.2 and self.newest - self.day < timedelta(days=3)
        again = again and self.day > FIRST + timedelta(days=2)
        self.day = self.day - timedelta(days=2) if again else self.day + timedelta(days=1)
        self.at = self.bounds()[0] + timedelta(minutes=1)
        return DayStarted(self.day, *self.bounds(), again=again)

    def ring(self) -> Iterator[AnyFact]:
        for name, rings_at in list(self.alarms.items()):
            if rings_at <= self.at:
                del self.alarms[name]
                yield AlarmRang(name, "budget", rings_at)

    def asks(self) -> WorkReleased:
        draw, offered = self.random, self.model.offered
        if offered and draw.random() < 0.7:
            known = draw.choice(list(offered.values()))
            self.works += 1
            return WorkReleased(
                known.work, f"r{self.works}", "read", 1, 1, known.category,
                known.ceiling_usd_micros, known.priority, known.own_limit,
                known.takes_what_is_left, known.executors,
            )  # fmt: skip
        self.works += 1
        amount = draw.choice((0, 5, 10, 10, 20, 20, 40, 130, 20_000))
        category = draw.choice((*CATEGORIES, *CATEGORIES, *CATEGORIES, "garden"))
        priority = draw.choice(PRIORITIES)
        takes = draw.random() < 0.02
        return WorkReleased(
            f"w{self.works}", f"r{self.works}", "read", 1, 1, category,
            draw.choice((10, 500)) if takes else amount, priority, draw.choice(OWN), takes,
            draw.choice(CHAINS),
        )  # fmt: skip

    def ends(self, held: FundsReserved) -> RunClosed:
        """Only what was to start can have been lost."""
        draw, amount = self.random, held.usd_micros
        self.tell(*(self.begins(held) if draw.random() < 0.9 else ()))
        started = held.run in self.began
        outcome: Outcome = draw.choice(OUTCOMES) if started else "cancelled"
        if outcome == "unknown":
            self.lost.append(held.run)
        kind = self.began.pop(held.run, "command")
        cost = draw.choice((None, None, 0, amount // 2, amount))
        cost = amount + 7 if draw.random() < 0.02 else cost
        source = draw.choice(SOURCES) if cost is not None else "estimated"
        return RunClosed(
            held.run, held.work, "read", outcome, started, "", cost, source, kind,
            draw.randint(0, 999),
        )  # fmt: skip

    def begins(self, held: FundsReserved) -> Iterator[RunStarting]:
        """It is asked of one that may be asked and does not rest, if there is one."""
        chain = self.model.may_ask.get(held.run) or EXECUTORS
        resting = {kind for kind, _ in self.rests}
        awake = [kind for kind in chain if kind not in resting]
        if awake and held.run not in self.began:
            kind = self.began[held.run] = self.random.choice(awake)
            yield RunStarting(held.run, held.work, "read", 1, 1, kind, self.at)

    def changes_limit(self) -> LimitRequested:
        draw = self.random
        scope, name = draw.choice(LIMITS)
        amount = draw.choice((None, 0, 500, 3_000, 8_000, 12_000))
        return LimitRequested(scope, f"k{self.works}", name, amount, draw.random() < 0.3)

    def consider(self) -> None:
        at, fact = self.inbox.popleft()
        self.position += 1
        record = Record(self.position, at, "somebody", None, fact)
        self.model.at = at
        self.model.hear(fact)
        decisions = list(RULES.consider(self.ledger, record))
        self.since.append((record, decisions))
        for decision in decisions:
            self.model.learn(decision, fact)
            self.learn(decision)
        assert self.model.overrun is None, "an overrun stands beside its cost"
        if decisions:
            self.model.check()
        if self.position % 50 == 0 and not self.rings_soon(at):
            self.model.nobody_starves()
        if len(self.since) >= SNAPSHOT_EVERY:
            self.snapshot, self.since = msgpack.encode(self.ledger), []

    def rings_soon(self, at: datetime) -> bool:
        """Whether an alarm is due of which the budget has not heard yet."""
        rang = (fact.rings_at for _, fact in self.inbox if isinstance(fact, AlarmRang))
        return min((*self.alarms.values(), *rang), default=at) < at

    def learn(self, fact: AnyFact) -> None:
        match fact:
            case FundsReserved():
                self.open.append(fact)
            case AlarmSet(name, _, rings_at):
                self.alarms[name] = rings_at
            case AlarmCleared(name):
                self.alarms.pop(name, None)
            case QuotaSpent(executor, quota):
                assert (executor, quota) not in self.rests
                self.rests.add((executor, quota))
            case QuotaReset(executor, quota):
                self.rests.remove((executor, quota))

    def crash(self) -> None:
        """Its memory is gone, and is lived again from what was kept of it and from the log."""
        self.crashes += 1
        again = msgpack.decode(self.snapshot, type=Ledger) if self.snapshot else Ledger()
        for record, decided in self.since:
            RULES.learn(again, record, decided)
        assert again == self.ledger
        self.ledger = again
