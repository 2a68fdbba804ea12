"""The executor, alive: it hands runs to its door, and looks after those of an earlier life."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from pykka import ActorRef

from actors.actor import Actor, Choked
from actors.executor.brief import RunBrief, brief, open_runs
from actors.executor.door import Door
from actors.executor.rules import RULES, is_held
from actors.executor.state import Executing, OpenRun
from actors.executor.steps import probe_of
from actors.pauses import hear_of_pause
from actors.recall import Memory
from events.fact import Fact
from events.record import Record
from events.runs import (
    ProbeEnded,
    ProbeStarting,
    RunCancelling,
    RunEnded,
    RunStarted,
    RunStarting,
)


class ExecutorActor(Actor[Executing]):
    """`started_at` finds the position at which the start of a run or probe was decided; `boot` is
    the kernel's boot id of now."""

    performs: ClassVar[frozenset[type[Fact]]] = frozenset(
        {RunStarting, RunCancelling, ProbeStarting}
    )

    def __init__(
        self,
        bus: ActorRef[Any],
        memory: Memory[Executing],
        choked: Choked,
        snapshot_every_records: int,
        poison: frozenset[int],
        door: Door,
        started_at: Callable[[str], int],
        boot: str,
    ) -> None:
        super().__init__(RULES, bus, memory, choked, snapshot_every_records, poison)
        self._door, self._started_at, self._boot = door, started_at, boot

    def perform(self, decision: Record) -> None:
        match decision.fact:
            case RunStarting(executor="sweep"):
                pass  # The cleanup actor's.
            case RunStarting(run=run) if run in self.state.runs:
                self._start(brief(self.state, run), decision.position)
            case RunCancelling(run=run, at_once=at_once):
                self._door.stop(run, at_once)
            case ProbeStarting(probe=probe, run=run) if run in self.state.probes:
                self._door.probe(brief(self.state, run), probe, decision.position)

    def _start(self, told: RunBrief, answers: int) -> None:
        """A pause may have come between the decision and now."""
        if is_held(self.state, told.work, self.state.paused):
            self._door.refuse(told, answers, "paused")
        else:
            self._door.start(told, answers)

    def resume(self, unheard: Sequence[Record]) -> None:
        """Each run that was open gets one verdict, unless it has reported since."""
        paused = [*self.state.paused]
        for record in unheard:
            hear_of_pause(paused, record.fact)
        ended = {record.fact.run for record in unheard if isinstance(record.fact, RunEnded)}
        started = {
            record.fact.run: record.fact
            for record in unheard
            if isinstance(record.fact, RunStarted)
        }
        for run in open_runs(self.state):
            if run.run not in ended:
                self._recover(run, run.process or started.get(run.run), paused)
        said = {record.fact.probe for record in unheard if isinstance(record.fact, ProbeEnded)}
        for name in self.state.probes:
            if probe_of(name) not in said:
                told = brief(self.state, name)
                self._door.probe(told, probe_of(name), self._started_at(probe_of(name)))

    def _recover(self, run: OpenRun, process: RunStarted | None, paused: list[str]) -> None:
        boot = run.boot if process is None else process.boot
        self._door.recover(
            brief(self.state, run.run),
            self._started_at(run.run),
            process,
            same_boot=boot == self._boot,
            paused=is_held(self.state, run.work, paused),
        )
        if run.cancelling:
            self._door.stop(run.run, run.at_once)
