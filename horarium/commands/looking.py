"""Reading the projections: at one moment, without writing, and saying how far they are behind."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import click

from events.codec import UnreadableRecord
from horarium import reading, times
from horarium.asof import as_of as taken_back
from horarium.asof import opened_log, opened_projections
from horarium.commands.options import Refusal, now
from horarium.commands.showing import moment
from horarium.places import Places
from horarium.points import NoSuchPoint, Point
from horarium.tables import note
from projections.database import Place, ProjectionsUnavailable, place_of

F = TypeVar("F", bound=Callable[..., Any])


class PointOfLog(click.ParamType[Point]):
    """A position, or a moment as people write it."""

    name = "position|time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Point:
        if isinstance(value, int | datetime):
            return value
        text = str(value).replace(",", "")
        if text.isascii() and text.isdecimal() and len(text) < 16:
            return int(text)
        try:
            return times.instant(value, now())
        except times.NotATime as error:
            self.fail(f"{error}, or a position", param, ctx)


def as_of_option(command: F) -> F:
    """Give a command --as-of; it is called with `as_of`."""
    return click.option(
        "--as-of",
        type=PointOfLog(),
        metavar="POSITION|TIME",
        help="As it stood after that record, or at that time.",
    )(command)


@contextmanager
def looking(
    here: Places, *, quiet: bool = False, as_of: Point | None = None
) -> Iterator[sqlite3.Connection]:
    """A connection that sees one moment, the present or a past one. Unless `quiet`, a lag behind
    the log, or which past moment it is, is told on stderr."""
    with refusing():
        if as_of is None:
            with opened_log(here) as log:
                head = reading.head(log)
            with opened_projections(here) as connection:
                yield connection
                said = _lag(head, place_of(connection))
        else:
            with opened_log(here) as log, taken_back(here, log, as_of) as connection:
                yield connection
                said = _then(place_of(connection))
    if said and not quiet:
        note(said)


@contextmanager
def refusing() -> Iterator[None]:
    """What cannot be read is told as a refusal."""
    try:
        yield
    except (reading.NoLog, ProjectionsUnavailable, NoSuchPoint, UnreadableRecord) as error:
        raise Refusal(str(error)) from error


def _lag(head: int, place: Place) -> str:
    lag = head - place.position
    return f"This is {lag:,} records behind the log, which ends at {head:,}." if lag > 0 else ""


def _then(place: Place) -> str:
    at = f", {moment(place.at)}" if place.at else ""
    return f"As of record {place.position:,}{at}."
