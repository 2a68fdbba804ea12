"""A day with many policies, cut off at every step: the verdicts stay what they would have been."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.executor.state import OpenRun
from actors.replay.courses import Course
from actors.replay.lives import Crash, MortalWorld
from actors.replay.naming import RunName
from events.configuration import Action, Configuration, Day, Intent, Lane, On
from events.intents import IntentAddRequested, IntentSwitchRequested, SignalReceived
from events.plan import OccurrenceSkipped
from events.policies import Executor, Plan, Policies
from events.record import Record
from events.requests import PauseRequested, ResumeRequested
from events.runs import RunStarting
from events.time import (
    HostSlept,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
    TimePassed,
)
from events.work import WorkPlanned
from tests.rules.policy_world import nothing_came_early

MINUTE = timedelta(minutes=1)
EVE = datetime(2026, 3, 28, 22, 40, tzinfo=UTC)  # twenty minutes before the night of the gap
LENGTH = timedelta(hours=24, minutes=40)
TAKES = {"short": 3, "long": 100, "longer": 250}
EVERY = 16  # so many steps apart is it cut, where there is no time for each
OUTAGE = timedelta(minutes=47)
RANGES = (OccurrenceMissed, OccurrencesCoalesced, OccurrencesSuperseded)
CLOSING = (*RANGES, OccurrenceSkipped, OccurrenceExpired)
ALWAYS = ("plain", "gap", "skips", "one", "latest", "cancels", "late", "earliest", "beside")

HOUSE = Configuration(
    day=Day(timezone="Europe/Vienna"),
    lanes={"main": Lane(concurrency=50)},
    executor=Executor(concurrency=50),
    actions={name: Action(command=(name,), timeout_seconds=86_400) for name in TAKES},
    plan=Plan(enabled=False),
    policies=Policies(dst_overlap="both"),
    intents={
        "plain": Intent(run="short", every_seconds=3_600, jitter_seconds=600),
        "gap": Intent(run="short", cron="30 1,2,3 * * *", dst_gap="skip"),
        "skips": Intent(run="long", cron="0 */2 * * *", misfire="run_all", misfire_limit=2),
        "one": Intent(run="long", cron="15 * * * *", overlap="buffer_one"),
        "latest": Intent(run="longer", cron="45 * * * *", overlap="keep_latest", misfire="skip"),
        "cancels": Intent(run="long", every_seconds=4_000, overlap="cancel_other"),
        "late": Intent(run="long", cron="20 * * * *", overlap="buffer_all", overlap_limit=3,
                       start_deadline_seconds=7_200),
        "earliest": Intent(run="short", cron="50 */3 * * *", misfire="run_once_earliest"),
        "beside": Intent(run="long", cron="25 */2 * * *", overlap="allow_all", misfire="within",
                         misfire_window_seconds=9_000),
        "then": Intent(run="short", every_seconds=5_000, every_from="completion"),
        "chained": Intent(run="short", after="skips", after_when="always"),
        "thrice": Intent(run="short", cron="5 */4 * * *", max_runs=3),
        "bell": Intent(run="short", on=On(signal="bell")),
    },
)  # fmt: skip


class Dying(MortalWorld):
    """Its first life ends once the log is so long; `ends` are all the lengths at which it could."""

    def __init__(self, dies_at: int = 0, down: timedelta = timedelta(0)) -> None:
        super().__init__(_course)
        self._dies_at, self._down = dies_at, down
        self.ends: list[int] = []
        self.true = EVE
        for minutes, do in self._happenings():
            self.later(EVE + minutes * MINUTE + MINUTE / 2, do)

    def down(self) -> timedelta:
        return self._down

    def step(self, name: str) -> None:
        super().step(name)
        self._perhaps_die()

    def _settle(self) -> None:
        self._perhaps_die()
        super()._settle()

    def _perhaps_die(self) -> None:
        if not self.ends or self.ends[-1] != self.head:
            self.ends.append(self.head)
        if self.lives == 1 and 2 < self._dies_at <= self.head:
            raise Crash

    def _happenings(self) -> Sequence[tuple[int, Callable[[], object]]]:
        by_hand = Intent(run="short", cron="40 * * * *")
        return (
            (127, lambda: self.tell("cli", [IntentAddRequested("hand", by_hand, "k1")])),
            (133, lambda: self.tell("cli", [SignalReceived("bell", "k2")])),
            (211, lambda: self.tell("cli", [PauseRequested("all", "k3")])),
            (301, lambda: self.tell("cli", [ResumeRequested("all", "k4")])),
            (407, lambda: self._sleep(247)),
            (893, lambda: self.tell("cli", [IntentSwitchRequested("hand", False, "k5")])),
            (907, lambda: self.tell("cli", [IntentSwitchRequested("plain", False, "k6")])),
        )

    def _sleep(self, minutes: int) -> None:
        since, self.offset = self.wall, self.offset + minutes * MINUTE
        self.tell("timer", [HostSlept(minutes * 60_000, since), TimePassed()])


def _course(_: RunName, run: OpenRun) -> Course:
    return Course(TAKES[run.name] * 60_000)


def lived(dies_at: int = 0, down: timedelta = timedelta(0)) -> Dying:
    world = Dying(dies_at, down)
    try:
        world.begin(EVE, HOUSE)
    except Crash:
        world.lives += 1
        world.come_back()
    world.live_until(EVE + LENGTH)
    return world


def verdicts(log: Sequence[Record]) -> Counter[Any]:
    """All of them, as they stand in the log; ids of works are places in one log."""
    found: Counter[Any] = Counter()
    for record in log:
        match record.fact:
            case WorkPlanned(source="intent", key=key):
                found[key, record.at] += 1
            case _ if isinstance(record.fact, CLOSING):
                found[record.fact, record.at] += 1
    return found


@pytest.fixture(scope="module")
def day() -> Dying:
    return lived()


def test_the_day_knows_every_verdict_and_goes_on_for_a_while(day: Dying) -> None:
    kinds = Counter(type(record.fact) for record in day.log)
    assert all(kinds[kind] for kind in (*CLOSING, OccurrenceDue, WorkPlanned)), kinds
    assert len(day.ends) > 500


def test_a_restart_that_takes_no_time_changes_no_verdict(day: Dying) -> None:
    cut_at(day, day.ends[2::EVERY])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_restart_at_any_step_changes_no_verdict(day: Dying) -> None:
    cut_at(day, day.ends[2:])


def cut_at(day: Dying, ends: Sequence[int]) -> None:
    expected = verdicts(day.log)
    for end in ends:
        world = lived(end)
        assert world.lives == 2, end
        found = verdicts(world.log)
        assert found == expected, (end, expected - found, found - expected)
        assert max(starts_of_keys(world.log).values()) == 1, end


def starts_of_keys(log: Sequence[Record]) -> Counter[str]:
    """A run that was begun again after the cut is the same start."""
    keys = {r.fact.work: r.fact.key for r in log if isinstance(r.fact, WorkPlanned)}
    runs = {r.fact.run: r.fact.work for r in log if isinstance(r.fact, RunStarting)}
    return Counter(keys[work] for work in runs.values())


def test_an_outage_explains_what_it_changes(day: Dying) -> None:
    after_long(day, day.ends[5::EVERY])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_outage_at_any_step_explains_what_it_changes(day: Dying) -> None:
    after_long(day, day.ends[5:])


def after_long(day: Dying, ends: Sequence[int]) -> None:
    """As many verdicts as there would have been; no work is early or starts twice."""
    expected = closed(day)
    last = day.log[-1].at - 2 * OUTAGE
    for end in (end for end in ends if day.log[end - 1].at < last):
        world = lived(end, OUTAGE)
        assert world.lives == 2, end
        assert closed(world) == expected, end
        assert max(starts_of_keys(world.log).values()) == 1, end
        nothing_came_early(world.log)


def closed(world: Dying) -> Counter[str]:
    """How many occurrences of each intent have their verdict, or wait for the one before. Only
    of those for which no outage changes how many there are."""
    found: Counter[str] = Counter()
    for record in world.log:
        match record.fact:
            case WorkPlanned(source="intent", key=key):
                found[key.rpartition("@")[0]] += 1
            case OccurrenceSkipped(intent=name) | OccurrenceExpired(intent=name):
                found[name] += 1
            case _ if isinstance(record.fact, RANGES):
                found[record.fact.intent] += record.fact.count
    for name, waiting in world.states["planner"].buffered.items():
        found[name] += len(waiting)
    return Counter({name: found[name] for name in ALWAYS})
