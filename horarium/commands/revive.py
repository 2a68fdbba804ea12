"""What is buried, and trying it again."""

from collections.abc import Sequence

import click

from horarium.commands.asking import Asked, ask, key_option
from horarium.commands.looking import looking
from horarium.commands.options import with_places
from horarium.commands.showing import cost, moment, words
from horarium.places import Places
from horarium.tables import Column, Value, faint, line, show, show_json
from projections.queries.alerts import Buried, buried
from projections.queries.documents import LIMIT_MAX

COLUMNS = (Column("work"), Column("name"), Column("action"), Column("attempts", right=True),
           Column("cost", right=True), Column("at", right=True),
           Column("", long=True))  # fmt: skip


@click.command()
@click.argument("work", required=False)
@click.option("--note", default="", metavar="TEXT", help="Why, for whoever reads the log.")
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), default=50, show_default=True,
              help="Of what is listed.")  # fmt: skip
@key_option
@with_places
def revive(here: Places, as_json: bool, work: str | None, note: str, limit: int, key: str) -> None:
    """Plan buried WORK anew, as it is configured now; without WORK, list what is buried."""
    if work is None:
        _list(here, as_json, limit)
        return
    from events.requests import ReviveRequested

    ask(here, Asked(ReviveRequested(work, key, note), key), as_json)


def _list(here: Places, as_json: bool, limit: int) -> None:
    with looking(here) as connection:
        found = buried(connection, limit=limit)
    if as_json:
        show_json(found)
    elif found:
        show(COLUMNS, map(_row, found))
    else:
        line("Nothing is buried.")


def _row(work: Buried) -> Sequence[Value]:
    spent = cost(work.cost_usd_micros)
    return (
        work.work,
        work.name,
        work.action or "",
        str(work.attempt),
        spent,
        moment(work.ended_at),
        faint(words(work.reason)),
    )
