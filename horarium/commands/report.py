"""Counts, success, duration and cost, grouped."""

import csv
import sys
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import get_args

import click

from horarium import times
from horarium.commands.looking import looking
from horarium.commands.options import Day, with_places
from horarium.commands.showing import cost, rate, tally
from horarium.places import Places
from horarium.tables import Column, Value, line, plain, show, show_json, title
from projections.queries.report import By, Line, Report
from projections.queries.report import report as reported

DAYS = 7
FORMATS = ("table", "json", "csv", "md")
PLAIN = ("runs", "succeeded", "failed", "timed_out", "cancelled", "misconfigured", "too_late",
         "unknown", "not_ready", "rate_limited", "quota_exhausted")  # fmt: skip
FIGURES = (*PLAIN, "success_rate_millis", "mean_duration_ms", "cost_usd_micros")
HEADINGS = ("runs", "succeeded", "failed", "success", "mean", "cost")


@click.command()
@click.option("--from", "first", type=Day(), metavar="DAY",
              help="The first day; without it a week is told.")  # fmt: skip
@click.option("--to", "last", type=Day(), metavar="DAY", default="today", show_default=True,
              help="The last day.")  # fmt: skip
@click.option("--by", type=click.Choice(get_args(By)), default="category", show_default=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@with_places
def report(here: Places, as_json: bool, first: date | None, last: date, by: By, form: str) -> None:
    """Counts, success rate, mean duration and cost of the runs of some days."""
    begin = first or last - timedelta(days=DAYS - 1)
    if begin > last:
        raise click.UsageError(f"--from {begin} lies behind --to {last}")
    with looking(here) as connection:
        found = reported(connection, by=by, first=begin, last=last)
    match "json" if as_json else form:
        case "json":
            show_json(found)
        case "csv":
            _show_csv(found)
        case "md":
            _show_markdown(found)
        case _:
            _show_table(found)


def _show_table(found: Report) -> None:
    if not found.lines:
        line(f"Nothing ran from {found.first} to {found.last}.")
        return
    title(f"{found.first} to {found.last}")
    columns = (Column(found.by), *(Column(heading, right=True) for heading in HEADINGS))
    rows = [_row(each.group or "(none)", each) for each in found.lines]
    show(columns, [*rows, *([_row("all", found.total)] if found.total else [])])


def _row(name: str, found: Line) -> Sequence[Value]:
    bad = found.runs - found.succeeded
    return (
        name,
        tally(found.runs),
        tally(found.succeeded, "green"),
        tally(bad, "red"),
        rate(found.success_rate_millis),
        _mean(found),
        cost(found.cost_usd_micros),
    )


def _mean(found: Line) -> str:
    return "" if found.mean_duration_ms is None else times.duration(found.mean_duration_ms)


def _show_csv(found: Report) -> None:
    """One line for each group, without the total, figures in their own units."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow((found.by, *FIGURES))
    for each in found.lines:
        writer.writerow((each.group or "", *(getattr(each, name) for name in FIGURES)))


def _show_markdown(found: Report) -> None:
    """A table that any Markdown reader understands."""
    _write_row((found.by, *HEADINGS))
    _write_row(("---", *("---:" for _ in HEADINGS)))
    for each in found.lines:
        _write_row(_figures(each.group or "(none)", each))
    if found.total:
        _write_row(_figures("**all**", found.total))


def _figures(name: str, found: Line) -> Iterable[str]:
    return (
        name,
        f"{found.runs}",
        f"{found.succeeded}",
        f"{found.runs - found.succeeded}",
        rate(found.success_rate_millis),
        _mean(found),
        times.money(found.cost_usd_micros),
    )


def _write_row(cells: Iterable[str]) -> None:
    shown = " | ".join(plain(cell).replace("|", "\\|") for cell in cells)
    sys.stdout.write(f"| {shown} |\n")
