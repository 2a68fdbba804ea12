"""What people are told, whether it reached them, and what was buried and planned anew."""

from typing import Final

from events.intents import AlertCleared, AlertRaised
from events.plan import WITHDRAWALS
from events.record import Record
from events.work import WorkCancelled, WorkDropped, WorkFinished, WorkPlanned
from projections.alert_tables import Alert
from projections.rows import Handlers, Tables

NAME: Final = "alerts"


def alert_raised(tables: Tables, record: Record, fact: AlertRaised, at: str) -> None:
    row = tables.alerts.make(fact.alert, fact.subject)
    row.record, row.raised_at, row.cleared_at = record.position, at, None
    row.words = fact.words
    row.raised += 1
    row.told = 0
    if row.delivery == "delivered":  # What reached nobody then has not by now.
        row.work, row.delivery = None, ""


def alert_cleared(tables: Tables, record: Record, fact: AlertCleared, at: str) -> None:
    tables.alerts.make(fact.alert, fact.subject).cleared_at = at


def work_planned(tables: Tables, record: Record, fact: WorkPlanned, at: str) -> None:
    if fact.source == "alert":
        row = _told_by(tables, fact.key)
        row.work, row.delivery, row.delivered_by, row.delivered_at = (
            fact.work,
            "waiting",
            None,
            None,
        )
        row.told += 1
    elif fact.source == "revival" and record.cause is not None:
        asked = tables.requests.see(record.cause)
        buried = tables.works.find(asked.subject) if asked is not None else None
        if buried is not None:
            buried.revived_as = fact.work


def work_finished(tables: Tables, record: Record, fact: WorkFinished, at: str) -> None:
    """It is delivered when the way that was tried last succeeded."""
    work = tables.works.see(fact.work)
    if work is None or work.source != "alert":
        return
    run = tables.runs.see(work.run) if work.run else None
    row = _told_by(tables, work.key)
    if row.work != fact.work:
        return
    if run is not None and run.state == "succeeded":
        row.delivery, row.delivered_by, row.delivered_at = "delivered", run.action, at
    else:
        row.delivery = "failed"


def work_gone(tables: Tables, record: Record, fact: WorkCancelled | WorkDropped, at: str) -> None:
    work = tables.works.see(fact.work)
    if work is not None and work.source == "alert":
        row = _told_by(tables, work.key)
        if row.work != fact.work:
            return
        if isinstance(fact, WorkDropped) and fact.reason in WITHDRAWALS:
            row.work, row.delivery, row.told = None, "", max(0, row.told - 1)
        else:
            row.delivery = "failed"


def _told_by(tables: Tables, key: str) -> Alert:
    """The alert of which work with that key tells: alert/subject@moment."""
    alert, _, subject = key.rpartition("@")[0].partition("/")
    return tables.alerts.make(alert, subject)


HANDLERS: Handlers = {
    AlertRaised: alert_raised,
    AlertCleared: alert_cleared,
    WorkPlanned: work_planned,
    WorkFinished: work_finished,
    WorkCancelled: work_gone,
    WorkDropped: work_gone,
}
