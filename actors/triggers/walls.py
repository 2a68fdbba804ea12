"""What the walls of a zone show: stretches of time in which it keeps one offset from UTC.

Instants are whole seconds since the Unix epoch; a time on the wall is an instant plus the offset.
A stretch may end without a change of the offset: they are cut where blocks of a year end.
"""

from bisect import bisect_right
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from actors.calendar import passes, zone_of

DAY = 86_400
BLOCK = 1 << 25  # 388 days; none ends while a wall shows an hour for the second time
# No zone has changed its offset twice within less than 6.9 days since 1970.
STEP = 1 << 18  # 3 days
FIRST, LAST = -62_000_000_000, 253_300_000_000  # the years 5 and 9996


class Stretch(NamedTuple):
    """From `start` until `end`, exclusive. `before` is the offset just before the start."""

    start: int
    end: int
    offset: int
    before: int

    @property
    def reached(self) -> int:
        """Earlier times on the wall have been shown, or left out, before this begins."""
        return self.start + self.before


def stretch_at(zone: str, at: int) -> Stretch:
    """The stretch to which an instant belongs."""
    starts, stretches = _block(zone, at // BLOCK)
    return stretches[bisect_right(starts, at) - 1]


def pass_of(zone: str, at: int) -> int:
    """1 or 2 when the wall shows the same time twice and this is that pass of it; else 0."""
    wall = zone_of(zone)
    local = datetime.fromtimestamp(at, UTC).astimezone(wall).replace(tzinfo=None)
    first, second = passes(local, wall)
    return 0 if first >= second else 1 if first.timestamp() == at else 2


@lru_cache(maxsize=4096)
def _block(zone: str, block: int) -> tuple[list[int], list[Stretch]]:
    wall = zone_of(zone)
    first, end = block * BLOCK, (block + 1) * BLOCK
    before = _offset(wall, first - 1)
    starts, offsets = [first], [_offset(wall, first)]
    for earlier, at in pairwise([*range(first, end, STEP), end - 1]):
        offset = _offset(wall, at)
        if offset != offsets[-1]:
            starts.append(_change(wall, earlier, at))
            offsets.append(offset)
    befores, ends = [before, *offsets[:-1]], [*starts[1:], end]
    parts = zip(starts, ends, offsets, befores, strict=True)
    return starts, [Stretch(*part) for part in parts]


def _change(wall: ZoneInfo, before: int, after: int) -> int:
    """The first instant with the later one of two offsets."""
    offset = _offset(wall, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(wall, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(wall: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, UTC).astimezone(wall).utcoffset()
    assert offset is not None
    return offset.days * DAY + offset.seconds
