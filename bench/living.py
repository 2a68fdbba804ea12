"""The whole daemon but its web side, in this process, so that it can be handed what is measured."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import time
from pathlib import Path
from threading import Event
from typing import NamedTuple

from loguru import logger
from pykka import ActorRegistry, ThreadingActor

from actors.clock.timer import now
from actors.executor.identity import boot_id
from actors.executor.keeper.client import Kept
from actors.recall import recall
from events.budget import BudgetOpened
from events.bus import CaughtUp, News, Subscribe
from events.configuration import Action, Configuration, ConfigurationLoaded, Lane, Phase
from events.daemon import DaemonStarted
from events.fact import Fact
from events.policies import Executor, Plan
from events.record import Record
from events.sqlite import SqliteStore
from horarium.daemon.edge import Edge
from horarium.daemon.house import House, Terms
from horarium.daemon.life import BOOKS
from horarium.daemon.printing import TEXT

SECONDS = 60.0  # until something has gone wrong
SWITCH_SECONDS = 0.0005  # as in the daemon


class Heard:
    """What a listener has heard: whoever waits for many is woken once."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._wanted, self._came = 0, Event()

    def hear(self, records: Sequence[Record]) -> None:
        self._records += records
        if 0 < self._wanted <= len(self._records):
            self._came.set()

    def take(self, count: int) -> list[Record]:
        """The next so many, in order, when they have come."""
        self._came.clear()
        self._wanted = count
        if len(self._records) < count and not self._came.wait(SECONDS):
            raise TimeoutError(f"{len(self._records)} of {count} came")
        self._wanted = 0
        taken, self._records[:count] = self._records[:count], []
        return taken


class Living(NamedTuple):
    house: House
    edge: Edge
    data: Path
    heard: Heard  # the records of the kinds that were asked for


class Listener(ThreadingActor):
    """Puts what it hears where it can be waited for."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self._heard = heard

    def on_receive(self, message: News | CaughtUp) -> None:
        if isinstance(message, News):
            self._heard.hear(message.records)


@contextmanager
def living(data: Path, settings: Configuration, *kinds: type[Fact]) -> Iterator[Living]:
    """A house whose day is open, and a listener to some kinds of facts."""
    sys.setswitchinterval(SWITCH_SECONDS)
    data.mkdir(parents=True)
    logger.configure(handlers=[{"sink": data / "lines.log", "format": TEXT}], extra={"at": ""})
    heard = Heard()
    store = SqliteStore(data / "log.sqlite", settings.store)
    try:
        house = _house(store, data, settings)
        _listen(house, heard, BudgetOpened, *kinds)
        edge = house.start(recall(BOOKS, store))
        while not isinstance(heard.take(1)[0].fact, BudgetOpened):
            pass
        yield Living(house, edge, data, heard)
        house.stop("asked", 0, hurry=lambda: True)
    finally:
        ActorRegistry.stop_all()  # Threads that live on would hold up the end of the process.
        store.close()


def one_action(action: Action, concurrency: int) -> Configuration:
    """A day of one phase without plans, and one action, `job`, so many at once."""
    return Configuration(
        phases=(Phase(name="all", start=time(0), end=time(0)),),
        plan=Plan(enabled=False),
        lanes={action.lane: Lane(concurrency=concurrency)},
        executor=Executor(concurrency=concurrency),
        actions={"job": action},
    )


def _house(store: SqliteStore, data: Path, settings: Configuration) -> House:
    """A house in which the first facts of a life are told."""
    terms = Terms(settings, data, boot_id())
    house = House(store, terms, _choked, lambda tell: Kept(data, tell, now))
    house.introduce(BOOKS)
    started = DaemonStarted("bench", os.getpid(), boot_id())
    house.tell("daemon", [ConfigurationLoaded("bench", settings), started]).result(SECONDS)
    return house


def _listen(house: House, heard: Heard, *kinds: type[Fact]) -> None:
    listener = Listener.start(heard)
    house.bus.tell(Subscribe(listener, house.pulse.head.position, frozenset(kinds)))


def _choked(actor: str, record: Record | None, error: BaseException) -> None:
    sys.stderr.write(f"{actor} choked on {record}: {error!r}\n")
    os._exit(70)
