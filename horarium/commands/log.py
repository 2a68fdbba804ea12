"""The facts themselves, and those that come."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from shutil import get_terminal_size
from sqlite3 import Connection
from typing import Any, NamedTuple, get_args

import click
import orjson

from events.left import base_of
from horarium import reading, times
from horarium.commands.options import Refusal, now, with_places
from horarium.places import Places
from horarium.tables import coloured, note, plain

POLL_SECONDS = 0.2
NEWEST = 50  # where nobody said from where, on a terminal
LINE_CHARACTERS = 500  # where no window is the limit

Document = dict[str, Any]


class Wanted(NamedTuple):
    """Which records: of these kinds, by this one, not before a moment."""

    kinds: tuple[str, ...]
    by: str | None
    since: datetime | None

    def among(self, rows: Iterable[reading.Row]) -> Iterator[Document]:
        for row in rows:
            document = reading.document(row)
            if self.by not in (None, document["by"]):
                continue
            if self.since is None or datetime.fromisoformat(document["at"]) >= self.since:
                yield document


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--from", "start", metavar="POSITION|TIME", help="Begin at: 120, 2h, yesterday.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only facts of this kind.")
@click.option("--by", metavar="NAME", help="Only what this actor or door said.")
@with_places
def log(
    here: Places,
    as_json: bool,
    follow: bool,
    start: str | None,
    kinds: tuple[str, ...],
    by: str | None,
) -> None:
    """The facts, one a line, oldest first; with --json one object a line.

    On a terminal it begins with the newest 50 unless --from says where, elsewhere with the first.
    """
    _check(kinds)
    after, since = _start(start)
    write = _write_json if as_json else _write_line
    try:
        with reading.opened(here) as connection:
            last = reading.head(connection)
            wanted = Wanted(kinds, by, since)
            if since is not None:
                after = reading.position_before(connection, since)
            if start is None and after == 0:
                after = _first_there(connection)
            for document in _first(connection, wanted, after, last):
                write(document)
    except reading.NoLog as error:
        raise Refusal(str(error)) from error
    while follow:
        sys.stdout.flush()
        time.sleep(POLL_SECONDS)
        last = _news(here, wanted, last, write)


def _check(kinds: Sequence[str]) -> None:
    """A kind that does not exist would be waited for in vain."""
    if kinds:
        from events.catalogue import AnyFact

        known = [fact.__struct_config__.tag for fact in get_args(AnyFact)]
        for kind in kinds:
            if kind not in known:
                hint = reading.did_you_mean(kind, known)
                raise click.UsageError(f"no fact is called {kind!r}.{hint}")


def _start(text: str | None) -> tuple[int | None, datetime | None]:
    """Behind which position to begin, None for the newest; and not before which moment."""
    if text is None:
        return (None if sys.stdout.isatty() else 0), None
    if text.isdecimal():
        return int(text) - 1, None
    try:
        return None, times.instant(text, now())
    except times.NotATime as error:
        raise click.UsageError(f"--from: {error}, or a position") from error


def _first_there(connection: Connection) -> int:
    """Behind which record to begin, when nobody said where: the first that can be read."""
    try:
        next(reading.rows(connection, 0), None)
    except reading.Gone as error:
        note(str(error))
        return base_of(connection)
    return 0


def _first(
    connection: Connection, wanted: Wanted, after: int | None, last: int
) -> Iterator[Document]:
    if after is None:
        latest = list[Document]()
        try:
            latest += islice(wanted.among(reading.newest(connection, wanted.kinds)), NEWEST)
        except reading.Gone as error:
            note(str(error))
        yield from reversed([found for found in latest if found["position"] <= last])
        return
    for found in wanted.among(reading.rows(connection, after, wanted.kinds)):
        if found["position"] > last:
            return
        yield found


def _news(here: Places, wanted: Wanted, last: int, write: Callable[[Document], None]) -> int:
    """Write what came; how far the log is now. Opened anew, so that nothing is held on to."""
    try:
        with reading.opened(here) as connection:
            head = reading.head(connection)
            if head > last:
                for document in _first(connection, wanted, last, head):
                    write(document)
            return head
    except reading.NoLog as error:
        note(str(error))
        return last


def _write_json(document: Document) -> None:
    sys.stdout.write(orjson.dumps(document).decode() + "\n")


def _write_line(document: Document) -> None:
    at = times.clock(datetime.fromisoformat(document["at"]), now(), seconds=True)
    cause = "" if document["cause"] is None else f"<{document['cause']}"
    fixed = f"{document['position']:>7} {cause:<8} {at}  {document['by']:<11}"
    kind = f"{document['kind']:<21}"
    said = plain(f"{fixed} {kind} {_pairs(document['fact'])}")
    line = _cut(said)
    if coloured(sys.stdout):
        start, end = len(fixed) + 1, len(fixed) + 1 + len(kind)
        line = _faint(line[:start]) + line[start:end] + _faint(line[end:])
    sys.stdout.write(line.rstrip() + "\n")


def _faint(text: str) -> str:
    return click.style(text, dim=True)


def _pairs(fact: Document) -> str:
    return " ".join(
        f"{name}={value if isinstance(value, str) else orjson.dumps(value).decode()}"
        for name, value in fact.items()
        if value not in ("", None, [], {})
    )


def _cut(text: str) -> str:
    most = get_terminal_size().columns if sys.stdout.isatty() else LINE_CHARACTERS
    return text if len(text) <= most else text[: most - 1] + "…"
