"""The clock, alive: it sleeps until the next instant that matters."""

from collections.abc import Callable
from typing import Any, ClassVar

from pykka import ActorRef

from actors.actor import Actor, Choked
from actors.clock.door import IdleProbe, Waker
from actors.clock.rules import RULES, Clock, next_instant
from actors.recall import Memory
from events.fact import Fact
from events.record import Record
from events.time import IdleProbing


class ClockActor(Actor[Clock]):
    """Arms its waker anew after everything that it hears.

    A question to the probe that an earlier life left unanswered is asked again by its rules, as
    soon as they hear that this life began.
    """

    performs: ClassVar[frozenset[type[Fact]]] = frozenset({IdleProbing})
    heeds_all: ClassVar[bool] = True

    def __init__(
        self,
        bus: ActorRef[Any],
        memory: Memory[Clock],
        choked: Choked,
        snapshot_every_records: int,
        poison: frozenset[int],
        waker: Callable[[], Waker],
        probe: IdleProbe,
    ) -> None:
        super().__init__(RULES, bus, memory, choked, snapshot_every_records, poison)
        self._make_waker, self._probe = waker, probe
        self._waker: Waker | None = None

    def perform(self, decision: Record) -> None:
        self._probe.look(decision.position)

    def heard(self) -> None:
        if self._waker is None:
            self._waker = self._make_waker()
        self._waker.arm(next_instant(self.state))

    def on_stop(self) -> None:
        if self._waker is not None:
            self._waker.close()
        super().on_stop()
