"""What the check of money remembers: purses of days, what is held of them, limits by hand."""

from datetime import date
from typing import NamedTuple

from msgspec import Struct, field

from events.budget import BudgetOpened, CostSource, LimitChanged
from events.configuration import Configuration
from events.runs import RunClosed
from events.settings import ExecutorKind
from projections.invariants.past import Past, Run

GONE_DAYS_KEPT = 64


class Reserved(Struct, frozen=True):
    work: str
    category: str
    day: date
    usd_micros: int
    own: str = ""
    least: int | None = None  # that it asked for, when it took what was left


class Charged(Struct, frozen=True):
    """What a run was charged that nobody saw the end of."""

    held: Reserved
    cost: int
    source: CostSource


class Refused(NamedTuple):
    category: str
    usd_micros: int
    critical: bool = True  # So is what nobody knows any more.
    own: str = ""
    takes_left: bool = False
    executors: tuple[ExecutorKind, ...] = ()


class Purse(Struct):
    """A day that is or was open. `used` is what is settled or reserved, by category and by the
    label of what has a limit of its own."""

    opened: BudgetOpened
    turn: int = 0  # in which it was opened or left, the last time
    vague: bool = False  # It was so long ago that nothing of it is given out any more.
    exhausted: list[str] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)
    whole: int = 0
    closed: dict[str, int] = field(default_factory=dict)  # category: position of its overrun

    def book(self, category: str, own: str, amount: int) -> None:
        self.whole += amount
        for name in (category, own) if own else (category,):
            self.used[name] = self.used.get(name, 0) + amount

    def obstacle(self, asked: Refused, own_limit: int | None) -> str | None:
        """Why so much may not be given out."""
        category, amount, critical, own, *_ = asked
        limit = self.opened.categories.get(category, 0)
        if self.used.get(category, 0) + amount > limit:
            return f"{self.used.get(category, 0)} of {limit} of {category} are gone"
        limit = self.opened.limit_usd_micros - (0 if critical else self.opened.reserve_usd_micros)
        if self.whole + amount > limit:
            return f"{self.whole} of the day's {limit} are gone"
        gone = self.used.get(own, 0)
        if own and own_limit is not None and gone + amount > own_limit:
            return f"{gone} of the {own_limit} of {own} are gone"
        return None

    def left(self, asked: Refused, own_limit: int | None, promised: list[Refused]) -> int:
        """What is left of all that limits it when that is gone which was promised to others."""
        category, opened = asked.category, self.opened
        whole = opened.limit_usd_micros - (0 if asked.critical else opened.reserve_usd_micros)
        whole -= self.whole + sum(it.usd_micros for it in promised)
        of_category = opened.categories.get(category, 0) - self.used.get(category, 0)
        of_category -= sum(it.usd_micros for it in promised if it.category == category)
        least = min(whole, of_category)
        if asked.own and own_limit is not None:
            own = own_limit - self.used.get(asked.own, 0)
            own -= sum(it.usd_micros for it in promised if it.own == asked.own)
            least = min(least, own)
        return least


class ByHand:
    """The limits that somebody changed: for a day before for good, and that before the settings."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._good: dict[str, int] = {}
        self._days: dict[date, dict[str, int]] = {}

    def learn(self, fact: LimitChanged, today: date | None) -> None:
        """For good is for today too."""
        name = "day" if fact.scope == "day" else f"{fact.scope}:{fact.name}"
        limits = self._good
        if fact.day is not None:
            limits = self._days.setdefault(fact.day, {})
        elif today is not None:
            self._days.get(today, {}).pop(name, None)
        limits.pop(name, None)
        if fact.usd_micros is not None:
            limits[name] = fact.usd_micros
        if len(self._days) > GONE_DAYS_KEPT:
            del self._days[next(iter(self._days))]

    def opening(self, day: date, house: Configuration) -> tuple[int, int, dict[str, int]]:
        """What a day may cost, what of that is the reserve, and what each category may cost."""
        changed = self._good | self._days.get(day, {})
        categories = dict(house.budget.categories)
        for name, limit in changed.items():
            scope, _, category = name.partition(":")
            if scope == "category":
                categories[category] = limit
        daily = changed.get("day", house.budget.daily_usd_micros)
        return daily, house.budget.reserve_usd_micros, categories

    def own(self, label: str, day: date, position: int) -> int | None:
        """What a template or intent might cost on a day, as it stood at a position; None when
        that was not limited."""
        changed = self._good | self._days.get(day, {})
        if label in changed:
            return changed[label]
        scope, _, name = label.partition(":")
        if scope == "intent":
            known = self._past.intent(name, position)
            return None if known is None or known.intent is None else known.intent.daily_usd_micros
        house = self._past.settings(position)
        template = None if house is None else house.templates.get(name)
        return None if template is None else template.daily_usd_micros


def as_asked(run: Run | None, category: str, usd_micros: int) -> Refused:
    """So much, as that run asks for it."""
    if run is None:
        return Refused(category, usd_micros)
    who = is_critical(run), run.own_limit, run.takes_left, run.executors
    return Refused(category, usd_micros, *who)


def is_critical(run: Run | None) -> bool:
    """Whether it may go into the reserve; of what is not known any more it is supposed."""
    return run is None or run.priority == "critical"


def truth(verdict: RunClosed) -> CostSource:
    """How truly it is known what a run cost."""
    if verdict.cost_usd_micros is None:
        return "estimated"
    return "priced" if verdict.cost_source == "priced" else "reported"
