"""Rule books with a bug planted in them, and the world in which they are to be found out."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

from msgspec.structs import replace

from actors.replay.books import BOOKS, next_instant
from actors.replay.recompute import Difference, Recompute
from actors.replay.simulation import Ending, Simulation, succeeds
from actors.rules import Rules
from events.catalogue import AnyDecision, AnyFact, AnyObservation
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
)
from events.daemon import DaemonStarted
from events.fact import Fact
from events.record import Record
from events.requests import (
    CancelRequested,
    PauseRequested,
    ReplanRequested,
    ResumeRequested,
    Scope,
    WorkRequested,
)
from events.runs import RunEnded, RunResult, RunStarting
from events.work import WorkPlanned
from projections.invariants.check import Violation
from projections.invariants.checker import Checker
from projections.invariants.past import ACTORS

MORNING = datetime(2026, 11, 20, 5, 50, tzinfo=UTC)
SCOPES: list[tuple[Scope, str]] = [("all", ""), ("category", "study"), ("lane", "main")]
DECISIONS_MAX = 200  # upon one record
RECORDS_MAX = 4_000  # A planted bug may make a world that goes round and round.

HOUSE = Configuration(
    phases=(
        Phase(name="morning", start=time(6), end=time(12)),
        Phase(name="afternoon", start=time(12), end=time(18)),
        Phase(name="night", start=time(22), end=time(6)),
    ),
    budget=Budget(
        daily_usd_micros=900_000,
        reserve_usd_micros=100_000,
        categories={"study": 600_000, "general": 200_000},
    ),
    lanes={"main": Lane(concurrency=2)},
    actions={
        "read": Action(command=("read",), category="study", estimate_usd_micros=100_000),
        "write": Action(command=("write",), category="study", estimate_usd_micros=150_000),
        "look": Action(command=("look",), lane="side", estimate_usd_micros=10_000),
        "flaky": Action(command=("flaky",), attempts=3, backoff_seconds=600),
        "sweep": Action(executor="sweep"),
    },
    templates={
        "study": Template(
            steps=(Step(action="read"), Step(action="write"), Step(action="flaky", when="always")),
            per_day=3,
        ),
    },
    intents={
        "hourly": Intent(run="flaky", every_seconds=3_600),
        "often": Intent(run="look", every_seconds=1_500),
        "clean": Intent(run="sweep", cron="15 13 * * *"),
    },
)

Books = tuple[Rules[Any], ...]
SEEDS = 300
Spoil = Callable[[AnyDecision], tuple[AnyDecision, ...]]
Learn = Callable[[Any, AnyFact, datetime], AnyFact | None]


class Enough(Exception):
    """The world has gone on for long enough."""


class Found(NamedTuple):
    violations: list[Violation]
    differences: list[Difference]


def saying(actor: str, kind: type[Fact], spoil: Spoil, books: Books = BOOKS) -> Books:
    """The books, one of which says something else where it should say this."""

    def planted(book: Rules[Any]) -> Rules[Any]:
        def decide(state: Any, record: Record) -> Iterator[AnyDecision]:
            for number, decision in enumerate(book.decide(state, record)):
                if number >= DECISIONS_MAX:
                    raise Enough
                yield from spoil(decision) if type(decision) is kind else (decision,)

        return book._replace(decide=decide)

    return tuple(planted(book) if book.actor == actor else book for book in books)


def learning(actor: str, learn: Learn, books: Books = BOOKS) -> Books:
    """The books, one of which learns something else than it should; None: nothing."""

    def planted(book: Rules[Any]) -> Rules[Any]:
        def evolve(state: Any, fact: AnyFact, at: datetime) -> None:
            if (learned := learn(state, fact, at)) is not None:
                book.evolve(state, learned, at)

        return book._replace(evolve=evolve)

    return tuple(planted(book) if book.actor == actor else book for book in books)


def deaf(actor: str, *kinds: type[Fact]) -> Books:
    """The books, one of which never learns of these."""
    return learning(actor, lambda state, fact, at: None if type(fact) in kinds else fact)


def twice(decision: AnyDecision) -> tuple[AnyDecision, ...]:
    return decision, decision


def never(decision: AnyDecision) -> tuple[AnyDecision, ...]:
    return ()


def with_(**fields: Callable[[Any], Any]) -> Spoil:
    """The same decision with other values of fields."""

    def spoil(decision: AnyDecision) -> tuple[AnyDecision, ...]:
        changed = {name: change(decision) for name, change in fields.items()}
        return (replace(decision, **changed),)

    return spoil


def seeds_until(books: Books, what: Callable[[Books, int], object]) -> int | None:
    """How many seeds it takes until that is found; None when it is not."""
    return next((seed + 1 for seed in range(SEEDS) if what(books, seed)), None)


class SmallWorld(Simulation):
    """A world that keeps its log and ends when that has grown long."""

    def __init__(self, books: Books, luck: Random) -> None:
        self.kept: list[Record] = []
        self._luck = luck
        super().__init__(books, next_instant, _outcome(luck), luck.choice, self._keep)

    def _keep(self, record: Record) -> None:
        self.kept.append(record)
        if len(self.kept) >= RECORDS_MAX:
            raise Enough

    def hear(self, *requests: AnyObservation) -> None:
        """They come all at once, so that each finds the others under way."""
        at = self.kept[-1].at
        for request in requests:
            self._append(at, "cli", None, request, 0)
            for _ in range(self._luck.randint(0, 5)):
                if ready := [name for name, inbox in self._inboxes.items() if inbox]:
                    self.step(self._luck.choice(ready))
        self._settle()

    def live(self) -> None:
        """A day and a half of plans, occurrences, requests, pauses."""
        self.say(MORNING, ConfigurationLoaded("d", HOUSE), "daemon")
        self.say(MORNING, DaemonStarted("0.1", 1, "boot"), "daemon")
        for number in range(8):
            minutes = self._luck.randint(30, 200)
            self.run_until(self.kept[-1].at + timedelta(minutes=minutes))
            self._ask(number)
        self.run_until(MORNING + timedelta(hours=34))

    def _ask(self, number: int) -> None:
        key, luck = f"k{number}", self._luck
        scope, name = luck.choice(SCOPES)
        match number % 4:
            case 0:
                phase = luck.choice([None, "afternoon"])
                self.hear(WorkRequested("write", "same", phase=phase), WorkRequested("read", key))
            case 1:
                self.hear(WorkRequested("read", key), PauseRequested(scope, f"p{key}", name))
            case 2:
                self.hear(ResumeRequested(scope, key, name), ReplanRequested(f"r{key}"))
            case _:
                self.hear(CancelRequested(self._latest(), key), ResumeRequested("all", f"a{key}"))

    def _latest(self) -> str:
        facts = (record.fact for record in reversed(self.kept))
        return next((fact.work for fact in facts if isinstance(fact, WorkPlanned)), "w0-1")


def lived(books: Books, seed: int) -> tuple[list[Record], bool]:
    """The log of a world, and whether it came to its end."""
    world = SmallWorld(books, Random(seed))
    try:
        world.live()
    except Exception:  # Whatever a planted bug makes of the rules.
        return world.kept, False
    return world.kept, True


def _outcome(luck: Random) -> Callable[[RunStarting], Ending]:
    def outcome(starting: RunStarting) -> Ending:
        if starting.action == "flaky" and luck.random() < 0.6:
            return Ending(30, _fails)
        return Ending(luck.choice([60, 900, 2_400]), luck.choice([succeeds, _costs]))

    return outcome


def _fails(starting: RunStarting, at: datetime) -> RunEnded:
    return RunEnded(starting.run, started=True, ended_at=at, exit_code=1, duration_ms=30_000)


def _costs(starting: RunStarting, at: datetime) -> RunEnded:
    cost = 160_000 if starting.run.endswith("7-1") else 20_000
    said = RunResult(cost_usd_micros=cost)
    return RunEnded(starting.run, started=True, ended_at=at, exit_code=0, result=said)


def found_in(books: Books, seed: int) -> Found:
    """What verify finds in the log of such a world: by what it proves of itself, and by what
    the rules as they are would have decided."""
    log, whole = lived(books, seed)
    violations: list[Violation] = []
    differences: list[Difference] = []
    checker, again = Checker(violations.append), Recompute(BOOKS, differences.append)
    considered = dict.fromkeys(ACTORS, len(log)) if whole else {}
    checker.take(log)
    checker.finish(considered)
    again.take(log)
    again.finish(considered)
    return Found(violations, differences)
