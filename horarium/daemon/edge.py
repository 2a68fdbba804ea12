"""Where people's requests enter the log, and where the answer to each is waited for."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import datetime, timedelta
from queue import SimpleQueue
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from pykka import ActorRef, ThreadingActor

from actors.planner.prompted import completed
from events.budget import LimitChanged
from events.bus import Append, CaughtUp, News, Subscribe
from events.catalogue import ARequest
from events.cleanup import SweepStarting
from events.codec import entry
from events.fact import Fact
from events.intents import (
    IntentAdded,
    IntentAddRequested,
    IntentRemoved,
    IntentSwitched,
)
from events.plan import PlanDrawn
from events.record import Record
from events.requests import (
    Paused,
    RequestRefused,
    RequestRepeated,
    Resumed,
    ResumeRequested,
    WorkRequested,
)
from events.runs import RunSettled
from events.time import OccurrenceDue
from events.work import WorkCancelled, WorkHeld, WorkMoved, WorkPlanned, WorkReleased, WorkStopping
from horarium.daemon.pulse import Beat, beat

ANSWERS: frozenset[type[Fact]] = frozenset(
    {
        WorkPlanned,
        SweepStarting,
        RequestRepeated,
        RequestRefused,
        PlanDrawn,
        WorkReleased,
        WorkHeld,
        WorkMoved,
        WorkCancelled,
        WorkStopping,
        Paused,
        Resumed,
        OccurrenceDue,
        IntentAdded,
        IntentRemoved,
        IntentSwitched,
        LimitChanged,
        RunSettled,
    }
)
RECENT_MAX = 4_096
COMMIT_SECONDS = 8.0
DAYS_MAX = 3_660  # ten years
ANSWER_SECONDS = 5.0


class NotNow(Exception):
    """Nothing was asked; the message says why."""


class Crowded(NotNow):
    """More waits than may wait; nothing more is taken in for now."""


class InSafeMode(NotNow):
    """The doors are closed: what was let go now would be cancelled there."""


class OutOfReach(Exception):
    """A moment that no plan reaches."""


class Await(Struct, frozen=True):
    position: int
    answer: "Future[Record]"


class Answers(ThreadingActor):
    """Hands each answer to whoever waits for it; keeps the recent ones for who asks late."""

    def __init__(self, bus: ActorRef[Any], head: int) -> None:
        super().__init__()
        self._bus, self._after = bus, head
        self._recent: OrderedDict[int, Record] = OrderedDict()
        self._waiting: dict[int, Future[Record]] = {}

    @staticmethod
    def _create_actor_inbox() -> Any:
        return SimpleQueue()

    def on_start(self) -> None:
        self._bus.tell(Subscribe(self.actor_ref, self._after, ANSWERS))

    def on_receive(self, message: News | CaughtUp | Await) -> None:
        match message:
            case News(records):
                for record in records:
                    self._heard(record)
            case Await(position, answer) if position in self._recent:
                answer.set_result(self._recent[position])
            case Await(position, answer):
                self._waiting[position] = answer
                while len(self._waiting) > RECENT_MAX:
                    del self._waiting[next(iter(self._waiting))]

    def _heard(self, record: Record) -> None:
        if record.cause is None or record.cause in self._recent:
            return
        self._recent[record.cause] = record
        if len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)
        if (waiting := self._waiting.pop(record.cause, None)) is not None:
            waiting.set_result(record)


def _moments(request: ARequest) -> Iterator[datetime]:
    """Those that it names."""
    match request:
        case WorkRequested(at=datetime() as at):
            yield at
        case IntentAddRequested(intent=intent):
            yield from (it for it in (intent.at, intent.starts_at, intent.ends_at) if it)


def _check_moment(at: datetime, reading: datetime) -> None:
    """No calendar reaches for ever, and no daemon waits for a moment of another age."""
    if abs(at - reading) > timedelta(days=DAYS_MAX):
        raise OutOfReach(f"{at:%Y-%m-%d} is more than {DAYS_MAX} days from now")


class Edge:
    """Takes requests in. `crowded` says whether too much waits already; `safe` that the daemon
    lives in safe mode; the `actors` are asked whether they work."""

    def __init__(
        self,
        bus: ActorRef[Any],
        answers: ActorRef[Any],
        now: Callable[[], datetime],
        crowded: Callable[[], bool],
        safe: bool = False,
        actors: Mapping[str, ActorRef[Any]] = MappingProxyType({}),
    ) -> None:
        self._actors = actors
        self._bus, self._answers = bus, answers
        self._now, self._crowded, self._safe = now, crowded, safe

    def ask(self, request: ARequest, by: str = "cli") -> tuple[int, Record | None]:
        """The request's position, and the decision that answers it unless that takes too long.

        Raises OutOfReach for a moment years away, StoreFull when the disk is full, NotNow when
        nothing is taken in, another StoreError when the log is at its end.
        """
        if self._safe and isinstance(request, ResumeRequested) and request.scope == "all":
            raise InSafeMode("in safe mode nothing is started; leave it first, then resume")
        for moment in _moments(request):
            _check_moment(moment, self._now())
        if self._crowded():
            raise Crowded("too much waits already; ask again in a moment")
        if isinstance(request, WorkRequested):
            request = completed(request)
        position = self._commit(Append(by, [entry(request, self._now())], done=Future()))
        answer: Future[Record] = Future()
        self._answers.tell(Await(position, answer))
        try:
            return position, answer.result(ANSWER_SECONDS)
        except FutureTimeout:
            return position, None

    def beat(self) -> Beat:
        """A word from each working loop. Raises a StoreError when the log is at its end."""
        return beat(self._bus, self._actors)

    def now(self) -> datetime:
        """The daemon's moment."""
        return self._now()

    def _commit(self, told: Append) -> int:
        assert told.done is not None
        self._bus.tell(told)
        return told.done.result(COMMIT_SECONDS)[0]
