"""Nothing is asked of an executor that rests, of more at once than may be, or of a stranger."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from events.budget import QuotaReset, QuotaSpent
from events.configuration import Configuration
from events.fact import Fact
from events.record import Record
from events.runs import ExecutorRecovered, ExecutorRested, RunClosed, RunStarting, RunWaiting
from events.settings import PROGRAMS, ExecutorKind
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

Executor = ExecutorKind
_METERED = frozenset(PROGRAMS)


class Spent(Struct):
    """A quota that was spent at a position, and reset at another, or 0."""

    until: datetime
    since: int
    reset: int = 0


class Executors(Check):
    """Hears of a run before `Runs` does. The executor knows its own rests at once, and of a quota
    what stood in front of the cause of its decision."""

    NAME = "executor"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._rests: dict[Executor, datetime] = {}
        self._quotas: dict[Executor, dict[str, Spent]] = {}
        self._open: Counter[Executor] = Counter()

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            ExecutorRested: self._rested,
            ExecutorRecovered: self._recovered,
            QuotaSpent: self._spent,
            QuotaReset: self._reset,
            RunWaiting: self._waiting,
            RunStarting: self._starting,
            RunClosed: self._closed,
        }

    def _rested(self, record: Record, fact: ExecutorRested) -> None:
        before = self._rests.get(fact.executor)
        if fact.until <= record.at:
            self.wrong(record, f"{fact.executor} rests until {fact.until}, which has been")
        elif before is not None and before >= fact.until:
            self.wrong(record, f"{fact.executor} rests until {before} anyway")
        self._rests[fact.executor] = fact.until

    def _recovered(self, record: Record, fact: ExecutorRecovered) -> None:
        if self._rests.pop(fact.executor, None) is None:
            self.wrong(record, f"{fact.executor} is asked again and did not rest")

    def _spent(self, record: Record, fact: QuotaSpent) -> None:
        known = self._quotas.setdefault(fact.executor, {})
        known[fact.quota] = Spent(fact.until, record.position)

    def _reset(self, record: Record, fact: QuotaReset) -> None:
        spent = self._quotas.get(fact.executor, {}).get(fact.quota)
        if spent is not None:
            spent.reset = record.position

    def _waiting(self, record: Record, fact: RunWaiting) -> None:
        run = self.past.runs.get(fact.run)
        if run is None or run.state != "reserved" or run.work != fact.work:
            self.wrong(record, f"{fact.run} waits for a place and is not paid for")
        self._may_be_asked(record, fact.run, fact.executor)
        most = _most(self.past.settings(record.cause or 0), fact.executor)
        if most is None or self._open[fact.executor] < most:
            self.wrong(record, f"{fact.run} waits for {fact.executor}, which has a place")

    def _starting(self, record: Record, fact: RunStarting) -> None:
        executor, settings = fact.executor, self.past.settings(record.cause or 0)
        busy = self._open[executor] = self._open[executor] + 1
        most = _most(settings, executor)
        if most is not None and busy > most:
            self.wrong(record, f"{fact.run} is number {busy} of {executor}, of {most}")
        self._may_be_asked(record, fact.run, executor)
        run = self.past.runs.get(fact.run)
        if run is None:
            return
        if run.executors and executor not in run.executors:
            self.wrong(record, f"{fact.run} is for {executor}, whose quota has too little left")
        ceiling = run.ceiling_usd_micros if executor in _METERED else None
        if fact.ceiling_usd_micros != ceiling:
            self.wrong(record, f"{fact.run} may cost {ceiling}, not {fact.ceiling_usd_micros}")
        work = self.past.works.get(run.work)
        action = None if work is None else work.action
        if action is None and settings is not None:
            action = settings.actions.get(fact.action)
        if action is not None and executor != action.executor and executor not in action.fallback:
            self.wrong(record, f"{executor} is nothing that {fact.action} names")

    def _may_be_asked(self, record: Record, run: str, executor: Executor) -> None:
        rests = self._rests.get(executor)
        if rests is not None and rests > record.at:
            self.wrong(record, f"{run} is for {executor}, which rests until {rests}")
        cause = record.cause or 0
        for quota, spent in self._quotas.get(executor, {}).items():
            known = spent.since <= cause and not 0 < spent.reset <= cause
            if known and spent.until > record.at:
                self.wrong(record, f"{run} is for {executor}, whose quota {quota} is spent")

    def _closed(self, record: Record, fact: RunClosed) -> None:
        run = self.past.runs.get(fact.run)
        if run is not None and run.state == "starting" and run.executor is not None:
            self._open[run.executor] -= 1


def _most(settings: Configuration | None, executor: Executor) -> int | None:
    provider = None if settings is None else settings.executors.get(executor)
    return None if provider is None else provider.concurrency
