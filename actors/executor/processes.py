"""Each run is a process, and one thread watches them all until they are dead."""

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Condition

from actors.executor import identity
from actors.executor.brief import RunBrief
from actors.executor.door import Now, Tell
from actors.executor.endings import not_started
from actors.executor.folders import make_roots
from actors.executor.following import Way, followed
from actors.executor.life import Life, World
from actors.executor.loop import Loop, Steps, Task
from actors.executor.noop import nothing
from actors.executor.probing import probed
from actors.executor.recovery import look_after
from actors.executor.spawning import NotStarted
from events.runs import RunStarted, Trouble


class Processes:
    """Runs commands and functions as processes, and keeps their files in the data folder.

    `ours` is the environment of which a run sees the part that its brief allows; `umask` is for
    the files that it makes, -1 for ours.
    """

    def __init__(
        self,
        data: Path,
        tell: Tell,
        now: Now,
        ours: Mapping[str, str] = os.environ,
        umask: int = -1,
    ) -> None:
        boot, births = identity.boot_id(), identity.Births()
        self._world = World(data.resolve(), boot, tell, now, dict(ours), umask, births)
        self._loop = Loop("runs")
        self._open: dict[str, Life] = {}
        self._changed = Condition()
        self._closing = False
        make_roots(self._world.data)

    def start(self, brief: RunBrief, answers: int) -> None:
        """See `Door.start`."""
        if brief.action.executor != "noop":
            self._begin(brief, answers, Life.live)
        elif not self._closing:
            self._world.tell(answers, [nothing(brief, self._world.now())])

    def rouse(self) -> None:
        """See `Door.rouse`."""

    def refuse(self, brief: RunBrief, answers: int, trouble: Trouble) -> None:
        """See `Door.refuse`."""
        if not self._closing:
            why = NotStarted(trouble, "")
            self._world.tell(answers, [not_started(brief, self._world.now(), why)])

    def recover(
        self,
        brief: RunBrief,
        answers: int,
        started: RunStarted | None,
        same_boot: bool,
        paused: bool = False,
    ) -> None:
        """See `Door.recover`."""
        if brief.action.executor != "noop":
            self._begin(brief, answers, lambda life: look_after(life, started, same_boot, paused))
        elif paused:
            self.refuse(brief, answers, "paused")
        else:
            self.start(brief, answers)

    def stop(self, run: str, at_once: bool = False) -> None:
        """See `Door.stop`."""
        with self._changed:
            life = self._open.get(run)
        if life is not None:
            life.wish.say("cancelled on request", at_once=at_once)

    def probe(self, brief: RunBrief, probe: str, answers: int) -> None:
        """See `Door.probe`."""
        with self._changed:
            if probe not in self._open and not self._closing:
                task = Task(self._loop)
                life = self._open[probe] = Life(self._world, brief, answers, task)
                task.begin(self._look(life, probe))

    def _look(self, life: Life, probe: str) -> Steps[None]:
        ended = None if self._closing else (yield from probed(life, probe))
        with self._changed:
            del self._open[probe]
            self._changed.notify_all()
        if ended is not None:
            life.tell(ended)

    def close(self, wait_seconds: float) -> None:
        """See `Door.close`. Another thread may call it again: then what still lives is killed."""
        with self._changed:
            again, self._closing = self._closing, True
            if not self._changed.wait_for(lambda: not self._open, wait_seconds):
                for life in self._open.values():
                    life.wish.say("", "daemon_stopped", at_once=again)
        self._loop.close()

    def _begin(self, brief: RunBrief, answers: int, way: Way) -> None:
        """Let it begin. One that is open already, or comes while we close, is left be."""
        with self._changed:
            if brief.run not in self._open and not self._closing:
                task = Task(self._loop)
                life = self._open[brief.run] = Life(self._world, brief, answers, task)
                task.begin(self._follow(life, way))

    def _follow(self, life: Life, way: Way) -> Steps[None]:
        """See it to its end, hold on to nothing, and tell."""
        ended = None if self._closing else (yield from followed(life, way, "the door"))
        with self._changed:
            del self._open[life.brief.run]
            self._changed.notify_all()
        if ended is not None:
            life.tell(ended)
