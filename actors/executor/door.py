"""What the executor needs of the world: that a run be started, stopped, and found again.

A door answers by observation. It is given a `Tell` when it is made and calls it, from any thread,
with the position of the decision it answers, or 0 for none, and what it saw. Every run that was
handed to it ends in exactly one `RunEnded`, in this life or after `recover` in the next.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from actors.executor.brief import RunBrief
from events.catalogue import AnyObservation
from events.runs import RunEnded, RunStarted, Trouble

Tell = Callable[[int, Sequence[AnyObservation]], None]
Now = Callable[[], datetime]  # aware, in UTC


class Door(Protocol):
    """The world of processes, as the executor sees it. Every call returns at once but `close`."""

    def start(self, brief: RunBrief, answers: int) -> None:
        """Carry out a run: `RunStarted` when a process lives, and `RunEnded`.

        At most once: a run whose folder is there already has been started before and is lost.
        """

    def rouse(self) -> None:
        """Be awake: something may have to be started very soon."""

    def refuse(self, brief: RunBrief, answers: int, trouble: Trouble) -> None:
        """Do not carry it out: say that it never began, and why."""

    def stop(self, run: str, at_once: bool = False) -> None:
        """Stop a run, also one that has not begun: TERM, grace, KILL. An ended one is left be.

        `at_once` leaves it no grace.
        """

    def recover(
        self,
        brief: RunBrief,
        answers: int,
        started: RunStarted | None,
        same_boot: bool,
        paused: bool = False,
    ) -> None:
        """After a restart: say what became of a run of which the log has no end.

        `started` is what the log holds, `same_boot` whether the machine runs on since then. What
        never began begins now, or is refused when it is `paused`.
        """

    def probe(self, brief: RunBrief, probe: str, answers: int) -> None:
        """Have the probe command of an unknown run say what became of it: `ProbeEnded`.

        It changes nothing, so it is asked again in a life that finds no answer to it.
        """

    def close(self, wait_seconds: float) -> None:
        """Let live runs end for so long, stop the others and return when all of them are told.

        Those it stopped end as `daemon_stopped`. What had not begun is not told and not begun:
        it is the next life's to recover.
        """


class ClosedDoor:
    """Nothing goes through: the door of a daemon in safe mode."""

    def __init__(self, tell: Tell, now: Now) -> None:
        self._tell, self._now = tell, now

    def start(self, brief: RunBrief, answers: int) -> None:
        """Refuse it."""
        self.refuse(brief, answers, "doors_closed")

    def rouse(self) -> None:
        """Nothing will."""

    def refuse(self, brief: RunBrief, answers: int, trouble: Trouble) -> None:
        """See `Door.refuse`."""
        self._tell(answers, [RunEnded(brief.run, False, self._now(), None, trouble)])

    def stop(self, run: str, at_once: bool = False) -> None:
        """Nothing runs."""

    def recover(
        self,
        brief: RunBrief,
        answers: int,
        started: RunStarted | None,
        same_boot: bool,
        paused: bool = False,
    ) -> None:
        """Leave it open for a life in which the doors are."""

    def probe(self, brief: RunBrief, probe: str, answers: int) -> None:
        """Leave it open likewise."""

    def close(self, wait_seconds: float) -> None:
        """It is."""
