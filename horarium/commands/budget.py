"""The money of a day."""

from collections.abc import Sequence
from datetime import date

import click

from horarium import times
from horarium.commands.looking import as_of_option, looking
from horarium.commands.options import Day, Refusal, with_places
from horarium.commands.showing import cost, day_name, moment, purse, tally, words
from horarium.places import Places
from horarium.points import Point
from horarium.tables import Cell, Column, Value, faint, gap, show, show_json, title
from projections.queries.budget import CategoryBudget, Movement, Purse
from projections.queries.budget import budget as purse_of
from projections.queries.documents import LIMIT_MAX

CATEGORIES = (
    Column("category"),
    Column("spent", right=True),
    Column("reserved", right=True),
    Column("left", right=True),
    Column("of", right=True),
    Column(""),
    Column("refused", right=True),
    Column("", long=True),
)
MOVEMENTS = (
    Column("at", right=True),
    Column("movement"),
    Column("category"),
    Column("amount", right=True),
    Column("run"),
    Column("", long=True),
)


@click.command()
@click.argument("day", type=Day(), required=False)
@click.option("--movements", type=click.IntRange(0, LIMIT_MAX), default=10, show_default=True,
              help="How many lines of the ledger.")  # fmt: skip
@as_of_option
@with_places
def budget(
    here: Places, as_json: bool, day: date | None, movements: int, as_of: Point | None
) -> None:
    """The day's money by category: spent, reserved, left."""
    with looking(here, as_of=as_of) as connection:
        found = purse_of(connection, day, movements=movements)
    if found is None:
        raise Refusal(f"no money was opened {f'on {day}' if day else 'yet'}")
    if as_json:
        show_json(found)
        return
    title(day_name(found.day), summed(found))
    gap()
    show_categories(found.categories)
    if found.movements:
        gap()
        show(MOVEMENTS, [_movement(each) for each in found.movements], 2)


def summed(found: Purse) -> str:
    """A day's money in a line."""
    parts = [
        f"{times.money(found.settled_usd_micros)} of {times.money(found.limit_usd_micros)} spent",
        f"{times.money(found.reserved_usd_micros)} reserved" if found.reserved_usd_micros else "",
        f"{times.money(found.left_usd_micros)} left",
        f"the last {times.money(found.reserve_usd_micros)} for critical work"
        if found.reserve_usd_micros
        else "",
    ]
    return ", ".join(part for part in parts if part)


def show_categories(found: Sequence[CategoryBudget]) -> None:
    """A line with a bar for each category."""
    show(CATEGORIES, [_category(each) for each in found], 2)


def _category(found: CategoryBudget) -> Sequence[Value]:
    over = found.overrun_usd_micros
    state = "closed" if found.closed else ""
    return (
        found.category,
        cost(found.settled_usd_micros),
        cost(found.reserved_usd_micros),
        cost(found.left_usd_micros),
        cost(found.limit_usd_micros),
        purse(found.settled_usd_micros, found.reserved_usd_micros, found.limit_usd_micros),
        tally(found.refused, "yellow"),
        Cell(f"{state} {times.money(over)} over".lstrip() if over else state, "red"),
    )


def _movement(found: Movement) -> Sequence[Value]:
    return (
        moment(found.at),
        found.movement,
        found.category,
        cost(found.usd_micros),
        found.run,
        faint(words(found.reason)),
    )
