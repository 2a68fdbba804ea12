"""Building the projections anew from the log."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from sqlite3 import Connection

import click

from events import codec
from events.left import stretches
from events.record import Record
from events.store import StoreError
from horarium import reading
from horarium.commands.options import Refusal, now, with_places
from horarium.daemon.lock import Lock, Locked, Owner
from horarium.places import Places
from horarium.tables import show_json

PAGE_RECORDS = 400


@click.command()
@with_places
def rebuild(here: Places, as_json: bool) -> None:
    """Build the projections anew from the log. The daemon must be down."""
    if not here.log.exists():
        raise Refusal(f"nothing has been recorded in {here.data} yet")
    with alone(here):
        position = build(here, quiet=as_json)
    if as_json:
        show_json({"position": position})
    else:
        click.echo(f"Rebuilt from {position:,} records.")


@contextmanager
def alone(here: Places) -> Iterator[None]:
    """Keep any daemon out of the data folder meanwhile."""
    try:
        with Lock(here.lock, Owner(os.getpid(), now().isoformat())):
            yield
    except Locked as error:
        raise Refusal(f"{error}; stop it first") from error


def build(here: Places, *, quiet: bool) -> int:
    """Make the projections from nothing; the position reached. Only while `alone`. Those that
    are there stay until what has left the log is known to be whole."""
    from horarium.trimming import check_files
    from projections.database import remove
    from projections.projector import rebuild as made

    try:
        with reading.opened(here) as log:
            check_files(here.data, stretches(log), lambda position: None)
            remove(here.projections)
            return made(here.projections, _counted(log, quiet))
    except (reading.NoLog, codec.UnreadableRecord, StoreError) as error:
        raise Refusal(str(error)) from error


def _counted(log: Connection, quiet: bool) -> Iterator[list[Record]]:
    """The pages of the log, with a count on the terminal meanwhile."""
    whole, told = reading.head(log), sys.stderr.isatty() and not quiet
    rows = reading.rows(log, 0)
    while page := [codec.read(row[0], row[2]) for row in islice(rows, PAGE_RECORDS)]:
        yield page
        if told:
            sys.stderr.write(f"\r{page[-1].position:,} of {whole:,} records")
            sys.stderr.flush()
    if told:
        sys.stderr.write("\r\x1b[K")
