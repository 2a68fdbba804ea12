"""What a log proves of days, money, occurrences, keys, alarms, causes, and lives."""

from datetime import date

import pytest

from events.budget import (
    BudgetOpened,
    CategoryReopened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted, DaemonStopped
from events.plan import PlanDrawn
from events.requests import RequestRepeated, Resumed, ResumeRequested, WorkRequested
from events.runs import RunResult
from events.time import (
    AlarmCleared,
    AlarmRang,
    AlarmSet,
    DayStarted,
    OccurrenceDue,
    OccurrenceMissed,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
    TimePassed,
)
from events.work import WorkHeld
from tests.rules.verifying_story import (
    DAY,
    END,
    HOUR,
    HOUSE,
    SIX,
    Edit,
    change,
    checked,
    gone,
    more,
    planned,
    put,
    records,
    released,
    sentences,
    starting,
    wrong,
)

N = END
TOMORROW = date(2026, 11, 21)
LATER = (
    ("cli", None, WorkRequested("read", "k")),  # 19
    ("planner", N + 2, planned("w19-1", key="k")),
    ("phase_queue", N + 3, released("w19-1", "r20-1")),  # 21
)
MORE_WORK = more(
    ("cli", None, WorkRequested("read", "k")),  # 18
    ("planner", N + 1, planned("w18-1", key="k")),
    ("phase_queue", N + 2, released("w18-1", "r19-1")),  # 20
)
COST_150 = RunResult(cost_usd_micros=150)
OVERSPENT = (  # the small day's run cost 150 of the 100 set aside
    change(14, result=COST_150),
    change(15, cost_usd_micros=150),
    change(17, cost_usd_micros=150),
)
OVERRUN = ("budget", 15, FundsOverrun("r9-1", "study", DAY, 50))

Case = tuple[str, tuple[Edit, ...]]

BAD: dict[str, list[Case]] = {
    "cause": [
        (
            "a decision has none",
            (change(10, cause=0), put(10, "phase_queue", None, released("w8-1", "r9-1"))),
        ),
        ("it comes later", (put(10, "phase_queue", 11, released("w8-1", "r9-1")),)),
        ("it is the record itself", (put(10, "phase_queue", 10, released("w8-1", "r9-1")),)),
        ("somebody else decides", (change(10, by="budget"),)),
        ("an actor signs an observation", (change(14, by="executor"),)),
        ("money is set aside because time passed", (change(11, cause=7),)),
        (
            "a run is named for another record",
            (change(10, run="r8-1"), change(11, run="r8-1"), change(12, run="r8-1")),
        ),
        ("an actor goes back", (more(("planner", 5, PlanDrawn(DAY, 2, "asked", (), 0))),)),
        ("an observation answers what comes later", (change(14, cause=17),)),
    ],
    "life": [
        ("it begins and no settings are in force", (gone(1),)),
        ("settings are named that no record holds", (change(1, configuration=None),)),
        (
            "it ends and has not begun",
            (gone(2, 3, 4, 5, 6), more(("daemon", None, DaemonStopped("asked")))),
        ),
        ("it ends twice", (more(*[("daemon", None, DaemonStopped("asked"))] * 2),)),
    ],
    "day": [
        (
            "it starts twice",
            (more(("clock", 7, DayStarted(DAY, SIX - 6 * HOUR, SIX + 18 * HOUR))),),
        ),
        ("it starts a day early", (change(3, day=TOMORROW, starts_at=SIX + 18 * HOUR),)),
        ("its name is off by two", (change(3, day=date(2026, 11, 22)),)),
        ("its budget is another day's", (change(5, day=TOMORROW),)),
        ("its plan is counted wrongly", (change(6, revision=2),)),
        (
            "a phase starts twice",
            (put(7, "clock", 2, PhaseStarted(DAY, "morning", SIX, SIX + HOUR)),),
        ),
        ("a phase ends that was not open", (put(7, "clock", 2, PhaseEnded(DAY, "noon", SIX)),)),
        (
            "a phase ends before its time",
            (put(7, "clock", 2, PhaseEnded(DAY, "morning", SIX + HOUR)),),
        ),
        (
            "a phase is missed that was open",
            (put(7, "clock", 2, PhaseMissed(DAY, "morning", SIX, SIX, "daemon_down")),),
        ),
        ("a phase starts before its time", (change(4, starts_at=SIX + HOUR),)),
        (
            "a phase starts and yesterday's has not ended",
            (put(7, "clock", 2, PhaseStarted(TOMORROW, "morning", SIX, SIX)),),
        ),
    ],
    "occurrence": [
        ("it is due twice", (more(("clock", 7, OccurrenceDue("hourly", SIX))),)),
        ("it is due before its time", (change(8, due_at=SIX + HOUR),)),
        (
            "it is missed after it was due",
            (more(("clock", 7, OccurrenceMissed("hourly", SIX, SIX, 1, "late"))),),
        ),
        (
            "an earlier one comes later",
            (
                more(
                    ("timer", None, TimePassed()),
                    ("clock", N + 1, OccurrenceDue("hourly", SIX - HOUR)),
                ),
            ),
        ),
        ("work for it bears another key", (change(9, key="hourly@2026-11-20T05:00:00Z"),)),
        ("none are missed", (more(("clock", 7, OccurrenceMissed("other", SIX, SIX, 0, "late"))),)),
    ],
    "key": [
        (
            "it becomes two pieces of work",
            (
                MORE_WORK,
                more(
                    ("cli", None, WorkRequested("read", "k")),
                    ("planner", N + 4, planned("w21-1", key="k")),
                ),
            ),
        ),
        ("another subject is planned", (MORE_WORK, change(N + 2, name="write"))),
        (
            "a repeated request gets another answer",
            (
                MORE_WORK,
                more(
                    ("cli", None, WorkRequested("read", "k")),
                    ("planner", N + 4, RequestRepeated("k", "w8-1")),
                ),
            ),
        ),
        (
            "a plan chooses the same twice",
            (
                change(9, source="template", key="study@2026-11-20#1"),
                more(("planner", 8, planned("w8-2", source="template", key="study@2026-11-20#1"))),
            ),
        ),
    ],
    "alarm": [
        ("it rings and nobody set it", (put(9, "clock", 7, AlarmRang("x", "phase_queue", SIX)),)),
        (
            "it rings twice",
            (
                more(
                    ("phase_queue", 9, AlarmSet("x", "phase_queue", SIX)),
                    ("timer", None, TimePassed()),
                    *[("clock", N + 2, AlarmRang("x", "phase_queue", SIX))] * 2,
                ),
            ),
        ),
        (
            "it rings before its time",
            (
                more(
                    ("phase_queue", 9, AlarmSet("x", "phase_queue", SIX + HOUR)),
                    ("timer", None, TimePassed()),
                    ("clock", N + 2, AlarmRang("x", "phase_queue", SIX + HOUR)),
                ),
            ),
        ),
        (
            "it rings long after it was cleared",
            (
                more(
                    ("phase_queue", 9, AlarmSet("x", "phase_queue", SIX)),
                    ("phase_queue", 9, AlarmCleared("x", "phase_queue")),
                    ("timer", None, TimePassed()),
                    ("clock", N + 3, AlarmRang("x", "phase_queue", SIX)),
                ),
            ),
        ),
        ("somebody else sets it", (more(("phase_queue", 9, AlarmSet("x", "planner", SIX))),)),
    ],
    "money": [
        (
            "a run is settled twice",
            (
                more(
                    ("budget", 15, FundsSettled("r9-1", "w8-1", "study", DAY, 100, 40, "reported"))
                ),
            ),
        ),
        (
            "it is settled and given back",
            (more(("budget", 15, FundsReturned("r9-1", "w8-1", "study", DAY, 100))),),
        ),
        ("it is charged more than it cost", (change(17, cost_usd_micros=41),)),
        ("it is settled from another reservation", (change(17, reserved_usd_micros=99),)),
        ("it is settled to another day", (change(17, day=TOMORROW),)),
        (
            "a run that lived is given its money back",
            (put(17, "budget", 15, FundsReturned("r9-1", "w8-1", "study", DAY, 100)),),
        ),
        (
            "more is set aside than the category has",
            (change(10, ceiling_usd_micros=601), change(11, usd_micros=601)),
        ),
        (
            "more is set aside than the day has",
            (
                change(5, categories={"study": 2_000}),
                change(10, ceiling_usd_micros=801),
                change(11, usd_micros=801),
            ),
        ),
        ("more is set aside than was asked for", (change(11, usd_micros=101),)),
        (
            "it is refused what can be had",
            (
                put(11, "budget", 10, FundsRefused("r9-1", "w8-1", "study", 100, 0, "day_spent")),
                gone(12, 13, 14, 15, 16, 17),
            ),
        ),
        (
            "an overrun goes unsaid",
            (
                *OVERSPENT,
                MORE_WORK,
                more(("budget", N + 3, FundsReserved("r19-1", "w18-1", "study", 100, DAY))),
            ),
        ),
        (
            "an overrun is said and was none",
            (more(("budget", 15, FundsOverrun("r9-1", "study", DAY, 1))),),
        ),
        (
            "a closed category reserves",
            (
                *OVERSPENT,
                more(OVERRUN),
                more(*LATER),
                more(("budget", N + 4, FundsReserved("r20-1", "w19-1", "study", 100, DAY))),
            ),
        ),
        (
            "a category is opened again that was not closed",
            (
                more(
                    ("cli", None, ResumeRequested("category", "r", "study")),
                    ("budget", N + 1, CategoryReopened("study")),
                ),
            ),
        ),
        (
            "a day is opened twice",
            (more(("budget", 3, BudgetOpened(DAY, 1_000, 200, {"study": 600}))),),
        ),
        ("money comes from a day that is not open", (change(11, day=TOMORROW),)),
        (
            "it is offered to somebody who was not refused",
            (more(("budget", 15, FundsOffered("w8-1", "study"))),),
        ),
    ],
}

GOOD: dict[str, tuple[Edit, ...]] = {
    "cause": (
        more(
            ("cli", None, WorkRequested("read", "k")),
            ("planner", N + 1, planned("w18-1", key="k")),
            ("phase_queue", N + 2, WorkHeld("w18-1", "paused")),
        ),
    ),
    "life": (
        more(
            ("daemon", None, DaemonStopped("signal")),
            ("daemon", None, ConfigurationLoaded("d")),
            ("daemon", None, DaemonStarted("0.1", 2, "boot")),
        ),
    ),
    "day": (
        more(
            ("daemon", None, ConfigurationLoaded("e", HOUSE)),
            ("clock", N + 1, PhaseEnded(DAY, "morning", SIX)),
            ("daemon", None, ConfigurationLoaded("f", HOUSE)),
            ("timer", None, TimePassed()),
            ("clock", N + 4, PhaseStarted(DAY, "morning", SIX, SIX + HOUR)),
        ),
    ),
    "occurrence": (
        more(
            ("timer", None, TimePassed()),
            ("clock", N + 1, OccurrenceMissed("hourly", SIX - 2 * HOUR, SIX - HOUR, 2, "late")),
        ),
    ),
    "key": (
        MORE_WORK,
        more(
            (
                "budget",
                N + 3,
                FundsRefused("r19-1", "w18-1", "study", 900, 0, "over_category_limit"),
            ),
            ("phase_queue", N + 4, WorkHeld("w18-1", "no_funds")),
            ("cli", None, WorkRequested("read", "k")),
            ("planner", N + 6, RequestRepeated("k", "w18-1")),
        ),
        change(N + 3, ceiling_usd_micros=900),
    ),
    "alarm": (
        more(
            ("phase_queue", 9, AlarmSet("x", "phase_queue", SIX)),
            ("timer", None, TimePassed()),
            ("phase_queue", 9, AlarmCleared("x", "phase_queue")),
            ("clock", N + 2, AlarmRang("x", "phase_queue", SIX)),
        ),
    ),
    "money": (
        *OVERSPENT,
        more(
            OVERRUN,
            ("cli", None, ResumeRequested("category", "r", "study")),
            ("budget", N + 2, CategoryReopened("study")),
            ("phase_queue", N + 2, Resumed("category", "study")),
            ("cli", None, WorkRequested("read", "k")),
            ("planner", N + 5, planned("w22-1", key="k")),
            ("phase_queue", N + 6, released("w22-1", "r23-1", ceiling_usd_micros=450)),
            ("budget", N + 7, FundsReserved("r23-1", "w22-1", "study", 450, DAY)),
            ("executor", N + 8, starting("w22-1", "r23-1")),
        ),
    ),
}


@pytest.mark.parametrize(("invariant", "edits"), sentences(BAD))
def test_it_is_wrong_when(invariant: str, edits: tuple[Edit, ...]) -> None:
    assert invariant in wrong(*edits)


@pytest.mark.parametrize("invariant", GOOD)
def test_what_comes_near_it_is_not_wrong(invariant: str) -> None:
    assert checked(records(*GOOD[invariant])) == []


def test_every_promise_about_days_is_broken_at_least_three_times_and_kept_once() -> None:
    assert all(len(cases) >= 3 for cases in BAD.values())
    assert set(GOOD) == set(BAD)


def test_the_small_day_itself_keeps_every_promise() -> None:
    assert checked(records()) == []
