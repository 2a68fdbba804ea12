"""The budget ledger: what each day and category may cost, and every movement."""

from datetime import date
from typing import Final

from msgspec.json import decode, encode

from events.budget import (
    BudgetOpened,
    CategoryReopened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.record import Record
from projections.rows import Handlers, Tables
from projections.tables import Category, Movement

NAME: Final = "budget"


def budget_opened(tables: Tables, record: Record, fact: BudgetOpened, at: str) -> None:
    """Again with other limits: what is reserved and settled stays."""
    purse = tables.purses.make(fact.day.isoformat())
    purse.limit_usd_micros = fact.limit_usd_micros
    purse.reserve_usd_micros = fact.reserve_usd_micros
    purse.revision = fact.revision
    purse.opened_at = purse.opened_at or at
    for name in {*decode(purse.categories, type=list[str]), *fact.categories}:
        tables.categories.make(purse.day, name).limit_usd_micros = fact.categories.get(name, 0)
    purse.categories = encode(list(fact.categories)).decode()
    tables.movements.add(
        Movement(record.position, at, "opened", purse.day, "", fact.limit_usd_micros)
    )


def funds_reserved(tables: Tables, record: Record, fact: FundsReserved, at: str) -> None:
    run, work, name, amount = fact.run, fact.work, fact.category, fact.usd_micros
    category = _category(tables, fact.day, name)
    category.reserved_usd_micros += amount
    tables.movements.add(
        Movement(record.position, at, "reserved", category.day, name, amount, run, work)
    )


def funds_refused(tables: Tables, record: Record, fact: FundsRefused, at: str) -> None:
    day, name, amount = tables.open_day(), fact.category, fact.usd_micros
    if day is not None:
        tables.categories.make(day, name).refused += 1
    run, work, reason = fact.run, fact.work, fact.reason
    tables.movements.add(
        Movement(record.position, at, "refused", day, name, amount, run, work, reason)
    )


def funds_offered(tables: Tables, record: Record, fact: FundsOffered, at: str) -> None:
    day = tables.open_day()
    tables.movements.add(
        Movement(record.position, at, "offered", day, fact.category, work=fact.work)
    )


def funds_settled(tables: Tables, record: Record, fact: FundsSettled, at: str) -> None:
    run, work, name, cost = fact.run, fact.work, fact.category, fact.cost_usd_micros
    category = _category(tables, fact.day, name)
    category.reserved_usd_micros -= fact.reserved_usd_micros
    category.settled_usd_micros += cost
    before, day = fact.reserved_usd_micros, category.day
    tables.movements.add(
        Movement(record.position, at, "settled", day, name, cost, run, work, fact.source, before)
    )


def funds_returned(tables: Tables, record: Record, fact: FundsReturned, at: str) -> None:
    run, work, name, amount = fact.run, fact.work, fact.category, fact.usd_micros
    category = _category(tables, fact.day, name)
    category.reserved_usd_micros -= amount
    tables.movements.add(
        Movement(record.position, at, "returned", category.day, name, amount, run, work)
    )


def funds_overrun(tables: Tables, record: Record, fact: FundsOverrun, at: str) -> None:
    category = _category(tables, fact.day, fact.category)
    category.overrun_usd_micros += fact.over_usd_micros
    category.closed = category.closed or category.day == tables.open_day()
    over, run = fact.over_usd_micros, fact.run
    tables.movements.add(
        Movement(record.position, at, "overrun", category.day, fact.category, over, run)
    )


def category_reopened(tables: Tables, record: Record, fact: CategoryReopened, at: str) -> None:
    day = tables.open_day()
    if day is not None:
        tables.categories.make(day, fact.category).closed = False
    tables.movements.add(Movement(record.position, at, "reopened", day, fact.category))


def _category(tables: Tables, day: date, name: str) -> Category:
    return tables.categories.make(day.isoformat(), name)


HANDLERS: Handlers = {
    BudgetOpened: budget_opened,
    FundsReserved: funds_reserved,
    FundsRefused: funds_refused,
    FundsOffered: funds_offered,
    FundsSettled: funds_settled,
    FundsReturned: funds_returned,
    FundsOverrun: funds_overrun,
    CategoryReopened: category_reopened,
}
