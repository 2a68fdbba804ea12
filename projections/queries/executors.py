"""Who carries runs out, and how they are faring."""

from sqlite3 import Connection

from projections.queries.documents import Document, listed


class Executor(Document, frozen=True):
    """One that has runs, has rested, or has a quota. It `state` is ready, resting, or spent when
    a quota of it is; `reason` says why it rests, or which quota it is."""

    executor: str
    state: str
    reason: str
    since: str | None
    until: str | None
    rests: int  # so far
    open: int  # runs that have begun and not ended
    waiting: int  # runs that wait for a place


_EXECUTORS = """
    WITH live AS (
        SELECT executor, sum(state <> 'waiting') AS open, sum(state = 'waiting') AS waiting
        FROM runs WHERE state IN ('starting', 'waiting', 'running') AND state <> 'succeeded'
        GROUP BY executor
    ), spent AS (
        SELECT executor, quota, max(spent_until) AS until FROM quotas
        WHERE spent_until IS NOT NULL GROUP BY executor
    ), known AS (
        SELECT executor FROM executors UNION SELECT executor FROM live WHERE executor <> ''
        UNION SELECT executor FROM quotas
    )
    SELECT known.executor,
        iif(ifnull(resting, 0), 'resting', iif(spent.quota IS NULL, 'ready', 'spent')) AS state,
        iif(ifnull(resting, 0), reason, ifnull(spent.quota, '')) AS reason,
        since, coalesce(executors.until, spent.until) AS until, ifnull(rests, 0) AS rests,
        ifnull(open, 0) AS open, ifnull(waiting, 0) AS waiting
    FROM known LEFT JOIN executors USING (executor) LEFT JOIN live USING (executor)
        LEFT JOIN spent USING (executor)
    ORDER BY known.executor"""


def executors(connection: Connection) -> list[Executor]:
    """By name."""
    return listed(connection, Executor, _EXECUTORS)
