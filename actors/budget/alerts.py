"""Alerts about money: a share of a limit is spent, or will be all of it before the day ends.

Each is about a category, or about "day". Of several shares that are reached at once only the
greatest is told, and it takes the place of a smaller one. What was told of a day is not told
again of it unless its limit is raised meanwhile.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from actors.budget.ledger import Ledger
from events.intents import AlertCleared, AlertRaised

USED, PACE = "budget_used", "budget_pace"
PACE_SHARE = 4  # Of less than a quarter of a limit nobody says how fast it goes.
MICROSECOND = timedelta(microseconds=1)

Alert = AlertRaised | AlertCleared


def may_be_due(ledger: Ledger, day: date, category: str, cost: int) -> bool:
    """Whether so much is settled with one cost more that there may be something to say."""
    purse, opened = ledger.purse, ledger.opened
    if opened is None or day != opened.day:
        return False
    least, most = purse.watch.get(category), purse.watch.get("day")
    if most is not None and purse.whole.settled + cost >= most:
        return True
    return least is not None and purse.account(category).settled + cost >= least


def upon_spending(ledger: Ledger, category: str, at: datetime) -> Iterator[Alert]:
    """Something was settled on the open day."""
    purse = ledger.purse
    for what in (category, "day"):
        if what in purse.watch and purse.account(what).settled >= purse.watch[what]:
            yield from _raise(ledger, what, at)


def look_again(ledger: Ledger, at: datetime) -> Iterator[Alert]:
    """A limit, the day or the settings are others: some alerts are over, some are due."""
    for subject, alert in list(ledger.standing.items()):
        if not _stands(ledger, alert, subject, at):
            yield AlertCleared(alert, subject)
    for what in list(ledger.purse.watch):
        yield from _raise(ledger, what, at)


def _raise(ledger: Ledger, what: str, at: datetime) -> Iterator[Alert]:
    reached = reached_of(ledger, what)
    if reached > ledger.purse.told.get(what, 0):
        before = f"{what} {ledger.purse.told.get(what)}"
        if ledger.standing.get(before) == USED:
            yield AlertCleared(USED, before)
        yield AlertRaised(USED, _says_used(ledger, what, reached), f"{what} {reached}")
    if ledger.pace and what not in ledger.purse.paced and is_too_fast(ledger, what, at):
        yield AlertRaised(PACE, _says_pace(ledger, what), what)


def _stands(ledger: Ledger, alert: str, subject: str, at: datetime) -> bool:
    """Whether it would be raised now and was raised of this day: that of another one is over."""
    purse = ledger.purse
    if alert == PACE:
        return ledger.pace and subject in purse.paced and is_too_fast(ledger, subject, at)
    what, _, percent = subject.rpartition(" ")
    return reached_of(ledger, what) == int(percent) == purse.told.get(what)


def reached_of(ledger: Ledger, what: str) -> int:
    """The greatest percentage of which there is an alert and that is spent; 0 for none."""
    limit, settled = limit_of(ledger, what), ledger.purse.account(what).settled
    reached = (each for each in ledger.percents if settled * 100 >= limit * each)
    return max(reached, default=0) if limit else 0


def is_too_fast(ledger: Ledger, what: str, at: datetime) -> bool:
    """Whether a limit of which a good part is spent will be reached before the day ends, if it
    goes on as it went since the day began."""
    limit, settled = limit_of(ledger, what), ledger.purse.account(what).settled
    if ledger.begins_at is None or ledger.ends_at is None or not 0 < limit <= settled * PACE_SHARE:
        return False
    gone = max(at - ledger.begins_at, MICROSECOND)
    return settled < limit and settled * (ledger.ends_at - ledger.begins_at) > limit * gone


def limit_of(ledger: Ledger, what: str) -> int:
    opened = ledger.opened
    if opened is None:
        return 0
    return opened.limit_usd_micros if what == "day" else opened.categories.get(what, 0)


def watch(ledger: Ledger) -> None:
    """Reckon anew from which amounts on there may be something to say."""
    opened = ledger.opened
    ledger.purse.watch = {}
    if opened is not None and (ledger.percents or ledger.pace):
        for what in (*opened.categories, "day"):
            _watch(ledger, what)


def _watch(ledger: Ledger, what: str) -> None:
    limit, purse = limit_of(ledger, what), ledger.purse
    told = purse.told.get(what, 0)
    amounts = [-(-limit * each // 100) for each in ledger.percents if each > told]
    if ledger.pace and what not in purse.paced:
        amounts.append(-(-limit // PACE_SHARE))
    purse.watch.pop(what, None)
    if amounts and limit:
        purse.watch[what] = min(amounts)


def learn_raised(ledger: Ledger, fact: AlertRaised) -> None:
    ledger.standing[fact.subject] = fact.alert
    what, _, percent = fact.subject.rpartition(" ")
    if fact.alert == PACE:
        what = fact.subject
        ledger.purse.paced.append(what)
    else:
        ledger.purse.told[what] = int(percent)
    _watch(ledger, what)


def learn_cleared(ledger: Ledger, fact: AlertCleared, at: datetime) -> None:
    """What would not be raised now may be raised again; the smaller shares were told with it."""
    ledger.standing.pop(fact.subject, None)
    purse = ledger.purse
    if fact.alert == PACE:
        if fact.subject in purse.paced and not is_too_fast(ledger, fact.subject, at):
            purse.paced.remove(fact.subject)
        _watch(ledger, fact.subject)
        return
    what = fact.subject.rpartition(" ")[0]
    if (told := min(purse.told.pop(what, 0), reached_of(ledger, what))) > 0:
        purse.told[what] = told
    _watch(ledger, what)


def _says_used(ledger: Ledger, what: str, percent: int) -> str:
    return f"{percent} % of {_whose(what)} is spent{_of(ledger, what)}"


def _says_pace(ledger: Ledger, what: str) -> str:
    return f"{_whose(what)} will not last until the day ends{_of(ledger, what)} gone already"


def _whose(what: str) -> str:
    return "what the day may cost" if what == "day" else f"the money of {what}"


def _of(ledger: Ledger, what: str) -> str:
    spent, limit = ledger.purse.account(what).settled, limit_of(ledger, what)
    day = f" on {ledger.opened.day}" if ledger.opened else ""
    return f"{day}: {_usd(spent)} of {_usd(limit)}"


def _usd(micros: int) -> str:
    return f"${micros // 1_000_000}.{micros % 1_000_000 // 10_000:02}"
