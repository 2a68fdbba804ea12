"""Every fact on one page. A tag used twice fails as soon as a decoder is built."""

from events.budget import (
    BudgetExhausted,
    BudgetOpened,
    CategoryReopened,
    CostCorrected,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
    LimitChanged,
    QuotaReset,
    QuotaSpent,
)
from events.cleanup import DiskSeen, SweepEnded, SweepRequested, SweepStarting
from events.configuration import ConfigurationLoaded, ConfigurationRefused
from events.daemon import DaemonStarted, DaemonStopped
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
from events.plan import CandidatePassedOver, OccurrenceSkipped, PlanDrawn, WorkWithdrawn
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
from events.runs import (
    ExecutorRecovered,
    ExecutorRested,
    KeeperFound,
    KeeperLost,
    ProbeEnded,
    ProbeStarting,
    RunAdopted,
    RunCancelling,
    RunClosed,
    RunEnded,
    RunRetrying,
    RunSettled,
    RunStarted,
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
    IdleSeen,
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
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)

ADaemonObservation = (
    ConfigurationLoaded
    | ConfigurationRefused
    | DaemonStarted
    | DaemonStopped
    | TimePassed
    | HostSlept
    | ClockStepped
    | IdleSeen
)
ARequest = (
    WorkRequested
    | ReplanRequested
    | ReleaseRequested
    | MoveRequested
    | CancelRequested
    | PauseRequested
    | ResumeRequested
    | SignalReceived
    | IntentAddRequested
    | IntentRemoveRequested
    | IntentSwitchRequested
    | SettleRequested
    | ReviveRequested
    | LimitRequested
    | SweepRequested
)
ARunObservation = (
    RunStarted
    | RunAdopted
    | RunEnded
    | SweepEnded
    | DiskSeen
    | ProbeEnded
    | KeeperLost
    | KeeperFound
)
AnyObservation = ADaemonObservation | ARequest | ARunObservation

AClockDecision = (
    DayStarted
    | PhaseStarted
    | PhaseEnded
    | PhaseMissed
    | OccurrencesExpected
    | OccurrenceDue
    | OccurrenceMissed
    | OccurrencesCoalesced
    | OccurrencesSuperseded
    | OccurrencesReopened
    | CalendarChanged
    | IntentsConfigured
    | IdleProbing
    | AlarmRang
)
APlannerDecision = (
    PlanDrawn
    | CandidatePassedOver
    | OccurrenceSkipped
    | OccurrenceExpired
    | OccurrenceBuffered
    | OccurrenceEnded
    | WorkOvertaken
    | WorkWithdrawn
    | WorkPlanned
    | IntentAdded
    | IntentRemoved
    | IntentSwitched
    | BreakerOpened
    | BreakerClosed
)
AQueueDecision = (
    WorkHeld
    | WorkReleased
    | WorkMoved
    | WorkDeferred
    | WorkDropped
    | WorkStopping
    | WorkCancelled
    | IdleAsked
    | Paused
    | Resumed
)
ABudgetDecision = (
    BudgetOpened
    | FundsReserved
    | FundsRefused
    | FundsOffered
    | FundsSettled
    | FundsReturned
    | FundsOverrun
    | BudgetExhausted
    | CategoryReopened
    | CostCorrected
    | LimitChanged
    | QuotaSpent
    | QuotaReset
)
AnExecutorDecision = (
    StepReached
    | WorkFinished
    | WorkReturned
    | RunWaiting
    | RunStarting
    | RunClosed
    | RunRetrying
    | RunCancelling
    | RunSettled
    | ExecutorRested
    | ExecutorRecovered
    | ProbeStarting
    | WorkBuried
)
AnyDecision = (
    AClockDecision
    | APlannerDecision
    | AQueueDecision
    | ABudgetDecision
    | AnExecutorDecision
    | SweepStarting
    | RequestRepeated
    | RequestRefused
    | AlertRaised
    | AlertCleared
    | AlarmSet
    | AlarmCleared
)
AnyFact = AnyObservation | AnyDecision
