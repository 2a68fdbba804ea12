"""A world for bugs in the rules of time: intents of every kind, and clocks nobody can trust."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from random import Random

from msgspec.structs import replace

from actors.executor.state import OpenRun
from actors.replay.books import BOOKS
from actors.replay.courses import Course
from actors.replay.naming import RunName
from actors.replay.recompute import Difference, Recompute
from actors.replay.world import World
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    ConfigurationRefused,
    Day,
    Intent,
    Lane,
    On,
    Phase,
)
from events.intents import (
    IntentAddRequested,
    IntentRemoveRequested,
    IntentSwitchRequested,
    SignalReceived,
)
from events.policies import Clock, Executor
from events.record import Record
from events.requests import PauseRequested, ResumeRequested
from events.settings import Hours
from events.time import IdleSeen
from projections.invariants.check import Violation
from projections.invariants.checker import Checker
from projections.invariants.past import ACTORS
from tests.rules.planted_story import Books, Enough, Found

BEGINS = (  # the second is in front of a night in which clocks are put back
    datetime(2026, 11, 20, 5, 50, tzinfo=UTC),
    datetime(2026, 10, 24, 18, 50, tzinfo=UTC),
)
HAPPENINGS = 7
RECORDS_MAX = 6_000
DEADLINE = 600

HOUSE = Configuration(
    day=Day(timezone="Europe/Berlin"),
    phases=(Phase(name="day", start=time(6), end=time(22)),),
    budget=Budget(daily_usd_micros=1_000_000, reserve_usd_micros=0, categories={"study": 900_000}),
    lanes={"main": Lane(concurrency=50)},
    executor=Executor(concurrency=100),
    clock=Clock(catch_up_limit=3),
    actions={
        "look": Action(command=("look",), category="upkeep", expected_seconds=30),
        "read": Action(command=("read",), category="study", timeout_seconds=9_000),
    },
    intents={
        "plain": Intent(run="look", every_seconds=7_200),
        "narrow": Intent(run="look", every_seconds=2_400, windows=(
            Hours(start=time(8), end=time(11)), Hours(start=time(22), end=time(1)))),
        "nightly": Intent(run="look", cron="30 2,3 * * *"),
        "skips": Intent(run="read", every_seconds=3_600),
        "one": Intent(run="read", every_seconds=4_200, overlap="buffer_one"),
        "all": Intent(run="read", every_seconds=3_000, overlap="buffer_all", overlap_limit=3),
        "latest": Intent(run="read", every_seconds=3_400, overlap="keep_latest"),
        "cancels": Intent(run="read", every_seconds=5_400, overlap="cancel_other"),
        "ends": Intent(run="read", every_seconds=6_600, overlap="terminate_other"),
        "many": Intent(run="read", every_seconds=5_800, overlap="allow_all"),
        "hard": Intent(run="look", every_seconds=4_800, misfire="skip"),
        "early": Intent(run="look", every_seconds=4_800, misfire="run_once_earliest"),
        "each": Intent(run="look", every_seconds=3_800, misfire="run_all", misfire_limit=4),
        "fresh": Intent(
            run="look", every_seconds=3_800, misfire="within", misfire_window_seconds=7_200),
        "restart": Intent(run="look", every_seconds=8_000, self_restart=True),
        "prompt": Intent(run="read", every_seconds=4_000, start_deadline_seconds=DEADLINE,
                         overlap="buffer_all"),
        "late": Intent(run="look", every_seconds=10_000, jitter_seconds=900),
        "rest": Intent(run="look", every_seconds=5_000, every_from="completion"),
        "then": Intent(run="look", after="nightly"),
        "heard": Intent(run="look", on=On(signal="bell")),
        "warned": Intent(run="look", on=On(alert="configuration_refused")),
        "quiet": Intent(run="look", every_seconds=9_000, only_if_idle=True,
                        start_deadline_seconds=DEADLINE),
    },
)  # fmt: skip
MINE = Intent(run="look", every_seconds=1_000)


class LedgerWorld(World):
    """A day or two in which the machine sleeps, clocks are set, and people change their mind."""

    def __init__(self, books: Books, luck: Random) -> None:
        self.kept: list[Record] = []
        self._luck = luck
        super().__init__(self._course, books=books, pick=luck.choice, consumer=self._keep)

    def pass_days(self) -> None:
        """So many things happen, one after the other."""
        self.begin(self._luck.choice(BEGINS), HOUSE)
        for number in range(HAPPENINGS):
            self.run_until(self.true + self._span(20, 150))
            self._luck.choice(self._happenings(number))()
        self.run_until(self.true + timedelta(hours=5))

    def idle(self) -> IdleSeen:
        return IdleSeen(self._luck.random() < 0.5)

    def _keep(self, record: Record) -> None:
        self.kept.append(record)
        if len(self.kept) >= RECORDS_MAX:
            raise Enough

    def _course(self, name: RunName, run: OpenRun) -> Course:
        minutes = self._luck.choice([20, 50, 110]) if run.name == "read" else 1
        return Course(60_000 * minutes, 0)

    def _span(self, least: int, most: int) -> timedelta:
        return timedelta(minutes=self._luck.randint(least, most))

    def _happenings(self, number: int) -> list[Callable[[], object]]:
        key, name = f"k{number}", self._luck.choice([*HOUSE.intents])
        return [
            lambda: self.sleep(self._span(30, 700)),
            lambda: self.sleep(self._span(1, 20)),
            lambda: self.set_clock(-self._span(5, 200)),
            lambda: self.set_clock(self._span(5, 200)),
            lambda: self._far(timedelta(days=40)),
            lambda: self._far(-timedelta(days=3)),
            lambda: self._pause(key),
            lambda: self._signal(key),
            lambda: self._by_hand(key),
            lambda: self._switch(key, name),
            lambda: self._edit(key, name),
            lambda: self.tell("daemon", 2 * [ConfigurationRefused("config.toml", ("empty",))]),
        ]

    def _far(self, span: timedelta) -> None:
        self.set_clock(span)
        self.later(self.true + self._span(60, 300), lambda: self.set_clock(-span))

    def _signal(self, key: str) -> None:
        bell = SignalReceived("bell", key)
        self.tell("cli", [bell, SignalReceived("gong", f"{key}g"), bell])

    def _pause(self, key: str) -> None:
        self.tell("cli", [PauseRequested("all", key)])
        self.run_until(self.true + self._span(60, 200))
        self.tell("cli", [ResumeRequested("all", f"{key}r")])

    def _by_hand(self, key: str) -> None:
        self.tell("cli", [IntentAddRequested("mine", MINE, key)])
        self.run_until(self.true + self._span(60, 200))
        self.tell("cli", [IntentRemoveRequested("mine", f"{key}r")])

    def _switch(self, key: str, name: str) -> None:
        self.tell("cli", [IntentSwitchRequested(name, False, key)])
        self.run_until(self.true + self._span(60, 200))
        self.tell("cli", [IntentSwitchRequested(name, True, f"{key}r")])

    def _edit(self, key: str, name: str) -> None:
        intents = {one: it for one, it in HOUSE.intents.items() if one not in (name, "plain")}
        intents["plain"] = Intent(run="look", cron="7,37 * * * *")
        self.tell("daemon", [ConfigurationLoaded(key, replace(HOUSE, intents=intents))])


def lived(books: Books, seed: int) -> tuple[list[Record], bool]:
    """The log of a world, and whether it came to its end."""
    world = LedgerWorld(books, Random(seed))
    try:
        world.pass_days()
    except Exception:  # Whatever a planted bug makes of the rules.
        return world.kept, False
    return world.kept, True


def found_in(books: Books, seed: int) -> Found:
    """What verify finds in the log of such a world, by what it proves of itself and by deciding
    again with the rules as they are."""
    log, whole = lived(books, seed)
    violations: list[Violation] = []
    differences: list[Difference] = []
    checker, again = Checker(violations.append), Recompute(BOOKS, differences.append)
    considered = dict.fromkeys(ACTORS, len(log)) if whole else {}
    checker.take(log)
    checker.finish(considered)
    again.take(log)
    again.finish(considered)
    return Found(violations, differences)
