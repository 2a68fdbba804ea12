"""What waits, in the order in which it will be released, and what each piece waits for."""

from sqlite3 import Connection

from projections.queries.documents import Document, bounded, listed


class Waiting(Document, frozen=True):
    """A piece of work that has not been released, or waits for another attempt."""

    work: str
    name: str
    source: str
    category: str
    lane: str
    phase: str | None
    day: str | None
    priority: str
    state: str  # planned, queued or held
    reason: str
    since: str  # for this reason
    until: str | None
    planned_at: str
    estimate_usd_micros: int
    deferrals: int
    step: int  # 0 when none was tried yet
    attempt: int
    note: str


def queue(connection: Connection, *, limit: int = 200) -> list[Waiting]:
    """Priority first, then age."""
    sql = """SELECT *, waiting_since AS since FROM works WHERE waiting_since IS NOT NULL
        ORDER BY rank, position LIMIT :limit"""
    return listed(connection, Waiting, sql, limit=bounded(limit))


def waiting_for(connection: Connection) -> dict[str, int]:
    """How many wait for each reason; "" for what was planned a moment ago."""
    sql = """SELECT reason, count(*) FROM works WHERE waiting_since IS NOT NULL
        GROUP BY reason ORDER BY reason"""
    return dict(connection.execute(sql).fetchall())
