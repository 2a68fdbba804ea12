"""One line for each day."""

from collections.abc import Sequence
from datetime import date

import click

from horarium.commands.looking import as_of_option, looking
from horarium.commands.options import Day as DayType
from horarium.commands.options import with_places
from horarium.commands.showing import cost, day_name, rate, tally
from horarium.places import Places
from horarium.points import Point
from horarium.tables import Column, Value, faint, gap, line, show, show_json
from projections.queries.days import Day, rolling_summary
from projections.queries.days import days as known_days
from projections.queries.documents import LIMIT_MAX

LOST = ("missed", "expired")  # occurrences that became nothing, and nobody meant that
COLUMNS = (
    Column("day"),
    Column("planned", right=True),
    Column("done", right=True),
    Column("failed", right=True),
    Column("unknown", right=True),
    Column("dropped", right=True),
    Column("cancelled", right=True),
    Column("buried", right=True),
    Column("rate", right=True),
    Column("missed", right=True),
    Column("phases"),
    Column("strongest"),
    Column("weakest"),
    Column("cost", right=True),
)


@click.command()
@click.option("--until", type=DayType(), metavar="DAY", help="The last of them.")
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), default=7, show_default=True)
@click.option("--summary", is_flag=True, help="And a few lines of words on each.")
@as_of_option
@with_places
def days(
    here: Places,
    as_json: bool,
    until: date | None,
    limit: int,
    summary: bool,
    as_of: Point | None,
) -> None:
    """One line for each day, the newest first: what was planned and done, and what it cost."""
    with looking(here, as_of=as_of) as connection:
        found = known_days(connection, until=until, limit=limit)
    if as_json:
        show_json(found)
        return
    if not found:
        line("No day has begun yet.")
    show(COLUMNS, [_row(day) for day in found])
    if summary and found:
        gap()
        for words in rolling_summary(found).splitlines():
            line(words)


def _row(day: Day) -> Sequence[Value]:
    missed = f", {day.phases_missed} missed" if day.phases_missed else ""
    return (
        day_name(day.day),
        tally(day.planned),
        tally(day.completed, "green"),
        tally(day.failed, "red"),
        tally(day.unknown, "yellow"),
        tally(day.dropped, "yellow"),
        tally(day.cancelled),
        tally(day.buried, "red"),
        rate(day.completion_rate_millis),
        tally(sum(day.occurrences.get(verdict, 0) for verdict in LOST), "red"),
        f"{day.phases_completed} of {len(day.phases)}{missed}",
        day.strongest_phase or faint("-"),
        day.weakest_phase or faint("-"),
        cost(day.cost_usd_micros),
    )
