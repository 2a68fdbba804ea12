"""Limits: as configured, and as somebody changed them by hand, for a day or for good.

A limit goes by its label: "day", "category:NAME", "template:NAME" or "intent:NAME". What was
changed for a day goes before what was changed for good, and that before what is configured.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from actors.budget.ledger import Ledger
from events.budget import BudgetOpened, LimitChanged
from events.configuration import Configuration
from events.intents import IntentAdded, IntentRemoved
from events.requests import LimitRequested, LimitScope, Refusal

ANSWERED_MAX = 1_000
CATEGORY, TEMPLATE, INTENT = "category:", "template:", "intent:"


def label(scope: LimitScope, name: str) -> str:
    return "day" if scope == "day" else f"{scope}:{name}"


def opening(ledger: Ledger, day: date, revision: int) -> BudgetOpened:
    """The purse of a day with the limits that are in force."""
    limits, purse = ledger.limits, ledger.purse_of(day)
    categories, daily = dict(limits.categories), limits.daily_usd_micros
    of_day: Mapping[str, int] = {} if purse is None else purse.by_hand
    for changed in (ledger.by_hand, of_day):
        daily = changed.get("day", daily)
        for name, amount in changed.items():
            if name.startswith(CATEGORY):
                categories[name.removeprefix(CATEGORY)] = amount
    return BudgetOpened(day, daily, limits.reserve_usd_micros, categories, revision)


def reopening(ledger: Ledger) -> Iterator[BudgetOpened]:
    """The open day with other limits, if they are others."""
    opened = ledger.opened
    if opened is not None and opened != opening(ledger, opened.day, opened.revision):
        yield opening(ledger, opened.day, opened.revision + 1)


def refusal_of(ledger: Ledger, asked: LimitRequested) -> Refusal | None:
    """Why a limit cannot be changed so."""
    name = label(asked.scope, asked.name)
    if asked.scope != "day" and not _is_known(ledger, name):
        return "unknown_intent" if asked.scope == "intent" else "unknown_subject"
    if ledger.opened is None and not asked.for_good:
        return "no_day_open"
    today = ledger.purse.by_hand.get(name)
    if asked.for_good:
        is_so = today is None and ledger.by_hand.get(name) == asked.usd_micros
    else:
        is_so = today == asked.usd_micros
    return "nothing_to_do" if is_so else None


def _is_known(ledger: Ledger, name: str) -> bool:
    """What is gone is known as long as there is a limit of it to be taken back."""
    return any(
        name in names
        for names in (ledger.known, ledger.made_by_hand, ledger.by_hand, ledger.purse.by_hand)
    )


def change(ledger: Ledger, fact: LimitChanged) -> None:
    """Learn of a limit that was changed. For good it holds today too."""
    name = label(fact.scope, fact.name)
    purse = ledger.purse if fact.day is None else ledger.purse_of(fact.day)
    changed = [] if purse is None else [purse.by_hand]
    if fact.day is None:
        ledger.purse.by_hand.pop(name, None)
        changed = [ledger.by_hand]
    for limits in changed:
        limits.pop(name, None)
        if fact.usd_micros is not None:
            limits[name] = fact.usd_micros
    ledger.answered[fact.key] = None
    if len(ledger.answered) > ANSWERED_MAX:
        del ledger.answered[next(iter(ledger.answered))]


def configure(ledger: Ledger, new: Configuration) -> None:
    """Learn which limits there are, and which there may be."""
    own = {f"{TEMPLATE}{name}": it.daily_usd_micros for name, it in new.templates.items()}
    own |= {f"{INTENT}{name}": it.daily_usd_micros for name, it in new.intents.items()}
    ledger.own = {name: limit for name, limit in own.items() if limit is not None}
    categories = [
        *new.budget.categories,
        *(action.category for action in new.actions.values()),
        *(template.category for template in new.templates.values() if template.category),
    ]
    ledger.known = dict.fromkeys([*(f"{CATEGORY}{name}" for name in categories), *own])


def add_intent(ledger: Ledger, fact: IntentAdded) -> None:
    ledger.made_by_hand[f"{INTENT}{fact.name}"] = fact.intent.daily_usd_micros


def remove_intent(ledger: Ledger, fact: IntentRemoved) -> None:
    ledger.made_by_hand.pop(f"{INTENT}{fact.name}", None)
