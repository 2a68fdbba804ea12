"""Reading the projections: at one moment, without writing, and saying how far they are behind."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from horarium import reading
from horarium.commands.options import Refusal
from horarium.places import Places
from horarium.tables import note
from projections.database import ProjectionsUnavailable, open_readonly, place_of
from projections.queries.documents import snapshot


@contextmanager
def looking(here: Places, *, quiet: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection that sees one moment. Unless `quiet`, a lag behind the log is told on stderr."""
    try:
        with reading.opened(here) as log:
            head = reading.head(log)
        with closing(open_readonly(here.projections)) as connection, snapshot(connection):
            yield connection
            lag = head - place_of(connection).position
    except (reading.NoLog, ProjectionsUnavailable) as error:
        raise Refusal(str(error)) from error
    except sqlite3.Error as error:
        raise Refusal(f"cannot read {here.projections}: {error}") from error
    if lag > 0 and not quiet:
        note(f"This is {lag:,} records behind the log, which ends at {head:,}.")
