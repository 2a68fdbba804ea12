"""What people are told, and whether it reached them."""

from collections.abc import Sequence
from datetime import datetime

import click

from horarium.commands.looking import as_of_option, looking
from horarium.commands.options import Moment, with_places
from horarium.commands.showing import moment
from horarium.places import Places
from horarium.points import Point
from horarium.tables import Cell, Column, Value, faint, gap, line, show, show_json, title
from projections.moments import rfc3339
from projections.queries.alerts import Alert
from projections.queries.alerts import alerts as known_alerts
from projections.queries.documents import LIMIT_MAX

COLUMNS = (Column("alert"), Column("about"), Column("since", right=True), Column("told"),
           Column("", long=True))  # fmt: skip
DELIVERIES = {
    "": "nobody",
    "waiting": "not yet",
    "delivered": "by somebody",
    "failed": "could not be delivered",
}


@click.command()
@click.option("--since", type=Moment(), metavar="TIME",
              help="Also those that were over since then: 2h, yesterday, 2026-11-20.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), default=100, show_default=True)
@as_of_option
@with_places
def alerts(
    here: Places, as_json: bool, since: datetime | None, limit: int, as_of: Point | None
) -> None:
    """The alerts that stand, and whether they reached anybody."""
    with looking(here, as_of=as_of) as connection:
        found = known_alerts(connection, since=rfc3339(since) if since else None, limit=limit)
    if as_json:
        show_json(found)
    elif found:
        show(COLUMNS, map(_row, found))
    else:
        line("There are no alerts.")


def tell_alerts(found: Sequence[Alert]) -> None:
    """A part of a screen, if there are any."""
    if found:
        gap()
        title("Alerts")
        show(COLUMNS, map(_row, found), 2)


def _row(alert: Alert) -> Sequence[Value]:
    over = f"over {moment(alert.cleared_at)}: " if alert.cleared_at else ""
    told = DELIVERIES[alert.delivery]
    if alert.delivered_at:
        told = f"by {alert.delivered_by}, {moment(alert.delivered_at)}"
        told = told if alert.delivery else f"not again: {told}"
    return (
        faint(alert.alert) if alert.cleared_at else Cell(alert.alert, "yellow"),
        alert.subject,
        moment(alert.raised_at),
        Cell(told, "red") if alert.delivery == "failed" else told,
        faint(f"{over}{alert.words}"),
    )
