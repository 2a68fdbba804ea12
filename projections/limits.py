"""Limits beside those of days and categories, and who changed which by hand."""

from typing import Final

from msgspec.json import decode

from events.budget import BudgetOpened, LimitChanged
from events.configuration import Configuration, ConfigurationLoaded
from events.intents import IntentAdded, IntentRemoved
from events.record import Record
from projections.rows import Handlers, Tables
from projections.tables import Movement

NAME: Final = "limits"
OF_HOUSE, FOR_GOOD = "configured", "good"


def configuration_loaded(
    tables: Tables, record: Record, fact: ConfigurationLoaded, at: str
) -> None:
    if fact.configuration is None:
        return
    told = _configured(fact.configuration)
    by_hand = {row.intent for row in tables.intents.select("WHERE source <> 'configuration'")}
    for row in tables.limits.select("WHERE period = ?", OF_HOUSE):
        if row.name not in told and row.name.removeprefix("intent:") not in by_hand:
            row.usd_micros = None
    for name, limit in told.items():
        tables.limits.make(name, OF_HOUSE).usd_micros = limit
    _renew(tables, tables.open_day())


def intent_added(tables: Tables, record: Record, fact: IntentAdded, at: str) -> None:
    limit = fact.intent.daily_usd_micros
    if limit is not None:
        tables.limits.make(f"intent:{fact.name}", OF_HOUSE).usd_micros = limit
        _renew(tables, tables.open_day())


def intent_removed(tables: Tables, record: Record, fact: IntentRemoved, at: str) -> None:
    if tables.limits.see((f"intent:{fact.name}", OF_HOUSE)) is not None:
        tables.limits.make(f"intent:{fact.name}", OF_HOUSE).usd_micros = None
        _renew(tables, tables.open_day())


def limit_changed(tables: Tables, record: Record, fact: LimitChanged, at: str) -> None:
    name = "day" if fact.scope == "day" else f"{fact.scope}:{fact.name}"
    day = tables.open_day()
    period = FOR_GOOD if fact.day is None else fact.day.isoformat()
    tables.limits.make(name, period).usd_micros = fact.usd_micros
    if fact.day is None and day is not None and tables.limits.see((name, day)) is not None:
        tables.limits.make(name, day).usd_micros = None
    reason = "as configured" if fact.usd_micros is None else ""
    reason += " for good" if fact.day is None else ""
    category = fact.name if fact.scope == "category" else ""
    own = name if fact.scope in ("template", "intent") else ""
    tables.movements.add(
        Movement(
            record.position, at, "limited", day, category, fact.usd_micros or 0,
            reason=reason.strip(), own_limit=own,
        )
    )  # fmt: skip
    _renew(tables, day)


def budget_opened(tables: Tables, record: Record, fact: BudgetOpened, at: str) -> None:
    _renew(tables, fact.day.isoformat())


def _configured(house: Configuration) -> dict[str, int]:
    own = [(f"template:{name}", it.daily_usd_micros) for name, it in house.templates.items()]
    own += [(f"intent:{name}", it.daily_usd_micros) for name, it in house.intents.items()]
    return {name: limit for name, limit in own if limit is not None}


def _renew(tables: Tables, day: str | None) -> None:
    """Say of the limits of a day what they are, and who set them."""
    if day is None or tables.purses.see(day) is None:
        return
    limits = {name: (limit, "") for name, limit in _known(tables, OF_HOUSE).items()}
    for period, changed in ((FOR_GOOD, "good"), (day, "day")):
        limits |= {name: (limit, changed) for name, limit in _known(tables, period).items()}
    for own in tables.own_limits.select("WHERE day = ?", day):
        own.limit_usd_micros, own.changed = limits.get(own.name, (None, ""))
    purse = tables.purses.make(day)
    purse.changed = limits.get("day", (None, ""))[1]
    for name in decode(purse.categories, type=list[str]):
        category = tables.categories.make(day, name)
        category.changed = limits.get(f"category:{name}", (None, ""))[1]
    for name, (limit, changed) in limits.items():
        if name.startswith(("template:", "intent:")):
            own = tables.own_limits.make(day, name)
            own.limit_usd_micros, own.changed = limit, changed


def _known(tables: Tables, period: str) -> dict[str, int]:
    rows = tables.limits.select("WHERE period = ?", period)
    return {row.name: row.usd_micros for row in rows if row.usd_micros is not None}


HANDLERS: Handlers = {
    ConfigurationLoaded: configuration_loaded,
    IntentAdded: intent_added,
    IntentRemoved: intent_removed,
    LimitChanged: limit_changed,
    BudgetOpened: budget_opened,
}
