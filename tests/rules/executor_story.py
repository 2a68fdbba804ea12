"""What the stories about the executor are told with."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from actors.executor.rules import RULES
from actors.executor.state import Executing
from events.budget import FundsReserved
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Action, Configuration, ConfigurationLoaded, Lane, Step
from events.policies import Executor
from events.record import Record
from events.runs import (
    Outcome,
    RunClosed,
    RunEnded,
    RunStarting,
)
from events.work import (
    WorkPlanned,
    WorkReleased,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)
LATEST = NOON + timedelta(seconds=300)

ACTIONS = {
    "read": Action(command=("true",), estimate_usd_micros=40),
    "flaky": Action(command=("true",), attempts=3, backoff_seconds=10, backoff_max_seconds=15),
    "careful": Action(command=("true",), attempts=1, safe_to_repeat=True, backoff_seconds=10),
    "steady": Action(command=("true",), attempts=2, safe_to_repeat=True),
    "write": Action(command=("true",), estimate_usd_micros=7, ceiling_usd_micros=9),
    "clean": Action(executor="noop"),
    "sweep": Action(executor="sweep"),
}


def loaded(**changes: Action) -> ConfigurationLoaded:
    lanes = {"desk": Lane(directory="/srv/desk")}
    settings = Executor(environment=("PATH",), output_max_bytes=1000)
    configuration = Configuration(actions=ACTIONS | changes, lanes=lanes, executor=settings)
    return ConfigurationLoaded("d1", configuration)


def without(*names: str) -> ConfigurationLoaded:
    kept = {name: action for name, action in ACTIONS.items() if name not in names}
    return ConfigurationLoaded("d2", Configuration(actions=kept))


def planned(*steps: Step | str, input_json: str = "{}") -> WorkPlanned:
    return WorkPlanned(
        work="w1-1",
        name="study",
        source="request",
        key="k1",
        steps=tuple(step if isinstance(step, Step) else Step(action=step) for step in steps),
        category="research",
        lane="desk",
        day=TODAY,
        phase="morning",
        priority="high",
        input_json=input_json,
    )


def released(action: str, run: str = "r1-1", step: int = 1, attempt: int = 1) -> WorkReleased:
    return WorkReleased("w1-1", run, action, step, attempt, "research", 40)


def reserved(run: str = "r1-1") -> FundsReserved:
    return FundsReserved(run, "w1-1", "research", 40, TODAY)


def starting(action: str, run: str = "r1-1", step: int = 1, attempt: int = 1) -> RunStarting:
    kind = ACTIONS[action].executor
    return RunStarting(run, "w1-1", action, step, attempt, kind, LATEST, TODAY)


def ended(exit_code: int | None = 0, run: str = "r1-1") -> RunEnded:
    return RunEnded(run, started=True, ended_at=NOON, exit_code=exit_code)


LOST = RunEnded("r1-1", started=True, ended_at=NOON, trouble="lost")
CANCELLED = RunEnded("r1-1", started=True, ended_at=NOON, trouble="cancelled")


def given(*facts: AnyFact) -> Executing:
    state = Executing()
    for fact in (loaded(), *facts):
        RULES.evolve(state, fact, NOON)
    return state


def when(state: Executing, fact: AnyFact) -> Sequence[AnyDecision]:
    return RULES.consider(state, Record(90, NOON, "somebody", None, fact))


def running(action: str, *later: Step | str, attempt: int = 1) -> Executing:
    return given(
        planned(action, *later),
        released(action, attempt=attempt),
        starting(action, attempt=attempt),
    )


def closed(
    action: str, outcome: Outcome, reason: str = "", started: bool = True, run: str = "r1-1"
) -> RunClosed:
    return RunClosed(run, "w1-1", action, outcome, started, reason)


def seen(**changes: object) -> RunEnded:
    return RunEnded(**({"run": "r1-1", "started": True, "ended_at": NOON} | changes))  # type: ignore[arg-type]
