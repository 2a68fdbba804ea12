"""Log and projections opened without a trace, and the projections as of a point of the log."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from sqlite3 import Connection

from horarium import quiet, reading
from horarium.places import Places
from horarium.points import Point, link_of, pages, position_of
from projections import past
from projections.database import ProjectionsUnavailable, fingerprint, version_of
from projections.moments import rfc3339
from projections.queries.documents import snapshot


@contextmanager
def opened_log(here: Places) -> Iterator[Connection]:
    """The log. Raises NoLog, also when reading fails halfway."""
    if not here.log.exists():
        with reading.opened(here):  # It says what to do.
            return
    try:
        with quiet.opened(here.log) as connection:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found > reading.FORMAT:
                raise reading.NoLog(
                    f"{here.log} was written by a newer version "
                    f"(format {found}, this one knows {reading.FORMAT})"
                )
            yield connection
    except sqlite3.Error as error:
        raise reading.NoLog(f"cannot read {here.log}: {error}") from error


@contextmanager
def opened_projections(here: Places) -> Iterator[Connection]:
    """The projections at one moment. Raises ProjectionsUnavailable."""
    path = here.projections
    if not path.exists():
        raise ProjectionsUnavailable(f"no projections at {path}: the daemon makes them")
    try:
        with quiet.opened(path) as connection, snapshot(connection):
            if version_of(connection) != fingerprint():
                raise ProjectionsUnavailable(
                    f"{path} is of another version: start the daemon, or run `horarium rebuild`"
                )
            yield connection
    except sqlite3.Error as error:
        raise ProjectionsUnavailable(f"cannot read {path}: {error}") from error


@contextmanager
def as_of(here: Places, log: Connection, point: Point) -> Iterator[Connection]:
    """The projections folded to a point of the log, from the last checkpoint before it; from the
    beginning, in memory, where the file has none that agrees with the log.

    Raises NoSuchPoint, NoLog, UnreadableRecord.
    """
    with ExitStack() as stack:
        kept = _entered(stack, here)
        position = position_of(log, point, _not_later(kept, log, point) if kept else 0)
        near = kept and past.checkpoint_before(kept, position, lambda at: link_of(log, at))
        if kept and near:
            past.take_back(kept, near)
            connection, after = kept, near.position
        else:
            connection, after = stack.enter_context(closing(past.nothing())), 0
            stack.enter_context(snapshot(connection))
        past.go_on(connection, pages(log, after, position))
        yield connection


def _entered(stack: ExitStack, here: Places) -> Connection | None:
    try:
        return stack.enter_context(opened_projections(here))
    except ProjectionsUnavailable:
        return None


def _not_later(kept: Connection, log: Connection, point: Point) -> int:
    """A position up to which no record is later than the point, if the point is a time."""
    if not isinstance(point, datetime):
        return 0
    found = past.checkpoint_until(kept, rfc3339(point), lambda at: link_of(log, at))
    return found.position if found else 0
