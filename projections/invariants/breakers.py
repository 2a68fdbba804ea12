"""An intent that fails too often in a row brings no work until its breaker is closed by hand."""

from collections.abc import Mapping

from events.fact import Fact
from events.intents import BreakerClosed, BreakerOpened
from events.plan import OccurrenceSkipped
from events.record import Record
from events.work import WorkCancelled, WorkDropped, WorkFinished, WorkPlanned
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past


class Breakers(Check):
    """Counts the failures of each intent since a success, and keeps the breakers of `Past`."""

    NAME = "breaker"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._works: dict[str, str] = {}  # open, with the intent of each
        self._failures: dict[str, int] = {}  # by intent, in a row

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            WorkPlanned: self._planned,
            WorkFinished: self._finished,
            WorkCancelled: self._gone,
            WorkDropped: self._gone,
            OccurrenceSkipped: self._skipped,
            BreakerOpened: self._opened,
            BreakerClosed: self._closed,
        }

    def _planned(self, record: Record, fact: WorkPlanned) -> None:
        if fact.source != "intent":
            return
        intent, _, _ = fact.key.rpartition("@")
        self._works[fact.work] = intent
        if intent in self.past.broken:
            since = self.past.broken[intent]
            self.wrong(record, f"{intent} brings work, its breaker is open since {since}")

    def _finished(self, record: Record, fact: WorkFinished) -> None:
        intent = self._works.pop(fact.work, None)
        if intent is None:
            return
        if fact.state == "completed":
            self._failures.pop(intent, None)
        elif fact.state in ("failed", "buried"):
            self._failures[intent] = self._failures.get(intent, 0) + 1

    def _gone(self, record: Record, fact: WorkCancelled | WorkDropped) -> None:
        self._works.pop(fact.work, None)

    def _skipped(self, record: Record, fact: OccurrenceSkipped) -> None:
        if fact.reason == "breaker_open" and fact.intent not in self.past.broken:
            self.wrong(record, f"{fact.intent} is skipped for a breaker that is not open")

    def _opened(self, record: Record, fact: BreakerOpened) -> None:
        """The planner forgets what came before it was closed; other than here it counts less."""
        intent, settings = fact.intent, self.past.settings(record.cause or 0)
        if intent in self.past.broken:
            self.wrong(record, f"the breaker of {intent} is open already")
        limit = None if settings is None else settings.alerts.breaker_failures
        failures = fact.failures
        if limit is None or not limit <= failures <= self._failures.get(intent, 0):
            self.wrong(record, f"the breaker of {intent} opens after {failures} failures")
        self.past.broken[intent] = record.position

    def _closed(self, record: Record, fact: BreakerClosed) -> None:
        if self.past.broken.pop(fact.intent, None) is None:
            self.wrong(record, f"the breaker of {fact.intent} is closed and was not open")
