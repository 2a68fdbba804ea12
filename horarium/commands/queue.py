"""What waits, and for what."""

from collections.abc import Sequence

import click

from horarium.commands.looking import as_of_option, looking
from horarium.commands.options import with_places
from horarium.commands.sayings import HOLDS
from horarium.commands.showing import cost, counted, moment
from horarium.places import Places
from horarium.points import Point
from horarium.tables import Cell, Column, Value, faint, line, show, show_json
from projections.queries.documents import LIMIT_MAX
from projections.queries.queue import Waiting, waiting_for
from projections.queries.queue import queue as waiting

COLUMNS = (
    Column("work"),
    Column("name"),
    Column("priority"),
    Column("phase"),
    Column("waits for"),
    Column("until", right=True),
    Column("planned", right=True),
    Column("estimate", right=True),
    Column("", long=True),
)


@click.command()
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), default=200, show_default=True)
@as_of_option
@with_places
def queue(here: Places, as_json: bool, limit: int, as_of: Point | None) -> None:
    """What waits, in the order in which it will be released, and for what."""
    with looking(here, as_of=as_of) as connection:
        found = waiting(connection, limit=limit)
        reasons = waiting_for(connection)
    if as_json:
        show_json(found)
    elif found:
        show(COLUMNS, [_row(work) for work in found])
        if (more := sum(reasons.values()) - len(found)) > 0:
            line(faint(f"and {more:,} more; --limit shows them"))
    else:
        line("Nothing waits.")


def _row(work: Waiting) -> Sequence[Value]:
    tries = f"attempt {work.attempt}" if work.attempt > 1 else ""
    deferred = f"deferred {counted(work.deferrals, 'time')}" if work.deferrals else ""
    return (
        work.work,
        work.name,
        Cell(work.priority, "bold") if work.priority == "critical" else work.priority,
        work.phase or faint("any"),
        HOLDS.get(work.reason, work.reason),
        moment(work.until),
        moment(work.planned_at),
        cost(work.estimate_usd_micros),
        faint(", ".join(part for part in (tries, deferred, work.note) if part)),
    )
