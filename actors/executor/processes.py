"""The real door: each run is a process, watched by a thread of its own until it is dead."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Condition

from actors.executor import identity
from actors.executor.brief import RunBrief
from actors.executor.door import Now, Tell
from actors.executor.endings import not_started
from actors.executor.folders import make_roots
from actors.executor.life import Life, World
from actors.executor.noop import nothing
from actors.executor.recovery import look_after
from actors.executor.spawning import NotStarted
from actors.executor.wish import Wish
from events.runs import RunEnded, RunStarted, Trouble

Way = Callable[[Life], RunEnded | None]
"""Sees a run to its end; None for one that did not begin before the daemon stopped."""

THREADS_MAX = 10_000
"""No limit of its own, for the rules limit the runs: the most that they may be configured to."""


class Processes:
    """Runs commands and functions as processes, and keeps their files in the data folder.

    `ours` is the environment of which a run sees the part that its brief allows.
    """

    def __init__(
        self, data: Path, tell: Tell, now: Now, ours: Mapping[str, str] = os.environ
    ) -> None:
        self._world = World(data.resolve(), identity.boot_id(), tell, now, dict(ours))
        self._threads = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="run")
        self._open: dict[str, Wish] = {}
        self._changed = Condition()
        self._closing = False
        make_roots(self._world.data)

    def start(self, brief: RunBrief, answers: int) -> None:
        """See `Door.start`."""
        if brief.action.executor != "noop":
            self._begin(brief, answers, Life.live)
        elif not self._closing:
            self._world.tell(answers, [nothing(brief, self._world.now())])

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

    def stop(self, run: str) -> None:
        """See `Door.stop`."""
        with self._changed:
            wish = self._open.get(run)
        if wish is not None:
            wish.say("cancelled on request")

    def close(self, wait_seconds: float) -> None:
        """See `Door.close`. Another thread may call it again: then what still lives is killed."""
        with self._changed:
            again, self._closing = self._closing, True
            if not self._changed.wait_for(lambda: not self._open, wait_seconds):
                for wish in self._open.values():
                    wish.say("", "daemon_stopped", at_once=again)
        self._threads.shutdown()

    def _begin(self, brief: RunBrief, answers: int, way: Way) -> None:
        """Give it a thread. One that is open already, or comes while we close, is left be."""
        with self._changed:
            if brief.run not in self._open and not self._closing:
                wish = self._open[brief.run] = Wish()
                life = Life(self._world, brief, answers, wish)
                self._threads.submit(self._follow, life, way)

    def _follow(self, life: Life, way: Way) -> None:
        """See it to its end, hold on to nothing, and tell."""
        try:
            ended = None if self._closing else way(life)
        except Exception as mistake:  # Ours; the run must not stay open because of it.
            ended = life.lost(f"the door failed: {mistake!r}")
        life.wish.close()
        with self._changed:
            del self._open[life.brief.run]
            self._changed.notify_all()
        if ended is not None:
            life.tell(ended)
