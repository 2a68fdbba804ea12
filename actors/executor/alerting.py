"""What of runs a person should know of. Each thing is said once, until it is over."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from actors.executor.state import Executing
from events.catalogue import AnyDecision
from events.configuration import ConfigurationLoaded
from events.intents import AlertCleared, AlertRaised
from events.record import Record
from events.runs import KeeperFound, KeeperLost, RunClosed
from events.time import AlarmSet

ME = "executor"
UNKNOWN = "run_unknown"
MANY = "many_failures"
GONE = "keeper_gone"
FEWER = "failures"  # an alarm
HOUR = timedelta(hours=1)
WORDS_MAX = 2_000


def be_unknown(state: Executing, closed: RunClosed) -> Iterator[AnyDecision]:
    """Nobody knows what became of a run, and nothing will tell us."""
    if state.alerts.failures_per_hour is not None and not is_raised(state, UNKNOWN, closed.run):
        words = f"{closed.run} of {closed.action}: {closed.reason}"
        yield AlertRaised(UNKNOWN, words[:WORDS_MAX], closed.run)


def be_settled(state: Executing, run: str) -> Iterator[AnyDecision]:
    if is_raised(state, UNKNOWN, run):
        yield AlertCleared(UNKNOWN, run)


def fail(state: Executing, record: Record) -> Iterator[AnyDecision]:
    """Another run has failed: are they too many?"""
    over_at = _too_many_until(state, record.at)
    if over_at is not None and not is_raised(state, MANY):
        count = sum(failed_at + HOUR > record.at for failed_at in state.failures)
        yield AlertRaised(MANY, f"{count} runs failed within an hour")
        yield AlarmSet(FEWER, ME, over_at)


def upon_configuration(
    state: Executing, loaded: ConfigurationLoaded, record: Record
) -> Iterator[AnyDecision]:
    """With a lower limit they may be too many at once. Whether they are few enough for a higher
    one is seen when the alarm rings: older failures than the last limit asked for are forgotten."""
    if loaded.configuration is None:
        return
    if state.alerts.failures_per_hour is not None:
        yield from fail(state, record)
    elif is_raised(state, MANY):
        yield AlertCleared(MANY)


def ring(state: Executing, record: Record) -> Iterator[AnyDecision]:
    """Are they fewer by now?"""
    if not is_raised(state, MANY):
        return
    over_at = _too_many_until(state, record.at)
    if over_at is None:
        yield AlertCleared(MANY)
    else:
        yield AlarmSet(FEWER, ME, over_at)


def _too_many_until(state: Executing, at: datetime) -> datetime | None:
    """Until when those of an hour are more than may be, if they are."""
    most, failures = state.alerts.failures_per_hour, state.failures
    if most is None or len(failures) <= most:
        return None
    over_at = failures[-most - 1] + HOUR
    return over_at if over_at > at else None


def lose_keeper(state: Executing, fact: KeeperLost, record: Record) -> Iterator[AnyDecision]:
    if not is_raised(state, GONE):
        runs = "1 run" if fact.open_runs == 1 else f"{fact.open_runs} runs"
        detail = f": {fact.detail}" if fact.detail else ""
        words = f"the process that keeps the runs is gone, with {runs} open{detail}"
        yield AlertRaised(GONE, words[:WORDS_MAX])


def find_keeper(state: Executing, fact: KeeperFound, record: Record) -> Iterator[AnyDecision]:
    if is_raised(state, GONE):
        yield AlertCleared(GONE)


def is_raised(state: Executing, alert: str, subject: str = "") -> bool:
    return f"{alert} {subject}" in state.raised
