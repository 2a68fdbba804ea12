"""Runs in a log that is decided again: each ends as it was recorded, or as it might have."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from heapq import heappush
from typing import NamedTuple

from msgspec.structs import replace

from actors.replay.books import BOOKS, next_instant
from actors.replay.courses import OF_THE_DAEMON, Course, course_of
from actors.replay.draws import Draws
from actors.replay.naming import Names, RunName
from actors.replay.recorded import Recorded, Twin
from actors.replay.simulation import Consumer, Simulation
from actors.replay.world import within
from events.catalogue import AnyFact
from events.cleanup import SweepEnded, SweepStarting
from events.record import Record
from events.runs import (
    ProbeEnded,
    ProbeStarting,
    RunCancelling,
    RunEnded,
    RunResult,
    RunStarting,
    Trouble,
)
from events.time import IdleProbing, IdleSeen

SAME = timedelta(seconds=2)  # So far apart, a beginning is the recorded one.
LONG_AGO = datetime.min.replace(tzinfo=UTC)
NOT_RECORDED = 1 << 62  # Behind all that was recorded of one moment.

Foreseen = tuple[datetime, int, int, Callable[[], object]]  # axis, position, token, what


class Open(NamedTuple):
    """A run under way, the recorded one whose very end it gets, and the token of that end."""

    twin: Twin | None
    token: int


class Runs(Simulation):
    """What becomes of the runs that are decided here; `drawn` names those whose ends are
    invented, `estimated` those of them whose costs no run of the same action tells. While it
    `_follows` the very order of then, their ends come by themselves."""

    def __init__(self, recorded: Recorded, seed: int, consumer: Consumer) -> None:
        super().__init__(BOOKS, next_instant, consumer=consumer)
        self.drawn: set[RunName] = set()
        self.estimated: set[RunName] = set()
        self._recorded, self._draws = recorded, Draws(seed)
        self._names = Names()
        self._works: dict[str, str] = {}  # key: its work here
        self._runs: dict[RunName, str] = {}
        self._ends: list[Foreseen] = []
        self._open: dict[str, Open] = {}
        self._lost: list[str] | None = None  # runs of a life that is over, until the next begins
        self._axis = recorded.begin or LONG_AGO
        self._follows = False

    def perform(self, decision: Record) -> None:
        self._learn(decision.fact)
        if self._follows:
            return
        match decision.fact:
            case RunStarting() as starting if starting.run in self._names.runs:
                self._begin(starting, decision)
            case RunCancelling(run=run) if run in self._open:
                self._cancel(run, decision)
            case SweepStarting() as sweep:
                self._sweep(sweep, decision)
            case IdleProbing():
                self._look(decision)
            case ProbeStarting(probe=probe, run=run):
                self._probe(probe, run, decision)

    def _begin(self, starting: RunStarting, decision: Record) -> None:
        name, run, position = self._names.runs[starting.run], starting.run, decision.position
        twin = self._recorded.twins.get(name)
        if twin is not None and abs(twin.started_at - decision.at) <= SAME:
            self._end_as(twin, run, position)
        elif twin is not None and twin.ended_at is not None and _is_its_own(twin.ended):
            assert twin.ended is not None
            self._foresee(run, decision, twin.ended_at - twin.started_at, twin.ended)
        else:
            self._invent(name, run, decision)

    def _end_as(self, twin: Twin, run: str, position: int) -> None:
        """It gets the very end that was recorded, where it was recorded, if there is one."""
        self._open[run] = Open(twin, 0)
        if twin.ended is not None and twin.ended_at is not None and twin.ended_axis is not None:
            ended = replace(twin.ended, run=run)
            place = twin.ended_axis, twin.ended_position
            self._foresee_end(run, twin, place, twin.ended_at, ended, position)

    def _invent(self, name: RunName, run: str, decision: Record) -> None:
        open_ = self.states["executor"].runs[run]
        course = course_of(self._draws, self._recorded.history, name, open_.name, open_.action)
        course = within(course, open_.action.timeout_seconds)
        self.drawn.add(name)
        told = course.cost_usd_micros is not None and self._recorded.history.count(open_.name)
        if open_.action.estimate_usd_micros and not told:
            self.estimated.add(name)
        length = timedelta(milliseconds=course.milliseconds)
        self._foresee(run, decision, length, _ended(run, course, decision.at))

    def _foresee(self, run: str, decision: Record, length: timedelta, ended: RunEnded) -> None:
        """It ends after so long; while the machine sleeps it does not go on."""
        at = decision.at + length
        for since, until in self._recorded.sleeps:
            if decision.at <= since < at:
                at += until - since
        ended = replace(ended, run=run, ended_at=at)
        place = max(at, self._axis), NOT_RECORDED
        self._foresee_end(run, None, place, at, ended, decision.position)

    def _foresee_end(
        self,
        run: str,
        twin: Twin | None,
        place: tuple[datetime, int],
        at: datetime,
        ended: RunEnded,
        cause: int,
    ) -> None:
        """It will end so; what was foreseen before comes no more."""
        token = self._push(*place, lambda: self._end(run, token, at, ended, cause))
        self._open[run] = Open(twin, token)

    def _push(self, axis: datetime, position: int, do: Callable[[], object]) -> int:
        self._foreseen += 1
        heappush(self._ends, (axis, position, self._foreseen, do))
        return self._foreseen

    def _end(self, run: str, token: int, at: datetime, ended: RunEnded, cause: int) -> None:
        if run in self._open and self._open[run].token == token:
            del self._open[run]
            self.say(at, ended, "process", cause)

    def _cancel(self, run: str, decision: Record) -> None:
        """Somebody wants it ended; unless the log shows that end, it comes at once."""
        twin = self._open[run].twin
        if twin is None or twin.ended is None or twin.ended.trouble != "cancelled":
            ended = RunEnded(run, started=True, ended_at=decision.at, trouble="cancelled")
            place = self._axis, 0
            self._foresee_end(run, None, place, decision.at, ended, decision.position)

    def _unrecorded(self) -> list[str]:
        """The open runs whose end is not the recorded one."""
        return [run for run, open_ in self._open.items() if open_.twin is None]

    def _leave(self) -> None:
        """Nobody is there any more; nobody sees how these end."""
        self._lost = self._unrecorded()
        for run in self._lost:
            self._open[run] = Open(None, -1)

    def _cut_short(self, runs: Iterable[str], record: Record, trouble: Trouble) -> None:
        """The end of a life is the end of what it ran."""
        for run in runs:
            del self._open[run]
            ended = RunEnded(run, started=True, ended_at=record.at, trouble=trouble)
            self.say(record.at, ended, "process")

    def _sweep(self, sweep: SweepStarting, decision: Record) -> None:
        """All that it names goes."""
        gone = SweepEnded(
            sweep.sweep,
            len(sweep.runs) + len(sweep.works),
            0,
            swept_runs=sweep.runs,
            swept_works=sweep.works,
        )
        at = decision.at
        self._push(self._axis, 0, lambda: self.say(at, gone, "sweeper", decision.position))

    def _probe(self, probe: str, run: str, asked: Record) -> None:
        """It says what it said then; what was not asked then it does not know."""
        name = self._names.runs.get(run)
        code = None if name is None else self._recorded.probes.get(name)
        said, at, position = ProbeEnded(probe, code), asked.at, asked.position
        self._push(self._axis, 0, lambda: self.say(at, said, "process", position))

    def _look(self, asked: Record) -> None:
        """The machine says what it said then; where it was not asked then, what it said last."""
        at, position, seen = asked.at, asked.position, self._recorded.looked_before(asked.at)
        looked, place = self._recorded.looks.get(asked.at), (self._axis, 0)
        if looked is not None and isinstance(looked.record.fact, IdleSeen):
            at, seen = looked.record.at, looked.record.fact
            place = looked.axis, looked.position
        self._push(*place, lambda: self.say(at, seen, "idle", position))

    def _learn(self, fact: AnyFact) -> None:
        self._names.learn(fact)
        if (work := getattr(fact, "work", None)) is not None and work in self._names.works:
            self._works[self._names.works[work]] = work
        if (run := getattr(fact, "run", None)) is not None and run in self._names.runs:
            self._runs[self._names.runs[run]] = run


def _is_its_own(ended: RunEnded | None) -> bool:
    """Whether it ended by itself: an end that the daemon brought about holds only there."""
    return ended is not None and ended.trouble not in OF_THE_DAEMON


def _ended(run: str, course: Course, at: datetime) -> RunEnded:
    cost = course.cost_usd_micros
    started = course.trouble is None or course.milliseconds > 0
    after = course.resets_after
    return RunEnded(
        run,
        started,
        at,
        course.exit_code,
        course.trouble,
        course.detail,
        course.milliseconds,
        result=None if cost is None else RunResult(cost_usd_micros=cost),
        resets_at=None if after is None else at + timedelta(seconds=after),
    )
