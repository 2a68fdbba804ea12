"""The history of runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from horarium import reading, times
from horarium.commands.looking import as_of_option, looking
from horarium.commands.options import Moment, with_places
from horarium.commands.showing import cost, moment
from horarium.places import Places
from horarium.points import Point
from horarium.tables import Column, Value, faint, line, show, show_json, state
from projections.queries.documents import LIMIT_MAX
from projections.queries.runs import Run
from projections.queries.runs import runs as found_runs

STATES = ("starting", "waiting", "running", "succeeded", "failed", "timed_out", "cancelled",
          "misconfigured", "too_late", "unknown", "not_ready", "rate_limited",
          "quota_exhausted")  # fmt: skip
COLUMNS: Sequence[Column] = (
    Column("run"),
    Column("started", right=True),
    Column("action"),
    Column("phase"),
    Column("state"),
    Column("took", right=True),
    Column("cost", right=True),
    Column("", long=True),
)

WITH_AGENTS: Sequence[Column] = (
    *COLUMNS[:-1],
    Column("by"),
    Column("tokens", right=True),
    COLUMNS[-1],
)
PLAIN = ("", "command", "python", "noop", "sweep")


@click.command()
@click.option("--action", metavar="NAME", help="Only runs of this action.")
@click.option("--template", metavar="NAME", help="Only runs of work from this template.")
@click.option("--category", metavar="NAME", help="Only runs of this category.")
@click.option("--phase", metavar="NAME", help="Only runs of work of this phase.")
@click.option("--state", "states", type=click.Choice(STATES), help="Only runs in this state.")
@click.option("--since", type=Moment(), metavar="TIME", help="From then on: 2h, yesterday, 18:00.")
@click.option("--until", type=Moment(end=True), metavar="TIME",
              help="Before then; a day means until its end.")  # fmt: skip
@click.option("--text", metavar="TEXT", help="Only where it stands in names, summary or output.")
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), default=20, show_default=True)
@as_of_option
@with_places
def runs(
    here: Places,
    as_json: bool,
    states: str | None,
    since: datetime | None,
    until: datetime | None,
    text: str | None,
    limit: int,
    as_of: Point | None,
    **names: str | None,
) -> None:
    """The history of runs, the newest first."""
    with looking(here, as_of=as_of) as connection:
        found = found_runs(
            connection, state=states, since=since, until=until, text=text, limit=limit, **names
        )
    if not found:
        _check(here, names)
    if as_json:
        show_json(found)
    elif found:
        show_runs(found)
    else:
        line("No run fits this description.")


def show_runs(found: Sequence[Run], indent: int = 0) -> None:
    """A table of runs. Who answered, and with how many tokens, is shown where anybody did."""
    if any(run.model or run.executor not in PLAIN for run in found):
        show(WITH_AGENTS, [_agent_row(run) for run in found], indent)
    else:
        show(COLUMNS, [_row(run) for run in found], indent)


def _row(run: Run) -> Sequence[Value]:
    return (
        run.run,
        moment(run.started_at or run.ended_at),
        run.action if run.action == run.name else f"{run.action} ({run.name})",
        run.phase,
        state(run.state),
        times.duration(run.duration_ms) if run.ended_at else "",
        cost(run.cost_usd_micros),
        faint(run.told),
    )


def _agent_row(run: Run) -> Sequence[Value]:
    *first, said = _row(run)
    asked = f"{run.executor} {run.model}" if run.model else run.executor
    return (*first, faint(asked), f"{run.tokens:,}" if run.tokens else "", said)


def _check(here: Places, named: Mapping[str, str | None]) -> None:
    """Nothing was found: perhaps because a name was mistyped."""
    for kind, name in named.items():
        if name is None:
            continue
        known = reading.names(here, kind)
        if kind == "template":
            known += reading.names(here, "action")
        if known and name not in known:
            raise click.UsageError(
                f"no {kind} is called {name!r}.{reading.did_you_mean(name, known)}"
            )
