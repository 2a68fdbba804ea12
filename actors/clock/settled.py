"""Which occurrences of an intent were started, in a few intervals.

A high-water mark would not do: a clock that was far ahead and is put right leaves occurrences
behind that were started, ahead of others that never came.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

INSTANT = timedelta(microseconds=1)
SPANS_MAX = 8  # of one intent; beyond them the two that are closest become one


class Span(Struct):
    """From the first to the last instant, both of them started."""

    first: datetime
    last: datetime


def add(spans: list[Span], at: datetime, before: datetime | None) -> None:
    """An occurrence was started. `before` is the one next to it, when there is none between."""
    if spans and before is not None and spans[-1].last == before and at > before:
        spans[-1].last = at
        return
    place = len(spans)
    while place and spans[place - 1].first > at:
        place -= 1
    if place and spans[place - 1].last >= at:
        return
    spans.insert(place, Span(at, at))
    if len(spans) > SPANS_MAX:
        _join_closest(spans)


def span_of(spans: list[Span], at: datetime) -> Span | None:
    """The interval in which an instant lies."""
    return next((span for span in spans if span.first <= at <= span.last), None)


def between(
    spans: list[Span], after: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """What is left of a stretch of time when the intervals are taken out: each piece begins
    after its first instant and ends with its second."""
    for span in spans:
        if span.last > after and span.first <= until:
            if span.first - INSTANT > after:
                yield after, span.first - INSTANT
            after = span.last
    if after < until:
        yield after, until


def _join_closest(spans: list[Span]) -> None:
    place = min(range(1, len(spans)), key=lambda n: spans[n].first - spans[n - 1].last)
    spans[place - 1].last = spans.pop(place).last
