"""What the stories about agents and their health are told with."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from actors.executor.rules import RULES
from actors.executor.state import Executing
from events.budget import FundsReserved
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Action, Configuration, ConfigurationLoaded, Step
from events.policies import Alerts, Provider
from events.record import Record
from events.runs import Outcome, RunClosed, RunEnded, RunRetrying, RunStarting
from events.settings import ExecutorKind
from events.work import WorkPlanned, WorkReleased

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)
HALF_AN_HOUR = NOON + timedelta(minutes=30)

ACTIONS = {
    "ask": Action(executor="claude", prompt="?", fallback=("codex",), attempts=2),
    "ponder": Action(executor="claude", prompt="?", attempts=3, backoff_seconds=100),
    "local": Action(command=("true",), attempts=2),
    "page": Action(executor="http", url="https://example.org", backoff_seconds=60),
    "mend": Action(executor="codex", prompt="?", safe_to_repeat=True),
}


def loaded(
    alerts: Alerts | None = None,
    actions: dict[str, Action] | None = None,
    **providers: Provider,
) -> ConfigurationLoaded:
    configuration = Configuration(
        actions=ACTIONS | (actions or {}),
        executors=dict(providers),  # type: ignore[arg-type]  # Their names are kinds.
        alerts=alerts or Alerts(failures_per_hour=3),
    )
    return ConfigurationLoaded("d1", configuration)


class Story:
    """An executor that hears what it is told, a minute after the other unless it is said when."""

    def __init__(self, *facts: AnyFact) -> None:
        self.state, self.at, self.position = Executing(), NOON, 0
        self.decided: Sequence[AnyDecision] = ()
        for fact in facts or (loaded(),):
            self.hears(fact)

    def hears(self, fact: AnyFact, at: datetime | None = None) -> Sequence[AnyDecision]:
        self.at, self.position = at or self.at, self.position + 100
        record = Record(self.position, self.at, "somebody", None, fact)
        self.decided = list(RULES.consider(self.state, record))
        return self.decided

    def asked(
        self, action: str, n: int = 1, attempt: int = 1, run: str = "", day: date = TODAY
    ) -> Sequence[AnyDecision]:
        """A run of the n-th work is asked for and paid; the work is planned if it is new."""
        work, run = f"w{n}-1", run or f"r{n}-{attempt}"
        if work not in self.state.works:
            steps = (Step(action=action),)
            self.hears(WorkPlanned(work, action, "request", f"k{n}", steps, "research", "desk"))
        self.hears(WorkReleased(work, run, action, 1, attempt, "research", 40))
        return self.hears(FundsReserved(run, work, "research", 40, day))

    def ends(
        self, run: str, at: datetime | None = None, **changes: object
    ) -> Sequence[AnyDecision]:
        seen = {"started": True, "ended_at": NOON, "exit_code": None} | changes
        return self.hears(RunEnded(run, **seen), at)  # type: ignore[arg-type]

    def ends_well(self, run: str) -> Sequence[AnyDecision]:
        return self.ends(run, exit_code=0)

    def fails(self, run: str) -> Sequence[AnyDecision]:
        return self.ends(run, exit_code=1)


def starts(decided: Sequence[AnyDecision]) -> list[tuple[str, ExecutorKind]]:
    """Which runs start, and whom they are asked of."""
    return [(it.run, it.executor) for it in decided if isinstance(it, RunStarting)]


def retries(decided: Sequence[AnyDecision]) -> list[tuple[str, int, datetime]]:
    """Which works are tried again, as which attempt, and when."""
    return [(it.work, it.attempt, it.retry_at) for it in decided if isinstance(it, RunRetrying)]


def outcomes(decided: Sequence[AnyDecision]) -> list[tuple[str, Outcome, bool]]:
    """What came of which runs, and whether they had begun."""
    return [(it.run, it.outcome, it.started) for it in decided if isinstance(it, RunClosed)]


def only(decided: Sequence[AnyDecision], *kinds: type[AnyDecision]) -> list[AnyDecision]:
    return [it for it in decided if isinstance(it, kinds)]
