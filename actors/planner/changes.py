"""How the planner's knowledge follows the facts."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from actors.pauses import hear_of_pause
from actors.planner import breaker, reviving, telling
from actors.planner.scoring import remember
from actors.planner.state import (
    Buffered,
    ByHand,
    Chosen,
    OpenWork,
    Planned,
    Planner,
)
from actors.rules import evolves_by
from events.budget import BudgetOpened, FundsSettled, LimitChanged
from events.configuration import Configuration, ConfigurationLoaded, Intent
from events.daemon import DaemonStarted
from events.fact import Fact
from events.intents import (
    AlertCleared,
    AlertRaised,
    BreakerClosed,
    BreakerOpened,
    IntentAdded,
    IntentRemoved,
    IntentSwitched,
    OccurrenceBuffered,
    WorkOvertaken,
)
from events.plan import OccurrenceSkipped, PlanDrawn, WorkWithdrawn
from events.requests import Paused, Resumed, ReviveRequested
from events.time import (
    AlarmRang,
    AlarmSet,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrencesSuperseded,
    SupersedeReason,
)
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
)

ANSWERS_MAX = 10_000
DAYS_MAX = 8  # whose money and plan are remembered, the open one among them
GRANTED_MAX = 1_000
LIMITED_MAX = 1_000


def _add(planner: Planner, fact: WorkPlanned, at: datetime) -> None:
    work, name, source = fact.work, fact.name, fact.source
    # The key of an occurrence is intent@instant, and an instant holds no such sign.
    intent, _, instant = fact.key.rpartition("@") if source == "intent" else ("", "", "")
    planner.works[work] = open_ = OpenWork(
        fact.category,
        fact.lane,
        fact.estimate_usd_micros,
        fact.expected_seconds,
        fact.day,
        fact.phase,
        fact.not_before,
        intent,
        due_at := datetime.fromisoformat(instant) if instant else None,
        name=name,
        input_json="{}" if source == "alert" else fact.input_json,
        action=fact.action,
    )
    if due_at is not None:
        planner.occurring.setdefault(intent, []).append(work)
        _take_out(planner, intent, due_at)
        return
    if source == "alert":
        telling.learn_planned(planner, open_, fact)
        return
    if source == "request":
        _answer(planner, fact.key, work)
    elif source == "revival":
        open_.lineage = fact.key
        key, buried = planner.revived
        planner.buried.pop(buried, None)
        _answer(planner, key, work)
    elif fact.day is not None and fact.phase is not None:
        planner.chosen[work] = Chosen(name, fact.day, fact.phase)
        planner.numbers[name] = planner.numbers.get(name, 0) + 1
    configuration = planner.configuration
    if configuration is not None and name in configuration.templates:
        remember(planner.recents, name, configuration.plan.recent_works)


def _answer(planner: Planner, key: str, work: str) -> None:
    # Two generations: forgetting the oldest one by one would slow down a full dictionary.
    if len(planner.answered) >= ANSWERS_MAX:
        planner.answered_before, planner.answered = planner.answered, {}
    planner.answered[key] = work


def _release(planner: Planner, fact: WorkReleased, at: datetime) -> None:
    if work := planner.works.get(fact.work):
        work.fixed, work.withdrawn = True, False
        if work.tells:
            telling.learn_run(planner, fact.run)


def _reach(planner: Planner, fact: StepReached, at: datetime) -> None:
    if (work := planner.works.get(fact.work)) and work.tells:
        telling.learn_run(planner, fact.run)


def _move(planner: Planner, fact: WorkMoved, at: datetime) -> None:
    if work := planner.works.get(fact.work):
        work.phase, work.fixed, work.withdrawn = fact.phase, True, False


def _defer(planner: Planner, fact: WorkDeferred, at: datetime) -> None:
    if work := planner.works.get(fact.work):
        work.day, work.phase = fact.day, fact.phase


def _settle(planner: Planner, fact: FundsSettled, at: datetime) -> None:
    if work := planner.works.get(fact.work):
        work.settled_usd_micros += fact.cost_usd_micros
    spent = planner.spent
    if fact.day != planner.day:
        former = planner.former.get(fact.day.isoformat())
        if former is None:
            return
        spent = former.spent
    spent[fact.category] = spent.get(fact.category, 0) + fact.cost_usd_micros


def _end(
    planner: Planner, fact: WorkFinished | WorkCancelled | WorkDropped, at: datetime
) -> OpenWork | None:
    planner.ended, work = None, planner.works.pop(fact.work, None)
    if work is not None and work.intent:
        planner.ended, open_ = work, planner.occurring[work.intent]
        work.input_json = "{}"  # Nobody needs it any more, and it may be long.
        open_.remove(fact.work)
        if not open_:
            del planner.occurring[work.intent]
    elif work is not None and work.tells:
        planner.ended = work
        telling.learn_end(planner, work)
    return work


def _finish(planner: Planner, fact: WorkFinished, at: datetime) -> None:
    work = planner.works.get(fact.work)
    if work is None:
        planner.ended = None
        return
    if fact.state == "buried" and not work.tells:
        reviving.learn_buried(planner, fact.work, work)
    _end(planner, fact, at)
    if work.intent:
        breaker.learn_end(planner, work.intent, fact.state)


def _drop(planner: Planner, fact: WorkDropped, at: datetime) -> None:
    work = _end(planner, fact, at)
    if work is not None and work.withdrawn:
        planner.chosen.pop(fact.work, None)


def _withdraw(planner: Planner, fact: WorkWithdrawn, at: datetime) -> None:
    if work := planner.works.get(fact.work):
        work.withdrawn = True
    if chosen := planner.chosen.get(fact.work):
        _forget_last(planner.recents, chosen.template)


def _forget_last(recents: list[str], name: str) -> None:
    for place in range(len(recents) - 1, -1, -1):
        if recents[place] == name:
            del recents[place]
            return


def _draw(planner: Planner, fact: PlanDrawn, at: datetime) -> None:
    planner.revision, planner.unplanned = fact.revision, False
    if fact.key:
        _answer(planner, fact.key, "")


def _open_day(planner: Planner, fact: BudgetOpened, at: datetime) -> None:
    planner.limit_usd_micros = fact.limit_usd_micros
    planner.reserve_usd_micros = fact.reserve_usd_micros
    planner.shares = fact.categories
    if fact.day == planner.day:
        return
    former = planner.former
    if planner.day is not None and planner.revision:
        planner.former_day = planner.day
        former[planner.day.isoformat()] = Planned(
            planner.revision, planner.spent, planner.chosen, planner.numbers
        )
    known = former.pop(fact.day.isoformat(), None)
    if len(former) >= DAYS_MAX:
        del former[next(iter(former))]
    again = known or Planned(0, {}, {}, {})
    # A day that was open so long ago that it is forgotten is not planned a second time.
    forgotten = known is None and fact.revision > 1 and planner.day is not None
    planner.day, planner.revision, planner.unplanned = fact.day, again.revision, not forgotten
    planner.spent, planner.chosen, planner.numbers = again.spent, again.chosen, again.numbers


def _configure(planner: Planner, fact: ConfigurationLoaded, at: datetime) -> None:
    waiting = [(name, planner.intent(name)) for name in planner.buffered]
    _load(planner, fact)
    planner.displaced = {
        name: reason
        for name, intent in waiting
        if (reason := _displaced(planner, name, intent)) is not None
    }


def _displaced(planner: Planner, name: str, before: Intent | None) -> SupersedeReason | None:
    intent = planner.intent(name)
    if intent is None:
        return "removed"
    if not planner.is_enabled(name, intent):
        return "disabled"
    return None if intent == before else "edited"


def _load(planner: Planner, fact: ConfigurationLoaded) -> None:
    loaded, known = fact.configuration, planner.configuration
    if loaded is None or known is None:
        planner.changed = loaded is not None
        planner.configuration = loaded or known
        if loaded is not None:
            _count_awaited(planner)
        return
    planner.changed = _matters(loaded) != _matters(known)
    if loaded.budget != known.budget:
        planner.limit_usd_micros = loaded.budget.daily_usd_micros
        planner.reserve_usd_micros = loaded.budget.reserve_usd_micros
        planner.shares = loaded.budget.categories
    planner.configuration = loaded
    if loaded.intents != known.intents:
        for name in list(planner.switched):
            same = loaded.intents.get(name) == known.intents.get(name)
            if not (same or name in planner.by_hand):
                del planner.switched[name]
        _count_awaited(planner)
        breaker.forget_removed(planner)


def _matters(it: Configuration) -> tuple[object, ...]:
    """What a plan depends on; a new size of the log file is no reason to plan the day again."""
    return it.day, it.phases, it.budget, it.lanes, it.actions, it.templates, it.intents, it.plan


def _buffer(planner: Planner, fact: OccurrenceBuffered, at: datetime) -> None:
    buffered = Buffered(fact.due_at, planner.data_json)
    planner.buffered.setdefault(fact.intent, []).append(buffered)


def _close(planner: Planner, fact: OccurrenceSkipped | OccurrenceExpired, at: datetime) -> None:
    _take_out(planner, fact.intent, fact.due_at)


def _supersede(planner: Planner, fact: OccurrencesSuperseded, at: datetime) -> None:
    _take_out(planner, fact.intent, fact.first_due_at)


def _take_out(planner: Planner, intent: str, due_at: datetime) -> None:
    if intent not in planner.buffered:
        return
    kept = [waiting for waiting in planner.buffered[intent] if waiting.due_at != due_at]
    if kept:
        planner.buffered[intent] = kept
    else:
        del planner.buffered[intent]


def _overtake(planner: Planner, fact: WorkOvertaken, at: datetime) -> None:
    planner.works[fact.work].overtaken = "terminate_other" if fact.at_once else "cancel_other"


def _add_intent(planner: Planner, fact: IntentAdded, at: datetime) -> None:
    planner.by_hand[fact.name] = ByHand(fact.intent, fact.source)
    planner.switched.pop(fact.name, None)
    _await(planner, fact.intent, 1)
    _grant(planner, "add", fact.key)


def _remove_intent(planner: Planner, fact: IntentRemoved, at: datetime) -> None:
    _await(planner, planner.by_hand.pop(fact.name).intent, -1)
    planner.switched.pop(fact.name, None)
    planner.failing.pop(fact.name, None)
    _grant(planner, "remove", fact.key)


def _switch(planner: Planner, fact: IntentSwitched, at: datetime) -> None:
    planner.switched[fact.name] = fact.enabled
    _grant(planner, "switch", fact.key)


def _grant(planner: Planner, what: str, key: str) -> None:
    if key:
        planner.granted.append(f"{what}/{key}")
        if len(planner.granted) >= 2 * GRANTED_MAX:
            del planner.granted[:GRANTED_MAX]


def _count_awaited(planner: Planner) -> None:
    planner.awaited = {}
    configured = {} if planner.configuration is None else planner.configuration.intents
    for intent in (*configured.values(), *(it.intent for it in planner.by_hand.values())):
        _await(planner, intent, 1)


def _await(planner: Planner, intent: Intent, more: int) -> None:
    """Count, or no longer count, what one intent waits for."""
    on = intent.on
    name = intent.after or (on and (on.succeeded or on.failed or on.ended))
    if name:
        planner.awaited[name] = count = planner.awaited.get(name, 0) + more
        if not count:
            del planner.awaited[name]


def _remember_data(planner: Planner, fact: OccurrenceDue, at: datetime) -> None:
    planner.data_json = fact.data_json


def _limit(planner: Planner, fact: LimitChanged, at: datetime) -> None:
    label = f"{fact.scope}:{fact.name}"
    if fact.scope in ("template", "intent") and label not in planner.limited:
        planner.limited.append(label)
        del planner.limited[:-LIMITED_MAX]


def _pause(planner: Planner, fact: Paused | Resumed | DaemonStarted, at: datetime) -> None:
    hear_of_pause(planner.paused, fact)


CHANGES: dict[type[Fact], Callable[[Planner, Any, datetime], object]] = {
    ConfigurationLoaded: _configure,
    BudgetOpened: _open_day,
    PlanDrawn: _draw,
    WorkPlanned: _add,
    WorkWithdrawn: _withdraw,
    WorkReleased: _release,
    StepReached: _reach,
    WorkMoved: _move,
    WorkDeferred: _defer,
    WorkDropped: _drop,
    WorkCancelled: _end,
    WorkFinished: _finish,
    FundsSettled: _settle,
    OccurrenceDue: _remember_data,
    OccurrenceBuffered: _buffer,
    OccurrenceSkipped: _close,
    OccurrenceExpired: _close,
    OccurrencesSuperseded: _supersede,
    WorkOvertaken: _overtake,
    IntentAdded: _add_intent,
    IntentRemoved: _remove_intent,
    IntentSwitched: _switch,
    DaemonStarted: _pause,
    Paused: _pause,
    Resumed: _pause,
    AlertRaised: telling.learn_raised,
    AlertCleared: lambda planner, fact, at: telling.learn_cleared(planner, fact),
    AlarmSet: lambda planner, fact, at: telling.learn_alarm(planner, fact),
    AlarmRang: lambda planner, fact, at: telling.learn_alarm(planner, fact),
    BreakerOpened: lambda planner, fact, at: breaker.learn_opened(planner, fact),
    BreakerClosed: lambda planner, fact, at: breaker.learn_closed(planner, fact),
    ReviveRequested: lambda planner, fact, at: reviving.learn_request(planner, fact),
    LimitChanged: _limit,
}

evolve = evolves_by(CHANGES)
