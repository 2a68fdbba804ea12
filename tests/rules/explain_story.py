"""A house in which anything can be made to go wrong, and questions put to its log."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec.structs import replace

from actors.replay.books import BOOKS, next_instant
from actors.replay.explaining import Explanation, Teller
from actors.replay.happenings import passed_over, phase, request, template
from actors.replay.occasions import occurrence
from actors.replay.past import Remembered
from actors.replay.simulation import Ending, Simulation
from events.catalogue import AnyFact, AnyObservation
from events.configuration import (
    Action,
    Budget,
    Configuration,
    ConfigurationLoaded,
    Intent,
    Lane,
    Phase,
    Step,
    Template,
    Window,
)
from events.daemon import DaemonStarted
from events.policies import Executor, Plan
from events.record import Record
from events.requests import WorkRequested
from events.runs import RunEnded, RunStarting, Trouble
from events.work import WorkPlanned

FRIDAY = date(2026, 11, 20)
DAWN = datetime(2026, 11, 20, 5, 50, tzinfo=UTC)
DOLLAR = 1_000_000
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

HOUSE = Configuration(
    phases=(
        Phase(name="morning", start=time(6), end=time(12)),
        Phase(name="evening", start=time(18), end=time(22)),
    ),
    budget=Budget(
        daily_usd_micros=10 * DOLLAR,
        reserve_usd_micros=0,
        categories={"study": 5 * DOLLAR, "chores": 5 * DOLLAR},
    ),
    lanes={"main": Lane(concurrency=4), "desk": Lane(concurrency=1)},
    actions={
        "read": Action(command=("read",), category="study", estimate_usd_micros=DOLLAR),
        "tidy": Action(command=("tidy",), category="chores", lane="desk"),
        "busy": Action(command=("busy",), category="chores", lane="desk"),
    },
)

Endings = Callable[[RunStarting], Ending]


def at(clock: str, days: int = 0) -> datetime:
    """That time of the Friday, in UTC."""
    return datetime.combine(FRIDAY, time.fromisoformat(clock), UTC) + timedelta(days=days)


def ending(minutes: float = 1, exit_code: int | None = 0, **more: Any) -> Endings:
    """Every run ends like this."""

    def ended(starting: RunStarting, moment: datetime) -> RunEnded:
        told: dict[str, Any] = {"started": True, "ended_at": moment, "exit_code": exit_code}
        return RunEnded(starting.run, **(told | more))

    return lambda starting: Ending(60 * minutes, ended)


def troubled(trouble: Trouble, started: bool = True) -> Endings:
    return ending(exit_code=None, trouble=trouble, started=started)


class World(Simulation):
    """A house that wakes on a Friday at ten to six."""

    def __init__(
        self, house: Configuration = HOUSE, outcome: Endings | None = None, start: bool = True
    ) -> None:
        super().__init__(BOOKS, next_instant, outcome or ending())
        if start:
            self.say(DAWN, ConfigurationLoaded("d", house), "daemon")
            self.say(DAWN, DaemonStarted("0", 1, "boot"), "daemon")

    @property
    def moment(self) -> datetime:
        return self.log[-1].at

    def until(self, clock: str, days: int = 0) -> "World":
        self.run_until(at(clock, days))
        return self

    def rush(self, moment: datetime, *facts: AnyObservation) -> None:
        """All of them stand in the log before anybody considers the first."""
        for fact in facts:
            self._append(moment, "world", None, fact, 0)
        self._settle()

    def hears(self, fact: AnyObservation, clock: str = "", days: int = 0) -> int:
        moment = at(clock, days) if clock else self.moment
        self.run_until(moment)
        return self.say(max(moment, self.moment), fact, "cli")

    def asks(self, subject: str, key: str = "k", clock: str = "", **more: Any) -> str:
        """Somebody asks for something; the work it becomes, if it does."""
        position = self.hears(WorkRequested(subject, key, **more), clock)
        return next((it.work for it in self.caused(position, WorkPlanned)), "")

    def caused(self, position: int, kind: Any) -> list[Any]:
        return [it.fact for it in self.log if it.cause == position and isinstance(it.fact, kind)]

    def last(self, kind: Any) -> Record:
        return next(it for it in reversed(self.log) if isinstance(it.fact, kind))

    def first(self, kind: Any, **fields: Any) -> Record:
        return next(it for it in self.log if isinstance(it.fact, kind) and _fits(it.fact, fields))

    def work_of(self, name: str) -> str:
        return str(self.first(WorkPlanned, name=name).fact.work)  # type: ignore[union-attr]

    @property
    def past(self) -> Remembered:
        return Remembered(self.log)

    def teller(self, **more: Any) -> Teller:
        return Teller(self.past, **more)

    def why(self, subject: str, **more: Any) -> Explanation:
        """Of a work or a run."""
        teller = self.teller(**more)
        return teller.run(subject) if subject.startswith("r") else teller.work(subject)

    def why_occurrence(self, intent: str, moment: datetime, **more: Any) -> Explanation:
        name = f"{intent}@{moment:%H:%M}"
        return occurrence(self.teller(**more), intent, moment, moment, name)

    def why_template(self, name: str, number: int | None = None) -> Explanation:
        return template(self.teller(), name, FRIDAY, number, f"{name}@{FRIDAY}")

    def why_request(self, key: str) -> Explanation:
        asked = self.past.requests(key)
        return request(self.teller(), asked[-1], key)

    def why_phase(self, name: str, day: date = FRIDAY) -> Explanation:
        return phase(self.teller(), name, day, f"{name}@{day}")

    def why_passed(self, phase_name: str, template_name: str) -> Explanation:
        passed = [
            it
            for it in self.past.passed_over(FRIDAY, template_name)
            if getattr(it.fact, "phase", "") == phase_name
        ]
        return passed_over(self.teller(), passed[-1:], template_name)


def with_(house: Configuration = HOUSE, **changed: Any) -> Configuration:
    return replace(house, **changed)


def action(name: str, house: Configuration = HOUSE, **changed: Any) -> Configuration:
    known = house.actions.get(name, Action(command=("do",), category="study"))
    return replace(house, actions={**house.actions, name: replace(known, **changed)})


def budget(house: Configuration = HOUSE, **changed: Any) -> Configuration:
    return replace(house, budget=replace(house.budget, **changed))


def intent(house: Configuration = HOUSE, **changed: Any) -> Configuration:
    """Reading every hour."""
    new = Intent(**({"run": "read", "cron": "0 * * * *"} | changed))
    return replace(house, intents={"hourly": new})


def templates(house: Configuration = HOUSE, **named: Template) -> Configuration:
    return replace(house, templates=named)


def study(**changed: Any) -> Template:
    """Reading, in the evening."""
    return Template(**({"steps": (Step(action="read"),), "phases": ("evening",)} | changed))


def _fits(fact: AnyFact, fields: dict[str, Any]) -> bool:
    return all(getattr(fact, name) == value for name, value in fields.items())


__all__ = [
    "DAWN", "DOLLAR", "FRIDAY", "HOUR", "HOUSE", "MINUTE", "Budget", "Executor", "Lane", "Phase",
    "Plan", "Step", "Template", "Window", "World", "action", "at", "budget", "ending", "intent",
    "study", "templates", "troubled", "with_",
]  # fmt: skip
