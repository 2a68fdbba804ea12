"""An invented world around all six rule books, with a will of its own, and what must hold in it.

Chance decides how the world goes, who considers next, how runs end, what people ask for and when
an actor is written down and read again. The same seed is the same world.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

from msgspec import msgpack

from actors.budget.ledger import refusal
from actors.budget.rules import RULES as BUDGET
from actors.cleanup.rules import RULES as CLEANUP
from actors.clock.rules import RULES as CLOCK
from actors.clock.rules import next_instant
from actors.executor.rules import RULES as EXECUTOR
from actors.pauses import EVERYTHING, is_paused, label
from actors.phase_queue.rules import RULES as PHASE_QUEUE
from actors.phase_queue.state import Queue, Work, has_room
from actors.planner.rules import RULES as PLANNER
from actors.replay.simulation import Ending, Simulation
from actors.rules import Rules
from events.catalogue import AnyObservation
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
from events.policies import Executor
from events.record import Record
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
from events.runs import RunClosed, RunEnded, RunResult, RunStarting, Trouble
from events.time import OccurrenceDue
from events.work import (
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkStopping,
)

BOOKS: tuple[Rules[Any], ...] = (CLOCK, PLANNER, PHASE_QUEUE, BUDGET, EXECUTOR, CLEANUP)
MORNING = datetime(2026, 11, 20, 5, 50, tzinfo=UTC)
SCOPES: list[Any] = [("all", ""), ("lane", "main"), ("lane", "side"), ("category", "study")]
UNBEGUN: list[Trouble] = ["too_late", "paused", "doors_closed", "program_missing"]
BROKEN: list[Trouble] = ["lost", "timed_out", "daemon_stopped"]
ACTIONS = {
    "read": Action(
        command=("x",),
        category="study",
        estimate_usd_micros=100,
        attempts=2,
        backoff_seconds=30,
        safe_to_repeat=True,
        expected_seconds=600,
    ),
    "write": Action(
        command=("x",),
        category="house",
        estimate_usd_micros=50,
        ceiling_usd_micros=70,
        lane="side",
        priority="critical",
        expected_seconds=600,
        at_phase_end="drop",
    ),
    "tidy": Action(
        command=("x",),
        category="study",
        priority="low",
        at_phase_end="next_day",
        defer_limit=2,
    ),
}
TEMPLATES = {
    "essay": Template(
        steps=(
            Step(action="read"),
            Step(action="write", when="always"),
            Step(action="tidy", when="failure"),
        ),
        per_day=3,
        per_phase=2,
    ),
    "note": Template(steps=(Step(action="write"),), per_day=2),
}


def house(chance: Random) -> Configuration:
    """Little room, little money, work that fails, waits, steps on and is tried again."""
    pick = chance.choice
    return Configuration(
        phases=(
            Phase(name="morning", start=time(6), end=time(8)),
            Phase(name="forenoon", start=time(8), end=time(9, 30)),
            Phase(name="night", start=time(22), end=time(6)),
        ),
        budget=Budget(
            daily_usd_micros=pick([300, 600]),
            reserve_usd_micros=pick([0, 100]),
            categories={"study": pick([200, 500]), "house": 150},
        ),
        lanes={"main": Lane(concurrency=pick([1, 2])), "side": Lane(concurrency=1)},
        executor=Executor(concurrency=pick([2, 3])),
        actions=ACTIONS,
        templates=TEMPLATES,
        intents={
            "often": Intent(run="tidy", every_seconds=1_800),
            "daily": Intent(run="essay", cron="30 7 * * *", phase="forenoon"),
        },
    )


class World(Simulation):
    """Two days in it; `at_rest` is called now and then when nobody has more to say."""

    def __init__(self, seed: int) -> None:
        self.chance, self.latest = Random(seed), MORNING
        super().__init__(BOOKS, next_instant, self._course, self.chance.choice)
        self.keys = 0
        self.asked: list[AnyObservation] = []
        self.most: Counter[str] = Counter()  # that may run at once, by lane
        self._load()
        self.say(MORNING, DaemonStarted("0.1", 1, "boot"), "daemon")

    def say(
        self, at: datetime, fact: AnyObservation, by: str = "world", cause: int | None = None
    ) -> int:
        """Append it, and let some consider: others may be slow, or be read from their snapshot."""
        self.latest = max(at, self.latest)
        position = self._append(self.latest, by, cause, fact, 0)
        while ready := [name for name, inbox in self._inboxes.items() if inbox]:
            if self.chance.random() < 0.1:
                return position
            self.step(self.chance.choice(ready))
        return position

    def settle(self) -> None:
        """Let all consider, and the clock ring what is due, until nobody has more to say."""
        head = 0
        while head < len(self.log):
            head = len(self.log)
            self.run_until(self.latest)
            while ready := [name for name, inbox in self._inboxes.items() if inbox]:
                self.step(self.chance.choice(ready))

    def step(self, name: str) -> None:
        if self.chance.random() < 0.01:
            again = msgpack.decode(msgpack.encode(self.states[name]), type=self.books[name].state)
            assert again == self.states[name]
            self.states[name] = again
        super().step(name)

    def live(self, at_rest: Callable[[], None]) -> None:
        """Thirty hours of whatever comes to mind, and then two days in which nobody interferes."""
        while self.latest < MORNING + timedelta(hours=30):
            until = self.latest + timedelta(minutes=self.chance.choice([1, 7, 45, 90]))
            if self.chance.random() < 0.03:
                self.say(until + timedelta(hours=3), self._life(), "daemon")
            self.run_until(until)
            self.say(until, self._wish(), "cli")
            if self.chance.random() < 0.2:
                self.settle()
                at_rest()
        for scope, name in (*SCOPES, ("category", "house")):
            self.keys += 1
            self.say(self.latest, ResumeRequested(scope, f"k{self.keys}", name), "cli")
        self.run_until(self.latest + timedelta(hours=48))
        self.settle()
        at_rest()

    def _load(self) -> None:
        configuration = house(self.chance)
        self.say(MORNING, ConfigurationLoaded(f"d{len(self.log)}", configuration), "daemon")
        for lane in ("main", "side"):
            self.most[lane] = max(self.most[lane], configuration.lane(lane).concurrency)
        self.most["all"] = max(self.most["all"], configuration.executor.concurrency)

    def _life(self) -> DaemonStarted:
        """Another life begins, perhaps with another configuration."""
        if self.chance.random() < 0.5:
            self._load()
        return DaemonStarted(
            "0.1",
            2,
            "boot",
            paused=self.chance.random() < 0.3,
            safe_mode=self.chance.random() < 0.2,
        )

    def _wish(self) -> AnyObservation:
        if self.asked and self.chance.random() < 0.1:
            return self.chance.choice(self.asked)
        self.keys += 1
        self.asked.append(self.chance.choice(list(self._wishes(f"k{self.keys}"))))
        return self.asked[-1]

    def _wishes(self, key: str) -> Iterator[AnyObservation]:
        chance, pick = self.chance, self.chance.choice
        later = pick([None, None, self.latest + timedelta(minutes=30)])
        phase = pick([None, None, "morning", "forenoon", "night"])
        subject = pick(["read", "write", "tidy", "essay", "note", "nothing"])
        for _ in range(3):
            yield WorkRequested(subject, key, phase, later)
        works, runs = list(self.states["planner"].works), list(self.states["executor"].runs)
        if works:
            yield CancelRequested(pick([*works, *runs]), key)
            yield ReleaseRequested(pick(works), key)
            yield MoveRequested(pick(works), pick(["morning", "night", "teatime"]), key)
        scope, name = pick(SCOPES)
        yield PauseRequested(scope, key, name)
        yield ResumeRequested(scope, key, name)
        yield ResumeRequested("category", key, pick(["study", "house"]))
        if chance.random() < 0.5:
            yield ReplanRequested(key)

    def _course(self, starting: RunStarting) -> Ending:
        chance, pick = self.chance.random(), self.chance.choice
        cost = pick([None, None, 0, 10, 60, 200 if self.chance.random() < 0.2 else None])

        def end(begun: RunStarting, at: datetime) -> RunEnded:
            if chance < 0.1:
                return RunEnded(begun.run, False, at, trouble=pick(UNBEGUN))
            if chance < 0.25:
                return RunEnded(begun.run, True, at, trouble=pick(BROKEN))
            result = None if cost is None else RunResult(cost_usd_micros=cost)
            return RunEnded(begun.run, True, at, int(chance < 0.4), result=result)

        return Ending(pick([1, 60, 900, 1_800]), end)


# What must hold, of the log


def each_work_ends_once(log: list[Record]) -> None:
    planned = {record.fact.work for record in log if isinstance(record.fact, WorkPlanned)}
    kinds = (WorkFinished, WorkCancelled, WorkDropped)
    ends = Counter(record.fact.work for record in log if isinstance(record.fact, kinds))
    assert set(ends) <= planned and set(ends.values()) <= {1}


def no_pause_is_broken(log: list[Record]) -> None:
    """Nothing is released after the queue has said that its scope is paused. No run starts whose
    cause stands between such a pause, or the start of a life that is paused, and its end."""
    paused: set[str] = set()
    works: dict[str, WorkPlanned] = {}
    at_cause: dict[int, frozenset[str]] = {}
    by_the_queue: set[str] = set()
    for record in log:
        match record.fact:
            case WorkPlanned(work=work):
                works[work] = record.fact
            case Paused(scope, name):
                paused.add(label(scope, name))
                by_the_queue.add(label(scope, name))
            case Resumed(scope, name):
                paused.discard(label(scope, name))
                by_the_queue.discard(label(scope, name))
            case DaemonStarted() if record.fact.paused or record.fact.safe_mode:
                paused.add(EVERYTHING)
            case WorkReleased(work=work):
                assert not is_paused(by_the_queue, works[work].category, works[work].lane)
            case RunStarting(work=work):
                then = at_cause[record.cause or 0]
                assert not is_paused(then, works[work].category, works[work].lane)
        at_cause[record.position] = frozenset(paused)


def lanes_hold(log: list[Record], most: Counter[str]) -> None:
    lanes: dict[str, str] = {}
    open_runs: dict[str, str] = {}
    for record in log:
        match record.fact:
            case WorkPlanned(work=work, lane=lane):
                lanes[work] = lane
            case RunStarting(run=run, work=work):
                open_runs[run] = work
                assert len(set(open_runs.values())) == len(open_runs) <= most["all"]
                busy = Counter(lanes[one] for one in open_runs.values())
                assert busy[lanes[work]] <= most[lanes[work]]
            case RunClosed(run=run):
                open_runs.pop(run, None)


def each_occurrence_has_one_verdict(log: list[Record]) -> None:
    dues = [record for record in log if isinstance(record.fact, OccurrenceDue)]
    assert len({(one.fact.intent, one.fact.due_at) for one in dues}) == len(dues)  # type: ignore[union-attr]
    verdicts = Counter(record.cause for record in log if record.by == "planner")
    assert all(verdicts[due.position] == 1 for due in dues)


def each_request_has_one_answer(log: list[Record]) -> None:
    answers = (
        Paused, Resumed, WorkMoved, WorkStopping, WorkCancelled, RequestRefused, RequestRepeated,
    )  # fmt: skip
    kinds = (PauseRequested, ResumeRequested, MoveRequested, CancelRequested)
    asked = {record.position: record.fact for record in log if isinstance(record.fact, kinds)}
    told = [
        record
        for record in log
        if record.by == "phase_queue" and record.cause in asked and isinstance(record.fact, answers)
    ]
    assert sorted(asked) == sorted(record.cause or 0 for record in told)
    granted = [
        asked[record.cause or 0]
        for record in told
        if not isinstance(record.fact, RequestRefused | RequestRepeated)
    ]
    assert len({(fact.kind, fact.key) for fact in granted}) == len(granted)


def what_a_person_moved_is_not_taken_back(log: list[Record]) -> None:
    moved: set[str] = set()
    for record in log:
        match record.fact:
            case WorkMoved(work=work):
                moved.add(work)
            case WorkDropped(work=work, reason="replanned" | "configuration_changed"):
                assert work not in moved


# What must hold, of who they are when nobody has more to say


def all_agree_on_what_is_open(world: World) -> None:
    kinds = (WorkFinished, WorkCancelled, WorkDropped)
    ended = {record.fact.work for record in world.log if isinstance(record.fact, kinds)}
    planned = {r.fact.work for r in world.log if isinstance(r.fact, WorkPlanned)}
    states = world.states
    for actor in ("planner", "phase_queue", "executor"):
        assert set(states[actor].works) == planned - ended, actor
    executor, budget = states["executor"], states["budget"]
    assert set(budget.reservations) == set(executor.runs)
    assert executor.asked == {} and budget.offered == {}
    today = [one for one in budget.reservations.values() if one.day == budget.opened.day]
    assert budget.whole.reserved == sum(one.usd_micros for one in today)
    queue = states["phase_queue"]
    assert queue.running == sum(work.released for work in queue.works.values())
    assert sorted(executor.paused) == sorted(queue.paused)


def nothing_waits_for_what_is_there(world: World) -> None:
    queue, budget = world.states["phase_queue"], world.states["budget"]
    for name, work in queue.works.items():
        assert work.unpaid == (name in budget.refused.places), name
        if work.released:
            assert work.run in world.states["executor"].runs, name
        else:
            assert _waits_for_good_reason(world, queue, work), work
    for line in budget.refused.lines.values():
        assert refusal(budget, line.price) is not None, line


def _waits_for_good_reason(world: World, queue: Queue, work: Work) -> bool:
    match work.reason:
        case "paused":
            return is_paused(queue.paused, work.category, work.lane)
        case "no_funds":
            return work.unpaid
        case "lane_full" | "daemon_full":
            return not has_room(queue, work.lane)
        case "not_before" | "retry_backoff":
            clock = world.states["clock"]  # Somebody may ask for something before it is told.
            rings_at = clock.alarms.times[f"phase_queue/work:{work.name}"]
            return bool(clock.seen < rings_at == work.wakes_at)
        case "phase_not_open":
            return work.until is not None and work.until > world.latest
        case "not_idle" | "quiet_hours" | None:  # No work here waits for an idle machine.
            return False
