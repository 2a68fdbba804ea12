"""What would become of an intent: it is lived by the real rules, in a world that has nothing else.

Money, pauses and other work play no part; all work succeeds, and a machine is always idle.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from actors.calendar import ONE_DAY, instant, zone_of
from actors.replay.courses import Course
from actors.replay.fates import Fate, Fates
from actors.replay.world import World
from actors.triggers import due_between
from events.configuration import Action, Configuration, Intent, Lane
from events.policies import Executor, Plan
from events.record import Record
from events.time import HostSlept, TimePassed

HORIZON = timedelta(days=20 * 366)
LATEST = datetime(9900, 1, 1, tzinfo=UTC)
TOGETHER = 10_000  # works and runs at a time: as many as one likes
INSTANT, MILLISECOND = timedelta(microseconds=1), timedelta(milliseconds=1)


class Sleep(NamedTuple):
    """The machine sleeps each day between two local times."""

    start: time
    end: time
    zone: str


class Question(NamedTuple):
    """What is asked: `name` is one of the intents of `house`, each of which takes so long."""

    name: str
    house: Configuration
    begin: datetime
    limit: int
    takes: timedelta = timedelta(0)
    sleep: Sleep | None = None


def previewed(question: Question) -> list[Fate]:
    """The first occurrences from a moment on, that moment included, and what becomes of each.

    Fewer than were asked for where no more come within twenty years.
    """
    name, house, begin = question.name, _alone(question), question.begin
    intent, fates = house.intents[name], Fates(name, house, question.limit)
    end = min(begin, LATEST) + HORIZON
    if not (intent.now or intent.every_from == "completion"):
        begin -= INSTANT
    if _is_timed(intent):
        fates.expect(due_between(intent, house, begin, end, question.limit))
    takes = Course(question.takes // MILLISECOND)
    world = _Sleeper(lambda *_: takes, fates.take, question.sleep)
    world.begin(begin, house)
    while not fates.complete and world.wall < end and not world.is_at_rest():
        until = fates.last or world.next_change() or end
        world.live_until(until if until > world.wall else world.wall + ONE_DAY)
    return fates.told()


def _is_timed(intent: Intent) -> bool:
    timed = intent.cron is not None or intent.at is not None
    return timed or (intent.every_seconds is not None and intent.every_from == "scheduled")


def _alone(question: Question) -> Configuration:
    """The house with these intents and nothing that could be in their way."""
    house, seconds = question.house, question.takes // timedelta(seconds=1)
    intents = {
        name: replace(intent, only_if_idle=False, enabled=True)
        for name, intent in house.intents.items()
    }
    action = Action(command=("true",), timeout_seconds=seconds + 1)
    by_phase = any(intent.phase or intent.phases for intent in intents.values())
    return Configuration(
        day=house.day,
        phases=house.phases if by_phase else (),
        lanes={action.lane: Lane(concurrency=TOGETHER)},
        actions={intent.run: action for intent in intents.values()},
        intents=intents,
        policies=house.policies,
        clock=house.clock,
        plan=Plan(enabled=False),
        executor=Executor(concurrency=TOGETHER),
    )


class _Sleeper(World):
    """A world whose machine sleeps: its wall goes on, and nothing else does."""

    def __init__(
        self,
        courses: Callable[..., Course],
        consumer: Callable[[Record], object],
        sleep: Sleep | None,
    ) -> None:
        super().__init__(courses, consumer=consumer)
        self._sleep = sleep

    def live_until(self, end: datetime) -> None:
        """Let time pass on the wall; whoever sleeps then wakes up later."""
        for asleep, awake in self._sleeps(end):
            self.run_until(asleep - self.offset - INSTANT)
            self._fall_asleep(asleep, awake)
        if self.wall < end:
            self.run_until(end - self.offset)

    def next_change(self) -> datetime | None:
        """When something comes by itself."""
        at = self._next()
        return None if at is None else at + self.offset

    def is_at_rest(self) -> bool:
        """Whether nothing comes any more but days."""
        clock, planner = self.states["clock"], self.states["planner"]
        return not (clock.due.times or clock.waiting or planner.works or self.live)

    def _sleeps(self, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        if self._sleep is None:
            return
        start, stop, zone = self._sleep
        day = self.wall.astimezone(zone_of(zone)).date() - ONE_DAY
        while (asleep := instant(day, start, zone)) <= end:
            awake = instant(day if start < stop else day + ONE_DAY, stop, zone)
            if awake > self.wall and asleep < awake:
                yield max(asleep, self.wall), awake
            day += ONE_DAY

    def _fall_asleep(self, since: datetime, until: datetime) -> None:
        self.true = since - self.offset
        self.offset += until - since
        self.tell("timer", [HostSlept((until - since) // MILLISECOND, since), TimePassed()])
