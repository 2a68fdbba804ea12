"""Alerts become work: each is told by the first way that can, and again while it stands.

What tells is work like any other, in a lane of its own; the queue holds it in quiet hours. The
time until it may be told again is counted from its end, also when it is over and raised anew
meanwhile. What is over before the work begins is told no more, and that counts as not told.
Nothing is told of what itself tells.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import json

from actors.planner.state import Alert, OpenWork, Planner
from actors.planner.subject import subject_that_tells
from actors.rules import SILENCE
from events.catalogue import AnyDecision
from events.intents import AlertCleared, AlertRaised
from events.plan import WorkWithdrawn
from events.record import Record
from events.time import AlarmRang, AlarmSet
from events.work import WorkPlanned

ME = "planner"
ALARM = "alert:"  # and the alert with its subject
NAME = "alert:"  # of the work, and the alert
ALERTS_MAX = 1_000
TOLD_BY_MAX = 200


def upon_raised(planner: Planner, raised: AlertRaised, record: Record) -> Iterator[AnyDecision]:
    name = _name(raised)
    alert = planner.alerts.get(name)
    if alert is None or alert.work or alert.again_at is not None:
        return SILENCE
    return _tell(planner, name, alert, record, 1)


def upon_alarm(planner: Planner, rang: AlarmRang, record: Record) -> Iterator[AnyDecision]:
    name = rang.alarm.removeprefix(ALARM)
    alert = planner.alerts.get(name) if rang.setter == ME else None
    return SILENCE if alert is None else _tell(planner, name, alert, record, 1)


def upon_cleared(
    planner: Planner, cleared: AlertCleared, record: Record | None = None
) -> Iterator[AnyDecision]:
    """Work that has not begun would tell what is over: it is taken back."""
    alert = planner.alerts.get(_name(cleared))
    work = planner.works.get(alert.work) if alert is not None else None
    house = planner.configuration
    if alert is None or work is None or work.fixed or house is None or house.alerts.tell_over:
        return
    yield WorkWithdrawn(alert.work, "alert_over")


def upon_end(planner: Planner, ended: OpenWork, record: Record) -> Iterator[AnyDecision]:
    """It was told, or could not be: in either case it is not told again too soon. What was taken
    back was not told: it is now, if it was raised anew meanwhile."""
    alert = planner.alerts.get(ended.tells)
    if alert is None:
        return
    if ended.withdrawn:
        yield from _tell(planner, ended.tells, alert, record, 1)
    elif seconds := _repeat_seconds(planner):
        yield AlarmSet(ALARM + ended.tells, ME, record.at + timedelta(seconds=seconds))


def upon_configuration(planner: Planner, record: Record) -> Iterator[WorkPlanned]:
    """There may be ways now to tell what stands and nobody could be told."""
    number = 1
    for name, alert in planner.alerts.items():
        is_new = not alert.times or _repeat_seconds(planner) > 0
        if is_new and not alert.work and alert.again_at is None:
            for told in _tell(planner, name, alert, record, number):
                yield told
                number += 1


def learn_raised(planner: Planner, raised: AlertRaised, at: datetime) -> None:
    if raised.subject in planner.told_by:
        return
    alerts, name = planner.alerts, _name(raised)
    alert = alerts.pop(name, None) or Alert(raised.alert, raised.subject)
    alert.words, alert.raised_at, alert.times = raised.words, at, 0
    alerts[name] = alert
    if len(alerts) > ALERTS_MAX:
        over = (each for each, known in alerts.items() if known.raised_at is None)
        del alerts[next(over, next(iter(alerts)))]


def learn_cleared(planner: Planner, cleared: AlertCleared) -> None:
    name = _name(cleared)
    if (alert := planner.alerts.get(name)) is not None:
        alert.raised_at = None
        _forget(planner, name, alert)


def learn_planned(planner: Planner, work: OpenWork, planned: WorkPlanned) -> None:
    work.tells, _, _ = planned.key.rpartition("@")
    if (alert := planner.alerts.get(work.tells)) is not None:
        alert.work, alert.again_at = planned.work, None
        alert.times += 1


def learn_run(planner: Planner, run: str) -> None:
    planner.told_by.append(run)
    if len(planner.told_by) > TOLD_BY_MAX:
        del planner.told_by[0]


def learn_end(planner: Planner, ended: OpenWork) -> None:
    if (alert := planner.alerts.get(ended.tells)) is not None:
        alert.work = ""
        if ended.withdrawn:
            alert.times = max(0, alert.times - 1)
        if ended.withdrawn or not _repeat_seconds(planner):
            _forget(planner, ended.tells, alert)


def learn_alarm(planner: Planner, alarm: AlarmSet | AlarmRang) -> None:
    name = alarm.alarm.removeprefix(ALARM)
    alert = planner.alerts.get(name) if alarm.setter == ME else None
    if alert is not None:
        alert.again_at = alarm.rings_at if type(alarm) is AlarmSet else None
        _forget(planner, name, alert)


def _forget(planner: Planner, name: str, alert: Alert) -> None:
    """What is over has to be known until it may be told again, and no longer."""
    if alert.raised_at is None and not alert.work and alert.again_at is None:
        del planner.alerts[name]


def _tell(
    planner: Planner, name: str, alert: Alert, record: Record, number: int
) -> Iterator[WorkPlanned]:
    house = planner.configuration
    subject = None if house is None else subject_that_tells(house, NAME + alert.alert)
    if subject is None or alert.raised_at is None:
        return
    told = {
        "alert": alert.alert,
        "subject": alert.subject,
        "words": alert.words,
        "raised_at": _text(alert.raised_at),
        "times": alert.times + 1,
    }
    yield subject.planned(
        f"w{record.position}-{number}",
        "alert",
        f"{name}@{_text(record.at)}",
        input_json=json.encode(told).decode(),
    )


def _repeat_seconds(planner: Planner) -> int:
    """0: what was told once is not told again while it stands."""
    return 0 if planner.configuration is None else planner.configuration.alerts.repeat_seconds


def _name(alert: AlertRaised | AlertCleared) -> str:
    return f"{alert.alert}/{alert.subject}"


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
