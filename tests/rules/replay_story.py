"""Small recorded days, and what they become under other settings."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from actors.replay.agreement import Agreement, Decided, agreements
from actors.replay.courses import Course, History, course_of
from actors.replay.draws import Draws
from actors.replay.lives import Crash, MortalWorld
from actors.replay.otherwise import Otherwise, completed
from actors.replay.recorded import Change, Recorded
from actors.replay.stories import Difference, Stories, differences
from actors.replay.world import World
from events.catalogue import AnyObservation
from events.codec import GENESIS, entry, written
from events.configuration import Configuration
from events.record import Record
from events.sqlite import SqliteStore
from events.store import Row

FRIDAY = datetime(2026, 11, 20, tzinfo=UTC)
MINUTE = 60_000  # milliseconds


def at(hour: int, minute: int = 0) -> datetime:
    return FRIDAY + timedelta(hours=hour, minutes=minute)


def recorded(
    settings: Configuration,
    courses: Mapping[str, Course],
    until: datetime,
    asked: Sequence[tuple[datetime, AnyObservation]] = (),
    down: tuple[datetime, datetime] | None = None,
) -> list[Record]:
    """A log from midnight on in which each action takes its course."""
    world = Away(courses, down)
    world.begin(FRIDAY, settings)
    for moment, fact in asked:
        world.later(moment, partial(world.tell, "cli", [fact]))
    if down is not None:
        world.later(down[0], world.crash)
    world.live_until(until)
    return world.log


class Away(MortalWorld):
    """A world whose daemon is killed once, and comes back when it is told to."""

    def __init__(
        self, courses: Mapping[str, Course], away: tuple[datetime, datetime] | None
    ) -> None:
        super().__init__(lambda name, run: courses[run.name])
        self._away = away

    def crash(self) -> None:
        raise Crash

    def down(self) -> timedelta:
        assert self._away is not None
        return self._away[1] - self._away[0]


class Sides:
    """A log, and the same decided again behind a position."""

    def __init__(
        self,
        log: Sequence[Record],
        change: Change = lambda it: it,
        *,
        after: int = 0,
        follows: bool = True,
        since: datetime | None = None,
    ) -> None:
        known, self.before, self.after = Recorded(after), Stories(), Stories()
        self._decided, self._decided_here = Decided(), Decided()
        self.log: list[Record] = []
        for record in log:
            known.take(record)
            self._note(record, after)
        to_come: list[Record] = []
        completed(log, to_come.append)
        for record in to_come:
            known.decided(record)
            self._note(record, after)
        for record in log[:after]:
            self.after.take(record)
            self._decided_here.know(record)
        world = Otherwise(known, log[:after], change, 1, self._hear, since=since, follows=follows)
        world.live(log[after:])
        self.drawn = {name.key for name in world.drawn}

    @property
    def differences(self) -> list[Difference]:
        return list(differences(self.before, self.after, lambda key: key in self.drawn))

    @property
    def agreement(self) -> list[Agreement]:
        return agreements(self._decided, self._decided_here)

    def _note(self, record: Record, after: int) -> None:
        self.before.take(record)
        (self._decided.take if record.position > after else self._decided.know)(record)

    def _hear(self, record: Record) -> None:
        self.log.append(record)
        self.after.take(record)
        self._decided_here.take(record)


def by_estimates(seed: int) -> Callable[..., Course]:
    draws, history = Draws(seed), History()
    return lambda name, run: course_of(draws, history, name, run.name, run.action)


def simulated_log(settings: Configuration, days: int, seed: int = 1) -> list[Record]:
    world = World(by_estimates(seed))
    world.begin(FRIDAY, settings)
    world.run_until(FRIDAY + timedelta(days=days))
    return world.log


def before_observation(log: Sequence[Record], near: int) -> int:
    """The first position from there on behind which an observation stands."""
    return next(
        record.position - 1 for record in log[near:] if isinstance(record.fact, AnyObservation)
    )


def keep(log: Sequence[Record], data: Path) -> None:
    """Write a log into a data folder."""
    data.mkdir(parents=True, exist_ok=True)
    store, before, rows = SqliteStore(data / "log.sqlite"), GENESIS, []
    for record in log:
        said = entry(record.fact, record.at, record.cause, record.depth)
        state, before = written(record.position, record.by, said, before)
        rows.append(Row(record.position, record.fact.kind, state))
    store.commit(rows, dict.fromkeys({record.by for record in log}, len(log)))
    store.close()
