"""What stands around the actors: the lock, the inbox, the memory of crashes, the edge."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from msgspec import Struct
from msgspec.json import encode
from pykka import ActorRegistry, ThreadingActor

from actors.actor import Actor
from actors.planner.prompted import completed
from actors.recall import Memory, recall
from actors.rules import Rules
from events.bus import Append, Bus, News, Subscribe
from events.codec import UnspeakableFact, entry
from events.configuration import Action
from events.fact import Fact
from events.memory import MemoryStore
from events.record import Record
from events.requests import PauseRequested, ReplanRequested, RequestRefused, WorkRequested
from events.store import StoreFull
from horarium.daemon.crash import is_safe_mode, last_crash, note_crash
from horarium.daemon.edge import Answers, Crowded, Edge, OutOfReach
from horarium.daemon.inbox import FILE_MAX_BYTES, left_requests
from horarium.daemon.lines import LINES, line_of
from horarium.daemon.lock import Lock, Locked, Owner, owner_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECONDS = 30


@pytest.fixture(autouse=True)
def no_actor_outlives_its_test() -> Iterator[None]:
    yield
    ActorRegistry.stop_all()


def test_a_second_daemon_is_refused_with_the_pid_and_start_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    with Lock(path, Owner(4242, "2026-11-20T12:00:00+00:00")):
        with pytest.raises(Locked, match=r"pid 4242, since 2026-11-20T12:00"):
            Lock(path, Owner(1, "now"))
        assert owner_of(path) == Owner(4242, "2026-11-20T12:00:00+00:00")
    with Lock(path, Owner(2, "later")):
        assert owner_of(path) == Owner(2, "later")


def test_the_lock_of_a_killed_daemon_is_free_and_no_child_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    holder = (
        "import subprocess, sys\n"
        "from pathlib import Path\n"
        "from horarium.daemon.lock import Lock, Owner\n"
        f"lock = Lock(Path({str(path)!r}), Owner(1, 'then'))\n"
        "child = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.kill()
        process.wait(SECONDS)
        try:
            with Lock(path, Owner(2, "now")):
                pass
        finally:
            subprocess.run(["kill", str(child)], check=True)


def test_the_inbox_gives_what_is_a_request_and_names_what_is_not(tmp_path: Path) -> None:
    pause = PauseRequested("all", "k1", note="for the night")
    (tmp_path / "1.json").write_bytes(encode(pause))
    (tmp_path / "2.json").write_bytes(b"{" * 100)
    (tmp_path / "3.json").write_bytes(b" " * (FILE_MAX_BYTES + 1))
    (tmp_path / "4.json").write_bytes(encode(WorkRequested("noop", "k2")))
    (tmp_path / "5.json").symlink_to(tmp_path / "1.json")
    (tmp_path / "half.tmp").write_bytes(b"")
    found = {path.name: request for path, request in left_requests(tmp_path)}
    assert found == {f"{n}.json": pause if n == 1 else None for n in range(1, 6)}
    assert list(left_requests(tmp_path / "missing")) == []


def test_the_same_record_three_times_running_is_counted_and_another_begins_anew(
    tmp_path: Path,
) -> None:
    path = tmp_path / "crash.json"
    assert last_crash(path, "1") is None
    times = [note_crash(path, "budget", 7, "1", "KeyError").times for _ in range(3)]
    assert times == [1, 2, 3]
    assert last_crash(path, "2") is None, "a newer version tries anew"
    assert note_crash(path, "budget", 8, "2", "KeyError").times == 1
    assert note_crash(path, "budget", 7, "2", "KeyError").times == 1, "another record"
    path.write_bytes(b"not json")
    assert last_crash(path, "1") is None


def test_what_stops_a_life_in_safe_mode_is_passed_over_in_the_next_too(tmp_path: Path) -> None:
    path = tmp_path / "crash.json"
    for times in range(1, 4):
        crash = note_crash(path, "budget", 7, "1", "KeyError")
        assert is_safe_mode(crash) == (times == 3)
    crash = note_crash(path, "planner", 9, "1", "ValueError")
    assert is_safe_mode(crash) and crash.poison == {("budget", 7), ("planner", 9)}
    assert last_crash(path, "1") == crash


class Answering(ThreadingActor):
    """Stands in for the actor that answers requests."""

    def __init__(self, bus: Any) -> None:
        super().__init__()
        self._bus = bus

    def on_start(self) -> None:
        self._bus.tell(Subscribe(self.actor_ref))

    def on_receive(self, message: object) -> None:
        for record in message.records if isinstance(message, News) else ():
            if isinstance(record.fact, ReplanRequested):
                no = RequestRefused(record.fact.key, "plan", "no_day_open")
                self._bus.tell(Append("planner", [entry(no, NOON, record.position, 1)]))


def test_a_request_is_answered_by_the_decision_that_names_it_as_its_cause() -> None:
    bus = Bus.start(MemoryStore())
    Answering.start(bus)
    edge = Edge(bus, Answers.start(bus, 0), lambda: NOON, lambda: False)
    for number in range(20):
        position, answer = edge.ask(ReplanRequested(str(number)))
        assert answer is not None and answer.cause == position
        assert answer.fact == RequestRefused(str(number), "plan", "no_day_open")


class Refusing(ThreadingActor):
    """Stands in for the planner; what it was asked is put into a queue."""

    def __init__(self, bus: Any, asked: "SimpleQueue[Fact]") -> None:
        super().__init__()
        self._bus, self._asked = bus, asked

    def on_start(self) -> None:
        self._bus.tell(Subscribe(self.actor_ref))

    def on_receive(self, message: object) -> None:
        for record in message.records if isinstance(message, News) else ():
            if isinstance(record.fact, WorkRequested):
                self._asked.put(record.fact)
                no = RequestRefused(record.fact.key, "ask", "unknown_lane")
                self._bus.tell(Append("planner", [entry(no, NOON, record.position, 1)]))


def test_a_prompt_stands_in_the_log_with_what_nobody_said() -> None:
    bus, asked = Bus.start(MemoryStore()), SimpleQueue[Fact]()
    Refusing.start(bus, asked)
    edge = Edge(bus, Answers.start(bus, 0), lambda: NOON, lambda: False)
    request = WorkRequested("ask", "k", action=Action(executor="claude", prompt="Why?"))
    edge.ask(request)
    assert asked.get(timeout=SECONDS) == completed(request) != request


def test_an_edge_refuses_when_too_much_waits() -> None:
    bus = Bus.start(MemoryStore())
    edge = Edge(bus, Answers.start(bus, 0), lambda: NOON, lambda: True)
    with pytest.raises(Crowded):
        edge.ask(ReplanRequested("k"))


@pytest.mark.parametrize("year", [1970, 2100, 9999])
def test_an_edge_refuses_a_moment_that_no_plan_reaches(year: int) -> None:
    bus = Bus.start(MemoryStore())
    edge = Edge(bus, Answers.start(bus, 0), lambda: NOON, lambda: False)
    with pytest.raises(OutOfReach, match="days from now"):
        edge.ask(WorkRequested("noop", "k", at=NOON.replace(year=year)))


def test_a_moment_without_a_zone_is_no_request() -> None:
    with pytest.raises(UnspeakableFact):
        entry(WorkRequested("noop", "k", at=NOON.replace(tzinfo=None)), NOON)


def test_an_edge_says_so_when_the_disk_is_full() -> None:
    class Full(MemoryStore):
        def commit(self, *args: Any) -> None:
            raise StoreFull("database or disk is full")

    bus = Bus.start(Full())
    edge = Edge(bus, Answers.start(bus, 0), lambda: NOON, lambda: False)
    with pytest.raises(StoreFull):
        edge.ask(ReplanRequested("k"))


class Nothing(Struct):
    """A state that remembers what it heard."""

    heard: list[str] = []


def _remember(state: Nothing, fact: Any, at: datetime) -> None:
    if fact.subject == "poison":
        raise KeyError("poison")
    state.heard.append(fact.subject)


DELICATE = Rules(
    "delicate", 1, Nothing, frozenset({WorkRequested}), lambda state, record: iter(()), _remember
)


def _ask(bus: Any, subject: str) -> int:
    done: Future[list[int]] = Future()
    bus.tell(Append("cli", [entry(WorkRequested(subject, subject), NOON)], done=done))
    return done.result(SECONDS)[0]


def test_an_actor_that_chokes_says_on_which_record_and_decides_nothing_more() -> None:
    choked: SimpleQueue[tuple[str, Record | None, BaseException]] = SimpleQueue()
    bus = Bus.start(MemoryStore())
    memory = Memory(Nothing(), 0, (), 0)
    actor: Any = Actor.start(DELICATE, bus, memory, lambda *what: choked.put(what))
    _ask(bus, "bread")
    position = _ask(bus, "poison")
    name, record, error = choked.get(timeout=SECONDS)
    assert (name, record and record.position, str(error)) == ("delicate", position, "'poison'")
    assert actor.actor_stopped.wait(SECONDS)


@pytest.mark.parametrize(("passes_over", "heard"), [(False, ["bread"]), (True, ["bread", "wine"])])
def test_in_safe_mode_an_actor_stands_still_before_its_poison_or_leaves_it_out(
    passes_over: bool, heard: list[str]
) -> None:
    choked: SimpleQueue[Any] = SimpleQueue()
    store = MemoryStore()
    bus = Bus.start(store)
    places = [_ask(bus, subject) for subject in ("bread", "poison", "wine")]
    memory: Memory[Nothing] = Memory(Nothing(), 0, (), 0)
    actor: Any = Actor.start(
        DELICATE,
        bus,
        memory,
        lambda *what: choked.put(what),
        10_000,
        frozenset({places[1]}),
        passes_over=passes_over,
    )
    _ask(bus, "water")  # The bus has told it all of the above by then.
    actor.stop()
    bus.stop()
    assert choked.empty()
    assert memory.state.heard[: len(heard)] == heard
    assert (store.considered("delicate") == places[0]) != passes_over


def _log_of(*subjects: str) -> MemoryStore:
    store = MemoryStore()
    bus = Bus.start(store)
    for subject in subjects:
        _ask(bus, subject)
    bus.stop()
    return store


def test_an_actor_that_is_new_to_a_log_knows_it_and_decides_nothing_upon_it() -> None:
    memory = recall([DELICATE], _log_of("bread", "water"))["delicate"]
    assert (memory.considered, memory.unheard) == (2, [])
    assert memory.state.heard == ["bread", "water"]


def test_an_actor_that_is_known_to_a_log_hears_what_it_had_not_considered() -> None:
    store = _log_of("bread", "water")
    store.commit([], {"delicate": 1})
    memory = recall([DELICATE], store)["delicate"]
    assert [record.position for record in memory.unheard] == [2]
    assert memory.state.heard == ["bread"]


def test_a_line_holds_no_control_characters_and_stays_one_line() -> None:
    hostile = RequestRefused(
        "k", "a\nERROR forged \x1b[31m\x9b\u202e{0.__class__}", "nothing_to_do"
    )
    line = line_of(Record(1, NOON, "planner", 1, hostile))
    assert line is not None and line.isprintable() and "{0.__class__}" in line


def test_every_described_fact_is_one_of_the_catalogue() -> None:
    assert all(issubclass(kind, Fact) for kind in LINES)
