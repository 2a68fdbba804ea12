"""What the tables say of alerts, breakers and what was revived."""

from events.budget import FundsReserved
from events.configuration import Step
from events.intents import AlertCleared, AlertRaised, BreakerClosed, BreakerOpened
from events.requests import ReviveRequested, WorkRequested
from events.runs import RunClosed, RunStarting
from events.work import (
    Source,
    StepReached,
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkPlanned,
    WorkReleased,
)
from tests.rules.projection_story import NOON, TODAY, Caused, given, moment

RAISED = AlertRaised("disk_low", "2 % are free", "root")
DELIVERY = ("alert", "subject", "told", "work", "delivery", "delivered_by", "delivered_at")


def planned(work: str, source: Source, key: str) -> WorkPlanned:
    steps = (Step(action="hook"), Step(action="mail", when="failure"))
    return WorkPlanned(
        work, "x", source, key, steps, "system", "notify", None, None, "critical", 0, 0
    )


def went(run: str, action: str, outcome: str, step: int = 1) -> tuple[Caused, ...]:
    reached: Caused = StepReached("w2", run, action, step, "system", 0)
    return (
        WorkReleased("w2", run, action, 1, 1, "system", 0) if step == 1 else reached,
        FundsReserved(run, "w2", "system", 0, TODAY),
        RunStarting(run, "w2", action, step, 1, "command", NOON),
        RunClosed(run, "w2", action, outcome),  # type: ignore[arg-type]  # One of its outcomes.
    )


TELL = planned("w2", "alert", "disk_low/root@2026-11-20T12:00:00Z")
TOLD = (RAISED, TELL, *went("r1", "hook", "failed"), *went("r2", "mail", "succeeded", 2))
DELIVERED = (*TOLD, WorkFinished("w2", "failed", "step 1"))


def test_an_alert_stands_until_it_is_cleared() -> None:
    columns = ("alert", "subject", "words", "raised_at", "cleared_at", "raised", "delivery")
    row = {"alert": "disk_low", "subject": "root", "words": "2 % are free", "raised": 1}
    row |= {"raised_at": moment(1), "delivery": ""}
    assert given(RAISED)("alerts", *columns) == [row | {"cleared_at": None}]
    over = given(RAISED, AlertCleared("disk_low", "root"))
    assert over("alerts", *columns) == [row | {"cleared_at": moment(2)}]


def test_it_is_delivered_by_the_way_that_succeeded_last() -> None:
    row = {"alert": "disk_low", "subject": "root", "told": 1, "work": "w2"}
    waits = row | {"delivery": "waiting", "delivered_by": None, "delivered_at": None}
    assert given(*TOLD)("alerts", *DELIVERY) == [waits]
    done = row | {"delivery": "delivered", "delivered_by": "mail", "delivered_at": moment(11)}
    assert given(*DELIVERED)("alerts", *DELIVERY) == [done]


def test_what_no_way_could_deliver_has_failed() -> None:
    rows = given(RAISED, TELL, *went("r1", "hook", "failed"), WorkFinished("w2", "failed"))
    assert rows("alerts", "delivery") == [{"delivery": "failed"}]
    rows = given(RAISED, TELL, WorkCancelled("w2"))
    assert rows("alerts", "delivery") == [{"delivery": "failed"}]


def test_what_was_over_before_anybody_was_told_has_not_failed() -> None:
    over, taken_back = AlertCleared("disk_low", "root"), WorkDropped("w2", "alert_over")
    row = {"told": 0, "delivery": "", "work": None}
    assert given(RAISED, TELL, over, taken_back)("alerts", *row) == [row]
    assert given(RAISED, TELL, over, RAISED, taken_back)("alerts", *row) == [row]


def test_raised_anew_it_is_not_delivered_yet_and_who_was_told_before_is_known() -> None:
    rows = given(*DELIVERED, AlertCleared("disk_low", "root"), RAISED)
    again = {"raised": 2, "told": 0, "delivery": "", "delivered_by": "mail", "work": None}
    assert rows("alerts", *again) == [again]


def test_raised_anew_what_reached_nobody_has_not_reached_anybody_still() -> None:
    failed = (RAISED, TELL, *went("r1", "hook", "failed"), WorkFinished("w2", "failed"))
    rows = given(*failed, AlertCleared("disk_low", "root"), RAISED)
    assert rows("alerts", "raised", "delivery") == [{"raised": 2, "delivery": "failed"}]


def test_an_intent_is_paused_while_its_breaker_is_open() -> None:
    rows = given(BreakerOpened("watch", 5))
    assert rows("intents", "intent", "broken_at") == [{"intent": "watch", "broken_at": moment(1)}]
    rows = given(BreakerOpened("watch", 5), BreakerClosed("watch"))
    assert rows("intents", "broken_at") == [{"broken_at": None}]


def test_what_is_revived_names_the_work_that_took_its_place() -> None:
    rows = given(
        WorkRequested("x", "k"),
        (planned("w1", "request", "k"), 1),
        WorkFinished("w1", "buried"),
        ReviveRequested("w1", "r"),
        (planned("w4", "revival", "w1#1"), 4),
    )
    assert rows("works", "work", "revived_as") == [
        {"work": "w1", "revived_as": "w4"},
        {"work": "w4", "revived_as": None},
    ]
    assert rows("requests", "kind", "answer", "work") == [
        {"kind": "work", "answer": "planned", "work": "w1"},
        {"kind": "revive", "answer": "revived", "work": "w4"},
    ]
