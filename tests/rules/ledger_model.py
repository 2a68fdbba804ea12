"""A ledger so simple that it is seen to be right: it adds up what the budget says, and knows the
limits; it says at once what cannot be."""

from collections import Counter
from datetime import UTC, date, datetime

from events.budget import (
    BudgetOpened,
    CategoryReopened,
    CostCorrected,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
    LimitChanged,
    QuotaReset,
    QuotaSpent,
)
from events.catalogue import AnyFact
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Intent,
    Step,
    Template,
)
from events.policies import Alerts, Provider, Quota
from events.runs import RunClosed, RunSettled, RunStarting
from events.settings import ExecutorKind
from events.time import DayStarted
from events.work import WorkCancelled, WorkReleased

CATEGORIES = {"research": 9_000, "chores": 5_000}
OWN = ("", "template:weekly", "intent:early")
FIRST = date(2026, 11, 20)
ESTIMATE = 15
REQUESTS = 40
MONEY: dict[ExecutorKind, int] = {"claude": 600, "codex": 300}  # of a day, by quotas

Name = tuple[date, str]


def house(
    daily: int = 12_000, weekly: int | None = 3_000, requests: int = REQUESTS
) -> Configuration:
    read = Step(action="read")
    return Configuration(
        budget=Budget(
            daily_usd_micros=daily, reserve_usd_micros=daily // 10, categories=dict(CATEGORIES)
        ),
        actions={"read": Action(estimate_usd_micros=ESTIMATE)},
        templates={"weekly": Template(steps=(read,), daily_usd_micros=weekly)},
        intents={"early": Intent(run="read", now=True, daily_usd_micros=2_000)},
        executors={
            "claude": Provider(
                quotas={
                    "hours": Quota(window_seconds=18_000, requests=requests),
                    "money": _money("claude"),
                }
            ),
            "codex": Provider(quotas={"money": _money("codex")}),
        },
        alerts=Alerts(budget_percents=(50, 80, 100), pace=True),
    )


def _money(kind: ExecutorKind) -> Quota:
    limit = MONEY[kind]
    return Quota(window_seconds=86_400, counted_from="day", usd_micros=limit, holds_ceilings=True)


class Model:
    """Sums, limits and who holds what. Every method asserts what has to be so."""

    def __init__(self) -> None:
        self.house = house()
        self.by_hand: dict[str, int] = {}
        self.of_day: dict[Name, int] = {}
        self.today: date | None = None
        self.opened: BudgetOpened | None = None
        self.held: dict[str, FundsReserved] = {}
        self.reserved: Counter[Name] = Counter()
        self.settled: Counter[Name] = Counter()
        self.over: Counter[Name] = Counter()
        self.most: dict[Name, int] = {}  # the highest limit that ever held on that day
        self.closed: set[Name] = set()
        self.ended: set[str] = set()
        self.lost: dict[str, FundsSettled] = {}
        self.own: dict[str, str] = {}  # of lost runs
        self.overrun: tuple[str, int] | None = None  # which has to follow
        self.offered: dict[str, WorkReleased] = {}
        self.waiting: dict[str, WorkReleased] = {}
        self.asked: WorkReleased | None = None
        self.known: Counter[type] = Counter()
        self.met = dict.fromkeys(("took", "stood behind", "had no room", "was left out"), 0)
        self.at = datetime(2026, 11, 20, tzinfo=UTC)
        self.asks: dict[str, WorkReleased] = {}  # of runs that hold money
        self.promises: dict[str, int] = {}  # to works that were offered theirs
        self.may_ask: dict[str, tuple[ExecutorKind, ...]] = {}  # of runs that hold money
        self.used: dict[str, tuple[date, int]] = {}  # of quotas of money, by executor
        self.rest: dict[tuple[str, str], datetime] = {}

    def limit(self, name: str) -> int | None:
        assert self.today is not None
        found = self.of_day.get((self.today, name), self.by_hand.get(name))
        if found is not None:
            return found
        scope, _, which = name.partition(":")
        match scope:
            case "day":
                return self.house.budget.daily_usd_micros
            case "category":
                return self.house.budget.categories.get(which, 0)
            case "template":
                return self.house.templates[which].daily_usd_micros
        return self.house.intents[which].daily_usd_micros

    def names(self, ask: WorkReleased) -> list[str]:
        return ["day", f"category:{ask.category}", *([ask.own_limit] if ask.own_limit else [])]

    def fits(self, ask: WorkReleased, promised: Counter[str]) -> bool:
        amount, today = ask.ceiling_usd_micros, self.today
        if today is None:
            return amount == 0
        if (today, ask.category) in self.closed:
            return False
        for name in self.names(ask) if amount else ():
            limit = self.limit(name)
            if name == "day" and ask.priority != "critical":
                limit = (limit or 0) - self.house.budget.reserve_usd_micros
            used = self.reserved[today, name] + self.settled[today, name] + promised[name]
            if limit is not None and used + amount > limit:
                return False
        return not (ask.executors and amount) or self.has_room(ask, promised)

    def has_room(self, ask: WorkReleased, promised: Counter[str]) -> bool:
        """Whether somebody may be asked, or all of them rest."""
        awake = [kind for kind in ask.executors if not self.rests(kind)]
        rooms = [self.room(kind) - promised[kind] for kind in awake]
        return not awake or any(ask.ceiling_usd_micros <= room for room in rooms)

    def rests(self, kind: str) -> bool:
        return any(who == kind and until > self.at for (who, _), until in self.rest.items())

    def room(self, kind: ExecutorKind) -> int:
        day, used = self.used.get(kind, (self.at.date(), 0))
        held = sum(
            self.held[run].usd_micros for run, kinds in self.may_ask.items() if kind in kinds
        )
        return MONEY[kind] - (used if day == self.at.date() else 0) - held

    def left_for(self, ask: WorkReleased, promised: Counter[str]) -> int:
        """What one may have that takes what is left."""
        assert self.today is not None
        lefts = []
        for name in self.names(ask):
            limit = self.limit(name)
            if name == "day" and ask.priority != "critical":
                limit = (limit or 0) - self.house.budget.reserve_usd_micros
            used = self.reserved[self.today, name] + self.settled[self.today, name]
            if limit is not None:
                lefts.append(limit - used - promised[name])
        for kind in ask.executors:
            room = self.room(kind) - promised[kind]
            if not self.rests(kind) and room >= ask.ceiling_usd_micros:
                lefts.append(room)
                break
        return max(ask.ceiling_usd_micros, min(lefts))

    def promised(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for work, ask in self.offered.items():
            for name in (*self.names(ask), *ask.executors):
                found[name] += self.promises[work]
        return found

    def hear(self, fact: AnyFact) -> None:
        """What others say, before the budget answers."""
        self.asked = None
        match fact:
            case WorkReleased(work=work):
                self.asked = fact
                self.offered.pop(work, None)
            case WorkCancelled(work=work):
                self.offered.pop(work, None)
                self.waiting.pop(work, None)
            case ConfigurationLoaded(configuration=new) if new is not None:
                self.house = new
            case RunStarting(run=run, executor=kind) if run in self.may_ask:
                self.may_ask[run] = (kind,)
            case RunClosed(run=run) if run in self.held and fact.started:
                self._use(fact)
            case DayStarted(again=True):
                known = self.used.items()
                self.used = {kind: it for kind, it in known if it[0] <= self.at.date()}

    def _use(self, closed: RunClosed) -> None:
        kind, today = closed.executor, self.at.date()
        day, used = self.used.get(kind, (today, 0))
        self.used[kind] = today, self.cost(closed) + (used if day == today else 0)

    def cost(self, closed: RunClosed) -> int:
        """What it is charged: by its own word, or its estimate, or all of it when it is lost."""
        amount, ask = self.held[closed.run].usd_micros, self.asks[closed.run]
        if closed.cost_usd_micros is not None:
            return closed.cost_usd_micros
        if closed.outcome == "unknown":
            return amount
        return ask.ceiling_usd_micros if ask.takes_what_is_left else min(ESTIMATE, amount)

    def learn(self, fact: AnyFact, heard: AnyFact) -> None:
        """What the budget says."""
        self.known[type(fact)] += 1
        match fact:
            case FundsOverrun(run, category, day, over):
                assert self.overrun == (run, over)
                self.overrun = None
                self.closed.add((day, category))
                return
            case BudgetOpened(day=day):
                self._open(fact, day)
            case FundsReserved():
                self._reserve(fact)
            case FundsRefused(work=work):
                assert self.asked is not None and not self.fits(self.asked, self.gone(self.asked))
                assert fact.left_usd_micros >= 0
                self.met["stood behind"] += bool(fact.behind)
                self.met["had no room"] += fact.reason == "over_quota"
                if fact.behind:
                    assert self.asks[fact.behind].takes_what_is_left
                self.waiting.pop(work, None)
                self.waiting[work] = self.asked
            case FundsOffered(work=work):
                ask, promised = self.waiting.pop(work), self.promised()
                assert self.fits(ask, promised)
                takes = ask.takes_what_is_left
                amount = self.left_for(ask, promised) if takes else ask.ceiling_usd_micros
                self.offered[work], self.promises[work] = ask, amount
            case QuotaSpent(executor, quota, until):
                self.rest[executor, quota] = until
            case QuotaReset(executor, quota):
                del self.rest[executor, quota]
                today = self.at.date()
                if quota == "money" and self.used.get(executor, (today, 0))[0] != today:
                    del self.used[executor]  # Its window was seen to end.
            case FundsSettled():
                assert isinstance(heard, RunClosed)
                self._settle(fact, heard)
            case FundsReturned(run, _, category, day, amount):
                self._end(run, category, day, amount, 0)
            case CostCorrected():
                assert isinstance(heard, RunSettled)
                self._correct(fact, heard)
            case LimitChanged():
                self._change(fact)
            case CategoryReopened(category):
                assert self.today is not None
                self.closed.remove((self.today, category))
        assert self.overrun is None or isinstance(fact, FundsSettled | CostCorrected)

    def gone(self, ask: WorkReleased) -> Counter[str]:
        """Who takes what is left takes nothing that others were offered."""
        return self.promised() if ask.takes_what_is_left else Counter()

    def _open(self, fact: BudgetOpened, day: date) -> None:
        self.today, self.opened = day, fact
        assert fact.limit_usd_micros == self.limit("day")
        assert fact.categories == {name: self.limit(f"category:{name}") for name in CATEGORIES}
        self._raise_limits()

    def _raise_limits(self) -> None:
        assert self.today is not None
        for name in ("day", *(f"category:{it}" for it in CATEGORIES), *filter(None, OWN)):
            limit = self.limit(name)
            most = self.most.get((self.today, name), 0)
            self.most[self.today, name] = 10**9 if limit is None else max(most, limit)

    def _reserve(self, fact: FundsReserved) -> None:
        ask, run = self.asked, fact.run
        assert ask is not None and (ask.run, ask.own_limit) == (run, fact.own_limit)
        assert self.fits(ask, self.gone(ask))
        takes = ask.takes_what_is_left
        amount = self.left_for(ask, self.promised()) if takes else ask.ceiling_usd_micros
        assert fact.usd_micros == amount
        for kind in ask.executors:
            assert self.rests(kind) or (self.room(kind) < amount) == (kind in fact.without)
        assert run not in self.held and run not in self.ended and fact.day == self.today
        self.met["took"] += amount > ask.ceiling_usd_micros
        self.met["was left out"] += bool(fact.without)
        self.held[run], self.asks[run] = fact, ask
        if ask.executors:
            kinds = ask.executors
            self.may_ask[run] = tuple(kind for kind in kinds if kind not in fact.without)
        self.waiting.pop(fact.work, None)
        for name in self._of(fact):
            self.reserved[name] += fact.usd_micros

    def _of(self, held: FundsReserved) -> list[Name]:
        names = ["day", f"category:{held.category}", held.own_limit]
        return [(held.day, name) for name in names if name]

    def _end(self, run: str, category: str, day: date, amount: int, cost: int) -> FundsReserved:
        held = self.held.pop(run)
        assert (held.category, held.day, held.usd_micros) == (category, day, amount)
        self.ended.add(run)
        self.may_ask.pop(run, None)
        del self.asks[run]
        for name in self._of(held):
            self.reserved[name] -= amount
            self.settled[name] += cost
            self.over[name] += max(0, cost - amount)
        return held

    def _settle(self, fact: FundsSettled, closed: RunClosed) -> None:
        cost, amount = fact.cost_usd_micros, fact.reserved_usd_micros
        assert cost == self.cost(closed)
        assert fact.source == closed.cost_source
        held = self._end(fact.run, fact.category, fact.day, amount, cost)
        if closed.outcome == "unknown":
            self.lost[fact.run], self.own[fact.run] = fact, held.own_limit
        if cost > amount:
            self.overrun = fact.run, cost - amount

    def _correct(self, fact: CostCorrected, said: RunSettled) -> None:
        was, own = self.lost.pop(fact.run), self.own.pop(fact.run)
        assert (fact.run, fact.cost_usd_micros) == (said.run, said.cost_usd_micros)
        assert (fact.was_usd_micros, fact.day) == (was.cost_usd_micros, was.day)
        more = fact.cost_usd_micros - fact.was_usd_micros
        for name in ("day", f"category:{was.category}", *([own] if own else [])):
            self.settled[was.day, name] += more
            self.over[was.day, name] += max(0, more)
        if more > 0:
            self.overrun = fact.run, more

    def _change(self, fact: LimitChanged) -> None:
        name = "day" if fact.scope == "day" else f"{fact.scope}:{fact.name}"
        assert self.today is not None
        if fact.day is None:
            self.of_day.pop((self.today, name), None)
            changed: dict[str, int] = self.by_hand
            changed.pop(name, None)
            if fact.usd_micros is not None:
                changed[name] = fact.usd_micros
        else:
            self.of_day.pop((fact.day, name), None)
            if fact.usd_micros is not None:
                self.of_day[fact.day, name] = fact.usd_micros
        self._raise_limits()

    def check(self) -> None:
        """Nothing is above what its limit ever was on that day, but by explicit overruns."""
        self._raise_limits()
        for name in ("day", *(f"category:{it}" for it in CATEGORIES), *filter(None, OWN)):
            key = (self.today or FIRST, name)
            used = self.reserved[key] + self.settled[key]
            assert used <= self.most[key] + self.over[key], key

    def nobody_starves(self) -> None:
        promised = self.promised()
        for ask in self.waiting.values():
            all_rest = bool(ask.executors) and all(map(self.rests, ask.executors))
            assert all_rest or not self.fits(ask, promised), ask
