"""The cleanup actor, alive: it hands sweeps to its door, one at a time."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from pykka import ActorRef

from actors.actor import Actor, Choked
from actors.cleanup.rules import RULES
from actors.cleanup.state import Cleaning, open_sweeps
from actors.recall import Memory
from events.cleanup import SweepStarting
from events.fact import Fact
from events.record import Record

Sweep = Callable[[SweepStarting, Sequence[str]], None]


class CleanupActor(Actor[Cleaning]):
    """`sweep` is handed a sweep and the runs of which the log says that they are over, and
    returns; what was swept comes back as an observation."""

    performs: ClassVar[frozenset[type[Fact]]] = frozenset({SweepStarting})

    def __init__(
        self,
        bus: ActorRef[Any],
        memory: Memory[Cleaning],
        choked: Choked,
        snapshot_every_records: int,
        poison: frozenset[int],
        sweep: Sweep,
    ) -> None:
        super().__init__(RULES, bus, memory, choked, snapshot_every_records, poison)
        self._sweep = sweep

    def perform(self, decision: Record) -> None:
        if isinstance(decision.fact, SweepStarting):
            self._sweep(decision.fact, tuple(self.state.ended))

    def resume(self, unheard: Sequence[Record]) -> None:
        """A sweep may be done again: what is gone already is counted as missing."""
        for open_sweep in open_sweeps(self.state):
            self._sweep(open_sweep, tuple(self.state.ended))
