"""The ledger of a day: what was expected of it, and what became of each occurrence."""

from collections.abc import Callable
from sqlite3 import Connection

from msgspec.structs import replace

from projections.queries.documents import Document, bounded, latest, listed, snapshot

VERDICTS = ("planned", "skipped", "missed", "coalesced", "superseded", "expired")


class Occurrences(Document, frozen=True):
    """`count` occurrences of an intent, from `due_at` to `last_due_at`, of one fate. It is
    expected or buffered while they are open, and then planned, skipped, missed, coalesced,
    superseded or expired. Of what is expected, `after` tells that it is later than that."""

    intent: str
    due_at: str
    last_due_at: str
    count: int
    verdict: str
    reason: str = ""
    policy: str = ""
    at_least: bool = False
    after: str | None = None
    overdue: int = 0  # of what is open
    into_due_at: str | None = None
    work: str | None = None  # the newest
    at: str | None = None  # when the newest verdict was given


Exactly = Callable[[Occurrences], Occurrences]


class Ledger(Document, frozen=True):
    """A day. `expected` were told before they were due; `open` is what has no verdict yet, and
    `overdue` of it what lies before `until`. `verdicts` counts by verdict; a range that reaches
    over days counts to the day in which it begins. `rows` are cut at the limit."""

    day: str
    starts_at: str
    ends_at: str
    until: str
    expected: int
    open: int
    overdue: int
    verdicts: dict[str, int]
    rows: list[Occurrences]
    more: int


def ledger(
    connection: Connection,
    day: str,
    bounds: tuple[str, str],
    until: str,
    *,
    intent: str | None = None,
    only_open: bool = False,
    limit: int = 200,
    exactly: Exactly | None = None,
) -> Ledger:
    """By time. `bounds` are used for a day that never began. What lies before `until` is overdue;
    of a range that goes on, `exactly` tells how much."""
    with snapshot(connection):
        starts_at, ends_at = _bounds(connection, day) or bounds
        given = {"day": day, "starts": starts_at, "ends": ends_at, "intent": intent}
        found = listed(connection, Occurrences, _OPEN, **given)
        found = [_reckoned(row, until, exactly) for row in found]
        overdue = sum(row.overdue for row in found)
        open_ = sum(row.count for row in found)
        if not only_open:
            found += listed(connection, Occurrences, _CLOSED, **given)
        found.sort(key=lambda row: (row.after or row.due_at, row.after is not None, row.intent))
        expected = connection.execute(_EXPECTED, given).fetchone()[0]
        counts = dict(connection.execute(_COUNTS, given).fetchall())
    cut = bounded(limit)
    return Ledger(
        day=day,
        starts_at=starts_at,
        ends_at=ends_at,
        until=until,
        expected=expected,
        open=open_,
        overdue=overdue,
        verdicts={name: counts[name] for name in VERDICTS if name in counts},
        rows=found[:cut],
        more=max(0, len(found) - cut),
    )


def silence(connection: Connection, until: str, *, limit: int = 20) -> list[Occurrences]:
    """What of any day was expected whole before a moment and is open: nobody was there."""
    sql = """SELECT intent, coming_first AS due_at, coming_last AS last_due_at, coming AS count,
            'expected' AS verdict, nullif(coming_after, '') AS after, coming AS overdue
        FROM expectations WHERE coming > 0 AND coming_last < :until
        ORDER BY coming_last DESC, intent LIMIT :limit"""
    return listed(connection, Occurrences, sql, until=until, limit=bounded(limit))


def today(connection: Connection) -> str | None:
    """The day that the clock opened last."""
    return latest(connection, "day")


def _bounds(connection: Connection, day: str) -> tuple[str, str] | None:
    sql = "SELECT starts_at, ends_at FROM days WHERE day = ? AND starts_at IS NOT NULL"
    found = connection.execute(sql, (day,)).fetchone()
    return (str(found[0]), str(found[1])) if found else None


def _reckoned(row: Occurrences, until: str, exactly: Exactly | None) -> Occurrences:
    if row.verdict == "expected" and row.last_due_at < until:
        row = replace(row, overdue=row.count)
    return exactly(row) if exactly and row.verdict == "expected" else row


_MINE = "(:intent IS NULL OR intent = :intent)"
_WITHDRAWN = "(reopened_after IS NULL OR due_at <= reopened_after)"
_OPEN = f"""SELECT intent, coming_first AS due_at, coming_last AS last_due_at, coming AS count,
        'expected' AS verdict, nullif(coming_after, '') AS after, NULL AS at
    FROM expectations WHERE day = :day AND coming > 0 AND {_MINE}
    UNION ALL
    SELECT intent, due_at, due_at, 1, 'buffered', NULL, since
    FROM buffered WHERE closed_at IS NULL AND due_at >= :starts AND due_at < :ends
        AND {_MINE}"""  # noqa: S608 the fragments are our own
# Neighbours of one fate are told as one range.
_CLOSED = f"""WITH mine AS (
        SELECT * FROM verdicts WHERE due_at >= :starts AND due_at < :ends
            AND {_MINE} AND {_WITHDRAWN}
        UNION ALL
        SELECT * FROM verdicts WHERE verdict <> 'planned' AND last_due_at >= :starts
            AND due_at < :starts AND {_MINE} AND {_WITHDRAWN}
    ), islands AS (
        SELECT *, row_number() OVER (PARTITION BY intent ORDER BY due_at, position)
            - row_number() OVER (PARTITION BY intent, verdict, reason, policy, into_due_at
                ORDER BY due_at, position) AS island
        FROM mine
    )
    SELECT intent, min(due_at) AS due_at, max(last_due_at) AS last_due_at,
        sum(count) AS count, verdict, reason, policy, max(at_least) AS at_least, into_due_at,
        max(at) AS at, substr(max(printf('%019d', position) || work), 20) AS work
    FROM islands GROUP BY intent, verdict, reason, policy, into_due_at, island
    ORDER BY 2, 1"""  # noqa: S608 likewise
_EXPECTED = f"""SELECT ifnull(sum(expected), 0) FROM expectations
    WHERE day = :day AND {_MINE}"""  # noqa: S608 likewise
_COUNTS = f"""SELECT verdict, sum(count) FROM verdicts
    WHERE due_at >= :starts AND due_at < :ends AND {_MINE} AND {_WITHDRAWN}
    GROUP BY verdict"""  # noqa: S608 likewise
