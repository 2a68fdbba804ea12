"""Each occurrence of an intent is settled once: due and answered, or closed without work."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.json import encode

from events.configuration import Intent
from events.fact import Fact
from events.plan import OccurrenceSkipped
from events.record import Record
from events.settings import Misfire
from events.time import (
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesReopened,
    OccurrencesSuperseded,
)
from events.work import WorkPlanned
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.expected import is_timed
from projections.invariants.past import Past
from projections.invariants.settled import Settled, Verdict

REMEMBERED = 100_000  # occurrences that wait for their verdict; the clock may say many at once
SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)

Range = OccurrenceMissed | OccurrencesCoalesced | OccurrencesSuperseded


class Occurrences(Check):
    """What the clock closes is never due afterwards, and what was due is never due again. Only a
    clock that comes back from far ahead takes verdicts back, but for what became due."""

    NAME = "occurrence"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._settled: dict[str, Settled] = {}  # by intent
        self._due: dict[int, OccurrenceDue] = {}  # by position
        self._promised: dict[str, datetime] = {}  # intent: the one that others became

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            OccurrenceDue: self._became_due,
            OccurrenceMissed: self._missed,
            OccurrencesCoalesced: self._coalesced,
            OccurrencesSuperseded: self._superseded,
            OccurrencesReopened: self._reopened,
            OccurrenceSkipped: self._closed,
            OccurrenceExpired: self._closed,
            WorkPlanned: self._planned,
        }

    def _became_due(self, record: Record, fact: OccurrenceDue) -> None:
        intent, due_at = fact.intent, fact.due_at
        if due_at > record.at and due_at > record.at + self._slack(record, intent):
            self.wrong(record, f"{intent} is due before its time, {due_at}")
        settled = self._of(intent)
        if not fact.overdue:
            self._above(record, settled, due_at)
        self._settle(record, settled, intent, due_at, ran=True)
        if self._promised and (into := self._promised.get(intent)) is not None:
            self._come(record, fact, into)
        self._due[record.position] = fact
        if len(self._due) > REMEMBERED:
            del self._due[next(iter(self._due))]

    def _come(self, record: Record, fact: OccurrenceDue, into: datetime) -> None:
        """Whether the one that others became has come, before any that is later."""
        intent = fact.intent
        if into < fact.due_at:
            if not fact.overdue and self._misfire(record, intent) == "run_once_earliest":
                return  # It waits for its turn.
            self.wrong(record, f"occurrences became {intent}@{into}, which did not come")
        if into <= fact.due_at:
            del self._promised[intent]

    def _misfire(self, record: Record, name: str) -> Misfire:
        known = self.past.intent(name, record.cause or 0)
        own = None if known is None or known.intent is None else known.intent.misfire
        return own or self.past.policies(record.cause or 0).misfire

    def _slack(self, record: Record, name: str) -> timedelta:
        """Things that happen at one moment are due a microsecond apart."""
        known = self.past.intent(name, record.cause or 0)
        foreseen = known is None or known.intent is None or is_timed(known.intent)
        return timedelta(0) if foreseen else MILLISECOND

    def _above(self, record: Record, settled: Settled, due_at: datetime) -> None:
        """Unless the clock was put back, what comes in time is later than what came in time."""
        high = settled.high
        if high is None or due_at > high:
            settled.high = due_at
        elif due_at < high and record.at == self.past.latest:
            self.wrong(record, f"an occurrence of {due_at} comes after that of {high}")

    def _missed(self, record: Record, fact: OccurrenceMissed) -> None:
        self._range(record, fact)
        known = self.past.intent(fact.intent, record.cause or 0)
        if known is not None and known.intent is not None and not fact.at_least:
            wanted = _count(known.intent, fact)
            if wanted is not None and fact.count != wanted:
                self.wrong(record, f"{fact.intent} missed {fact.count} and should have {wanted}")

    def _coalesced(self, record: Record, fact: OccurrencesCoalesced) -> None:
        self._range(record, fact)
        if fact.first_due_at <= fact.into <= fact.last_due_at or fact.into > record.at:
            self.wrong(record, f"they cannot have become {fact.intent}@{fact.into}")
        if self._of(fact.intent).at(fact.into) is not None:
            self.wrong(record, f"they became {fact.intent}@{fact.into}, which is settled")
        self._promised[fact.intent] = fact.into

    def _superseded(self, record: Record, fact: OccurrencesSuperseded) -> None:
        """What is to come may come all the same, when the intent is in force again. What the
        planner closes was due, and waited."""
        if record.by == "clock":
            self._range(record, fact)

    def _range(self, record: Record, fact: Range) -> None:
        intent, first, last, count = fact.intent, fact.first_due_at, fact.last_due_at, fact.count
        superseded = isinstance(fact, OccurrencesSuperseded)
        if not _is_plausible(first, last, count) or (last > record.at and not superseded):
            self.wrong(record, f"{count} of {intent} from {first} to {last}")
        settled, until = self._of(intent), min(last, record.at)
        for instant in (first, last) if first < last else (first,):
            if instant <= record.at and (known := settled.at(instant)) is not None:
                self.wrong(record, f"{intent}@{instant} is settled, {_how(known)}")
        if first <= until:
            settled.add(Verdict(first, until, ran=False))
        if (into := self._promised.get(intent)) is not None and first <= into <= last:
            del self._promised[intent]

    def _closed(self, record: Record, fact: OccurrenceSkipped | OccurrenceExpired) -> None:
        if record.by == "clock":
            self._settle(record, self._of(fact.intent), fact.intent, fact.due_at, ran=False)
            if self._promised.get(fact.intent) == fact.due_at:
                del self._promised[fact.intent]
            return
        due = self._due.pop(record.cause or 0, None)
        if due is not None and (due.intent, due.due_at) != (fact.intent, fact.due_at):
            self.wrong(record, f"it answers {due.intent}@{due.due_at} with another occurrence")

    def _settle(
        self, record: Record, settled: Settled, intent: str, instant: datetime, ran: bool
    ) -> None:
        if (known := settled.at(instant)) is not None:
            self.wrong(record, f"{intent}@{instant} comes again: {_how(known)}")
        settled.add(Verdict(instant, instant, ran))

    def _reopened(self, record: Record, fact: OccurrencesReopened) -> None:
        for settled in self._settled.values():
            settled.reopen(fact.after)
        self._promised.clear()

    def _planned(self, record: Record, fact: WorkPlanned) -> None:
        """Work for one that waited is looked at where those are kept that wait."""
        if fact.source != "intent":
            return
        due = self._due.pop(record.cause or 0, None)
        if due is None:
            return
        wanted = f"{due.intent}@{encode(due.due_at)[1:-1].decode()}"
        if fact.key != wanted:
            self.wrong(record, f"{fact.work} bears the key {fact.key} for {wanted}")

    def _of(self, intent: str) -> Settled:
        if (settled := self._settled.get(intent)) is None:
            settled = self._settled[intent] = Settled()
        return settled


def _is_plausible(first: datetime, last: datetime, count: int) -> bool:
    """No two occurrences are closer than a second."""
    if first == last:
        return count == 1
    return first < last and 2 <= count <= (last - first) // SECOND + 1


def _count(intent: Intent, fact: OccurrenceMissed) -> int | None:
    """How many they must be where nothing but an interval has a say in it."""
    conditions = (
        intent.phases, intent.windows, intent.exclude, intent.starts_at, intent.ends_at,
        intent.max_runs,
    )  # fmt: skip
    if intent.every_seconds is None or intent.every_from != "scheduled" or any(conditions):
        return None
    return (fact.last_due_at - fact.first_due_at) // timedelta(seconds=intent.every_seconds) + 1


def _how(known: Verdict) -> str:
    if known.first == known.last:
        return "it became due" if known.ran else "it was closed"
    return f"all were closed from {known.first} to {known.last}"
