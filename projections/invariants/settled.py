"""What is settled of one intent: instants and ranges with a verdict, the latest of them."""

from bisect import bisect_left, insort
from datetime import datetime
from typing import NamedTuple

KEPT = 128  # of one intent


class Verdict(NamedTuple):
    """All occurrences from the first to the last instant."""

    first: datetime
    last: datetime
    ran: bool  # It became due, and never may again.


class Settled:
    """In order of time. `high` is the latest that became due in time."""

    __slots__ = ("high", "spans")

    def __init__(self) -> None:
        self.spans: list[Verdict] = []
        self.high: datetime | None = None

    def add(self, verdict: Verdict) -> None:
        spans = self.spans
        if not spans or spans[-1] < verdict:
            spans.append(verdict)
        else:
            insort(spans, verdict)
        if len(spans) > KEPT:
            del spans[0]

    def at(self, instant: datetime) -> Verdict | None:
        """The verdict that an instant has."""
        spans = self.spans
        if not spans or spans[-1].last < instant:
            return None
        place = bisect_left(spans, (instant,))
        if place < len(spans) and spans[place].first == instant:
            return spans[place]
        return next((it for it in spans[:place] if it.last >= instant), None)

    def reopen(self, after: datetime) -> None:
        """Of what lies behind this moment only that counts which became due."""
        spans, self.spans = self.spans, []
        for one in spans:
            if one.ran or one.last <= after:
                self.spans.append(one)
            elif one.first <= after:
                self.spans.append(one._replace(last=after))
        if self.high is not None and self.high > after:
            self.high = None
