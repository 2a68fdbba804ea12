"""What a keeper does with its runs, and when it may go."""

import os
from collections.abc import Sequence
from math import inf
from pathlib import Path
from signal import SIGKILL
from socket import socket
from time import monotonic

from actors.executor import identity
from actors.executor.custody import Custody
from actors.executor.following import Way, followed
from actors.executor.keeper.beginning import remove_socket, socket_file
from actors.executor.keeper.clock import now
from actors.executor.keeper.link import Link
from actors.executor.keeper.words import (
    Bye,
    Order,
    Probe,
    Recover,
    Report,
    Start,
    Stop,
    Told,
    Unbegun,
)
from actors.executor.life import Life, Observed, World
from actors.executor.loop import Loop, Steps, Task
from actors.executor.probing import probed
from actors.executor.recovery import look_after
from actors.executor.watching import open_pidfd, send

GRACE_SECONDS = 1.0  # without a run and without a daemon
TIDY_SECONDS = 1.0  # between looks at orphans that have died


class Keeping:
    """All in one thread. It ends by SystemExit when it has nothing left to keep."""

    def __init__(self, data: Path, listener: socket, loop: Loop) -> None:
        boot, births, self._custody = identity.boot_id(), identity.Births(), Custody()
        self._world = World(data, boot, self._tell, now, {}, -1, births, self._custody)
        self._loop, self._listener, self._socket_file = loop, listener, socket_file(data)
        self._open: dict[str, Life] = {}
        self._link: Link | None = None
        self._left_at = monotonic()  # when the last daemon went
        self._doors, self._tidying = Task(loop), Task(loop)
        self._doors.begin(self._admit())
        self._tidying.begin(self._tidy())

    def _admit(self) -> Steps[None]:
        """One daemon at a time: there is only one, and the newest is it."""
        here = self._listener.fileno()
        while True:
            self._doors.listen(here)
            while (yield inf) != here:
                pass
            self._doors.ignore(here)
            try:
                connection, _ = self._listener.accept()
            except OSError:  # Without a free descriptor it has to wait.
                yield monotonic() + TIDY_SECONDS
                continue
            if self._link is not None:
                self._link.close()
            self._link = Link(self._loop, connection, self._hear, self._gone)

    def _gone(self, link: Link) -> None:
        if link is self._link:
            self._link, self._left_at = None, monotonic()
            self._tidying.nudge()

    def _hear(self, order: Order) -> None:
        match order:
            case Start():
                self._begin(order, Life.live)
            case Recover(started=started, same_boot=same_boot, paused=paused):
                life = self._open.get(order.brief.run)
                if life is not None:
                    life.told_again(order.answers, started)
                else:
                    self._begin(order, lambda life: look_after(life, started, same_boot, paused))
            case Stop(run=run, reason=reason, trouble=trouble, at_once=at_once):
                if (life := self._open.get(run)) is not None:
                    life.wish.say(reason, trouble, at_once=at_once)
            case Probe(probe=probe):
                life = self._open.get(probe)
                if life is not None:
                    life.told_again(order.answers, None)
                else:
                    task = Task(self._loop)
                    task.begin(self._look(self._made(probe, order, task), probe))
            case Bye():
                self._stop_looking()
                if not self._open:
                    self._go()

    def _begin(self, order: Start | Recover, way: Way) -> None:
        """Let it begin. One that is open already is left be."""
        run = order.brief.run
        if run not in self._open:
            task = Task(self._loop)
            task.begin(self._follow(self._made(run, order, task), way))

    def _made(self, name: str, order: Start | Recover | Probe, task: Task) -> Life:
        ours = {os.fsdecode(name): os.fsdecode(it) for name, it in order.environment.items()}
        world = self._world._replace(environment=ours, umask=order.umask)
        life = self._open[name] = Life(world, order.brief, order.answers, task)
        return life

    def _look(self, life: Life, probe: str) -> Steps[None]:
        """See a probe to its end, and tell."""
        ended = yield from probed(life, probe)
        del self._open[probe]
        if ended is not None:
            life.tell(ended)
        if not self._open:
            self._tidying.nudge()

    def _stop_looking(self) -> None:
        """Nobody waits for the probes that are under way."""
        for name, life in self._open.items():
            if name != life.brief.run:
                life.wish.say("", "daemon_stopped", at_once=True)

    def _follow(self, life: Life, way: Way) -> Steps[None]:
        """See it to its end, write that down, and tell."""
        ended, run = (yield from followed(life, way, "the keeper")), life.brief.run
        if ended is not None:
            life.keep(ended)
        del self._open[run]
        if ended is not None:
            life.tell(ended)
        else:
            self._say(Unbegun(run))
        if not self._open:
            self._tidying.nudge()

    def _tell(self, answers: int, facts: Sequence[Observed]) -> None:
        for fact in facts:
            self._say(Told(answers, fact))

    def _say(self, report: Report) -> None:
        if self._link is not None:
            self._link.say(report)

    def _tidy(self) -> Steps[None]:
        """Bury the dead, and end what belongs to no run; go when there is nothing left."""
        while True:
            self._custody.reap()
            self._custody.end_the_unended()
            if not self._open:
                self._end_strays()
                if self._link is None and monotonic() >= self._left_at + GRACE_SECONDS:
                    self._go()
            yield self._next_look()

    def _go(self) -> None:
        """Whoever comes now finds nobody, and begins another."""
        self._custody.reap()
        remove_socket(self._world.data, self._socket_file)
        raise SystemExit

    def _next_look(self) -> float:
        if self._open or self._custody.has_children():
            return monotonic() + TIDY_SECONDS
        return inf if self._link is not None else self._left_at + GRACE_SECONDS

    def _end_strays(self) -> None:
        """Without a run, whatever is still a child of ours has outlived its own."""
        if self._custody.has_children():
            for pid in self._custody.strays():
                if (pidfd := open_pidfd(pid)) is not None:
                    send(pidfd, SIGKILL)
                    os.close(pidfd)
