"""What became of each occurrence of an intent: planned, skipped or missed."""

from datetime import datetime
from typing import Final

from events.plan import OccurrenceSkipped
from events.record import Record
from events.time import OccurrenceDue, OccurrenceMissed
from events.work import WorkPlanned
from projections.moments import rfc3339
from projections.rows import Handlers, Tables
from projections.tables import Intent, Verdict

NAME: Final = "occurrences"


def occurrence_due(tables: Tables, record: Record, fact: OccurrenceDue, at: str) -> None:
    intent = tables.intents.make(fact.intent)
    intent.due += 1
    intent.last_due_at = rfc3339(fact.due_at)


def work_planned(tables: Tables, record: Record, fact: WorkPlanned, at: str) -> None:
    """The key of such work is `intent@instant`."""
    if fact.source != "intent":
        return
    name, _, instant = fact.key.rpartition("@")
    due_at = rfc3339(datetime.fromisoformat(instant))
    intent = tables.intents.make(name)
    intent.planned += 1
    intent.last_work = fact.work
    verdict = Verdict(record.position, at, name, "planned", due_at, due_at)
    verdict.work = fact.work
    _close(tables, intent, verdict)


def occurrence_skipped(tables: Tables, record: Record, fact: OccurrenceSkipped, at: str) -> None:
    intent = tables.intents.make(fact.intent)
    intent.skipped += 1
    due_at = rfc3339(fact.due_at)
    verdict = Verdict(record.position, at, fact.intent, "skipped", due_at, due_at)
    verdict.reason = fact.reason
    _close(tables, intent, verdict)


def occurrence_missed(tables: Tables, record: Record, fact: OccurrenceMissed, at: str) -> None:
    intent = tables.intents.make(fact.intent)
    intent.missed += fact.count
    first, last = rfc3339(fact.first_due_at), rfc3339(fact.last_due_at)
    verdict = Verdict(record.position, at, fact.intent, "missed", first, last, fact.count)
    verdict.at_least, verdict.reason = fact.at_least, fact.reason
    _close(tables, intent, verdict)


def _close(tables: Tables, intent: Intent, verdict: Verdict) -> None:
    intent.last_verdict, intent.last_reason = verdict.verdict, verdict.reason
    tables.verdicts.add(verdict)


HANDLERS: Handlers = {
    OccurrenceDue: occurrence_due,
    WorkPlanned: work_planned,
    OccurrenceSkipped: occurrence_skipped,
    OccurrenceMissed: occurrence_missed,
}
