"""What the checks know of the log so far: works and runs that are open, and who has come how far.

An actor decides upon what stood in the log up to the cause of its decision; other actors may
have said more since. So what it could not know yet is asked for as it was at a position.
"""

from collections import deque
from datetime import date, datetime

from msgspec import Struct

from events.configuration import Configuration, Priority, Step

ACTORS = ("clock", "planner", "phase_queue", "budget", "executor", "cleanup")
SETTINGS_KEPT = 64


class Work(Struct):
    """A piece of work from its planning to its end. The queue owns it unless it is `out`."""

    position: int
    steps: tuple[Step, ...]
    category: str
    lane: str
    day: date | None
    phase: str | None
    not_before: datetime | None
    defer_limit: int
    out: bool = False  # released, or on its way from step to step
    live: str = ""  # the run that is asked for or open
    step: int = 1
    attempt: int = 1
    begun: bool = False  # an attempt has ended: its phase binds it no more
    deferred: int = 0
    reason: str = ""  # why it is held, as last said
    stopping: bool = False
    buried: bool = False


class Run(Struct):
    """A run from its release until it is settled."""

    work: str
    action: str
    step: int
    attempt: int
    category: str
    ceiling_usd_micros: int
    priority: Priority
    state: str = "asked"  # reserved, starting, closed
    starting: int = 0  # the position at which its start was decided
    lived: int = 0  # the position at which a process of it was seen first
    adopted: int = 0  # the position at which it was adopted last
    ended: int = 0  # the position at which its end was seen first
    cancelling: bool = False
    reported: int | None = None  # what it said it cost


class Past:
    """Shared by all checks; each part is kept by the check whose subject it is."""

    def __init__(self) -> None:
        self.head = 0
        self.at: datetime | None = None  # of the newest record
        self.latest: datetime | None = None  # the greatest time so far: clocks are put back
        self.considered = dict.fromkeys(ACTORS, 0)
        self.works: dict[str, Work] = {}
        self.runs: dict[str, Run] = {}
        self.life = 0  # the position at which the present life of the daemon began, or 0
        self._settings: deque[tuple[int, Configuration]] = deque(maxlen=SETTINGS_KEPT)

    def configure(self, position: int, configuration: Configuration) -> None:
        """Other settings are in force from here on."""
        self._settings.append((position, configuration))

    def settings(self, position: int) -> Configuration | None:
        """Those that stood in the log at a position; None when nobody can say any more."""
        for since, configuration in reversed(self._settings):
            if since <= position:
                return configuration
        return None
