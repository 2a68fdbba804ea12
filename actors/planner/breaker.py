"""An intent whose work fails again and again is due no more, until a person enables it."""

from collections.abc import Iterator

from actors.planner import telling
from actors.planner.state import Planner
from events.catalogue import AnyDecision
from events.intents import AlertCleared, AlertRaised, BreakerClosed, BreakerOpened
from events.record import Record
from events.work import WorkState

ALERT = "breaker_open"
FAILED: frozenset[WorkState] = frozenset({"failed", "buried"})


def upon_end(planner: Planner, name: str, record: Record) -> Iterator[AnyDecision]:
    """What is due only once needs no breaker."""
    failures, intent = planner.failing.get(name, 0), planner.intent(name)
    limit = None if planner.configuration is None else planner.configuration.alerts.breaker_failures
    if limit is None or failures < limit or name in planner.broken:
        return
    if intent is None or intent.now or intent.at is not None:
        return
    yield BreakerOpened(name, failures)
    words = f"it failed {failures} times in a row and is due no more until somebody enables it"
    raised = AlertRaised(ALERT, words, name)
    yield raised
    yield from telling.upon_raised(planner, raised, record)


def close(planner: Planner, name: str) -> Iterator[AnyDecision]:
    if name in planner.broken:
        yield BreakerClosed(name)
        cleared = AlertCleared(ALERT, name)
        yield cleared
        yield from telling.upon_cleared(planner, cleared)


def close_forgotten(planner: Planner) -> Iterator[AnyDecision]:
    """Those of intents that are not configured any more."""
    for name in list(planner.broken):
        if planner.intent(name) is None:
            yield from close(planner, name)


def learn_end(planner: Planner, intent: str, state: WorkState) -> None:
    """What was cancelled, or ended as nobody knows, tells nothing."""
    if state == "completed":
        planner.failing.pop(intent, None)
    elif state in FAILED:
        planner.failing[intent] = planner.failing.get(intent, 0) + 1


def learn_opened(planner: Planner, fact: BreakerOpened) -> None:
    planner.broken.append(fact.intent)


def learn_closed(planner: Planner, fact: BreakerClosed) -> None:
    if fact.intent in planner.broken:
        planner.broken.remove(fact.intent)
    planner.failing.pop(fact.intent, None)


def forget_removed(planner: Planner) -> None:
    for name in list(planner.failing):
        if planner.intent(name) is None:
            del planner.failing[name]
