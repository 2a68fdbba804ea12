"""The intents in force: what became of the last occurrence of each, and when the next is due."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from msgspec import Struct

from horarium.coming import coming, house_of
from horarium.commands.fates import why
from horarium.commands.showing import in_seconds, moment
from horarium.tables import Column, Value, faint, gap, line, show, state, title
from projections.moments import rfc3339
from projections.queries.intents import Intent, intents

INTENTS_SHOWN = 20
INTENTS = (Column("intent"), Column("next", right=True), Column("last", right=True),
           Column("verdict"), Column("", long=True))  # fmt: skip


class Coming(Struct, frozen=True):
    """An intent in force: what became of its last occurrence, and when the next one is due."""

    intent: str
    trigger: str
    enabled: bool
    last_due_at: str | None
    last_verdict: str
    last_reason: str
    last_work: str | None
    next_due_at: str | None
    broken_at: str | None = None  # It is paused after failures since then.


def comings(connection: Connection, at: datetime) -> list[Coming]:
    """Those that are due next come first, then those that wait for something else."""
    house = house_of(connection)
    found = [_coming(one, house, at) for one in intents(connection, removed=False, limit=10_000)]
    return sorted(found, key=lambda it: (it.next_due_at is None, it.next_due_at or "", it.intent))


def _coming(one: Intent, house: Any, at: datetime) -> Coming:
    due = coming(one, house, at)
    return Coming(
        one.intent,
        one.trigger,
        one.enabled,
        one.last_due_at,
        one.last_verdict,
        one.last_reason,
        one.last_work,
        rfc3339(due[0]) if due else None,
        one.broken_at,
    )


def tell_comings(found: Sequence[Coming]) -> None:
    if not found:
        return
    gap()
    title("Intents")
    show(INTENTS, map(_intent, found[:INTENTS_SHOWN]), 2)
    if (more := len(found) - INTENTS_SHOWN) > 0:
        line(faint(f"  and {more:,} more; `horarium intent list` has them"))


def _intent(it: Coming) -> Sequence[Value]:
    waits = "" if it.trigger == "now" and it.last_due_at else it.trigger
    if it.broken_at:
        waits = "paused after failures"
    seconds = in_seconds(it.trigger)
    return (
        it.intent,
        moment(it.next_due_at, seconds=seconds) or faint(waits if it.enabled else "disabled"),
        moment(it.last_due_at, seconds=seconds),
        state(it.last_verdict),
        faint(it.last_work or why(it.last_reason)),
    )
