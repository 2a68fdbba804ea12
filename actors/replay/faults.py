"""What goes wrong, at stated rates: in runs, with the daemon, with the machine and its clock,
with the configuration; and what else happens that nobody foresees."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from actors.executor.simulated import ESCAPED, FOUND
from actors.executor.state import OpenRun
from actors.replay.books import BOOKS
from actors.replay.courses import Course
from actors.replay.draws import Draws
from actors.replay.edits import edited, signals_of
from actors.replay.lives import Crash, MortalWorld
from actors.replay.naming import RunName
from actors.replay.simulation import Consumer, Pick
from actors.replay.world import Courses
from actors.rules import Rules
from events.cleanup import DiskSeen
from events.configuration import Configuration, ConfigurationLoaded, ConfigurationRefused
from events.intents import SignalReceived
from events.settings import PROGRAMS, ExecutorKind
from events.time import IdleSeen

DAY = timedelta(days=1)
HOUR_SECONDS = 3_600
STEPS_MAX = 40  # considerations between the moment of a crash and the crash itself
NOTICED_SECONDS = 30  # until a waiting clock sees that it was set
SLOW = 8  # times as long
FAR_DAYS = 400
HIDES = 250  # of a thousand processes that escape: nothing tells whose they are
DISK_BYTES = 1 << 40
RATE_SECONDS, QUOTA_SECONDS = 900, 5 * HOUR_SECONDS
BRIEF = {  # what such faults leave of a run, whatever that is
    "rate_limit": Course(2_000, 1, "rate_limited", None, "too many requests", RATE_SECONDS),
    "quota": Course(2_000, 1, "quota_exhausted", None, "out of credits", QUOTA_SECONDS),
    "not_ready": Course(1_000, 1, "not_ready", None, "connection refused"),
    "login": Course(1_000, 1, "misconfigured", None, "not logged in"),
    "missing": Course(0, None, "program_missing"),
}


class Rates(NamedTuple):
    """How often in a thousand: first of runs, from `crash` on of days, and the last two of
    returns and of questions to the machine."""

    hang: int = 20  # until its time is up
    rate_limit: int = 40  # turned away after two seconds
    failure: int = 40
    slow: int = 60  # takes eight times as long
    unseen: int = 10  # nobody saw how it ended
    overspent: int = 20
    missing: int = 10  # its program is not there
    quota: int = 20  # of an agent, or what is asked by http: nothing more until its window ends
    not_ready: int = 20  # likewise: it could not work now
    login: int = 5  # likewise: a person must log in
    at_ceiling: int = 10  # likewise: stopped when it had cost what it might, and a call more
    escape: int = 10  # a process of it lives on
    crash: int = 400  # kill -9, at any point of what was going on
    power_cut: int = 100
    stop: int = 300  # in order, and started again
    host_sleep: int = 400
    clock_forward: int = 150
    clock_back: int = 150
    clock_far: int = 30  # off by more than a day, either way, and corrected some hours later
    edit: int = 100  # of the configuration
    bad_edit: int = 50  # that cannot be used
    other_zones: int = 10  # another time zone database
    signal: int = 300
    keeper_lost: int = 100  # and with it how its runs ended
    disk_low: int = 50  # for some hours
    paused_start: int = 0
    busy: int = 300  # when somebody asks whether the machine is idle


_FIRST_OF_DAYS = Rates._fields.index("crash")
OF_RUNS = Rates._fields[:_FIRST_OF_DAYS]
OF_DAYS = Rates._fields[_FIRST_OF_DAYS:-2]
ESCAPES = {FOUND: "escape_found", ESCAPED: "escape_not_found"}  # what is told, what is counted
OF_AGENTS = ("quota", "not_ready", "login", "at_ceiling")
AGENTS: frozenset[ExecutorKind] = frozenset((*PROGRAMS, "http"))


class FaultyWorld(MortalWorld):
    """A world in which faults are drawn; `met` counts those that came to pass."""

    def __init__(
        self,
        courses: Courses,
        draws: Draws,
        rates: Rates,
        *,
        books: Iterable[Rules[Any]] = BOOKS,
        pick: Pick = lambda ready: ready[0],
        consumer: Consumer | None = None,
    ) -> None:
        super().__init__(self._course, books=books, pick=pick, consumer=consumer)
        self.met: Counter[str] = Counter()
        self._sound, self._draws, self._rates = courses, draws, rates
        self._steps: int | None = None  # until the crash
        self.asked = 0  # times whether the machine is idle
        self._first = Configuration()

    def begin(self, at: datetime, configuration: Configuration) -> None:
        """The first life of a daemon."""
        self._first = configuration
        super().begin(at, configuration)

    def live_days(self, days: int) -> None:
        """So many days of true time, each with the faults that are drawn for it."""
        begin = self.true
        for day in range(days):
            self._draw_day(day)
            self.live_until(begin + (day + 1) * DAY)

    def step(self, name: str) -> None:
        if self._steps is not None:
            self._steps -= 1
            if self._steps < 0:
                self._steps = None
                raise Crash
        super().step(name)

    def come_back(self) -> None:
        self._steps = None
        super().come_back()

    def down(self) -> timedelta:
        return self._span("down", self.lives, 12)

    def paused(self) -> bool:
        found = self._draws.happens(self._rates.paused_start, "paused", self.lives)
        self.met["paused_start"] += found
        return found

    def _draw_day(self, day: int) -> None:
        for fault in OF_DAYS:
            if self._draws.happens(getattr(self._rates, fault), fault, day):
                second = self._draws.below(24 * HOUR_SECONDS, fault, "when", day)
                happen: Callable[[], object] = getattr(self, f"_{fault}")
                self.later(self.true + timedelta(seconds=second), happen)

    def _course(self, name: RunName, run: OpenRun) -> Course:
        course = self._sound(name, run)
        if run.action.executor == "noop":
            return course
        agent = run.executor in AGENTS
        for fault in OF_RUNS:
            if fault in OF_AGENTS and not agent:
                continue
            if self._draws.happens(getattr(self._rates, fault), fault, *name):
                if fault == "escape":  # It is counted when it does.
                    hides = self._draws.happens(HIDES, "hides", *name)
                    return course._replace(detail=ESCAPED if hides else FOUND)
                self.met[fault] += 1
                return spoilt(fault, course, run)
        return course

    def end(self, run: str, position: int) -> None:
        """With what it left running, which is found or is not."""
        live = self.live.get(run)
        super().end(run, position)
        if live is not None and run not in self.live and live.course.detail in ESCAPES:
            self.met["escape"] += 1
            for told, name in ESCAPES.items():
                self.met[name] += told == live.course.detail

    def _crash(self) -> None:
        self.met["crash"] += 1
        self._steps = self._draws.below(STEPS_MAX, "steps", self.met["crash"])

    def _power_cut(self) -> None:
        self.met["power_cut"] += 1
        self.cut_power()

    def _stop(self) -> None:
        self.met["stop"] += 1
        self.stop_in_order()

    def idle(self) -> IdleSeen:
        self.asked += 1
        busy = self._draws.happens(self._rates.busy, "busy", self.asked)
        self.met["busy"] += busy
        return IdleSeen(not busy, "somebody types" if busy else "")

    def _host_sleep(self) -> None:
        self.met["host_sleep"] += 1
        self.sleep(self._span("sleep", self.met["host_sleep"], 16), self._notice())

    def _clock_forward(self) -> None:
        self.met["clock_forward"] += 1
        self.set_clock(self._span("forward", self.met["clock_forward"], 3), self._notice())

    def _clock_back(self) -> None:
        self.met["clock_back"] += 1
        self.set_clock(-self._span("back", self.met["clock_back"], 3), self._notice())

    def _clock_far(self) -> None:
        self.met["clock_far"] += 1
        nth = self.met["clock_far"]
        off = timedelta(days=2 + self._draws.below(FAR_DAYS, "far", nth))
        off = off if self._draws.happens(500, "far ahead", nth) else -off
        self.set_clock(off, self._notice())
        right = self.true + self._span("far for", nth, 12)
        self.later(right, lambda: self.set_clock(-off, self._notice()))

    def _edit(self) -> None:
        self.met["edit"] += 1
        changed = edited(self._first, self._draws, self.met["edit"])
        self.digest = f"edit {self.met['edit']}"
        self.tell("daemon", [ConfigurationLoaded(self.digest, changed, tzdata=self.tzdata)])

    def _bad_edit(self) -> None:
        self.met["bad_edit"] += 1
        self.tell("daemon", [ConfigurationRefused("config.toml", ("it is empty",))])

    def _other_zones(self) -> None:
        self.met["other_zones"] += 1
        self.tzdata = f"after {self.met['other_zones']}"
        self.tell("daemon", [ConfigurationLoaded(self.digest, tzdata=self.tzdata)])

    def _signal(self) -> None:
        self.met["signal"] += 1
        nth = self.met["signal"]
        name = self._draws.choice((*signals_of(self._first), "stranger"), "signal", nth)
        self.tell("cli", [SignalReceived(name, f"s{self._draws.below(4 * nth, 'key', nth)}")])

    def _keeper_lost(self) -> None:
        self.met["keeper_lost"] += 1
        self.lose_keeper(timedelta(seconds=1 + self._draws.below(60, "found", self.head)))

    def knows(self, run: str) -> int | None:
        return self._draws.choice((0, 1, 2, None), "probe", run)

    def _disk_low(self) -> None:
        self.met["disk_low"] += 1
        self.tell("disk", [DiskSeen(0, DISK_BYTES)])
        again = self.true + self._span("disk low for", self.met["disk_low"], 6)
        self.later(again, lambda: self.tell("disk", [DiskSeen(DISK_BYTES, DISK_BYTES)]))

    def _notice(self) -> timedelta:
        return timedelta(seconds=self._draws.below(NOTICED_SECONDS, "noticed", self.head))

    def _span(self, what: str, nth: int, hours: int) -> timedelta:
        """Up to so many hours; short ones are as frequent as long ones."""
        most = hours * HOUR_SECONDS >> 2 * self._draws.below(6, what, "scale", nth)
        return timedelta(seconds=1 + self._draws.below(most, what, nth))


def spoilt(fault: str, course: Course, run: OpenRun) -> Course:
    """How a run goes on which a fault falls."""
    match fault:
        case "hang":
            return Course(1_000 * run.action.timeout_seconds + 1)
        case "rate_limit" if run.executor not in AGENTS:
            return Course(2_000, 1, None, None, "rate limited")
        case "at_ceiling":
            ceiling = run.ceiling_usd_micros or 0
            return course._replace(
                exit_code=None, trouble="at_ceiling", cost_usd_micros=ceiling + ceiling // 10
            )
        case "failure":
            return course._replace(exit_code=1, cost_usd_micros=None)
        case "slow":
            return course._replace(milliseconds=SLOW * course.milliseconds)
        case "unseen":
            return course._replace(exit_code=None)
        case "overspent":
            reserved = run.ceiling_usd_micros or run.action.ceiling_usd_micros
            most = reserved or run.action.estimate_usd_micros
            return course._replace(cost_usd_micros=2 * most + 1)
        case _:
            return BRIEF[fault]
