"""What the daemon lived, and what the same rules make of the same observations in one thread."""

import os
from collections.abc import Iterator, Sequence
from datetime import time
from pathlib import Path
from queue import SimpleQueue

import pytest
from pykka import ActorRegistry, ThreadingActor

from actors.clock.timer import now
from actors.executor.identity import boot_id
from actors.executor.processes import Processes
from actors.recall import recall
from events.bus import CaughtUp, News, Subscribe
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Intent,
    Lane,
    Phase,
    Step,
    Template,
)
from events.daemon import DaemonStarted
from events.fact import Fact
from events.plan import PlanDrawn
from events.policies import Plan
from events.record import Record
from events.requests import CancelRequested, PauseRequested, ResumeRequested, WorkRequested
from events.sqlite import SqliteStore
from events.store import read
from events.work import WorkFinished, WorkPlanned
from horarium.daemon.house import House, Terms
from horarium.daemon.life import BOOKS
from tests.rules.replay_story import Sides

pytestmark = pytest.mark.living
SECONDS = 20
ENDS = 24  # of work, until the day has been long enough

HOUSE = Configuration(
    phases=(Phase(name="all", start=time(0), end=time(0)),),
    budget=Budget(daily_usd_micros=900_000, reserve_usd_micros=0, categories={"study": 420_000}),
    plan=Plan(per_phase_max=3),
    lanes={"main": Lane(concurrency=2)},
    actions={
        "read": Action(command=("true",), category="study", estimate_usd_micros=60_000),
        "fail": Action(command=("false",), category="upkeep", attempts=2, backoff_seconds=0),
        "nothing": Action(executor="noop", category="upkeep"),
        "long": Action(command=("sleep", "60"), category="upkeep", lane="side", grace_seconds=0),
    },
    templates={"study": Template(steps=(Step(action="read"), Step(action="nothing")), per_day=2)},
    intents={"often": Intent(run="nothing", every_seconds=1)},
)


class Listener(ThreadingActor):
    """Hands on what it hears."""

    def __init__(self, heard: "SimpleQueue[Record]") -> None:
        super().__init__()
        self._heard = heard

    def on_receive(self, message: News | CaughtUp) -> None:
        if isinstance(message, News):
            for record in message.records:
                self._heard.put(record)


@pytest.fixture(autouse=True)
def no_actor_outlives_its_test() -> Iterator[None]:
    yield
    ActorRegistry.stop_all()


def lived(data: Path) -> list[Record]:
    """A short day of the whole house with real processes, people who ask, and a clean stop."""
    for name in ("runs", "work", "temp", "archives"):
        (data / name).mkdir(parents=True)
    store = SqliteStore(data / "log.sqlite")
    choked: list[object] = []
    terms = Terms(HOUSE, data, boot_id())
    house = House(
        store,
        terms,
        lambda *trouble: choked.append(trouble),
        lambda tell: Processes(data, tell, now),
    )
    house.introduce(BOOKS)
    begun = DaemonStarted("test", os.getpid(), boot_id())
    house.tell("daemon", [ConfigurationLoaded("d", HOUSE), begun]).result(SECONDS)
    heard: SimpleQueue[Record] = SimpleQueue()
    listener = Listener.start(heard)
    kinds: frozenset[type[Fact]] = frozenset({WorkFinished, WorkPlanned, PlanDrawn})
    house.bus.tell(Subscribe(listener, house.pulse.head.position, kinds))
    house.start(recall(BOOKS, store))
    _ask(house, heard)
    house.stop("asked", 5, hurry=lambda: False)
    log = list(read(store))
    store.close()
    assert choked == []
    return log


def _ask(house: House, heard: "SimpleQueue[Record]") -> None:
    while not isinstance(heard.get(timeout=SECONDS).fact, PlanDrawn):
        pass  # Who comes first to scarce money must not depend on who is quicker.
    house.tell("cli", [WorkRequested("long", "k-long")]).result(SECONDS)
    for nth in range(12):
        subject = ("read", "fail", "nothing", "study")[nth % 4]
        house.tell("cli", [WorkRequested(subject, f"k{nth}")])
    works: dict[str, str] = {}
    ended = 0
    while ended < ENDS // 2:
        match heard.get(timeout=SECONDS).fact:
            case WorkPlanned(work=work, key=key):
                works[key] = work
            case WorkFinished():
                ended += 1
    house.tell("cli", [PauseRequested("category", "p1", "study")])
    house.tell("cli", [WorkRequested("read", "late"), WorkRequested("nothing", "later")])
    house.tell("cli", [ResumeRequested("category", "p2", "study")])
    house.tell("cli", [CancelRequested(works["k-long"], "c1")]).result(SECONDS)
    while not isinstance(fact := heard.get(timeout=SECONDS).fact, WorkFinished) or (
        fact.work != works["k-long"]
    ):
        pass


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Record]:
    found = lived(tmp_path_factory.mktemp("house"))
    ActorRegistry.stop_all()
    return found


def test_a_simulated_day_is_the_live_one_subject_by_subject(log: Sequence[Record]) -> None:
    """One thread, the same observations, no order of threads to follow."""
    sides = Sides(log, follows=False)
    assert sides.differences == []
    assert sides.drawn == set()
    subjects = {kind for kind, _ in sides.before.subjects}
    assert subjects >= {"work", "phase", "request"}
    states = {story.state for story in sides.before.subjects.values()}
    assert states >= {"completed", "buried", "cancelled", "held"}


def test_the_same_configuration_makes_no_difference_to_a_lived_day(log: Sequence[Record]) -> None:
    sides = Sides(log)
    assert sides.differences == []
    assert all(each.recorded == each.same == each.otherwise for each in sides.agreement)
