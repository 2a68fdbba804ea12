"""The rules of the budget: what is set aside, refused, settled, offered again."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import chain
from typing import Any

from actors.breath import is_deep
from actors.budget.ledger import Account, Ask, Ledger, Purse, Reservation, left, refusal
from actors.budget.refused import Price
from actors.calendar import day_of
from actors.rules import SILENCE, Rules
from events.budget import (
    BudgetExhausted,
    BudgetOpened,
    CategoryReopened,
    CostSource,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.catalogue import AnyDecision, AnyFact
from events.configuration import PRIORITIES, ConfigurationLoaded
from events.fact import Fact
from events.record import Record
from events.requests import ResumeRequested
from events.runs import RunClosed
from events.time import AlarmRang, AlarmSet, DayStarted
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkReleased,
)

Leaving = WorkHeld | WorkDeferred | WorkDropped | WorkCancelled | WorkFinished

ME = "budget"
BREATH = "offers"
DAYS_MAX = 8  # whose money is remembered, the open one among them
OPENED_MAX = 1_000  # days known to have been open
RANKS = {priority: rank for rank, priority in enumerate(PRIORITIES)}


def decide(ledger: Ledger, record: Record) -> Iterator[AnyDecision]:
    rule = DECIDES_UPON.get(type(record.fact))
    return SILENCE if rule is None else rule(ledger, record.fact, record)


def _answer(
    ledger: Ledger, fact: WorkReleased | StepReached, record: Record
) -> Iterator[AnyDecision]:
    asked = ledger.asked
    if asked is None or fact.run in ledger.reservations:
        return SILENCE
    verdict = _verdict(ledger, asked, record.at)
    told = (verdict, *_exhausted(ledger, verdict))
    return chain(told, _offers(ledger, record)) if asked.offered else iter(told)


def _offer_unclaimed(ledger: Ledger, fact: Leaving, record: Record) -> Iterator[AnyDecision]:
    return _offers(ledger, record) if ledger.unclaimed else SILENCE


def _look_at(ledger: Ledger, fact: WorkHeld, record: Record) -> Iterator[AnyDecision]:
    """What was held unasked may be paid by now, for all that the queue knew."""
    return _offers(ledger, record) if ledger.unclaimed or fact.category else SILENCE


def _go_on(ledger: Ledger, fact: AlarmRang, record: Record) -> Iterator[AnyDecision]:
    return _offers(ledger, record) if fact.setter == ME else SILENCE


def _close(ledger: Ledger, closed: RunClosed, record: Record) -> Iterator[AnyDecision]:
    held = ledger.reservations.get(closed.run)
    return SILENCE if held is None else _settle(ledger, closed, held, record)


def _begin_day(ledger: Ledger, fact: DayStarted, record: Record) -> Iterator[AnyDecision]:
    if ledger.opened is None or fact.day != ledger.opened.day:
        yield _opening(ledger, fact.day, _next_revision(ledger, fact))
        yield from _offers(ledger, record)


def _next_revision(ledger: Ledger, fact: DayStarted) -> int:
    """The first one is of a day that never was open."""
    if (former := ledger.former.get(fact.day.isoformat())) is not None:
        return former.revision + 1
    return 2 if fact.again or fact.day in ledger.days else 1


def _change_limits(
    ledger: Ledger, fact: ConfigurationLoaded, record: Record
) -> Iterator[AnyDecision]:
    opened = ledger.opened
    if opened is not None and opened != _opening(ledger, opened.day, opened.revision):
        yield _opening(ledger, opened.day, opened.revision + 1)
        yield from _offers(ledger, record)


def _reopen(ledger: Ledger, fact: ResumeRequested, record: Record) -> Iterator[AnyDecision]:
    if fact.scope == "category" and fact.name in ledger.closed:
        yield CategoryReopened(fact.name)
        yield from _offers(ledger, record)


def _verdict(ledger: Ledger, ask: Ask, at: datetime) -> FundsReserved | FundsRefused:
    category, amount = ask.price.category, ask.price.usd_micros
    reason = refusal(ledger, ask.price)
    if reason is not None:
        return FundsRefused(ask.run, ask.work, category, amount, left(ledger, ask.price), reason)
    day = day_of(ledger.day, at) if ledger.opened is None else ledger.opened.day
    return FundsReserved(ask.run, ask.work, category, amount, day)


def _exhausted(
    ledger: Ledger, verdict: FundsReserved | FundsRefused
) -> tuple[BudgetExhausted, ...]:
    """The first refusal for want of money that was there says so to everyone."""
    if isinstance(verdict, FundsReserved) or ledger.opened is None:
        return ()
    what = {"category_spent": verdict.category, "day_spent": "day"}.get(verdict.reason)
    if what is None or what in ledger.purse.exhausted:
        return ()
    return (BudgetExhausted(ledger.opened.day, what),)


def _settle(
    ledger: Ledger, closed: RunClosed, held: Reservation, record: Record
) -> Iterator[AnyDecision]:
    run, work, category, day = closed.run, held.work, held.category, held.day
    reserved, cost = held.usd_micros, 0
    settled: FundsSettled | FundsReturned
    if closed.started:
        cost, source = _cost(ledger, closed, reserved)
        settled = FundsSettled(run, work, category, day, reserved, cost, source)
    else:
        settled = FundsReturned(run, work, category, day, reserved)
    if cost > reserved:
        return iter((settled, FundsOverrun(run, category, day, cost - reserved)))
    if cost < reserved and ledger.refused.lines:
        return chain((settled,), _offers(ledger, record))
    return iter((settled,))


def _cost(ledger: Ledger, closed: RunClosed, reserved: int) -> tuple[int, CostSource]:
    """What is charged: a run that nobody saw the end of may have spent all it was given."""
    if closed.cost_usd_micros is not None:
        return closed.cost_usd_micros, "reported"
    if closed.outcome == "unknown":
        return reserved, "estimated"
    return min(ledger.estimates.get(closed.action, reserved), reserved), "estimated"


def _offers(ledger: Ledger, record: Record) -> Iterator[FundsOffered | AlarmSet]:
    """To each that was refused and fits now, the first that fits first.

    What was offered is promised until the work asks for it, ends, or waits for something else.
    At the end of a long chain it is offered after a breath.
    """
    if not ledger.refused.lines:
        return
    promised: dict[str, int] = {}
    for price in ledger.offered.values():
        promised[price.category] = promised.get(price.category, 0) + price.usd_micros

    def fits(price: Price) -> bool:
        return refusal(ledger, price, promised) is None

    while (first := ledger.refused.first(fits)) is not None:
        if is_deep(record):
            if not ledger.takes_breath:
                yield AlarmSet(BREATH, ME, record.at)
            return
        work, price = first
        promised[price.category] = promised.get(price.category, 0) + price.usd_micros
        yield FundsOffered(work, price.category)


def _opening(ledger: Ledger, day: date, revision: int) -> BudgetOpened:
    limits = ledger.limits
    return BudgetOpened(
        day, limits.daily_usd_micros, limits.reserve_usd_micros, dict(limits.categories), revision
    )


def evolve(ledger: Ledger, fact: AnyFact, at: datetime) -> None:
    if (change := CHANGES.get(type(fact))) is not None:
        change(ledger, fact)


def _ask(ledger: Ledger, fact: WorkReleased | StepReached) -> None:
    price = Price(fact.category, fact.ceiling_usd_micros, RANKS[fact.priority])
    offered = ledger.offered.pop(fact.work, None) is not None
    ledger.asked = Ask(fact.run, fact.work, price, offered)


def _reserve(ledger: Ledger, fact: FundsReserved) -> None:
    work, category, amount = fact.work, fact.category, fact.usd_micros
    ledger.asked = None
    ledger.refused.forget(work)
    ledger.reservations[fact.run] = Reservation(work, category, fact.day, amount)
    _book(ledger, category, fact.day, amount, 0)


def _refuse(ledger: Ledger, fact: FundsRefused) -> None:
    if ledger.asked is not None:
        ledger.refused.add(fact.work, ledger.asked.price)
    ledger.asked = None


def _charge(ledger: Ledger, fact: FundsSettled) -> None:
    ledger.reservations.pop(fact.run, None)
    _book(ledger, fact.category, fact.day, -fact.reserved_usd_micros, fact.cost_usd_micros)


def _give_back(ledger: Ledger, fact: FundsReturned) -> None:
    ledger.reservations.pop(fact.run, None)
    _book(ledger, fact.category, fact.day, -fact.usd_micros, 0)


def _promise(ledger: Ledger, fact: FundsOffered) -> None:
    if (price := ledger.refused.price(fact.work)) is not None:
        ledger.offered[fact.work] = price
    ledger.refused.forget(fact.work)


def _hold(ledger: Ledger, fact: WorkHeld) -> None:
    if fact.reason != "no_funds":
        _leave(ledger, fact)
        return
    ledger.unclaimed = False
    if fact.category:
        price = Price(fact.category, fact.ceiling_usd_micros, RANKS[fact.priority])
        ledger.offered.pop(fact.work, None)
        ledger.refused.add(fact.work, price)


def _leave(ledger: Ledger, fact: Leaving) -> None:
    ledger.unclaimed = ledger.offered.pop(fact.work, None) is not None
    ledger.refused.forget(fact.work)


def _breathe(ledger: Ledger, fact: AlarmSet | AlarmRang) -> None:
    if fact.setter == ME:
        ledger.takes_breath = type(fact) is AlarmSet


def _open(ledger: Ledger, fact: BudgetOpened) -> None:
    if ledger.opened is None or fact.day != ledger.opened.day:
        _change_purse(ledger, fact)
    ledger.opened, ledger.purse.revision = fact, fact.revision


def _change_purse(ledger: Ledger, opened: BudgetOpened) -> None:
    former = ledger.former
    if ledger.opened is not None:
        former[ledger.opened.day.isoformat()] = ledger.purse
    purse = former.pop(opened.day.isoformat(), None)
    if len(former) >= DAYS_MAX:
        del former[next(iter(former))]
    ledger.purse = Purse() if purse is None else purse
    if purse is None and opened.revision > 1:
        _empty(ledger, opened)
    if opened.day not in ledger.days:
        ledger.days.append(opened.day)
        del ledger.days[:-OPENED_MAX]


def _empty(ledger: Ledger, opened: BudgetOpened) -> None:
    """Nobody knows any more what a day cost that was open so long ago: it has nothing left."""
    purse = ledger.purse
    for held in ledger.reservations.values():
        if held.day == opened.day:
            purse.book(held.category, held.usd_micros, 0)
    purse.whole.settled = opened.limit_usd_micros - purse.whole.reserved
    for name, limit in opened.categories.items():
        account = purse.categories.setdefault(name, Account())
        account.settled = limit - account.reserved


def _shut_category(ledger: Ledger, fact: FundsOverrun) -> None:
    purse = ledger.purse_of(fact.day)
    if purse is not None and fact.category not in purse.closed:
        purse.closed.append(fact.category)


def _exhaust(ledger: Ledger, fact: BudgetExhausted) -> None:
    ledger.purse.exhausted.append(fact.category)


def _open_category(ledger: Ledger, fact: CategoryReopened) -> None:
    ledger.closed.remove(fact.category)


def _configure(ledger: Ledger, fact: ConfigurationLoaded) -> None:
    if (new := fact.configuration) is not None:
        ledger.limits, ledger.day = new.budget, new.day
        ledger.estimates = {
            name: action.estimate_usd_micros for name, action in new.actions.items()
        }


def _book(ledger: Ledger, category: str, day: date, reserved: int, settled: int) -> None:
    if (purse := ledger.purse_of(day)) is not None:
        purse.book(category, reserved, settled)


DECIDES_UPON: dict[type[Fact], Callable[[Ledger, Any, Record], Iterator[AnyDecision]]] = {
    ConfigurationLoaded: _change_limits,
    DayStarted: _begin_day,
    WorkReleased: _answer,
    StepReached: _answer,
    RunClosed: _close,
    WorkHeld: _look_at,
    AlarmRang: _go_on,
    WorkDeferred: _offer_unclaimed,
    WorkFinished: _offer_unclaimed,
    WorkCancelled: _offer_unclaimed,
    WorkDropped: _offer_unclaimed,
    ResumeRequested: _reopen,
}
CHANGES: dict[type[Fact], Callable[[Ledger, Any], None]] = {
    ConfigurationLoaded: _configure,
    WorkReleased: _ask,
    StepReached: _ask,
    WorkHeld: _hold,
    AlarmSet: _breathe,
    AlarmRang: _breathe,
    WorkDeferred: _leave,
    WorkFinished: _leave,
    WorkCancelled: _leave,
    WorkDropped: _leave,
    BudgetOpened: _open,
    BudgetExhausted: _exhaust,
    FundsReserved: _reserve,
    FundsRefused: _refuse,
    FundsSettled: _charge,
    FundsReturned: _give_back,
    FundsOffered: _promise,
    FundsOverrun: _shut_category,
    CategoryReopened: _open_category,
}
RULES = Rules(ME, 4, Ledger, frozenset(DECIDES_UPON), decide, evolve)
