"""The life of a run that we start ourselves, from its folder to what is said of its end."""

from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from actors.executor import identity
from actors.executor.brief import RunBrief
from actors.executor.child import Child, Usage
from actors.executor.door import Now, Tell
from actors.executor.endings import Seen, ended, not_started, too_late
from actors.executor.environment import allowed, presented
from actors.executor.folders import folders_of
from actors.executor.output import Output
from actors.executor.spawning import NotStarted, Spawned, prepared, spawn
from actors.executor.watching import Stopped, Watch
from actors.executor.wish import Wish
from events.catalogue import AnyObservation
from events.runs import RunEnded, RunStarted, Trouble


class World(NamedTuple):
    """What all runs of a daemon's life have in common."""

    data: Path
    boot: str
    tell: Tell
    now: Now
    environment: Mapping[str, str]  # the daemon's own


class Life:
    """One run in this life of the daemon. `live` takes as long as the run does."""

    def __init__(self, world: World, brief: RunBrief, answers: int, wish: Wish) -> None:
        self.world, self.brief, self.wish = world, brief, wish
        self.folders = folders_of(brief, world.data)
        self._answers = answers

    def tell(self, seen: AnyObservation) -> None:
        """Answer the decision by which it was started."""
        self.world.tell(self._answers, [seen])

    def live(self) -> RunEnded | None:
        """Start it, if that may still be, and watch it to its end; None when the daemon stops
        before it begins, for then it is the next life's."""
        now = self.world.now()
        if self.wish.reason is not None:
            if self.wish.trouble == "daemon_stopped":
                return None
            return not_started(self.brief, now, NotStarted("cancelled", self.wish.reason))
        if now > self.brief.not_after:
            return too_late(self.brief, now)
        unfit = prepared(self.brief, self.folders)
        return self._begun() if unfit is None else not_started(self.brief, now, unfit)

    def paused(self) -> RunEnded:
        """It never began, and may not begin now."""
        return not_started(self.brief, self.world.now(), NotStarted("paused", ""))

    def lost(self, detail: str) -> RunEnded:
        """Nobody can know what became of it."""
        return not_started(self.brief, self.world.now(), NotStarted("lost", detail))

    def output(self) -> Output:
        """Where what it prints is to go."""
        return Output(self.folders.output, self.brief.output_max_bytes)

    def ended(self, seen: Seen, output: Output) -> RunEnded:
        """Its end, with what it said."""
        return ended(self.brief, self.world.now(), seen, output, self.folders.result)

    def _begun(self) -> RunEnded:
        try:
            self.wish.listen()  # So that nothing can fail between the start and the watch.
        except OSError as error:
            why = NotStarted("spawn_failed", f"no descriptor is free: {error}")
            return not_started(self.brief, self.world.now(), why)
        spawned = spawn(self.brief.action, self.folders, self._environment())
        if isinstance(spawned, NotStarted):
            return not_started(self.brief, self.world.now(), spawned)
        return self._watched(spawned)

    def _environment(self) -> dict[str, str]:
        names = (*self.brief.environment, *self.brief.action.pass_environment)
        return {
            **allowed(names, self.world.environment),
            **self.brief.action.environment,
            **presented(self.brief, self.folders, self.world.boot),
        }

    def _watched(self, spawned: Spawned) -> RunEnded:
        began, child, output = monotonic(), Child(spawned.process), self.output()
        watch = Watch(child, spawned.reader, output, self.wish, self.brief.action.grace_seconds)
        try:
            self._introduce(child.pid)
            watch.until_end(self.brief.action.timeout_seconds)
        finally:
            usage = child.reap()
            duration_ms = round(1000 * (monotonic() - began))
            watch.drain()
            output.close()
        trouble, detail = self._trouble(watch.stopped, usage)
        peak_bytes = max(usage.peak_bytes, watch.peak_bytes)
        seen = Seen(trouble, detail, usage.exit_code, duration_ms, usage.cpu_ms, peak_bytes)
        return self.ended(seen, output)

    def _introduce(self, pid: int) -> None:
        born = identity.stat(pid)
        ticks = 0 if born is None else born.ticks
        self.tell(RunStarted(self.brief.run, pid, self.world.boot, ticks, self.world.now()))

    def _trouble(self, stopped: Stopped | None, usage: Usage) -> tuple[Trouble | None, str]:
        if stopped is not None:
            return stopped, self.stopped_because(stopped)
        if usage.exit_code is None:
            return "lost", "its exit status was taken by somebody else"
        return None, ""

    def stopped_because(self, stopped: Stopped) -> str:
        """Why we stopped it."""
        if stopped == "timed_out":
            return f"stopped after {self.brief.action.timeout_seconds} s"
        return self.wish.reason or ""
