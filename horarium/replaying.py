"""Where the steps of a replay come from: our own log, or a file that nobody vouches for."""

import re
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from msgspec import MsgspecError, json, msgpack

from actors.replay.books import BOOKS
from actors.replay.stepping import LAG_MAX_RECORDS, Mind, Step, Unlivable, walk
from actors.rules import Rules
from events.record import Record
from horarium import reading
from horarium.bundle import BadLog, BundleRow, KeptState, Source, opened
from horarium.points import NoSuchPoint, Point, pages, position_of

WAITING_MAX_BYTES = 64 << 20  # of facts from elsewhere
ACTORS = tuple(book.actor for book in BOOKS)

_SAID = re.compile(rb'\{"position":(\d+),"at":"[^"]*","by":"([^"]*)","cause":(\d+)')
_SNAPSHOT = """SELECT position, state FROM snapshots WHERE actor = ? AND version = ?
    AND position <= ? ORDER BY position DESC LIMIT 1"""


def own_steps(log: Connection, start: Point | None, end: Point | None) -> Iterator[Step]:
    """The steps of our own log. Raises NoSuchPoint, NoLog, UnreadableRecord, Unlivable."""
    first = 1 if start is None else _beginning(log, start)
    last = reading.head(log) if end is None else position_of(log, end)
    if first > last + 1:
        raise NoSuchPoint(f"record {first:,} lies behind record {last:,}")
    minds = _remembered(log, first - 1)
    after = min(mind.begins for mind in minds.values())
    lag = _lag(_said(log, after, last + LAG_MAX_RECORDS))
    yield from _until(last, walk(_records(log, after, last + lag), minds, lag, first))


def minds_before(log: Connection, position: int) -> Mapping[str, Mind]:
    """What every actor knew when it had considered everything up to a position."""
    minds = _remembered(log, position)
    after = min(mind.begins for mind in minds.values())
    if after == position:
        return minds
    lag = _lag(_said(log, after, position + LAG_MAX_RECORDS))
    records = _records(log, after, position + lag)
    for _ in _until(position, walk(records, minds, lag, position)):
        pass
    return minds


def foreign_steps(path: Path, start: Point | None, end: Point | None) -> Iterator[Step]:
    """The steps of a file. It is read twice: from end to end to see that it is a log, and again.
    Raises BadLog, NoSuchPoint."""
    with opened(path) as source:
        first, last, lag = _measured(source, start, end)
    with opened(path) as source:
        minds = _given(source)
        records = _bounded(source.rows, lag)
        try:
            yield from _until(last, walk(records, minds, lag, first))
        except Unlivable as error:
            raise BadLog(error.record.position, str(error)) from error


def _bounded(rows: Iterable[BundleRow], lag: int) -> Iterator[Record]:
    """The records, as long as those that wait for what was decided upon them are not too many."""
    sizes: deque[int] = deque()
    waiting = 0
    for row in rows:
        sizes.append(len(row.fact))
        waiting += sizes[-1]
        if len(sizes) > lag + 1:
            waiting -= sizes.popleft()
        if waiting > WAITING_MAX_BYTES:
            raise BadLog(row.position, "decisions stand too far behind their causes")
        yield row.record


def _beginning(log: Connection, start: Point) -> int:
    """The first record of a position or time on."""
    if isinstance(start, int):
        return max(1, position_of(log, start))
    return position_of(log, start) + 1


def _until(last: int, steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if step.record.position > last:
            return
        yield step
        if step.record.position == last:
            return


def _records(log: Connection, after: int, until: int) -> Iterator[Record]:
    for page in pages(log, after, until):
        yield from page


def _remembered(log: Connection, until: int) -> dict[str, Mind]:
    """The actors as their snapshots have them, else as they begin."""
    return {book.actor: _mind(log, book, until) for book in BOOKS}


def _mind(log: Connection, book: Rules[Any], until: int) -> Mind:
    try:
        found = log.execute(_SNAPSHOT, (book.actor, book.version, until)).fetchone()
        if found:
            return Mind(book, msgpack.decode(found[1], type=book.state), found[0])
    except (sqlite3.OperationalError, MsgspecError, UnicodeDecodeError):
        pass  # The log itself says it all.
    return Mind(book)


def _said(log: Connection, after: int, until: int) -> Iterator[tuple[int, str, int]]:
    """Position, author and cause of what has a cause."""
    for position, _, state in reading.rows(log, after):
        if position > until:
            return
        if found := _SAID.match(state):
            yield position, found[2].decode(), int(found[3])


def _lag(said: Iterable[tuple[int, str, int]]) -> int:
    """How far behind their causes decisions stand at most."""
    lags = (position - cause for position, by, cause in said if by in ACTORS)
    return min(max(lags, default=0), LAG_MAX_RECORDS)


def _measured(source: Source, start: Point | None, end: Point | None) -> tuple[int, int, int]:
    """First and last position wanted, and the lag; every record is checked."""
    first = last = source.after
    later: dict[datetime, int] = {}  # the first record later than a time
    lag = 0
    for row in source.rows:
        last = row.position
        record = row.record
        if record.by in ACTORS and record.cause is not None:
            lag = max(lag, last - record.cause)
        for point in (start, end):
            if isinstance(point, datetime) and record.at > point:
                later.setdefault(point, last)

    def meant(point: Point) -> int:
        if isinstance(point, datetime):
            return later.get(point, last + 1) - 1
        if not source.after <= point <= last:
            raise NoSuchPoint(f"the log has the records {source.after + 1:,} to {last:,}")
        return point

    first = source.after + 1
    if start is not None:
        first = meant(start) + 1 if isinstance(start, datetime) else max(first, meant(start))
    if end is not None:
        last = meant(end)
    if first > last + 1:
        raise NoSuchPoint(f"record {first:,} lies behind record {last:,}")
    return first, last, min(lag, LAG_MAX_RECORDS)


def _given(source: Source) -> dict[str, Mind]:
    if source.after and not source.states:
        raise BadLog(0, f"it begins at record {source.after + 1} and does not say what was known")
    if not source.states:
        return {book.actor: Mind(book) for book in BOOKS}
    return {book.actor: _told(book, source.states.get(book.actor), source) for book in BOOKS}


def _told(book: Rules[Any], kept: KeptState | None, source: Source) -> Mind:
    if kept is None or kept.version != book.version:
        raise BadLog(0, f"what {book.actor} knew is missing, or of another version")
    try:
        return Mind(book, json.decode(kept.state, type=book.state), source.after)
    except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadLog(0, f"what {book.actor} knew cannot be read: {error}") from error
