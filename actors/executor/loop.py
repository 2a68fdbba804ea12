"""One thread that sees to many tasks: to each when something happens to it, or at its time."""

import os
import select
import sys
from collections import deque
from collections.abc import Generator
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from math import inf
from threading import Lock, Thread
from time import monotonic
from traceback import print_exc
from typing import Any, TypeVar

SLEEP_SECONDS_MAX = 3600.0  # The kernel takes no number as large as one likes.

T = TypeVar("T")
Steps = Generator[float, int | None, T]
"""Yields the monotonic time at which it goes on at the latest.

It is sent the descriptor that has become readable; None when its time has come or somebody
nudged it.
"""


class Task:
    """One course of events in a loop. Until `begin` nothing happens."""

    def __init__(self, loop: "Loop") -> None:
        self._loop = loop
        self.steps: Steps[None]
        self.due = inf

    def begin(self, steps: Steps[None]) -> None:
        """Let it take its course. From any thread."""
        self.steps = steps
        self._loop.begin(self)

    def nudge(self) -> None:
        """Let it go on now. From any thread."""
        self._loop.nudge(self)

    @property
    def woke_at(self) -> float:
        """When the loop looked last: what a task is told now had happened by then."""
        return self._loop.woke_at

    def listen(self, descriptor: int) -> None:
        """Go on when it is readable. From within the task."""
        self._loop.listen(descriptor, self)

    def ignore(self, descriptor: int) -> None:
        """Before it is closed. From within the task."""
        self._loop.ignore(descriptor)


class Loop:
    """The thread is there from the first task until `close`; it is held up by what a task does
    between two waits, so that must be little. With `own_thread` False it is whoever calls `lead`.

    OSError when no descriptors are free for it.
    """

    def __init__(self, name: str, own_thread: bool = True) -> None:
        self._own_thread = own_thread
        self._thread = Thread(target=self.lead, name=name, daemon=True)
        self._lock = Lock()
        self._poll, self._second = _made_poll()
        self._bell, self._ringer = os.pipe()
        self._poll.register(self._bell, select.POLLIN)
        self._listening: dict[int, Task] = {}
        self._due: list[tuple[float, int, Task]] = []
        self._numbers = count()
        self._open: set[Task] = set()
        self._asked: deque[Task] = deque()
        self._asleep = self._closing = self._closed = False
        self.woke_at = 0.0

    def begin(self, task: Task) -> None:
        """See `Task.begin`."""
        with self._lock:
            if self._own_thread and self._thread.ident is None:
                self._thread.start()
        self._open.add(task)
        self.nudge(task)

    def nudge(self, task: Task) -> None:
        """See `Task.nudge`."""
        self._asked.append(task)
        self._ring()

    def close(self) -> None:
        """Return when all tasks have ended. No other may begin then."""
        self._closing = True
        self._ring()
        if self._thread.ident is not None:
            self._thread.join()
        with self._lock:
            if not self._closed:
                self._closed = True
                self._let_go()

    def listen(self, descriptor: int, task: Task) -> None:
        """See `Task.listen`."""
        self._poll.register(descriptor, select.POLLIN)
        self._listening[descriptor] = task

    def ignore(self, descriptor: int) -> None:
        """See `Task.ignore`."""
        if self._listening.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def _ring(self) -> None:
        """Wake it, unless it is awake: it looks at what was asked before it sleeps."""
        with self._lock:
            if self._asleep and not self._closed:
                self._asleep = False
                os.write(self._ringer, b"!")

    def lead(self) -> None:
        """See to all tasks until none is left after `close`. A task may leave by SystemExit."""
        while self._open or not self._closing:
            for descriptor in self._readable():
                task = self._listening.get(descriptor)
                if task is not None:
                    self._go_on(task, descriptor)
            self._keep_time(monotonic())
            if self._asked:  # One at a time, for what happens meanwhile must not wait for long.
                self._go_on(self._asked.popleft(), None)

    def _readable(self) -> list[int]:
        """Sleep until there is something to do."""
        self._asleep = True
        found = self._poll.poll(self._patience())
        self._asleep, self.woke_at = False, monotonic()
        readable = [descriptor for descriptor, _ in found]
        if self._bell in readable:
            os.read(self._bell, 64)
        return readable

    def _patience(self) -> float:
        """How long it may sleep, in the units of the poll."""
        due = self._due
        while due and due[0][2].due != due[0][0]:
            heappop(due)  # It has another time now.
        if self._asked or (self._closing and not self._open):
            return 0
        left = due[0][0] - monotonic() if due else SLEEP_SECONDS_MAX
        return min(max(0.0, left), SLEEP_SECONDS_MAX) * self._second

    def _keep_time(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            due, _, task = heappop(self._due)
            if due == task.due:
                task.due = inf
                self._go_on(task, None)

    def _go_on(self, task: Task, descriptor: int | None) -> None:
        if task not in self._open:
            return
        try:
            due = task.steps.send(descriptor)
        except StopIteration:
            self._end(task)
        except Exception:  # Ours; the others must not suffer from it.
            self._end(task)
            with suppress(OSError):
                print_exc(file=sys.stderr)
        else:
            if due != task.due:
                task.due = due
                heappush(self._due, (due, next(self._numbers), task))

    def _end(self, task: Task) -> None:
        task.due = inf
        self._open.remove(task)

    def _let_go(self) -> None:
        os.close(self._bell)
        os.close(self._ringer)
        with suppress(AttributeError):
            self._poll.close()


def _made_poll() -> tuple[Any, int]:
    """The best there is, and what it calls a second."""
    return (select.epoll(), 1) if hasattr(select, "epoll") else (select.poll(), 1000)
