"""What the budget knows: the open day, what is set aside, who was refused.

Amounts are whole millionths of a dollar. Money belongs to the day on which it was reserved: what
an earlier day still holds is settled to that day and never touches the totals here.
"""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct, field

from actors.budget.refused import Price, Refused
from events.budget import BudgetOpened, RefuseReason
from events.configuration import Budget, Day

NOTHING: Mapping[str, int] = {}


class Account(Struct):
    """What is gone of a limit, for good or until a run ends."""

    settled: int = 0
    reserved: int = 0

    @property
    def used(self) -> int:
        return self.settled + self.reserved


class Reservation(Struct, frozen=True):
    """What a run may cost."""

    work: str
    category: str
    day: date
    usd_micros: int


class Ask(Struct, frozen=True):
    """The latest question: may this run cost that much?"""

    run: str
    work: str
    price: Price
    offered: bool = False  # and not by itself


class Ledger(Struct):
    limits: Budget = Budget()  # as configured; those in force stand in `opened`
    day: Day = Day()
    estimates: dict[str, int] = field(default_factory=dict)  # by action
    opened: BudgetOpened | None = None
    whole: Account = field(default_factory=Account)  # the open day's
    categories: dict[str, Account] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)  # by run, of any day
    closed: list[str] = field(default_factory=list)  # categories that were overrun today
    asked: Ask | None = None
    refused: Refused = field(default_factory=Refused)
    offered: dict[str, Price] = field(default_factory=dict)  # by work, until it asks or will not
    unclaimed: bool = False  # what was offered will not be asked for, said the fact heard last

    def account(self, category: str) -> Account:
        return self.categories.get(category) or Account()


def refusal(
    ledger: Ledger, price: Price, promised: Mapping[str, int] = NOTHING
) -> RefuseReason | None:
    """Why a price cannot be paid; None when it can. What costs nothing can be paid unless its
    category is closed.

    `promised` is what was offered and not asked for yet, by category: it counts as gone.
    """
    amount, category, opened = price.usd_micros, price.category, ledger.opened
    if category in ledger.closed:
        return "closed"
    if amount == 0:
        return None
    if opened is None:
        return "no_day_open"
    if amount > opened.categories.get(category, 0):
        return "over_category_limit"
    if amount > spendable(opened, price):
        return "over_day_limit"
    if amount > left_in_category(ledger, opened, category) - promised.get(category, 0):
        return "category_spent"
    if amount > left_in_day(ledger, opened, price) - sum(promised.values()):
        return "day_spent"
    return None


def left(ledger: Ledger, price: Price) -> int:
    """What somebody who may pay like this could still have, never less than nothing."""
    opened = ledger.opened
    if opened is None or price.category in ledger.closed:
        return 0
    in_category = left_in_category(ledger, opened, price.category)
    return max(0, min(in_category, left_in_day(ledger, opened, price)))


def spendable(opened: BudgetOpened, price: Price) -> int:
    """The day's limit; only critical work may go into the reserve."""
    return opened.limit_usd_micros - (0 if price.critical else opened.reserve_usd_micros)


def left_in_category(ledger: Ledger, opened: BudgetOpened, category: str) -> int:
    return opened.categories.get(category, 0) - ledger.account(category).used


def left_in_day(ledger: Ledger, opened: BudgetOpened, price: Price) -> int:
    return spendable(opened, price) - ledger.whole.used
