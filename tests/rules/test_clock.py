"""What holds for the clock whatever is asked of it, and however its clock is set."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some
from msgspec import msgpack

from actors.calendar import PhaseWindow, day_of, phases_of
from actors.clock.rules import RULES, Clock, next_instant
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Configuration, ConfigurationLoaded, Day, Intent, Phase
from events.daemon import DaemonStarted
from events.record import Record
from events.time import (
    AlarmCleared,
    AlarmRang,
    AlarmSet,
    DayStarted,
    OccurrenceDue,
    OccurrencesExpected,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
    TimePassed,
)

STARTED = DaemonStarted(version="0.1.0", pid=1, boot="b")
PASSED = TimePassed()
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)

CHANGES = {
    "UTC": ["2026-11-20T00:00"],
    "Europe/Berlin": ["2026-03-29T01:00", "2026-10-25T01:00"],
    "America/New_York": ["2026-03-08T07:00", "2026-11-01T06:00"],
    "Australia/Lord_Howe": ["2026-10-03T15:30", "2026-04-04T15:00"],
    "America/Santiago": ["2026-09-06T04:00", "2026-04-05T03:00"],
}


class Told(NamedTuple):
    """A record and what the clock decided upon it."""

    record: Record
    decisions: list[AnyDecision]


class World:
    """A clock, everything it was told, and a wall clock that can be set."""

    def __init__(self, now: datetime, configuration: Configuration) -> None:
        self.now, self.clock, self.log = now, RULES.state(), list[Told]()
        self.tell(ConfigurationLoaded("d", configuration))
        self.tell(STARTED)

    def tell(self, fact: AnyFact) -> list[AnyDecision]:
        record = Record(len(self.log) + 1, self.now, "door", None, fact)
        decisions = list(RULES.consider(self.clock, record))
        self.log.append(Told(record, decisions))
        return decisions

    @property
    def decided(self) -> list[tuple[datetime, AnyDecision]]:
        return [(record.at, fact) for record, decisions in self.log for fact in decisions]

    @property
    def furthest(self) -> datetime:
        return max(record.at for record, _ in self.log if record.fact in (STARTED, PASSED))


def days_and_phases(
    zone: str, starts_at: time, phases: tuple[Phase, ...], **intents: Intent
) -> Configuration:
    day = Day(timezone=zone, starts_at=starts_at)
    return Configuration(day=day, phases=phases, intents=intents)


clock_times = some.builds(time, some.integers(0, 23), some.sampled_from([0, 10, 30, 45]))
phases = some.builds(Phase, name=some.just("p"), start=clock_times, end=clock_times)
several_phases = some.lists(phases, max_size=4).map(
    lambda found: tuple(
        Phase(name=f"p{n}", start=phase.start, end=phase.end) for n, phase in enumerate(found)
    )
)
INTENTS = {
    "night": Intent(run="read", cron="30 2 * * *"),
    "half": Intent(run="read", cron="*/30 * * * *"),
    "weekly": Intent(run="read", cron="0 0 * * 0"),
    "often": Intent(run="read", every_seconds=1000),
}
# How the wall clock moves between what the clock is told, in seconds; None: until it must look.
moves = some.lists(
    some.tuples(
        some.one_of(some.none(), some.integers(0, 100_000), some.integers(-20_000, 20_000)),
        some.sampled_from([PASSED, PASSED, STARTED]),
    ),
    max_size=12,
)


@some.composite
def places(draw: some.DrawFn) -> tuple[str, datetime]:
    """A zone and a moment shortly before its clocks change."""
    zone = draw(some.sampled_from(sorted(CHANGES)))
    change = datetime.fromisoformat(draw(some.sampled_from(CHANGES[zone]))).replace(tzinfo=UTC)
    return zone, change - timedelta(seconds=draw(some.integers(0, 100_000)))


def live(world: World, told: list[tuple[int | None, AnyFact]]) -> None:
    for seconds, fact in told:
        wakes = next_instant(world.clock)
        if seconds is not None:
            world.now += timedelta(seconds=seconds)
        elif wakes is not None:
            world.now = max(world.now, wakes)
        world.tell(fact)
        later = next_instant(world.clock)
        assert later is not None and later > world.now, "it would be woken again for nothing"


@settings(max_examples=200, deadline=None)
@for_any(places(), clock_times, several_phases, moves)
def test_days_start_once_and_each_phase_is_lived_or_missed(
    place: tuple[str, datetime],
    starts_at: time,
    phases: tuple[Phase, ...],
    told: list[tuple[int | None, AnyFact]],
) -> None:
    zone, first = place
    configuration = days_and_phases(zone, starts_at, phases)
    world = World(first, configuration)
    live(world, told)
    started = [fact.day for _, fact in world.decided if isinstance(fact, DayStarted)]
    assert started == sorted(set(started))
    assert started[-1] == day_of(configuration.day, world.furthest)

    lives: dict[tuple[date, str], list[type]] = defaultdict(list)
    seen = first
    for now, fact in world.decided:
        seen = max(seen, now)
        if isinstance(fact, PhaseStarted | PhaseEnded | PhaseMissed):
            lives[fact.day, fact.phase].append(type(fact))
            assert (fact.ends_at > seen) is isinstance(fact, PhaseStarted)
    expected = {
        (window.day, window.phase): ended(window, world.furthest)
        for window in windows_between(configuration, first, world.furthest)
    }
    assert lives.keys() == expected.keys()
    for key, life in lives.items():
        assert life in expected[key]


def windows_between(
    configuration: Configuration, first: datetime, last: datetime
) -> list[PhaseWindow]:
    """Those that were open at some moment, and those of the first day that were over."""
    on = first_day = day_of(configuration.day, first)
    windows = phases_of(configuration, on - timedelta(days=1))
    while on <= day_of(configuration.day, last):
        windows += phases_of(configuration, on)
        on += timedelta(days=1)
    return [w for w in windows if w.starts_at <= last and (w.ends_at > first or w.day == first_day)]


def ended(window: PhaseWindow, last: datetime) -> list[list[type]]:
    lived: list[type] = [PhaseStarted, PhaseEnded]
    return [lived, [PhaseMissed]] if window.ends_at <= last else [[PhaseStarted]]


# Everything at once: configurations come and go, alarms are set, clocks jump.

configurations = some.builds(
    lambda zone, starts_at, phases, names: days_and_phases(
        zone, starts_at, phases, **{name: INTENTS[name] for name in names}
    ),
    some.sampled_from(sorted(CHANGES)),
    clock_times,
    several_phases,
    some.sets(some.sampled_from(sorted(INTENTS))).map(sorted),
)
instants = some.integers(-400_000, 400_000).map(lambda s: MIDNIGHT + timedelta(seconds=s))
names = some.sampled_from(["work:w1-1", "work:w2-1"])
setters = some.sampled_from(["phase_queue", "budget"])
happenings = some.lists(
    some.tuples(
        some.integers(-50_000, 100_000),
        some.one_of(
            some.sampled_from([PASSED, STARTED]),
            some.builds(ConfigurationLoaded, some.just("d"), some.none() | configurations),
            some.builds(AlarmSet, names, setters, instants),
            some.builds(AlarmCleared, names, setters),
        ),
    ),
    max_size=15,
)


@settings(max_examples=200, deadline=None)
@for_any(configurations, happenings)
def test_whatever_is_configured_nothing_happens_twice_or_before_its_time(
    configuration: Configuration, told: list[tuple[int, AnyFact]]
) -> None:
    world = World(MIDNIGHT, configuration)
    for seconds, fact in told:
        world.now += timedelta(seconds=seconds)
        world.tell(fact)
        world.tell(PASSED)
        wakes = next_instant(world.clock)
        assert wakes is not None and wakes > world.now
    started = [fact for _, fact in world.decided if isinstance(fact, DayStarted)]
    assert len({fact.day for fact in started if not fact.again}) == len(
        [fact for fact in started if not fact.again]
    )
    due: dict[str, list[datetime]] = defaultdict(list)
    for now, fact in world.decided:
        if isinstance(fact, OccurrenceDue):
            due[fact.intent].append(fact.due_at)
            assert fact.due_at <= now
        if isinstance(fact, AlarmRang):
            assert fact.rings_at <= now
    assert all(len(instants) == len(set(instants)) for instants in due.values())
    open_phases: set[tuple[date, str]] = set()
    for _, fact in world.decided:
        if isinstance(fact, PhaseStarted):
            assert (fact.day, fact.phase) not in open_phases
            open_phases.add((fact.day, fact.phase))
        elif isinstance(fact, PhaseEnded):
            open_phases.remove((fact.day, fact.phase))


@settings(max_examples=100, deadline=None)
@for_any(configurations, happenings)
def test_a_clock_that_lives_its_log_again_or_is_kept_between_is_the_same_clock(
    configuration: Configuration, told: list[tuple[int, AnyFact]]
) -> None:
    world, again = World(MIDNIGHT, configuration), RULES.state()
    for seconds, fact in told:
        world.now += timedelta(seconds=seconds)
        world.tell(fact)
    for record, decisions in world.log:
        RULES.learn(again, record, decisions)
        again = msgpack.decode(msgpack.encode(again), type=Clock)
    assert again == world.clock
    assert next_instant(again) == next_instant(world.clock)


def test_days_and_phases_come_before_occurrences_and_these_before_alarms() -> None:
    hourly = Intent(run="read", cron="0 * * * *")
    dawn = Phase(name="dawn", start=time(0), end=time(6))
    world = World(
        MIDNIGHT - timedelta(minutes=30), days_and_phases("UTC", time(0), (dawn,), hourly=hourly)
    )
    world.tell(AlarmSet("one", "budget", MIDNIGHT - timedelta(minutes=15)))
    world.now = MIDNIGHT
    told = [type(fact) for fact in world.tell(PASSED)]
    assert told == [DayStarted, PhaseStarted, OccurrencesExpected, OccurrenceDue, AlarmRang]


def test_a_clock_without_a_start_waits_for_nothing() -> None:
    assert next_instant(RULES.state()) is None
