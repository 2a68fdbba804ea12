"""What happened to plan and money between two points of the log."""

from collections.abc import Iterator, Sequence

import click

from horarium import times
from horarium.asof import as_of, opened_log
from horarium.commands.looking import PointOfLog, refusing
from horarium.commands.options import with_places
from horarium.commands.showing import counted, moment, words
from horarium.places import Places
from horarium.points import Point
from horarium.reading import head
from horarium.tables import Cell, Column, Value, faint, gap, line, show, show_json, state, title
from projections.database import place_of
from projections.queries.diff import (
    Amounts,
    Diff,
    Moment,
    MoneyChange,
    Standing,
    WorkChange,
    is_empty,
)
from projections.queries.diff import diff as compared

WORKS = (Column("work"), Column("name"), Column("state"), Column("phase"), Column("", long=True))
MONEY = (
    Column("day"),
    Column("category"),
    Column("of", right=True),
    Column("reserved", right=True),
    Column("spent", right=True),
    Column("over", right=True),
    Column("refused", right=True),
    Column("", long=True),
)
SHOWN = 200  # of each list, on a screen; --json has them all


@click.command()
@click.option("--from", "start", type=PointOfLog(), metavar="POSITION|TIME", required=True,
              help="The earlier point.")  # fmt: skip
@click.option("--to", "end", type=PointOfLog(), metavar="POSITION|TIME",
              help="The later point; by default the end of the log.")  # fmt: skip
@with_places
def diff(here: Places, as_json: bool, start: Point, end: Point | None) -> None:
    """What was planned, withdrawn, moved or changed its state, and the money side by side."""
    found = _found(here, start, end)
    if as_json:
        show_json(found)
        return
    title(f"{_told(found.since)} to {_told(found.until)}")
    if is_empty(found):
        line("Nothing in plan or budget is different.")
        return
    for each in found.plans:
        line(f"plan of {each.day}: revision {each.before} to {each.after}")
    for name in ("added", "withdrawn", "moved", "changed"):
        _tell_works(name, getattr(found, name))
    if found.money:
        gap()
        title("Money", "before and after")
        show(MONEY, [_money(each) for each in found.money], 2)


def _found(here: Places, start: Point, end: Point | None) -> Diff:
    with refusing(), opened_log(here) as log:
        until = head(log) if end is None else end
        with as_of(here, log, start) as before, as_of(here, log, until) as after:
            if place_of(before).position > place_of(after).position:
                raise click.UsageError("--from lies behind --to")
            return compared(before, after)


def _told(point: Moment) -> str:
    return f"{point.position:,} ({moment(point.at)})" if point.at else "the beginning"


def _tell_works(name: str, works: Sequence[WorkChange]) -> None:
    if not works:
        return
    gap()
    title(name.capitalize(), counted(len(works), "piece of work", "pieces of work"))
    show(WORKS, [_work(each) for each in works[:SHOWN]], 2)
    if len(works) > SHOWN:
        line(faint(f"and {len(works) - SHOWN:,} more; --json has them"))


def _work(each: WorkChange) -> Sequence[Value]:
    old, new = each.before, each.after
    where = _where(new)
    if old and _where(old) != where:
        where = f"{_where(old)} -> {where}"
    return each.work, each.name, _state(old, new), where, faint(" -> ".join(_reasons(old, new)))


def _state(old: Standing | None, new: Standing) -> Cell:
    now = state(new.state)
    if old is None or old.state == new.state:
        return now
    return Cell(f"{state(old.state).text} -> {now.text}", now.style)


def _where(standing: Standing) -> str:
    return f"{standing.day or ''} {standing.phase or ''}".strip() or "any time"


def _reasons(old: Standing | None, new: Standing) -> Iterator[str]:
    if old and old.reason != new.reason:
        yield words(old.reason) or "-"
    if new.reason or (old and old.reason):
        yield words(new.reason) or "-"


def _money(each: MoneyChange) -> Sequence[Value]:
    old, new = each.before, each.after
    return (
        each.day,
        each.category or "the day",
        _both(old.limit_usd_micros, new.limit_usd_micros),
        _both(old.reserved_usd_micros, new.reserved_usd_micros),
        _both(old.settled_usd_micros, new.settled_usd_micros),
        _both(old.overrun_usd_micros, new.overrun_usd_micros),
        str(new.refused) if old.refused == new.refused else f"{old.refused} -> {new.refused}",
        _closed(old, new),
    )


def _both(old: int, new: int) -> Value:
    shown = times.money(new)
    return faint(shown) if old == new else f"{times.money(old)} -> {shown}"


def _closed(old: Amounts, new: Amounts) -> Value:
    if old.closed == new.closed:
        return "closed" if new.closed else ""
    return Cell("was closed", "red") if new.closed else Cell("was reopened", "green")
