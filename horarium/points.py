"""Points of the log as people name them: a position, or a time."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection

from events import codec
from events.left import stretches
from events.record import Record
from horarium import reading

PAGE_RECORDS = 400

Point = int | datetime


class NoSuchPoint(Exception):
    """The log does not reach there; the message says how far it does."""


def position_of(log: Connection, point: Point, after: int = 0) -> int:
    """The position that is meant: for a time, the last before the first later record.

    That is always an observation, for what is decided bears the time of its cause. No record up to
    `after` may be later than the time. Raises NoSuchPoint.
    """
    head = reading.head(log)
    if isinstance(point, int):
        if point > head:
            raise NoSuchPoint(f"the log ends at {head:,}; there is no record {point:,}")
        return point
    after = max(after, reading.older_base(log, point))
    for row in reading.rows(log, after):
        if datetime.fromisoformat(reading.document(row)["at"]) > point:
            return row[0] - 1
    return head


def link_of(log: Connection, position: int, folder: Path | None = None) -> str | None:
    """The link of a record; "" in front of the first, None where there is none. What has left
    lies in the data folder of the log, or in another. Raises Gone."""
    for stretch in stretches(log):
        for end, link in ((stretch.after, stretch.before), (stretch.until, stretch.last)):
            if position == end:
                return link if end else ""
    found = reading.record(log, position, folder) if position else None
    if found is None:
        return None if position else ""
    return codec.parts(found[0], found[2])[1]


def pages(log: Connection, after: int, until: int) -> Iterator[list[Record]]:
    """The records behind a position, to the last wanted one. Raises UnreadableRecord."""
    page: list[Record] = []
    for position, _, state in reading.rows(log, after):
        if position > until:
            break
        page.append(codec.read(position, state))
        if len(page) == PAGE_RECORDS:
            yield page
            page = []
    if page:
        yield page
