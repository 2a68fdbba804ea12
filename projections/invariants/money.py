"""The money of a day: nothing above a limit, every reservation ended once, nothing lost."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from msgspec import Struct, field

from events.budget import (
    BudgetExhausted,
    BudgetOpened,
    CategoryReopened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.fact import Fact
from events.record import Record
from events.runs import RunClosed
from events.work import WorkCancelled, WorkDropped, WorkFinished, WorkHeld
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past, Run

FORGOTTEN_MAX = 10_000
PURSES_KEPT = 32
KNOWN_DAYS = 8  # So many are given out from again when the clock comes back to them.


class Reserved(Struct, frozen=True):
    work: str
    category: str
    day: date
    usd_micros: int


class Refused(NamedTuple):
    category: str
    usd_micros: int
    critical: bool = True  # So is what nobody knows any more.


class Purse(Struct):
    """A day that is or was open. `used` is what is settled or reserved, by category."""

    opened: BudgetOpened
    turn: int = 0  # the how-manieth to be opened, the last time
    vague: bool = False  # It was so long ago that nothing of it is given out any more.
    exhausted: list[str] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)
    whole: int = 0
    closed: dict[str, int] = field(default_factory=dict)  # category: position of its overrun


class Money(Check):
    """A limit is a promise about new reservations: what runs already may go beyond it only by
    an explicit overrun, and a limit that is lowered takes nothing back."""

    NAME = "money"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._purse: Purse | None = None
        self._purses: dict[date, Purse] = {}  # the last to be open
        self._turn = 0
        self._held: dict[str, Reserved] = {}  # by run, of any day
        self._verdicts: dict[str, RunClosed] = {}  # of runs that hold money
        self._refusals: dict[str, Refused] = {}  # by work
        self._gone: dict[str, Refused] = {}  # works that ended while they were refused
        self._without: tuple[int | None, str] = None, ""  # the last refusal: cause, what was spent
        self._told: dict[int, FundsRefused] = {}  # the last refusals, by position
        self._over: tuple[int, str, int] | None = None  # cause, run, amount of an overrun owed

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            BudgetOpened: self._opened,
            BudgetExhausted: self._exhausted,
            FundsReserved: self._reserved,
            FundsRefused: self._refused,
            FundsOffered: self._offered,
            WorkHeld: self._held_unasked,
            RunClosed: self._closed,
            FundsSettled: self._settled,
            FundsReturned: self._returned,
            FundsOverrun: self._overrun,
            CategoryReopened: self._reopened,
            WorkFinished: self._ended,
            WorkCancelled: self._ended,
            WorkDropped: self._ended,
        }

    def finish(self, closed: bool) -> None:
        """An overrun stands beside its settlement, in one transaction."""
        if self._over is not None:
            self._no_overrun(self._over)

    def _opened(self, record: Record, fact: BudgetOpened) -> None:
        if fact.limit_usd_micros < 0 or any(limit < 0 for limit in fact.categories.values()):
            self.wrong(record, "a limit below nothing")
        purse, former = self._purses.get(fact.day), self._purse
        if purse is None:
            purse = self._purses[fact.day] = Purse(fact, vague=fact.revision != 1)
            if fact.revision != 1 and not self._is_back(fact.day):
                self.wrong(record, f"{fact.day} is opened with revision {fact.revision}")
        elif fact.revision != purse.opened.revision + 1 and not purse.vague:
            self.wrong(record, f"{fact.day} is opened twice with revision {fact.revision}")
        if former is not None and purse is not former:
            self._change(record, fact, former, purse)
        self._purse, purse.opened = purse, fact

    def _is_back(self, day: date) -> bool:
        """Whether the clock came back to a day that may have been forgotten."""
        return self.past.back > 0 and len(self._purses) > PURSES_KEPT // 2

    def _change(self, record: Record, fact: BudgetOpened, former: Purse, purse: Purse) -> None:
        """Another day is open; only a clock that was put back by more than a day goes back."""
        if fact.day < former.opened.day and not self.past.back:
            self.wrong(record, f"{fact.day} is opened after {former.opened.day}")
        self._turn += 1
        former.turn = self._turn
        purse.vague = purse.vague or (purse.turn > 0 and self._turn - purse.turn >= KNOWN_DAYS)
        if len(self._purses) > PURSES_KEPT:
            del self._purses[min(self._purses, key=lambda day: self._purses[day].turn)]

    def _exhausted(self, record: Record, fact: BudgetExhausted) -> None:
        purse = self._purse
        if purse is None or fact.day != purse.opened.day:
            self.wrong(record, f"{fact.category} of {fact.day} is spent, and the day is not open")
            return
        if fact.category in purse.exhausted and not purse.vague:
            self.wrong(record, f"{fact.category} of {fact.day} is said to be spent twice")
        if self._without != (record.cause, fact.category):
            self.wrong(record, f"{fact.category} is said to be spent; nobody was refused for that")
        purse.exhausted.append(fact.category)

    def _reserved(self, record: Record, fact: FundsReserved) -> None:
        run, amount = self._asked(fact.run), fact.usd_micros
        if fact.run in self._held:
            self.wrong(record, f"{fact.run} has money already")
        if run is not None and amount != run.ceiling_usd_micros:
            ceiling = run.ceiling_usd_micros
            self.wrong(record, f"{fact.run} asked for {ceiling} and was given {amount}")
        obstacle = self._obstacle(fact.category, amount, _is_critical(run))
        if obstacle is not None:
            self.wrong(record, f"{amount} are set aside for {fact.run}: {obstacle}")
        if self._purse is not None and fact.day != self._purse.opened.day:
            self.wrong(record, f"{fact.run} is paid from {fact.day}, which is not the open day")
        self._held[fact.run] = Reserved(fact.work, fact.category, fact.day, amount)
        self._refusals.pop(fact.work, None)
        self._book(fact.day, fact.category, amount)

    def _refused(self, record: Record, fact: FundsRefused) -> None:
        run = self._asked(fact.run)
        spent = {"category_spent": fact.category, "day_spent": "day"}.get(fact.reason, "")
        self._without = record.cause, spent
        asked = Refused(fact.category, fact.usd_micros, _is_critical(run))
        obstacle = self._obstacle(*asked)
        if obstacle is None and not (self._purse is not None and self._purse.vague):
            self.wrong(record, f"{fact.run} is refused {fact.usd_micros}, which can be had")
        self._refusals[fact.work] = asked
        self._gone.pop(fact.work, None)
        self._told[record.position] = fact
        if len(self._told) > FORGOTTEN_MAX:
            del self._told[next(iter(self._told))]

    def _held_unasked(self, record: Record, fact: WorkHeld) -> None:
        """It could not have been paid where the queue looked, and counts as refused."""
        work = self.past.works.get(fact.work)
        if not fact.category or work is None:
            return
        told, price = self._told.get(record.cause or 0), fact.ceiling_usd_micros
        if fact.reason != "no_funds" or fact.category != work.category:
            self.wrong(record, f"{fact.work} is held for {fact.reason} as of {fact.category}")
        elif told is None or (told.reason != "closed" and price <= told.left_usd_micros):
            self.wrong(record, f"{fact.work} is held and {price} was not refused to anyone")
        elif told.category != fact.category and told.reason not in ("day_spent", "no_day_open"):
            self.wrong(record, f"{fact.work} is held for a lack of {told.category}")
        self._refusals[fact.work] = Refused(fact.category, price, fact.priority == "critical")

    def _offered(self, record: Record, fact: FundsOffered) -> None:
        """The work may have ended meanwhile, in the queue or by a plan."""
        known = self._refusals.pop(fact.work, None) or self._gone.pop(fact.work, None)
        if known is None:
            self.wrong(record, f"{fact.work} is offered money and was not refused any")
        elif (obstacle := self._obstacle(*known)) is not None:
            self.wrong(record, f"{fact.work} is offered money: {obstacle}")

    def _ended(self, record: Record, fact: WorkFinished | WorkCancelled | WorkDropped) -> None:
        if (refused := self._refusals.pop(fact.work, None)) is not None:
            self._gone[fact.work] = refused
            if len(self._gone) > FORGOTTEN_MAX:
                del self._gone[next(iter(self._gone))]

    def _closed(self, record: Record, fact: RunClosed) -> None:
        if fact.run in self._held:
            self._verdicts[fact.run] = fact

    def _settled(self, record: Record, fact: FundsSettled) -> None:
        cost, reserved = fact.cost_usd_micros, fact.reserved_usd_micros
        told = Reserved(fact.work, fact.category, fact.day, reserved)
        verdict = self._end(record, fact.run, told)
        if cost < 0:
            self.wrong(record, f"{fact.run} cost {cost}, less than nothing")
        if verdict is not None:
            self._check_cost(record, fact, verdict)
        self._book(fact.day, fact.category, cost - reserved)
        if cost > reserved:
            self._over = record.cause or 0, fact.run, cost - reserved

    def _check_cost(self, record: Record, fact: FundsSettled, verdict: RunClosed) -> None:
        cost, reserved = fact.cost_usd_micros, fact.reserved_usd_micros
        if not verdict.started:
            self.wrong(record, f"{fact.run} never started and is charged")
        elif verdict.cost_usd_micros is not None and cost != verdict.cost_usd_micros:
            self.wrong(record, f"{fact.run} cost {verdict.cost_usd_micros} and is charged {cost}")
        elif verdict.cost_usd_micros is None and cost > reserved:
            self.wrong(record, f"{fact.run} is charged {cost} by estimate, of {reserved}")
        elif verdict.cost_usd_micros is None and verdict.outcome == "unknown" and cost < reserved:
            self.wrong(record, f"{fact.run} ended unseen and is charged {cost} of {reserved}")

    def _returned(self, record: Record, fact: FundsReturned) -> None:
        told = Reserved(fact.work, fact.category, fact.day, fact.usd_micros)
        verdict = self._end(record, fact.run, told)
        if verdict is not None and verdict.started:
            self.wrong(record, f"{fact.run} has run and its money is given back")
        self._book(fact.day, fact.category, -fact.usd_micros)

    def _end(self, record: Record, run: str, told: Reserved) -> RunClosed | None:
        held, verdict = self._held.pop(run, None), self._verdicts.pop(run, None)
        self.past.runs.pop(run, None)
        if held is None:
            self.wrong(record, f"{run} holds no money: it never had any, or it was settled before")
        elif held != told:
            self.wrong(record, f"{run} held {held.usd_micros} of {held.category} on {held.day}")
        elif verdict is None:
            self.wrong(record, f"{run} is settled before it is closed")
        return verdict

    def _overrun(self, record: Record, fact: FundsOverrun) -> None:
        if self._over != (record.cause, fact.run, fact.over_usd_micros):
            self.wrong(record, f"{fact.run} has not overrun by {fact.over_usd_micros}")
        self._over = None
        if (purse := self._purses.get(fact.day)) is not None:
            purse.closed.setdefault(fact.category, record.position)

    def _reopened(self, record: Record, fact: CategoryReopened) -> None:
        if self._purse is None or self._purse.closed.pop(fact.category, None) is None:
            self.wrong(record, f"{fact.category} is opened again and was not closed")

    def _obstacle(self, category: str, amount: int, critical: bool) -> str | None:
        """Why this amount may not be reserved now."""
        purse = self._purse
        if self._over is not None:
            self._no_overrun(self._over)
            self._over = None
        if purse is not None and category in purse.closed:
            return f"{category} is closed since its overrun at {purse.closed[category]}"
        if amount <= 0:
            return None if amount == 0 else "less than nothing"
        if purse is None:
            return "no day is open"
        limit = purse.opened.categories.get(category, 0)
        if purse.used.get(category, 0) + amount > limit:
            return f"{purse.used.get(category, 0)} of {limit} of {category} are gone"
        spared = 0 if critical else purse.opened.reserve_usd_micros
        limit = purse.opened.limit_usd_micros - spared
        return (
            f"{purse.whole} of the day's {limit} are gone" if purse.whole + amount > limit else None
        )

    def _book(self, day: date, category: str, amount: int) -> None:
        if (purse := self._purses.get(day)) is not None:
            purse.used[category] = purse.used.get(category, 0) + amount
            purse.whole += amount

    def _no_overrun(self, over: tuple[int, str, int]) -> None:
        self.wrong(over[0], f"{over[1]} cost {over[2]} more than was set aside; nothing says so")

    def _asked(self, run: str) -> Run | None:
        return self.past.runs.get(run)


def _is_critical(run: Run | None) -> bool:
    """Whether it may go into the reserve; of what is not known any more it is supposed."""
    return run is None or run.priority == "critical"
