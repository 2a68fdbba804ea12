"""An occurrence that waits for the work of an earlier one has its turn, and its verdict, once."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from events.fact import Fact
from events.intents import OccurrenceBuffered, OccurrenceEnded, WorkOvertaken
from events.plan import OccurrenceSkipped
from events.record import Record
from events.time import OccurrenceDue, OccurrenceExpired, OccurrencesSuperseded
from events.work import WorkCancelled, WorkDropped, WorkFinished, WorkPlanned, WorkStopping
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

DUES_KEPT = 100_000  # The clock may say so many at once.
ENDS_KEPT = 4_096

Ended = WorkFinished | WorkCancelled | WorkDropped
Closed = OccurrenceSkipped | OccurrenceExpired


class Line(Struct):
    """What waits of one intent, and the works it waits for."""

    waiting: dict[datetime, int] = field(default_factory=dict)  # instant: where it was told
    works: list[str] = field(default_factory=list)
    ended: int = 0  # where the last of them ended


class Buffers(Check):
    """When the last open work of an intent has ended, and the planner has heard of that, nothing
    of the intent waits. Hears the end of a work before `Works` forgets it."""

    NAME = "buffer"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._lines: dict[str, Line] = {}
        self._intents: dict[str, str] = {}  # of open works
        self._dues: dict[int, None] = {}
        self._overtaken: dict[str, int] = {}  # works that the queue is to end
        self._told: dict[tuple[str, datetime], None] = {}  # whose end was told

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            OccurrenceDue: self._due,
            WorkPlanned: self._planned,
            OccurrenceBuffered: self._buffered,
            **dict.fromkeys((OccurrenceSkipped, OccurrenceExpired), self._closed),
            OccurrencesSuperseded: self._superseded,
            OccurrenceEnded: self._end_told,
            WorkOvertaken: self._overtake,
            WorkStopping: self._stopping,
            **dict.fromkeys((WorkFinished, WorkCancelled, WorkDropped), self._ended),
        }

    def finish(self, closed: bool) -> None:
        """Who waits for nothing any more has been forgotten."""
        planner, queue = self.past.considered["planner"], self.past.considered["phase_queue"]
        for intent, line in self._lines.items():
            if line.waiting and not line.works and line.ended <= planner:
                at, position = next(iter(line.waiting.items()))
                self.wrong(position, f"{intent}@{at} waits, and for nothing")
        for work, position in self._overtaken.items():
            if position <= queue:
                self.wrong(position, f"{work} is overtaken and goes on")

    def _due(self, record: Record, fact: OccurrenceDue) -> None:
        self._dues[record.position] = None
        if len(self._dues) > DUES_KEPT:
            del self._dues[next(iter(self._dues))]

    def _planned(self, record: Record, fact: WorkPlanned) -> None:
        if fact.source != "intent":
            return
        intent, _, instant = fact.key.rpartition("@")
        line = self._lines.setdefault(intent, Line())
        line.works.append(fact.work)
        self._intents[fact.work] = intent
        if (record.cause or 0) not in self._dues:
            self._let_in(record, intent, line, _instant(instant))

    def _let_in(self, record: Record, intent: str, line: Line, at: datetime | None) -> None:
        """Work upon something else than the occurrence itself is that of the first to wait."""
        first = next(iter(line.waiting), None)
        if at is None or at not in line.waiting:
            self.wrong(record, f"there is work for {intent}@{at}, which was not due")
            return
        if at != first:
            self.wrong(record, f"{intent}@{at} has its turn before {first}")
        del line.waiting[at]

    def _buffered(self, record: Record, fact: OccurrenceBuffered) -> None:
        line = self._lines.setdefault(fact.intent, Line())
        if fact.due_at in line.waiting:
            self.wrong(record, f"{fact.intent}@{fact.due_at} waits already")
        line.waiting[fact.due_at] = record.position

    def _closed(self, record: Record, fact: Closed) -> None:
        if record.by != "planner" or (record.cause or 0) in self._dues:
            return
        line = self._lines.get(fact.intent)
        if line is None or line.waiting.pop(fact.due_at, None) is None:
            self.wrong(record, f"{fact.intent}@{fact.due_at} is closed and did not wait")

    def _superseded(self, record: Record, fact: OccurrencesSuperseded) -> None:
        if record.by != "planner":
            return
        line = self._lines.get(fact.intent)
        if line is None or line.waiting.pop(fact.first_due_at, None) is None:
            self.wrong(record, f"{fact.intent}@{fact.first_due_at} did not wait")

    def _overtake(self, record: Record, fact: WorkOvertaken) -> None:
        line = self._lines.get(fact.intent)
        if line is None or fact.due_at not in line.waiting:
            self.wrong(
                record, f"{fact.intent}@{fact.due_at} overtakes {fact.work}; it is not there"
            )
        work = self.past.works.get(fact.work)
        if work is not None and (not work.stopping or (fact.at_once and not work.at_once)):
            self._overtaken[fact.work] = record.position

    def _stopping(self, record: Record, fact: WorkStopping) -> None:
        self._overtaken.pop(fact.work, None)

    def _ended(self, record: Record, fact: Ended) -> None:
        self._overtaken.pop(fact.work, None)
        intent = self._intents.pop(fact.work, None)
        if intent is None:
            return
        line = self._lines[intent]
        line.works.remove(fact.work)
        line.ended = record.position

    def _end_told(self, record: Record, fact: OccurrenceEnded) -> None:
        one = fact.intent, fact.due_at
        if one in self._told:
            self.wrong(record, f"the end of {fact.intent}@{fact.due_at} is told twice")
        self._told[one] = None
        if len(self._told) > ENDS_KEPT:
            del self._told[next(iter(self._told))]


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
