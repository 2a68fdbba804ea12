"""Nothing is passed over in silence: what asks for an answer gets one, and one only."""

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
from projections.invariants.check import Tell, Violation
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

_SOMETIMES: Kinds = frozenset({RunEnded, RunStarting, BudgetOpened})

Question = tuple[Owed, type[Fact], str]  # what is owed, to what kind, about whom
_ANSWERED: tuple[int, Question | None] = (0, None)


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

    def look(self, record: Record, kind: type[AnyFact]) -> None:
        cause, by = record.cause, record.by
        if cause is not None and (waiting := self._open.get(by)) is not None:
            if (question := waiting.get(cause)) is not None:
                if _fits(question, record.fact, kind):
                    del waiting[cause]
                    self._last[by] = cause, question
            elif self._last[by][0] == cause:
                self._again(record, kind)
            if waiting and next(iter(waiting)) < cause:
                self._pass_over(by, cause)
        owed = OWED.get(kind)
        if owed is not None and (kind not in _SOMETIMES or self._is_owed(record.fact)):
            subject = str(getattr(record.fact, owed.subject)) if owed.subject else ""
            self._open[owed.actor][record.position] = owed, kind, subject

    def finish(self, closed: bool) -> None:
        """What was considered and is still open will never be answered."""
        for actor, considered in self._past.considered.items():
            self._pass_over(actor, considered + 1)

    def _is_owed(self, fact: AnyFact) -> bool:
        match fact:
            case RunEnded(run=name):
                run = self._past.runs.get(name)
                return run is not None and run.state == "starting" and not run.ended
            case RunStarting(executor=executor):
                return executor == "sweep"
            case BudgetOpened(revision=revision):
                return revision == 1
            case _:
                return True

    def _again(self, record: Record, kind: type[Fact]) -> None:
        cause, question = self._last[record.by]
        if question is not None and question[0].once and _fits(question, record.fact, kind):
            self._wrong(record.position, f"{kind_of(question[1])} {cause} is answered twice")

    def _pass_over(self, actor: str, before: int) -> None:
        waiting = self._open[actor]
        while waiting and (position := next(iter(waiting))) < before:
            owed, kind, subject = waiting.pop(position)
            about = f" {subject}" if subject else ""
            wanted = " or ".join(sorted(kind_of(one) for one in owed.kinds - _NO))
            self._wrong(position, f"{kind_of(kind)}{about} got no {wanted} from {actor}")

    def _wrong(self, position: int, reason: str) -> None:
        self._tell(Violation(self.NAME, position, reason))


def _fits(question: Question, answer: AnyFact, kind: type[Fact]) -> bool:
    owed, _, subject = question
    if kind not in owed.kinds:
        return False
    return not owed.subject or str(getattr(answer, owed.subject)) == subject
