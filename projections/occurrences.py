"""The ledger of occurrences: what a day is expected to bring, and the verdict on each of it.

What is expected stands as one range for each day and intent, never as a row for each instant.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from events.intents import OccurrenceBuffered
from events.plan import OccurrenceSkipped
from events.record import Record
from events.time import (
    Expected,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
    OccurrencesReopened,
    OccurrencesSuperseded,
)
from events.work import WorkPlanned
from projections.intent_tables import Expectation, Intent, Verdict
from projections.moments import rfc3339
from projections.rows import Handlers, Tables

NAME: Final = "occurrences"
OPEN_DAYS_MAX = 32
CLOSINGS = ("planned", "skipped", "missed", "coalesced", "superseded", "expired")


def occurrences_expected(
    tables: Tables, record: Record, fact: OccurrencesExpected, at: str
) -> None:
    day = fact.day.isoformat()
    for each in fact.intents:
        _expect(tables.expectations.make(day, each.intent), each)
        intent = tables.intents.make(each.intent)
        if day not in (days := intent.open_days.split()):
            intent.open_days = " ".join([*days, day][-OPEN_DAYS_MAX:])


def _expect(row: Expectation, told: Expected) -> None:
    """In the place of what was still to come; what is overdue stays open."""
    first, last = rfc3339(told.first_due_at), rfc3339(told.last_due_at)
    overdue = row.coming if row.coming_last < first else 0
    row.expected += told.count + overdue - row.coming
    row.coming = told.count + overdue
    if not overdue:
        row.coming_first, row.coming_after = first, ""
    row.coming_last = last
    row.first_due_at = min(row.first_due_at or first, first)
    row.last_due_at = max(row.last_due_at, last)


def occurrence_due(tables: Tables, record: Record, fact: OccurrenceDue, at: str) -> None:
    intent, due_at = tables.intents.make(fact.intent), rfc3339(fact.due_at)
    intent.due += 1
    if due_at >= (intent.last_due_at or ""):
        intent.last_due_at, intent.last_verdict = due_at, "due"
        intent.last_reason, intent.last_work = "", None
    for row in _open_rows(tables, intent):
        if row.coming and row.coming_first <= due_at <= row.coming_last:
            row.coming -= 1
            row.due += 1
            row.waiting += 1
            row.coming_after = max(row.coming_after, due_at)
            return


def occurrence_buffered(tables: Tables, record: Record, fact: OccurrenceBuffered, at: str) -> None:
    row = tables.buffered.make(fact.intent, rfc3339(fact.due_at))
    if not row.since:
        tables.intents.make(fact.intent).buffered += 1
        row.since = at


def work_planned(tables: Tables, record: Record, fact: WorkPlanned, at: str) -> None:
    """The key of such work is `intent@instant`."""
    if fact.source != "intent":
        return
    name, _, instant = fact.key.rpartition("@")
    due_at = rfc3339(datetime.fromisoformat(instant))
    verdict = Verdict(record.position, at, name, "planned", due_at, due_at, was_due=True)
    verdict.work = fact.work
    _close(tables, verdict)


def occurrence_skipped(tables: Tables, record: Record, fact: OccurrenceSkipped, at: str) -> None:
    """What the calendar passes over was never due."""
    due_at = rfc3339(fact.due_at)
    verdict = Verdict(record.position, at, fact.intent, "skipped", due_at, due_at)
    verdict.reason = fact.reason
    verdict.was_due = fact.reason not in ("dst_gap", "dst_overlap")
    _close(tables, verdict)


def occurrence_expired(tables: Tables, record: Record, fact: OccurrenceExpired, at: str) -> None:
    due_at = rfc3339(fact.due_at)
    verdict = Verdict(record.position, at, fact.intent, "expired", due_at, due_at)
    verdict.reason, verdict.was_due = fact.reason, record.by != "clock"
    _close(tables, verdict)


def occurrence_missed(tables: Tables, record: Record, fact: OccurrenceMissed, at: str) -> None:
    verdict = _range("missed", record, fact, at)
    verdict.at_least, verdict.policy = fact.at_least, fact.policy
    _close(tables, verdict)


def occurrences_coalesced(
    tables: Tables, record: Record, fact: OccurrencesCoalesced, at: str
) -> None:
    verdict = _range("coalesced", record, fact, at)
    verdict.into_due_at = rfc3339(fact.into)
    _close(tables, verdict)


def occurrences_superseded(
    tables: Tables, record: Record, fact: OccurrencesSuperseded, at: str
) -> None:
    """What the planner takes back was due, and waited."""
    verdict = _range("superseded", record, fact, at)
    verdict.was_due = record.by == "planner" or fact.reason == "newer_occurrence"
    _close(tables, verdict)


def _range(
    name: str,
    record: Record,
    fact: OccurrenceMissed | OccurrencesCoalesced | OccurrencesSuperseded,
    at: str,
) -> Verdict:
    first, last = rfc3339(fact.first_due_at), rfc3339(fact.last_due_at)
    verdict = Verdict(record.position, at, fact.intent, name, first, last, fact.count)
    verdict.reason = fact.reason
    return verdict


def occurrences_reopened(
    tables: Tables, record: Record, fact: OccurrencesReopened, at: str
) -> None:
    """What really became due keeps its verdict. How many of a range lie behind the moment nobody
    counts: such a range is only marked."""
    after = rfc3339(fact.after)
    for row in tables.expectations.select("WHERE last_due_at > ?", after):
        row.coming = 0
        if row.first_due_at > after:
            row.missed = row.coalesced = row.superseded = 0
        row.expected = row.waiting + sum(getattr(row, name) for name in CLOSINGS)
    withdrawn = tables.verdicts.select(
        "WHERE verdict <> 'planned' AND last_due_at > ? AND NOT was_due AND reopened_after IS NULL",
        after,
    )
    for verdict in withdrawn:
        verdict.reopened_after = after
        if verdict.due_at > after:
            intent = tables.intents.make(verdict.intent)
            _add(intent, verdict.verdict, -verdict.count)
    for intent in tables.intents.select("WHERE last_due_at > ?", after):
        _remember_last_but(tables, intent)


def _remember_last_but(tables: Tables, intent: Intent) -> None:
    """Of what counts, the last."""
    found = tables.verdicts.select(
        "WHERE intent = ? AND verdict <> 'superseded' AND (reopened_after IS NULL"
        " OR due_at <= reopened_after) ORDER BY last_due_at DESC, position DESC LIMIT 1",
        intent.intent,
    )
    intent.last_due_at = None
    intent.last_verdict, intent.last_reason, intent.last_work = "", "", None
    for verdict in found:
        _remember(intent, verdict)


def _close(tables: Tables, verdict: Verdict) -> None:
    intent = tables.intents.make(verdict.intent)
    _add(intent, verdict.verdict, verdict.count)
    came = verdict.was_due or verdict.verdict != "superseded"
    if came and verdict.last_due_at >= (intent.last_due_at or ""):
        _remember(intent, verdict)
    if verdict.was_due and intent.buffered:
        _end_waiting(tables, intent, verdict)
    left = verdict.count
    for row in _open_rows(tables, intent):
        taken = _waited(row, verdict) if verdict.was_due else _came(row, verdict, left)
        _add(row, verdict.verdict, taken)
        left -= taken
    tables.verdicts.add(verdict)


def _remember(intent: Intent, verdict: Verdict) -> None:
    intent.last_due_at, intent.last_work = verdict.last_due_at, verdict.work
    intent.last_verdict, intent.last_reason = verdict.verdict, verdict.reason


def _end_waiting(tables: Tables, intent: Intent, verdict: Verdict) -> None:
    row = tables.buffered.find((intent.intent, verdict.due_at))
    if row is not None and row.closed_at is None:
        row.closed_at = verdict.at
        intent.buffered -= 1


def _waited(row: Expectation, verdict: Verdict) -> int:
    """How many that were due it closes."""
    if not row.waiting or not row.first_due_at <= verdict.due_at <= row.last_due_at:
        return 0
    row.waiting -= 1
    return 1


def _came(row: Expectation, verdict: Verdict, left: int) -> int:
    """How many that were to come it closes, of at most so many."""
    if not row.coming or verdict.last_due_at < row.coming_first:
        return 0
    if verdict.due_at > row.coming_last:
        return 0
    taken = row.coming if verdict.at_least else min(left, row.coming)
    row.coming -= taken
    if verdict.last_due_at < row.coming_last:
        row.coming_after = max(row.coming_after, verdict.last_due_at)
    return taken


def _open_rows(tables: Tables, intent: Intent) -> Iterator[Expectation]:
    """Days of which something is open; one that is closed while it is looked at is forgotten."""
    for day in intent.open_days.split():
        row = tables.expectations.find((day, intent.intent))
        if row is not None:
            yield row
        if row is None or not (row.coming or row.waiting):
            intent.open_days = " ".join(it for it in intent.open_days.split() if it != day)


def _add(row: Intent | Expectation, name: str, count: int) -> None:
    setattr(row, name, getattr(row, name) + count)


HANDLERS: Handlers = {
    OccurrencesExpected: occurrences_expected,
    OccurrenceDue: occurrence_due,
    OccurrenceBuffered: occurrence_buffered,
    WorkPlanned: work_planned,
    OccurrenceSkipped: occurrence_skipped,
    OccurrenceExpired: occurrence_expired,
    OccurrenceMissed: occurrence_missed,
    OccurrencesCoalesced: occurrences_coalesced,
    OccurrencesSuperseded: occurrences_superseded,
    OccurrencesReopened: occurrences_reopened,
}
