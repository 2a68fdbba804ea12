"""One life of the daemon, from the configuration to the exit code."""

import gc
import os
import signal
import sqlite3
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from errno import ENOTDIR
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock as Mutex
from types import FrameType
from typing import Any

from actors.budget.rules import RULES as BUDGET
from actors.cleanup.rules import RULES as CLEANUP
from actors.clock.rules import RULES as CLOCK
from actors.clock.timer import now
from actors.executor.door import ClosedDoor, Door, Tell
from actors.executor.identity import boot_id
from actors.executor.keeper.client import Kept
from actors.executor.rules import RULES as EXECUTOR
from actors.phase_queue.rules import RULES as PHASE_QUEUE
from actors.planner.rules import RULES as PLANNER
from actors.recall import Indigestible, Memory
from events.catalogue import AnyObservation
from events.codec import UnreadableRecord
from events.daemon import DaemonStarted, StopReason
from events.head import check_head
from events.record import Record
from events.requests import ResumeRequested
from events.sqlite import SqliteStore
from events.store import StoreError, check_links
from horarium.configuration import ConfigError, Loaded, digest_of, load, render
from horarium.daemon.crash import is_safe_mode, last_crash, note_crash
from horarium.daemon.house import House, Terms
from horarium.daemon.inbox import left_requests
from horarium.daemon.lines import one_line
from horarium.daemon.lock import Lock, Locked, Owner
from horarium.daemon.opening import opened
from horarium.daemon.printing import open_lines, say
from horarium.daemon.reloading import Reloading, loading
from horarium.daemon.stacks import print_stacks
from horarium.daemon.terminal import has_terminal
from horarium.recalling import recalled

BOOKS = (CLOCK, PLANNER, PHASE_QUEUE, BUDGET, EXECUTOR, CLEANUP)
LOG, CRASH = "log.sqlite", "crash.json"
REFUSED, FAILED = 1, 70
REMEDY = "`horarium restore FILE` puts a backup back and says what is given up"
CHECKED_RECORDS = 50_000  # of the chain, at a start; before them a snapshot vouches for it
COMMIT_SECONDS = 30.0
LOOK_UP_SECONDS = 1.0


def live(config: Path, data: Path, *, paused: bool, log_json: bool) -> int:
    """Run in the foreground until a signal; 0, or 1 when refused, or 70 when something failed."""
    sys.setswitchinterval(0.0005)  # Short turns: an actor must not wait for a busy one.
    umask = os.umask(0o077)
    try:
        loaded = load(config, os.environ)
    except ConfigError as error:
        sys.stderr.write(render(error.faults) + "\n")
        return REFUSED
    try:
        _make_folders(data)
        with Lock(data / "daemon.lock", Owner(os.getpid(), now().isoformat())):
            return _Life(loaded, data, paused, log_json, umask).live()
    except Locked as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except UnreadableRecord as error:
        sys.stderr.write(f"cannot start: {data / LOG}: {error}; {REMEDY}\n")
    except (StoreError, OSError) as error:
        sys.stderr.write(f"cannot start: {in_words(error)}\n")
    return FAILED


def _make_folders(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("runs", "work", "temp", "archives", "inbox"):
            (data / name).mkdir(mode=0o700, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), error.filename) from error


def in_words(error: BaseException) -> str:
    """What failed, for a person: where, when it was a file, and why."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, StoreError | sqlite3.Error):
        return str(error)
    return f"{type(error).__name__}: {error}"


class _Life:
    """What one life needs to know until its end."""

    def __init__(
        self, loaded: Loaded, data: Path, paused: bool, log_json: bool, umask: int
    ) -> None:
        self._loaded, self._data, self._paused, self._umask = loaded, data, paused, umask
        self._version, self._tzdata = version("horarium"), version("tzdata")
        self._reloading: Reloading | None = None
        self._had_terminal = has_terminal()
        self._stopping: SimpleQueue[None] = SimpleQueue()  # An Event could lock up in a signal.
        self._signals = 0
        self._failure: tuple[str, Record | None, BaseException] | None = None
        self._failing = Mutex()
        as_json = log_json or loaded.configuration.log.json
        self._terminal = open_lines(loaded.configuration.log, data, as_json)
        crash = last_crash(data / CRASH, self._version)
        self._safe = is_safe_mode(crash)
        self._poison = crash.poison if crash and self._safe else frozenset()
        if crash and self._safe:
            say(
                "WARNING",
                f"safe mode: {crash.actor} choked {crash.times} times on record "
                f"{crash.position} ({crash.error}); to leave it remove {data / CRASH}",
            )

    def live(self) -> int:
        store = opened(self._data, self._loaded.configuration.store, BOOKS)
        check_head(store, self._data / "log.head")
        head = store.head().position
        check_links(store, max(0, head - CHECKED_RECORDS), head)
        try:
            memories = recalled(BOOKS, store, self._data / LOG, self._poison)
        except Indigestible as error:
            return self._fail(error.actor, error.record, error.__cause__ or error)
        try:
            return self._lead(store, memories)
        except BaseException as error:
            return self._fail("the daemon", None, error)

    def _lead(self, store: SqliteStore, memories: dict[str, Memory[Any]]) -> int:
        self._listen()
        house = House(store, self._terms(), self._choked, self._door)
        self._begin(house, memories)
        server = self._serve(house, house.start(memories))
        gc.freeze()  # What a life begins with lasts as long as it: no pause to look through that.
        self._reloading = self._follow_file(house)
        self._wait_for_signal()
        return self._end(house, server, store)

    def _wait_for_signal(self) -> None:
        """One that comes just as the wait begins does not wake it: look up every second."""
        while True:
            with suppress(Empty):
                return self._stopping.get(timeout=LOOK_UP_SECONDS)

    def _follow_file(self, house: House) -> Reloading:
        def loaded(found: Loaded) -> None:
            self._loaded = found
            house.configure(found.configuration)

        reloading = Reloading(
            self._loaded,
            os.environ,
            self._tzdata,
            lambda fact: house.tell("daemon", [fact]),
            loaded,
            lambda error: self._choked("the configuration", None, error),
        )
        reloading.start()
        return reloading

    def _begin(self, house: House, memories: Mapping[str, Memory[Any]]) -> None:
        """The first records of this life, before any actor hears anything."""
        house.introduce(BOOKS)
        boot = boot_id()
        started = DaemonStarted(self._version, os.getpid(), boot, self._paused, self._safe)
        house.tell("daemon", [self._configuration(memories), started]).result(COMMIT_SECONDS)
        for path, request in left_requests(self._data / "inbox"):
            if self._safe and isinstance(request, ResumeRequested):
                continue  # It is for a life with open doors.
            if request is not None:
                house.tell("inbox", [request]).result(COMMIT_SECONDS)
            with suppress(OSError):  # A folder; or not ours to remove, and heard again in vain.
                path.unlink(missing_ok=True)

    def _configuration(self, memories: Mapping[str, Memory[Any]]) -> AnyObservation:
        known = memories["planner"].state.configuration
        is_other = digest_of(known) != self._loaded.digest
        return loading(self._loaded, is_other, self._tzdata)

    def _terms(self) -> Terms:
        settings = self._loaded.configuration
        return Terms(settings, self._data, boot_id(), self._terminal, self._safe, self._poison)

    def _door(self, tell: Tell) -> Door:
        if self._safe:
            return ClosedDoor(tell, now)
        return Kept(
            self._data,
            tell,
            now,
            umask=self._umask,
            leaves=self._leaves_running,
            warn=lambda words: say("WARNING", words),
        )

    def _leaves_running(self) -> bool:
        return self._loaded.configuration.executor.leave_running

    def _serve(self, house: House, edge: Any) -> Any:
        from horarium.web.server import UnixServer

        def make_app() -> Any:
            from horarium.web.app import app

            return app(edge, lambda: self._status(house))

        server = UnixServer(
            self._data, make_app, lambda error: self._choked("the web", None, error)
        )
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
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            signal.signal(signal.SIGHUP, self._hung_up)
        signal.signal(signal.SIGUSR1, print_stacks)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self._stopping.put(None)

    def _hung_up(self, number: int, frame: FrameType | None) -> None:
        """Read the configuration again; when it is because our terminal is gone, stop."""
        if self._had_terminal and not has_terminal():
            self._signalled(number, frame)
        elif self._reloading is not None:
            self._reloading.ask()

    def _choked(self, actor: str, record: Record | None, error: BaseException) -> None:
        with self._failing:
            if self._failure is None:
                self._failure = (actor, record, error)
        self._stopping.put(None)

    def _failed(self) -> tuple[str, Record | None, BaseException] | None:
        with self._failing:
            return self._failure

    def _end(self, house: House, server: Any, store: SqliteStore) -> int:
        if (failure := self._failed()) is not None:
            return self._fail(*failure)
        wait = self._loaded.configuration.executor.stop_within_seconds
        say("INFO", f"stopping; what runs has {wait} s to end, or none at a second signal")
        if self._reloading is not None:
            self._reloading.close()
        server.stop()
        reason: StopReason = "signal"
        house.stop(reason, wait, hurry=lambda: self._signals > 1)
        store.close()
        if (failure := self._failed()) is not None:
            return self._fail(*failure)
        if not self._safe:
            (self._data / CRASH).unlink(missing_ok=True)
        return 0

    def _fail(self, actor: str, record: Record | None, error: BaseException) -> int:
        """Say what was too much, and go at once: what was not committed had no effect."""
        where = f"{actor} choked on record {record.position}" if record else f"{actor} failed"
        say("ERROR", f"{where}: {in_words(error)}")
        if not isinstance(error, StoreError | sqlite3.Error | OSError):  # A mistake of ours.
            _print_trace(error)
        if record is not None:
            path, words = self._data / CRASH, in_words(error)[:500]
            if is_safe_mode(note_crash(path, actor, record.position, self._version, words)):
                say("ERROR", "the next start is in safe mode, with closed doors")
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(FAILED)  # Threads that wait for runs would hold up an ordinary exit.


def _print_trace(error: BaseException) -> None:
    lines = "".join(traceback.format_exception(error)).splitlines()
    with suppress(OSError):
        sys.stderr.writelines(f"{one_line(line)}\n" for line in lines)
