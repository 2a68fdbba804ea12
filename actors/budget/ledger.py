"""What the budget knows: the open day, what is set aside, who was refused.

Amounts are whole millionths of a dollar. Money belongs to the day on which it was reserved: what
an earlier day still holds is settled to that day and never touches the totals of the open one.
"""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct, field

from actors.budget.meters import Meter
from actors.budget.refused import Price, Refused
from actors.budget.under_way import OF, UnderWay, is_short, most_room
from events.budget import BudgetOpened, CostSource, RefuseReason
from events.configuration import Budget, Day

NOTHING: Mapping[str, int] = {}
WHOLE = ""  # under which a promise counts against the day
OF_OWN: tuple[RefuseReason, ...] = ("own_limit_spent", "over_own_limit")


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
    own: str = ""
    least: int | None = None  # that it asked for, when it took what was left


class Charged(Struct, frozen=True, gc=False):
    """What a run was charged that nobody saw the end of."""

    work: str
    category: str
    day: date
    usd_micros: int
    source: CostSource
    own: str = ""


class Purse(Struct):
    """The money of a day. What is told of it concerns a category, or "day"."""

    whole: Account = field(default_factory=Account)
    categories: dict[str, Account] = field(default_factory=dict)
    own: dict[str, Account] = field(default_factory=dict)  # by label
    by_hand: dict[str, int] = field(default_factory=dict)  # limits for this day alone, by label
    closed: list[str] = field(default_factory=list)  # categories that were overrun
    exhausted: list[str] = field(default_factory=list)  # and told to be
    told: dict[str, int] = field(default_factory=dict)  # the percentage alerted of last
    paced: list[str] = field(default_factory=list)  # alerted to be emptied before the day ends
    watch: dict[str, int] = field(default_factory=dict)  # settled so much, an alert may be due
    revision: int = 1

    def book(self, category: str, own: str, reserved: int, settled: int) -> None:
        whole, account = self.whole, self.categories.get(category)
        if account is None:
            account = self.categories[category] = Account()
        whole.reserved += reserved
        whole.settled += settled
        account.reserved += reserved
        account.settled += settled
        if own:
            account = self.own.setdefault(own, Account())
            account.reserved += reserved
            account.settled += settled

    def account(self, what: str) -> Account:
        """That of a category, or of "day"."""
        return self.whole if what == "day" else self.categories.get(what) or Account()


class Ledger(Struct):
    limits: Budget = Budget()  # as configured; those in force stand in `opened`
    day: Day = Day()
    estimates: dict[str, int] = field(default_factory=dict)  # by action
    own: dict[str, int] = field(default_factory=dict)  # limits of templates and intents, by label
    made_by_hand: dict[str, int | None] = field(default_factory=dict)  # likewise, of intents
    known: dict[str, None] = field(default_factory=dict)  # labels that may have a limit
    by_hand: dict[str, int] = field(default_factory=dict)  # limits changed for good, by label
    answered: dict[str, None] = field(default_factory=dict)  # keys of requests, the last thousand
    opened: BudgetOpened | None = None
    begins_at: datetime | None = None  # the day of the clock
    ends_at: datetime | None = None
    purse: Purse = field(default_factory=Purse)  # the open day's
    former: dict[str, Purse] = field(default_factory=dict)  # by day, the last to be open
    days: list[date] = field(default_factory=list)  # that were opened, the last thousand
    reservations: dict[str, Reservation] = field(default_factory=dict)  # by run, of any day
    takers: dict[str, None] = field(default_factory=dict)  # those runs that took what was left
    under_way: dict[str, UnderWay] = field(default_factory=dict)  # those that quotas may hold
    unseen: str = ""  # the run that was closed last, when nobody saw its end
    lost: dict[str, Charged] = field(default_factory=dict)  # such runs, the last thousand
    settling: Charged | None = None  # one of them, when the fact heard last says what became of it
    asked: Price | None = None  # the latest question: may the run heard of last cost that much?
    was_offered: bool = False  # and does not ask by itself
    refused: Refused = field(default_factory=Refused)
    offered: dict[str, Price] = field(default_factory=dict)  # by work, until it asks or will not
    takes_breath: bool = False  # An alarm is set, upon which offers go on.
    unclaimed: bool = False  # what was offered will not be asked for, said the fact heard last
    percents: tuple[int, ...] = ()  # of a limit, at which there is an alert, in order
    pace: bool = False  # and when a limit will be reached before the day ends
    standing: dict[str, str] = field(default_factory=dict)  # alerts: their names by their subjects
    meters: dict[str, list[Meter]] = field(default_factory=dict)  # quotas, by executor

    @property
    def whole(self) -> Account:
        return self.purse.whole

    @property
    def categories(self) -> dict[str, Account]:
        return self.purse.categories

    @property
    def closed(self) -> list[str]:
        return self.purse.closed

    @property
    def charges_agents(self) -> bool:
        """Whether agents without an estimate are charged something; settings of before said no."""
        return self.limits.without_ceiling == "what_is_left"

    def account(self, category: str) -> Account:
        return self.purse.categories.get(category) or Account()

    def own_limit(self, label: str) -> int | None:
        """What a template or intent may cost today; None when it has no limit of its own."""
        limit = self.purse.by_hand.get(label)
        if limit is None:
            limit = self.by_hand.get(label)
        if limit is None:
            by_hand = label in self.made_by_hand
            limit = self.made_by_hand[label] if by_hand else self.own.get(label)
        return limit

    def purse_of(self, day: date) -> Purse | None:
        """The money of a day that is open, or was one of the last to be."""
        if self.opened is not None and self.opened.day == day:
            return self.purse
        return self.former.get(day.isoformat())


def refusal(
    ledger: Ledger,
    price: Price,
    promised: Mapping[str, int] = NOTHING,
    at: datetime | None = None,
) -> RefuseReason | None:
    """Why a price cannot be paid; None when it can. What costs nothing can be paid unless its
    category is closed.

    `promised` is what was offered and not asked for yet, by category, by label and under WHOLE:
    it counts as gone. Quotas, which turn with time, are looked at when it is told.
    """
    if price.category in ledger.purse.closed:
        return "closed"
    if price.usd_micros == 0:
        return None
    if (opened := ledger.opened) is None:
        return "no_day_open"
    reason = _day_refusal(ledger.purse, opened, price, promised)
    if reason is None and price.own:
        reason = _own_refusal(ledger, price, promised)
    if reason is None and price.executors and at is not None:
        is_over = is_short(ledger.meters, ledger.under_way, price, promised, at)
        return "over_quota" if is_over else None
    return reason


def _day_refusal(
    purse: Purse, opened: BudgetOpened, price: Price, promised: Mapping[str, int]
) -> RefuseReason | None:
    amount, category, whole = price.usd_micros, price.category, purse.whole
    of_category, of_day = opened.categories.get(category, 0), opened.limit_usd_micros
    if price.rank:  # What is not critical leaves the reserve alone.
        of_day -= opened.reserve_usd_micros
    if amount > of_category:
        return "over_category_limit"
    if amount > of_day:
        return "over_day_limit"
    if promised:
        of_category -= promised.get(category, 0)
        of_day -= promised.get(WHOLE, 0)
    account = purse.categories.get(category)
    used = 0 if account is None else account.settled + account.reserved
    if amount > of_category - used:
        return "category_spent"
    return "day_spent" if amount > of_day - whole.settled - whole.reserved else None


def _own_refusal(ledger: Ledger, price: Price, promised: Mapping[str, int]) -> RefuseReason | None:
    limit = ledger.own_limit(price.own)
    if limit is None:
        return None
    if price.usd_micros > limit:
        return "over_own_limit"
    left_over = limit - promised.get(price.own, 0) - used_of_own(ledger, price.own)
    return "own_limit_spent" if price.usd_micros > left_over else None


def promise(promised: dict[str, int], price: Price) -> None:
    """Count one price more as gone."""
    for name in (WHOLE, price.category, price.own) if price.own else (WHOLE, price.category):
        promised[name] = promised.get(name, 0) + price.usd_micros
    for kind in price.executors:
        promised[OF + kind] = promised.get(OF + kind, 0) + price.usd_micros


def left(ledger: Ledger, price: Price, reason: RefuseReason, at: datetime) -> int:
    """What somebody who is refused could still have, never less than nothing.

    What is left of a limit of its own, or of a quota, counts only where that is the reason: of a
    category others may have more.
    """
    opened = ledger.opened
    if opened is None or price.category in ledger.closed:
        return 0
    in_category = left_in_category(ledger, opened, price.category)
    least = min(in_category, left_in_day(ledger, opened, price))
    if reason in OF_OWN:
        least = min(least, (ledger.own_limit(price.own) or 0) - used_of_own(ledger, price.own))
    if reason == "over_quota":
        least = min(least, most_room(ledger.meters, ledger.under_way, price, at))
    return max(0, least)


def spendable(opened: BudgetOpened, price: Price) -> int:
    """The day's limit; only critical work may go into the reserve."""
    return opened.limit_usd_micros - (0 if price.critical else opened.reserve_usd_micros)


def left_in_category(ledger: Ledger, opened: BudgetOpened, category: str) -> int:
    return opened.categories.get(category, 0) - ledger.account(category).used


def left_in_day(ledger: Ledger, opened: BudgetOpened, price: Price) -> int:
    return spendable(opened, price) - ledger.whole.used


def used_of_own(ledger: Ledger, label: str) -> int:
    account = ledger.purse.own.get(label)
    return 0 if account is None else account.used
