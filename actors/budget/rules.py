"""The rules of the budget: what is set aside, refused, settled, offered again."""

from collections.abc import Iterator
from datetime import date, datetime

from actors.budget.ledger import Account, Ask, Ledger, Reservation, left, refusal
from actors.budget.refused import Price
from actors.calendar import day_of
from actors.rules import Rules
from events.budget import (
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
from events.configuration import PRIORITIES, Configuration, ConfigurationLoaded
from events.record import Record
from events.requests import ResumeRequested
from events.runs import RunClosed
from events.time import DayStarted
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkReleased,
)

RANKS = {priority: rank for rank, priority in enumerate(PRIORITIES)}


def decide(ledger: Ledger, record: Record) -> Iterator[AnyDecision]:
    match record.fact:
        case WorkReleased(run=run) | StepReached(run=run):
            if ledger.asked is not None and run not in ledger.reservations:
                asked = ledger.asked
                yield _verdict(ledger, asked, record.at)
                if asked.offered:
                    yield from _offers(ledger)
        case WorkHeld() | WorkDeferred() | WorkDropped() | WorkCancelled() | WorkFinished():
            if ledger.unclaimed:
                yield from _offers(ledger)
        case RunClosed(run=run) as closed if run in ledger.reservations:
            yield from _settle(ledger, closed, ledger.reservations[run])
        case DayStarted(day=day) if ledger.opened is None or day > ledger.opened.day:
            yield _opening(ledger, day, revision=1)
            yield from _offers(ledger)
        case ConfigurationLoaded() if ledger.opened is not None and _limits_changed(ledger):
            yield _opening(ledger, ledger.opened.day, ledger.opened.revision + 1)
            yield from _offers(ledger)
        case ResumeRequested(scope="category", name=name) if name in ledger.closed:
            yield CategoryReopened(name)
            yield from _offers(ledger)


def _verdict(ledger: Ledger, ask: Ask, at: datetime) -> FundsReserved | FundsRefused:
    category, amount = ask.price.category, ask.price.usd_micros
    reason = refusal(ledger, ask.price)
    if reason is not None:
        return FundsRefused(ask.run, ask.work, category, amount, left(ledger, ask.price), reason)
    day = day_of(ledger.day, at) if ledger.opened is None else ledger.opened.day
    return FundsReserved(ask.run, ask.work, category, amount, day)


def _settle(ledger: Ledger, closed: RunClosed, held: Reservation) -> Iterator[AnyDecision]:
    run, work, category, day = closed.run, held.work, held.category, held.day
    reserved, cost = held.usd_micros, 0
    if closed.started:
        cost, source = _cost(ledger, closed, reserved)
        yield FundsSettled(run, work, category, day, reserved, cost, source)
    else:
        yield FundsReturned(run, work, category, day, reserved)
    if cost > reserved:
        yield FundsOverrun(run, category, day, cost - reserved)
    elif cost < reserved:
        yield from _offers(ledger)


def _cost(ledger: Ledger, closed: RunClosed, reserved: int) -> tuple[int, CostSource]:
    """What is charged: a run that nobody saw the end of may have spent all it was given."""
    if closed.cost_usd_micros is not None:
        return closed.cost_usd_micros, "reported"
    if closed.outcome == "unknown":
        return reserved, "estimated"
    return min(ledger.estimates.get(closed.action, reserved), reserved), "estimated"


def _offers(ledger: Ledger) -> Iterator[FundsOffered]:
    """To each that was refused and fits now, the first that fits first.

    What was offered is promised until the work asks for it, ends, or waits for something else.
    """
    if not ledger.refused.lines:
        return
    promised: dict[str, int] = {}
    for price in ledger.offered.values():
        promised[price.category] = promised.get(price.category, 0) + price.usd_micros

    def fits(price: Price) -> bool:
        return refusal(ledger, price, promised) is None

    while (first := ledger.refused.first(fits)) is not None:
        work, price = first
        promised[price.category] = promised.get(price.category, 0) + price.usd_micros
        yield FundsOffered(work, price.category)


def _opening(ledger: Ledger, day: date, revision: int) -> BudgetOpened:
    limits = ledger.limits
    return BudgetOpened(
        day, limits.daily_usd_micros, limits.reserve_usd_micros, dict(limits.categories), revision
    )


def _limits_changed(ledger: Ledger) -> bool:
    opened = ledger.opened
    return opened is not None and opened != _opening(ledger, opened.day, opened.revision)


def evolve(ledger: Ledger, fact: AnyFact, at: datetime) -> None:
    match fact:
        case WorkReleased() | StepReached():
            price = Price(fact.category, fact.ceiling_usd_micros, RANKS[fact.priority])
            offered = ledger.offered.pop(fact.work, None) is not None
            ledger.asked = Ask(fact.run, fact.work, price, offered)
        case FundsReserved(run, work, category, amount, day):
            ledger.asked = None
            ledger.refused.forget(work)
            ledger.reservations[run] = Reservation(work, category, day, amount)
            _book(ledger, category, day, reserved=amount)
        case RunClosed():
            pass  # Only what is decided upon it changes anything.
        case FundsRefused(work=work):
            if ledger.asked is not None:
                ledger.refused.add(work, ledger.asked.price)
            ledger.asked = None
        case FundsSettled(run, _, category, day, reserved, cost):
            ledger.reservations.pop(run, None)
            _book(ledger, category, day, settled=cost, reserved=-reserved)
        case FundsReturned(run, _, category, day, amount):
            ledger.reservations.pop(run, None)
            _book(ledger, category, day, reserved=-amount)
        case FundsOffered(work=work):
            if (price_of_it := ledger.refused.price(work)) is not None:
                ledger.offered[work] = price_of_it
            ledger.refused.forget(work)
        case WorkHeld(reason="no_funds"):
            ledger.unclaimed = False
        case WorkHeld() | WorkDeferred() | WorkDropped() | WorkCancelled() | WorkFinished():
            ledger.unclaimed = ledger.offered.pop(fact.work, None) is not None
            ledger.refused.forget(fact.work)
        case _:
            _rearrange(ledger, fact)


def _rearrange(ledger: Ledger, fact: AnyFact) -> None:
    match fact:
        case BudgetOpened():
            if ledger.opened is None or fact.day != ledger.opened.day:
                ledger.whole, ledger.categories, ledger.closed = Account(), {}, []
            ledger.opened = fact
        case FundsOverrun(category=category, day=day):
            if _is_open(ledger, day) and category not in ledger.closed:
                ledger.closed.append(category)
        case CategoryReopened(category=category):
            ledger.closed.remove(category)
        case ConfigurationLoaded(configuration=Configuration() as configuration):
            ledger.limits, ledger.day = configuration.budget, configuration.day
            ledger.estimates = {
                name: action.estimate_usd_micros for name, action in configuration.actions.items()
            }


def _book(ledger: Ledger, category: str, day: date, *, reserved: int, settled: int = 0) -> None:
    if not _is_open(ledger, day):
        return
    for account in (ledger.whole, ledger.categories.setdefault(category, Account())):
        account.reserved += reserved
        account.settled += settled


def _is_open(ledger: Ledger, day: date) -> bool:
    return ledger.opened is not None and ledger.opened.day == day


RULES = Rules(
    "budget",
    2,
    Ledger,
    frozenset(
        {
            ConfigurationLoaded,
            DayStarted,
            WorkReleased,
            StepReached,
            RunClosed,
            WorkHeld,
            WorkDeferred,
            WorkFinished,
            WorkCancelled,
            WorkDropped,
            ResumeRequested,
        }
    ),
    decide,
    evolve,
)
