"""One thread for several actors: each in its turn takes what waits for it.

Decisions are Python, and threads would only wait for each other at the interpreter and pay for
each change. Actors on one dispatcher keep a state and an inbox of their own.
"""

from collections import deque
from contextlib import suppress
from queue import SimpleQueue
from sys import maxsize
from threading import Lock, Thread
from typing import Any

from pykka import ActorRef, ThreadingActor

MESSAGES_MAX = 64  # of one turn, so that nobody waits for long behind somebody who is told much


class Dispatcher:
    """Gives turns in the order in which they were asked for, until its last actor has ended."""

    def __init__(self) -> None:
        self._due: SimpleQueue[DispatchedActor] = SimpleQueue()
        self.give_turn = self._due.put
        self._living, self._counting = 0, Lock()
        self.at_turn = ""  # the URN of the actor whose turn it is

    def admit(self, actor: "DispatchedActor") -> None:
        """Give turns to one more; its first is for its beginning."""
        with self._counting:
            self._living += 1
            is_first = self._living == 1
        self.give_turn(actor)
        if is_first:
            Thread(target=self._live, name="actors").start()

    def _live(self) -> None:
        goes_on = True
        while goes_on:
            actor = self._due.get()
            self.at_turn = actor.actor_urn
            goes_on = self._goes_on(ended=actor.take_turn())
            self.at_turn = ""

    def _goes_on(self, *, ended: bool) -> bool:
        if not ended:
            return True
        with self._counting:
            self._living -= 1
            return self._living > 0


class Inbox:
    """What waits for an actor. It asks for a turn when it needs one."""

    def __init__(self) -> None:
        self._waiting: deque[Any] = deque()
        self._actor: DispatchedActor | None = None
        self._is_due, self._left = False, 0
        self.dispatcher = Dispatcher()

    def serve(self, actor: "DispatchedActor") -> None:
        """From here on it asks for turns for this one."""
        self._actor, self._is_due = actor, True
        self.dispatcher.admit(actor)

    def put(self, envelope: Any) -> None:
        """From any thread."""
        self._waiting.append(envelope)
        self._ask()

    def get(self) -> Any:
        """The next of this turn; IndexError when there is none."""
        if self._left == 0:
            raise IndexError
        self._left -= 1
        return self._waiting.popleft()

    def empty(self) -> bool:
        return not self._waiting

    def qsize(self) -> int:
        return len(self._waiting)

    def begin_turn(self, messages: int) -> None:
        """Give so many at most. What is put from here on asks for another turn."""
        self._is_due, self._left = False, messages

    def end_turn(self) -> None:
        """Who has not come to the end stands in line again."""
        if self._waiting:
            self._ask()

    def _ask(self) -> None:
        if not self._is_due and self._actor is not None:
            self._is_due = True
            self.dispatcher.give_turn(self._actor)


def is_held_up(actor: ActorRef[Any]) -> bool:
    """Whether somebody else is at turn on its thread just now."""
    inbox = actor.actor_inbox
    return isinstance(inbox, Inbox) and inbox.dispatcher.at_turn not in ("", actor.actor_urn)


class DispatchedActor(ThreadingActor):
    """An actor that takes its turns on the thread of the one `beside` it, or on its own."""

    actor_inbox: Inbox

    def __init__(self, beside: ActorRef[Any] | None = None) -> None:
        super().__init__()
        self._has_begun = False
        if beside is not None and isinstance(beside.actor_inbox, Inbox):
            self.actor_inbox.dispatcher = beside.actor_inbox.dispatcher

    @staticmethod
    def _create_actor_inbox() -> Any:
        return Inbox()

    def _start_actor_loop(self) -> None:
        self.actor_inbox.serve(self)

    def take_turn(self) -> bool:
        """Take what waits, up to a limit; whether it has ended by that."""
        inbox = self.actor_inbox
        if self.actor_stopped.is_set():
            return False
        inbox.begin_turn(MESSAGES_MAX)
        if not self._has_begun:
            self._has_begun = True
            self._actor_loop_setup()
        with suppress(IndexError):
            self._actor_loop_running()
        if self.actor_stopped.is_set():
            inbox.begin_turn(maxsize)
            self._actor_loop_teardown()
            return True
        inbox.end_turn()
        return False
