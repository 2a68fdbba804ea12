"""The intents: what is in force, what is gone, and what became of the occurrences of each."""

from sqlite3 import Connection
from typing import Any, ClassVar

from projections.queries.documents import Document, bounded, latest, listed, single


class Intent(Document, frozen=True):
    """An intent and what became of its occurrences. `last_verdict` is "due" until the last of
    them has one. `state` is in_force or removed; unknown for one that nobody introduced."""

    JSON: ClassVar[tuple[str, ...]] = ("definition",)

    intent: str
    source: str  # configuration, request, signal, model, import
    run: str
    trigger: str
    definition: dict[str, Any]  # without what has its default
    enabled: bool
    switched_at: str | None
    state: str
    since: str | None
    removed_at: str | None
    removed_reason: str
    broken_at: str | None
    name_taken: bool
    due: int
    planned: int
    skipped: int
    missed: int
    coalesced: int
    superseded: int
    expired: int
    buffered: int
    last_due_at: str | None
    last_verdict: str
    last_reason: str
    last_work: str | None
    open_days: str  # of which something is open, between blanks


class Verdict(Document, frozen=True):
    """One verdict, on `count` occurrences together; `at_least` when more were not counted. What
    lies behind `reopened_after` is withdrawn."""

    at: str
    intent: str
    verdict: str
    due_at: str
    last_due_at: str
    count: int
    at_least: bool
    reason: str
    policy: str
    into_due_at: str | None
    work: str | None
    reopened_after: str | None


def intents(
    connection: Connection, *, removed: bool = True, after: str = "", limit: int = 1_000
) -> list[Intent]:
    """By name, from behind one on; those that are gone only when `removed`."""
    sql = """SELECT * FROM intents WHERE intent > :after AND (state <> 'removed' OR :removed)
        ORDER BY intent LIMIT :limit"""
    return listed(connection, Intent, sql, after=after, removed=removed, limit=bounded(limit))


def intent(connection: Connection, name: str) -> Intent | None:
    return single(connection, Intent, "SELECT * FROM intents WHERE intent = :name", name=name)


def names(connection: Connection) -> list[str]:
    """Of all that are in force."""
    sql = "SELECT intent FROM intents WHERE state = 'in_force' ORDER BY intent"
    return [str(name) for (name,) in connection.execute(sql)]


def verdicts(connection: Connection, intent: str, *, limit: int = 50) -> list[Verdict]:
    """The newest first."""
    sql = "SELECT * FROM verdicts WHERE intent = :intent ORDER BY position DESC LIMIT :limit"
    return listed(connection, Verdict, sql, intent=intent, limit=bounded(limit))


def house(connection: Connection) -> str:
    """What of the configuration in force says when something is due, as JSON."""
    return latest(connection, "house") or "{}"
