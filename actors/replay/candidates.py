"""What may take an obstacle away, the smallest first: nothing here decides whether it does."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from msgspec.structs import replace

from actors.budget.ledger import spendable
from actors.calendar import phases_at
from actors.pauses import EVERYTHING, label
from actors.replay.changes import (
    Candidate,
    Change,
    Range,
    action_with,
    category_limit,
    concurrency_of,
    daily_limit,
    intent_with,
    lane_of,
    placeholder,
    setting,
)
from actors.replay.forking import Fork
from actors.replay.goals import Goal, Obstacle, work_in
from actors.replay.plans import of_plan
from events.catalogue import AnyObservation
from events.configuration import Configuration
from events.requests import (
    CancelRequested,
    MoveRequested,
    ReleaseRequested,
    ResumeRequested,
    WorkRequested,
)
from events.runs import RunEnded
from events.time import TimePassed

KEY = "explain"  # of the requests that nobody made
ATTEMPTS_MAX = 100
START_WITHIN_MAX = 366 * 86_400  # seconds


def candidates(obstacle: Obstacle, fork: Fork, goal: Goal) -> Iterator[Candidate]:
    """What may take that obstacle away, judged by how things stand in this fork."""
    configuration = fork.planner.configuration or Configuration()
    match obstacle.within:
        case "hold":
            yield from _of_hold(obstacle, fork, configuration)
        case "funds":
            yield from _of_funds(obstacle, fork, configuration)
        case "skip":
            yield from _of_skip(obstacle.reason, fork, configuration, goal)
        case "refusal":
            yield from _of_refusal(obstacle.reason, fork, configuration, goal)
        case "passed_over":
            yield from of_plan(obstacle.reason, configuration, goal)
        case "miss" | "phase_miss":
            yield from _of_miss(obstacle.reason, goal)
        case "silence" if goal.kind == "occurrence":
            yield from _of_silence(configuration, goal)
        case "end" if goal.kind == "retry":
            yield from _of_end(configuration, goal)
        case "trouble" if goal.kind == "in_time":
            yield from _of_start(configuration, goal)
        case "outcome" if obstacle.reason == "misconfigured":
            yield placeholder(obstacle.work)


def _of_hold(obstacle: Obstacle, fork: Fork, house: Configuration) -> Iterator[Candidate]:
    queue, name = fork.queue, obstacle.work
    work = queue.works[name]
    there = [it for it in queue.works.values() if it.lane == work.lane]
    match obstacle.reason:
        case "phase_not_open" | "not_before" | "retry_backoff":
            yield _release(name)
            if obstacle.reason == "phase_not_open" and not work.started:
                for window in phases_at(house, fork.at):
                    yield _move(name, window.phase)
        case "lane_full":
            now = house.lane(work.lane).concurrency
            yield Range(now + 1, now + len(there), lambda n: lane_of(work.lane, n))
        case "daemon_full":
            now = house.executor.concurrency
            yield Range(now + 1, now + len(queue.works), concurrency_of)
        case "paused":
            for scope, what in (("all", ""), ("category", work.category), ("lane", work.lane)):
                if label(scope, what) in queue.paused:  # type: ignore[arg-type]
                    yield _resume(scope, what)


def _release(work: str) -> Change:
    return Change(
        "it had been released by hand",
        command=f"horarium release {work}",
        after=lambda fork, name: (ReleaseRequested(name, KEY),),
    )


def _move(work: str, phase: str) -> Change:
    return Change(
        f"it had been moved to {phase}, which was open",
        command=f"horarium move {work} --phase {phase}",
        after=lambda fork, name: (MoveRequested(name, phase, KEY),),
    )


def _resume(scope: Any, name: str) -> Change:
    flag = {"all": "", "category": f" --category {name}", "lane": f" --lane {name}"}[scope]
    what = EVERYTHING if scope == "all" else f"the {scope} {name}"
    return Change(
        f"{'everything' if scope == 'all' else what} had been resumed",
        command=f"horarium resume{flag}",
        after=lambda fork, work: (ResumeRequested(scope, f"{KEY}-{scope}", name),),
    )


def _of_funds(obstacle: Obstacle, fork: Fork, house: Configuration) -> Iterator[Candidate]:
    ledger, opened = fork.ledger, fork.ledger.opened
    place = ledger.refused.places.get(obstacle.work)
    if place is None:
        return
    price = ledger.refused.lines[place[0]].price
    category, amount = price.category, price.usd_micros
    told = fork.refusals.get(obstacle.work)
    of_category = told.category_usd_micros if told else ledger.account(category).used
    of_day = told.day_usd_micros if told else ledger.whole.used
    match obstacle.reason:
        case "closed":
            yield _resume("category", category)
        case "no_day_open":
            yield _opened_before()
        case "category_spent" | "over_category_limit":
            yield category_limit(category, of_category + amount)
        case "day_spent" | "over_day_limit" if opened is not None:
            apart = opened.limit_usd_micros - spendable(opened, price)
            yield daily_limit(of_day + amount + apart)


def _opened_before() -> Change:
    return Change("the day had been opened before", before=lambda fork, work: (TimePassed(),))


def _of_skip(reason: str, fork: Fork, house: Configuration, goal: Goal) -> Iterator[Candidate]:
    intent = house.intents.get(goal.name)
    match reason:
        case "still_running":
            former = fork.planner.occurring.get(goal.name)
            if former is not None:
                yield _ended_before(former)
        case "intent_unknown" if (armed := fork.clock.intents.get(goal.name)) is not None:
            says = f"the intent {goal.name} were configured"
            yield intent_with(goal.name, says, like=armed.intent, enabled=True)
        case "intent_disabled":
            yield _enabled(goal.name)
        case "work_unknown" if intent is not None:
            yield placeholder(intent.run)
        case "phase_unknown":
            yield intent_with(goal.name, "it waited for no phase", "phase", phase=None)


def _ended_before(work: str) -> Change:
    def said(fork: Fork, name: str) -> tuple[AnyObservation, ...]:
        cancel = CancelRequested(work, KEY)
        live = fork.executing.works[work].live if work in fork.executing.works else ""
        if not live:
            return (cancel,)
        return cancel, RunEnded(live, started=True, ended_at=fork.at, trouble="cancelled")

    return Change(f"{work} had ended before", command=f"horarium cancel {work}", before=said)


def _enabled(name: str) -> Change:
    return intent_with(name, f"the intent {name} were enabled", "enabled", enabled=True)


def _of_miss(reason: str, goal: Goal) -> Iterator[Candidate]:
    if goal.moment is None:
        return
    if reason == "in_the_past":
        yield _earlier(goal.moment)
    else:
        yield Change("the daemon had been there and awake at that time", at=goal.moment)


def _earlier(due_at: datetime) -> Change:
    """Not the time of what should happen, but that of the configuration that asks for it."""
    return Change(
        "the configuration had been there a minute before that time",
        at=due_at - timedelta(minutes=1),
        after=lambda fork, work: (TimePassed(),),
    )


def _of_silence(house: Configuration, goal: Goal) -> Iterator[Candidate]:
    intent = house.intents.get(goal.name)
    if intent is not None and not intent.enabled:
        yield _enabled(goal.name)


def _of_refusal(reason: str, fork: Fork, house: Configuration, goal: Goal) -> Iterator[Candidate]:
    match reason:
        case "unknown_subject" if goal.name:
            for near in get_close_matches(goal.name, [*house.actions, *house.templates], 3, 0.5):
                yield _asked(f"{near} had been asked for", subject=near)
            yield placeholder(goal.name)
        case "unknown_phase" if goal.name:
            for near in get_close_matches(goal.phase, [it.name for it in house.phases], 2, 0.5):
                yield _asked(f"the phase {near} had been asked for", phase=near)
            yield _asked("no phase had been asked for", phase=None)
        case "no_day_open":
            yield _opened_before()
        case "too_many_waiting":
            waiting = next((it for it in fork.queue.works.values() if not it.released), None)
            if waiting is not None:
                yield _ended_before(waiting.name)


def _asked(says: str, **changed: Any) -> Change:
    def instead(fact: AnyObservation) -> AnyObservation:
        return replace(fact, **changed) if isinstance(fact, WorkRequested) else fact

    return Change(says, instead=instead)


def _of_end(house: Configuration, goal: Goal) -> Iterator[Candidate]:
    action = house.actions.get(goal.name)
    if action is None:
        return
    safe = "it might be repeated safely"
    yield action_with(goal.name, safe, "safe_to_repeat", safe_to_repeat=True)

    def make(n: int) -> Change:
        return action_with(goal.name, f"it might be tried {n} times", "attempts", attempts=n)

    yield Range(action.attempts + 1, ATTEMPTS_MAX, make)


def _of_start(house: Configuration, goal: Goal) -> Iterator[Candidate]:
    def make(seconds: int) -> Change:
        def configure(it: Configuration) -> Configuration:
            return replace(it, executor=replace(it.executor, start_within_seconds=seconds))

        says = f"a run had {seconds} s to start"
        return setting("executor.start_within", f"{seconds}s", says, configure)

    yield Range(house.executor.start_within_seconds + 1, START_WITHIN_MAX, make)


def work_id(fork: Fork, goal: Goal) -> str:
    """The work that what is said afterwards is about."""
    return work_in(fork, goal) or goal.work
