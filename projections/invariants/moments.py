"""What was seen of time: sleep and set clocks say plausible things, and a clock that was far ahead
is followed back."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from events.daemon import DaemonStarted
from events.fact import Fact
from events.record import Record
from events.time import ClockStepped, HostSlept, OccurrencesReopened, TimePassed
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import FAR, Past

SLACK = timedelta(minutes=1)  # between the reading of a clock and the record of it
MILLISECOND = timedelta(milliseconds=1)
BACKS_KEPT = 64


class Moments(Check):
    """Keeps the latest moment of `Past`, and tells where the clock was put back by more than a
    day: there, and only there, verdicts are withdrawn, once."""

    NAME = "moment"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._seen: datetime | None = None  # the latest moment told to the clock
        self._owed: dict[int, datetime] = {}  # where verdicts are to be withdrawn, and after what
        self._behind: dict[int, datetime] = {}  # where they may be

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            TimePassed: self._came,
            DaemonStarted: self._came,
            HostSlept: self._slept,
            ClockStepped: self._stepped,
            OccurrencesReopened: self._reopened,
        }

    def finish(self, closed: bool) -> None:
        """Whoever has considered such a moment has withdrawn what lay ahead of it."""
        for position in self._owed:
            if position <= self.past.considered["clock"]:
                self.wrong(position, "the clock is back from far ahead; nothing is withdrawn")

    def _came(self, record: Record, fact: Fact) -> None:
        at, latest = record.at, self.past.latest
        if latest is not None and at < latest - FAR:
            self._go_back(record)
        if self._seen is None or not at < self._seen:
            self._seen = at

    def _go_back(self, record: Record) -> None:
        at, position = record.at, record.position
        if self._seen is not None and at < self._seen - FAR:
            self._owed[position], self._seen = at, at
        self._behind[position] = at
        if len(self._behind) > BACKS_KEPT:
            del self._behind[next(iter(self._behind))]
        self.past.latest, self.past.back = at, position

    def _slept(self, record: Record, fact: HostSlept) -> None:
        if fact.milliseconds <= 0:
            self.wrong(record, f"the machine slept for {fact.milliseconds} ms")
        self._came(record, fact)

    def _stepped(self, record: Record, fact: ClockStepped) -> None:
        stepped = record.at - fact.before
        if not fact.milliseconds:
            self.wrong(record, "the clock was set to what it showed")
        elif abs(stepped - fact.milliseconds * MILLISECOND) > SLACK:
            self.wrong(
                record, f"the clock was set by {fact.milliseconds} ms, and it shows {stepped}"
            )
        if stepped > FAR:
            self._seen = record.at
        elif self._seen is not None and not (self._seen == record.at and -stepped > FAR):
            self._seen = max(self._seen, fact.before)
        if fact.before > record.at:
            self.past.latest = max(self.past.latest or fact.before, fact.before)
        self._came(record, fact)

    def _reopened(self, record: Record, fact: OccurrencesReopened) -> None:
        cause = record.cause or 0
        self._owed.pop(cause, None)
        if self._behind.pop(cause, None) != fact.after:
            self.wrong(
                record, f"verdicts after {fact.after} are withdrawn; no clock came from there"
            )
