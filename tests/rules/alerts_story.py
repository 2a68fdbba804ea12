"""A planner and a phase queue to whom alerts are told, and the clock and the world around them."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from actors.phase_queue.rules import RULES as QUEUE
from actors.phase_queue.state import Queue
from actors.planner.rules import RULES as PLANNER
from actors.planner.state import Planner
from actors.rules import Rules
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Action, Configuration, ConfigurationLoaded, Intent
from events.policies import Alerts
from events.record import Record
from events.settings import Hours
from events.time import AlarmCleared, AlarmRang, AlarmSet
from events.work import WorkFinished, WorkPlanned, WorkReleased
from projections.invariants.alerts import Alerts as Alerts_
from projections.invariants.breakers import Breakers
from projections.invariants.check import Violation
from projections.invariants.past import Past
from projections.invariants.revivals import Revivals
from projections.invariants.tellings import Tellings

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NIGHT = Hours(start=time(22), end=time(7))
REPEAT = timedelta(hours=6)
ACTIONS = {
    "mail": Action(category="system", lane="main"),
    "push": Action(category="system"),
    "check": Action(category="system"),
}


def house(**alerts: object) -> Configuration:
    settings = {"ways": ("mail", "push"), "breaker_failures": 3} | alerts
    return Configuration(
        actions=ACTIONS,
        intents={"watch": Intent(run="check", every_seconds=60, overlap="allow_all")},
        alerts=Alerts(**settings),  # type: ignore[arg-type]  # Fields of its own.
    )


class World:
    """Both rule books hear everything that is said; alarms ring when their time has come."""

    def __init__(self, configuration: Configuration) -> None:
        self.planner, self.queue = Planner(), Queue()
        self.now = NOON
        self.alarms: dict[tuple[str, str], datetime] = {}
        self.log: list[Record] = []
        self.say(ConfigurationLoaded(digest="d", configuration=configuration))

    def say(self, fact: AnyFact, by: str = "world") -> list[AnyDecision]:
        """What comes of it, in order."""
        told: list[AnyDecision] = []
        news: list[tuple[str, int | None, AnyFact]] = [(by, None, fact)]
        while news:
            by, cause, fact = news.pop(0)
            record = Record(len(self.log) + 1, self.now, by, cause, fact)
            self.log.append(record)
            self._clock(fact)
            for decision, author in self._decisions(record):
                told.append(decision)
                news.append((author, record.position, decision))
        return told

    def pass_time(self, until: datetime) -> None:
        """Each alarm rings at its instant."""
        while self.alarms and (first := min(self.alarms.values())) <= until:
            setter, alarm = next(key for key, at in self.alarms.items() if at == first)
            self.now = max(self.now, first)
            self.say(AlarmRang(alarm, setter, first))
        self.now = max(self.now, until)

    def ended(self, work: str, well: bool = True) -> list[AnyDecision]:
        return self.say(WorkFinished(work, "completed" if well else "failed"))

    def of(self, *kinds: type[AnyFact]) -> list[tuple[datetime, AnyFact]]:
        return [(it.at, it.fact) for it in self.log if isinstance(it.fact, kinds)]

    def telling(self) -> dict[str, WorkPlanned]:
        return {
            fact.work: fact
            for _, fact in self.of(WorkPlanned)
            if isinstance(fact, WorkPlanned) and fact.source == "alert"
        }

    def told_at(self, key: str) -> list[datetime]:
        """When work began that tells of an alert and its subject."""
        works = {work for work, it in self.telling().items() if it.key.startswith(f"{key}@")}
        return [at for at, fact in self.of(WorkReleased) if getattr(fact, "work", "") in works]

    def open(self) -> list[str]:
        return [name for name, work in self.queue.works.items() if work.released]

    def wrongs(self) -> list[str]:
        """What the checks of alerts, breakers and revivals find in the log."""
        return wrongs(self.log)

    def _decisions(self, record: Record) -> Iterable[tuple[AnyDecision, str]]:
        if record.by != "planner":
            yield from ((it, "planner") for it in _considered(PLANNER, self.planner, record))
        if record.by != "phase_queue":
            yield from ((it, "phase_queue") for it in _considered(QUEUE, self.queue, record))

    def _clock(self, fact: AnyFact) -> None:
        match fact:
            case AlarmSet(alarm, setter, rings_at):
                self.alarms[setter, alarm] = rings_at
            case AlarmCleared(alarm, setter) | AlarmRang(alarm, setter):
                self.alarms.pop((setter, alarm), None)


def wrongs(log: Iterable[Record]) -> list[str]:
    past, found = Past(), list[Violation]()
    checks = [check(past, found.append) for check in (Alerts_, Breakers, Tellings, Revivals)]
    for record in log:
        if isinstance(record.fact, ConfigurationLoaded) and record.fact.configuration:
            past.configure(record.position, record.fact.configuration)
        for check in checks:
            if (handler := check.handlers().get(type(record.fact))) is not None:
                handler(record, record.fact)
    return [f"{it.invariant} {it.position}: {it.reason}" for it in found]


def _considered(book: Rules, state: object, record: Record) -> Iterable[AnyDecision]:  # type: ignore[type-arg]
    return book.consider(state, record)
