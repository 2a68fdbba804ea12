"""A house, a day and what people say there, for the stories of the planner."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from actors.planner.rules import RULES
from actors.planner.state import Planner
from events.budget import BudgetOpened, FundsSettled
from events.catalogue import AnyDecision, AnyFact
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Intent,
    Phase,
    Step,
    Template,
)
from events.plan import CandidatePassedOver
from events.record import Record
from events.work import WorkPlanned, WorkReleased

F = TypeVar("F")

FRIDAY = date(2026, 11, 20)
THURSDAY = date(2026, 11, 19)
SATURDAY = date(2026, 11, 21)
PHASES = (
    Phase(name="morning", start=time(6), end=time(12)),
    Phase(name="afternoon", start=time(12), end=time(18)),
    Phase(name="evening", start=time(18), end=time(22)),
    Phase(name="night", start=time(22), end=time(6)),
)
MONEY = Budget(
    daily_usd_micros=1_000, reserve_usd_micros=100, categories={"research": 600, "system": 300}
)


MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
SIX = datetime(2026, 11, 20, 6, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def action(cost: int = 0, minutes: int = 30, category: str = "research", **more: Any) -> Action:
    return Action(
        estimate_usd_micros=cost, expected_seconds=60 * minutes, category=category, **more
    )


def template(*actions: str, **more: Any) -> Template:
    return Template(steps=tuple(Step(action=name) for name in actions or ("read",)), **more)


def house(
    actions: dict[str, Action] | None = None,
    templates: dict[str, Template] | None = None,
    intents: dict[str, Intent] | None = None,
    **more: Any,
) -> Configuration:
    settings: dict[str, Any] = {"phases": PHASES, "budget": MONEY} | more
    return Configuration(
        actions={"read": action(100)} if actions is None else actions,
        templates=templates or {},
        intents=intents or {},
        **settings,
    )


def loaded(configuration: Configuration) -> ConfigurationLoaded:
    return ConfigurationLoaded(digest="d", configuration=configuration)


def opened(day: date = FRIDAY, budget: Budget = MONEY, revision: int = 1) -> BudgetOpened:
    return BudgetOpened(
        day=day,
        limit_usd_micros=budget.daily_usd_micros,
        reserve_usd_micros=budget.reserve_usd_micros,
        categories=budget.categories,
        revision=revision,
    )


def settled(work: str, cost: int, category: str = "research", day: date = FRIDAY) -> FundsSettled:
    return FundsSettled("r", work, category, day, cost, cost, "reported")


def released(work: str) -> WorkReleased:
    return WorkReleased(work, "r1-1", "read", 1, 1, "research", 100)


def given(*facts: AnyFact) -> Planner:
    """A planner to whom all this has happened; what it decided upon it stands among the facts."""
    planner = Planner()
    for fact in facts:
        RULES.evolve(planner, fact, MIDNIGHT)
    return planner


def when(
    planner: Planner, fact: AnyFact, now: datetime = MIDNIGHT, position: int = 7
) -> list[AnyDecision]:
    return list(RULES.consider(planner, Record(position, now, "door", None, fact)))


def the_plan(
    configuration: Configuration, *before: AnyFact, now: datetime = SIX
) -> list[AnyDecision]:
    """What is decided when Friday opens; Thursday was planned."""
    planner = given(loaded(configuration), *before)
    planner.former_day = THURSDAY
    return when(planner, opened(budget=configuration.budget), now)


def of_kind(kind: type[F], decisions: Sequence[AnyDecision]) -> list[F]:
    return [decision for decision in decisions if isinstance(decision, kind)]


def taken(decisions: Sequence[AnyDecision]) -> list[tuple[str | None, str]]:
    return [(work.phase, work.name) for work in of_kind(WorkPlanned, decisions)]


def passed_over(decisions: Sequence[AnyDecision]) -> dict[tuple[str, str], str]:
    found = of_kind(CandidatePassedOver, decisions)
    return {(fact.phase, fact.template): fact.reason for fact in found}
