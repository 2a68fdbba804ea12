"""The whole house with its bus and threads, and more work waiting than a chain may be long."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from msgspec.structs import replace
from pykka import ActorRegistry, ThreadingActor

from actors.breath import DEEP
from actors.clock.timer import now
from actors.executor.identity import boot_id
from actors.executor.processes import Processes
from actors.recall import recall
from events.bus import News, Subscribe
from events.configuration import Action, Budget, Configuration, ConfigurationLoaded, Intent, Lane
from events.daemon import DaemonStarted
from events.fact import Fact
from events.record import Record
from events.requests import ResumeRequested, WorkRequested
from events.sqlite import SqliteStore
from events.store import read
from events.time import DayStarted
from events.work import WorkFinished, WorkHeld
from horarium.daemon.house import House, Terms
from horarium.daemon.life import BOOKS

pytestmark = pytest.mark.living
SECONDS = 60
MANY = 40
DEPTH_MAX = DEEP + 8

OVER = """echo '{"cost_usd": 0.0005}'"""
HOUSE = Configuration(
    budget=Budget(
        daily_usd_micros=10_000,
        reserve_usd_micros=0,
        categories={"study": 1_000, "spent": 100, "rest": 1_000},
    ),
    lanes={"main": Lane(), "side": Lane(), "third": Lane()},
    actions={
        "over": Action(command=("sh", "-c", OVER), category="study", estimate_usd_micros=10),
        "much": Action(executor="noop", category="spent", estimate_usd_micros=200, lane="side"),
        "gone": Action(executor="noop", category="rest", lane="third"),
        "wait": Action(command=("sleep", "1"), category="rest", lane="third"),
    },
)


class Listener(ThreadingActor):
    """Hands on what it hears."""

    def __init__(self, heard: "SimpleQueue[Record]") -> None:
        super().__init__()
        self._heard = heard

    def on_receive(self, message: Any) -> None:
        for record in message.records if isinstance(message, News) else ():
            self._heard.put(record)


@pytest.fixture(autouse=True)
def no_actor_outlives_its_test() -> Iterator[None]:
    yield
    ActorRegistry.stop_all()


def until(heard: "SimpleQueue[Record]", kind: type[Fact], count: int) -> None:
    while count:
        count -= isinstance(heard.get(timeout=SECONDS).fact, kind)


def live(house: House, heard: "SimpleQueue[Record]") -> None:
    until(heard, DayStarted, 1)
    asked = [WorkRequested("wait", "wait")]
    for subject in ("much", "gone", "over"):
        asked += [WorkRequested(subject, f"{subject}{number}") for number in range(MANY)]
    house.tell("cli", asked)
    fewer = {name: action for name, action in HOUSE.actions.items() if name != "gone"}
    soon = now() + timedelta(seconds=1)
    row = {"i0": Intent(run="wait", at=soon, input_json="[1]")}
    for number in range(1, MANY):
        row[f"i{number}"] = Intent(
            run="wait", after=f"i{number - 1}", after_when="always", input_json="[1]"
        )
    less = replace(HOUSE, actions=fewer, intents=row)
    house.tell("daemon", [ConfigurationLoaded("fewer", less)])
    until(heard, WorkFinished, 1 + MANY + MANY + 1)  # waited, gone, the row, one that ran over
    rich = replace(less.budget, categories={"study": 10**6, "spent": 10**6, "rest": 10**6})
    rich = replace(rich, daily_usd_micros=10**7)
    house.tell("daemon", [ConfigurationLoaded("rich", replace(less, budget=rich))])
    until(heard, WorkFinished, MANY)
    house.tell("cli", [ResumeRequested("category", "again", "study")])
    until(heard, WorkFinished, 1)


def test_a_house_full_of_work_that_cannot_go_lives_on(tmp_path: Path) -> None:
    for name in ("runs", "work", "temp", "archives"):
        (tmp_path / name).mkdir(parents=True)
    store = SqliteStore(tmp_path / "log.sqlite")
    choked: list[object] = []
    house = House(
        store,
        Terms(HOUSE, tmp_path, boot_id()),
        lambda *trouble: choked.append(trouble),
        lambda tell: Processes(tmp_path, tell, now),
    )
    house.introduce(BOOKS)
    begun = DaemonStarted("test", os.getpid(), boot_id())
    house.tell("daemon", [ConfigurationLoaded("d", HOUSE), begun]).result(SECONDS)
    heard: SimpleQueue[Record] = SimpleQueue()
    kinds: frozenset[type[Fact]] = frozenset({WorkFinished, DayStarted})
    house.bus.tell(Subscribe(Listener.start(heard), house.pulse.head.position, kinds))
    house.start(recall(BOOKS, store))
    try:
        live(house, heard)
    finally:
        house.stop("asked", 5, hurry=lambda: False)
        log = list(read(store))
        store.close()
    assert choked == []
    assert max(record.depth for record in log) <= DEPTH_MAX
    unasked = [r.fact for r in log if isinstance(r.fact, WorkHeld) and r.fact.category == "study"]
    assert len(unasked) >= MANY - 2
