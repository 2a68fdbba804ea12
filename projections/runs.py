"""The run history: every attempt with what it did and cost, and the sums that reports need."""

from typing import Final

from msgspec.json import encode

from events.budget import CostCorrected, FundsReserved, FundsReturned, FundsSettled
from events.cleanup import SweepEnded
from events.record import Record
from events.runs import (
    RunAdopted,
    RunClosed,
    RunEnded,
    RunResult,
    RunSettled,
    RunStarted,
    RunStarting,
    RunWaiting,
    Usage,
)
from projections.moments import rfc3339
from projections.rows import Handlers, Tables
from projections.run_tables import Run, RunTally

NAME: Final = "runs"
INTEGER_MAX = 2**63 - 1  # of SQLite; what a job says of itself may be more


def funds_reserved(tables: Tables, record: Record, fact: FundsReserved, at: str) -> None:
    run = _known(tables, fact.run, fact.work, record, at)
    run.category = fact.category
    run.day = fact.day.isoformat()
    run.reserved_usd_micros = fact.usd_micros
    run.own_limit = fact.own_limit


def run_starting(tables: Tables, record: Record, fact: RunStarting, at: str) -> None:
    run = _known(tables, fact.run, fact.work, record, at)
    run.action = fact.action
    run.step = fact.step
    run.attempt = fact.attempt
    run.executor = fact.executor
    run.state = "starting"


def run_waiting(tables: Tables, record: Record, fact: RunWaiting, at: str) -> None:
    """Until one of those that its executor may run at once has ended."""
    run = _known(tables, fact.run, fact.work, record, at)
    run.executor = fact.executor
    run.state = "waiting"


def run_started(tables: Tables, record: Record, fact: RunStarted, at: str) -> None:
    run = tables.runs.find(fact.run)
    if run and run.state == "starting":
        run.state = "running"
        run.started_at = rfc3339(fact.started_at)


def run_adopted(tables: Tables, record: Record, fact: RunAdopted, at: str) -> None:
    if run := tables.runs.find(fact.run):
        run.adopted = True
        run.state = "running" if run.state == "starting" else run.state


def run_ended(tables: Tables, record: Record, fact: RunEnded, at: str) -> None:
    """The first report counts."""
    run = tables.runs.find(fact.run)
    if run is None or run.ended_at is not None:
        return
    run.ended_at = rfc3339(fact.ended_at)
    if fact.started and run.started_at is None:
        run.started_at = run.at  # Nobody told the moment itself: it was not before this one.
    run.exit_code = fact.exit_code
    run.trouble = fact.trouble
    run.detail = fact.detail
    run.duration_ms = fact.duration_ms
    run.cpu_ms = fact.cpu_ms
    run.peak_bytes = fact.peak_bytes
    run.output_bytes = fact.output_bytes
    run.output_cut = fact.output_cut
    run.tail = fact.tail
    run.result_fault = fact.result_fault
    run.model = fact.model
    run.turns = fact.turns
    run.session = fact.session
    run.resets_at = rfc3339(fact.resets_at) if fact.resets_at else None
    run.is_empty = fact.is_empty
    if fact.result is not None:
        _tell(run, fact.result)
    if fact.usage is not None:
        _count(run, fact.usage)


def run_closed(tables: Tables, record: Record, fact: RunClosed, at: str) -> None:
    run = _known(tables, fact.run, fact.work, record, at)
    if run.state not in ("starting", "waiting", "running"):
        return
    run.action = fact.action
    run.state = fact.outcome
    run.reason = fact.reason
    run.ended_at = run.ended_at or at
    tally = _tally(tables, run)
    tally.runs += 1
    tally.started += fact.started
    tally.duration_ms += run.duration_ms
    setattr(tally, fact.outcome, getattr(tally, fact.outcome) + 1)


def run_settled(tables: Tables, record: Record, fact: RunSettled, at: str) -> None:
    run = tables.runs.find(fact.run)
    if run is None or run.state != "unknown":
        return
    tally = _tally(tables, run)
    tally.unknown -= 1
    setattr(tally, fact.settled_as, getattr(tally, fact.settled_as) + 1)
    run.state = fact.settled_as
    run.settled_by = fact.by
    run.settled_note = fact.note
    run.reason = f"settled by a {fact.by}" + (f": {fact.note}" if fact.note else "")


def funds_settled(tables: Tables, record: Record, fact: FundsSettled, at: str) -> None:
    if run := tables.runs.find(fact.run):
        run.cost_usd_micros = fact.cost_usd_micros
        run.cost_source = fact.source
        _add_cost(_tally(tables, run), fact.cost_usd_micros, fact.source)


def cost_corrected(tables: Tables, record: Record, fact: CostCorrected, at: str) -> None:
    if (run := tables.runs.find(fact.run)) and run.cost_source is not None:
        tally = _tally(tables, run)
        _add_cost(tally, -fact.was_usd_micros, run.cost_source)
        _add_cost(tally, fact.cost_usd_micros, fact.source)
        run.cost_usd_micros = fact.cost_usd_micros
        run.cost_source = fact.source


def funds_returned(tables: Tables, record: Record, fact: FundsReturned, at: str) -> None:
    if run := tables.runs.find(fact.run):
        run.cost_usd_micros = 0


def sweep_ended(tables: Tables, record: Record, fact: SweepEnded, at: str) -> None:
    for name in fact.swept_runs:
        if run := tables.runs.find(name):
            run.swept = True


def _known(tables: Tables, name: str, work_name: str, record: Record, at: str) -> Run:
    """The run; from its first mention it bears what is known of its work."""
    run = tables.runs.find(name)
    if run is not None:
        return run
    run = Run(record.position, name, work_name, at)
    if work := tables.works.see(work_name):
        run.action = work.action or ""
        run.name = work.name
        run.category = work.category
        run.phase = work.phase
        run.day = work.day or ""
        run.lane = work.lane
        run.step = work.step
        run.attempt = work.attempt
    return tables.runs.add(run)


def _tally(tables: Tables, run: Run) -> RunTally:
    return tables.run_tallies.make(run.day, run.action, run.category, run.phase or "", run.executor)


def _add_cost(tally: RunTally, usd_micros: int, source: str) -> None:
    tally.cost_usd_micros += usd_micros
    if source == "priced":
        tally.priced_usd_micros += usd_micros
    elif source == "estimated":
        tally.estimated_usd_micros += usd_micros


def _tell(run: Run, result: RunResult) -> None:
    run.summary = result.summary
    run.insights = encode(result.insights).decode()
    run.questions = encode(result.questions).decode()
    run.artifacts = encode(result.artifacts).decode()
    run.data = result.data_json or None
    run.tokens = None if result.tokens is None else min(result.tokens, INTEGER_MAX)


def _count(run: Run, usage: Usage) -> None:
    run.tokens = usage.total
    run.input_tokens = usage.input
    run.output_tokens = usage.output
    run.cache_read_tokens = usage.cache_read
    run.cache_write_tokens = usage.cache_write


HANDLERS: Handlers = {
    FundsReserved: funds_reserved,
    RunWaiting: run_waiting,
    RunStarting: run_starting,
    RunStarted: run_started,
    RunAdopted: run_adopted,
    RunEnded: run_ended,
    RunClosed: run_closed,
    RunSettled: run_settled,
    FundsSettled: funds_settled,
    CostCorrected: cost_corrected,
    FundsReturned: funds_returned,
    SweepEnded: sweep_ended,
}
