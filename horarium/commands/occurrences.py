"""The ledger of a day: what was expected, what was due, and the verdict on each of it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from sqlite3 import Connection
from typing import NamedTuple

import click
from msgspec import to_builtins

from horarium import times
from horarium.coming import bounds, house_of, reckoned
from horarium.commands.fates import why
from horarium.commands.looking import as_of_option, looking
from horarium.commands.options import Day as DayType
from horarium.commands.options import Refusal, now, with_places
from horarium.commands.showing import counted, day_name, moment
from horarium.known import intent_names
from horarium.places import Places, owner
from horarium.points import Point
from horarium.reading import did_you_mean
from horarium.tables import Cell, Column, Value, faint, gap, line, show, show_json, state, title
from projections.database import place_of
from projections.moments import rfc3339
from projections.queries.documents import LIMIT_MAX
from projections.queries.intents import intent as one_intent
from projections.queries.occurrences import Ledger, Occurrences, ledger, silence, today

COLUMNS = (Column("at"), Column("times", right=True), Column("intent"), Column("verdict"),
           Column("work"), Column("", long=True))  # fmt: skip


class Page(NamedTuple):
    """A ledger, what other days have left open, and whether a daemon lives."""

    ledger: Ledger
    silence: list[Occurrences]
    daemon: bool | None  # None: of the past nobody asks


@click.command()
@click.argument("day", type=DayType(), required=False)
@click.option("--open", "only_open", is_flag=True, help="Only what is expected and not closed.")
@click.option("--intent", metavar="NAME", help="Only those of this intent.")
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), default=200, show_default=True)
@as_of_option
@with_places
def occurrences(
    here: Places,
    as_json: bool,
    day: date | None,
    only_open: bool,
    intent: str | None,
    limit: int,
    as_of: Point | None,
) -> None:
    """What a day was expected to bring, what was due, and the verdict on each occurrence.

    Without a DAY it is the one that began last. Neighbours of one fate share a line.
    """
    with looking(here, as_of=as_of) as connection:
        if intent is not None and one_intent(connection, intent) is None:
            known = did_you_mean(intent, intent_names(here))
            raise Refusal(f"no intent is called {intent!r}.{known}")
        alive = owner(here) is not None if as_of is None else None
        until = now() if as_of is None else datetime.fromisoformat(place_of(connection).at)
        page = _page(connection, day, until, intent, only_open, limit, alive)
    if as_json:
        daemon = {"daemon": "running" if alive else "not_running"} if alive is not None else {}
        show_json({**to_builtins(page.ledger), "open_before": page.silence, **daemon})
    else:
        _tell(page)


def _page(
    connection: Connection,
    day: date | None,
    until: datetime,
    intent: str | None,
    only_open: bool,
    limit: int,
    alive: bool | None,
) -> Page:
    house = house_of(connection)
    late = until - timedelta(seconds=house.clock.misfire_grace_seconds)
    name = day.isoformat() if day else today(connection) or until.date().isoformat()

    def exactly(row: Occurrences) -> Occurrences:
        """The tables know the ends of a range; the trigger knows what lies between."""
        known = one_intent(connection, row.intent)
        return reckoned(row, known, house, late) if known else row

    found = ledger(
        connection, name, bounds(house, name), rfc3339(late),
        intent=intent, only_open=only_open, limit=limit, exactly=exactly,
    )  # fmt: skip
    owed = silence(connection, min(found.starts_at, found.until))
    before = [row for row in owed if intent in (None, row.intent)]
    return Page(found, before, alive)


def _tell(page: Page) -> None:
    found = page.ledger
    title(day_name(found.day), _summed(found))
    if found.rows:
        show(COLUMNS, [_row(row, found) for row in found.rows], 2)
    if found.more:
        line(faint(f"and {counted(found.more, 'line')} more; --limit shows them"))
    for words in _silence(page):
        line(Cell(words, "yellow"))
    if page.silence:
        gap()
        title("Open since before")
        show(COLUMNS, [_row(row, found) for row in page.silence], 2)


def _summed(found: Ledger) -> str:
    counts = [f"{count:,} {verdict}" for verdict, count in found.verdicts.items()]
    return ", ".join([f"{found.expected:,} expected", *counts, f"{found.open:,} open"])


def _silence(page: Page) -> Iterator[str]:
    """What is open and lies in the past is the silence of a daemon that is not there."""
    found = page.ledger
    if found.overdue or page.silence:
        count = found.overdue + sum(row.count for row in page.silence)
        what = counted(count, "occurrence")
        if page.daemon is False:
            yield f"{what} should have come since: the daemon is not running"
        elif page.daemon:
            yield f"{what} should have come by now, and the daemon has not come to it yet"
    if page.daemon is False and found.ends_at < found.until:
        yield f"Nothing is known of what came after {moment(found.ends_at)}."


def _row(row: Occurrences, found: Ledger) -> Sequence[Value]:
    late = row.overdue and row.overdue == row.count
    more = "at least " if row.at_least else ""
    return (
        _span(row, found),
        f"{more}{row.count:,}" if row.count > 1 or row.at_least else "",
        row.intent,
        Cell("overdue", "yellow") if late else state(row.verdict),
        row.work or "",
        faint(_why(row, found)),
    )


def _why(row: Occurrences, found: Ledger) -> str:
    if 0 < row.overdue < row.count:
        return f"{row.overdue:,} of them overdue"
    if row.verdict == "buffered":
        return "waits for the end of the one before it"
    if row.into_due_at:
        [into] = _clocks(found, row.into_due_at)
        return f"{why(row.reason)}; {into} stands for it"
    return why(row.reason, row.policy)


def _span(row: Occurrences, found: Ledger) -> str:
    """09:00, or 09:00 to 11:59; with the date where that is not the day's."""
    begin = row.after or row.due_at
    first, last = _clocks(found, begin, row.last_due_at)
    if row.count == 1 and not row.after:
        return first
    return f"after {first}, to {last}" if row.after else f"{first} to {last}"


def _clocks(found: Ledger, *moments: str) -> list[str]:
    """With seconds where one of them needs them."""
    begin, end = map(datetime.fromisoformat, (found.starts_at, found.ends_at))
    of_day = begin + (end - begin) / 2  # Elsewhere it may begin on another date.
    seconds = any(not at.endswith(":00.000000Z") for at in moments)
    return [times.clock(datetime.fromisoformat(at), of_day, seconds=seconds) for at in moments]
