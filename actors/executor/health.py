"""How those fare who carry runs out: whom to ask, and until when each of them rests.

Programs have health, and what else is named under `executors` in the configuration. Nothing is
asked of one that rests: another of the chain takes its place, or the attempt waits until the
first of them is back.
"""

from collections.abc import Container, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from actors.executor.outcomes import JITTER_MILLIS, jitter, verdict
from actors.executor.state import Asked, Executing, Health, OpenRun, Work
from events.budget import QuotaReset, QuotaSpent
from events.catalogue import AnyDecision
from events.configuration import Action
from events.intents import AlertCleared, AlertRaised
from events.policies import Provider
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    Outcome,
    RestReason,
    RunEnded,
    Trouble,
)
from events.settings import PROGRAMS, ExecutorKind
from events.time import AlarmCleared, AlarmSet

EXECUTORS: tuple[ExecutorKind, ...] = ("command", "python", "noop", "sweep", "http", *PROGRAMS)
ME = "executor"
REST = "rest:"  # and the kind of executor
EXHAUSTED = "executor_exhausted"
TURNS: frozenset[Trouble] = frozenset({"rate_limited", "quota_exhausted"})
MISSING: frozenset[Trouble] = frozenset({"program_missing", "not_executable"})
OWN_FAILURES: frozenset[Trouble | None] = frozenset(
    {None, "timed_out", "spawn_failed", "said_failed", "not_ready", "misconfigured"}
)
SHORTEST_SECONDS = 1
LONGEST_SECONDS = 6 * 3600  # where nobody said when it will be back
RESET_MAX = timedelta(days=32)  # What is said of later than that is not believed.


class Choice(NamedTuple):
    """Whom to ask; or when the first of them is back; or neither, when none of them can."""

    executor: ExecutorKind | None = None
    back_at: datetime | None = None


def chain_of(action: Action) -> tuple[ExecutorKind, ...]:
    """Those who may be asked, in this order."""
    return (action.executor, *action.fallback) if action.fallback else (action.executor,)


def rests_until(state: Executing, executor: ExecutorKind, at: datetime) -> datetime | None:
    """When it is asked again; None when it is asked now."""
    known = state.health.get(executor)
    if known is None:
        return None
    latest = max((it for it in (known.until, *known.quotas.values()) if it), default=at)
    return latest if latest > at else None


def chosen(
    state: Executing,
    work: Work,
    action: Action,
    at: datetime,
    without: Container[ExecutorKind] = (),
) -> Choice:
    """The first of the chain that can and does not rest, without some of them."""
    back_at: datetime | None = None
    for executor in chain_of(action):
        if executor in work.passed:
            continue
        until = rests_until(state, executor, at)
        if until is None:
            if executor in without:
                continue
            return Choice(executor)
        back_at = until if back_at is None else min(back_at, until)
    return Choice(None, back_at)


def asked_again_at(state: Executing, executor: ExecutorKind, at: datetime) -> datetime:
    """When one is looked at again whose quota has too little left."""
    provider = state.providers.get(executor) or Provider()
    return at + timedelta(seconds=provider.rest_seconds)


def why_resting(
    state: Executing, action: Action, at: datetime, without: Container[ExecutorKind] = ()
) -> tuple[Outcome, str]:
    """The outcome of a run for which nobody is there, and how each of them fares."""
    words = list[str]()
    outcome: Outcome | None = None
    for executor in chain_of(action):
        until, known = rests_until(state, executor, at), state.health.get(executor)
        if until is None and executor in without:
            words.append(f"{executor} has too little left of its quota")
            outcome = outcome or "quota_exhausted"
            continue
        if until is None or known is None:
            continue
        spent = next((name for name, reset in known.quotas.items() if reset > at), "")
        why = f"quota {spent}" if spent else known.reason.replace("_", " ")
        words.append(f"{executor} rests until {until:%Y-%m-%d %H:%M:%S} UTC ({why})")
        outcome = outcome or _outcome(known.reason, spent)
    return outcome or "not_ready", "; ".join(words)


def _outcome(reason: RestReason, spent: str) -> Outcome:
    if spent:
        return "quota_exhausted"
    return reason if reason == "rate_limited" or reason == "quota_exhausted" else "not_ready"


def back_at(
    state: Executing, ended: RunEnded, run: OpenRun, outcome: Outcome, at: datetime
) -> datetime:
    """When one that turned a run away may be asked again.

    At the time that it names itself; where it named none, or named one before and turned the
    next run away as well, after a time that doubles.
    """
    provider, work = state.providers.get(run.executor), state.works.get(run.work)
    if provider is None:
        times = 0 if work is None else max(0, work.turned_away - 1)
    else:
        times = _health(state, run.executor).rests
    says = ended.resets_at
    believed = None if says is None or not at < says <= at + RESET_MAX else says
    if believed is not None and times == 0:
        return believed
    quota = outcome == "quota_exhausted" and provider is not None
    seconds = provider.rest_seconds if quota and provider else run.action.backoff_seconds
    seconds = max(SHORTEST_SECONDS, seconds)
    seconds = min(seconds * 2 ** min(times, 20), max(seconds, LONGEST_SECONDS))
    key = "" if work is None else work.key
    asked = Asked(run.work, run.name, run.step, run.attempt)
    later = at + timedelta(seconds=seconds) + jitter(seconds, JITTER_MILLIS, key, asked)
    return later if believed is None else max(later, believed)


def fare(
    state: Executing, ended: RunEnded, run: OpenRun, outcome: Outcome, at: datetime
) -> Iterator[AnyDecision]:
    """What the end of a run says of the executor that carried it out."""
    executor, provider = run.executor, state.providers.get(run.executor)
    if provider is None:
        return
    known = _health(state, executor)
    if outcome == "succeeded":
        if known.until is not None and known.reason in ("failures", "misconfigured"):
            yield AlarmCleared(REST + executor, ME)
            yield from be_back(state, executor)
    elif outcome == "rate_limited" or outcome == "quota_exhausted":
        yield from _rest(state, executor, outcome, back_at(state, ended, run, outcome, at))
    elif known.until is not None and known.until > at:
        return  # It rests already; this one had begun before.
    elif ended.trouble in MISSING or known.failures >= provider.rest_after_failures:
        why: RestReason = "misconfigured" if outcome == "misconfigured" else "failures"
        until = at + timedelta(seconds=provider.rest_seconds)
        yield from _rest(state, executor, why, until)


def _rest(
    state: Executing, executor: ExecutorKind, reason: RestReason, until: datetime
) -> Iterator[AnyDecision]:
    known = _health(state, executor)
    if known.until is None or known.until < until:
        yield ExecutorRested(executor, reason, until)
        yield AlarmSet(REST + executor, ME, until)


def ring(state: Executing, alarm: str, at: datetime) -> Iterator[AnyDecision]:
    """The alarm at the end of a rest, if that is over."""
    for executor in EXECUTORS:
        known = state.health.get(executor) if alarm == REST + executor else None
        if known is not None and known.until is not None and known.until <= at:
            yield from be_back(state, executor)


def be_back(state: Executing, executor: ExecutorKind) -> Iterator[AnyDecision]:
    """It may be asked again, as far as we know."""
    yield ExecutorRecovered(executor)
    yield from clear_exhausted(state, executor)


def clear_exhausted(state: Executing, executor: ExecutorKind) -> Iterator[AnyDecision]:
    """No chain with it in is without anybody any more, unless its quota is spent."""
    known = state.health.get(executor)
    if known is not None and (known.until is not None or known.quotas):
        return
    for raised, subject in list(state.raised.items()):
        if raised.startswith(EXHAUSTED) and executor in subject.split():
            yield AlertCleared(EXHAUSTED, subject)


def exhausted(state: Executing, action: Action, at: datetime) -> Iterator[AnyDecision]:
    """All of a chain rest: a person is told, once."""
    subject = " ".join(chain_of(action))
    if f"{EXHAUSTED} {subject}" not in state.raised:
        _, words = why_resting(state, action, at)
        yield AlertRaised(EXHAUSTED, words, subject)


# What is remembered


def _health(state: Executing, executor: ExecutorKind) -> Health:
    return state.health.get(executor) or Health()


def learn(state: Executing, run: OpenRun, ended: RunEnded) -> None:
    """Count its failures in a row."""
    outcome, _ = verdict(ended)
    known = state.health.get(run.executor)
    if outcome == "succeeded":
        if known is not None:
            known.failures = known.rests = 0
    elif outcome in ("failed", "timed_out", "misconfigured", "not_ready") and _is_own(ended):
        if known is None:
            known = state.health[run.executor] = Health()
        known.failures += 1


def _is_own(ended: RunEnded) -> bool:
    """Whether the failure is that of the program, and not of what was asked of it."""
    return ended.started and ended.trouble in OWN_FAILURES and ended.result_fault is None


def rest(state: Executing, fact: ExecutorRested, at: datetime) -> None:
    known = state.health.setdefault(fact.executor, Health())
    known.until, known.reason, known.failures = fact.until, fact.reason, 0
    if fact.reason in TURNS:
        known.rests += 1


def recover(state: Executing, fact: ExecutorRecovered, at: datetime) -> None:
    known = state.health.get(fact.executor)
    if known is not None:
        known.until, known.failures = None, 0


def spend(state: Executing, fact: QuotaSpent, at: datetime) -> None:
    state.health.setdefault(fact.executor, Health()).quotas[fact.quota] = fact.until


def reset(state: Executing, fact: QuotaReset, at: datetime) -> None:
    known = state.health.get(fact.executor)
    if known is not None:
        known.quotas.pop(fact.quota, None)
