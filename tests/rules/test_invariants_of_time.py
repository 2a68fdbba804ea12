"""What a log proves of occurrences, what was expected, triggers, days and clocks."""

from datetime import UTC, date, datetime

import pytest

from events.budget import BudgetExhausted, BudgetOpened, FundsRefused
from events.intents import (
    IntentAdded,
    IntentAddRequested,
    IntentSwitched,
    IntentSwitchRequested,
)
from events.plan import OccurrenceSkipped, PlanDrawn
from events.time import (
    AlarmRang,
    AlarmSet,
    ClockStepped,
    DayStarted,
    Expected,
    HostSlept,
    OccurrencesCoalesced,
    OccurrencesReopened,
    OccurrencesSuperseded,
)
from events.work import WorkHeld
from tests.rules.ledger_story import (
    A_YEAR,
    ADD,
    ADDED,
    AGAIN,
    BACK,
    DAY,
    EIGHT,
    FAR_AHEAD,
    FIRST,
    HALF,
    HOUR,
    LINE_OPEN,
    MIDNIGHT,
    MINUTE,
    NINE,
    SECOND,
    SEVEN,
    SIX,
    TOMORROW,
    F,
    M,
    Said,
    came,
    clock,
    due,
    expect,
    found,
    go,
    log,
    missed,
    planner,
    queue,
    skip,
    slept,
    step,
    work,
)
from tests.rules.verifying_story import checked

BAD: dict[str, dict[str, tuple[Said, ...]]] = {
    "occurrence": {
        "it becomes due twice": (came(SEVEN), *[due(M + 1, "hourly", SEVEN)] * 2),
        "an earlier one comes later, and in time": (
            came(EIGHT), due(M + 1, "hourly", EIGHT), skip(M + 2, "hourly", EIGHT),
            came(EIGHT + SECOND), due(M + 4, "hourly", SEVEN)),
        "it is due an hour early": (came(SIX + MINUTE), due(M + 1, "hourly", SEVEN)),
        "it is due after it was missed": (
            came(NINE), clock(M + 1, missed("hourly", SEVEN, NINE, 3)),
            due(M + 1, "hourly", EIGHT, overdue=True)),
        "it is missed after it was due": (
            came(SEVEN), due(M + 1, "hourly", SEVEN), skip(M + 2, "hourly", SEVEN),
            came(EIGHT), clock(M + 4, missed("hourly", SEVEN, EIGHT, 2))),
        "there are fewer than were missed": (
            came(NINE), clock(M + 1, missed("hourly", SEVEN, NINE, 2))),
        "one is said to be two": (came(NINE), clock(M + 1, missed("hourly", NINE, NINE, 2))),
        "what is to come was missed": (
            came(EIGHT), clock(M + 1, missed("hourly", EIGHT, NINE, 2))),
        "some become one that does not come": (
            came(NINE),
            clock(M + 1, OccurrencesCoalesced("hourly", SEVEN, SEVEN, 1, EIGHT, "late")),
            due(M + 1, "hourly", NINE)),
        "some become one that is over": (
            came(SEVEN), due(M + 1, "hourly", SEVEN), skip(M + 2, "hourly", SEVEN), came(NINE),
            clock(M + 4, OccurrencesCoalesced("hourly", EIGHT, NINE, 2, SEVEN, "late"))),
        "what was due is due again when the clock is back": (
            came(SEVEN), due(M + 1, "hourly", SEVEN), skip(M + 2, "hourly", SEVEN),
            step(SEVEN, SEVEN + A_YEAR), step(SEVEN + A_YEAR, SIX),
            clock(M + 5, OccurrencesReopened(SIX)), came(SEVEN), due(M + 7, "hourly", SEVEN)),
    },
    "expected": {
        "it was not told before": (
            ("cli", None, IntentAddRequested("mine", ADD, "k")),
            planner(M + 1, IntentAdded("mine", ADD, "request", "k")),
            came(EIGHT), due(M + 3, "mine", EIGHT), skip(M + 4, "mine", EIGHT)),
        "what has come is never closed": (
            came(SEVEN), came(MIDNIGHT), clock(M + 1, missed("line", HALF, SEVEN, 2)),
            clock(M + 2, DayStarted(TOMORROW, MIDNIGHT, MIDNIGHT + 24 * HOUR))),
        "what is past is expected": (
            came(NINE), expect(M + 1, Expected("hourly", SEVEN, EIGHT, 2))),
        "many are expected at one moment": (
            came(SEVEN), expect(M + 1, Expected("hourly", EIGHT, EIGHT, 2))),
        "fewer come than was told": (
            *ADDED, came(SIX + 17 * HOUR),
            clock(M + 4, missed("mine", EIGHT, SIX + 14 * HOUR, 7)), came(MIDNIGHT)),
    },
    "trigger": {
        "it is no multiple of its interval": (
            came(SEVEN + MINUTE), due(M + 1, "hourly", SEVEN + MINUTE)),
        "it is another time on the wall": (came(EIGHT), due(M + 1, "berlin", EIGHT)),
        "it is out of its windows": (came(SIX + 12 * HOUR), due(M + 1, "office", SIX + 12 * HOUR)),
        "it is on a day that is excluded": (
            came(NINE + 34 * 24 * HOUR), due(M + 1, "office", NINE + 34 * 24 * HOUR)),
        "it is on a Saturday": (came(NINE + 24 * HOUR), due(M + 1, "office", NINE + 24 * HOUR)),
        "what was missed was no occurrence": (
            came(NINE), clock(M + 1, missed("hourly", SEVEN + MINUTE, EIGHT + MINUTE, 2))),
        "the second pass of an hour is not wanted": (
            came(datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),
            due(M + 1, "berlin", datetime(2027, 10, 31, 1, 30, tzinfo=UTC))),
        "what is expected is off its trigger": (
            came(SEVEN), expect(M + 1, Expected("hourly", EIGHT + MINUTE, EIGHT + MINUTE, 1))),
        "the clock skips what runs still": (
            came(SEVEN), clock(M + 1, OccurrenceSkipped("hourly", SEVEN, "still_running"))),
    },
    "moment": {
        "the machine slept for no time": (("timer", None, HostSlept(0, SIX), SEVEN),),
        "the clock shows something else": (("timer", None, ClockStepped(7_000, SIX), SEVEN),),
        "the clock was set to what it showed": (("timer", None, ClockStepped(0, SIX), SIX),),
        "nothing is withdrawn": FAR_AHEAD,
        "it is withdrawn twice": (*FAR_AHEAD, *BACK, BACK[0], *AGAIN),
        "it is withdrawn for no reason": (came(SEVEN), clock(M + 1, OccurrencesReopened(SEVEN))),
        "another moment is withdrawn": (*FAR_AHEAD, clock(F, OccurrencesReopened(SIX)), BACK[1]),
    },
    "day": {
        "it starts again and nobody says so": (
            *FAR_AHEAD, BACK[0], clock(F, DayStarted(DAY, SIX - 6 * HOUR, MIDNIGHT))),
        "it starts again and never did": (
            came(MIDNIGHT),
            clock(M + 1, DayStarted(TOMORROW, MIDNIGHT, MIDNIGHT + 24 * HOUR, again=True))),
        "its plans are counted from one again": (
            *FAR_AHEAD, *BACK, AGAIN[0], planner(F + 3, PlanDrawn(DAY, 1, "day_opened", (), 0))),
    },
    "money": {
        "a day is opened afresh": (
            *FAR_AHEAD, *BACK, ("budget", F + 2, BudgetOpened(DAY, 1_000, 0, {"study": 1_000}))),
        "an earlier day is opened though the clock went on": (
            came(SEVEN), clock(M + 1, DayStarted(DAY, SIX - 6 * HOUR, MIDNIGHT)),
            ("budget", M + 2, BudgetOpened(date(2026, 11, 19), 1_000, 0, {}))),
        "it is spent and nobody was refused": (
            *LINE_OPEN[:3], go(M + 3),
            ("budget", M + 4, BudgetExhausted(DAY, "study"))),
        "it is said to be spent twice": (
            *LINE_OPEN[:3], go(M + 3),
            ("budget", M + 4, FundsRefused(
                f"r{M + 3}-1", FIRST, "study", 1_100, 900, "category_spent")),
            *[("budget", M + 4, BudgetExhausted(DAY, "study"))] * 2),
    },
}  # fmt: skip

GOOD: dict[str, tuple[Said, ...]] = {
    "made up for": (
        slept(SIX + MINUTE, NINE + 10 * MINUTE),
        clock(M + 1, OccurrencesCoalesced("hourly", SEVEN, EIGHT, 2, NINE, "host_slept")),
        clock(M + 1, missed("line", HALF, NINE, 6)),
        due(M + 1, "hourly", NINE, overdue=True),
        skip(M + 4, "hourly", NINE),
    ),
    "a gap, where it ends": (
        step(SIX, datetime(2027, 3, 28, 1, tzinfo=UTC)),
        expect(M + 1, Expected("berlin", datetime(2027, 3, 28, 1, tzinfo=UTC),
               datetime(2027, 3, 28, 1, tzinfo=UTC), 1)),
        due(M + 1, "berlin", datetime(2027, 3, 28, 1, tzinfo=UTC)),
        skip(M + 3, "berlin", datetime(2027, 3, 28, 1, tzinfo=UTC)),
    ),
    "an hour that comes twice": (
        step(SIX, datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        expect(M + 1, Expected("berlin", datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
               datetime(2027, 10, 31, 1, 30, tzinfo=UTC), 2)),
        due(M + 1, "berlin", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        skip(M + 3, "berlin", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        came(datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),
        clock(M + 5, OccurrenceSkipped(
            "berlin", datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "dst_overlap")),
    ),
    "a clock that was far ahead": (
        *FAR_AHEAD, *BACK, *AGAIN, came(SEVEN), expect(F + 5, *(
            Expected("hourly", SEVEN, SIX + 17 * HOUR, 17),)),
        due(F + 5, "hourly", SEVEN), skip(F + 7, "hourly", SEVEN),
    ),
    "switched off and on": (
        ("cli", None, IntentSwitchRequested("hourly", False, "k")),
        planner(M + 1, IntentSwitched("hourly", False, "k")),
        clock(M + 2, OccurrencesSuperseded("hourly", SEVEN, SIX + 17 * HOUR, 17, "disabled")),
        ("cli", None, IntentSwitchRequested("hourly", True, "l"), SIX + MINUTE),
        planner(M + 4, IntentSwitched("hourly", True, "l")),
        expect(M + 5, Expected("hourly", SEVEN, SIX + 17 * HOUR, 17)),
        came(SEVEN), due(M + 7, "hourly", SEVEN), skip(M + 8, "hourly", SEVEN),
    ),
}  # fmt: skip

CASES = [
    pytest.param(name, said, id=sentence)
    for name, cases in BAD.items()
    for sentence, said in cases.items()
]


@pytest.mark.parametrize(("invariant", "said"), CASES)
def test_it_is_wrong_when(invariant: str, said: tuple[Said, ...]) -> None:
    assert invariant in found(*said)


@pytest.mark.parametrize("near", GOOD)
def test_it_is_not_wrong_when_there_is(near: str) -> None:
    assert checked(log(*GOOD[near])) == []


def test_what_was_woken_while_the_clock_was_far_ahead_goes_when_its_pause_is_over() -> None:
    name, ahead = f"w{M + 2}-1", SIX + A_YEAR
    waits = queue(M + 3, AlarmSet(f"work:{name}", "phase_queue", NINE))
    rang = clock(M + 5, AlarmRang(f"work:{name}", "phase_queue", NINE))
    before: tuple[Said, ...] = (
        came(SEVEN), due(M + 1, "hourly", SEVEN),
        planner(M + 2, work(M + 2, "hourly", SEVEN, not_before=NINE)),
        waits, step(SEVEN + MINUTE, ahead),
    )  # fmt: skip
    after: tuple[Said, ...] = (
        queue(M + 6, WorkHeld(name, "paused")), step(ahead + MINUTE, SEVEN + 2 * MINUTE), go(M + 8)
    )  # fmt: skip
    assert "hold" not in found(*before, rang, *after)
    assert "hold" in found(*before, came(ahead), *after), "nothing has woken it"


def test_every_promise_about_time_is_broken_at_least_three_times() -> None:
    assert all(len(cases) >= 3 for cases in BAD.values())


def test_the_morning_itself_keeps_every_promise() -> None:
    assert checked(log()) == []
