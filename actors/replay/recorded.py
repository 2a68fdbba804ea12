"""What a log tells that holds under any configuration: people, processes, lives, sleep, clocks that
were set, and what the machine said when it was asked."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from actors.clock.rules import RULES as CLOCK
from actors.replay.books import next_instant
from actors.replay.courses import History
from actors.replay.naming import Names, RunName
from events.catalogue import AnyObservation, ARequest
from events.configuration import Configuration, ConfigurationLoaded, ConfigurationRefused
from events.daemon import DaemonStarted, DaemonStopped
from events.record import Record
from events.runs import (
    KeeperFound,
    KeeperLost,
    ProbeEnded,
    ProbeStarting,
    RunEnded,
    RunResult,
    RunStarting,
)
from events.time import ClockStepped, HostSlept, IdleProbing, IdleSeen, TimePassed

LIVED = (  # kinds that tell of time and of the daemon
    *(DaemonStarted, DaemonStopped, ConfigurationLoaded, ConfigurationRefused, TimePassed),
    *(HostSlept, ClockStepped, KeeperLost, KeeperFound),
)
ASLEEP_AFTER = timedelta(seconds=60)  # A clock that lives looks at least every 30 seconds.


class Seen(NamedTuple):
    """An observation of people, of time or of the daemon; `axis` never goes back."""

    axis: datetime
    record: Record


class Twin(Struct):
    """A run as it was: when it was begun, and its end if the log knows it."""

    run: str
    started_at: datetime
    position: int
    ended: RunEnded | None = None
    ended_at: datetime | None = None
    ended_axis: datetime | None = None
    ended_position: int = 0


class Absence(NamedTuple):
    """From the last record of a life to the first of the next: nobody was there."""

    since: datetime
    until_position: int


class Looked(NamedTuple):
    """What the machine said of itself, and where that stands."""

    axis: datetime
    position: int
    record: Record


class Recorded:
    """Takes the records of a log in order, those behind `position` to be decided again."""

    def __init__(self, position: int = 0) -> None:
        self.position = position
        self.names = Names()
        self.twins: dict[RunName, Twin] = {}
        self.history = History()
        self.seen: list[Seen] = []
        self.absences: dict[int, Absence] = {}  # by the position of the first record of a life
        self.sleeps: list[tuple[datetime, datetime]] = []
        self.rings: dict[datetime, datetime] = {}  # instant that was waited for: axis of its ring
        self.probes: dict[RunName, int | None] = {}  # what they said
        self.looks: dict[datetime, Looked] = {}  # by when the machine was asked whether it is idle
        self.configuration: Configuration | None = None  # in force at `position`
        self.latest = Configuration()  # in force at the end
        self.begin: datetime | None = None  # the axis there
        self.axis: datetime | None = None
        self.head = 0
        self._clock = CLOCK.state()
        self._waits_for: datetime | None = None
        self._last: Record | None = None
        self._before_last: datetime | None = None
        self._runs: dict[str, tuple[str, Twin]] = {}  # open ones: action, twin
        self._asked: datetime | None = None  # whether the machine is idle
        self._probing: dict[str, RunName] = {}

    def take(self, record: Record) -> None:
        before = self.axis
        self.axis = record.at if before is None else max(before, record.at)
        self.names.learn(record.fact)
        self._note(record, before, self.axis)
        self._watch_clock(record, before)
        self._last, self._before_last, self.head = record, before, record.position
        if record.position <= self.position:
            self.begin = self.axis

    def _note(self, record: Record, before: datetime | None, axis: datetime) -> None:
        fact = record.fact
        match fact:
            case RunStarting(run=run, action=action):
                twin = Twin(run, record.at, record.position)
                self._runs[run] = action, twin
                if run in self.names.runs:
                    self.twins[self.names.runs[run]] = twin
            case RunEnded(run=run) if run in self._runs:
                action, twin = self._runs.pop(run)
                self.history.add(action, fact)
                self._end(twin, slim(fact), record)
            case _ if isinstance(fact, LIVED):
                self._live(record, before)
            case ProbeStarting(probe=probe, run=run) if run in self.names.runs:
                self._probing[probe] = self.names.runs[run]
            case ProbeEnded(probe=probe, exit_code=code) if probe in self._probing:
                self.probes[self._probing.pop(probe)] = code
            case IdleProbing():
                self._asked = record.at
            case IdleSeen() if self._asked is not None:
                self.looks[self._asked] = Looked(axis, record.position, record)
            case _ if isinstance(fact, ARequest) and record.position > self.position:
                self.seen.append(Seen(axis, record))

    def decided(self, record: Record) -> None:
        """A decision that was still to come where the log ends: see `otherwise.completed`."""
        self.names.learn(record.fact)
        if isinstance(record.fact, RunStarting) and record.fact.run in self.names.runs:
            twin = Twin(record.fact.run, record.at, record.position)
            self.twins[self.names.runs[record.fact.run]] = twin

    def open_at(self, position: int) -> Iterable[Twin]:
        """The runs that were open behind that record."""
        for twin in self.twins.values():
            if twin.position <= position < (twin.ended_position or self.head + 1):
                yield twin

    def asleep_until(self, at: datetime) -> datetime | None:
        """When the machine woke, if it slept at that moment."""
        return next((until for since, until in self.sleeps if since <= at < until), None)

    def looked_before(self, at: datetime) -> IdleSeen:
        """What the machine had said last by then; one that was never asked is idle."""
        known = [each.record.fact for asked, each in self.looks.items() if asked <= at]
        return known[-1] if known and isinstance(known[-1], IdleSeen) else IdleSeen(True)

    def _end(self, twin: Twin, ended: RunEnded, record: Record) -> None:
        twin.ended, twin.ended_at = ended, record.at
        twin.ended_axis, twin.ended_position = self.axis, record.position

    def _live(self, record: Record, before: datetime | None) -> None:
        match record.fact:
            case ConfigurationLoaded(configuration=Configuration() as configuration):
                self.latest = configuration
                if record.position <= self.position:
                    self.configuration = configuration
            case DaemonStarted():
                self._begin_life(record, before)
            case HostSlept(milliseconds=milliseconds):
                since = record.at - timedelta(milliseconds=milliseconds)
                self.sleeps.append((max(since, before or since), record.at))
            case ClockStepped(milliseconds=milliseconds, before=shown) if milliseconds > 0:
                self.sleeps.append((max(shown, before or shown), record.at))
        if record.position > self.position:
            assert self.axis is not None
            self.seen.append(Seen(self.axis, record))

    def _begin_life(self, record: Record, before: datetime | None) -> None:
        """The configuration that is loaded right before belongs to the new life."""
        last = self._last
        first, since = record.position, before
        if last is not None and isinstance(last.fact, ConfigurationLoaded):
            first, since = last.position, self._before_last
        if since is not None:
            self.absences[first] = Absence(since, first)

    def _watch_clock(self, record: Record, before: datetime | None) -> None:
        """While a clock waits for an instant and everything is silent beyond it, it sleeps."""
        due, fact = self._waits_for, record.fact
        if due is not None and isinstance(fact, TimePassed) and self.axis is not None:
            self.rings[due] = self.axis
        begins = isinstance(fact, DaemonStarted | ConfigurationLoaded)
        if due is not None and isinstance(fact, DaemonStopped) and due <= record.at:
            self.sleeps.append((due, record.at))  # The clock goes first.
        woke_late = due is not None and record.at > due + ASLEEP_AFTER >= (before or record.at)
        if due is not None and before is not None and woke_late and not begins:
            self.sleeps.append((max(due, before), record.at))
        if record.by == CLOCK.actor or type(fact) in CLOCK.hears:
            CLOCK.evolve(self._clock, fact, record.at)
            self._waits_for = next_instant(self._clock)


def slim(ended: RunEnded) -> RunEnded:
    """An end without its words: what rules look at is kept."""
    result = ended.result
    if result is not None:
        result = RunResult(cost_usd_micros=result.cost_usd_micros, tokens=result.tokens)
    return replace(ended, tail="", result=result)


def observation(record: Record) -> AnyObservation:
    """The fact of a record that is known to be one."""
    fact = record.fact
    assert isinstance(fact, AnyObservation)
    return fact


Change = Callable[[Configuration], Configuration]
