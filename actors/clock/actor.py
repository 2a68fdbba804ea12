"""The clock, alive: it sleeps until the next instant that matters."""

from collections.abc import Callable
from typing import Any

from pykka import ActorRef

from actors.actor import Actor, Choked
from actors.clock.door import Waker
from actors.clock.rules import RULES, Clock, next_instant
from actors.recall import Memory


class ClockActor(Actor[Clock]):
    """Arms its waker anew after everything that it hears."""

    def __init__(
        self,
        bus: ActorRef[Any],
        memory: Memory[Clock],
        choked: Choked,
        snapshot_every_records: int,
        poison: frozenset[int],
        waker: Callable[[], Waker],
    ) -> None:
        super().__init__(RULES, bus, memory, choked, snapshot_every_records, poison)
        self._make_waker = waker
        self._waker: Waker | None = None

    def heard(self) -> None:
        if self._waker is None:
            self._waker = self._make_waker()
        self._waker.arm(next_instant(self.state))

    def on_stop(self) -> None:
        if self._waker is not None:
            self._waker.close()
        super().on_stop()
