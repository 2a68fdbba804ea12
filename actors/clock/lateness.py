"""How it is noticed that occurrences were not told in time, and what is owed for it.

What has to wait for its turn, and what is owed a verdict, follows from the moment that was told
and from nothing else: so it is learned with that moment, and told afterwards.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from actors.clock import expected
from actors.clock.arming import SECOND, arm, is_lone, put, wait_from
from actors.clock.misfire import Verdict, verdict_on, verdicts
from actors.clock.settled import INSTANT, between
from actors.clock.state import Armed, Clock
from actors.clock.verdicts import stop_waiting, wait
from events.settings import Misfire
from events.time import MissReason, OccurrenceDue, OccurrenceMissed, OccurrencesCoalesced


def examine(state: Clock, at: datetime, reason: MissReason) -> None:
    """Judge what is so late that another may have come after it: no two are closer than a
    second."""
    first = state.due.first
    if first is None or first > at - SECOND:
        return
    for _, name in state.due.until(at - SECOND):
        armed = state.intents[name]
        if is_lone(armed.intent):
            _judge_one(state, name, armed, at, reason)
        else:
            _judge(state, name, armed, at, reason)


def _judge_one(state: Clock, name: str, armed: Armed, at: datetime, reason: MissReason) -> None:
    assert armed.next is not None
    found = verdict_on(name, armed.intent, state.house, armed.next, at, reason)
    if _is_in_time(found):
        return
    if isinstance(found, OccurrenceDue):
        wait(state, name, found.due_at, reason)
        put(state, name, armed, None)
        return
    state.owed.append(found)
    if armed.intent.now:
        put(state, name, armed, None)
    else:
        wait_from(state, name, armed, at)


def _judge(state: Clock, name: str, armed: Armed, at: datetime, reason: MissReason) -> None:
    until = at - timedelta(seconds=armed.jitter)
    found: list[Verdict] = []
    for after, end in between(armed.ran, armed.mark, until):
        found += verdicts(name, armed.intent, state.house, after, at, reason, end)
    found = _at_most(armed, found, reason)
    last = found[-1] if found else None
    mark = until
    if last is not None and _is_in_time(last) and isinstance(last, OccurrenceDue):
        if len(found) == 1:
            return
        mark = last.due_at - INSTANT
        found.pop()
    for verdict in _joined(state, name, armed, found, reason):
        if isinstance(verdict, OccurrenceDue):
            _take_in(state, name, armed, verdict.due_at, reason)
        else:
            state.owed.append(verdict)
    expected.settle_until(state, armed, mark)
    armed.mark = mark
    arm(state, name, armed)


def _is_in_time(verdict: Verdict) -> bool:
    return not (isinstance(verdict, OccurrenceMissed | OccurrencesCoalesced)) and not getattr(
        verdict, "overdue", False
    )


def _take_in(state: Clock, name: str, armed: Armed, due_at: datetime, reason: MissReason) -> None:
    """It waits for its turn; one that waited before may be made up for by it."""
    if stands_for_others(state, armed) and (waiting := state.waiting.get(name)) is not None:
        first, last = waiting.instants[0], waiting.instants[-1]
        why, count = waiting.reason, stop_waiting(state, name, first, last)
        state.owed.append(OccurrencesCoalesced(name, first, last, count, due_at, why))
    wait(state, name, due_at, reason)


def _joined(
    state: Clock, name: str, armed: Armed, found: list[Verdict], reason: MissReason
) -> list[Verdict]:
    """Where the earliest is enough, one that waits already stands for all that come after it."""
    waiting = state.waiting.get(name)
    if waiting is None or _misfire(state, armed) != "run_once_earliest":
        return found
    return [_into(one, waiting.instants[0], reason) for one in found]


def _into(one: Verdict, earliest: datetime, reason: MissReason) -> Verdict:
    match one:
        case OccurrenceDue(intent, due_at):
            return OccurrencesCoalesced(intent, due_at, due_at, 1, earliest, reason)
        case OccurrencesCoalesced():
            return replace(one, into=earliest)
    return one


def stands_for_others(state: Clock, armed: Armed) -> bool:
    """Whether by its policy a later occurrence is enough for those before it."""
    return _misfire(state, armed) in ("skip", "run_once_latest")


def _misfire(state: Clock, armed: Armed) -> Misfire:
    return armed.intent.misfire or state.house.policies.misfire


def _at_most(armed: Armed, found: list[Verdict], reason: MissReason) -> list[Verdict]:
    """No more starts than it has runs left; those that came first have them."""
    most = armed.intent.max_runs
    if most is None:
        return found
    left, kept = most - armed.runs, list[Verdict]()
    for one in found:
        if isinstance(one, OccurrenceDue):
            left -= 1
            if left < 0:
                at = one.due_at
                one = OccurrenceMissed(one.intent, at, at, 1, reason, policy="limit")
        kept.append(one)
    return kept
