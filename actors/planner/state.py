"""What the planner knows, and how what happens changes it."""

from datetime import date, datetime

from msgspec import Struct, field

from actors.planner.scoring import remember
from events.budget import BudgetOpened, FundsSettled
from events.catalogue import AnyFact
from events.configuration import Configuration, ConfigurationLoaded
from events.plan import PlanDrawn, WorkWithdrawn
from events.work import (
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
)

ANSWERS_MAX = 10_000


class OpenWork(Struct):
    """Work that was planned and has not ended."""

    category: str
    lane: str
    estimate_usd_micros: int
    expected_seconds: int
    day: date | None = None
    phase: str | None = None
    not_before: datetime | None = None
    intent: str = ""  # whose occurrence it is
    settled_usd_micros: int = 0  # what its runs have cost so far
    fixed: bool = False  # released, or moved by a person: no plan takes it back
    withdrawn: bool = False  # taken back, and not yet seen to be dropped


class Chosen(Struct):
    """A template that a plan of today put into a phase."""

    template: str
    day: date
    phase: str


class Planner(Struct):
    """The state of the planner. Money is today's, by category, in micro-dollars."""

    configuration: Configuration | None = None
    changed: bool = False  # The last ConfigurationLoaded changed what plans depend on.
    day: date | None = None  # the one whose budget is open
    revision: int = 0  # of its plan; 0: not planned yet
    former_day: date | None = None  # the one planned before it
    limit_usd_micros: int = 0
    reserve_usd_micros: int = 0
    shares: dict[str, int] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)
    works: dict[str, OpenWork] = field(default_factory=dict)
    chosen: dict[str, Chosen] = field(default_factory=dict)  # today, by work
    numbers: dict[str, int] = field(default_factory=dict)  # last one of today, by template
    recents: list[str] = field(default_factory=list)  # templates planned or asked for
    occurring: dict[str, str] = field(default_factory=dict)  # intent: its open work
    answered: dict[str, str] = field(default_factory=dict)  # key of a request: its work
    answered_before: dict[str, str] = field(default_factory=dict)

    def answer_to(self, key: str) -> str | None:
        """What a request of that key became: the last ten thousand answers are known."""
        answer = self.answered.get(key)
        return self.answered_before.get(key) if answer is None else answer

    def chosen_today(self) -> list[tuple[str, date, str]]:
        """Template, day and phase of all that plans of today chose and did not take back."""
        return [
            (chosen.template, chosen.day, chosen.phase)
            for work, chosen in self.chosen.items()
            if not (work in self.works and self.works[work].withdrawn)
        ]


def evolve(planner: Planner, fact: AnyFact, at: datetime) -> None:
    match fact:
        case WorkPlanned():
            _add(planner, fact)
        case WorkReleased():
            if work := planner.works.get(fact.work):
                work.fixed, work.withdrawn = True, False
        case FundsSettled():
            _settle(planner, fact)
        case WorkFinished() | WorkCancelled():
            _end(planner, fact.work)
        case WorkDropped():
            _drop(planner, fact.work)
        case WorkDeferred():
            if work := planner.works.get(fact.work):
                work.day, work.phase = fact.day, fact.phase
        case WorkMoved():
            if work := planner.works.get(fact.work):
                work.phase, work.fixed, work.withdrawn = fact.phase, True, False
        case WorkWithdrawn():
            _withdraw(planner, fact.work)
        case PlanDrawn():
            planner.revision = fact.revision
            if fact.key:
                _answer(planner, fact.key, "")
        case BudgetOpened():
            _open_day(planner, fact)
        case ConfigurationLoaded():
            _configure(planner, fact.configuration)
        case _:
            pass


def _add(planner: Planner, fact: WorkPlanned) -> None:
    planner.works[fact.work] = work = OpenWork(
        fact.category,
        fact.lane,
        fact.estimate_usd_micros,
        fact.expected_seconds,
        fact.day,
        fact.phase,
        fact.not_before,
    )
    if fact.source == "intent":
        # The key is intent@instant, and an instant holds no such sign.
        work.intent = fact.key.rpartition("@")[0]
        planner.occurring[work.intent] = fact.work
        return
    if fact.source == "request":
        _answer(planner, fact.key, fact.work)
    elif fact.day is not None and fact.phase is not None:
        planner.chosen[fact.work] = Chosen(fact.name, fact.day, fact.phase)
        planner.numbers[fact.name] = planner.numbers.get(fact.name, 0) + 1
    configuration = planner.configuration
    if configuration is not None and fact.name in configuration.templates:
        remember(planner.recents, fact.name, configuration.plan.recent_works)


def _answer(planner: Planner, key: str, work: str) -> None:
    # Two generations: forgetting the oldest one by one would slow down a full dictionary.
    if len(planner.answered) >= ANSWERS_MAX:
        planner.answered_before, planner.answered = planner.answered, {}
    planner.answered[key] = work


def _settle(planner: Planner, fact: FundsSettled) -> None:
    if work := planner.works.get(fact.work):
        work.settled_usd_micros += fact.cost_usd_micros
    if fact.day == planner.day:
        spent = planner.spent.get(fact.category, 0)
        planner.spent[fact.category] = spent + fact.cost_usd_micros


def _end(planner: Planner, ended: str) -> OpenWork | None:
    work = planner.works.pop(ended, None)
    if work is not None and planner.occurring.get(work.intent) == ended:
        del planner.occurring[work.intent]
    return work


def _drop(planner: Planner, dropped: str) -> None:
    work = _end(planner, dropped)
    if work is not None and work.withdrawn:
        planner.chosen.pop(dropped, None)


def _withdraw(planner: Planner, withdrawn: str) -> None:
    if work := planner.works.get(withdrawn):
        work.withdrawn = True
    if chosen := planner.chosen.get(withdrawn):
        _forget_last(planner.recents, chosen.template)


def _forget_last(recents: list[str], name: str) -> None:
    for place in range(len(recents) - 1, -1, -1):
        if recents[place] == name:
            del recents[place]
            return


def _open_day(planner: Planner, fact: BudgetOpened) -> None:
    planner.limit_usd_micros = fact.limit_usd_micros
    planner.reserve_usd_micros = fact.reserve_usd_micros
    planner.shares = fact.categories
    if fact.day == planner.day:
        return
    if planner.revision:
        planner.former_day = planner.day
    planner.day, planner.revision = fact.day, 0
    planner.spent, planner.chosen, planner.numbers = {}, {}, {}


def _configure(planner: Planner, loaded: Configuration | None) -> None:
    known = planner.configuration
    if loaded is None or known is None:
        planner.changed = loaded is not None
        planner.configuration = loaded or known
        return
    planner.changed = _matters(loaded) != _matters(known)
    if loaded.budget != known.budget:
        planner.limit_usd_micros = loaded.budget.daily_usd_micros
        planner.reserve_usd_micros = loaded.budget.reserve_usd_micros
        planner.shares = loaded.budget.categories
    planner.configuration = loaded


def _matters(it: Configuration) -> tuple[object, ...]:
    """What a plan depends on; a new size of the log file is no reason to plan the day again."""
    return it.day, it.phases, it.budget, it.lanes, it.actions, it.templates, it.intents, it.plan
