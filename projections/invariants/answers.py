"""Nothing is passed over in silence: what asks for an answer gets one, and one only."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from events.budget import (
    BudgetOpened,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
    LimitChanged,
)
from events.catalogue import AnyFact
from events.cleanup import SweepRequested, SweepStarting
from events.fact import Fact, kind_of
from events.intents import (
    IntentAdded,
    IntentAddRequested,
    IntentRemoved,
    IntentRemoveRequested,
    IntentSwitched,
    IntentSwitchRequested,
    OccurrenceBuffered,
    SignalReceived,
)
from events.plan import OccurrenceSkipped, PlanDrawn
from events.record import Record
from events.requests import (
    CancelRequested,
    LimitRequested,
    MoveRequested,
    Paused,
    PauseRequested,
    ReleaseRequested,
    ReplanRequested,
    RequestRefused,
    RequestRepeated,
    Resumed,
    ResumeRequested,
    ReviveRequested,
    SettleRequested,
    WorkRequested,
)
from events.runs import RunClosed, RunEnded, RunRetrying, RunSettled, RunStarting, RunWaiting
from events.time import DayStarted, OccurrenceDue, OccurrenceExpired
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)
from projections.invariants.causes import AUTHORS
from projections.invariants.check import Handler, Tell, Violation
from projections.invariants.past import ACTORS, Past

Kinds = frozenset[type[Fact]]


class Owed(NamedTuple):
    """Who has to answer, with what. The answer is about the same `subject`, a field of both."""

    actor: str
    kinds: Kinds
    subject: str = ""
    once: bool = True


_NO: Kinds = frozenset({RequestRefused, RequestRepeated})
_PLACED: Kinds = frozenset({WorkReleased, WorkHeld, WorkDeferred, WorkDropped, WorkCancelled})
_PLACE = Owed("phase_queue", _PLACED, "work", once=False)
_PAY = Owed("budget", frozenset({FundsReserved, FundsRefused}), "run")

OWED: dict[type[Fact], Owed] = {
    WorkRequested: Owed("planner", _NO | {WorkPlanned}, "key"),
    ReviveRequested: Owed("planner", _NO | {WorkPlanned}),
    SettleRequested: Owed("executor", _NO | {RunSettled}),
    ReplanRequested: Owed("planner", _NO | {PlanDrawn}, "key"),
    IntentAddRequested: Owed("planner", _NO | {IntentAdded}, "key"),
    IntentRemoveRequested: Owed("planner", _NO | {IntentRemoved}, "key"),
    IntentSwitchRequested: Owed("planner", _NO | {IntentSwitched}, "key"),
    SignalReceived: Owed("clock", _NO | {OccurrenceDue}, once=False),
    OccurrenceDue: Owed(
        "planner",
        frozenset({WorkPlanned, OccurrenceSkipped, OccurrenceExpired, OccurrenceBuffered}),
    ),
    BudgetOpened: Owed("planner", frozenset({PlanDrawn}), "day"),
    ReleaseRequested: Owed("phase_queue", _NO | _PLACED, once=False),
    MoveRequested: Owed("phase_queue", _NO | {WorkMoved}),
    CancelRequested: Owed("phase_queue", _NO | {WorkCancelled, WorkStopping}),
    PauseRequested: Owed("phase_queue", _NO | {Paused}),
    LimitRequested: Owed("budget", _NO | {LimitChanged}, "key"),
    ResumeRequested: Owed("phase_queue", _NO | {Resumed}),
    WorkPlanned: _PLACE,
    FundsRefused: _PLACE,
    RunRetrying: _PLACE,
    WorkReturned: _PLACE,
    WorkReleased: _PAY,
    StepReached: _PAY,
    DayStarted: Owed("budget", frozenset({BudgetOpened}), "day"),
    RunClosed: Owed("budget", frozenset({FundsSettled, FundsReturned}), "run"),
    FundsReserved: Owed("executor", frozenset({RunStarting, RunClosed, RunWaiting}), "run"),
    RunEnded: Owed("executor", frozenset({RunClosed}), "run"),
    RunStarting: Owed("cleanup", frozenset({SweepStarting}), "run"),
    SweepRequested: Owed("cleanup", _NO | {SweepStarting}, "key"),
}

Question = tuple[Owed, AnyFact]  # what is owed, and to what
_ANSWERED: tuple[int, Question | None] = (0, None)


class Debt:
    """To whom a kind of fact is a question, and what he owes."""

    __slots__ = ("_owed", "_waiting")

    def __init__(self, owed: Owed, waiting: dict[int, Question]) -> None:
        self._owed, self._waiting = owed, waiting

    def ask(self, record: Record, fact: AnyFact) -> None:
        self._waiting[record.position] = self._owed, fact


class Answers:
    """Looks at every record, before the others have learned its fact.

    An actor answers in the order of the log: once it has answered a later record, an earlier
    one that it left out will never be answered.
    """

    NAME = "answer"

    def __init__(self, past: Past, tell: Tell) -> None:
        self._past, self._tell = past, tell
        self._open: dict[str, dict[int, Question]] = {actor: {} for actor in ACTORS}
        self._last = dict.fromkeys(ACTORS, _ANSWERED)
        self._debts = {kind: Debt(owed, self._open[owed.actor]) for kind, owed in OWED.items()}
        self._sometimes: Mapping[type[Fact], Handler] = {
            RunEnded: self._ended,
            RunStarting: self._starting,
            BudgetOpened: self._opened,
        }

    def handlers(self, kind: type[Fact]) -> Iterator[Handler]:
        """What looks at the records of a kind: whether they answer, and whether they ask."""
        if kind in AUTHORS:
            yield self._answer
        if kind in self._debts:
            yield self._sometimes.get(kind, self._debts[kind].ask)

    def _ended(self, record: Record, fact: RunEnded) -> None:
        run = self._past.runs.get(fact.run)
        if run is not None and run.state == "starting" and not run.ended:
            self._debts[RunEnded].ask(record, fact)

    def _starting(self, record: Record, fact: RunStarting) -> None:
        if fact.executor == "sweep":
            self._debts[RunStarting].ask(record, fact)

    def _opened(self, record: Record, fact: BudgetOpened) -> None:
        if fact.revision == 1:
            self._debts[BudgetOpened].ask(record, fact)

    def _answer(self, record: Record, fact: AnyFact) -> None:
        cause, by = record.cause, record.by
        if cause is None or (waiting := self._open.get(by)) is None:
            return
        if (question := waiting.get(cause)) is not None:
            (_, kinds, subject, _), asked = question
            if type(fact) in kinds and (
                not subject or getattr(fact, subject) == getattr(asked, subject)
            ):
                del waiting[cause]
                self._last[by] = cause, question
        elif self._last[by][0] == cause:
            self._again(record, fact)
        if waiting and next(iter(waiting)) < cause:
            self._pass_over(by, cause)

    def finish(self, closed: bool) -> None:
        """What was considered and is still open will never be answered."""
        for actor, considered in self._past.considered.items():
            self._pass_over(actor, considered + 1)

    def _again(self, record: Record, fact: AnyFact) -> None:
        cause, question = self._last[record.by]
        if question is None or not question[0].once:
            return
        (_, kinds, subject, _), asked = question
        if type(fact) in kinds and (
            not subject or getattr(fact, subject) == getattr(asked, subject)
        ):
            self._wrong(record.position, f"{asked.kind} {cause} is answered twice")

    def _pass_over(self, actor: str, before: int) -> None:
        waiting = self._open[actor]
        while waiting and (position := next(iter(waiting))) < before:
            owed, asked = waiting.pop(position)
            about = f" {getattr(asked, owed.subject)}" if owed.subject else ""
            wanted = " or ".join(sorted(kind_of(one) for one in owed.kinds - _NO))
            self._wrong(position, f"{asked.kind}{about} got no {wanted} from {actor}")

    def _wrong(self, position: int, reason: str) -> None:
        self._tell(Violation(self.NAME, position, reason))
