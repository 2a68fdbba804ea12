"""Every fact on one page. A tag used twice fails as soon as a decoder is built."""

from events.budget import (
    BudgetExhausted,
    BudgetOpened,
    CategoryReopened,
    FundsOffered,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.cleanup import SweepEnded, SweepStarting
from events.configuration import ConfigurationLoaded, ConfigurationRefused
from events.daemon import DaemonStarted, DaemonStopped
from events.intents import (
    AlertCleared,
    AlertRaised,
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
    MoveRequested,
    Paused,
    PauseRequested,
    ReleaseRequested,
    ReplanRequested,
    RequestRefused,
    RequestRepeated,
    Resumed,
    ResumeRequested,
    WorkRequested,
)
from events.runs import (
    RunAdopted,
    RunCancelling,
    RunClosed,
    RunEnded,
    RunRetrying,
    RunStarted,
    RunStarting,
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
)
ARunObservation = RunStarted | RunAdopted | RunEnded | SweepEnded
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
    | AlertRaised
    | AlertCleared
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
)
AnExecutorDecision = (
    StepReached
    | WorkFinished
    | WorkReturned
    | RunStarting
    | RunClosed
    | RunRetrying
    | RunCancelling
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
    | AlarmSet
    | AlarmCleared
)
AnyFact = AnyObservation | AnyDecision
