"""What stands in the records of a piece of work: holds, refusals, ends, who took its place."""

from collections.abc import Iterator, Mapping, Sequence

from actors.replay.reasons import Blocking, blocking
from actors.replay.sentences import holding, usd
from events.budget import FundsRefused
from events.intents import WorkOvertaken
from events.record import Record
from events.runs import RunClosed, RunEnded, RunRetrying, RunSettled, SettledBy
from events.work import StepReached, WorkHeld, WorkReleased

SAYS: Mapping[SettledBy, str] = {"person": "a person", "probe": "its probe"}


def latest(records: Sequence[Record], kind: type[object]) -> Record | None:
    return next((it for it in reversed(records) if isinstance(it.fact, kind)), None)


def blocked(records: Sequence[Record]) -> list[Record]:
    """The holds that kept it waiting to the end, the first one first, each reason once. What a
    release had overcome counts no more, and a phase that was still to come is no obstacle."""
    held: dict[str, Record] = {}
    for record in records:
        match record.fact:
            case WorkReleased():
                held.clear()
            case WorkHeld(reason=reason) if reason != "phase_not_open":
                held.setdefault(reason, record)
    return list(held.values())


def asks_for(record: Record, closed: Record) -> bool:
    fact = record.fact
    asks = isinstance(fact, WorkReleased | StepReached) and isinstance(closed.fact, RunClosed)
    return asks and getattr(fact, "run", None) == getattr(closed.fact, "run", "")


def end_of(records: Sequence[Record], closed: Record) -> Record | None:
    return next(
        (it for it in records if isinstance(it.fact, RunEnded) and it.position == closed.cause),
        None,
    )


def last_trouble(records: Sequence[Record]) -> Record | None:
    for record in reversed(records):
        if isinstance(record.fact, RunClosed) and record.fact.outcome != "succeeded":
            return record
    return None


def overtaken(records: Sequence[Record]) -> Blocking | None:
    """That a newer occurrence took its place."""
    record = latest(records, WorkOvertaken)
    if record is None or not isinstance(record.fact, WorkOvertaken):
        return None
    policy = "terminate_other" if record.fact.at_once else "cancel_other"
    means = f"a newer occurrence of {record.fact.intent} took its place"
    return Blocking("overtaken", policy, means, record.position)


def settled(records: Sequence[Record]) -> Blocking | None:
    """What is known by now of a run of which nobody saw the end."""
    record = latest(records, RunSettled)
    if record is None or not isinstance(record.fact, RunSettled):
        return None
    fact = record.fact
    means = f"nobody saw how {fact.run} ended; it {fact.settled_as}, says {SAYS[fact.by]}"
    return Blocking("settled", fact.settled_as, means, record.position)


def of_run(records: Sequence[Record], closed: Record) -> Iterator[Blocking]:
    """What was seen of its end, and what it counts as."""
    fact, ended = closed.fact, end_of(records, closed)
    if not isinstance(fact, RunClosed) or fact.outcome == "succeeded":
        return
    if ended is not None and isinstance(ended.fact, RunEnded):
        if ended.fact.trouble is not None:
            detail = ended.fact.detail
            yield blocking("trouble", ended.fact.trouble, ended.position, detail)
        elif ended.fact.result_fault is not None and not ended.fact.exit_code:
            yield blocking("fault", ended.fact.result_fault, ended.position)
    yield blocking("outcome", fact.outcome, closed.position, fact.reason)


def of_held(
    records: Sequence[Record], held: Record, behind: Record | None = None
) -> Iterator[Blocking]:
    """Why it was held; where that is for want of money, first why there was none: `behind` is
    what it was held upon, maybe the refusal of other work that shows there is none for this."""
    if not isinstance(held.fact, WorkHeld):
        return
    if held.fact.reason in ("not_before", "retry_backoff") and behind is not None:
        yield from _turned_away(records, behind)
    if held.fact.reason == "no_funds":
        before = [it for it in records if it.position < held.position]
        refusal = behind if behind and isinstance(behind.fact, FundsRefused) else None
        if (refused := refusal or latest(before, FundsRefused)) is not None:
            asks = held.fact.ceiling_usd_micros if held.fact.category else None
            yield of_funds(refused, asks)
    yield blocking("hold", held.fact.reason, held.position)


def _turned_away(records: Sequence[Record], behind: Record) -> Iterator[Blocking]:
    """What was seen of an attempt that goes on later, for nobody was there to carry it out."""
    retrying = behind.fact
    before = [it for it in records if it.position < behind.position]
    closed, asked = latest(before, RunClosed), latest(before, WorkReleased)
    if closed is None or asked is None or not isinstance(retrying, RunRetrying):
        return
    if getattr(asked.fact, "attempt", 0) == retrying.attempt:
        yield from of_run(records, closed)


def of_funds(refused: Record, asks_usd_micros: int | None = None) -> Blocking:
    """Why money was refused; what was not asked about itself `asks` for so much."""
    fact = refused.fact
    assert isinstance(fact, FundsRefused)
    asks = fact.usd_micros if asks_usd_micros is None else asks_usd_micros
    short = f"{fact.category}, it asks for {usd(asks)}, {usd(fact.left_usd_micros)} left"
    short += holding(fact.behind)
    return blocking("funds", fact.reason, refused.position, short)
