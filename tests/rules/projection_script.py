"""Made-up lives of works, phases and intents, as logs to be folded."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, get_args

from hypothesis import strategies as some

from events.budget import (
    BudgetOpened,
    CategoryReopened,
    FundsOverrun,
    FundsRefused,
    FundsReserved,
    FundsReturned,
    FundsSettled,
)
from events.cleanup import SweepEnded
from events.configuration import Configuration, ConfigurationLoaded, Intent, On, Phase
from events.daemon import DaemonStarted, DaemonStopped
from events.intents import (
    IntentAdded,
    IntentAddRequested,
    IntentRemoved,
    IntentRemoveRequested,
    IntentsConfigured,
    IntentSwitched,
    IntentSwitchRequested,
    OccurrenceBuffered,
    SignalReceived,
)
from events.plan import CandidatePassedOver, OccurrenceSkipped, PlanDrawn, SkipReason
from events.record import Record
from events.requests import (
    CancelRequested,
    Paused,
    PauseRequested,
    RequestRefused,
    Resumed,
    ResumeRequested,
    WorkRequested,
)
from events.runs import (
    Outcome,
    RunAdopted,
    RunClosed,
    RunEnded,
    RunResult,
    RunStarted,
    RunStarting,
)
from events.time import (
    DayStarted,
    ExpectCause,
    Expected,
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
    SupersedeReason,
)
from events.work import (
    HoldReason,
    ReturnReason,
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
    WorkState,
    WorkStopping,
)
from tests.rules.projection_story import (
    DAWN,
    EVENING,
    NOON,
    STEPS,
    TODAY,
    Caused,
    configured,
    log,
)

PHASES = ("morning", "evening")
CATEGORIES = ("research", "system")
HOURS = (DAWN, NOON, NOON + timedelta(hours=1), EVENING)
Draw = Callable[[some.SearchStrategy[Any]], Any]


class Script:
    """A made-up life: each turn something happens to the world or to one piece of work."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._day = TODAY
        self._works: dict[str, Iterator[Caused]] = {}
        self.facts: list[Caused] = []

    def turn(self) -> None:
        name = self.pick(["a new one", "the world", *self._works, *self._works])
        if name == "a new one":
            self._begin(f"w{len(self.facts) + 1}")
        elif name == "the world":
            self.facts += self.pick(self._world())
        elif (fact := next(self._works[name], None)) is None:
            del self._works[name]
        else:
            self.facts.append(fact)

    def pick(self, choices: Any) -> Any:
        return self._draw(some.sampled_from(choices))

    def _begin(self, work: str) -> None:
        day, phase = self.pick(((None, None), (self._day, "morning"), (self._day, "evening")))
        source = self.pick(("template", "intent", "request"))
        if source == "request":
            self.facts.append(WorkRequested("gather", work))
        key = "daily@2026-11-20T12:00:00Z" if source == "intent" else work
        category = self.pick(CATEGORIES)
        planned = WorkPlanned(work, "digest", source, key, STEPS, category, "main", day, phase)
        self.facts.append((planned, max(1, len(self.facts))))
        self._works[work] = self._life(work, category)

    def _life(self, work: str, category: str) -> Iterator[Caused]:
        for _ in range(self.pick(range(3))):
            yield self.pick(
                (
                    WorkHeld(work, self.pick(get_args(HoldReason)), NOON),
                    WorkMoved(work, self.pick(PHASES)),
                    WorkDeferred(work, self.pick(PHASES), self._day + timedelta(days=1), 1),
                )
            )
        if self.pick((False, False, True)):
            yield self.pick((WorkDropped(work, "phase_over"), WorkCancelled(work)))
            return
        for step in range(1, self.pick((2, 3))):
            yield from self._run(work, category, step, f"{work}-r{step}")
        yield WorkFinished(work, self.pick(get_args(WorkState)))
        yield WorkFinished(work, "failed")  # Too late to matter.

    def _run(self, work: str, category: str, step: int, run: str) -> Iterator[Caused]:
        goes_on = WorkReleased if step == 1 else StepReached
        yield goes_on(
            work, run, "gather", step=step, attempt=1, category=category, ceiling_usd_micros=9
        )
        if self.pick((False, False, True)):
            yield FundsRefused(run, work, category, 9, 0, "day_spent")
            return
        day = self._day
        yield FundsReserved(run, work, category, 9, day)
        yield (
            WorkStopping(work)
            if self.pick((False, True))
            else FundsReserved(f"{run}-other", work, category, 0, day)
        )
        if self.pick((False, False, True)):
            yield RunClosed(run, work, "gather", "cancelled", started=False)
            yield RunClosed(run, work, "gather", "failed")  # Too late to matter.
            if self.pick((False, True)):
                yield WorkReturned(work, run, step, 1, self.pick(get_args(ReturnReason)))
                yield WorkHeld(work, "paused")
                yield WorkReleased(work, f"{run}-again", "gather", step, 1, category, 9)
            yield FundsReturned(run, work, category, day, 9)
            return
        yield RunStarting(run, work, "gather", step, 1, self.pick(("command", "noop")), NOON)
        yield self.pick((RunStarted(run, 1, "boot", 2, NOON), RunAdopted(run, 1)))
        result = self.pick((None, RunResult("summary", ("insight",), ("question?",), 5)))
        yield RunEnded(run, True, NOON, 0, duration_ms=7, tail="tail", result=result)
        yield RunClosed(run, work, "gather", self.pick(get_args(Outcome)))
        cost = self.pick((0, 5, 12))
        yield FundsSettled(run, work, category, day, 9, cost, "reported")
        if cost > 9:
            yield FundsOverrun(run, category, day, cost - 9)
        if self.pick((False, True)):
            yield SweepEnded("s", 1, 1, swept_runs=(run, "gone"))

    def _world(self) -> list[tuple[Caused, ...]]:
        day, here = self._day, len(self.facts) + 1
        self._day = self.pick((day, day, day + timedelta(days=1)))
        phase = self.pick(PHASES)
        evening = Phase(name="evening", start=NOON.time(), end=DAWN.time())
        return [
            (
                DayStarted(self._day, DAWN, DAWN + timedelta(days=1)),
                BudgetOpened(self._day, 50, 5, {"research": 20}),
            ),
            (BudgetOpened(self._day, 40, 5, {"system": 30}, 2),),
            (configured(evening),),
            (configured(), ConfigurationLoaded("#")),
            (PhaseStarted(day, phase, DAWN, NOON),),
            (PhaseEnded(day, phase, NOON),),
            (PhaseMissed(day, phase, DAWN, NOON, "daemon_down"),),
            (PlanDrawn(day, here, "asked", PHASES, 5),),
            (CandidatePassedOver(day, here, phase, "essay", "outscored"),),
            (OccurrenceDue("daily", NOON), OccurrenceSkipped("daily", NOON, "still_running")),
            (OccurrenceMissed("daily", DAWN, NOON, 3, "late"),),
            *self._occurrences(day),
            *self._intents(here),
            (DaemonStarted("0.1", here, "boot"),),
            (DaemonStarted("0.1", here, "boot"), DaemonStopped("asked")),
            (PauseRequested("all", f"p{here}"), (Paused("all"), here), Resumed("all")),
            (
                ResumeRequested("category", f"r{here}", "research"),
                (RequestRefused(f"r{here}", "research", "not_paused"), here),
                (CategoryReopened("research"), here),
            ),
            (CancelRequested("w0", f"c{here}"),),
        ]

    def _occurrences(self, day: date) -> list[tuple[Caused, ...]]:
        """Also such as no clock would tell: verdicts on what nobody expected."""
        at, last = self.pick(HOURS), self.pick(HOURS)
        name, count = self.pick(("daily", "hourly")), self.pick((1, 3, 30))
        first, last = min(at, last), max(at, last)
        expected = Expected(name, first, last, count)
        return [
            (OccurrencesExpected(day, self.pick(get_args(ExpectCause)), (expected,)),),
            (
                OccurrencesExpected(day, "day_started", (Expected("daily", DAWN, EVENING, 4),)),
                OccurrenceDue("daily", NOON),
            ),
            (OccurrenceDue(name, at),),
            (OccurrenceDue(name, at), OccurrenceBuffered(name, at)),
            (OccurrenceExpired(name, at, "start_deadline"),),
            (OccurrenceSkipped(name, at, self.pick(get_args(SkipReason))),),
            (OccurrenceMissed(name, first, last, count, "host_slept", policy="window"),),
            (OccurrencesCoalesced(name, first, last, count, EVENING, "daemon_down"),),
            (
                OccurrencesSuperseded(
                    name, first, last, count, self.pick(get_args(SupersedeReason))
                ),
            ),
            (OccurrencesReopened(at),),
        ]

    def _intents(self, here: int) -> list[tuple[Caused, ...]]:
        hourly = Intent(run="gather", every_seconds=3_600, enabled=self.pick((True, False)))
        by_hand = self.pick(("daily", "hourly", "bell"))
        signal = Intent(run="gather", on=On(signal="bell"))
        house = Configuration(intents=self.pick(({}, {"hourly": hourly}, {"daily": signal})))
        return [
            (ConfigurationLoaded("#", house),),
            (IntentsConfigured(("hourly",), ("daily",), ("hourly",), ("bell",)),),
            (
                IntentAddRequested(by_hand, signal, f"a{here}"),
                (IntentAdded(by_hand, signal, "request", f"a{here}"), here),
            ),
            (
                IntentRemoveRequested(by_hand, f"d{here}"),
                (IntentRemoved(by_hand, "asked", f"d{here}"), here),
            ),
            (
                IntentSwitchRequested(by_hand, True, f"s{here}"),
                (IntentSwitched(by_hand, self.pick((True, False))), here),
            ),
            (SignalReceived("bell", f"b{here}"), (OccurrenceDue("bell", NOON), here)),
        ]


@some.composite
def logs(draw: Draw) -> list[Record]:
    script = Script(draw)
    for _ in range(draw(some.integers(1, 40))):
        script.turn()
    return log(*script.facts)
