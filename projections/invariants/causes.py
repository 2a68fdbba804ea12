"""Who may say what, because of what: authors, causes, times, depths, ids."""

from datetime import datetime
from typing import get_args

from events.budget import (
    BudgetExhausted,
    BudgetOpened,
    CategoryReopened,
    CostCorrected,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
    LimitChanged,
    QuotaReset,
    QuotaSpent,
)
from events.catalogue import (
    ABudgetDecision,
    AClockDecision,
    AnExecutorDecision,
    APlannerDecision,
    AQueueDecision,
    ARequest,
)
from events.cleanup import DiskSeen, SweepEnded, SweepRequested, SweepStarting
from events.configuration import ConfigurationLoaded, ConfigurationRefused
from events.daemon import DaemonStarted
from events.fact import Fact, kind_of
from events.intents import (
    AlertCleared,
    AlertRaised,
    BreakerClosed,
    BreakerOpened,
    IdleAsked,
    IntentAdded,
    IntentAddRequested,
    IntentRemoved,
    IntentRemoveRequested,
    IntentsConfigured,
    IntentSwitched,
    IntentSwitchRequested,
    OccurrenceBuffered,
    OccurrenceEnded,
    SignalReceived,
    WorkOvertaken,
)
from events.plan import OccurrenceSkipped, PlanDrawn, WorkWithdrawn
from events.record import Record
from events.requests import (
    CancelRequested,
    LimitRequested,
    MoveRequested,
    Paused,
    PauseRequested,
    ReplanRequested,
    RequestRefused,
    RequestRepeated,
    Resumed,
    ResumeRequested,
    SettleRequested,
)
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    KeeperFound,
    KeeperLost,
    ProbeEnded,
    ProbeStarting,
    RunCancelling,
    RunClosed,
    RunEnded,
    RunRetrying,
    RunSettled,
    RunStarting,
    RunWaiting,
    WorkBuried,
)
from events.time import (
    AlarmCleared,
    AlarmRang,
    AlarmSet,
    CalendarChanged,
    ClockStepped,
    DayStarted,
    HostSlept,
    IdleProbing,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
    OccurrencesReopened,
    OccurrencesSuperseded,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
    TimePassed,
)
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)
from projections.invariants.check import Handler, Tell, Violation
from projections.invariants.past import ACTORS, Past

DEPTH_MAX = 32
WINDOW_RECORDS = 1 << 16  # so far back the cause of a decision is looked up
_MASK = WINDOW_RECORDS - 1

Kinds = frozenset[type[Fact]]
_REQUESTS: Kinds = frozenset(get_args(ARequest))
_MOMENTS: Kinds = frozenset({DaemonStarted, TimePassed, HostSlept, ClockStepped})
_HAPPENINGS: Kinds = frozenset({SignalReceived, OccurrenceEnded, AlertRaised, BudgetExhausted})
_ALARMING: Kinds = _MOMENTS | {ConfigurationRefused}
_CHANGES: Kinds = frozenset({ConfigurationLoaded, IntentAdded, IntentRemoved, IntentSwitched})
_WORK_ENDS: Kinds = frozenset({WorkFinished, WorkCancelled, WorkDropped})
_VERDICTS: Kinds = _WORK_ENDS | {OccurrenceDue}
_DISPLACED: Kinds = frozenset({ConfigurationLoaded, IntentRemoveRequested, IntentSwitchRequested})
_WINDOWS: Kinds = frozenset({AlarmRang, DayStarted, ConfigurationLoaded})
_ENDS: Kinds = frozenset({RunEnded, FundsReserved, WorkStopping, ProbeEnded, SettleRequested})
_TROUBLES: Kinds = frozenset(  # upon which each actor sees whether to raise or to clear an alert
    {
        *(AlarmRang, DayStarted, WorkReleased, StepReached, WorkFinished, FundsReserved),
        *(RunEnded, RunClosed, ProbeEnded, SettleRequested, KeeperLost, KeeperFound),
        *(DiskSeen, SweepEnded, LimitRequested, QuotaReset, RunSettled, ConfigurationLoaded),
    }
)

AUTHORS: dict[type[Fact], frozenset[str]] = {
    **dict.fromkeys(get_args(AClockDecision), frozenset({"clock"})),
    **dict.fromkeys(get_args(APlannerDecision), frozenset({"planner"})),
    **dict.fromkeys(get_args(AQueueDecision), frozenset({"phase_queue"})),
    **dict.fromkeys(get_args(ABudgetDecision), frozenset({"budget"})),
    **dict.fromkeys(get_args(AnExecutorDecision), frozenset({"executor"})),
    SweepStarting: frozenset({"cleanup"}),
    **dict.fromkeys(
        (RequestRepeated, RequestRefused),
        frozenset(ACTORS),
    ),
    **dict.fromkeys(
        (OccurrenceSkipped, OccurrenceExpired, OccurrencesSuperseded),
        frozenset({"clock", "planner"}),
    ),
    **dict.fromkeys((AlertRaised, AlertCleared), frozenset(ACTORS)),
    AlarmSet: frozenset(ACTORS),
    AlarmCleared: frozenset(ACTORS),
}
CAUSES: dict[type[Fact], Kinds] = {
    **dict.fromkeys((DayStarted, PhaseStarted, PhaseMissed, AlarmRang), _MOMENTS),
    **dict.fromkeys((OccurrencesCoalesced, OccurrencesReopened), _MOMENTS),
    PhaseEnded: _MOMENTS | {ConfigurationLoaded},
    OccurrencesExpected: _MOMENTS | _CHANGES | {OccurrenceEnded},
    OccurrenceDue: _ALARMING | _HAPPENINGS,
    OccurrenceMissed: _MOMENTS | _CHANGES,
    OccurrenceSkipped: _MOMENTS | _VERDICTS,
    OccurrenceExpired: _MOMENTS | _VERDICTS,
    OccurrencesSuperseded: _CHANGES | _DISPLACED | {OccurrenceDue},
    CalendarChanged: frozenset({ConfigurationLoaded}),
    IntentsConfigured: frozenset({ConfigurationLoaded, IntentRemoved}),
    IdleProbing: frozenset({IdleAsked, DaemonStarted}),
    AlertRaised: _ALARMING | _TROUBLES,
    AlertCleared: _MOMENTS | _TROUBLES | _DISPLACED,
    BreakerOpened: frozenset({WorkFinished}),
    BreakerClosed: _DISPLACED,
    IntentAdded: frozenset({IntentAddRequested}),
    IntentRemoved: _VERDICTS | {IntentRemoveRequested},
    IntentSwitched: frozenset({IntentSwitchRequested}),
    **dict.fromkeys((OccurrenceBuffered, WorkOvertaken), frozenset({OccurrenceDue})),
    OccurrenceEnded: _VERDICTS | _DISPLACED,
    BudgetExhausted: frozenset({WorkReleased, StepReached}),
    PlanDrawn: frozenset({BudgetOpened, ConfigurationLoaded, ReplanRequested}),
    WorkWithdrawn: _DISPLACED | {ConfigurationLoaded, ReplanRequested, AlertCleared},
    RequestRefused: _REQUESTS,
    RequestRepeated: _REQUESTS,
    WorkStopping: frozenset({CancelRequested, WorkOvertaken}),
    WorkMoved: frozenset({MoveRequested}),
    Paused: frozenset({PauseRequested, DaemonStarted}),
    Resumed: frozenset({ResumeRequested}),
    BudgetOpened: frozenset({DayStarted, ConfigurationLoaded, LimitRequested}),
    LimitChanged: frozenset({LimitRequested}),
    CostCorrected: frozenset({RunSettled}),
    QuotaSpent: _WINDOWS | {RunStarting, RunClosed},
    QuotaReset: _WINDOWS,
    **dict.fromkeys((FundsReserved, FundsRefused), frozenset({WorkReleased, StepReached})),
    **dict.fromkeys((FundsSettled, FundsReturned), frozenset({RunClosed})),
    FundsOverrun: frozenset({RunClosed, RunSettled}),
    CategoryReopened: frozenset({ResumeRequested}),
    **dict.fromkeys((RunStarting, RunWaiting), frozenset({FundsReserved, RunEnded})),
    **dict.fromkeys((ExecutorRested, ProbeStarting), frozenset({RunEnded})),
    ExecutorRecovered: frozenset({RunEnded, AlarmRang}),
    RunSettled: frozenset({ProbeEnded, SettleRequested}),
    RunCancelling: frozenset({WorkStopping}),
    **dict.fromkeys((RunClosed, StepReached, WorkFinished, RunRetrying, WorkReturned), _ENDS),
    WorkBuried: _ENDS,
    SweepStarting: frozenset({RunStarting, SweepRequested, DiskSeen}),
}
_NAMED: dict[type[Fact], tuple[str, str]] = {
    WorkPlanned: ("work", "w"),
    WorkReleased: ("run", "r"),
    StepReached: ("run", "r"),
    SweepStarting: ("sweep", "s"),
}
_UNKNOWN: tuple[datetime | None, int, type[Fact]] = (None, 0, Fact)


class Causes:
    """Looks at every record: the one check that hears all kinds."""

    NAME = "cause"

    def __init__(self, past: Past, tell: Tell) -> None:
        self.considered, self._tell = past.considered, tell
        self.recent = [_UNKNOWN] * WINDOW_RECORDS

    def handler(self, kind: type[Fact]) -> Handler:
        """What looks at the records of a kind."""
        authors = AUTHORS.get(kind)
        return self._observed if authors is None else Law(self, kind, authors).decided

    def _observed(self, record: Record, fact: Fact) -> None:
        depth = record.depth
        self.recent[record.position & _MASK] = (record.at, depth, type(fact))
        if record.cause is not None or depth or record.by in self.considered:
            self._observation(record)

    def _observation(self, record: Record) -> None:
        if record.by in ACTORS:
            self.wrong(record, f"{record.by} is an actor and signs an observation")
        elif record.cause is not None and not 0 < record.cause < record.position:
            self.wrong(record, _no_cause(record))
        elif record.depth:
            self.wrong(record, f"an observation of depth {record.depth}")

    def wrong(self, record: Record, reason: str) -> None:
        self._tell(Violation(self.NAME, record.position, reason))


class Law:
    """Who may say a kind of decision, because of what, and what in it is named for its cause."""

    __slots__ = ("_authors", "_by_name", "_causes", "_considered", "_kind", "_of", "_recent")

    def __init__(self, of: Causes, kind: type[Fact], authors: frozenset[str]) -> None:
        self._of, self._recent, self._considered = of, of.recent, of.considered
        self._kind, self._authors = kind, authors
        self._causes, self._by_name = CAUSES.get(kind), _NAMED.get(kind)

    def decided(self, record: Record, fact: Fact) -> None:
        position, at, cause, depth = record.position, record.at, record.cause, record.depth
        recent, causes, by = self._recent, self._causes, record.by
        recent[position & _MASK] = (at, depth, self._kind)
        if cause is None or not 0 < cause < position or by not in self._authors:
            self._is_none(record)
            return
        if cause != (before := self._considered[by]):
            if cause < before:
                why = f"{by} answers {cause} after it has answered {before}"
                self._of.wrong(record, why)
            self._considered[by] = cause
        then, deep, what = recent[cause & _MASK]
        follows = causes is None or what in causes
        if not follows or depth != deep + 1 or depth > DEPTH_MAX or at != then:
            self._check_cause(record, cause)
        if self._by_name is not None:
            field, letter = self._by_name
            if not getattr(fact, field).startswith(f"{letter}{cause}-"):
                why = f"{getattr(fact, field)} is not named for its cause {cause}"
                self._of.wrong(record, why)

    def _is_none(self, record: Record) -> None:
        """A decision that has no cause, or is not its author's."""
        if record.cause is None or not 0 < record.cause < record.position:
            self._of.wrong(record, _no_cause(record))
        elif record.by not in self._authors:
            why = f"{record.by} says {kind_of(self._kind)}, which is not its to say"
            self._of.wrong(record, why)

    def _check_cause(self, record: Record, cause: int) -> None:
        at, deep, what = self._recent[cause & _MASK]
        depth, wrong = record.depth, self._of.wrong
        if record.position - cause < WINDOW_RECORDS and at is not None:
            if record.at != at:
                wrong(record, f"it bears another time than its cause {cause}")
            if depth != deep + 1:
                wrong(record, f"its depth is {depth}, that of its cause {cause} is {deep}")
            if self._causes is not None and what not in self._causes:
                why = f"{kind_of(self._kind)} cannot follow from {kind_of(what)} ({cause})"
                wrong(record, why)
        if depth > DEPTH_MAX:
            wrong(record, f"its depth is {depth}: rules that answer each other for ever")


def _no_cause(record: Record) -> str:
    if record.cause is None:
        return f"a decision of {record.by} without a cause"
    return f"its cause {record.cause} is no earlier record"
