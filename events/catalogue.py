"""Every fact on one page. A tag used twice fails as soon as a decoder is built."""

from events.budget import (
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
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted, DaemonStopped
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
    DayStarted,
    OccurrenceDue,
    OccurrenceMissed,
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

ADaemonObservation = ConfigurationLoaded | DaemonStarted | DaemonStopped | TimePassed
ARequest = (
    WorkRequested
    | ReplanRequested
    | ReleaseRequested
    | MoveRequested
    | CancelRequested
    | PauseRequested
    | ResumeRequested
)
ARunObservation = RunStarted | RunAdopted | RunEnded | SweepEnded
AnyObservation = ADaemonObservation | ARequest | ARunObservation

AClockDecision = (
    DayStarted
    | PhaseStarted
    | PhaseEnded
    | PhaseMissed
    | OccurrenceDue
    | OccurrenceMissed
    | AlarmRang
)
APlannerDecision = PlanDrawn | CandidatePassedOver | OccurrenceSkipped | WorkWithdrawn | WorkPlanned
AQueueDecision = (
    WorkHeld
    | WorkReleased
    | WorkMoved
    | WorkDeferred
    | WorkDropped
    | WorkStopping
    | WorkCancelled
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
