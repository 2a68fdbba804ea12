"""Quotas are said to be spent when they are, at once, and to be there again when they are."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from events.budget import (
    BudgetOpened,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
    QuotaReset,
    QuotaSpent,
)
from events.configuration import Configuration, ConfigurationLoaded, Day
from events.fact import Fact
from events.policies import Quota
from events.record import Record
from events.runs import RunClosed, RunStarting
from events.settings import ExecutorKind
from events.time import AlarmRang, DayStarted
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past
from projections.windows import window_from

HOUR = timedelta(hours=1)  # by so much the wall may be off where clocks change as a day begins
Name = tuple[ExecutorKind, str]


class Window(Struct):
    """What is counted of a quota."""

    limit: Quota
    since: datetime | None = None
    until: datetime | None = None
    requests: int = 0
    tokens: int = 0
    usd_micros: int = 0
    spent_until: datetime | None = None  # as was said
    owed: int = 0  # the position upon which that has to be said
    over: int = 0  # likewise that it is there again

    def is_open(self, at: datetime) -> bool:
        return self.since is not None and self.until is not None and self.since <= at < self.until

    def turn(self, day: Day, at: datetime) -> None:
        if not self.is_open(at):
            self.since, self.until = window_from(self.limit, day, at)
            self.requests = self.tokens = self.usd_micros = 0

    @property
    def is_said(self) -> bool:
        """Whether it was said of the window that is open, and not only of one before."""
        return self.spent_until is not None and (
            self.until is None or self.spent_until >= self.until
        )

    @property
    def is_over(self) -> bool:
        it = self.limit
        return (
            (it.requests is not None and self.requests >= max(1, it.requests))
            or (it.tokens is not None and self.tokens >= max(1, it.tokens))
            or (it.usd_micros is not None and self.usd_micros >= max(1, it.usd_micros))
        )


class Held(NamedTuple):
    """What a run may cost that is paid for, and who may be asked, or was."""

    usd_micros: int
    kinds: tuple[ExecutorKind, ...]


class Heard(NamedTuple):
    """What the budget has not considered yet, or not for all we know."""

    position: int
    at: datetime
    fact: Fact


class Quotas(Check):
    """Counts along with the budget: what it decides shows how far it has come."""

    NAME = "quota"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._day = Day()
        self._windows: dict[Name, Window] = {}
        self._heard: deque[Heard] = deque()
        self._listens = False  # There are quotas, or will be.
        self._paid: dict[str, int] = {}  # runs that hold money: of which executor is known later
        self._kinds: dict[str, ExecutorKind] = {}
        self._held: dict[str, Held] = {}  # runs under way, which quotas of money hold

    def handlers(self) -> Mapping[type[Fact], Handler]:
        heard = (ConfigurationLoaded, RunStarting, RunClosed, DayStarted, AlarmRang)
        return {
            **dict.fromkeys(heard, self._hear),
            BudgetOpened: self._decided,
            FundsRefused: self._refused,
            FundsReturned: self._returned,
            FundsReserved: self._reserved,
            FundsSettled: self._settled,
            QuotaSpent: self._spent,
            QuotaReset: self._reset,
        }

    def finish(self, closed: bool) -> None:
        """Whatever the budget is known to have considered it has answered."""
        self._advance(self.past.considered["budget"] + 1)

    def _hear(self, record: Record, fact: Fact) -> None:
        if isinstance(fact, ConfigurationLoaded):
            has_quotas = fact.configuration is not None and any(
                it.quotas for it in fact.configuration.executors.values()
            )
            self._listens = self._listens or has_quotas
        if self._listens:
            self._heard.append(Heard(record.position, record.at, fact))

    def _decided(self, record: Record, fact: Fact) -> None:
        if self._listens:
            self._advance(record.cause or 0)
            self._learn_up_to(record.cause or 0)

    def _reserved(self, record: Record, fact: FundsReserved) -> None:
        if self._listens:
            self._decided(record, fact)
            self._paid[fact.run] = record.position
            run = self.past.runs.get(fact.run)
            if run is not None and run.executors:
                self._hold(record, fact, run.executors)
                run.executors = self._held[fact.run].kinds

    def _hold(self, record: Record, fact: FundsReserved, kinds: tuple[ExecutorKind, ...]) -> None:
        """Whoever may be asked has room for it; whoever may not has none."""
        for kind in kinds:
            if self._rests(kind, record.at):
                continue
            room, kept_out = self._room(record, kind), kind in fact.without
            if kept_out and (room is None or room >= fact.usd_micros):
                self.wrong(record, f"{fact.run} is not for {kind}, which has room for it")
            elif not kept_out and room is not None and room < fact.usd_micros:
                self.wrong(record, f"{fact.run} may cost {fact.usd_micros}; {kind} has {room} left")
        asked = tuple(kind for kind in kinds if kind not in fact.without)
        self._held[fact.run] = Held(fact.usd_micros, asked)

    def _refused(self, record: Record, fact: FundsRefused) -> None:
        self._decided(record, fact)
        run = self.past.runs.get(fact.run)
        if fact.reason != "over_quota" or run is None or run.takes_left:
            return  # Who takes what is left waits for what others were offered of it as well.
        awake = [kind for kind in run.executors if not self._rests(kind, record.at)]
        rooms = [self._room(record, kind) for kind in awake]
        if not rooms or any(room is None or room >= fact.usd_micros for room in rooms):
            self.wrong(record, f"{fact.run} is refused for quotas that have {rooms} left")

    def _returned(self, record: Record, fact: FundsReturned) -> None:
        self._decided(record, fact)
        self._held.pop(fact.run, None)

    def _rests(self, kind: ExecutorKind, at: datetime) -> bool:
        spent = (window.spent_until for window in self._of(kind))
        return any(until is not None and until > at for until in spent)

    def _room(self, record: Record, kind: ExecutorKind) -> int | None:
        """What its quotas of money leave it beside what runs; None when none limits it."""
        at, lefts = record.at, list[int]()
        for (executor, quota), window in self._windows.items():
            limit = window.limit
            if executor != kind or limit.usd_micros is None or not limit.holds_ceilings:
                continue
            if not self._is_gone((executor, quota), record.cause or 0):
                lefts.append(limit.usd_micros - (window.usd_micros if window.is_open(at) else 0))
        held = sum(it.usd_micros for it in self._held.values() if kind in it.kinds)
        return min(lefts) - held if lefts else None

    def _settled(self, record: Record, fact: FundsSettled) -> None:
        """The tokens were counted with its end, just before."""
        if not self._listens:
            return
        self._decided(record, fact)
        self._paid.pop(fact.run, None)
        self._held.pop(fact.run, None)
        kind = self._kinds.pop(fact.run, None)
        for window in self._of(kind):
            window.turn(self._day, record.at)
            window.usd_micros += fact.cost_usd_micros
        self._owe(record.cause or 0)

    def _spent(self, record: Record, fact: QuotaSpent) -> None:
        cause = record.cause or 0
        self._advance(cause)
        self._learn_up_to(cause)
        window = self._windows.get((fact.executor, fact.quota))
        what = f"{fact.quota} of {fact.executor}"
        if window is None or not window.is_over:
            self.wrong(record, f"{what} is said to be spent, and is not")
            return
        if window.is_said:
            self.wrong(record, f"{what} is said to be spent twice")
        off = timedelta(0) if window.limit.counted_from == "first_use" else HOUR
        if window.until is None or abs(fact.until - window.until) > off:
            self.wrong(record, f"{what} is spent until {window.until}, not {fact.until}")
        window.spent_until, window.owed, window.until = fact.until, 0, fact.until

    def _reset(self, record: Record, fact: QuotaReset) -> None:
        cause = record.cause or 0
        self._advance(cause)
        self._learn_up_to(cause)
        name, what = (fact.executor, fact.quota), f"{fact.quota} of {fact.executor}"
        window = self._windows.get(name)
        if window is None or window.spent_until is None:
            self.wrong(record, f"{what} is there again, and was not spent")
            return
        is_open = window.is_open(record.at)
        if is_open and window.is_over and not self._is_gone(name, cause):
            self.wrong(record, f"{what} is there again before {window.until}")
        window.spent_until, window.over = None, 0
        if not is_open:
            window.since = window.until = None
            window.requests = window.tokens = window.usd_micros = 0
        if self._is_gone(name, cause):
            del self._windows[name]

    def _advance(self, before: int) -> None:
        """The budget has answered all before this position."""
        self._learn_up_to(before - 1)
        for (executor, quota), window in self._windows.items():
            if 0 < window.owed < before:
                self.wrong(window.owed, f"{quota} of {executor} is spent, and nobody says so")
                window.owed = 0
            if 0 < window.over < before:
                self.wrong(window.over, f"{quota} of {executor} is over, and nobody says so")
                window.over = 0

    def _learn_up_to(self, position: int) -> None:
        while self._heard and self._heard[0].position <= position:
            at, fact = self._heard[0].at, self._heard[0].fact
            match fact:
                case ConfigurationLoaded(configuration=house) if house is not None:
                    self._configure(house)
                case RunStarting(run=run, executor=executor):
                    self._kinds[run] = executor
                    if (held := self._held.get(run)) is not None:
                        self._held[run] = Held(held.usd_micros, (executor,))
                    for window in self._of(executor):
                        window.turn(self._day, at)
                        window.requests += 1
                case RunClosed(run=run, executor=executor, tokens=tokens, started=True):
                    for window in self._of(executor) if run in self._paid else ():
                        window.turn(self._day, at)
                        window.tokens += tokens
                case RunClosed(run=run):
                    self._kinds.pop(run, None)
                    self._paid.pop(run, None)
                case AlarmRang(alarm=alarm, setter="budget", rings_at=until):
                    self._ring(alarm, until, self._heard[0].position)
                case DayStarted(again=True):
                    self._come_back(at)
            self._owe(self._heard.popleft().position)

    def _ring(self, alarm: str, until: datetime, position: int) -> None:
        for (executor, quota), window in self._windows.items():
            if alarm == f"quota:{executor}/{quota}" and window.spent_until == until:
                window.over = position

    def _come_back(self, at: datetime) -> None:
        for window in self._windows.values():
            if window.since is not None and at < window.since and not window.spent_until:
                window.since = window.until = None
                window.requests = window.tokens = window.usd_micros = 0

    def _configure(self, house: Configuration) -> None:
        self._day, known = house.day, self._windows
        found: dict[Name, Window] = {}
        for executor, provider in house.executors.items():
            for quota, limit in provider.quotas.items():
                window = found[executor, quota] = known.get((executor, quota)) or Window(limit)
                window.limit = limit
        for name, window in known.items():
            if window.spent_until:
                found.setdefault(name, window)
        self._windows = found

    def _is_gone(self, name: Name, position: int) -> bool:
        house = self.past.settings(position)
        provider = None if house is None else house.executors.get(name[0])
        return provider is None or name[1] not in provider.quotas

    def _of(self, executor: ExecutorKind | None) -> list[Window]:
        return [window for (kind, _), window in self._windows.items() if kind == executor]

    def _owe(self, position: int) -> None:
        for name, window in self._windows.items():
            if window.is_over and not window.is_said and not window.owed and window.until:
                window.owed = 0 if self._is_gone(name, position) else position
