"""One life of the daemon, from the configuration to the exit code."""

import faulthandler
import os
import signal
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from threading import Event
from threading import Lock as Mutex
from types import FrameType
from typing import Any

from actors.budget.rules import RULES as BUDGET
from actors.cleanup.rules import RULES as CLEANUP
from actors.clock.rules import RULES as CLOCK
from actors.clock.timer import now
from actors.executor.door import ClosedDoor
from actors.executor.identity import boot_id
from actors.executor.processes import Processes
from actors.executor.rules import RULES as EXECUTOR
from actors.phase_queue.rules import RULES as PHASE_QUEUE
from actors.planner.rules import RULES as PLANNER
from actors.recall import Memory, recall
from events.catalogue import AnyObservation
from events.codec import UnreadableRecord
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted, StopReason
from events.head import check_head
from events.record import Record
from events.sqlite import SqliteStore
from events.store import StoreBroken, StoreError
from horarium.configuration import ConfigError, Loaded, digest_of, load, render
from horarium.daemon.crash import SAFE_AFTER, Crash, last_crash, note_crash
from horarium.daemon.house import House, Terms
from horarium.daemon.inbox import left_requests
from horarium.daemon.lock import Lock, Locked, Owner
from horarium.daemon.printing import open_lines, say

BOOKS = (CLOCK, PLANNER, PHASE_QUEUE, BUDGET, EXECUTOR, CLEANUP)
REFUSED, FAILED = 1, 70
COMMIT_SECONDS = 30.0


def live(config: Path, data: Path, *, paused: bool, log_json: bool) -> int:
    """Run in the foreground until a signal; 0, or 1 when refused, or 70 when something failed."""
    sys.setswitchinterval(0.0005)  # Short turns: an actor must not wait for a busy one.
    os.umask(0o077)
    try:
        loaded = load(config, os.environ)
    except ConfigError as error:
        sys.stderr.write(render(error.faults) + "\n")
        return REFUSED
    try:
        _make_folders(data)
        with Lock(data / "daemon.lock", Owner(os.getpid(), now().isoformat())):
            return _Life(loaded, data, paused, log_json).live()
    except Locked as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except (StoreError, UnreadableRecord, OSError) as error:
        sys.stderr.write(f"cannot start: {error}\n")
        return FAILED


def _make_folders(data: Path) -> None:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("runs", "work", "temp", "archives", "inbox"):
        (data / name).mkdir(mode=0o700, exist_ok=True)


class _Life:
    """What one life needs to know until its end."""

    def __init__(self, loaded: Loaded, data: Path, paused: bool, log_json: bool) -> None:
        self._loaded, self._data, self._paused = loaded, data, paused
        self._version = version("horarium")
        self._stopping = Event()
        self._signals, self._safe = 0, False
        self._failure: tuple[str, Record | None, BaseException] | None = None
        self._failing = Mutex()
        open_lines(loaded.configuration.log, data, log_json or loaded.configuration.log.json)

    def live(self) -> int:
        crash = last_crash(self._data / "crash.json", self._version)
        safe = self._safe = crash is not None and crash.times >= SAFE_AFTER
        store = SqliteStore(self._data / "log.sqlite", self._loaded.configuration.store)
        check_head(store, self._data / "log.head")
        try:
            memories = recall(BOOKS, store)
        except UnreadableRecord as error:
            raise StoreBroken(
                f"{error}; `horarium restore FILE` puts a backup back and says what is given up"
            ) from error
        try:
            return self._lead(store, memories, crash if safe else None)
        except BaseException as error:
            return self._fail("the daemon", None, error)

    def _lead(
        self, store: SqliteStore, memories: dict[str, Memory[Any]], crash: Crash | None
    ) -> int:
        self._listen()
        house = House(store, self._terms(crash), self._choked, self._door(crash is not None))
        self._begin(house, memories, crash is not None)
        server = self._serve(house, house.start(memories))
        self._stopping.wait()
        return self._end(house, server, store)

    def _begin(self, house: House, memories: Mapping[str, Memory[Any]], safe: bool) -> None:
        """The first records of this life, before any actor hears anything."""
        house.introduce(BOOKS)
        boot = boot_id()
        started = DaemonStarted(self._version, os.getpid(), boot, self._paused, safe)
        house.tell("daemon", [self._configuration(memories), started]).result(COMMIT_SECONDS)
        for path, request in left_requests(self._data / "inbox"):
            if request is not None:
                house.tell("inbox", [request]).result(COMMIT_SECONDS)
            path.unlink(missing_ok=True)

    def _configuration(self, memories: Mapping[str, Memory[Any]]) -> AnyObservation:
        loaded = self._loaded
        known = memories["planner"].state.configuration
        return ConfigurationLoaded(
            loaded.digest,
            None if digest_of(known) == loaded.digest else loaded.configuration,
            str(loaded.source),
            tuple(loaded.overrides),
            version("tzdata"),
        )

    def _terms(self, crash: Crash | None) -> Terms:
        poison = (crash.actor, crash.position) if crash is not None else ("", 0)
        if crash is not None:
            say(
                "WARNING",
                f"safe mode: {crash.actor} choked {crash.times} times on record "
                f"{crash.position} ({crash.error}); remove crash.json to leave it",
            )
        return Terms(self._loaded.configuration, self._data, boot_id(), poison)

    def _door(self, safe: bool) -> Callable[..., Any]:
        if safe:
            return lambda tell: ClosedDoor(tell, now)
        return lambda tell: Processes(self._data, tell, now)

    def _serve(self, house: House, edge: Any) -> Any:
        from horarium.web.server import UnixServer

        def make_app() -> Any:
            from horarium.web.app import app

            return app(edge, lambda: self._status(house))

        server = UnixServer(self._data, make_app)
        server.start()
        return server

    def _status(self, house: House) -> dict[str, Any]:
        full = house.pulse.full
        return {
            "pid": os.getpid(),
            "version": self._version,
            "head": house.pulse.head.position,
            "store": "ok" if full is None else "full",
            "waiting_records": house.pulse.waiting,
        }

    def _listen(self) -> None:
        signal.signal(signal.SIGINT, self._signalled)
        signal.signal(signal.SIGTERM, self._signalled)
        faulthandler.register(signal.SIGUSR1, all_threads=True)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self._stopping.set()

    def _choked(self, actor: str, record: Record | None, error: BaseException) -> None:
        with self._failing:
            if self._failure is None:
                self._failure = (actor, record, error)
        self._stopping.set()

    def _failed(self) -> tuple[str, Record | None, BaseException] | None:
        with self._failing:
            return self._failure

    def _end(self, house: House, server: Any, store: SqliteStore) -> int:
        if (failure := self._failed()) is not None:
            return self._fail(*failure)
        server.stop()
        wait = self._loaded.configuration.executor.stop_within_seconds
        reason: StopReason = "signal"
        house.stop(reason, wait, hurry=lambda: self._signals > 1)
        store.close()
        if (failure := self._failed()) is not None:
            return self._fail(*failure)
        if not self._safe:
            (self._data / "crash.json").unlink(missing_ok=True)
        return 0

    def _fail(self, actor: str, record: Record | None, error: BaseException) -> int:
        """Say what was too much, and go at once: what was not committed was not told either."""
        where = f"{actor} choked on record {record.position}" if record else f"{actor} failed"
        say("ERROR", f"{where}: {type(error).__name__}: {error}")
        if record is not None:
            path = self._data / "crash.json"
            words = f"{type(error).__name__}: {error}"[:500]
            crash = note_crash(path, actor, record.position, self._version, words)
            if crash.times >= SAFE_AFTER - 1:
                say("ERROR", "the next start is in safe mode, with closed doors")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(FAILED)  # Threads that wait for runs would hold up an ordinary exit.
