"""What may take an obstacle away, the smallest first: nothing here decides whether it does."""

from collections.abc import Iterator

from msgspec.structs import replace

from actors.budget.ledger import left, refusal, spendable, used_of_own
from actors.budget.leftover import behind
from actors.budget.refused import Price
from actors.budget.under_way import room_of
from actors.calendar import phases_at
from actors.pauses import label
from actors.replay.changes import (
    Candidate,
    Change,
    Range,
    action_with,
    any_action,
    category_limit,
    ceiling_of,
    concurrency_of,
    daily_limit,
    lane_of,
    own_limit,
    quota_of,
    setting,
)
from actors.replay.forking import Fork
from actors.replay.goals import Goal, Obstacle, work_in
from actors.replay.had import KEY, had_been_there, opened_before, resume
from actors.replay.occasions_candidates import OF_OCCURRENCES, beside, of_occurrence
from actors.replay.plans import of_plan
from actors.replay.refusals import of_refusal
from actors.replay.sentences import usd
from events.configuration import Configuration
from events.requests import LimitRequested, MoveRequested, ReleaseRequested
from events.time import IdleSeen

OF_INTENTS = ("work", "occurrence")  # kinds of goals of which the name is that of an intent
ATTEMPTS_MAX = 100
START_WITHIN_MAX = 366 * 86_400  # seconds


def candidates(obstacle: Obstacle, fork: Fork, goal: Goal) -> Iterator[Candidate]:
    """What may take that obstacle away, judged by how things stand in this fork."""
    configuration = fork.planner.configuration or Configuration()
    if goal.kind == "occurrence" and obstacle.within in OF_OCCURRENCES:
        yield from of_occurrence(obstacle, fork, configuration, goal)
    match obstacle.within:
        case "hold":
            yield from _of_hold(obstacle, fork, configuration)
        case "funds":
            yield from _of_funds(obstacle, fork, configuration)
        case "refusal":
            yield from of_refusal(obstacle.reason, fork, configuration, goal)
        case "passed_over":
            yield from of_plan(obstacle.reason, configuration, goal)
        case "phase_miss":
            yield from had_been_there(obstacle.reason, goal)
        case "end" | "outcome" if obstacle.reason == "cancelled" and goal.kind in OF_INTENTS:
            if goal.name:
                yield beside(goal.name)
        case "end" if goal.kind == "retry":
            yield from _of_end(configuration, goal)
        case "trouble" if goal.kind == "in_time":
            yield from _of_start(configuration, goal)
        case "outcome" if obstacle.reason == "misconfigured":
            yield any_action(obstacle.work)


def _of_hold(obstacle: Obstacle, fork: Fork, house: Configuration) -> Iterator[Candidate]:
    queue, name = fork.queue, obstacle.work
    work = queue.works[name]
    there = [it for it in queue.works.values() if it.lane == work.lane]
    match obstacle.reason:
        case "phase_not_open" | "not_before" | "retry_backoff" | "quiet_hours":
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
                    yield resume(scope, what)
        case "not_idle":
            yield _idle()
            yield _release(name)


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


def _idle() -> Change:
    return Change(
        "the machine had been idle", after=lambda fork, name: (IdleSeen(True, "explain"),)
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
    yield from _of_ceiling(obstacle.work, fork, house, price)
    match obstacle.reason:
        case "closed":
            yield resume("category", category)
        case "no_day_open":
            yield opened_before()
        case "category_spent" | "over_category_limit":
            yield category_limit(category, of_category + amount)
        case "day_spent" | "over_day_limit" if opened is not None:
            apart = opened.limit_usd_micros - spendable(opened, price)
            yield daily_limit(of_day + amount + apart)
        case "own_limit_spent" | "over_own_limit":
            limit = used_of_own(ledger, price.own) + amount
            yield own_limit(price.own, limit)
            yield _limit_by_hand(price.own, limit)
        case "over_quota":
            yield from _of_quotas(fork, house, price)


def _of_ceiling(work: str, fork: Fork, house: Configuration, price: Price) -> Iterator[Candidate]:
    """What another run has set aside that has no ceiling: the greatest that leaves enough, also
    for one of the same action, which would have that ceiling too."""
    ledger = fork.ledger
    if not ledger.takers or (reason := refusal(ledger, price, at=fork.at)) is None:
        return
    still = left(ledger, price, reason, fork.at)
    run = behind(ledger, price, reason, still)
    open_ = fork.executing.runs.get(run)
    if open_ is None or open_.name not in house.actions:
        return
    held, waits = ledger.reservations[run].usd_micros, fork.queue.works.get(work)
    limit = held - (price.usd_micros - still)
    if waits is not None and waits.action == open_.name:
        limit = (held + still) // 2
    yield ceiling_of(open_.name, max(limit, 0))


def _of_quotas(fork: Fork, house: Configuration, price: Price) -> Iterator[Candidate]:
    ledger = fork.ledger
    for kind in price.executors:
        room = room_of(ledger.meters, ledger.under_way, kind, fork.at)
        quotas = house.executors[kind].quotas if kind in house.executors else {}
        for name, quota in quotas.items():
            if quota.usd_micros is not None and room is not None:
                yield quota_of(kind, name, quota.usd_micros + price.usd_micros - room)


def _limit_by_hand(label: str, limit: int) -> Change:
    """What was changed by hand is not changed by settings."""
    scope, _, name = label.partition(":")
    asked = LimitRequested("intent" if scope == "intent" else "template", KEY, name, limit)
    amount = f"{limit / 1_000_000:.6f}".rstrip("0").rstrip(".")
    return Change(
        f"somebody had let the {scope} {name} cost {usd(limit)} on that day",
        command=f"horarium budget set {scope} {name} {amount}",
        after=lambda fork, work: (asked,),
    )


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
