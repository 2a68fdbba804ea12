"""What people are told and whether it reached them; and the work that is buried."""

from sqlite3 import Connection

from projections.queries.documents import Document, bounded, listed


class Alert(Document, frozen=True):
    """An alert about a subject, as it was raised last. `delivery` is waiting, delivered or failed,
    or "" where nobody has been told since; who was told before then stays in `delivered_by`."""

    alert: str
    subject: str
    words: str
    raised_at: str
    cleared_at: str | None
    raised: int  # how often ever
    told: int  # how often since then, or tried to be
    work: str | None
    delivery: str
    delivered_by: str | None
    delivered_at: str | None


class Buried(Document, frozen=True):
    """Work that is out of attempts and was not revived."""

    work: str
    name: str
    action: str | None
    reason: str
    attempt: int
    ended_at: str
    cost_usd_micros: int


def alerts(connection: Connection, *, since: str | None = None, limit: int = 100) -> list[Alert]:
    """Those that stand, and, of a moment on, those that are over; the newest first."""
    sql = """SELECT * FROM alerts WHERE raised_at <> ''
            AND (cleared_at IS NULL OR cleared_at >= :since)
        ORDER BY record DESC, subject LIMIT :limit"""
    return listed(connection, Alert, sql, since=since or "9", limit=bounded(limit))


def buried(connection: Connection, *, limit: int = 100) -> list[Buried]:
    """The newest first; what tells of alerts is not among them."""
    sql = """SELECT * FROM works WHERE state = 'buried' AND revived_as IS NULL
            AND state IN ('failed', 'unknown', 'dropped', 'cancelled', 'buried')
            AND source <> 'alert'
        ORDER BY ended_at DESC, position DESC LIMIT :limit"""
    return listed(connection, Buried, sql, limit=bounded(limit))
