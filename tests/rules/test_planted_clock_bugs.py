"""Bugs in the rules of the clock and the planner, planted one at a time: `verify` finds each."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from actors.clock.arming import arm
from actors.replay.books import BOOKS
from events.budget import BudgetOpened
from events.catalogue import AnyFact
from events.configuration import Configuration, ConfigurationLoaded, Intent
from events.intents import (
    AlertRaised,
    IntentAdded,
    IntentRemoved,
    IntentsConfigured,
    IntentSwitched,
    OccurrenceBuffered,
    OccurrenceEnded,
    WorkOvertaken,
)
from events.plan import OccurrenceSkipped
from events.requests import RequestRefused, RequestRepeated
from events.time import (
    ClockStepped,
    DayStarted,
    HostSlept,
    IdleProbing,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
    OccurrencesReopened,
    OccurrencesSuperseded,
)
from events.work import WorkPlanned, WorkStopping
from tests.rules.planted_clock_story import found_in, lived
from tests.rules.planted_story import (
    Books,
    Learn,
    deaf,
    learning,
    never,
    saying,
    seeds_until,
    twice,
    with_,
)

A_SECOND = timedelta(seconds=1)

Change = Callable[[Intent], Intent]


def reading(change: Change, actor: str = "clock", **house: Any) -> Books:
    """The books, one of which reads something else in the configuration."""

    def learn(state: Any, fact: AnyFact, at: datetime) -> AnyFact:
        if isinstance(fact, ConfigurationLoaded) and fact.configuration is not None:
            return replace(fact, configuration=read(fact.configuration))
        return fact

    def read(settings: Configuration) -> Configuration:
        intents = {name: change(intent) for name, intent in settings.intents.items()}
        return replace(settings, intents=intents, **house)

    return learning(actor, learn)


def as_(**fields: Any) -> Change:
    """Every intent with other settings."""
    return lambda intent: replace(intent, **fields)


def _forgets_upon(kind: type[AnyFact]) -> Learn:
    def learn(clock: Any, fact: AnyFact, at: datetime) -> AnyFact:
        if isinstance(fact, kind):
            for name, armed in clock.intents.items():
                armed.ran.clear()
                armed.mark = min(armed.mark, at - timedelta(hours=3))
                arm(clock, name, armed)
        return fact

    return learn


def _no_pause(planner: Any, fact: AnyFact, at: datetime) -> AnyFact:
    planner.paused.clear()
    return fact


def _the_last_first(planner: Any, fact: AnyFact, at: datetime) -> AnyFact:
    for waiting in planner.buffered.values():
        waiting.sort(key=lambda it: it.due_at, reverse=True)
    return fact


def _not_idle(queue: Any, fact: AnyFact, at: datetime) -> AnyFact:
    return replace(fact, only_if_idle=False) if isinstance(fact, WorkPlanned) else fact


def _one_less(missed: OccurrenceMissed) -> int:
    return missed.count - (missed.count > 1)


BY_THE_LOG: dict[str, Callable[[], Books]] = {
    "what was due is due again when the clock is put back": lambda: learning(
        "clock", _forgets_upon(ClockStepped)
    ),
    "what was due is due again when the machine has slept": lambda: learning(
        "clock", _forgets_upon(HostSlept)
    ),
    "an edit supersedes nothing": lambda: saying("clock", OccurrencesSuperseded, never),
    "what was missed is passed over": lambda: saying("clock", OccurrenceMissed, never),
    "one less is missed": lambda: saying("clock", OccurrenceMissed, with_(count=_one_less)),
    "what clocks pass over is passed over in silence": lambda: saying(
        "clock", OccurrenceSkipped, never
    ),
    "what is too late is passed over in silence": lambda: saying("clock", OccurrenceExpired, never),
    "some become nothing": lambda: saying(
        "clock", OccurrencesCoalesced, with_(into=lambda it: it.into - A_SECOND)
    ),
    "not all are told beforehand": lambda: saying(
        "clock", OccurrencesExpected, with_(intents=lambda it: it.intents[1:])
    ),
    "more are told beforehand than come": lambda: saying(
        "clock",
        OccurrencesExpected,
        with_(intents=lambda it: tuple(replace(one, count=one.count + 2) for one in it.intents)),
    ),
    "verdicts are withdrawn twice": lambda: saying("clock", OccurrencesReopened, twice),
    "verdicts are never withdrawn": lambda: saying("clock", OccurrencesReopened, never),
    "a day that comes again is a new one": lambda: saying(
        "clock", DayStarted, with_(again=lambda it: False)
    ),
    "a day that comes again has all its money": lambda: saying(
        "budget", BudgetOpened, with_(revision=lambda it: 1)
    ),
    "windows are ignored": lambda: reading(as_(windows=())),
    "both passes of an hour count": lambda: reading(as_(dst_overlap="both")),
    "times are read in another zone": lambda: reading(as_(timezone="Asia/Kolkata")),
    "what is due a second late is due then": lambda: saying(
        "clock", OccurrenceDue, with_(due_at=lambda it: it.due_at - A_SECOND)
    ),
    "a switch by hand is not heard by the clock": lambda: deaf("clock", IntentSwitched),
    "a removal by hand is not heard by the clock": lambda: deaf("clock", IntentRemoved),
    "an intent is added twice": lambda: saying("planner", IntentAdded, twice),
    "a request about an intent is not answered": lambda: saying("planner", IntentRemoved, never),
    "a signal that nobody hears is not answered": lambda: saying("clock", RequestRefused, never),
    "a signal that comes again is not answered": lambda: saying("clock", RequestRepeated, never),
    "what is new is said to be gone": lambda: saying(
        "clock", IntentsConfigured, with_(removed=lambda it: it.added)
    ),
    "an alert is raised again and again": lambda: saying("clock", AlertRaised, twice),
    "the machine is looked at twice": lambda: saying("clock", IdleProbing, twice),
    "the planner ignores pauses": lambda: learning("planner", _no_pause),
    "what waits is lost": lambda: deaf("planner", OccurrenceBuffered),
    "what waits in silence": lambda: saying("planner", OccurrenceBuffered, never),
    "the last to wait goes first": lambda: learning("planner", _the_last_first),
    "the end of an occurrence is told twice": lambda: saying("planner", OccurrenceEnded, twice),
    "what is overtaken goes on": lambda: saying("phase_queue", WorkStopping, never),
    "the machine need not be idle": lambda: learning("phase_queue", _not_idle),
}

BY_DECIDING_AGAIN: dict[str, Callable[[], Books]] = {
    "one more is made up for": lambda: reading(
        lambda it: it if it.misfire_limit is None else replace(it, misfire_limit=5)
    ),
    "nothing is too old to be made up for": lambda: reading(as_(misfire_window_seconds=None)),
    "jitter is ignored": lambda: reading(as_(jitter_seconds=0)),
    "deadlines are ignored": lambda: reading(as_(start_deadline_seconds=None)),
    "what restarts the daemon is made up for": lambda: reading(as_(self_restart=False)),
    "all are made up for at once": lambda: reading(
        as_(), clock=replace(Configuration().clock, catch_up_limit=1_000)
    ),
    "the planner buffers what is to be skipped": lambda: reading(
        as_(overlap="buffer_all"), "planner"
    ),
    "nothing is told beforehand": lambda: saying("clock", OccurrencesExpected, never),
    "nothing is overtaken": lambda: saying("planner", WorkOvertaken, never),
    "all that is missed is missed for no policy": lambda: saying(
        "clock", OccurrenceMissed, with_(policy=lambda it: "")
    ),
}


@pytest.mark.parametrize("bug", BY_THE_LOG)
def test_a_log_gives_away_that(bug: str) -> None:
    assert seeds_until(BY_THE_LOG[bug](), lambda books, seed: found_in(books, seed).violations)


@pytest.mark.parametrize("bug", BY_DECIDING_AGAIN)
def test_deciding_again_gives_away_that(bug: str) -> None:
    books = BY_DECIDING_AGAIN[bug]()
    assert seeds_until(books, lambda planted, seed: found_in(planted, seed).differences)


def test_the_rules_of_time_as_they_are_give_nothing_away() -> None:
    for seed in range(20):
        found = found_in(BOOKS, seed)
        assert (found.violations, found.differences) == ([], []), seed
        assert lived(BOOKS, seed)[1], seed
