"""What a log proves of intents, of what waits for its turn, alerts, pauses, and answers."""

import pytest

from events.budget import FundsRefused
from events.configuration import ConfigurationLoaded, ConfigurationRefused
from events.daemon import DaemonStarted
from events.intents import (
    AlertCleared,
    AlertRaised,
    IntentAdded,
    IntentAddRequested,
    IntentRemoved,
    IntentRemoveRequested,
    IntentsConfigured,
    IntentSwitched,
    IntentSwitchRequested,
    OccurrenceBuffered,
    OccurrenceEnded,
    SignalReceived,
    WorkOvertaken,
)
from events.plan import OccurrenceSkipped
from events.requests import (
    CancelRequested,
    Paused,
    PauseRequested,
    RequestRefused,
    RequestRepeated,
    Resumed,
    ResumeRequested,
)
from events.time import (
    IdleProbing,
    IdleSeen,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrencesSuperseded,
)
from events.work import WorkDropped, WorkHeld
from tests.rules.ledger_story import (
    ADD,
    ADDED,
    CANCEL,
    EIGHT,
    FIRST,
    HALF,
    HOUR,
    HOUSE,
    IDLE,
    LET_IN,
    LINE_OPEN,
    MINUTE,
    NINE,
    SECOND,
    SEEN,
    SEVEN,
    SIX,
    M,
    N,
    Said,
    came,
    cancelled,
    clock,
    due,
    found,
    go,
    log,
    planner,
    queue,
    skip,
    work,
)
from tests.rules.verifying_story import checked

BAD: dict[str, dict[str, tuple[Said, ...]]] = {
    "buffer": {
        "it waits when nothing is open any more": (*LINE_OPEN, *CANCEL),
        "it waits twice": (
            *LINE_OPEN, came(SEVEN + HOUR / 2),
            due(N + 1, "line", SEVEN + HOUR / 2),
            planner(N + 2, OccurrenceBuffered("line", SEVEN))),
        "another has its turn": (
            *LINE_OPEN, *CANCEL, planner(N + 2, work(N + 2, "line", SEVEN + HOUR / 2))),
        "it has its turn twice": (
            *LINE_OPEN, *CANCEL, *LET_IN,
            planner(N + 2, work(N + 2, "line", SEVEN, work=f"w{N + 2}-2"))),
        "the later goes before the earlier": (
            *LINE_OPEN, came(SEVEN + HOUR / 2), due(N + 1, "line", SEVEN + HOUR / 2),
            planner(N + 2, OccurrenceBuffered("line", SEVEN + HOUR / 2)),
            ("cli", None, CancelRequested(FIRST, "k")), queue(N + 4, cancelled(FIRST)),
            planner(N + 5, work(N + 5, "line", SEVEN + HOUR / 2))),
        "one that did not wait is closed": (
            *LINE_OPEN, *CANCEL,
            planner(N + 2, OccurrenceExpired("line", SIX, "start_deadline"))),
        "there is work for one that was not due": (
            came(SEVEN), planner(M + 1, work(M + 1, "hourly", SEVEN))),
        "overtaken work goes on": (
            *LINE_OPEN, planner(M + 6, WorkOvertaken(FIRST, "line", SEVEN))),
        "the end of one is told twice": (
            *LINE_OPEN, *CANCEL, *LET_IN,
            *[planner(N + 2, OccurrenceEnded("line", HALF, "cancelled", FIRST))] * 2),
    },
    "intent": {
        "one that is disabled is due": (came(SEVEN), due(M + 1, "off", SEVEN)),
        "one that was never there is due": (came(SEVEN), due(M + 1, "nobody", SEVEN)),
        "one that is gone is due": (
            *ADDED, ("cli", None, IntentRemoveRequested("mine", "r")),
            planner(M + 4, IntentRemoved("mine", "asked", "r")),
            came(EIGHT), due(M + 6, "mine", EIGHT)),
        "one that is switched off is due": (
            ("cli", None, IntentSwitchRequested("hourly", False, "k")),
            planner(M + 1, IntentSwitched("hourly", False, "k")),
            came(SEVEN), due(M + 3, "hourly", SEVEN)),
        "a configured one is removed by hand": (
            ("cli", None, IntentRemoveRequested("hourly", "k")),
            planner(M + 1, IntentRemoved("hourly", "asked", "k"))),
        "a name is taken": (
            ("cli", None, IntentAddRequested("hourly", ADD, "k")),
            planner(M + 1, IntentAdded("hourly", ADD, "request", "k"))),
        "it is over and comes again": (
            *ADDED, came(EIGHT), due(M + 4, "mine", EIGHT), skip(M + 5, "mine", EIGHT),
            planner(M + 5, IntentRemoved("mine", "over"))),
        "what is gone is configured": (
            ("daemon", None, ConfigurationLoaded("e", HOUSE)),
            clock(M + 1, IntentsConfigured(removed=("hourly",)))),
    },
    "alert": {
        "it is raised twice": (
            ("reloading", None, ConfigurationRefused("f", ("bad",))),
            *[clock(M + 1, AlertRaised("configuration_refused", "bad"))] * 2),
        "it is cleared and does not stand": (
            ("daemon", None, ConfigurationLoaded("d")),
            clock(M + 1, AlertCleared("configuration_refused"))),
        "it has no name": (
            ("reloading", None, ConfigurationRefused("f", ("bad",))),
            clock(M + 1, AlertRaised("", "bad"))),
    },
    "idle": {
        "it goes and the machine was busy": (
            *IDLE, ("idle", M + 6, IdleSeen(False)), go(SEEN)),
        "it goes and nobody looked": (*IDLE, came(SEVEN + SECOND), go(SEEN)),
        "it goes upon what was seen before it asked": (
            *IDLE[:3], ("idle", M + 3, IdleSeen(True)), go(M + 4)),
        "the machine is seen twice": (*IDLE, *[("idle", M + 6, IdleSeen(False))] * 2),
        "the machine is looked at twice": (*IDLE, clock(M + 5, IdleProbing(SEVEN + MINUTE))),
        "work that need not wait does": (
            *LINE_OPEN[:3], queue(M + 3, WorkHeld(FIRST, "not_idle"))),
    },
    "pause": {
        "an occurrence is planned while all is paused": (
            ("cli", None, PauseRequested("all", "k")), queue(M + 1, Paused("all")),
            came(SEVEN), due(M + 3, "hourly", SEVEN),
            planner(M + 4, work(M + 4, "hourly", SEVEN))),
        "an occurrence is planned while its category is paused": (
            ("cli", None, PauseRequested("category", "k", "study")),
            queue(M + 1, Paused("category", "study")),
            came(SEVEN), due(M + 3, "hourly", SEVEN),
            planner(M + 4, work(M + 4, "hourly", SEVEN))),
        "an occurrence is planned in a life that begins paused": (
            ("daemon", None, DaemonStarted("0.2", 2, "boot", paused=True)),
            queue(M + 1, Paused("all")),
            came(SEVEN), due(M + 3, "hourly", SEVEN),
            planner(M + 4, work(M + 4, "hourly", SEVEN))),
    },
    "hold": {
        "it goes after its deadline": (
            *LINE_OPEN[:2], planner(M + 2, work(M + 2, "line", HALF, start_before=SEVEN)),
            queue(M + 3, WorkHeld(FIRST, "paused")), came(SEVEN + MINUTE), go(M + 5)),
        "it goes a moment after its deadline": (
            *LINE_OPEN[:2], planner(M + 2, work(M + 2, "line", HALF, start_before=HALF)),
            queue(M + 3, WorkHeld(FIRST, "paused")), came(HALF + SECOND), go(M + 5)),
        "it waits for something else before its time": (
            *LINE_OPEN[:2], planner(M + 2, work(M + 2, "line", HALF, not_before=NINE)),
            queue(M + 3, WorkHeld(FIRST, "lane_full"))),
    },
    "work": {
        "it is dropped for a deadline that it has not": (
            *LINE_OPEN[:4], came(SEVEN), queue(M + 5, WorkDropped(FIRST, "start_deadline"))),
        "it is dropped before its deadline": (
            *LINE_OPEN[:2], planner(M + 2, work(M + 2, "line", HALF, start_before=NINE)),
            queue(M + 3, WorkHeld(FIRST, "paused")), came(SEVEN),
            queue(M + 5, WorkDropped(FIRST, "start_deadline"))),
        "it is planned when it is too late": (
            *LINE_OPEN[:2], planner(M + 2, work(M + 2, "line", HALF, start_before=SIX))),
    },
    "answer": {
        "a signal is not answered": (("cli", None, SignalReceived("bell", "k")),),
        "an intent that was asked for is not made": (
            ("cli", None, IntentAddRequested("mine", ADD, "k")),),
        "a switch is answered under another key": (
            ("cli", None, IntentSwitchRequested("hourly", False, "k")),
            planner(M + 1, IntentSwitched("hourly", False, "other"))),
        "it is due and nothing comes of it": (came(SEVEN), due(M + 1, "hourly", SEVEN)),
        "one that is due waits and is planned": (
            *LINE_OPEN, planner(M + 6, work(M + 6, "line", SEVEN))),
    },
    "cause": {
        "an occurrence is due because money was set aside": (
            came(SEVEN), due(M, "hourly", SEVEN)),
        "the clock buffers": (
            came(SEVEN), due(M + 1, "hourly", SEVEN),
            clock(M + 2, OccurrenceBuffered("hourly", SEVEN))),
        "an intent is switched and nobody asked": (
            came(SEVEN), planner(M + 1, IntentSwitched("hourly", False))),
    },
}  # fmt: skip

GOOD: dict[str, tuple[Said, ...]] = {
    "a line that is let in": (*LINE_OPEN, *CANCEL, *LET_IN),
    "a newer one takes the place of what waits": (
        *LINE_OPEN, came(SEVEN + HOUR / 2), due(N + 1, "line", SEVEN + HOUR / 2),
        planner(N + 2, OccurrencesSuperseded("line", SEVEN, SEVEN, 1, "newer_occurrence")),
        planner(N + 2, OccurrenceBuffered("line", SEVEN + HOUR / 2)),
        planner(N + 2, WorkOvertaken(FIRST, "line", SEVEN + HOUR / 2)),
        queue(N + 5, cancelled(FIRST)),
        planner(N + 6, work(N + 6, "line", SEVEN + HOUR / 2)),
        queue(N + 7, WorkHeld(f"w{N + 6}-1", "paused")),
    ),
    "an intent by hand, and gone": (
        *ADDED, came(EIGHT), due(M + 4, "mine", EIGHT), skip(M + 5, "mine", EIGHT),
        ("cli", None, IntentRemoveRequested("mine", "r")),
        planner(M + 7, IntentRemoved("mine", "asked", "r")),
        clock(M + 8, OccurrencesSuperseded(
            "mine", SIX + 4 * HOUR, SIX + 16 * HOUR, 7, "removed")),
        ("cli", None, IntentRemoveRequested("mine", "r")),
        planner(M + 10, RequestRepeated("r", "")),
    ),
    "a signal, and one that nobody hears": (
        ("cli", None, SignalReceived("bell", "k")),
        clock(M + 1, OccurrenceDue("heard", SIX, data_json="{}")),
        skip(M + 2, "heard", SIX),
        ("cli", None, SignalReceived("gong", "l")),
        clock(M + 4, RequestRefused("l", "gong", "nobody_listens")),
    ),
    "an alert that stands, and is cleared": (
        ("reloading", None, ConfigurationRefused("f", ("bad",))),
        clock(M + 1, AlertRaised("configuration_refused", "bad")),
        ("daemon", None, ConfigurationLoaded("d")),
        clock(M + 3, AlertCleared("configuration_refused")),
    ),
    "an idle machine": (
        *IDLE, ("idle", M + 6, IdleSeen(True)), go(SEEN),
        ("budget", SEEN + 1, FundsRefused(
            f"r{SEEN}-1", f"w{M + 2}-1", "study", 1_100, 900, "over_category_limit")),
        queue(SEEN + 2, WorkHeld(f"w{M + 2}-1", "no_funds")),
    ),
    "a pause, and the next one after it": (
        ("cli", None, PauseRequested("all", "k")), queue(M + 1, Paused("all")),
        came(SEVEN), due(M + 3, "hourly", SEVEN),
        planner(M + 4, OccurrenceSkipped("hourly", SEVEN, "paused")),
        ("cli", None, ResumeRequested("all", "l")), queue(M + 6, Resumed("all")),
        came(EIGHT), due(M + 8, "hourly", EIGHT), planner(M + 9, work(M + 9, "hourly", EIGHT)),
        queue(M + 10, WorkHeld(f"w{M + 9}-1", "lane_full")),
    ),
    "a deadline that has passed": (
        *LINE_OPEN[:2], planner(M + 2, work(M + 2, "line", HALF, start_before=SEVEN)),
        queue(M + 3, WorkHeld(FIRST, "lane_full")), came(SEVEN),
        queue(M + 5, WorkDropped(FIRST, "start_deadline")),
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


def test_every_promise_about_intents_is_broken_at_least_three_times() -> None:
    assert all(len(cases) >= 3 for cases in BAD.values())
