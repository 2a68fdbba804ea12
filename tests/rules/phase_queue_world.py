"""A world around the phase queue, and a witness who checks each word it says.

The witness keeps a plain list of works of its own, judges by that alone, and never looks
anything up that the queue keeps to be quick.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from msgspec import msgpack

from actors.calendar import ONE_DAY, PhaseWindow, day_bounds, day_of, phases_at, phases_of
from actors.phase_queue.rules import RULES
from actors.phase_queue.state import Queue
from events.budget import FundsOffered, FundsRefused
from events.catalogue import AnyFact
from events.configuration import Configuration, ConfigurationLoaded
from events.daemon import DaemonStarted
from events.plan import WorkWithdrawn
from events.record import Record
from events.requests import (
    Paused,
    ReleaseRequested,
    RequestRefused,
    RequestRepeated,
    Resumed,
)
from events.runs import RunRetrying
from events.time import (
    AlarmCleared,
    AlarmRang,
    AlarmSet,
    DayStarted,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
)
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)
from tests.rules.phase_queue_seen import Seen, follow
from tests.rules.phase_queue_story import HOUSE, NOON


class World:
    def __init__(self) -> None:
        self.queue = Queue()
        self.position, self.now, self.house = 0, NOON, HOUSE
        self.works: dict[str, Seen] = {}
        self.paused: set[tuple[str, str]] = set()
        self.open: list[PhaseWindow] = []
        self.alarms: dict[str, datetime] = {}
        self.said: list[AnyFact] = []  # the latest decisions
        self.answered: list[AnyFact] = []  # requests
        self.was_told = True  # of every window that is over; else it finds out with the day
        self.lives(ConfigurationLoaded("d1", HOUSE))
        self._start_windows()

    # What it is asked about.

    @property
    def waiting(self) -> list[str]:
        return [n for n, work in self.works.items() if not work.ended and work.run is None]

    @property
    def running(self) -> list[str]:
        return [n for n, work in self.works.items() if not work.ended and work.run]

    def has_room(self, lane: str) -> bool:
        lanes = [self.works[name].plan.lane for name in self.running]
        house = self.house
        return (
            len(lanes) < house.executor.concurrency
            and lanes.count(lane) < house.lane(lane).concurrency
        )

    def is_paused(self, work: Seen) -> bool:
        scopes = {("all", ""), ("category", work.category), ("lane", work.plan.lane)}
        return bool(scopes & self.paused)

    def in_phase(self, work: Seen) -> bool:
        return work.phase is None or any(
            window.phase == work.phase
            and self.now < window.ends_at
            and (work.day is None or work.day <= window.day)
            for window in self.open
        )

    def may_go(self, name: str) -> bool:
        work = self.works[name]
        return self.must_go(name, asleep=work.wakes_at is not None and self.now < work.wakes_at)

    def must_go(self, name: str, asleep: bool | None = None) -> bool:
        """Nothing is in its way; its alarm, if it set one, has rung."""
        work = self.works[name]
        return (
            self.in_phase(work)
            and not (work.wakes_at is not None if asleep is None else asleep)
            and not work.unpaid
            and not self.is_paused(work)
            and self.has_room(work.plan.lane)
        )

    # How it goes on.

    def lives(self, fact: AnyFact) -> None:
        """Let the queue hear it, and let one hear it that was written down and read again."""
        self.position += 1
        record = Record(self.position, self.now, "world", None, fact)
        twin = msgpack.decode(msgpack.encode(self.queue), type=Queue)
        self._learn(fact)
        decisions = RULES.consider(self.queue, record)
        assert list(RULES.consider(twin, record)) == list(decisions)
        assert twin == self.queue
        self.said = list(decisions)
        for decision in decisions:
            self._check(decision, fact)
            self._learn(decision)
        self._nothing_is_lost()
        assert [name for name in self.waiting if self.must_go(name)] == []

    def passes(self, minutes: int) -> None:
        """Time goes by; the clock is there and tells each thing when it happens."""
        until = self.now + timedelta(minutes=minutes)
        while (moment := self._next_moment()) <= until:
            self.now = moment
            self._ring()
            self._end_windows()
            self._start_day()
            self._start_windows()
        self.now = until
        self.nobody_waits_in_vain()

    def sleeps(self, hours: int, runs_are_lost: bool, is_told: bool) -> None:
        """Nobody is there for a while; what was missed may be told afterwards, or not."""
        before, self.now = self.now, self.now + timedelta(hours=hours)
        self.lives(DaemonStarted("1", 1, "boot"))
        if runs_are_lost:
            for name in self.running:
                self.lives(WorkFinished(name, "unknown"))
        if is_told:
            self._end_windows()
            for window in self._windows(before):
                if before < window.starts_at and window.ends_at <= self.now:
                    self.lives(PhaseMissed(*window, "daemon_down"))
        else:
            self.open = [window for window in self.open if self.now < window.ends_at]
            self.was_told = False
        if day_of(HOUSE.day, before) != day_of(HOUSE.day, self.now):
            self._start_day(self.now)
        self._start_windows()
        self._ring()
        self.nobody_waits_in_vain()

    def nobody_waits_in_vain(self) -> None:
        """Whoever waits for a phase waits for a window that is still to come."""
        for name in self.waiting:
            said = self.works[name].held
            if self.was_told and said is not None and said.reason == "phase_not_open":
                assert said.until is not None and self.now < said.until

    def _next_moment(self) -> datetime:
        day = day_of(HOUSE.day, self.now)
        moments = [*self.alarms.values(), *day_bounds(HOUSE.day, day)]
        for window in self._windows(self.now):
            moments += [window.starts_at, window.ends_at]
        return min(moment for moment in moments if moment > self.now)

    def _windows(self, since: datetime) -> Iterator[PhaseWindow]:
        day = day_of(HOUSE.day, since) - ONE_DAY
        while day <= day_of(HOUSE.day, self.now) + ONE_DAY:
            yield from phases_of(HOUSE, day)
            day += ONE_DAY

    def _ring(self) -> None:
        for alarm, rings_at in sorted(self.alarms.items(), key=lambda entry: entry[1]):
            if rings_at <= self.now:
                self.alarms.pop(alarm, None)
                self.lives(AlarmRang(alarm, "phase_queue", rings_at))

    def _end_windows(self) -> None:
        for window in [window for window in self.open if window.ends_at <= self.now]:
            self.open.remove(window)
            self.lives(PhaseEnded(window.day, window.phase, window.ends_at))

    def _start_day(self, at: datetime | None = None) -> None:
        day = day_of(HOUSE.day, self.now)
        starts_at, ends_at = day_bounds(HOUSE.day, day)
        if at is not None or starts_at == self.now:
            self.lives(DayStarted(day, starts_at, ends_at))
            self.was_told = True

    def _start_windows(self) -> None:
        for window in phases_at(HOUSE, self.now):
            if window not in self.open:
                self.lives(PhaseStarted(*window))

    # What the witness learns, and what it insists upon.

    def _learn(self, fact: AnyFact) -> None:
        if fact in self.answered:
            return
        work = self.works.get(getattr(fact, "work", ""))
        match fact:
            case WorkPlanned():
                age = len(self.works)
                self.works[fact.work] = Seen(
                    fact, age, fact.phase, fact.day, fact.category, fact.not_before
                )
                self._wake(self.works[fact.work])
            case PhaseStarted():
                self.open.append(PhaseWindow(fact.day, fact.phase, fact.starts_at, fact.ends_at))
            case Paused(scope, name):
                self.paused.add((scope, name))
            case Resumed(scope, name):
                self.paused.discard((scope, name))
            case AlarmSet(alarm, _, rings_at):
                self.alarms[alarm] = rings_at
            case AlarmCleared(alarm):
                del self.alarms[alarm]
            case AlarmRang(alarm):
                self.works[alarm.removeprefix("work:")].wakes_at = None
            case ConfigurationLoaded(configuration=Configuration() as house):
                self.house = house
            case _ if work is not None and not work.ended:
                follow(work, fact)
                self._wake(work)

    def _wake(self, work: Seen) -> None:
        """A time that has come already is nothing to wait for."""
        if work.held is None and work.wakes_at is not None and work.wakes_at <= self.now:
            work.wakes_at = None

    def _check(self, decision: AnyFact, because: AnyFact) -> None:
        match decision:
            case WorkReleased(work=name, run=run):
                assert name in self.waiting and self.may_go(name)
                first = min(
                    [name, *filter(self.must_go, self.waiting)],
                    key=lambda other: self.works[other].order,
                )
                assert first == name
                assert run.startswith(f"r{self.position}-")
                work = self.works[name]
                assert (decision.step, decision.attempt) == (work.step, work.attempt)
            case WorkHeld(work=name):
                assert name in self.waiting
                assert decision != self.works[name].held or isinstance(because, ReleaseRequested)
                if decision.reason == "no_funds" and not self.works[name].unpaid:
                    self._check_unasked(decision, because)
            case WorkDropped(work=name) | WorkDeferred(work=name):
                assert name in self.waiting and not self.works[name].started
                assert not (isinstance(because, WorkWithdrawn) and self.works[name].moved)
            case WorkCancelled(work=name):
                assert name in self.waiting
            case WorkStopping(work=name):
                assert name in self.running and not self.works[name].stopping

    def _check_unasked(self, decision: WorkHeld, because: AnyFact) -> None:
        """Others were just refused what it would ask for."""
        work = self.works[decision.work]
        assert isinstance(because, FundsRefused)
        told = decision.category, decision.ceiling_usd_micros, decision.priority
        ceiling = 9 if work.step > 1 else 40
        assert told == (work.category, ceiling, work.plan.priority)
        assert because.left_usd_micros < ceiling
        assert because.reason == "day_spent" or because.category == work.category
        asked = self.works[because.work].plan.priority
        assert asked == "critical" or work.plan.priority != "critical"

    def _nothing_is_lost(self) -> None:
        """Each work waits for something, is released, or has ended; alarms are for who waits."""
        works = {n: work.released for n, work in self.queue.works.items()}
        assert works == dict.fromkeys(self.waiting, False) | dict.fromkeys(self.running, True)
        timed = ("not_before", "retry_backoff")
        asleep = {
            f"work:{name}"
            for name in self.waiting
            if (said := self.works[name].held) is not None and said.reason in timed
        }
        assert asleep == set(self.alarms)
        assert all(self.works[name].held is not None for name in self.waiting)

    # What others may say of a work.

    def ends(self, name: str, how: str) -> None:
        work = self.works[name]
        facts: dict[str, Callable[[], AnyFact]] = {
            "finished": lambda: WorkFinished(name, "completed"),
            "refused": lambda: FundsRefused(
                work.run or "", name, work.category, 50, self.position % 50, "category_spent"
            ),
            "the day is spent": lambda: FundsRefused(
                work.run or "", name, work.category, 1, 0, "day_spent"
            ),
            "paused": lambda: WorkReturned(name, work.run or "", work.step, work.attempt, "paused"),
            "too late": lambda: WorkReturned(
                name, work.run or "", work.step, work.attempt, "too_late"
            ),
            "step": lambda: StepReached(
                name, f"s{self.position}", "write", work.step + 1, "chores", 9
            ),
            "retry": lambda: RunRetrying(
                name, work.step, "read", work.attempt + 1, self.now + timedelta(minutes=10)
            ),
            "retry at once": lambda: RunRetrying(
                name, work.step, "read", work.attempt + 1, self.now
            ),
        }
        stopping, by_hand = work.stopping, work.phase is None and not work.started
        self.lives(facts[how]())
        if how in ("paused", "too late") and stopping:
            assert isinstance(self.said[0], WorkCancelled)
        elif how == "too late" and by_hand:
            assert self.said[0] == WorkDropped(name, "too_late")

    def offers(self, name: str) -> None:
        if self.works[name].unpaid:
            self.lives(FundsOffered(name, "research"))

    def asks(self, request: AnyFact) -> None:
        """A person gets one answer, and gets it first."""
        self.lives(request)
        if not isinstance(self.said[0], RequestRefused):
            self.answered.append(request)
        answers = (RequestRefused, Paused, Resumed, WorkMoved, WorkCancelled, WorkStopping)
        heard = [decision for decision in self.said if isinstance(decision, answers)]
        if not isinstance(request, ReleaseRequested):
            assert len(heard) == 1 and self.said[0] == heard[0]
        elif not heard:
            told = (WorkReleased, WorkHeld)
            about = [d for d in self.said if isinstance(d, told) and d.work == request.work]
            assert len(about) == 1

    def repeats(self, number: int) -> None:
        """A request that comes again is not carried out again, whatever has happened since."""
        if self.answered:
            request: Any = self.answered[number % len(self.answered)]
            self.lives(request)
            assert [type(decision) for decision in self.said] == [RequestRepeated]
