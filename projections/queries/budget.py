"""The money of a day: limits, what is reserved and settled, what is left, every movement."""

from datetime import date
from sqlite3 import Connection

from msgspec import field
from msgspec.structs import replace

from projections.queries.documents import Document, bounded, latest, listed, single, snapshot


class CategoryBudget(Document, frozen=True):
    """`left_usd_micros` is the limit without what is reserved and settled, and never below 0."""

    category: str
    limit_usd_micros: int
    reserved_usd_micros: int
    settled_usd_micros: int
    overrun_usd_micros: int
    left_usd_micros: int
    refused: int  # how often
    closed: bool  # by an overrun


class Movement(Document, frozen=True):
    """A line of the ledger. `movement` is opened, reserved, settled, returned, refused, offered,
    overrun or reopened."""

    position: int
    at: str
    movement: str
    category: str
    usd_micros: int
    run: str | None
    work: str | None
    reason: str
    reserved_usd_micros: int  # what had been set aside for what is settled now


class Purse(Document, frozen=True):
    """`left_usd_micros` is the limit without what is reserved and settled, the reserve included,
    which only critical work may touch."""

    day: str
    limit_usd_micros: int
    reserve_usd_micros: int
    reserved_usd_micros: int
    settled_usd_micros: int
    overrun_usd_micros: int
    left_usd_micros: int
    revision: int
    opened_at: str | None


class Budget(Purse, frozen=True):
    """The same with its categories and movements."""

    categories: list[CategoryBudget] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)


class DayCost(Document, frozen=True):
    """What was settled on a day."""

    day: str
    cost_usd_micros: int


_PURSE = """SELECT day, limit_usd_micros, reserve_usd_micros, reserved_usd_micros,
        settled_usd_micros, overrun_usd_micros,
        max(0, limit_usd_micros - reserved_usd_micros - settled_usd_micros) AS left_usd_micros,
        revision, opened_at
    FROM purses JOIN (SELECT ifnull(sum(reserved_usd_micros), 0) AS reserved_usd_micros,
        ifnull(sum(settled_usd_micros), 0) AS settled_usd_micros,
        ifnull(sum(overrun_usd_micros), 0) AS overrun_usd_micros
        FROM categories WHERE day = :day)
    WHERE day = :day"""


def budget(
    connection: Connection, day: date | None = None, *, movements: int = 50
) -> Budget | None:
    """The ledger of a day, by default of the open one, with its newest movements first; None for
    a day on which no money was opened."""
    with snapshot(connection):
        on = day.isoformat() if day else latest(connection, "day")
        found = single(connection, Budget, _PURSE, day=on)
        return found and replace(
            found,
            categories=_categories(connection, on),
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
            AS left_usd_micros
        FROM categories WHERE day = :day ORDER BY category"""
    return listed(connection, CategoryBudget, sql, day=day)


def _movements(connection: Connection, day: str | None, limit: int) -> list[Movement]:
    sql = "SELECT * FROM movements WHERE day = :day ORDER BY position DESC LIMIT :limit"
    return listed(connection, Movement, sql, day=day, limit=bounded(limit))
