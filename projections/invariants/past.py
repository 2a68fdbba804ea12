"""What the checks know of the log so far: works and runs that are open, and who has come how far.

An actor decides upon what stood in the log up to the cause of its decision; other actors may
have said more since. So what it could not know yet is asked for as it was at a position.
"""

from collections import deque
from datetime import date, datetime, timedelta

from msgspec import Struct

from events.configuration import Action, Configuration, Intent, Step
from events.policies import Policies
from events.settings import ExecutorKind, Priority

ACTORS = ("clock", "planner", "phase_queue", "budget", "executor", "cleanup")
SETTINGS_KEPT = 64
INTENTS_KEPT = 4  # of one name: an actor is never far behind
FAR = timedelta(days=1)  # A clock that is put back by more had been wrong.
NO_POLICIES = Policies()


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
    at_once: bool = False  # without a grace period
    buried: bool = False
    only_if_idle: bool = False
    freed: bool = False  # by a person: it waits for no time any more, nor for an idle machine
    start_before: datetime | None = None
    action: Action | None = None  # of its only step, when nobody configured it
    outcome: str = ""  # of its latest run


class Run(Struct):
    """A run from its release until it is settled."""

    work: str
    action: str
    step: int
    attempt: int
    category: str
    ceiling_usd_micros: int
    priority: Priority
    own_limit: str = ""
    takes_left: bool = False  # Its ceiling is the least that will do, until something is set aside.
    executors: tuple[ExecutorKind, ...] = ()  # that may be asked, if quotas of money limit them
    state: str = "asked"  # reserved, starting, closed
    starting: int = 0  # the position at which its start was decided
    lived: int = 0  # the position at which a process of it was seen first
    adopted: int = 0  # the position at which it was adopted last
    ended: int = 0  # the position at which its end was seen first
    cancelling: bool = False
    at_once: bool = False  # and without a grace period
    reported: int | None = None  # what it said it cost, or what it used costs
    executor: ExecutorKind | None = None  # that was asked to carry it out


class InForce(Struct, frozen=True):
    """An intent as it stood from a position on; `intent` is None when there was none."""

    since: int
    intent: Intent | None
    enabled: bool
    by_hand: bool = False


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
        self.kept = 0  # the position at which its runs were last left without a keeper, or 0
        self.intents: dict[str, deque[InForce]] = {}  # by name, the latest last
        self.broken: dict[str, int] = {}  # intents whose breaker is open, and since where
        self.back = 0  # where the clock was last put back by more than a day
        self._settings: deque[tuple[int, Configuration]] = deque(maxlen=SETTINGS_KEPT)
        self._newest_settings: tuple[int, Configuration | None] = (1, None)

    def advance(self, at: datetime, told: bool) -> None:
        """It is later than ever. What was observed before the clock came back from far ahead may
        still be recorded: only a moment that was `told` makes it so much later."""
        if self.latest is None or told or at - self.latest <= FAR:
            self.latest = at

    def configure(self, position: int, configuration: Configuration) -> None:
        """Other settings are in force from here on."""
        self._newest_settings = position, configuration
        self._settings.append(self._newest_settings)

    def settings(self, position: int) -> Configuration | None:
        """Those that stood in the log at a position; None when nobody can say any more."""
        if self._newest_settings[0] <= position:
            return self._newest_settings[1]
        for since, configuration in reversed(self._settings):
            if since <= position:
                return configuration
        return None

    def policies(self, position: int) -> Policies:
        """Those of the house at a position."""
        settings = self.settings(position)
        return NO_POLICIES if settings is None else settings.policies

    def intent(self, name: str, position: int) -> InForce | None:
        """What stood under that name at a position; None when nothing ever did."""
        found = self.intents.get(name)
        if found is None:
            return None
        if (newest := found[-1]).since <= position:
            return newest
        return next((known for known in reversed(found) if known.since <= position), None)

    def enforce(self, name: str, known: InForce) -> None:
        """Something else stands under that name from here on."""
        self.intents.setdefault(name, deque(maxlen=INTENTS_KEPT)).append(known)
