"""How the budget changes by what it hears, and by what it decides."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from actors.budget import alerts, leftover, limits, meters, under_way
from actors.budget.ledger import Account, Charged, Ledger, Purse, Reservation
from actors.budget.refused import Price
from actors.budget.under_way import ROOM, UnderWay
from actors.ceilings import LEAST_USD_MICROS, SPENDERS, UNTOLD
from actors.rules import evolves_by
from events.budget import (
    BudgetExhausted,
    BudgetOpened,
    CategoryReopened,
    CostCorrected,
    CostSource,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
    LimitChanged,
    QuotaReset,
    QuotaSpent,
)
from events.configuration import ConfigurationLoaded
from events.fact import Fact
from events.intents import AlertCleared, AlertRaised, IntentAdded, IntentRemoved
from events.runs import RunClosed, RunSettled, RunStarting
from events.settings import PRIORITIES
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
LOST_MAX = 1_000
NEVER_FREE = SPENDERS | UNTOLD
RANKS = {priority: rank for rank, priority in enumerate(PRIORITIES)}


def cost_of(ledger: Ledger, closed: RunClosed, reserved: int) -> tuple[int, CostSource]:
    """What is charged, and how true that is: as the program reported, as its tokens are priced,
    or else as estimated. A run that nobody saw the end of may have spent all it was given. Of one
    that took what was left, the estimate is the least that it had asked for."""
    if closed.cost_usd_micros is not None:
        source: CostSource = "priced" if closed.cost_source == "priced" else "reported"
        return closed.cost_usd_micros, source
    if closed.outcome == "unknown":
        return reserved, "estimated"
    if ledger.takers and closed.run in ledger.takers:
        return ledger.reservations[closed.run].least or 0, "estimated"
    estimate = ledger.estimates.get(closed.action, reserved)
    if not estimate and closed.executor in NEVER_FREE and ledger.charges_agents:
        estimate = LEAST_USD_MICROS
    return min(estimate, reserved), "estimated"


def _ask(ledger: Ledger, fact: WorkReleased | StepReached, at: datetime) -> None:
    price = Price(fact.category, fact.ceiling_usd_micros, RANKS[fact.priority], fact.own_limit)
    if fact.takes_what_is_left or fact.executors:
        takes, kinds = fact.takes_what_is_left, fact.executors
        price = replace(price, takes_left=takes, executors=kinds)
    ledger.asked = price
    offered = ledger.offered
    ledger.was_offered = bool(offered) and offered.pop(fact.work, None) is not None


def _reserve(ledger: Ledger, fact: FundsReserved, at: datetime) -> None:
    work, category, amount = fact.work, fact.category, fact.usd_micros
    asked, ledger.asked = ledger.asked, None
    if ledger.refused.places:
        ledger.refused.forget(work)
    own = fact.own_limit
    held = ledger.reservations[fact.run] = Reservation(work, category, fact.day, amount, own)
    if asked is not None and (asked.takes_left or asked.executors):
        _hold_more(ledger, fact, held, asked)
    if (purse := ledger.purse_of(fact.day)) is not None:
        purse.book(category, own, amount, 0)


def _hold_more(ledger: Ledger, fact: FundsReserved, held: Reservation, asked: Price) -> None:
    """It took what was left, or counts against quotas until it is settled."""
    if asked.takes_left:
        ledger.takers[fact.run] = None
        ledger.reservations[fact.run] = replace(held, least=asked.usd_micros)
    if asked.executors:
        kinds = tuple(kind for kind in asked.executors if kind not in fact.without)
        ledger.under_way[fact.run] = UnderWay(fact.usd_micros, kinds)


def _hold_no_more(ledger: Ledger, run: str) -> None:
    ledger.takers.pop(run, None)
    ledger.under_way.pop(run, None)


def _refuse(ledger: Ledger, fact: FundsRefused, at: datetime) -> None:
    if ledger.asked is not None:
        ledger.refused.add(fact.work, ledger.asked)
    ledger.asked = None


def _charge(ledger: Ledger, fact: FundsSettled, at: datetime) -> None:
    held = ledger.reservations.pop(fact.run, None)
    if ledger.takers or ledger.under_way:
        _hold_no_more(ledger, fact.run)
    own, cost = "" if held is None else held.own, fact.cost_usd_micros
    if (purse := ledger.purse_of(fact.day)) is not None:
        purse.book(fact.category, own, -fact.reserved_usd_micros, cost)
    if ledger.unseen == fact.run:
        ledger.unseen = ""
        ledger.lost[fact.run] = Charged(fact.work, fact.category, fact.day, cost, fact.source, own)
        if len(ledger.lost) > LOST_MAX:
            del ledger.lost[next(iter(ledger.lost))]


def _give_back(ledger: Ledger, fact: FundsReturned, at: datetime) -> None:
    held = ledger.reservations.pop(fact.run, None)
    _hold_no_more(ledger, fact.run)
    own = "" if held is None else held.own
    _book(ledger, fact.category, own, fact.day, -fact.usd_micros, 0)


def _correct(ledger: Ledger, fact: CostCorrected, at: datetime) -> None:
    more = fact.cost_usd_micros - fact.was_usd_micros
    _book(ledger, fact.category, fact.own_limit, fact.day, 0, more)


def _promise(ledger: Ledger, fact: FundsOffered, at: datetime) -> None:
    if (price := ledger.refused.price(fact.work)) is not None:
        if price.takes_left:
            price = leftover.as_promised(ledger, price, leftover.promises(ledger), at)
        ledger.offered[fact.work] = price
    ledger.refused.forget(fact.work)


def _hold(ledger: Ledger, fact: WorkHeld, at: datetime) -> None:
    if fact.reason != "no_funds":
        _leave(ledger, fact, at)
        return
    ledger.unclaimed = False
    if fact.category:
        price = Price(
            fact.category,
            fact.ceiling_usd_micros,
            RANKS[fact.priority],
            takes_left=fact.takes_what_is_left,
            executors=fact.executors,
        )
        ledger.offered.pop(fact.work, None)
        ledger.refused.add(fact.work, price)


def _leave(ledger: Ledger, fact: Leaving, at: datetime) -> None:
    ledger.unclaimed = bool(ledger.offered) and ledger.offered.pop(fact.work, None) is not None
    if ledger.refused.places:
        ledger.refused.forget(fact.work)


def _breathe(ledger: Ledger, fact: AlarmSet | AlarmRang, at: datetime) -> None:
    if fact.setter == ME and fact.alarm == BREATH:
        ledger.takes_breath = type(fact) is AlarmSet
    elif fact.setter == ME and fact.alarm.startswith(ROOM):
        under_way.learn_alarm(ledger.meters, fact)


def _begin_day(ledger: Ledger, fact: DayStarted, at: datetime) -> None:
    ledger.begins_at, ledger.ends_at = fact.starts_at, fact.ends_at
    if fact.again:
        meters.restart(ledger.meters, at)


def _open(ledger: Ledger, fact: BudgetOpened, at: datetime) -> None:
    if ledger.opened is None or fact.day != ledger.opened.day:
        _change_purse(ledger, fact)
    ledger.opened, ledger.purse.revision = fact, fact.revision
    alerts.watch(ledger)


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
    """Nobody knows any more what a day cost that was open so long ago: it has nothing left, and
    nobody is alerted of that."""
    purse = ledger.purse
    for held in ledger.reservations.values():
        if held.day == opened.day:
            purse.book(held.category, held.own, held.usd_micros, 0)
    purse.whole.settled = opened.limit_usd_micros - purse.whole.reserved
    for name, limit in opened.categories.items():
        account = purse.categories.setdefault(name, Account())
        account.settled = limit - account.reserved
    purse.told = dict.fromkeys((*opened.categories, "day"), max(ledger.percents, default=0))


def _shut_category(ledger: Ledger, fact: FundsOverrun, at: datetime) -> None:
    purse = ledger.purse_of(fact.day)
    if purse is not None and fact.category not in purse.closed:
        purse.closed.append(fact.category)


def _exhaust(ledger: Ledger, fact: BudgetExhausted, at: datetime) -> None:
    ledger.purse.exhausted.append(fact.category)


def _open_category(ledger: Ledger, fact: CategoryReopened, at: datetime) -> None:
    ledger.closed.remove(fact.category)


def _configure(ledger: Ledger, fact: ConfigurationLoaded, at: datetime) -> None:
    if (new := fact.configuration) is not None:
        ledger.limits, ledger.day = new.budget, new.day
        ledger.estimates = {
            name: action.estimate_usd_micros for name, action in new.actions.items()
        }
        limits.configure(ledger, new)
        ledger.meters = meters.configure(ledger.meters, new.executors)
        ledger.percents = tuple(sorted(set(new.alerts.budget_percents)))
        ledger.pace = new.alerts.pace
        alerts.watch(ledger)


def _start(ledger: Ledger, fact: RunStarting, at: datetime) -> None:
    if ledger.meters:
        meters.start(ledger.meters, fact.executor, ledger.day, at)
    if ledger.under_way and (held := ledger.under_way.get(fact.run)) is not None:
        ledger.under_way[fact.run] = UnderWay(held.usd_micros, (fact.executor,))


def _close(ledger: Ledger, fact: RunClosed, at: datetime) -> None:
    if fact.outcome == "unknown":
        ledger.unseen = fact.run
    held = ledger.reservations.get(fact.run) if ledger.meters else None
    if held is not None and fact.started:
        cost, _ = cost_of(ledger, fact, held.usd_micros)
        meters.use(ledger.meters, fact.executor, fact.tokens, cost, ledger.day, at)


def _spend_quota(ledger: Ledger, fact: QuotaSpent, at: datetime) -> None:
    meters.spend(ledger.meters, fact)


def _reset_quota(ledger: Ledger, fact: QuotaReset, at: datetime) -> None:
    meters.reset(ledger.meters, fact, at)


def _change_limit(ledger: Ledger, fact: LimitChanged, at: datetime) -> None:
    limits.change(ledger, fact)


def _settle(ledger: Ledger, fact: RunSettled, at: datetime) -> None:
    """It is lost no longer: what it was charged is asked for once more, and then never again."""
    ledger.settling = ledger.lost.pop(fact.run, None)


def _raise(ledger: Ledger, fact: AlertRaised, at: datetime) -> None:
    alerts.learn_raised(ledger, fact)


def _clear(ledger: Ledger, fact: AlertCleared, at: datetime) -> None:
    alerts.learn_cleared(ledger, fact, at)


def _add_intent(ledger: Ledger, fact: IntentAdded, at: datetime) -> None:
    limits.add_intent(ledger, fact)


def _remove_intent(ledger: Ledger, fact: IntentRemoved, at: datetime) -> None:
    limits.remove_intent(ledger, fact)


def _book(ledger: Ledger, category: str, own: str, day: date, reserved: int, settled: int) -> None:
    if (purse := ledger.purse_of(day)) is not None:
        purse.book(category, own, reserved, settled)


CHANGES: Mapping[type[Fact], Callable[[Ledger, Any, datetime], None]] = {
    ConfigurationLoaded: _configure,
    DayStarted: _begin_day,
    IntentAdded: _add_intent,
    IntentRemoved: _remove_intent,
    WorkReleased: _ask,
    StepReached: _ask,
    WorkHeld: _hold,
    AlarmSet: _breathe,
    AlarmRang: _breathe,
    WorkDeferred: _leave,
    WorkFinished: _leave,
    WorkCancelled: _leave,
    WorkDropped: _leave,
    RunStarting: _start,
    RunClosed: _close,
    RunSettled: _settle,
    BudgetOpened: _open,
    BudgetExhausted: _exhaust,
    FundsReserved: _reserve,
    FundsRefused: _refuse,
    FundsSettled: _charge,
    FundsReturned: _give_back,
    FundsOffered: _promise,
    FundsOverrun: _shut_category,
    CategoryReopened: _open_category,
    CostCorrected: _correct,
    LimitChanged: _change_limit,
    QuotaSpent: _spend_quota,
    QuotaReset: _reset_quota,
    AlertRaised: _raise,
    AlertCleared: _clear,
}

evolve = evolves_by(CHANGES)
