"""The composition root: who starts, in which order, and how they stop."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

from msgspec import Struct, field
from pykka import ActorDeadError, ActorRef, Timeout

from actors.actor import Actor, Ping
from actors.budget.rules import RULES as BUDGET
from actors.cleanup.actor import CleanupActor
from actors.cleanup.evidence import run_ended
from actors.cleanup.files import FileSweeper
from actors.clock.actor import ClockActor
from actors.clock.awake import Inhibitor
from actors.clock.awake import command as awake_command
from actors.clock.idle import ClosedIdle, IdleLook
from actors.clock.timer import Timer, now
from actors.executor.actor import ExecutorActor
from actors.executor.door import Door
from actors.executor.environment import allowed
from actors.phase_queue.rules import RULES as PHASE_QUEUE
from actors.planner.rules import RULES as PLANNER
from actors.recall import Memory, Poison
from actors.rules import Rules
from events.bus import Append, Bus, Considered, LoopOfRules, Pulse, Rouse
from events.catalogue import AnyObservation
from events.cleanup import DiskSeen, SweepStarting
from events.codec import entry
from events.configuration import Configuration
from events.daemon import DaemonStopped, StopReason
from events.head import HeadFile
from events.record import Record
from events.runs import ProbeStarting, RunStarting
from events.store import Store, StoreError, StoreFull, read
from events.time import IdleSeen
from horarium.daemon.disk import DiskLook
from horarium.daemon.edge import Answers, Edge
from horarium.daemon.printing import Printing, say
from horarium.daemon.projecting import Projecting
from horarium.daemon.terminal import Terminal
from horarium.daemon.waking import KeepingAwake, need_of
from horarium.sweeping.finding import Place
from horarium.sweeping.neighbourhood import Neighbourhood

STOP_SECONDS = 10.0
HURRY_SECONDS = 0.1  # How soon a second signal is noticed.
OF_A_SESSION = (  # By these a program finds the screen that it asks about.
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"),
    *("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
)
MESSAGES_RECORDS = 100  # of one message, as it goes when much is asked

Choked = Callable[[str, Record | None, BaseException], None]
MakeDoor = Callable[[Callable[[int, Sequence[AnyObservation]], None]], Door]


class Terms(Struct, frozen=True):
    """Under what terms a life is led."""

    configuration: Configuration
    data: Path
    boot: str
    terminal: Terminal = field(default_factory=lambda: Terminal(sys.stdout))
    safe: bool = False  # The doors are closed.
    poison: frozenset[Poison] = frozenset()


class House:
    """Everything that lives in a daemon, around an open store."""

    def __init__(self, store: Store, terms: Terms, choked: Choked, make_door: MakeDoor) -> None:
        self._store, self._terms, self._choked = store, terms, choked
        durable = terms.configuration.store.synchronous == "full"
        self._head_file = HeadFile(terms.data / "log.head", monotonic, durable=durable)
        self.pulse = Pulse(store.head(), _tell_of_space)
        self.bus = Bus.start(store, self._bus_failed, self._head_file.write, self.pulse)
        self._sweeping = ThreadPoolExecutor(1, "sweep")
        around = Neighbourhood(Place(terms.data.resolve(), terms.boot, os.getpid()))
        self._sweeper = FileSweeper(terms.data, now, around)
        self._disk: DiskLook | None = None
        self.door = make_door(self._seen)
        self._configuration = terms.configuration  # in force
        self._idle = self._make_idle()
        self._actors: dict[str, ActorRef[Any]] = {}
        self._readers: list[ActorRef[Any]] = []

    def tell(
        self, by: str, facts: Sequence[AnyObservation], cause: int | None = None
    ) -> "Future[list[int]]":
        """Append observations that happened now; the future has their positions."""
        at, done = now(), Future[list[int]]()
        self.bus.tell(Append(by, [entry(fact, at, cause) for fact in facts], done=done))
        return done

    def configure(self, configuration: Configuration) -> None:
        """These settings are in force from here on."""
        self._configuration = configuration

    def introduce(self, books: Sequence[Rules[Any]]) -> None:
        """An actor that is new to this log begins at its head."""
        for book in books:
            if self._store.considered(book.actor) is None:
                self.bus.tell(Considered(book.actor, self.pulse.head.position))

    def start(self, memories: dict[str, Memory[Any]]) -> Edge:
        """Readers first, then the six; the clock last, because it sets everything in motion.

        In safe mode the queue goes on behind its poison, for it answers whoever wants to pause.
        """
        head = self.pulse.head.position
        answers = Answers.start(self.bus, head)
        path = self._terms.data / "projections.sqlite"
        projecting = Projecting.start(
            path, self._store, self.bus, self._choked, self._poison_of("projections")
        )
        lines = self._terms.configuration.log.per_second_max
        first = memories["clock"].head
        printing = Printing.start(self.bus, first, lines, monotonic, self._terms.terminal)
        self._readers = [answers, projecting, printing]
        if not self._terms.safe:
            self._readers.append(self._keep_awake(memories))
        for rules in (PLANNER, PHASE_QUEUE, BUDGET):
            self._actors[rules.actor] = Actor.start(
                rules, *self._for(rules.actor, memories), passes_over=rules is PHASE_QUEUE
            )
        self._actors["executor"] = ExecutorActor.start(
            *self._for("executor", memories), self.door, self._position_of, self._terms.boot
        )
        self._actors["cleanup"] = CleanupActor.start(*self._for("cleanup", memories), self._sweep)
        if not self._terms.safe:
            self._disk = self._look_at_disk(memories["cleanup"].state.low)
        self._actors["clock"] = ClockActor.start(
            *self._for("clock", memories),
            lambda: Timer(self._time_seen, ahead=self._rouse),
            self._idle,
        )
        return Edge(self.bus, answers, now, self._crowded, self._terms.safe, self._actors)

    def stop(self, reason: StopReason, wait_seconds: float, hurry: Callable[[], bool]) -> None:
        """Nothing new begins; what runs may end within `wait_seconds`, or until `hurry` says
        that it must end at once; what was said is kept."""
        if self._disk is not None:
            self._disk.close()
        for actor in ("clock", "planner", "phase_queue", "cleanup"):
            self._actors[actor].stop(timeout=STOP_SECONDS)
        self._idle.close()
        self._sweeper.hurry()
        self._sweeping.shutdown(cancel_futures=True)  # They are begun again in another life.
        self._settle()
        self._close_door(wait_seconds, hurry)
        self._settle()
        for actor in ("executor", "budget"):
            self._actors[actor].stop(timeout=STOP_SECONDS)
        self.tell("daemon", [DaemonStopped(reason)])
        self.bus.stop(timeout=STOP_SECONDS)
        for reader in self._readers:
            reader.stop(timeout=STOP_SECONDS)
        self._head_file.close()

    def _close_door(self, wait_seconds: float, hurry: Callable[[], bool]) -> None:
        closing = Thread(target=self.door.close, args=(wait_seconds,), name="closing")
        closing.start()
        while closing.is_alive() and not hurry():
            closing.join(HURRY_SECONDS)
        if closing.is_alive():
            self.door.close(0)
            closing.join()

    def _seen(self, cause: int, facts: Sequence[AnyObservation]) -> None:
        self._say("process", facts, cause or None)

    def _say(self, by: str, facts: Sequence[AnyObservation], cause: int | None) -> None:
        """Append what cannot be said again: on a full disk it waits for space."""
        at = now()
        self.bus.tell(Append(by, [entry(fact, at, cause) for fact in facts]))

    def _for(self, actor: str, memories: dict[str, Memory[Any]]) -> tuple[Any, ...]:
        every = self._terms.configuration.store.snapshot_every_records
        return self.bus, memories[actor], self._choked, every, self._poison_of(actor)

    def _poison_of(self, actor: str) -> frozenset[int]:
        return frozenset(position for name, position in self._terms.poison if name == actor)

    def _bus_failed(self, error: BaseException) -> None:
        if isinstance(error, LoopOfRules):
            self._choked(error.by, next(read(self._store, error.cause - 1)), error)
        else:
            self._choked("bus", None, error)

    def _rouse(self) -> None:
        """An instant is near: whoever takes part is awake by then."""
        self.bus.tell(Rouse())
        self.door.rouse()

    def _time_seen(self, at: datetime, seen: Sequence[AnyObservation]) -> None:
        self.bus.tell(Append("timer", [entry(fact, at) for fact in seen]))

    def _keep_awake(self, memories: dict[str, Memory[Any]]) -> ActorRef[Any]:
        need = need_of(self._configuration.clock, memories, now())
        inhibitor = Inhibitor(awake_command(), lambda why: say("WARNING", why))
        return KeepingAwake.start(self.bus, memories["phase_queue"].head, need, inhibitor)

    def _make_idle(self) -> IdleLook | ClosedIdle:
        if self._terms.safe:
            return ClosedIdle(self._idle_seen)
        return IdleLook(lambda: self._configuration.clock, self._idle_sees, self._idle_seen)

    def _idle_sees(self) -> Mapping[str, str]:
        """The environment of the program that knows whether the machine is idle."""
        return allowed((*self._configuration.executor.environment, *OF_A_SESSION), os.environ)

    def _idle_seen(self, cause: int, seen: IdleSeen) -> None:
        self._say("idle", [seen], cause)

    def _look_at_disk(self, was_low: bool) -> DiskLook:
        return DiskLook(
            self._terms.data,
            lambda: self._configuration.cleanup.disk_low_bytes,
            self._disk_seen,
            was_low=was_low,
        )

    def _disk_seen(self, seen: DiskSeen) -> None:
        self.bus.tell(Append("disk", [entry(seen, now())]))

    def _sweep(self, fact: SweepStarting, ended: Sequence[str]) -> None:
        self._sweeping.submit(self._swept, fact, ended)

    def _swept(self, fact: SweepStarting, ended: Sequence[str]) -> None:
        """Sweep, and say so, together with the end of the run if one asked for it."""
        try:
            seen = self._sweeper.sweep(fact, ended)
        except BaseException as error:
            self._choked("cleanup", None, error)
            raise
        end = [run_ended(fact, seen, now(), seen.took_ms)] if fact.run else []
        self._say("sweeper", [seen, *end], _position_in(fact.sweep))
        if self._disk is not None:
            self._disk.look()

    def _position_of(self, run: str) -> int:
        """Where the start of a run, or of its probe, was decided: after its release, which its
        id names."""
        released = _position_in(run)
        for record in read(self._store, max(released - 1, self._store.base().position)):
            fact = record.fact
            if isinstance(fact, RunStarting) and fact.run == run:
                return record.position
            if isinstance(fact, ProbeStarting) and fact.probe == run:
                return record.position
        return released

    def _crowded(self) -> bool:
        most = self._terms.configuration.store.backlog_max_records
        inboxes: list[Any] = [
            reader.actor_inbox for reader in (*self._actors.values(), *self._readers)
        ]
        waiting = max(inbox.qsize() for inbox in inboxes)
        return self.pulse.waiting > most or waiting > most // MESSAGES_RECORDS

    def _settle(self) -> None:
        """Wait until nobody has anything left to hear or to say, at most STOP_SECONDS."""
        until, before = monotonic() + STOP_SECONDS, -1
        with suppress(TimeoutError, ActorDeadError, Timeout):
            while self._hear_out(until) != before:
                before = self.pulse.head.position
                for ref in self._actors.values():
                    if ref.is_alive():
                        ref.ask(Ping(), timeout=max(0.0, until - monotonic()))

    def _hear_out(self, until: float) -> int:
        """Let the bus tell all that it was told; the newest record then."""
        done: Future[list[int]] = Future()
        self.bus.tell(Append("house", (), done=done))
        with suppress(StoreError):
            done.result(max(0.0, until - monotonic()))
        return self.pulse.head.position


def _tell_of_space(full: StoreFull | None) -> None:
    if full is not None:
        say("ERROR", "the disk is full: nothing is started until there is space")
    else:
        say("INFO", "there is space again: everything goes on")


def _position_in(name: str) -> int:
    """The position in an id such as r1042-1."""
    return int(name[1:].partition("-")[0])
