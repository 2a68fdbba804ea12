"""Which occurrences were started, in a few intervals."""

from datetime import UTC, datetime, timedelta

from hypothesis import given as for_any
from hypothesis import strategies as some

from actors.clock.settled import SPANS_MAX, Span, add, between, span_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
moments = some.integers(0, 200).map(lambda minutes: NOON + timedelta(minutes=minutes))


def spans_of(started: list[datetime]) -> list[Span]:
    spans: list[Span] = []
    for at in started:
        add(spans, at, None)
    return spans


@for_any(some.lists(moments, max_size=40))
def test_whatever_was_started_is_remembered_in_a_few_intervals(started: list[datetime]) -> None:
    spans = spans_of(started)
    assert len(spans) <= SPANS_MAX
    assert all(span_of(spans, at) is not None for at in started)
    edges = [edge for span in spans for edge in (span.first, span.last)]
    assert edges == sorted(edges)
    assert set(edges) <= set(started)


@for_any(some.lists(moments, max_size=10), moments, moments)
def test_what_lies_between_holds_nothing_that_was_started_and_all_the_rest(
    started: list[datetime], one: datetime, other: datetime
) -> None:
    after, until = min(one, other), max(one, other)
    spans = spans_of(started)
    pieces = list(between(spans, after, until))
    for minutes in range(201):
        at = NOON + timedelta(minutes=minutes)
        inside = sum(first < at <= last for first, last in pieces)
        assert inside == (after < at <= until and span_of(spans, at) is None)


def test_those_that_follow_each_other_are_one_interval() -> None:
    spans: list[Span] = []
    for minutes in range(100):
        add(spans, NOON + timedelta(minutes=minutes), NOON + timedelta(minutes=minutes - 1))
    assert spans == [Span(NOON, NOON + timedelta(minutes=99))]
