"""Cron in a zone whose clocks change: when its matches on the wall happen.

A match happens whenever the wall shows it: twice when clocks are put back. One that the wall
leaves out does not happen, unless the expression names its hours and minutes: then it happens
where the gap ends. All that land on one instant are one. Instants are seconds since the epoch.
"""

from actors.triggers.cron import Cron
from actors.triggers.walls import FIRST, LAST, Stretch, stretch_at


def after(cron: Cron, zone: str, at: int) -> int | None:
    """The first one strictly later; None when there is none for decades."""
    at += 1
    while FIRST <= at < LAST:
        stretch = stretch_at(zone, at)
        if at == stretch.start and fills_gap(cron, stretch):
            return at
        match = cron.first(at + stretch.offset)
        if match is None:
            return None
        if match - stretch.offset < stretch.end:
            return match - stretch.offset
        at = stretch.end
    return None


def at_or_before(cron: Cron, zone: str, at: int) -> int | None:
    """The last one up to an instant; None when there was none for decades."""
    while FIRST <= at < LAST:
        stretch = stretch_at(zone, at)
        match = cron.last(at + stretch.offset)
        if match is None:
            return None
        if match - stretch.offset >= stretch.start:
            return match - stretch.offset
        if fills_gap(cron, stretch):
            return stretch.start
        at = stretch.start - 1
    return None


def count(cron: Cron, zone: str, first: int, end: int) -> int:
    """How many there are from an instant up to, but without, another one."""
    found, at = 0, max(first, FIRST)
    end = min(end, LAST)
    while at < end:
        stretch = stretch_at(zone, at)
        until = min(stretch.end, end)
        found += cron.count(at + stretch.offset, until + stretch.offset)
        if at == stretch.start and fills_gap(cron, stretch):
            found += not cron.matches(at + stretch.offset)
        at = until
    return found


def fills_gap(cron: Cron, stretch: Stretch) -> bool:
    """Whether a time that it names was left out where a stretch begins."""
    if not cron.named or stretch.offset <= stretch.before:
        return False
    match = cron.first(stretch.start + stretch.before)
    return match is not None and match < stretch.start + stretch.offset
