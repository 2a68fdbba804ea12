"""What is left, for those who take that: a run without a ceiling may cost all of it.

A promise to them is of all that was left when they were offered it, so that nobody else is offered
the same. What they set aside may be far more than they need: others who wait behind them are not
told that the money is spent, for it is not.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from actors.budget import under_way
from actors.budget.ledger import (
    OF_OWN,
    WHOLE,
    Ledger,
    Reservation,
    left_in_category,
    left_in_day,
    promise,
    used_of_own,
)
from actors.budget.refused import Price
from events.budget import RefuseReason
from events.settings import ExecutorKind


def promises(ledger: Ledger) -> dict[str, int]:
    """What was offered and not asked for yet."""
    promised: dict[str, int] = {}
    for price in ledger.offered.values():
        promise(promised, price)
    return promised


def share(ledger: Ledger, price: Price, at: datetime) -> tuple[int, tuple[ExecutorKind, ...]]:
    """How much is set aside for a price that can be paid, and who may not be asked for so much."""
    amount = price.usd_micros
    if price.takes_left:
        amount = max(amount, room(ledger, price, promises(ledger), at))
    kinds = price.executors
    return amount, under_way.lacking(ledger.meters, ledger.under_way, kinds, amount, at)


def as_promised(ledger: Ledger, price: Price, promised: dict[str, int], at: datetime) -> Price:
    """A price that can be paid, as it counts while it is not asked for."""
    if not price.takes_left:
        return price
    return replace(price, usd_micros=max(price.usd_micros, room(ledger, price, promised, at)))


def room(ledger: Ledger, price: Price, promised: Mapping[str, int], at: datetime) -> int:
    """What is left of all its limits together, without what was promised to others."""
    if (opened := ledger.opened) is None:
        return 0
    least = min(
        left_in_category(ledger, opened, price.category) - promised.get(price.category, 0),
        left_in_day(ledger, opened, price) - promised.get(WHOLE, 0),
    )
    limit = ledger.own_limit(price.own) if price.own else None
    if limit is not None:
        least = min(least, limit - used_of_own(ledger, price.own) - promised.get(price.own, 0))
    of_quota = under_way.first_room(ledger.meters, ledger.under_way, price, promised, at)
    return least if of_quota is None else min(least, of_quota)


def behind(ledger: Ledger, price: Price, reason: RefuseReason, still: int) -> str:
    """The run without a ceiling that holds most of what this one lacks, when all such runs
    together hold that much beyond the least that they had asked for."""
    held = {
        run: ledger.reservations[run]
        for run in ledger.takers
        if _limits_both(ledger, run, price, reason)
    }
    if sum(map(_beyond, held.values())) < price.usd_micros - still:
        return ""
    return max(held, key=lambda run: _beyond(held[run]), default="")


def _limits_both(ledger: Ledger, run: str, price: Price, reason: RefuseReason) -> bool:
    held, kinds = ledger.reservations[run], ledger.under_way.get(run)
    if reason == "over_quota":
        return kinds is not None and any(kind in price.executors for kind in kinds.executors)
    if ledger.opened is None or held.day != ledger.opened.day:
        return False
    if reason in OF_OWN:
        return held.own == price.own
    return reason == "day_spent" or (reason == "category_spent" and held.category == price.category)


def _beyond(held: Reservation) -> int:
    return held.usd_micros - (held.usd_micros if held.least is None else held.least)
