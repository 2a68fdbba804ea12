"""What a day brings is told before it is due, and all that was told is closed."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from events.configuration import Intent
from events.daemon import DaemonStarted
from events.fact import Fact
from events.plan import OccurrenceSkipped
from events.record import Record
from events.time import (
    ClockStepped,
    HostSlept,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
    OccurrencesReopened,
    OccurrencesSuperseded,
    TimePassed,
)
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import FAR, Past

TOLD_KEPT = 3  # of one intent
MOMENTS_KEPT = 64
TURN = timedelta(seconds=61)  # Whoever waits for a turn sees another one go every minute.

One = OccurrenceDue | OccurrenceSkipped | OccurrenceExpired
Range = OccurrenceMissed | OccurrencesCoalesced | OccurrencesSuperseded


class Told(Struct):
    """What is expected of an intent and not closed yet, and where that was told."""

    first: datetime
    last: datetime
    count: int
    position: int
    vague: bool = False  # Nobody can say any more how many of them are open.


class Expectations(Check):
    """Counts what was told down with every verdict of the clock.

    Judged is what an intent was to bring up to a moment that the clock has considered: unless
    overdue occurrences still wait for their turn, nothing of it is open. Of an intent with a
    maximum of runs more is told when one of them does not run.
    """

    NAME = "expected"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._told: dict[str, list[Told]] = {}  # by intent, the latest last
        self._begun = False  # Older versions told nothing.
        self._moments: deque[tuple[int, datetime]] = deque(maxlen=MOMENTS_KEPT)
        self._overdue: datetime | None = None  # when one was last made up for

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            **dict.fromkeys((TimePassed, DaemonStarted, HostSlept), self._came),
            ClockStepped: self._stepped,
            OccurrencesExpected: self._expected,
            OccurrencesReopened: self._reopened,
            OccurrenceDue: self._due,
            **dict.fromkeys((OccurrenceSkipped, OccurrenceExpired), self._closed),
            **dict.fromkeys((OccurrenceMissed, OccurrencesCoalesced), self._range),
            OccurrencesSuperseded: self._range,
        }

    def finish(self, closed: bool) -> None:
        """What is still to come is open; what has come is not."""
        until = self._considered()
        for intent, told in self._told.items():
            self._judge(intent, told, until)

    def _came(self, record: Record, fact: Fact) -> None:
        self._moments.append((record.position, record.at))

    def _stepped(self, record: Record, fact: ClockStepped) -> None:
        if record.at - fact.before > FAR:  # No time passed in between, and nothing came.
            self._told.clear()
        self._came(record, fact)

    def _reopened(self, record: Record, fact: OccurrencesReopened) -> None:
        self._told.clear()
        lived = [it for it in self._moments if it[1] <= record.at]
        self._moments.clear()
        self._moments.extend(lived)

    def _expected(self, record: Record, fact: OccurrencesExpected) -> None:
        self._begun, until = True, self._considered()
        for one in fact.intents:
            told = self._told.setdefault(one.intent, [])
            self._judge(one.intent, told, until)
            until_here = min(record.at, one.first_due_at) if one.count else record.at
            told[:] = [it for it in told if it.last < until_here][-TOLD_KEPT:]
            if one.count:
                told.append(Told(one.first_due_at, one.last_due_at, one.count, record.position))
            # A place that comes free late may be that of an instant which is past.
            looks_ahead = one.count and fact.because != "runs_left"
            if looks_ahead and one.last_due_at < record.at - self._grace(one.intent):
                self.wrong(record, f"{one.intent} is expected at {one.last_due_at}, which is past")
            if one.count < 0 or (one.first_due_at < one.last_due_at) != (one.count > 1):
                self.wrong(record, f"{one.intent} is expected {one.count} times")

    def _due(self, record: Record, fact: OccurrenceDue) -> None:
        told = self._covering(fact.intent, fact.due_at)
        if told is not None:
            told.count -= 1
        if fact.overdue:
            self._overdue = record.at
        elif told is None and self._begun and self._is_foreseen(record, fact.intent):
            self.wrong(record, f"{fact.intent}@{fact.due_at} is due and was not expected")

    def _closed(self, record: Record, fact: OccurrenceSkipped | OccurrenceExpired) -> None:
        if record.by == "clock":
            told = self._covering(fact.intent, fact.due_at)
            if told is not None:
                told.count -= 1

    def _range(self, record: Record, fact: Range) -> None:
        """One that is in part of what was told leaves nobody knows how many."""
        if record.by != "clock":
            return
        first, last = fact.first_due_at, fact.last_due_at
        for told in self._told.get(fact.intent, ()):
            if told.first <= first and last <= told.last:
                told.count -= fact.count
            elif first <= told.first and last >= told.last:
                told.count = 0
            elif first <= told.last and last >= told.first:
                told.vague = True

    def _covering(self, intent: str, instant: datetime) -> Told | None:
        for told in reversed(self._told.get(intent, ())):
            if told.first <= instant <= told.last:
                return told
        return None

    def _is_foreseen(self, record: Record, name: str) -> bool:
        known = self.past.intent(name, record.cause or 0)
        intent = None if known is None else known.intent
        return intent is not None and is_timed(intent)

    def _considered(self) -> datetime | None:
        """The newest moment that the clock has left behind."""
        before = self.past.considered["clock"]
        return next((at for position, at in reversed(self._moments) if position < before), None)

    def _judge(self, intent: str, told: list[Told], until: datetime | None) -> None:
        if until is None or (self._overdue is not None and until - self._overdue < TURN):
            return
        known = self.past.intent(intent, self.past.head)
        if known is None or known.intent is None:
            return
        until -= self._jitter(known.intent)
        for one in told:
            if one.last <= until and one.count and not one.vague:
                what = f"of what {intent} was to bring by {one.last}"
                self.wrong(one.position, f"{what}, {one.count} were never closed")
        told[:] = [one for one in told if one.last > until]

    def _grace(self, name: str) -> timedelta:
        """What has come so shortly before may be told in time all the same."""
        settings, known = self.past.settings(self.past.head), self.past.intent(name, self.past.head)
        grace = timedelta(seconds=0 if settings is None else settings.clock.misfire_grace_seconds)
        intent = None if known is None else known.intent
        return grace if intent is None else grace + self._jitter(intent)

    def _jitter(self, intent: Intent) -> timedelta:
        seconds = intent.jitter_seconds
        if seconds is None:
            seconds = self.past.policies(self.past.head).jitter_seconds
        return timedelta(seconds=seconds)


def is_timed(intent: Intent) -> bool:
    """Whether its instants are known beforehand."""
    if intent.every_seconds is not None:
        return intent.every_from == "scheduled"
    return intent.cron is not None or intent.at is not None
