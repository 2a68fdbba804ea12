"""What can happen to a day's money. Amounts are whole millionths of a dollar."""

from datetime import date
from typing import Literal

from events.fact import Decision, Instant
from events.settings import ExecutorKind

RefuseReason = Literal[
    "no_day_open",
    "category_spent",
    "day_spent",
    "over_category_limit",
    "over_day_limit",
    "closed",
    "own_limit_spent",
    "over_own_limit",
    "over_quota",
]
CostSource = Literal["reported", "priced", "estimated"]


class BudgetOpened(Decision, tag="budget-opened"):
    """The purse of a day, opened once for each day; again with a revision when limits changed."""

    day: date
    limit_usd_micros: int
    reserve_usd_micros: int
    categories: dict[str, int]
    revision: int = 1


class FundsReserved(Decision, tag="funds-reserved"):
    """The ceiling of a run is set aside; the run may start."""

    run: str
    work: str
    category: str
    usd_micros: int
    day: date
    own_limit: str = ""  # "template:NAME" or "intent:NAME", when that has a limit of its own
    without: tuple[ExecutorKind, ...] = ()  # Their quotas have less left than that.


class FundsRefused(Decision, tag="funds-refused"):
    """It cannot be paid now; the phase queue holds the work."""

    run: str
    work: str
    category: str
    usd_micros: int
    left_usd_micros: int
    reason: RefuseReason
    behind: str = ""  # a run without a ceiling: what it has set aside would have been enough


class FundsOffered(Decision, tag="funds-offered"):
    """Work that was refused would fit now; the phase queue may release it again."""

    work: str
    category: str


class FundsSettled(Decision, tag="funds-settled"):
    """What a run cost, charged to the day on which it was reserved."""

    run: str
    work: str
    category: str
    day: date
    reserved_usd_micros: int
    cost_usd_micros: int
    source: CostSource


class FundsReturned(Decision, tag="funds-returned"):
    """Nothing ran: what was reserved is free again."""

    run: str
    work: str
    category: str
    day: date
    usd_micros: int


class FundsOverrun(Decision, tag="funds-overrun"):
    """A run cost more than was set aside; nothing more is reserved in its category until the
    day ends or somebody resumes the category."""

    run: str
    category: str
    day: date
    over_usd_micros: int


class CategoryReopened(Decision, tag="category-reopened"):
    """A person's word after an overrun."""

    category: str


class BudgetExhausted(Decision, tag="budget-exhausted"):
    """The first time in a day that work is refused because its money is spent."""

    day: date
    category: str  # or "day", when it is the day's own limit


class CostCorrected(Decision, tag="cost-corrected"):
    """What a settled run cost turned out to be another amount; its day is charged so."""

    run: str
    work: str
    category: str
    day: date
    was_usd_micros: int
    cost_usd_micros: int
    source: CostSource
    own_limit: str = ""


class LimitChanged(Decision, tag="limit-changed"):
    """A limit was changed by hand, for that day or for good; None is as configured again."""

    scope: Literal["day", "category", "template", "intent"]
    name: str
    usd_micros: int | None
    day: date | None  # None: for good
    key: str = ""


class QuotaSpent(Decision, tag="quota-spent"):
    """An executor has had what its window gives; until then nothing is asked of it."""

    executor: ExecutorKind
    quota: str
    until: Instant


class QuotaReset(Decision, tag="quota-reset"):
    """Its window is over."""

    executor: ExecutorKind
    quota: str
