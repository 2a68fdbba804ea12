"""Two days that are recorded in a data folder and sealed on the way, to be trimmed."""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from actors.recall import Memory
from actors.replay.books import BOOKS, next_instant
from actors.replay.simulation import Ending, Simulation, succeeds
from events.catalogue import AnyObservation
from events.cleanup import SweepEnded, SweepRequested, SweepStarting
from events.codec import entry, written
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted
from events.head import HeadFile
from events.policies import Cleanup
from events.record import Record
from events.requests import CancelRequested, PauseRequested, ResumeRequested, WorkRequested
from events.runs import RunEnded, RunStarting
from events.sqlite import SqliteStore
from events.store import Row, pages
from horarium.places import Places
from horarium.recalling import recalled
from horarium.sweeping.sealing import seal
from projections.projector import Projector
from tests.rules.planted_story import HOUSE, MORNING

STRETCH = 1_000
RECORDS = 2_250
BUSY = replace(
    HOUSE,
    cleanup=Cleanup(seal_every_records=STRETCH),
    intents={**HOUSE.intents, "often": replace(HOUSE.intents["often"], every_seconds=120)},
)


class Stopped(Exception):
    """The daemon is killed here."""


class Recorded(Simulation):
    """A world whose log is that of a data folder; it is stopped when that is long enough, whoever
    has something to consider still."""

    stuck = False  # A run begins that does not end.

    def __init__(self, data: Path, seed: int, memories: Mapping[str, Memory[Any]] = {}) -> None:
        self._data, self._luck, self._until = data, Random(seed), 1 << 30
        self.store = SqliteStore(data / "log.sqlite")
        self._rows, self._link = list[Row](), self.store.head().hash
        super().__init__(BOOKS, next_instant, self._outcome, self._choose, self._note)
        self.head = self.store.head().position
        for actor, memory in memories.items():
            self.states[actor] = memory.state
            self._inboxes[actor].extend(memory.unheard)
        if memories:
            self._return()

    def _return(self) -> None:
        """What ran goes on and ends, and the daemon starts."""
        self.now = MORNING + timedelta(days=9)
        for run in [*self.states["executor"].runs.values()]:
            self.later(self.now, lambda run=run: self._end(run.run))  # type: ignore[misc]

    def _end(self, run: str) -> None:
        assert self.now is not None
        ended = RunEnded(run, started=True, ended_at=self.now, exit_code=0)
        self.say(self.now, ended, "process")

    def _outcome(self, starting: RunStarting) -> Ending:
        if self.stuck and starting.action == "look":
            return Ending(1e9, succeeds)
        return Ending(self._luck.choice([60, 900, 2_400]), succeeds)

    def _choose(self, ready: Any) -> str:
        if self.head >= self._until:
            raise Stopped
        return str(self._luck.choice([*ready]))

    def _note(self, record: Record) -> None:
        said = entry(record.fact, record.at, record.cause, record.depth)
        state, self._link = written(record.position, record.by, said, self._link)
        self._rows.append(Row(record.position, record.fact.kind, state))

    def perform(self, decision: Record) -> None:
        super().perform(decision)
        if isinstance(fact := decision.fact, SweepStarting):
            self.later(decision.at, lambda: self._sweep(fact, decision.position))

    def _sweep(self, starting: SweepStarting, cause: int) -> None:
        self.keep()
        wanted, sealed = starting.seal, None
        if wanted is not None and self.states["cleanup"].sealed == wanted.after:
            sealed = seal(self._data, wanted.after, wanted.until, by="test")
        assert self.now is not None
        ended = SweepEnded(starting.sweep, 0, 0, clean=starting.parts, sealed=sealed)
        self.say(self.now, ended, "sweeper", cause)

    def keep(self) -> None:
        """Write down what was said, and how far everybody has come."""
        considered = {
            actor: inbox[0].position - 1 if inbox else self.head
            for actor, inbox in self._inboxes.items()
        }
        self.store.commit(self._rows, considered)
        self._rows = []

    def live(self, records: int) -> None:
        """Go on until there are so many more."""
        self._until, number = self.head + records, 0
        try:
            while True:
                assert self.now is not None
                self.run_until(self.now + timedelta(minutes=self._luck.randint(20, 90)))
                for asked in self._asked(f"k{self.head}", number := number + 1):
                    self.say(self.now, asked, "cli")
        except Stopped:
            self.keep()

    def begin(self) -> "Recorded":
        self.say(MORNING, ConfigurationLoaded("d", BUSY), "daemon")
        self.say(MORNING, DaemonStarted("0.1", 1, "boot"), "daemon")
        return self

    def _asked(self, key: str, number: int) -> list[AnyObservation]:
        latest = next((work for work in self.states["phase_queue"].works), "w0-1")
        match number % 5:
            case 0:
                return [WorkRequested("write", "same"), WorkRequested("read", key)]
            case 1:
                return [PauseRequested("lane", key, "main"), WorkRequested("read", f"r{key}")]
            case 2:
                return [ResumeRequested("lane", key, "main")]
            case 3:
                return [SweepRequested(key, ("log",))]
            case _:
                return [CancelRequested(latest, key)]


def recorded(folder: Path, seed: int = 1, records: int = RECORDS, *, stuck: bool = False) -> Places:
    """A data folder with a log of two sealed stretches, at rest."""
    here = Places(folder / "config.toml", folder / "data")
    for name in ("runs", "work", "temp", "archives", "inbox"):
        (here.data / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    world = Recorded(here.data, seed).begin()
    world.stuck = stuck
    world.live(records)
    world.store.close()
    rest(here)
    return here


def rest(here: Places) -> None:
    """Let the projections come to the end, and write the head down."""
    store = SqliteStore(here.log)
    with closing(Projector(here.projections)) as projector:
        for page in pages(store, projector.position):
            projector.apply(page)
    head = HeadFile(here.head, lambda: 0.0)
    head.write(store.head())
    head.close()
    store.close()


def copied(here: Places, folder: Path) -> Places:
    shutil.copytree(here.data, folder / "data")
    return Places(folder / "config.toml", folder / "data")


def remembered(here: Places) -> Mapping[str, Memory[Any]]:
    """What everybody is when the daemon comes back."""
    store = SqliteStore(here.log)
    try:
        return recalled(BOOKS, store, here.log)
    finally:
        store.close()


def gone_on(here: Places, records: int, seed: int = 7) -> list[tuple[int, str, bytes]]:
    """The daemon returns and another day is lived: the records of that day, as they are kept."""
    world = Recorded(here.data, seed, remembered(here))
    before = world.head
    assert world.now is not None
    world.say(world.now, DaemonStarted("0.1", 2, "boot"), "daemon")
    world.live(records)
    kept = stored(here, before)
    world.store.close()
    return kept


def stored(here: Places, after: int = 0) -> list[tuple[int, str, bytes]]:
    with closing(sqlite3.connect(here.log)) as log:
        return log.execute(
            "SELECT originator_version, topic, state FROM stored_events WHERE "
            "originator_version > ? ORDER BY 1", (after,)
        ).fetchall()  # fmt: skip
