"""The budget ledger: what each day and category may cost, and every movement."""

from datetime import date
from typing import Final

from msgspec.json import decode, encode

from events.budget import (
    BudgetOpened,
    CategoryReopened,
    CostCorrected,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.record import Record
from projections.rows import Handlers, Tables
from projections.tables import Category, Movement, OwnLimit

NAME: Final = "budget"
OF_OWN = ("own_limit_spent", "over_own_limit")


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
    category, own = _category(tables, fact.day, name), fact.own_limit
    category.reserved_usd_micros += amount
    if own:
        tables.own_limits.make(category.day, own).reserved_usd_micros += amount
    movement = Movement(record.position, at, "reserved", category.day, name, amount, run, work)
    movement.own_limit = own
    tables.movements.add(movement)


def funds_refused(tables: Tables, record: Record, fact: FundsRefused, at: str) -> None:
    day, name, amount = tables.open_day(), fact.category, fact.usd_micros
    if day is not None:
        tables.categories.make(day, name).refused += 1
        if fact.reason in OF_OWN and (released := tables.works.see(fact.work)) is not None:
            tables.own_limits.make(day, released.own_limit).refused += 1
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
    _settle(category, cost, fact.source)
    if own := _own(tables, fact.run, category.day):
        own.reserved_usd_micros -= fact.reserved_usd_micros
        own.settled_usd_micros += cost
    before, day = fact.reserved_usd_micros, category.day
    tables.movements.add(
        Movement(record.position, at, "settled", day, name, cost, run, work, fact.source, before)
    )


def funds_returned(tables: Tables, record: Record, fact: FundsReturned, at: str) -> None:
    run, work, name, amount = fact.run, fact.work, fact.category, fact.usd_micros
    category = _category(tables, fact.day, name)
    category.reserved_usd_micros -= amount
    if own := _own(tables, run, category.day):
        own.reserved_usd_micros -= amount
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


def cost_corrected(tables: Tables, record: Record, fact: CostCorrected, at: str) -> None:
    run, work, name, was, cost = (
        fact.run, fact.work, fact.category, fact.was_usd_micros, fact.cost_usd_micros
    )  # fmt: skip
    category, own = _category(tables, fact.day, name), fact.own_limit
    known = tables.runs.see(run)
    _settle(category, -was, (known and known.cost_source) or "estimated")
    _settle(category, cost, fact.source)
    if own:
        tables.own_limits.make(category.day, own).settled_usd_micros += cost - was
    movement = Movement(
        record.position, at, "corrected", category.day, name, cost, run, work, fact.source, was
    )
    movement.own_limit = own
    tables.movements.add(movement)


def _settle(category: Category, usd_micros: int, source: str) -> None:
    category.settled_usd_micros += usd_micros
    if source == "priced":
        category.priced_usd_micros += usd_micros
    elif source == "estimated":
        category.estimated_usd_micros += usd_micros


def _own(tables: Tables, name: str, day: str) -> OwnLimit | None:
    run = tables.runs.see(name)
    return tables.own_limits.make(day, run.own_limit) if run and run.own_limit else None


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
    CostCorrected: cost_corrected,
}
