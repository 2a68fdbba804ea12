"""The rules of the budget: what is set aside, refused, settled, corrected, offered again."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from msgspec.structs import replace

from actors.breath import is_deep
from actors.budget import alerts, leftover, limits, meters, under_way
from actors.budget.changes import BREATH, ME, Leaving, cost_of, evolve
from actors.budget.ledger import NOTHING, Ledger, Reservation, left, promise, refusal
from actors.budget.refused import Price
from actors.calendar import day_of
from actors.rules import SILENCE, Rules, decides_by
from events.budget import (
    BudgetExhausted,
    CategoryReopened,
    CostCorrected,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
    LimitChanged,
    RefuseReason,
)
from events.catalogue import AnyDecision
from events.configuration import ConfigurationLoaded
from events.fact import Fact
from events.intents import IntentAdded, IntentRemoved
from events.record import Record
from events.requests import LimitRequested, RequestRefused, RequestRepeated, ResumeRequested
from events.runs import RunClosed, RunSettled, RunStarting
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


def _answer(
    ledger: Ledger, fact: WorkReleased | StepReached, record: Record
) -> Iterator[AnyDecision]:
    price, run, work = ledger.asked, fact.run, fact.work
    if price is None or run in ledger.reservations:
        return SILENCE
    told: tuple[AnyDecision, ...]
    # What was offered to others is not left: who takes what is left would get crumbs of it.
    promised = leftover.promises(ledger) if price.takes_left else NOTHING
    if (reason := refusal(ledger, price, promised, record.at)) is not None:
        told = _refuse(ledger, run, work, price, reason, promised, record)
    else:
        opened = ledger.opened
        day = day_of(ledger.day, record.at) if opened is None else opened.day
        reserved = FundsReserved(run, work, price.category, price.usd_micros, day, price.own)
        if price.takes_left or price.executors:
            amount, without = leftover.share(ledger, price, record.at)
            reserved = replace(reserved, usd_micros=amount, without=without)
        told = (reserved,)
    return chain(told, _offers(ledger, record)) if ledger.was_offered else iter(told)


def _offer_unclaimed(ledger: Ledger, fact: Leaving, record: Record) -> Iterator[AnyDecision]:
    return _offers(ledger, record) if ledger.unclaimed else SILENCE


def _look_at(ledger: Ledger, fact: WorkHeld, record: Record) -> Iterator[AnyDecision]:
    """What was held unasked may be paid by now, for all that the queue knew."""
    return _offers(ledger, record) if ledger.unclaimed or fact.category else SILENCE


def _go_on(ledger: Ledger, fact: AlarmRang, record: Record) -> Iterator[AnyDecision]:
    if fact.setter != ME:
        return SILENCE
    if fact.alarm.startswith(meters.ALARM):
        return chain(meters.ring(ledger.meters, fact), _offers_of_quotas(ledger, record))
    return _offers(ledger, record)


def _start(ledger: Ledger, fact: RunStarting, record: Record) -> Iterator[AnyDecision]:
    """Whom else it might have been asked of has room again."""
    if not ledger.meters:
        return SILENCE
    spent = meters.spent(ledger.meters, fact.executor)
    if fact.run not in ledger.under_way:
        return spent
    return chain(spent, _offers_of_quotas(ledger, record))


def _close(ledger: Ledger, closed: RunClosed, record: Record) -> Iterator[AnyDecision]:
    held = ledger.reservations.get(closed.run)
    if held is None:
        return SILENCE
    told, cost = _settled(ledger, closed, held)
    due = ledger.purse.watch and alerts.may_be_due(ledger, held.day, held.category, cost)
    if not (due or ledger.refused.lines or ledger.meters):
        return iter(told)
    return chain(told, _follow(ledger, closed, held, cost, record))


def _follow(
    ledger: Ledger, closed: RunClosed, held: Reservation, cost: int, record: Record
) -> Iterator[AnyDecision]:
    """What is to be said after a run was settled or its money returned."""
    if cost < held.usd_micros:
        yield from _offers(ledger, record)
    if ledger.opened is not None and held.day == ledger.opened.day:
        yield from alerts.upon_spending(ledger, held.category, record.at)
    yield from meters.spent(ledger.meters, closed.executor)


def _begin_day(ledger: Ledger, fact: DayStarted, record: Record) -> Iterator[AnyDecision]:
    if ledger.opened is None or fact.day != ledger.opened.day:
        yield limits.opening(ledger, fact.day, _next_revision(ledger, fact))
        yield from alerts.look_again(ledger, record.at)
        yield from _offers(ledger, record)
    if fact.again:
        yield from meters.look_again(ledger.meters, record.at)
        yield from _offers_of_quotas(ledger, record)


def _next_revision(ledger: Ledger, fact: DayStarted) -> int:
    """The first one is of a day that never was open."""
    if (former := ledger.former.get(fact.day.isoformat())) is not None:
        return former.revision + 1
    return 2 if fact.again or fact.day in ledger.days else 1


def _configure(ledger: Ledger, fact: ConfigurationLoaded, record: Record) -> Iterator[AnyDecision]:
    before = ledger.opened
    yield from limits.reopening(ledger)
    yield from alerts.look_again(ledger, record.at)
    yield from meters.look_again(ledger.meters, record.at)
    wants = ledger.refused.wants_own or ledger.refused.wants_quota
    if ledger.opened is not before or wants:
        yield from _offers(ledger, record)


def _change_limit(ledger: Ledger, asked: LimitRequested, record: Record) -> Iterator[AnyDecision]:
    name = "" if asked.scope == "day" else asked.name
    if asked.key in ledger.answered:
        yield RequestRepeated(asked.key, "")
        return
    if (reason := limits.refusal_of(ledger, asked)) is not None:
        yield RequestRefused(asked.key, name or asked.scope, reason)
        return
    today = None if ledger.opened is None or asked.for_good else ledger.opened.day
    yield LimitChanged(asked.scope, name, asked.usd_micros, today, asked.key)
    yield from limits.reopening(ledger)
    yield from alerts.look_again(ledger, record.at)
    yield from _offers(ledger, record)


def _offer_anew(
    ledger: Ledger, fact: IntentAdded | IntentRemoved, record: Record
) -> Iterator[AnyDecision]:
    """With an intent its limit comes and goes."""
    return _offers(ledger, record) if ledger.refused.wants_own else SILENCE


def _reopen(ledger: Ledger, fact: ResumeRequested, record: Record) -> Iterator[AnyDecision]:
    if fact.scope == "category" and fact.name in ledger.closed:
        yield CategoryReopened(fact.name)
        yield from _offers(ledger, record)


def _correct(ledger: Ledger, settled: RunSettled, record: Record) -> Iterator[AnyDecision]:
    """What somebody knows that a lost run cost is charged instead of all that was set aside."""
    was, cost = ledger.settling, settled.cost_usd_micros
    if was is None or cost is None or (cost == was.usd_micros and was.source != "estimated"):
        return
    run, category, day, before = settled.run, was.category, was.day, was.usd_micros
    yield CostCorrected(run, was.work, category, day, before, cost, "reported", was.own)
    if cost > before:
        yield FundsOverrun(run, category, day, cost - before)
    if ledger.opened is not None and day == ledger.opened.day:
        yield from alerts.look_again(ledger, record.at)
        yield from _offers(ledger, record)


def _refuse(
    ledger: Ledger,
    run: str,
    work: str,
    price: Price,
    reason: RefuseReason,
    promised: Mapping[str, int],
    record: Record,
) -> tuple[AnyDecision, ...]:
    """The first refusal for want of money that was there says so to everyone."""
    category, still = price.category, left(ledger, price, reason, record.at)
    if promised:
        still = max(0, min(still, leftover.room(ledger, price, promised, record.at)))
    behind = leftover.behind(ledger, price, reason, still) if ledger.takers else ""
    refused = FundsRefused(run, work, category, price.usd_micros, still, reason, behind)
    if reason == "over_quota":
        return refused, *under_way.wakes(ledger.meters, price, record.at)
    what = {"category_spent": category, "day_spent": "day"}.get(reason)
    if what is None or behind or ledger.opened is None or what in ledger.purse.exhausted:
        return (refused,)
    if promised and refusal(ledger, price) is None:
        return (refused,)
    return refused, BudgetExhausted(ledger.opened.day, what)


def _settled(
    ledger: Ledger, closed: RunClosed, held: Reservation
) -> tuple[tuple[FundsReturned | FundsSettled | FundsOverrun, ...], int]:
    """What is said of the money of a run that is over, and what it cost."""
    run, work, category, day = closed.run, held.work, held.category, held.day
    reserved = held.usd_micros
    if not closed.started:
        return (FundsReturned(run, work, category, day, reserved),), 0
    cost, source = cost_of(ledger, closed, reserved)
    settled = FundsSettled(run, work, category, day, reserved, cost, source)
    if cost > reserved:
        return (settled, FundsOverrun(run, category, day, cost - reserved)), cost
    return (settled,), cost


def _offers(ledger: Ledger, record: Record) -> Iterator[FundsOffered | AlarmSet]:
    """To each that was refused and fits now, the first that fits first.

    What was offered is promised until the work asks for it, ends, or waits for something else.
    At the end of a long chain it is offered after a breath.
    """
    if not ledger.refused.lines:
        return
    promised = leftover.promises(ledger)

    def fits(price: Price) -> bool:
        if price.executors and under_way.all_rest(ledger.meters, price, record.at):
            return False
        return refusal(ledger, price, promised, record.at) is None

    while (first := ledger.refused.first(fits)) is not None:
        if is_deep(record):
            if not ledger.takes_breath:
                yield AlarmSet(BREATH, ME, record.at)
            return
        work, price = first
        promise(promised, leftover.as_promised(ledger, price, promised, record.at))
        yield FundsOffered(work, price.category)


def _offers_of_quotas(ledger: Ledger, record: Record) -> Iterator[FundsOffered | AlarmSet]:
    if ledger.refused.wants_quota:
        yield from _offers(ledger, record)


DECIDES_UPON: dict[type[Fact], Callable[[Ledger, Any, Record], Iterator[AnyDecision]]] = {
    ConfigurationLoaded: _configure,
    LimitRequested: _change_limit,
    IntentAdded: _offer_anew,
    IntentRemoved: _offer_anew,
    DayStarted: _begin_day,
    WorkReleased: _answer,
    StepReached: _answer,
    RunStarting: _start,
    RunClosed: _close,
    RunSettled: _correct,
    WorkHeld: _look_at,
    AlarmRang: _go_on,
    WorkDeferred: _offer_unclaimed,
    WorkFinished: _offer_unclaimed,
    WorkCancelled: _offer_unclaimed,
    WorkDropped: _offer_unclaimed,
    ResumeRequested: _reopen,
}
decide = decides_by(DECIDES_UPON)
RULES = Rules("budget", 6, Ledger, frozenset(DECIDES_UPON), decide, evolve)
