"""What a log may hold where a clock was put far ahead, and nobody has noticed yet."""

from datetime import UTC, datetime, timedelta

from events.budget import FundsReserved
from events.catalogue import AnyFact
from events.configuration import Action, Configuration, ConfigurationLoaded, Step
from events.record import Record
from events.runs import RunClosed, RunRetrying, RunStarting
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
