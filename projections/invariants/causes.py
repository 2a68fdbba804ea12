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
    AnyFact,
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
from projections.invariants.check import Tell, Violation
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
    WorkWithdrawn: frozenset({ConfigurationLoaded, ReplanRequested}),
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
    """Looks at every record: the one check that is not called by kind."""

    NAME = "cause"

    def __init__(self, past: Past, tell: Tell) -> None:
        self._past, self._tell = past, tell
        self._recent = [_UNKNOWN] * WINDOW_RECORDS

    def look(self, record: Record, kind: type[AnyFact]) -> None:
        position, cause, depth = record.position, record.cause, record.depth
        self._recent[position & _MASK] = (record.at, depth, kind)
        authors = AUTHORS.get(kind)
        if authors is None:
            if cause is not None or depth or record.by in self._past.considered:
                self._observation(record)
        elif cause is None or not 0 < cause < position:
            self._wrong(record, _no_cause(record))
        elif record.by not in authors:
            self._wrong(record, f"{record.by} says {kind_of(kind)}, which is not its to say")
        else:
            self._decision(record, kind, cause, depth)

    def _observation(self, record: Record) -> None:
        if record.by in ACTORS:
            self._wrong(record, f"{record.by} is an actor and signs an observation")
        elif record.cause is not None and not 0 < record.cause < record.position:
            self._wrong(record, _no_cause(record))
        elif record.depth:
            self._wrong(record, f"an observation of depth {record.depth}")

    def _decision(self, record: Record, kind: type[Fact], cause: int, depth: int) -> None:
        by, considered = record.by, self._past.considered
        if cause != (before := considered[by]):
            if cause < before:
                self._wrong(record, f"{by} answers {cause} after it has answered {before}")
            considered[by] = cause
        at, deep, what = self._recent[cause & _MASK]
        if record.position - cause < WINDOW_RECORDS and at is not None:
            if record.at != at:
                self._wrong(record, f"it bears another time than its cause {cause}")
            if depth != deep + 1:
                self._wrong(record, f"its depth is {depth}, that of its cause {cause} is {deep}")
            if (allowed := CAUSES.get(kind)) is not None and what not in allowed:
                why = f"{kind_of(kind)} cannot follow from {kind_of(what)} ({cause})"
                self._wrong(record, why)
        if depth > DEPTH_MAX:
            self._wrong(record, f"its depth is {depth}: rules that answer each other for ever")
        if kind in _NAMED:
            self._check_name(record, kind)

    def _check_name(self, record: Record, kind: type[Fact]) -> None:
        field, letter = _NAMED[kind]
        name = getattr(record.fact, field)
        if not name.startswith(f"{letter}{record.cause}-"):
            self._wrong(record, f"{name} is not named for its cause {record.cause}")

    def _wrong(self, record: Record, reason: str) -> None:
        self._tell(Violation(self.NAME, record.position, reason))


def _no_cause(record: Record) -> str:
    if record.cause is None:
        return f"a decision of {record.by} without a cause"
    return f"its cause {record.cause} is no earlier record"
