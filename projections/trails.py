"""Where the log speaks of each piece of work: so that its story is found without a search."""

from typing import Any, Final

from events.budget import (
    CostCorrected,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.intents import IdleAsked, OccurrenceEnded, WorkOvertaken
from events.plan import WorkWithdrawn
from events.record import Record
from events.runs import (
    ProbeStarting,
    RunAdopted,
    RunCancelling,
    RunClosed,
    RunEnded,
    RunRetrying,
    RunSettled,
    RunStarted,
    RunStarting,
    RunWaiting,
    WorkBuried,
)
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)
from projections.rows import Handlers, Tables

NAME: Final = "trails"
TRAIL_CHARACTERS = 8_000  # of positions: some thousand
OF_WORK = (
    WorkPlanned, WorkHeld, WorkReleased, WorkReturned, StepReached, WorkMoved, WorkDeferred,
    WorkDropped, WorkStopping, WorkCancelled, WorkFinished, WorkWithdrawn, WorkBuried,
    FundsOffered, FundsReserved, FundsRefused, FundsSettled, FundsReturned, CostCorrected,
    RunStarting, RunClosed, RunCancelling, RunRetrying, RunWaiting, RunSettled, ProbeStarting,
    WorkOvertaken, IdleAsked, OccurrenceEnded,
)  # fmt: skip
OF_RUN = (RunStarted, RunAdopted, RunEnded, FundsOverrun)


def work_named(tables: Tables, record: Record, fact: Any, at: str) -> None:
    _tread(tables, record, fact.work)


def run_named(tables: Tables, record: Record, fact: Any, at: str) -> None:
    if run := tables.runs.see(fact.run):
        _tread(tables, record, run.work)


def _tread(tables: Tables, record: Record, name: str) -> None:
    """Of a trail that is too long the beginning stays, and the newest."""
    work = tables.works.find(name)
    if work is None:
        return
    work.trail += f" {record.position}"
    if len(work.trail) > TRAIL_CHARACTERS:
        begin, rest = work.trail[:200], work.trail[-TRAIL_CHARACTERS // 2 :]
        work.trail = f"{begin.rpartition(' ')[0]} {rest.partition(' ')[2]}"


HANDLERS: Handlers = {
    **dict.fromkeys(OF_WORK, work_named),
    **dict.fromkeys(OF_RUN, run_named),
}
