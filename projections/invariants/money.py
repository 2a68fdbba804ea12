"""The money of a day: nothing above a limit, every reservation ended once, nothing lost.

What a run is charged stays so, unless nobody saw its end and somebody says what it cost.
"""

from collections.abc import Mapping
from datetime import date

from msgspec.structs import replace

from events.budget import (
    BudgetExhausted,
    BudgetOpened,
    CategoryReopened,
    CostCorrected,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
    LimitChanged,
)
from events.fact import Fact
from events.record import Record
from events.runs import RunClosed, RunSettled
from events.work import WorkCancelled, WorkDeferred, WorkDropped, WorkFinished, WorkHeld
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past, Run, Work
from projections.invariants.promises import Promises
from projections.invariants.purses import (
    ByHand,
    Charged,
    Purse,
    Refused,
    Reserved,
    as_asked,
    is_critical,
    truth,
)

FORGOTTEN_MAX = 10_000
PURSES_KEPT = 32
SAID_KEPT = 1_000
OF_OWN = ("own_limit_spent", "over_own_limit")
Ended = WorkFinished | WorkCancelled | WorkDropped
KNOWN_DAYS = 8  # So many are given out from again when the clock comes back to them.


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
        self._told: dict[int, tuple[FundsRefused, Refused]] = {}  # the last, by position
        self._promises = Promises()
        self._over: tuple[int, str, int] | None = None  # cause, run, amount of an overrun owed
        self._by_hand = ByHand(past)
        self._lost: dict[str, Charged] = {}  # runs that nobody saw the end of
        self._said: dict[int, RunSettled] = {}  # by position
        self._due: dict[int, str] = {}  # by position, runs whose cost is to be corrected

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            BudgetOpened: self._opened,
            BudgetExhausted: self._exhausted,
            FundsReserved: self._reserved,
            FundsRefused: self._refused,
            FundsOffered: self._offered,
            WorkHeld: self._holds,
            WorkDeferred: self._waits,
            RunClosed: self._closed,
            FundsSettled: self._settled,
            FundsReturned: self._returned,
            FundsOverrun: self._overrun,
            CategoryReopened: self._reopened,
            LimitChanged: self._limit_changed,
            RunSettled: self._was_settled,
            CostCorrected: self._corrected,
            WorkFinished: self._ended,
            WorkCancelled: self._ended,
            WorkDropped: self._ended,
        }

    def finish(self, closed: bool) -> None:
        """An overrun stands beside its settlement, in one transaction."""
        if self._over is not None:
            self._no_overrun(self._over)
        for position, run in self._due.items():
            if position <= self.past.considered["budget"]:
                self.wrong(position, f"what {run} cost is known, and it is charged as before")

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
        self._check_limits(record, fact)

    def _check_limits(self, record: Record, fact: BudgetOpened) -> None:
        if (house := self.past.settings(record.cause or 0)) is None:
            return
        told = fact.limit_usd_micros, fact.reserve_usd_micros, fact.categories
        if told != (wanted := self._by_hand.opening(fact.day, house)):
            self.wrong(record, f"{fact.day} is opened with {told} and should be with {wanted}")

    def _limit_changed(self, record: Record, fact: LimitChanged) -> None:
        if fact.usd_micros is not None and fact.usd_micros < 0:
            self.wrong(record, "a limit below nothing")
        if fact.day is not None and (self._purse is None or fact.day != self._purse.opened.day):
            self.wrong(record, f"a limit of {fact.day} is changed, which is not the open day")
        self._by_hand.learn(fact, None if self._purse is None else self._purse.opened.day)

    def _is_back(self, day: date) -> bool:
        """Whether the clock came back to a day that may have been forgotten."""
        return self.past.back > 0 and len(self._purses) > PURSES_KEPT // 2

    def _change(self, record: Record, fact: BudgetOpened, former: Purse, purse: Purse) -> None:
        """Another day is open; only a clock that was put back by more than a day goes back."""
        if fact.day < former.opened.day and not self.past.back:
            self.wrong(record, f"{fact.day} is opened after {former.opened.day}")
        self._turn += 1
        former.turn = self._turn
        if purse.turn and self._turn - purse.turn >= KNOWN_DAYS:
            purse.vague = True
            purse.closed.clear()  # Nobody knows that any more either.
        purse.turn = self._turn
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
        takes_left = run is not None and run.takes_left
        if run is not None and not takes_left and amount != run.ceiling_usd_micros:
            ceiling = run.ceiling_usd_micros
            self.wrong(record, f"{fact.run} asked for {ceiling} and was given {amount}")
        own = fact.own_limit
        if run is not None and own != run.own_limit:
            self.wrong(record, f"{fact.run} counts against {own!r}, not {run.own_limit!r}")
        asked = Refused(fact.category, amount, is_critical(run), own)
        obstacle = self._obstacle(record, asked)
        if obstacle is not None:
            self.wrong(record, f"{amount} are set aside for {fact.run}: {obstacle}")
        if self._purse is not None and fact.day != self._purse.opened.day:
            self.wrong(record, f"{fact.run} is paid from {fact.day}, which is not the open day")
        least = self._take_left(record, fact, run) if run is not None and takes_left else None
        held = Reserved(fact.work, fact.category, fact.day, amount, own, least)
        self._held[fact.run] = held
        self._refusals.pop(fact.work, None)
        self._promises.open.pop(fact.work, None)
        self._book(held, amount)

    def _take_left(self, record: Record, fact: FundsReserved, run: Run) -> int:
        """It is to have all that is left and was not promised to others; what it asked for."""
        least, cause, own = run.ceiling_usd_micros, record.cause or 0, run.own_limit
        asked = as_asked(run, run.category, least)
        run.ceiling_usd_micros = amount = fact.usd_micros
        purse = self._purse
        if purse is not None and not purse.vague:
            limit = self._own_limit(record, own)
            left, exact = self._promises.left_for(asked, purse, limit, cause, fact.work)
            if amount < least or (exact and amount != left):
                self.wrong(record, f"{fact.run} takes {amount} of {left} that are left")
        return least

    def _refused(self, record: Record, fact: FundsRefused) -> None:
        run = self._asked(fact.run)
        spent = {"category_spent": fact.category, "day_spent": "day"}.get(fact.reason, "")
        self._without = record.cause, spent
        if fact.behind:
            self._without = record.cause, ""
            if (held := self._held.get(fact.behind)) is None or held.least is None:
                self.wrong(record, f"{fact.run} waits for {fact.behind}, which took nothing")
        asked = as_asked(run, fact.category, fact.usd_micros)
        own, obstacle = asked.own, self._obstacle(record, asked)
        if fact.reason in OF_OWN and run is not None and not own:
            self.wrong(record, f"{fact.run} has no limit of its own, and is refused for it")
        can_be_had = obstacle is None and not (self._purse is not None and self._purse.vague)
        if can_be_had and self._purse is not None and asked.takes_left:
            about = self._purse, self._own_limit(record, own), record.cause or 0, fact.work
            can_be_had = self._promises.leave(asked, *about)
        if can_be_had and fact.reason != "over_quota":
            self.wrong(record, f"{fact.run} is refused {fact.usd_micros}, which can be had")
        self._refusals[fact.work] = asked
        self._gone.pop(fact.work, None)
        self._promises.open.pop(fact.work, None)
        self._told[record.position] = fact, asked
        if len(self._told) > FORGOTTEN_MAX:
            del self._told[next(iter(self._told))]

    def _own_limit(self, record: Record, own: str) -> int | None:
        day = self._purse.opened.day if self._purse is not None and own else None
        return None if day is None else self._by_hand.own(own, day, record.cause or 0)

    def _waits(self, record: Record, fact: WorkDeferred | WorkHeld | Ended) -> None:
        """It will not ask for what it may have been promised, or soon be."""
        if self._promises.open or fact.work in self._refusals:
            self._promises.unclaimed(fact.work, record.position)

    def _holds(self, record: Record, fact: WorkHeld) -> None:
        if fact.reason != "no_funds" or fact.category:
            self._waits(record, fact)
        if fact.category and fact.work in self.past.works:
            self._held_unasked(record, fact, self.past.works[fact.work])

    def _held_unasked(self, record: Record, fact: WorkHeld, work: Work) -> None:
        """It could not have been paid where the queue looked, and counts as refused."""
        told, known = self._told.get(record.cause or 0, (None, None))
        price = fact.ceiling_usd_micros
        if fact.reason != "no_funds" or fact.category != work.category:
            self.wrong(record, f"{fact.work} is held for {fact.reason} as of {fact.category}")
        elif told is None or (told.reason != "closed" and price <= told.left_usd_micros):
            self.wrong(record, f"{fact.work} is held and {price} was not refused to anyone")
        elif told.category != fact.category and told.reason not in ("day_spent", "no_day_open"):
            self.wrong(record, f"{fact.work} is held for a lack of {told.category}")
        elif told.reason == "over_quota" and known and known.executors != fact.executors:
            self.wrong(record, f"{fact.work} is held for a quota that is not of its executors")
        self._refusals[fact.work] = Refused(
            fact.category,
            price,
            fact.priority == "critical",
            takes_left=fact.takes_what_is_left,
            executors=fact.executors,
        )

    def _offered(self, record: Record, fact: FundsOffered) -> None:
        """The work may have ended meanwhile, in the queue or by a plan."""
        known = self._refusals.pop(fact.work, None) or self._gone.pop(fact.work, None)
        if known is None:
            self.wrong(record, f"{fact.work} is offered money and was not refused any")
        elif (obstacle := self._obstacle(record, known)) is not None:
            self.wrong(record, f"{fact.work} is offered money: {obstacle}")
        if known is not None and self._purse is not None:
            about = self._purse, self._own_limit(record, known.own), record.cause or 0
            self._promises.offer(fact.work, known, *about)

    def _ended(self, record: Record, fact: Ended) -> None:
        self._waits(record, fact)
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
        told, verdict = self._end(record, fact.run, told)
        if cost < 0:
            self.wrong(record, f"{fact.run} cost {cost}, less than nothing")
        if verdict is not None:
            self._check_cost(record, fact, verdict, told.least)
            if verdict.outcome == "unknown":
                self._lose(fact.run, Charged(told, cost, fact.source))
        self._book(told, cost - reserved)
        if cost > reserved:
            self._over = record.cause or 0, fact.run, cost - reserved

    def _check_cost(
        self, record: Record, fact: FundsSettled, verdict: RunClosed, least: int | None
    ) -> None:
        cost, reserved = fact.cost_usd_micros, fact.reserved_usd_micros
        seen = verdict.outcome != "unknown"
        if not verdict.started:
            self.wrong(record, f"{fact.run} never started and is charged")
        elif verdict.cost_usd_micros is not None and cost != verdict.cost_usd_micros:
            self.wrong(record, f"{fact.run} cost {verdict.cost_usd_micros} and is charged {cost}")
        elif fact.source != truth(verdict):
            self.wrong(record, f"{fact.run} is charged as {fact.source}, not {truth(verdict)}")
        elif verdict.cost_usd_micros is None and cost > reserved:
            self.wrong(record, f"{fact.run} is charged {cost} by estimate, of {reserved}")
        elif verdict.cost_usd_micros is None and not seen and cost < reserved:
            self.wrong(record, f"{fact.run} ended unseen and is charged {cost} of {reserved}")
        elif verdict.cost_usd_micros is None and seen and least not in (None, cost):
            self.wrong(record, f"{fact.run} is charged {cost} by estimate, which was {least}")

    def _returned(self, record: Record, fact: FundsReturned) -> None:
        told = Reserved(fact.work, fact.category, fact.day, fact.usd_micros)
        told, verdict = self._end(record, fact.run, told)
        if verdict is not None and verdict.started:
            self.wrong(record, f"{fact.run} has run and its money is given back")
        self._book(told, -fact.usd_micros)

    def _end(self, record: Record, run: str, told: Reserved) -> tuple[Reserved, RunClosed | None]:
        """What it held, with the limit of its own against which it counts."""
        held, verdict = self._held.pop(run, None), self._verdicts.pop(run, None)
        self.past.runs.pop(run, None)
        if held is None:
            self.wrong(record, f"{run} holds no money: it never had any, or it was settled before")
        elif held != replace(told, own=held.own, least=held.least):
            self.wrong(record, f"{run} held {held.usd_micros} of {held.category} on {held.day}")
        elif verdict is None:
            self.wrong(record, f"{run} is settled before it is closed")
        if held is not None:
            told = replace(told, own=held.own, least=held.least)
        return told, verdict

    def _lose(self, run: str, charged: Charged) -> None:
        self._lost[run] = charged
        if len(self._lost) > FORGOTTEN_MAX:
            del self._lost[next(iter(self._lost))]

    def _was_settled(self, record: Record, fact: RunSettled) -> None:
        self._said[record.position] = fact
        known, cost = self._lost.get(fact.run), fact.cost_usd_micros
        if known is not None and cost not in (None, known.cost):
            self._due[record.position] = fact.run
        if len(self._said) > SAID_KEPT:
            del self._said[next(iter(self._said))]

    def _corrected(self, record: Record, fact: CostCorrected) -> None:
        """Only once, and only to what somebody said who knows."""
        run, cost, was = fact.run, fact.cost_usd_micros, fact.was_usd_micros
        known, said = self._lost.pop(run, None), self._said.get(record.cause or 0)
        self._due.pop(record.cause or 0, None)
        told = Reserved(fact.work, fact.category, fact.day, 0, fact.own_limit)
        if said is None or (said.run, said.cost_usd_micros) != (run, cost):
            self.wrong(record, f"nobody said that {run} cost {cost}")
        if known is None:
            self.wrong(record, f"what {run} cost is corrected, and it was known or so already")
        elif (replace(known.held, usd_micros=0, least=None), known.cost) != (told, was):
            self.wrong(record, f"{run} was charged {known.cost}, not {was}, or to something else")
        if cost < 0:
            self.wrong(record, f"{run} cost {cost}, less than nothing")
        self._book(told, cost - was)
        if cost > was:
            self._over = record.cause or 0, run, cost - was

    def _overrun(self, record: Record, fact: FundsOverrun) -> None:
        if self._over != (record.cause, fact.run, fact.over_usd_micros):
            self.wrong(record, f"{fact.run} has not overrun by {fact.over_usd_micros}")
        self._over = None
        if (purse := self._purses.get(fact.day)) is not None:
            purse.closed.setdefault(fact.category, record.position)

    def _reopened(self, record: Record, fact: CategoryReopened) -> None:
        purse = self._purse
        if purse is None or (not purse.closed.pop(fact.category, 0) and not purse.vague):
            self.wrong(record, f"{fact.category} is opened again and was not closed")

    def _obstacle(self, record: Record, asked: Refused) -> str | None:
        """Why this amount may not be reserved now."""
        purse, category, amount = self._purse, asked.category, asked.usd_micros
        if self._over is not None:
            self._no_overrun(self._over)
            self._over = None
        if purse is not None and category in purse.closed:
            return f"{category} is closed since its overrun at {purse.closed[category]}"
        if amount <= 0:
            return None if amount == 0 else "less than nothing"
        if purse is None:
            return "no day is open"
        own, day = asked.own, purse.opened.day
        limit = self._by_hand.own(own, day, record.cause or 0) if own else None
        return purse.obstacle(asked, limit)

    def _book(self, told: Reserved, amount: int) -> None:
        if (purse := self._purses.get(told.day)) is not None:
            purse.book(told.category, told.own, amount)

    def _no_overrun(self, over: tuple[int, str, int]) -> None:
        self.wrong(over[0], f"{over[1]} cost {over[2]} more than was set aside; nothing says so")

    def _asked(self, run: str) -> Run | None:
        return self.past.runs.get(run)
