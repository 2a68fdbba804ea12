"""An invented world around the rules: its doors, its time, the ends of its lives.

Two clocks go in it. `true` is time as the machine lives it; the wall shows it with an `offset`
that jumps when the machine sleeps or somebody sets the clock, and records bear the time of the
wall. What is performed is performed once everyone has considered, as behind a bus: a crash may
come before.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heappop
from typing import Any, NamedTuple

from actors.clock.noticing import Reading, amiss
from actors.executor.state import OpenRun
from actors.replay.books import BOOKS, next_instant
from actors.replay.courses import Course
from actors.replay.naming import Names, RunName
from actors.replay.simulation import Consumer, Pick, Simulation
from actors.rules import Rules
from events.catalogue import AnyObservation
from events.cleanup import SweepEnded, SweepStarting
from events.configuration import Configuration, ConfigurationLoaded
from events.daemon import DaemonStarted
from events.record import Record
from events.runs import (
    KeeperFound,
    KeeperLost,
    ProbeEnded,
    ProbeStarting,
    RunCancelling,
    RunClosed,
    RunEnded,
    RunResult,
    RunStarted,
    RunStarting,
    Trouble,
)
from events.time import IdleProbing, IdleSeen, TimePassed

ZERO = timedelta()
LONG_AGO = datetime.min.replace(tzinfo=UTC)
VERSION = "simulated"
DIGEST = "simulated"

Courses = Callable[[RunName, OpenRun], Course]


class Begun(NamedTuple):
    """A run that was decided and has no verdict yet."""

    position: int  # of the decision
    starting: RunStarting


class Live(NamedTuple):
    """A process of this world: whose it is, and when it ends in true time."""

    position: int  # of the decision to start it
    pid: int
    begun_at: datetime
    ends_at: datetime
    course: Course
    starting: RunStarting


class World(Simulation):
    """`courses` says how a run goes, by its name. `begin` starts the first life."""

    def __init__(
        self,
        courses: Courses,
        *,
        books: Iterable[Rules[Any]] = BOOKS,
        pick: Pick = lambda ready: ready[0],
        consumer: Consumer | None = None,
    ) -> None:
        super().__init__(books, next_instant, pick=pick, consumer=consumer)
        self.true = LONG_AGO
        self.offset = self.slept = ZERO
        self.deaf_until = self.true  # until then nobody looks at the clocks
        self._seen: Reading | None = None  # the clocks before something happened to time
        self.boot, self.digest = 1, DIGEST
        self.live: dict[str, Live] = {}
        self.begun: dict[str, Begun] = {}
        self.probing: dict[str, int] = {}  # run: the position at which its probe was decided
        self._courses = courses
        self._names = Names(forgets=True)
        self._to_do: list[Record] = []
        self._pids = 0

    @property
    def wall(self) -> datetime:
        """What the clock on the wall shows."""
        return self.true + self.offset

    def begin(self, at: datetime, configuration: Configuration) -> None:
        """The first life of a daemon."""
        self.true = at
        self.tell("daemon", [ConfigurationLoaded(DIGEST, configuration), self._started()])

    def sleep(self, span: timedelta, noticed: timedelta = ZERO) -> None:
        """The machine sleeps, and what runs on it; a while later somebody looks at the clocks."""
        self._look_later(noticed)
        self.slept += span
        self.offset += span

    def set_clock(self, span: timedelta, noticed: timedelta = ZERO) -> None:
        """Somebody puts the wall clock forward or back."""
        self._look_later(noticed)
        self.offset += span

    def idle(self) -> IdleSeen:
        """What the machine says when it is asked."""
        return IdleSeen(True)

    def tell(
        self, by: str, facts: Sequence[AnyObservation], cause: int | None = None
    ) -> Sequence[int]:
        """Append what is seen now, then let everyone consider and act; the positions."""
        positions = [self._append(self.wall, by, cause, fact, 0) for fact in facts]
        self._settle()
        return positions

    def run_until(self, end: datetime) -> None:
        """Let true time pass."""
        while (at := self._next()) is not None and at <= end:
            self.true = at
            if self._coming and self._coming[0][0] <= at:
                self._do_next()
            else:
                self.tell("timer", [TimePassed()])
        self.true = max(self.true, end)

    def perform(self, decision: Record) -> None:
        self._names.learn(decision.fact)
        match decision.fact:
            case RunStarting() as starting:
                self.begun[starting.run] = Begun(decision.position, starting)
                self._to_do.append(decision)
            case RunCancelling() | SweepStarting() | IdleProbing():
                self._to_do.append(decision)
            case ProbeStarting(run=run):
                self.probing[run] = decision.position
                self._to_do.append(decision)
            case RunClosed(run=run):
                self.begun.pop(run, None)

    def _settle(self) -> None:
        super()._settle()
        while self._to_do:
            done, self._to_do = self._to_do, []
            for decision in done:
                self._act(decision)
            super()._settle()

    def _next(self) -> datetime | None:
        instants = [self._coming[0][0]] if self._coming else []
        if (instant := self._next_instant(self.states["clock"])) is not None:
            instants.append(max(instant - self.offset, self.deaf_until))
        return max(min(instants), self.true) if instants else None

    def _act(self, decision: Record) -> None:
        match decision.fact:
            case RunStarting() as starting if starting.executor != "sweep":
                self.start(starting, decision.position)
            case RunCancelling(run=run) if run in self.live:
                self.stop(run, "cancelled")
            case SweepStarting() as sweep:
                self.sweep(sweep)
            case IdleProbing():
                self._answer(decision.position, self.idle(), by="idle")
            case ProbeStarting(probe=probe, run=run):
                self.probe(probe, run, decision.position)

    def start(self, starting: RunStarting, position: int) -> None:
        """A process begins, or it is too late for that."""
        open_ = self.states["executor"].runs[starting.run]
        if self.wall > starting.not_after:
            late = RunEnded(starting.run, False, self.wall, trouble="too_late")
            self._answer(position, late)
            return
        course = self._courses(self._names.runs[starting.run], open_)
        if course.trouble is not None and not course.milliseconds:
            never = RunEnded(starting.run, False, self.wall, trouble=course.trouble)
            self._answer(position, never)
            return
        self._pids += 1
        course = within(course, open_.action.timeout_seconds)
        ends_at = self.true + timedelta(milliseconds=course.milliseconds)
        self.live[starting.run] = Live(position, self._pids, self.true, ends_at, course, starting)
        self.later(ends_at, lambda: self.end(starting.run, position))
        if starting.executor != "noop":
            born = RunStarted(starting.run, self._pids, str(self.boot), self._pids, self.wall)
            self._answer(position, born)

    def probe(self, probe: str, run: str, position: int) -> None:
        """A probe says what it knows of a run, a second later."""
        said = ProbeEnded(probe, self.knows(run))
        moment = self.true + timedelta(seconds=1)
        self.later(moment, lambda: self._say_of(run, said, position))

    def _say_of(self, run: str, said: ProbeEnded, position: int) -> None:
        if self.probing.pop(run, 0) == position:
            self._answer(position, said)

    def knows(self, run: str) -> int | None:
        """The exit code of the probe of an unknown run."""
        return 2

    def lose_keeper(self, found_after: timedelta) -> None:
        """The process that keeps the runs is gone, and with it how they end; another one comes."""
        kept = [run for run, live in self.live.items() if live.starting.executor != "noop"]
        lost = {run: self.live.pop(run) for run in kept}
        self.tell("process", [KeeperLost(len(lost), "it does not answer")])
        for run, live in lost.items():
            ended = RunEnded(run, True, self.wall, trouble="lost", detail="its keeper is gone")
            self._answer(live.position, ended)
        self._settle()
        self.later(self.true + found_after, lambda: self.tell("process", [KeeperFound()]))

    def end(self, run: str, position: int) -> None:
        """It ends as its course says, if it lives still."""
        live = self.live.get(run)
        if live is None or live.position != position or self.true < live.ends_at:
            return
        del self.live[run]
        self._answer(position, ended_by(live, self.wall, self.true))

    def stop(self, run: str, trouble: Trouble) -> None:
        """It is stopped from outside."""
        live = self.live.pop(run)
        milliseconds = (self.true - live.begun_at) // timedelta(milliseconds=1)
        course = Course(milliseconds, None, trouble)
        self._answer(live.position, ended_by(live._replace(course=course), self.wall, self.true))

    def sweep(self, starting: SweepStarting) -> None:
        """All that a sweep names goes, a second later."""
        position = int(starting.sweep[1:].partition("-")[0])
        self.later(self.true + timedelta(seconds=1), lambda: self._swept(starting, position))

    def _swept(self, starting: SweepStarting, position: int) -> None:
        if (starting.run or starting.sweep) not in self.states["cleanup"].sweeps:
            return
        runs, works = starting.runs, starting.works
        seen = SweepEnded(
            starting.sweep, len(runs) + len(works), 0, swept_runs=runs, swept_works=works
        )
        end = RunEnded(starting.run, True, self.wall, 0, duration_ms=1_000)
        told = (seen, end) if starting.run else (seen,)
        self._answer(position, *told, by="sweeper")

    def _answer(self, cause: int, *facts: AnyObservation, by: str = "process") -> None:
        """Something is seen while others may still consider: it takes its place behind them."""
        for fact in facts:
            self._append(self.wall, by, cause, fact, 0)
        Simulation._settle(self)

    def _look_later(self, noticed: timedelta) -> None:
        self._seen = self._seen or self._read()
        self.deaf_until = self.true + noticed
        self.later(self.deaf_until, self._look)

    def _look(self) -> None:
        """What the timer tells that finds the clocks apart."""
        before, self._seen = self._seen, None
        if before is not None and (found := [*amiss(before, self._read())]):
            self.tell("timer", found)

    def _read(self) -> Reading:
        ran = self.true - LONG_AGO
        return Reading(self.wall, ran, ran + self.slept)

    def _do_next(self) -> None:
        heappop(self._coming)[2]()
        self._settle()

    def _started(self, *, paused: bool = False) -> DaemonStarted:
        return DaemonStarted(VERSION, 1, str(self.boot), paused)


def within(course: Course, timeout_seconds: int) -> Course:
    """A course is cut off where the time of its run is up."""
    most = 1_000 * timeout_seconds
    if course.milliseconds <= most:
        return course
    return Course(most, None, "timed_out", None, f"stopped after {timeout_seconds} s")


def ended_by(live: Live, wall: datetime, true: datetime) -> RunEnded:
    """What is seen of the end of a process."""
    course, cost = live.course, live.course.cost_usd_micros
    resets_at = course.resets_after and wall + timedelta(seconds=course.resets_after)
    return RunEnded(
        live.starting.run,
        started=True,
        ended_at=wall,
        exit_code=course.exit_code,
        trouble=course.trouble,
        detail=course.detail,
        duration_ms=(true - live.begun_at) // timedelta(milliseconds=1),
        result=None if cost is None else RunResult(cost_usd_micros=cost),
        resets_at=resets_at or None,
    )
