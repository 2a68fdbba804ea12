"""What came of a simulated stretch of time, counted while it goes by: no record is kept."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct, field
from msgspec.json import encode

from actors.calendar import phase_on
from events.budget import CostCorrected, FundsRefused, FundsSettled
from events.codec import GENESIS, Entry, written
from events.configuration import Configuration
from events.plan import CandidatePassedOver, OccurrenceSkipped
from events.record import Record
from events.runs import RunClosed, RunStarting
from events.time import DayStarted, OccurrenceMissed
from events.work import (
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkPlanned,
    WorkReleased,
)

SECOND = timedelta(seconds=1)
PLANS_MAX = 31  # days whose plans are kept by name


class Digest:
    """The link of the last record of a log, as if it had been kept."""

    def __init__(self) -> None:
        self.link = GENESIS

    def take(self, record: Record) -> None:
        body = encode(record.fact)
        said = Entry(record.at, record.cause, record.depth, record.fact, body)
        _, self.link = written(record.position, record.by, said, self.link)


class Spread:
    """Many lengths of time in few numbers: to the second up to 1,000, then to three digits."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()

    def add(self, seconds: int) -> None:
        unit = 1
        while seconds >= 1_000 * unit:
            unit *= 10
        self.counts[seconds // unit * unit] += 1

    def percentile(self, percent: int) -> int:
        """The smallest that so many percent do not exceed; 0 for none."""
        left = self.counts.total() * percent
        for seconds in sorted(self.counts):
            left -= 100 * self.counts[seconds]
            if left <= 0:
                return seconds
        return 0


class DayOf(Struct):
    """A day: its plan by phase, and what came of the work that was planned on it."""

    day: date
    plan: dict[str, list[str]] = field(default_factory=dict)  # phase: names of work
    works: int = 0
    ends: dict[str, int] = field(default_factory=dict)  # state: how many
    passed_over: int = 0


class Wait(Struct):
    """Work of one name that was held for one reason."""

    times: int = 0
    seconds: int = 0
    longest_seconds: int = 0


class LaneUse(Struct):
    """How full a lane was, and who waited for it. Seconds of runs count each for itself."""

    runs: int = 0
    busy_seconds: int = 0
    at_once: int = 0
    at_once_most: int = 0
    waits: int = 0
    waited_seconds: int = 0


class OpenWork(Struct):
    """Work that has not ended."""

    name: str
    lane: str
    day: date
    ready_at: datetime  # when it could first have gone
    started: bool = False
    reason: str = ""
    since: datetime | None = None


class Tally:
    """Takes the records of a simulation in order; `finish` before reading."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.records = 0
        self.today = date.min
        self.days: dict[date, DayOf] = {}
        self.spend: dict[str, dict[date, int]] = {}  # by category and day
        self.held: dict[tuple[str, str], Wait] = {}  # by name and reason
        self.dropped: Counter[tuple[str, str]] = Counter()  # by name and reason
        self.ends: Counter[str] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()  # by category and reason
        self.closed: Counter[str] = Counter()  # occurrences that became no work, by reason
        self.passed_over: Counter[str] = Counter()
        self.late: dict[str, Spread] = {}  # by name
        self.lateness = Spread()
        self.lanes: dict[str, LaneUse] = {}
        self.works: dict[str, OpenWork] = {}
        self._runs: dict[str, tuple[str, datetime]] = {}  # run: its lane, its beginning

    def take(self, record: Record) -> None:
        self.records += 1
        match record.fact:
            case DayStarted(day=day):
                self.today = day
                self.days[day] = DayOf(day)
            case WorkPlanned() as planned:
                self._plan(planned, record.at)
            case WorkHeld(work=work, reason=reason):
                self._wait(work, reason, record.at)
            case WorkReleased(work=work):
                self._wait(work, "", record.at)
            case RunStarting() as starting:
                self._start(starting, record.at)
            case RunClosed(run=run) if run in self._runs:
                self._end_run(run, record.at)
            case WorkDropped(work=work, reason=reason) if work in self.works:
                self.dropped[self.works[work].name, reason] += 1
                self._end(work, "dropped", record.at)
            case WorkFinished(work=work, state=state):
                self._end(work, state, record.at)
            case WorkCancelled(work=work):
                self._end(work, "cancelled", record.at)
            case _:
                self._count(record)

    def finish(self, at: datetime) -> None:
        """The simulation ends here: who waits has waited until now."""
        for work in self.works:
            self._wait(work, self.works[work].reason, at)

    def _count(self, record: Record) -> None:
        match record.fact:
            case FundsSettled(category=category, day=day, cost_usd_micros=cost):
                by_day = self.spend.setdefault(category, {})
                by_day[day] = by_day.get(day, 0) + cost
            case CostCorrected(category=category, day=day, cost_usd_micros=cost) as corrected:
                by_day = self.spend.setdefault(category, {})
                by_day[day] = by_day.get(day, 0) + cost - corrected.was_usd_micros
            case FundsRefused(category=category, reason=reason):
                self.refused[category, reason] += 1
            case OccurrenceSkipped(reason=skipped):
                self.closed[skipped] += 1
            case OccurrenceMissed(reason=missed, count=count):
                self.closed[missed] += count
            case CandidatePassedOver(reason=passed):
                self.passed_over[passed] += 1
                if self.today in self.days:
                    self.days[self.today].passed_over += 1

    def _plan(self, planned: WorkPlanned, at: datetime) -> None:
        window = None
        if planned.day is not None and planned.phase is not None:
            window = phase_on(self._configuration, planned.day, planned.phase)
        ready = max(filter(None, (at, planned.not_before, window and window.starts_at)))
        day = self.days.setdefault(self.today, DayOf(self.today))
        day.works += 1
        if len(self.days) <= PLANS_MAX:
            day.plan.setdefault(planned.phase or "", []).append(planned.name)
        self.works[planned.work] = OpenWork(planned.name, planned.lane, self.today, ready)

    def _wait(self, name: str, reason: str, at: datetime) -> None:
        work = self.works.get(name)
        if work is None:
            return
        if work.since is not None and work.reason:
            self._waited(work, max(0, (at - work.since) // SECOND))
        work.reason, work.since = reason, at

    def _waited(self, work: OpenWork, seconds: int) -> None:
        wait = self.held.setdefault((work.name, work.reason), Wait())
        wait.times += 1
        wait.seconds += seconds
        wait.longest_seconds = max(wait.longest_seconds, seconds)
        if work.reason == "lane_full":
            lane = self.lanes.setdefault(work.lane, LaneUse())
            lane.waits += 1
            lane.waited_seconds += seconds

    def _start(self, starting: RunStarting, at: datetime) -> None:
        work = self.works.get(starting.work)
        if work is None:
            return
        if not work.started:
            seconds = max(0, (at - work.ready_at) // SECOND)
            self.lateness.add(seconds)
            self.late.setdefault(work.name, Spread()).add(seconds)
            work.started = True
        lane = self.lanes.setdefault(work.lane, LaneUse())
        lane.runs += 1
        lane.at_once += 1
        lane.at_once_most = max(lane.at_once_most, lane.at_once)
        self._runs[starting.run] = work.lane, at

    def _end_run(self, run: str, at: datetime) -> None:
        lane, since = self._runs.pop(run)
        self.lanes[lane].at_once -= 1
        self.lanes[lane].busy_seconds += max(0, (at - since) // SECOND)

    def _end(self, name: str, state: str, at: datetime) -> None:
        self._wait(name, "", at)
        work = self.works.pop(name, None)
        if work is not None:
            self.ends[state] += 1
            day = self.days[work.day]
            day.ends[state] = day.ends.get(state, 0) + 1

    def waiting(self) -> Sequence[OpenWork]:
        """What has not ended and never started."""
        return [work for work in self.works.values() if not work.started]
