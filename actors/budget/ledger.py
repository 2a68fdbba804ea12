"""What the budget knows: the open day, what is set aside, who was refused.

Amounts are whole millionths of a dollar. Money belongs to the day on which it was reserved: what
an earlier day still holds is settled to that day and never touches the totals of the open one.
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


class Reservation(Struct, frozen=True, gc=False):
    """What a run may cost."""

    work: str
    category: str
    day: date
    usd_micros: int


class Ask(Struct, frozen=True, gc=False):
    """The latest question: may this run cost that much?"""

    run: str
    work: str
    price: Price
    offered: bool = False  # and not by itself


class Purse(Struct):
    """The money of a day."""

    whole: Account = field(default_factory=Account)
    categories: dict[str, Account] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)  # categories that were overrun
    exhausted: list[str] = field(default_factory=list)  # and told to be: categories, or "day"
    revision: int = 1

    def book(self, category: str, reserved: int, settled: int) -> None:
        account = self.categories.get(category)
        if account is None:
            account = self.categories[category] = Account()
        for one in (self.whole, account):
            one.reserved += reserved
            one.settled += settled


class Ledger(Struct):
    limits: Budget = Budget()  # as configured; those in force stand in `opened`
    day: Day = Day()
    estimates: dict[str, int] = field(default_factory=dict)  # by action
    opened: BudgetOpened | None = None
    purse: Purse = field(default_factory=Purse)  # the open day's
    former: dict[str, Purse] = field(default_factory=dict)  # by day, the last to be open
    days: list[date] = field(default_factory=list)  # that were opened, the last thousand
    reservations: dict[str, Reservation] = field(default_factory=dict)  # by run, of any day
    asked: Ask | None = None
    refused: Refused = field(default_factory=Refused)
    offered: dict[str, Price] = field(default_factory=dict)  # by work, until it asks or will not
    takes_breath: bool = False  # An alarm is set, upon which offers go on.
    unclaimed: bool = False  # what was offered will not be asked for, said the fact heard last

    @property
    def whole(self) -> Account:
        return self.purse.whole

    @property
    def categories(self) -> dict[str, Account]:
        return self.purse.categories

    @property
    def closed(self) -> list[str]:
        return self.purse.closed

    def account(self, category: str) -> Account:
        return self.purse.categories.get(category) or Account()

    def purse_of(self, day: date) -> Purse | None:
        """The money of a day that is open, or was one of the last to be."""
        if self.opened is not None and self.opened.day == day:
            return self.purse
        return self.former.get(day.isoformat())


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
    of_category, of_day = opened.categories.get(category, 0), spendable(opened, price)
    if amount > of_category:
        return "over_category_limit"
    if amount > of_day:
        return "over_day_limit"
    if promised:
        of_category -= promised.get(category, 0)
        of_day -= sum(promised.values())
    if amount > of_category - ledger.account(category).used:
        return "category_spent"
    if amount > of_day - ledger.whole.used:
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
