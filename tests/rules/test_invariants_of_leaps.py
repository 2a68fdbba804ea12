"""What a log may hold where a clock was put far ahead, and nobody has noticed yet."""

from datetime import UTC, datetime, timedelta

from events.budget import FundsReserved
from events.catalogue import AnyFact
from events.configuration import Action, Configuration, ConfigurationLoaded, Step
from events.record import Record
from events.runs import RunClosed, RunRetrying, RunStarting
from events.time import AlarmCleared, AlarmRang, AlarmSet, TimePassed
from events.work import WorkPlanned, WorkReleased
from projections.invariants.check import Violation
from projections.invariants.checker import Checker

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEAPT = NOON + timedelta(days=60)
HOUSE = Configuration(actions={"ask": Action(attempts=2)})


def said_of_holds(*facts: tuple[AnyFact, datetime]) -> list[Violation]:
    found: list[Violation] = []
    checker = Checker(found.append)
    checker.take(
        [Record(nth, at, "somebody", None, fact) for nth, (fact, at) in enumerate(facts, 1)]
    )
    return [it for it in found if it.invariant == "hold"]


def test_what_is_tried_again_at_the_time_that_the_record_itself_bears_is_not_too_early() -> None:
    planned = WorkPlanned("w1-1", "ask", "request", "k", (Step(action="ask"),), "study", "main")
    again = WorkReleased("w1-1", "r2-1", "ask", 1, 2, "study", 0)

    def told(retry_at: datetime) -> list[Violation]:
        return said_of_holds(
            (ConfigurationLoaded("d", HOUSE), NOON),
            (planned, NOON),
            (WorkReleased("w1-1", "r1-1", "ask", 1, 1, "study", 0), NOON),
            (FundsReserved("r1-1", "w1-1", "study", 0, NOON.date()), NOON),
            (RunStarting("r1-1", "w1-1", "ask", 1, 1, "command", NOON), NOON),
            (RunClosed("r1-1", "w1-1", "ask", "timed_out"), LEAPT),
            (RunRetrying("w1-1", 1, "ask", 2, retry_at), LEAPT),
            (again, LEAPT),
        )

    assert told(LEAPT) == []
    assert len(told(LEAPT + timedelta(seconds=1))) == 1


def test_an_alarm_that_was_set_anew_before_its_ringing_was_written_rings_for_each_time() -> None:
    ring = AlarmRang("work:w1-1", "phase_queue", NOON)
    clear = AlarmCleared("work:w1-1", "phase_queue")
    setting = AlarmSet("work:w1-1", "phase_queue", NOON)

    def told(*causes: int) -> list[str]:
        found: list[Violation] = []
        facts: list[tuple[str, int | None, AnyFact]] = [
            ("phase_queue", None, setting),
            ("timer", None, TimePassed()),  # Upon this the first one rings, but somewhat later.
            ("phase_queue", None, clear),
            ("phase_queue", None, setting),
            ("timer", None, TimePassed()),
            *(("clock", cause, ring) for cause in causes),
        ]
        checker = Checker(found.append)
        checker.take(
            [Record(n, LEAPT, by, cause, it) for n, (by, cause, it) in enumerate(facts, 1)]
        )
        return [it.reason for it in found if it.invariant == "alarm"]

    assert told(2, 5) == []
    assert len(told(5, 5)) == 1 and len(told(2, 2)) == 1 and len(told(2, 5, 5)) == 1
