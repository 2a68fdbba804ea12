"""Each occurrence of an intent is settled once: due and answered, or missed."""

from collections.abc import Mapping
from datetime import datetime

from events.fact import Fact
from events.plan import OccurrenceSkipped
from events.record import Record
from events.time import OccurrenceDue, OccurrenceMissed
from events.work import WorkPlanned
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

REMEMBERED = 4_096  # occurrences that wait for their verdict


class Occurrences(Check):
    """What is settled of an intent only moves forward, so one instant for each is enough to
    prove that nothing comes twice."""

    NAME = "occurrence"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._settled: dict[str, datetime] = {}  # by intent
        self._due: dict[int, OccurrenceDue] = {}  # by position

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            OccurrenceDue: self._became_due,
            OccurrenceMissed: self._missed,
            OccurrenceSkipped: self._skipped,
            WorkPlanned: self._planned,
        }

    def _became_due(self, record: Record, fact: OccurrenceDue) -> None:
        if fact.due_at > record.at:
            self.wrong(record, f"{fact.intent} is due before its time, {fact.due_at}")
        self._settle(record, fact.intent, fact.due_at, fact.due_at)
        self._due[record.position] = fact
        if len(self._due) > REMEMBERED:
            del self._due[next(iter(self._due))]

    def _missed(self, record: Record, fact: OccurrenceMissed) -> None:
        first, last = fact.first_due_at, fact.last_due_at
        if not first <= last <= record.at or not 0 < fact.count <= 1_000:
            self.wrong(record, f"{fact.intent} missed {fact.count} from {first} to {last}")
        if fact.reason != "in_the_past":
            self._settle(record, fact.intent, first, last)
        elif self._settled.get(fact.intent) == first:
            self.wrong(record, f"{fact.intent}@{first} is missed, and was settled before")

    def _settle(self, record: Record, intent: str, first: datetime, last: datetime) -> None:
        settled = self._settled.get(intent)
        if settled is not None and first <= settled:
            self.wrong(record, f"{intent}@{first} comes again: it is settled up to {settled}")
        self._settled[intent] = last if settled is None else max(settled, last)

    def _skipped(self, record: Record, fact: OccurrenceSkipped) -> None:
        due = self._due.pop(record.cause or 0, None)
        if due is not None and (due.intent, due.due_at) != (fact.intent, fact.due_at):
            self.wrong(record, f"it answers {due.intent}@{due.due_at} with another occurrence")

    def _planned(self, record: Record, fact: WorkPlanned) -> None:
        if fact.source != "intent":
            return
        due = self._due.pop(record.cause or 0, None)
        if due is None:
            self.wrong(record, f"{fact.work} is of an occurrence that was not due")
            return
        wanted = f"{due.intent}@{due.due_at.isoformat().replace('+00:00', 'Z')}"
        if fact.key != wanted:
            self.wrong(record, f"{fact.work} bears the key {fact.key} for {wanted}")
