"""The money of a day: limits, what is reserved and settled, what is left, every movement."""

from datetime import date, datetime
from sqlite3 import Connection

from msgspec import field
from msgspec.structs import replace

from projections.moments import rfc3339
from projections.queries.documents import Document, bounded, latest, listed, single, snapshot


class CategoryBudget(Document, frozen=True):
    """`left_usd_micros` is the limit without what is reserved and settled, and never below 0.

    What is settled is known more or less truly: as programs `reported` it, as their tokens are
    `priced`, or as `estimated`; these three are all of it.
    """

    category: str
    limit_usd_micros: int
    reserved_usd_micros: int
    settled_usd_micros: int
    reported_usd_micros: int
    priced_usd_micros: int
    estimated_usd_micros: int
    overrun_usd_micros: int
    left_usd_micros: int
    refused: int  # how often
    closed: bool  # by an overrun
    changed: str  # its limit, by hand: "day", or "good" when it is for good


class OwnLimit(Document, frozen=True):
    """What a template or an intent may cost on that day. Without a limit any more, nothing is
    said of what is left."""

    name: str  # "template:NAME" or "intent:NAME"
    limit_usd_micros: int | None
    reserved_usd_micros: int
    settled_usd_micros: int
    left_usd_micros: int | None
    refused: int  # how often
    changed: str  # by hand: "day", or "good" when it is for good


class Quota(Document, frozen=True):
    """What a provider allows in a window of time. `resets_at` is when the one that is open ends;
    null while none is. What has no limit has nothing left either: null. What runs may still cost
    is `reserved_usd_micros`, where it counts."""

    executor: str
    quota: str
    window_seconds: int
    counted_from: str
    since: str | None
    resets_at: str | None
    spent_until: str | None  # Nothing more is asked of the executor until then.
    requests: int
    requests_max: int | None
    requests_left: int | None
    tokens: int
    tokens_max: int | None
    tokens_left: int | None
    usd_micros: int
    usd_micros_max: int | None
    reserved_usd_micros: int
    usd_micros_left: int | None


class BudgetAlert(Document, frozen=True):
    """Something about money that people are told."""

    alert: str
    subject: str
    words: str
    raised_at: str


class Movement(Document, frozen=True):
    """A line of the ledger. `movement` is opened, reserved, settled, returned, refused, offered,
    overrun, reopened, corrected or limited."""

    position: int
    at: str
    movement: str
    category: str
    usd_micros: int
    run: str | None
    work: str | None
    reason: str
    reserved_usd_micros: int  # what had been set aside for what is settled now, or charged for
    # what is corrected
    own_limit: str


class Purse(Document, frozen=True):
    """`left_usd_micros` is the limit without what is reserved and settled, the reserve included,
    which only critical work may touch."""

    day: str
    limit_usd_micros: int
    reserve_usd_micros: int
    reserved_usd_micros: int
    settled_usd_micros: int
    reported_usd_micros: int
    priced_usd_micros: int
    estimated_usd_micros: int
    overrun_usd_micros: int
    left_usd_micros: int
    revision: int
    opened_at: str | None
    changed: str  # its limit, by hand: "day", or "good" when it is for good


class Budget(Purse, frozen=True):
    """The same with its categories, limits of their own, movements; and with the quotas and the
    alerts of this moment, whatever the day."""

    categories: list[CategoryBudget] = field(default_factory=list)
    own_limits: list[OwnLimit] = field(default_factory=list)
    quotas: list[Quota] = field(default_factory=list)
    alerts: list[BudgetAlert] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)


class DayCost(Document, frozen=True):
    """What was settled on a day."""

    day: str
    cost_usd_micros: int


_PURSE = """SELECT day, limit_usd_micros, reserve_usd_micros, reserved_usd_micros,
        settled_usd_micros, overrun_usd_micros, priced_usd_micros, estimated_usd_micros,
        settled_usd_micros - priced_usd_micros - estimated_usd_micros AS reported_usd_micros,
        max(0, limit_usd_micros - reserved_usd_micros - settled_usd_micros) AS left_usd_micros,
        revision, opened_at, changed
    FROM purses JOIN (SELECT ifnull(sum(reserved_usd_micros), 0) AS reserved_usd_micros,
        ifnull(sum(settled_usd_micros), 0) AS settled_usd_micros,
        ifnull(sum(priced_usd_micros), 0) AS priced_usd_micros,
        ifnull(sum(estimated_usd_micros), 0) AS estimated_usd_micros,
        ifnull(sum(overrun_usd_micros), 0) AS overrun_usd_micros
        FROM categories WHERE day = :day)
    WHERE day = :day"""


def budget(
    connection: Connection,
    day: date | None = None,
    *,
    movements: int = 50,
    at: datetime | None = None,
) -> Budget | None:
    """The ledger of a day, by default of the open one, with its newest movements first; None for
    a day on which no money was opened. Windows of quotas that are over `at` that time are shown
    as such; without it those that were open when something last was counted."""
    with snapshot(connection):
        on = day.isoformat() if day else latest(connection, "day")
        found = single(connection, Budget, _PURSE, day=on)
        return found and replace(
            found,
            categories=_categories(connection, on),
            own_limits=_own_limits(connection, on),
            quotas=quotas(connection, at),
            alerts=_alerts(connection),
            movements=_movements(connection, on, movements),
        )


def purse(connection: Connection, day: str | None) -> Purse | None:
    return single(connection, Purse, _PURSE, day=day)


def cost_per_day(
    connection: Connection, *, until: date | None = None, days: int = 30
) -> list[DayCost]:
    """What was settled on each of the last days that have a ledger, the newest first."""
    sql = """SELECT day, sum(settled_usd_micros) AS cost_usd_micros FROM categories
        WHERE day <= :until GROUP BY day ORDER BY day DESC LIMIT :days"""
    last = (until or date.max).isoformat()
    return listed(connection, DayCost, sql, until=last, days=bounded(days))


def _categories(connection: Connection, day: str | None) -> list[CategoryBudget]:
    sql = """SELECT *, max(0, limit_usd_micros - reserved_usd_micros - settled_usd_micros)
            AS left_usd_micros,
            settled_usd_micros - priced_usd_micros - estimated_usd_micros AS reported_usd_micros
        FROM categories WHERE day = :day ORDER BY category"""
    return listed(connection, CategoryBudget, sql, day=day)


def _own_limits(connection: Connection, day: str | None) -> list[OwnLimit]:
    """Those that there are, and those against which something was counted."""
    sql = """SELECT *, max(0, limit_usd_micros - reserved_usd_micros - settled_usd_micros)
            AS left_usd_micros
        FROM own_limits WHERE day = :day AND (limit_usd_micros IS NOT NULL
            OR reserved_usd_micros + settled_usd_micros + refused > 0)
        ORDER BY name"""
    return listed(connection, OwnLimit, sql, day=day)


def quotas(connection: Connection, at: datetime | None = None) -> list[Quota]:
    """The windows of all executors that have any."""
    sql = """WITH seen AS (SELECT *, until IS NOT NULL AND (:at IS NULL OR :at < until) AS is_open
            FROM quotas WHERE is_configured OR spent_until IS NOT NULL),
        counted AS (SELECT executor, quota, window_seconds, counted_from, requests_max, tokens_max,
            usd_micros_max, spent_until, iif(is_open, since, NULL) AS since,
            iif(is_open, until, NULL) AS resets_at, iif(is_open, requests, 0) AS requests,
            iif(is_open, tokens, 0) AS tokens, iif(is_open, usd_micros, 0) AS usd_micros,
            iif(holds_ceilings AND usd_micros_max IS NOT NULL,
                (SELECT ifnull(sum(reserved_usd_micros), 0) FROM runs
                    WHERE runs.executor = seen.executor AND state IN ('starting', 'running')
                        AND state <> 'succeeded'), 0)
                AS reserved_usd_micros FROM seen)
        SELECT *, max(0, requests_max - requests) AS requests_left,
            max(0, tokens_max - tokens) AS tokens_left,
            max(0, usd_micros_max - usd_micros - reserved_usd_micros) AS usd_micros_left
        FROM counted ORDER BY executor, quota"""
    return listed(connection, Quota, sql, at=None if at is None else rfc3339(at))


def _alerts(connection: Connection) -> list[BudgetAlert]:
    sql = """SELECT alert, subject, words, raised_at FROM alerts
        WHERE alert IN ('budget_used', 'budget_pace') AND raised_at <> ''
            AND cleared_at IS NULL ORDER BY raised_at, subject"""
    return listed(connection, BudgetAlert, sql)


def _movements(connection: Connection, day: str | None, limit: int) -> list[Movement]:
    sql = "SELECT * FROM movements WHERE day = :day ORDER BY position DESC LIMIT :limit"
    return listed(connection, Movement, sql, day=day, limit=bounded(limit))
