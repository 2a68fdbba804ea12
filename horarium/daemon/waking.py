"""Whether the machine may fall asleep: a reader of the bus that holds it awake or lets it go."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from threading import Timer
from typing import Any, Protocol

from msgspec import Struct, field
from pykka import ActorDeadError, ActorRef

from actors.executor.state import Executing
from actors.phase_queue.state import Queue
from actors.recall import Memory
from events.bus import Subscribe
from events.configuration import ConfigurationLoaded
from events.fact import Fact
from events.policies import Clock
from events.record import Record
from events.runs import RunClosed, RunStarting
from events.time import PhaseEnded, PhaseStarted
from horarium.daemon.watcher import Watcher

LINGER_SECONDS = 5.0  # The next run often follows at once.
HEARD: frozenset[type[Fact]] = frozenset(
    {ConfigurationLoaded, RunStarting, RunClosed, PhaseStarted, PhaseEnded}
)


class Holding(Protocol):
    """What keeps a machine awake."""

    def hold(self) -> None: ...

    def let_go(self) -> None: ...


class Need(Struct):
    """What there is to stay awake for."""

    settings: Clock = Clock()
    runs: set[str] = field(default_factory=set)
    phases: set[str] = field(default_factory=set)

    @property
    def is_there(self) -> bool:
        match self.settings.keep_awake:
            case "while_running":
                return bool(self.runs)
            case "phases":
                return bool(self.phases & {*(self.settings.keep_awake_phases or self.phases)})
        return False

    def learn(self, fact: Fact) -> None:
        """Take a fact in."""
        match fact:
            case ConfigurationLoaded(configuration=configuration) if configuration is not None:
                self.settings = configuration.clock
            case RunStarting(run=run):
                self.runs.add(run)
            case RunClosed(run=run):
                self.runs.discard(run)
            case PhaseStarted(phase=phase):
                self.phases.add(phase)
            case PhaseEnded(phase=phase):
                self.phases.discard(phase)


def need_of(settings: Clock, memories: dict[str, Memory[Any]], now: datetime) -> Need:
    """What there was to stay awake for when the log was last written."""
    executing: Executing = memories["executor"].state
    queue: Queue = memories["phase_queue"].state
    open_now = {
        phase for phase, windows in queue.open.items() if any(now < one.ends_at for one in windows)
    }
    need = Need(settings, {*executing.runs}, open_now)
    for record in memories["phase_queue"].unheard:
        need.learn(record.fact)
    return need


class Look(Struct, frozen=True):
    """Look again whether there is a need."""


class KeepingAwake(Watcher):
    """Holds at once when there is a need, and lets go a little after there is none."""

    def __init__(
        self,
        bus: ActorRef[Any],
        after: int,
        need: Need,
        inhibitor: Holding,
        linger_seconds: float = LINGER_SECONDS,
    ) -> None:
        super().__init__()
        self._bus, self._after, self._need, self._inhibitor = bus, after, need, inhibitor
        self._linger = linger_seconds
        self._holds = self._lingers = False

    def on_start(self) -> None:
        self._bus.tell(Subscribe(self.actor_ref, self._after, HEARD))
        self.look(())

    def on_receive(self, message: object) -> None:
        if not isinstance(message, Look):
            super().on_receive(message)
        else:
            self._lingers = False
            if self._holds and not self._need.is_there:
                self._let_go()

    def on_stop(self) -> None:
        super().on_stop()
        self._let_go()

    def look(self, records: Sequence[Record]) -> None:
        for record in records:
            self._need.learn(record.fact)
        if self._need.is_there:
            self._holds = True
            self._inhibitor.hold()
        elif self._holds and not self._lingers:
            self._lingers = True
            later = Timer(self._linger, _look, (self.actor_ref,))
            later.daemon = True
            later.start()

    def _let_go(self) -> None:
        self._holds = False
        self._inhibitor.let_go()


def _look(keeping: ActorRef[Any]) -> None:
    with suppress(ActorDeadError):
        keeping.tell(Look())
