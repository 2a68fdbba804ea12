"""What happened since a moment: what ran and cost, what failed or was dropped, what needs you."""

from datetime import datetime
from sqlite3 import Connection

from projections.database import place_of
from projections.moments import rfc3339
from projections.queries.alerts import Alert, alerts
from projections.queries.documents import Document, bounded, listed, snapshot


class Ran(Document, frozen=True):
    """The runs of an action that ended."""

    action: str
    runs: int
    succeeded: int
    cost_usd_micros: int
    duration_ms: int
    last_ended_at: str


class Failure(Document, frozen=True):
    """A run that ended otherwise than well: failed, timed_out, misconfigured, too_late, not_ready,
    rate_limited, quota_exhausted."""

    run: str
    work: str
    action: str
    state: str
    reason: str
    exit_code: int | None
    attempt: int
    ended_at: str
    cost_usd_micros: int | None


class Gone(Document, frozen=True):
    """Work that ended without having run to an end: dropped or cancelled."""

    work: str
    name: str
    state: str
    reason: str
    phase: str | None
    day: str | None
    ended_at: str


class Missed(Document, frozen=True):
    """Occurrences of one fate that became no work: missed, skipped, expired, coalesced into a
    later one, or superseded by it. What somebody's edit took back is not among them."""

    intent: str
    verdict: str
    reason: str
    count: int
    at_least: bool
    due_at: str
    last_due_at: str


class Need(Document, frozen=True):
    """What a person has to look at. `kind` is unknown, buried, misconfigured, no_funds, question
    or undelivered; `what` says it in words."""

    kind: str
    at: str
    work: str
    run: str | None
    name: str
    what: str


class Brief(Document, frozen=True):
    """Everything that ended since a moment. Lists are cut at the limit, counts are not."""

    since: str
    position: int  # the newest record known here
    at: str | None
    runs: int
    succeeded: int
    cost_usd_micros: int
    cost_by_category: dict[str, int]
    ran: list[Ran]
    failed: list[Failure]
    dropped: list[Gone]
    missed: list[Missed]
    needs: list[Need]
    alerts: list[Alert]  # those that stand, and those that were over since


def brief(connection: Connection, *, since: datetime, limit: int = 50) -> Brief:
    """The newest first. Work that waits for money needs a person whenever it was refused."""
    begin = rfc3339(since)
    with snapshot(connection):
        place = place_of(connection)
        costs = _costs(connection, begin)
        runs, succeeded = _counts(connection, begin)
        cut = bounded(limit)
        return Brief(
            since=begin,
            position=place.position,
            at=place.at or None,
            runs=runs,
            succeeded=succeeded,
            cost_usd_micros=sum(costs.values()),
            cost_by_category=costs,
            ran=listed(connection, Ran, _RAN, since=begin, limit=cut),
            failed=listed(connection, Failure, _FAILED, since=begin, limit=cut),
            dropped=listed(connection, Gone, _DROPPED, since=begin, limit=cut),
            missed=listed(connection, Missed, _MISSED, since=begin, limit=cut),
            needs=listed(connection, Need, _NEEDS, since=begin, limit=cut),
            alerts=alerts(connection, since=begin, limit=cut),
        )


# The sign before a column keeps the index by action out: it would read every run there ever was.
_RAN = """SELECT action, count(*) AS runs, sum(state = 'succeeded') AS succeeded,
        ifnull(sum(cost_usd_micros), 0) AS cost_usd_micros, sum(duration_ms) AS duration_ms,
        max(ended_at) AS last_ended_at
    FROM runs WHERE ended_at >= :since AND started_at IS NOT NULL
    GROUP BY +action ORDER BY last_ended_at DESC, action LIMIT :limit"""
_FAILED = """SELECT * FROM runs WHERE ended_at >= :since
        AND state IN ('failed', 'timed_out', 'misconfigured', 'too_late', 'not_ready',
            'rate_limited', 'quota_exhausted')
    ORDER BY ended_at DESC, position DESC LIMIT :limit"""
_DROPPED = """SELECT * FROM works WHERE ended_at >= :since AND state IN ('dropped', 'cancelled')
        AND state IN ('failed', 'unknown', 'dropped', 'cancelled', 'buried')
    ORDER BY ended_at DESC, position DESC LIMIT :limit"""
_MISSED = """SELECT intent, verdict, reason, sum(count) AS count, max(at_least) AS at_least,
        min(due_at) AS due_at, max(last_due_at) AS last_due_at
    FROM verdicts WHERE at >= :since AND verdict <> 'planned'
        AND (verdict <> 'superseded' OR reason = 'newer_occurrence')
        AND (reopened_after IS NULL OR due_at <= reopened_after)
    GROUP BY intent, verdict, reason ORDER BY max(position) DESC LIMIT :limit"""
_NEEDS = """SELECT * FROM (
        SELECT state AS kind, ended_at AS at, work, run, name,
            iif(state = 'buried', 'out of attempts', 'unknown')
            || iif(reason = '', '', ': ' || reason) AS what
        FROM works WHERE ended_at >= :since AND state IN ('unknown', 'buried')
            AND state IN ('failed', 'unknown', 'dropped', 'cancelled', 'buried')
            AND revived_as IS NULL AND source <> 'alert'
        UNION ALL
        SELECT 'undelivered', raised_at, work, NULL, trim(alert || ' ' || subject),
            'could not be delivered: ' || words
        FROM alerts WHERE delivery = 'failed' AND (cleared_at IS NULL OR cleared_at >= :since)
        UNION ALL
        SELECT 'misconfigured', ended_at, work, run, action, reason
        FROM runs WHERE ended_at >= :since AND state = 'misconfigured'
        UNION ALL
        SELECT 'no_funds', waiting_since, work, run, name,
            'waits for money in ' || category
        FROM works WHERE waiting_since IS NOT NULL AND reason = 'no_funds'
        UNION ALL
        SELECT 'question', ended_at, work, run, action, json_extract(questions, '$[0]')
        FROM runs WHERE ended_at >= :since AND questions <> '[]'
    ) ORDER BY at DESC, work LIMIT :limit"""


def _costs(connection: Connection, since: str) -> dict[str, int]:
    sql = """SELECT category, sum(cost_usd_micros) FROM runs
        WHERE ended_at >= ? AND cost_usd_micros > 0 GROUP BY category ORDER BY category"""
    return dict(connection.execute(sql, (since,)).fetchall())


def _counts(connection: Connection, since: str) -> tuple[int, int]:
    sql = """SELECT count(*), ifnull(sum(state = 'succeeded'), 0) FROM runs
        WHERE ended_at >= ? AND started_at IS NOT NULL"""
    runs, succeeded = connection.execute(sql, (since,)).fetchone()
    return int(runs), int(succeeded)
