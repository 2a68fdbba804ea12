"""What people asked for and the answer to it, found by the key they gave."""

from typing import Final

from events.budget import CategoryReopened, LimitChanged
from events.cleanup import SweepRequested, SweepStarting
from events.intents import (
    IntentAdded,
    IntentAddRequested,
    IntentRemoved,
    IntentRemoveRequested,
    IntentSwitched,
    IntentSwitchRequested,
    SignalReceived,
)
from events.plan import PlanDrawn
from events.record import Record
from events.requests import (
    CancelRequested,
    LimitRequested,
    MoveRequested,
    Paused,
    PauseRequested,
    ReleaseRequested,
    ReplanRequested,
    RequestRefused,
    RequestRepeated,
    Resumed,
    ResumeRequested,
    ReviveRequested,
    SettleRequested,
    WorkRequested,
)
from events.runs import RunSettled
from events.time import OccurrenceDue
from events.work import (
    WorkCancelled,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkStopping,
)
from projections.rows import Handlers, Tables
from projections.tables import Request

NAME: Final = "requests"


def work_requested(tables: Tables, record: Record, fact: WorkRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "work", fact.subject, fact.note)


def replan_requested(tables: Tables, record: Record, fact: ReplanRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "replan", "", fact.note)


def release_requested(tables: Tables, record: Record, fact: ReleaseRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "release", fact.work, "")


def move_requested(tables: Tables, record: Record, fact: MoveRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "move", fact.work, fact.phase)


def cancel_requested(tables: Tables, record: Record, fact: CancelRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "cancel", fact.subject, fact.note)


def pause_requested(tables: Tables, record: Record, fact: PauseRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "pause", fact.name or fact.scope, fact.note)


def resume_requested(tables: Tables, record: Record, fact: ResumeRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "resume", fact.name or fact.scope, fact.note)


def revive_requested(tables: Tables, record: Record, fact: ReviveRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "revive", fact.work, fact.note)


def settle_requested(tables: Tables, record: Record, fact: SettleRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "settle", fact.run, fact.note)


def run_settled(tables: Tables, record: Record, fact: RunSettled, at: str) -> None:
    _answer(tables, record, at, "settle", "settled", fact.work)


def signal_received(tables: Tables, record: Record, fact: SignalReceived, at: str) -> None:
    _asked(tables, record, at, fact.key, "signal", fact.name, "")


def intent_add_requested(tables: Tables, record: Record, fact: IntentAddRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "intent_add", fact.name, fact.note)


def intent_remove_requested(
    tables: Tables, record: Record, fact: IntentRemoveRequested, at: str
) -> None:
    _asked(tables, record, at, fact.key, "intent_remove", fact.name, "")


def intent_switch_requested(
    tables: Tables, record: Record, fact: IntentSwitchRequested, at: str
) -> None:
    kind = "intent_enable" if fact.enabled else "intent_disable"
    _asked(tables, record, at, fact.key, kind, fact.name, "")


def sweep_requested(tables: Tables, record: Record, fact: SweepRequested, at: str) -> None:
    _asked(tables, record, at, fact.key, "sweep", ", ".join(fact.parts), fact.note)


def sweep_starting(tables: Tables, record: Record, fact: SweepStarting, at: str) -> None:
    if fact.key:
        _answer(tables, record, at, "sweep", "started")


def limit_requested(tables: Tables, record: Record, fact: LimitRequested, at: str) -> None:
    subject = f"{fact.scope}:{fact.name}" if fact.name else fact.scope
    _asked(tables, record, at, fact.key, "limit", subject, fact.note)


def limit_changed(tables: Tables, record: Record, fact: LimitChanged, at: str) -> None:
    _answer(tables, record, at, "limit", "changed")


def work_planned(tables: Tables, record: Record, fact: WorkPlanned, at: str) -> None:
    if fact.source == "request":
        _answer(tables, record, at, "work", "planned", fact.work)
    elif fact.source == "revival":
        _answer(tables, record, at, "revive", "revived", fact.work)


def request_repeated(tables: Tables, record: Record, fact: RequestRepeated, at: str) -> None:
    _answer(tables, record, at, None, "repeated", fact.work)


def request_refused(tables: Tables, record: Record, fact: RequestRefused, at: str) -> None:
    _answer(tables, record, at, None, "refused", reason=fact.reason)


def plan_drawn(tables: Tables, record: Record, fact: PlanDrawn, at: str) -> None:
    _answer(tables, record, at, "replan", "drawn")


def work_released(tables: Tables, record: Record, fact: WorkReleased, at: str) -> None:
    _answer(tables, record, at, "release", "released", fact.work)


def work_held(tables: Tables, record: Record, fact: WorkHeld, at: str) -> None:
    _answer(tables, record, at, "release", "held", fact.work, fact.reason)


def work_moved(tables: Tables, record: Record, fact: WorkMoved, at: str) -> None:
    _answer(tables, record, at, "move", "moved", fact.work)


def work_cancelled(tables: Tables, record: Record, fact: WorkCancelled, at: str) -> None:
    _answer(tables, record, at, "cancel", "cancelled", fact.work)


def work_stopping(tables: Tables, record: Record, fact: WorkStopping, at: str) -> None:
    _answer(tables, record, at, "cancel", "stopping", fact.work)


def paused(tables: Tables, record: Record, fact: Paused, at: str) -> None:
    _answer(tables, record, at, "pause", "paused")


def resumed(tables: Tables, record: Record, fact: Resumed, at: str) -> None:
    _answer(tables, record, at, "resume", "resumed")


def category_reopened(tables: Tables, record: Record, fact: CategoryReopened, at: str) -> None:
    _answer(tables, record, at, "resume", "reopened")


def occurrence_due(tables: Tables, record: Record, fact: OccurrenceDue, at: str) -> None:
    _answer(tables, record, at, "signal", "due")


def intent_added(tables: Tables, record: Record, fact: IntentAdded, at: str) -> None:
    _answer(tables, record, at, "intent_add", "added")


def intent_removed(tables: Tables, record: Record, fact: IntentRemoved, at: str) -> None:
    _answer(tables, record, at, "intent_remove", "removed")


def intent_switched(tables: Tables, record: Record, fact: IntentSwitched, at: str) -> None:
    if fact.enabled:
        _answer(tables, record, at, "intent_enable", "enabled")
    else:
        _answer(tables, record, at, "intent_disable", "disabled")


def _asked(
    tables: Tables, record: Record, at: str, key: str, kind: str, subject: str, note: str
) -> None:
    tables.requests.add(Request(record.position, key, kind, at, subject, note))


def _answer(
    tables: Tables,
    record: Record,
    at: str,
    kind: str | None,
    answer: str,
    work: str | None = None,
    reason: str = "",
) -> None:
    """The first answer stands, but that a yes of one actor outweighs the no of another."""
    asked = tables.requests.see(record.cause) if record.cause is not None else None
    if asked is None or kind not in (None, asked.kind) or asked.answer not in ("", "refused"):
        return
    if asked.answer == answer or (asked.kind == "release" and work not in (None, asked.subject)):
        return
    asked = tables.requests.make(asked.position)
    asked.answer, asked.work, asked.reason, asked.answered_at = answer, work, reason, at


HANDLERS: Handlers = {
    WorkRequested: work_requested,
    SettleRequested: settle_requested,
    RunSettled: run_settled,
    ReplanRequested: replan_requested,
    ReleaseRequested: release_requested,
    MoveRequested: move_requested,
    CancelRequested: cancel_requested,
    PauseRequested: pause_requested,
    ResumeRequested: resume_requested,
    ReviveRequested: revive_requested,
    SignalReceived: signal_received,
    IntentAddRequested: intent_add_requested,
    IntentRemoveRequested: intent_remove_requested,
    IntentSwitchRequested: intent_switch_requested,
    SweepRequested: sweep_requested,
    SweepStarting: sweep_starting,
    LimitRequested: limit_requested,
    LimitChanged: limit_changed,
    WorkPlanned: work_planned,
    RequestRepeated: request_repeated,
    RequestRefused: request_refused,
    PlanDrawn: plan_drawn,
    WorkReleased: work_released,
    WorkHeld: work_held,
    WorkMoved: work_moved,
    WorkCancelled: work_cancelled,
    WorkStopping: work_stopping,
    Paused: paused,
    Resumed: resumed,
    CategoryReopened: category_reopened,
    OccurrenceDue: occurrence_due,
    IntentAdded: intent_added,
    IntentRemoved: intent_removed,
    IntentSwitched: intent_switched,
}
