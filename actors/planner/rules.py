"""The rules of the planner: a plan for each day, and one verdict on each wish.

A day is planned when its budget opens, and again, as a new revision, when the configuration
changes what plans depend on or when somebody asks. A new revision first takes back what the
former one chose and nobody has released or moved. Occurrences and requests become work of
their own (see `occurrences`); what they may cost is no longer there for the plan. To a day that
the clock goes back to, a further revision adds what still fits.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from actors.calendar import ONE_DAY, PhaseWindow, day_bounds, day_of, phases_of
from actors.planner import breaker, intents, occurrences, prompted, reviving, telling
from actors.planner.changes import evolve
from actors.planner.occurrences import window_from
from actors.planner.plan import Situation, draw
from actors.planner.state import OpenWork, Planner
from actors.planner.subject import Subject, subject_of, subject_of_action
from actors.rules import SILENCE, Rules, decides_by
from events.budget import BudgetOpened, FundsSettled, LimitChanged
from events.catalogue import AnyDecision
from events.configuration import Configuration, ConfigurationLoaded
from events.daemon import DaemonStarted
from events.fact import Fact
from events.intents import (
    AlertCleared,
    AlertRaised,
    IntentAddRequested,
    IntentRemoveRequested,
    IntentSwitchRequested,
)
from events.plan import (
    CandidatePassedOver,
    PlanCause,
    PlanDrawn,
    WithdrawReason,
    WorkWithdrawn,
)
from events.record import Record
from events.requests import (
    Paused,
    Refusal,
    ReplanRequested,
    RequestRefused,
    RequestRepeated,
    Resumed,
    ReviveRequested,
    WorkRequested,
)
from events.time import AlarmRang, OccurrenceDue
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkReleased,
)

WORKS_MAX = 100_000  # planned and not ended: above it, requests are refused


def _request(planner: Planner, asked: WorkRequested, record: Record) -> Iterator[AnyDecision]:
    return iter((_answer(planner, asked, record),))


def _end(planner: Planner, fact: occurrences.Ended, record: Record) -> Iterator[AnyDecision]:
    if (ended := planner.ended) is None:
        return SILENCE
    if ended.tells:
        return telling.upon_end(planner, ended, record)
    return occurrences.upon_end(planner, fact, record)


def _begin_day(planner: Planner, fact: BudgetOpened, record: Record) -> Iterator[AnyDecision]:
    return _draw(planner, record, "day_opened") if planner.unplanned else SILENCE


def _alarm(planner: Planner, rang: AlarmRang, record: Record) -> Iterator[AnyDecision]:
    return telling.upon_alarm(planner, rang, record) if rang.setter == telling.ME else SILENCE


def _adapt(planner: Planner, fact: ConfigurationLoaded, record: Record) -> Iterator[AnyDecision]:
    for name, reason in planner.displaced.items():
        yield from occurrences.displace(planner, name, reason)
    yield from breaker.close_forgotten(planner)
    told = 0
    for work in telling.upon_configuration(planner, record):
        yield work
        told += 1
    if planner.changed and _day_is_open(planner, record.at):
        yield from _withdraw(planner, "configuration_changed")
        yield from _draw(planner, record, "configuration_changed", works=told)


def _answer(planner: Planner, asked: WorkRequested, record: Record) -> AnyDecision:
    former = planner.answer_to(asked.key)
    if former is not None:
        return RequestRepeated(asked.key, former)
    configuration = planner.configuration
    if configuration is None:
        return RequestRefused(asked.key, asked.subject, "unknown_subject")
    subject = _subject(configuration, asked)
    if isinstance(subject, str):
        return RequestRefused(asked.key, asked.subject, subject)
    if _is_full(planner):
        return RequestRefused(asked.key, asked.subject, "too_many_waiting")
    day = None
    if asked.phase is not None:
        window = window_from(configuration, asked.phase, max(record.at, asked.at or record.at))
        if window is None:
            return RequestRefused(asked.key, asked.subject, "unknown_phase")
        day = window.day
    return subject.planned(
        f"w{record.position}-1",
        "request",
        asked.key,
        day=day,
        phase=asked.phase,
        not_before=asked.at,
        input_json=asked.input_json,
        note=asked.note,
        own_limit=planner.own_limit(asked.subject),
        action=asked.action,
    )


def _revive(planner: Planner, asked: ReviveRequested, record: Record) -> Iterator[AnyDecision]:
    return reviving.upon_request(planner, asked, record, is_full=_is_full(planner))


def _is_full(planner: Planner) -> bool:
    return len(planner.works) >= WORKS_MAX


def _subject(configuration: Configuration, asked: WorkRequested) -> Subject | Refusal:
    """What is asked for, or why it cannot be."""
    name, action = asked.subject, asked.action
    if action is None:
        return subject_of(configuration, name) or "unknown_subject"
    if prompted.is_taken(configuration, name):
        return "name_taken"
    if not prompted.is_askable(name, action):
        return "invalid_action"
    if asked.lane_must_be_known and not prompted.has_lane(configuration, action.lane):
        return "unknown_lane"
    return subject_of_action(name, action)


def _replan(planner: Planner, asked: ReplanRequested, record: Record) -> Iterator[AnyDecision]:
    former = planner.answer_to(asked.key)
    if former is not None:
        yield RequestRepeated(asked.key, former)
    elif not _day_is_open(planner, record.at):
        yield RequestRefused(asked.key, "plan", "no_day_open")
    elif not _windows_left(planner, record.at):
        yield RequestRefused(asked.key, "plan", "nothing_to_do")
    else:
        yield from _withdraw(planner, "replanned")
        yield from _draw(planner, record, "asked", asked.key)


def _withdraw(planner: Planner, reason: WithdrawReason) -> Iterator[AnyDecision]:
    for work in list(planner.chosen):
        open_ = planner.works.get(work)
        if open_ is not None and not (open_.fixed or open_.withdrawn):
            yield WorkWithdrawn(work, reason)


def _draw(
    planner: Planner, record: Record, because: PlanCause, key: str = "", works: int = 0
) -> Iterator[AnyDecision]:
    """`works` were planned upon the same record already."""
    configuration, day = planner.configuration, planner.day
    if configuration is None or day is None:
        return
    situation = _situation(planner, configuration, day, record.at)
    drawing = draw(situation)
    revision = planner.revision + 1
    yield PlanDrawn(
        day=day,
        revision=revision,
        because=because,
        phases=tuple(window.phase for window in situation.windows),
        left_usd_micros=drawing.left_usd_micros,
        set_aside_usd_micros=drawing.set_aside_usd_micros,
        set_aside_count=drawing.set_aside_count,
        key=key,
    )
    for (on, phase, _, _), template, score, taken, reason in drawing.choices:
        if taken is None:
            yield CandidatePassedOver(on, revision, phase, template, reason, score)
            continue
        works += 1
        yield taken.planned(
            f"w{record.position}-{works}",
            "template",
            f"{template}@{day}#{planner.numbers.get(template, 0) + 1}",
            day=on,
            phase=phase,
            score=score,
            revision=revision,
            own_limit=planner.own_limit(template),
        )


def _situation(
    planner: Planner, configuration: Configuration, day: date, now: datetime
) -> Situation:
    _, day_ends_at = day_bounds(configuration.day, day)
    open_ = [work for work in planner.works.values() if not work.withdrawn]
    promised: Counter[str] = Counter()
    busy: Counter[tuple[date, str, str]] = Counter()
    for work in open_:
        if _may_cost_today(work, day, day_ends_at):
            left = max(0, work.estimate_usd_micros - work.settled_usd_micros)
            promised[work.category] += left
        if work.day is not None and work.phase is not None:
            busy[work.day, work.phase, work.lane] += work.expected_seconds
    return Situation(
        configuration=configuration,
        intents=planner.in_force(),
        now=now,
        day_ends_at=day_ends_at,
        windows=_windows_left(planner, now),
        limit_usd_micros=planner.limit_usd_micros,
        reserve_usd_micros=planner.reserve_usd_micros,
        shares=planner.shares,
        spent=planner.spent,
        promised=promised,
        busy_seconds=busy,
        chosen=planner.chosen_today(),
        recents=planner.recents,
    )


def _may_cost_today(work: OpenWork, day: date, day_ends_at: datetime) -> bool:
    if work.not_before is not None and work.not_before >= day_ends_at:
        return False
    return work.day is None or work.day <= day


def _windows_left(planner: Planner, now: datetime) -> list[PhaseWindow]:
    """The phases of the open day that have not ended, in order of time.

    The one in progress that started on the day before is among them when that day was never
    planned: the daemon is new, or was away.
    """
    configuration, day = planner.configuration, planner.day
    if configuration is None or day is None:
        return []
    windows = phases_of(configuration, day)
    before = day - ONE_DAY
    if planner.former_day != before and before.isoformat() not in planner.former:
        windows = phases_of(configuration, before) + windows
    return [window for window in windows if window.ends_at > now]


def _day_is_open(planner: Planner, at: datetime) -> bool:
    """Whether the day that was opened last is still going on: we may have slept through its end."""
    configuration = planner.configuration
    return configuration is not None and day_of(configuration.day, at) == planner.day


DECIDES_UPON: dict[type[Fact], Callable[[Planner, Any, Record], Iterator[AnyDecision]]] = {
    ConfigurationLoaded: _adapt,
    BudgetOpened: _begin_day,
    OccurrenceDue: occurrences.upon_due,
    WorkRequested: _request,
    ReviveRequested: _revive,
    AlertRaised: telling.upon_raised,
    AlertCleared: telling.upon_cleared,
    AlarmRang: _alarm,
    ReplanRequested: _replan,
    IntentAddRequested: intents.upon_add,
    IntentRemoveRequested: intents.upon_remove,
    IntentSwitchRequested: intents.upon_switch,
    WorkDropped: _end,
    WorkCancelled: _end,
    WorkFinished: _end,
}
ONLY_LEARNS: frozenset[type[Fact]] = frozenset(
    {
        DaemonStarted,
        FundsSettled,
        LimitChanged,
        Paused,
        Resumed,
        StepReached,
        WorkDeferred,
        WorkMoved,
        WorkReleased,
    }
)
decide = decides_by(DECIDES_UPON)
RULES = Rules("planner", 3, Planner, ONLY_LEARNS | DECIDES_UPON.keys(), decide, evolve, ONLY_LEARNS)
