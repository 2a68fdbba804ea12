"""When the conditions of an intent hold, in spans of whole seconds since the Unix epoch.

A span ends before its second number. Asked from an instant, a condition names the first span that
ends later, and the last one that begins no later: they tell whether it holds at that instant, and
how far one has to go until it does.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol

from actors.triggers.cron import DAY_SECONDS, EPOCH_DAY
from actors.triggers.walls import FIRST, LAST, Stretch, stretch_at
from events.configuration import Configuration, Dates, Intent
from events.settings import WEEKDAYS, Hours

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WEEK = 7 * DAY_SECONDS

Span = tuple[int, int]


class Condition(Protocol):
    def ahead(self, at: int) -> Span | None:
        """The first span that ends after an instant; None when there is none."""

    def behind(self, at: int) -> Span | None:
        """The last span that begins at or before an instant; None when there is none."""


class Between(NamedTuple):
    """The start and the end of an intent."""

    start: int
    end: int

    def ahead(self, at: int) -> Span | None:
        return (self.start, self.end) if at < self.end else None

    def behind(self, at: int) -> Span | None:
        return (self.start, self.end) if self.start <= at else None


class Shown(NamedTuple):
    """What the wall of a zone must show: a condition on it, over all stretches of its time."""

    on_wall: Condition
    zone: str

    def ahead(self, at: int) -> Span | None:
        while FIRST <= at < LAST:
            stretch = stretch_at(self.zone, at)
            span = self.on_wall.ahead(at + stretch.offset)
            if span is None:
                return None
            start = max(span[0] - stretch.offset, stretch.start)
            if start < stretch.end:
                return start, min(span[1] - stretch.offset, stretch.end)
            at = stretch.end
        return None

    def behind(self, at: int) -> Span | None:
        while FIRST <= at < LAST:
            stretch = stretch_at(self.zone, at)
            span = self.on_wall.behind(at + stretch.offset)
            if span is None:
                return None
            end = min(span[1] - stretch.offset, stretch.end)
            if end > stretch.start:
                return max(span[0] - stretch.offset, stretch.start), end
            at = stretch.start - 1
        return None


class Weekly(NamedTuple):
    """Windows on the wall. Each belongs to the weekday on which it starts."""

    spans: tuple[Span, ...]  # in seconds of a week that begins on a Monday, in order, apart

    def ahead(self, at: int) -> Span | None:
        week = _monday(at)
        for start, end in self.spans:
            if at < week + end:
                return week + start, week + end
        if not self.spans:
            return None
        start, end = self.spans[0]
        return week + start + WEEK, week + end + WEEK

    def behind(self, at: int) -> Span | None:
        week = _monday(at)
        for start, end in reversed(self.spans):
            if week + start <= at:
                return week + start, week + end
        if not self.spans:
            return None
        start, end = self.spans[-1]
        return week + start - WEEK, week + end - WEEK


class Outside(NamedTuple):
    """Every time on the wall but some."""

    excluded: tuple[Span, ...]  # in order, apart

    def ahead(self, at: int) -> Span | None:
        start = FIRST
        for first, end in self.excluded:
            if at < first:
                return start, first
            start = end
        return start, LAST

    def behind(self, at: int) -> Span | None:
        end = LAST
        for first, following in reversed(self.excluded):
            if following <= at:
                return following, end
            end = first
        return FIRST, end


class Reached(NamedTuple):
    """What the wall of a zone must have reached: a phase that has ended does not open again when
    clocks are put back, and one that has begun goes on."""

    on_wall: Condition
    zone: str

    def ahead(self, at: int) -> Span | None:
        while FIRST <= at < LAST:
            stretch = stretch_at(self.zone, at)
            span = self.on_wall.ahead(max(at + stretch.offset, stretch.reached - 1))
            if span is None:
                return None
            found = _reached(span, stretch)
            if found[0] < stretch.end:
                return found
            at = stretch.end
        return None

    def behind(self, at: int) -> Span | None:
        while FIRST <= at < LAST:
            stretch = stretch_at(self.zone, at)
            span = self.on_wall.behind(max(at + stretch.offset, stretch.reached - 1))
            if span is None:
                return None
            found = _reached(span, stretch)
            if found[1] > stretch.start:
                return found
            at = stretch.start - 1
        return None


def _reached(span: Span, stretch: Stretch) -> Span:
    """A span on the wall as it lies in a stretch, whose start it may not have been shown."""
    start, end, offset, _ = stretch
    opens = start if span[0] < stretch.reached else max(span[0] - offset, start)
    closes = start if span[1] < stretch.reached else min(span[1] - offset, end)
    return opens, closes


def conditions_of(intent: Intent, house: Configuration) -> tuple[Condition, ...]:
    """All that must hold when an intent is due."""
    if not (
        intent.starts_at or intent.ends_at or intent.windows or intent.exclude or intent.phases
    ):
        return ()
    return tuple(_conditions(intent, house))


def _conditions(intent: Intent, house: Configuration) -> Iterator[Condition]:
    zone = intent.timezone or house.day.timezone
    if intent.starts_at or intent.ends_at:
        start = _ceiling(intent.starts_at) if intent.starts_at else FIRST
        yield Between(start, _ceiling(intent.ends_at) if intent.ends_at else LAST)
    if intent.exclude:
        yield Shown(_outside(intent.exclude), zone)
    if intent.windows:
        yield Shown(_weekly(intent.windows), zone)
    if intent.phases:
        windows = tuple(
            Hours(start=phase.start, end=phase.end, days=phase.days)
            for phase in house.phases
            if phase.name in intent.phases
        )
        yield Reached(_weekly(windows), house.day.timezone)


@lru_cache(maxsize=1024)
def _weekly(windows: tuple[Hours, ...]) -> Weekly:
    spans = []
    for window in windows:
        start, end = _of_day(window.start), _of_day(window.end)
        end += DAY_SECONDS if end <= start else 0
        for day in window.days:
            opens = WEEKDAYS.index(day) * DAY_SECONDS
            spans.append((opens + start, opens + end))
            if opens + end > WEEK:  # It began last week.
                spans.append((opens + start - WEEK, opens + end - WEEK))
    return Weekly(_apart(spans))


@lru_cache(maxsize=1024)
def _outside(excluded: tuple[Dates, ...]) -> Outside:
    spans = []
    for dates in excluded:
        first, last = dates.first.toordinal(), (dates.last or dates.first).toordinal()
        start = (first - EPOCH_DAY) * DAY_SECONDS
        spans.append((start, (last + 1 - EPOCH_DAY) * DAY_SECONDS))
    return Outside(_apart(spans))


def _apart(spans: list[Span]) -> tuple[Span, ...]:
    """In order, with those that touch made one."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def _of_day(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def _monday(at: int) -> int:
    return at - (at + 3 * DAY_SECONDS) % WEEK


def _ceiling(at: datetime) -> int:
    return -((EPOCH - at) // SECOND)
