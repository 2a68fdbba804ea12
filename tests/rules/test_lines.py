"""What the daemon prints of time, occurrences and intents."""

from datetime import UTC, datetime

import pytest

from events.budget import BudgetExhausted
from events.catalogue import AnyFact
from events.intents import IntentAdded, IntentsConfigured, IntentSwitched
from events.record import Record
from events.time import ClockStepped, HostSlept, OccurrenceExpired, OccurrencesCoalesced
from horarium.daemon.lines import level_of, line_of
from tests.rules.projection_story import ANSWERS, BELL, DAWN, NOON, OF_TIME_AND_INTENTS, TODAY

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SAID: list[tuple[AnyFact, str, str]] = [
    (HostSlept(9_000, NOON), "the machine slept for 9 s", "INFO"),
    (ClockStepped(-9_500, NOON), "the clock was set back by 9.5 s", "WARNING"),
    (
        OccurrencesCoalesced("daily", DAWN, NOON, 3, NOON, "host_slept"),
        "daily makes up once for 3 overdue: host_slept",
        "INFO",
    ),
    (
        OccurrenceExpired("daily", NOON, "start_deadline"),
        "daily expired: start_deadline",
        "WARNING",
    ),
    (IntentAdded("ring", BELL, "request"), "intent ring added (request)", "INFO"),
    (IntentSwitched("ring", False), "intent ring disabled", "INFO"),
    (
        IntentsConfigured(tuple(f"i{n}" for n in range(10)), removed=("old",)),
        "intents of the configuration: added i0, i1, i2, i3, i4, i5, i6, i7 and 2 more; "
        "removed old",
        "INFO",
    ),
    (BudgetExhausted(TODAY, "research"), "nothing is left for research on 2026-11-20", "WARNING"),
]


@pytest.mark.parametrize(("fact", "line", "level"), SAID, ids=[fact.kind for fact, _, _ in SAID])
def test_a_fact_is_told_in_a_line(fact: AnyFact, line: str, level: str) -> None:
    assert line_of(Record(1, AT, "clock", None, fact)) == line
    assert level_of(fact) == level


def test_whatever_is_told_is_one_printable_line() -> None:
    facts = (*OF_TIME_AND_INTENTS, *(fact for _, fact, _ in ANSWERS))
    told = [line for fact in facts if (line := line_of(Record(1, AT, "clock", None, fact)))]
    assert len(told) > 20 and all(line.isprintable() for line in told)
