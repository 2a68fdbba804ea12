"""What a log proves of the money of a day, however many days were before it or came between."""

from datetime import date, timedelta

import pytest

from events.budget import (
    BudgetOpened,
    CategoryReopened,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsSettled,
)
from events.catalogue import AnyFact
from events.requests import ResumeRequested, WorkRequested
from events.runs import RunClosed, RunResult
from events.time import ClockStepped, TimePassed
from projections.invariants.money import KNOWN_DAYS, PURSES_KEPT
from tests.rules.verifying_story import (
    DAY,
    SIX,
    SMALL_DAY,
    Said,
    checked,
    ended,
    planned,
    recorded,
    released,
    starting,
)

LIMITS = (1_000, 200, {"study": 600})
FORGETFUL = KNOWN_DAYS + 1


def days(log: list[Said], number: int) -> date:
    """So many days are opened after the first; the last of them."""
    for each in range(1, number + 1):
        log.append(("timer", None, TimePassed()))
        opened = BudgetOpened(DAY + timedelta(days=each), *LIMITS)
        log.append(("budget", len(log), opened))
    return DAY + timedelta(days=number)


def overrun(log: list[Said], day: date) -> None:
    """A run of that day costs 150 of the 100 that were set aside."""
    at = len(log)
    log += (
        ("cli", None, WorkRequested("read", "k")),
        ("planner", at + 1, planned("w1", key="k")),
        ("phase_queue", at + 2, released("w1", "r1")),
        ("budget", at + 3, FundsReserved("r1", "w1", "study", 100, day)),
        ("executor", at + 4, starting("w1", "r1")),
        ("process", at + 5, ended("r1", result=RunResult(cost_usd_micros=150))),
        ("executor", at + 6, RunClosed("r1", "w1", "read", "succeeded", True, "", 150)),
        ("budget", at + 7, FundsSettled("r1", "w1", "study", day, 100, 150, "reported")),
        ("budget", at + 7, FundsOverrun("r1", "study", day, 50)),
    )


def back(log: list[Said]) -> None:
    """The clock was days ahead, and the first day is open again."""
    log.append(("timer", None, ClockStepped(-1, SIX + timedelta(days=FORGETFUL))))
    log.append(("budget", len(log), BudgetOpened(DAY, *LIMITS, revision=2)))


def asked(log: list[Said], answer: AnyFact) -> list[str]:
    """What is wrong with the money where something that costs nothing is answered like this."""
    at = len(log)
    log += (
        ("cli", None, WorkRequested("read", "l")),
        ("planner", at + 1, planned("w2", key="l")),
        ("phase_queue", at + 2, released("w2", "r2", ceiling_usd_micros=0)),
        ("budget", at + 3, answer),
    )
    return [it.reason for it in checked(recorded(log)) if it.invariant == "money"]


REFUSED = FundsRefused("r2", "w2", "study", 0, 0, "closed")


def paid(day: date) -> FundsReserved:
    return FundsReserved("r2", "w2", "study", 0, day)


@pytest.mark.parametrize("number", [1, PURSES_KEPT - 1, PURSES_KEPT, PURSES_KEPT + 1])
def test_what_was_overrun_is_closed_however_many_days_were_before(number: int) -> None:
    log = list(SMALL_DAY)
    overrun(log, last := days(log, number))
    assert asked(list(log), REFUSED) == []
    assert len(asked(list(log), paid(last))) == 1


@pytest.mark.parametrize(("number", "wrongs"), [(KNOWN_DAYS - 1, 1), (FORGETFUL, 0)])
def test_what_was_overrun_stays_closed_while_its_day_is_remembered(
    number: int, wrongs: int
) -> None:
    log = list(SMALL_DAY)
    overrun(log, DAY)
    days(log, number)
    back(log)
    assert len(asked(list(log), paid(DAY))) == wrongs
    assert asked(list(log), REFUSED) == []


@pytest.mark.parametrize(("number", "wrongs"), [(KNOWN_DAYS - 1, 1), (FORGETFUL, 0)])
def test_nobody_can_say_what_was_open_on_a_day_that_is_forgotten(number: int, wrongs: int) -> None:
    log = list(SMALL_DAY)
    days(log, number)
    back(log)
    log.append(("cli", None, ResumeRequested("category", "r", "study")))
    log.append(("budget", len(log), CategoryReopened("study")))
    assert len(asked(log, paid(DAY))) == wrongs
