"""How executors are faring: who rests, why, and until when."""

from typing import Final

from events.record import Record
from events.runs import ExecutorRecovered, ExecutorRested
from projections.moments import rfc3339
from projections.rows import Handlers, Tables

NAME: Final = "executors"


def executor_rested(tables: Tables, record: Record, fact: ExecutorRested, at: str) -> None:
    executor = tables.executors.make(fact.executor)
    executor.since = executor.since if executor.resting else at
    executor.resting = True
    executor.reason = fact.reason
    executor.until = rfc3339(fact.until)
    executor.rests += 1


def executor_recovered(tables: Tables, record: Record, fact: ExecutorRecovered, at: str) -> None:
    executor = tables.executors.make(fact.executor)
    executor.resting = False
    executor.since = executor.until = None


HANDLERS: Handlers = {
    ExecutorRested: executor_rested,
    ExecutorRecovered: executor_recovered,
}
