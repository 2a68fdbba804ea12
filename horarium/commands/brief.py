"""What happened lately, and what needs a person."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import click

from events.plan import WITHDRAWALS
from horarium import times
from horarium.commands.alerts import tell_alerts
from horarium.commands.fates import why
from horarium.commands.looking import looking
from horarium.commands.options import Moment, with_places
from horarium.commands.showing import cost, counted, moment, tally, words
from horarium.places import Places
from horarium.tables import (
    Cell,
    Column,
    Columns,
    Value,
    faint,
    gap,
    show,
    show_json,
    state,
    title,
)
from projections.queries.brief import Brief, Failure, Gone, Missed, Need, Ran
from projections.queries.brief import brief as briefed
from projections.queries.documents import LIMIT_MAX

RAN = (Column("action"), *(Column(heading, right=True)
       for heading in ("runs", "succeeded", "took", "cost", "last")))  # fmt: skip
FAILED = (Column("run"), Column("action"), Column("state"), Column("at", right=True),
          Column("exit", right=True), Column("", long=True))  # fmt: skip
DROPPED = (Column("work"), Column("name"), Column("state"), Column("at", right=True),
           Column("", long=True))  # fmt: skip
MISSED = (Column("intent"), Column("verdict"), Column("due", right=True),
          Column("times", right=True), Column("", long=True))  # fmt: skip
NEEDS = (Column("work"), Column("name"), Column("at", right=True), Column("", long=True))


@click.command()
@click.option("--since", type=Moment(), default="24h", show_default=True, metavar="TIME",
              help="From then on: 2h, yesterday, 18:00, 2026-11-20.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), default=20, show_default=True,
              help="Of each list.")  # fmt: skip
@with_places
def brief(here: Places, as_json: bool, since: datetime, limit: int) -> None:
    """What ran, what it cost, what failed, what was dropped, and what needs you."""
    with looking(here) as connection:
        found = briefed(connection, since=since, limit=limit)
    if as_json:
        show_json(found)
    else:
        _tell(found)


def _tell(found: Brief) -> None:
    title(f"Since {moment(found.since)}", _summed(found))
    tell_alerts(found.alerts)
    _part("Needs you", NEEDS, map(need_row, found.needs))
    _part("Failed", FAILED, map(_failure, found.failed))
    _part(
        "Dropped",
        DROPPED,
        (_gone(work) for work in found.dropped if work.reason not in WITHDRAWALS),
    )
    _part("Missed", MISSED, map(_missed, found.missed))
    _part("Ran", RAN, map(_ran, found.ran))


def _summed(found: Brief) -> str:
    if not found.runs:
        return "nothing ran"
    costs = [f"{name} {times.money(amount)}" for name, amount in found.cost_by_category.items()]
    spent = f": {', '.join(costs)}" if len(costs) > 1 else ""
    return (
        f"{counted(found.runs, 'run')}, {found.succeeded:,} succeeded, "
        f"{times.money(found.cost_usd_micros)}{spent}"
    )


def _part(heading: str, columns: Columns, rows: Iterable[Sequence[Value]]) -> None:
    if made := list(rows):
        gap()
        title(heading)
        show(columns, made, 2)


def need_row(need: Need) -> Sequence[Value]:
    """A line on what a person has to look at."""
    return need.work, need.name, moment(need.at), Cell(need.what, "yellow")


def _ran(ran: Ran) -> Sequence[Value]:
    return (
        ran.action,
        tally(ran.runs),
        tally(ran.succeeded, "green"),
        times.duration(ran.duration_ms),
        cost(ran.cost_usd_micros),
        moment(ran.last_ended_at),
    )


def _failure(run: Failure) -> Sequence[Value]:
    code = "" if run.exit_code is None else str(run.exit_code)
    attempt = f"attempt {run.attempt}" if run.attempt > 1 else ""
    why = ", ".join(part for part in (words(run.reason), attempt) if part)
    return run.run, run.action, state(run.state), moment(run.ended_at), code, faint(why)


def _gone(work: Gone) -> Sequence[Value]:
    where = f" ({work.phase})" if work.phase else ""
    why = f"{words(work.reason)}{where}"
    return work.work, work.name, state(work.state), moment(work.ended_at), faint(why)


def _missed(missed: Missed) -> Sequence[Value]:
    due = moment(missed.due_at)
    until = f" to {moment(missed.last_due_at)}" if missed.count > 1 else ""
    times_ = f"{missed.count:,}{' or more' if missed.at_least else ''}"
    return (
        missed.intent,
        state(missed.verdict),
        f"{due}{until}",
        times_,
        faint(why(missed.reason)),
    )
