"""The executor in any world: whatever comes in whatever order, its promises hold.

The world plays the queue, the budget and the door from what the executor itself decides, so that
it says only what can be said; which of it happens next is up to hypothesis.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from hypothesis import given as for_any
from hypothesis import strategies as some
from msgspec import msgpack

from actors.executor.rules import RULES
from actors.executor.state import Executing
from events.budget import FundsRefused, FundsReserved
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Action, Configuration, ConfigurationLoaded, Step
from events.daemon import DaemonStarted
from events.record import Record
from events.requests import Paused, Resumed
from events.runs import RunClosed, RunEnded, RunRetrying, RunStarted, RunStarting, WorkBuried
from events.work import (
    StepReached,
    WorkCancelled,
    WorkFinished,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACTIONS = {
    "once": Action(),
    "thrice": Action(attempts=3, backoff_seconds=7),
    "safe": Action(safe_to_repeat=True),
    "safe_twice": Action(safe_to_repeat=True, attempts=2),
    "noop": Action(executor="noop"),
}
ENDS: list[Callable[[str], RunEnded]] = [
    lambda run: RunEnded(run, True, NOON, exit_code=0),
    lambda run: RunEnded(run, True, NOON, exit_code=1),
    lambda run: RunEnded(run, True, NOON, trouble="lost"),
    lambda run: RunEnded(run, True, NOON, trouble="timed_out"),
    lambda run: RunEnded(run, True, NOON, trouble="cancelled"),
    lambda run: RunEnded(run, True, NOON, trouble="daemon_stopped"),
    lambda run: RunEnded(run, False, NOON, trouble="paused"),
    lambda run: RunEnded(run, False, NOON, trouble="doors_closed"),
    lambda run: RunEnded(run, False, NOON, trouble="program_missing"),
    lambda run: RunEnded(run, False, NOON, trouble="too_late"),
    lambda run: RunEnded(run, True, NOON, exit_code=0, result_fault="not_json"),
]

PAUSES: list[AnyFact] = [
    Paused("all"),
    Paused("lane", "main"),
    Paused("lane", "other"),
    DaemonStarted("0.1", 1, "boot", paused=True),
    Resumed("all"),
    Resumed("all"),
    Resumed("lane", "main"),
    Resumed("lane", "main"),
]


class World:
    """Tells facts, obeys decisions, and keeps count. `restarts`: forget and remember each time."""

    def __init__(self, restarts: bool) -> None:
        self.state, self.position, self.restarts = Executing(), 0, restarts
        self.told: list[tuple[AnyFact, list[AnyDecision]]] = []
        self.waiting: dict[str, tuple[str, int, int]] = {}  # work: action, step, attempt
        self.asked: dict[str, tuple[str, str, int, int]] = {}  # run: work, action, step, attempt
        self.live: dict[str, str] = {}  # run: work
        self.actions: dict[str, str] = {}  # of the runs that were paid for
        self.stopping: set[str] = set()
        self.say(ConfigurationLoaded("d1", Configuration(actions=ACTIONS)))

    def say(self, fact: AnyFact) -> None:
        if self.restarts:
            self.state = msgpack.decode(msgpack.encode(self.state), type=Executing)
        self.position += 1
        at = NOON + timedelta(seconds=self.position)
        record = Record(self.position, at, "world", None, fact)
        decided = list(RULES.consider(self.state, record))
        self.told.append((fact, decided))
        for decision in decided:
            self.position += 1
            self.obey(decision)

    def obey(self, decision: AnyDecision) -> None:
        match decision:
            case RunStarting(run=run, work=work):
                self.live[run] = work
            case RunClosed(run=run):
                self.live.pop(run, None)
            case RunRetrying(work=work, action=action, step=step, attempt=attempt):
                self.waiting[work] = action, step, attempt
            case WorkReturned(work=work, run=run, step=step, attempt=attempt):
                self.waiting[work] = self.actions[run], step, attempt
            case StepReached(work=work, run=run, action=action, step=step):
                self.asked[run] = work, action, step, 1

    def plan(self, steps: list[Step]) -> None:
        work = f"w{self.position}-1"
        self.say(WorkPlanned(work, "study", "request", work, tuple(steps), "general", "main"))
        self.waiting[work] = steps[0].action, 1, 1

    def release(self, which: int) -> None:
        work = list(self.waiting)[which % len(self.waiting)]
        action, step, attempt = self.waiting.pop(work)
        if work in self.stopping:
            self.say(WorkCancelled(work))
            return
        run = f"r{self.position}-9"
        self.asked[run] = work, action, step, attempt
        self.say(WorkReleased(work, run, action, step, attempt, "general", 5))

    def pay(self, which: int) -> None:
        run = list(self.asked)[which % len(self.asked)]
        work, self.actions[run], *_ = self.asked.pop(run)
        self.say(FundsReserved(run, work, "general", 5, date(2026, 11, 20)))

    def refuse(self, which: int) -> None:
        run = list(self.asked)[which % len(self.asked)]
        work, action, step, attempt = self.asked.pop(run)
        self.say(FundsRefused(run, work, "general", 5, 0, "day_spent"))
        self.waiting[work] = action, step, attempt

    def end(self, which: int) -> None:
        run = list(self.live)[which % len(self.live)]
        self.say(RunStarted(run, 1, "boot", 2, NOON))
        self.say(ENDS[which % len(ENDS)](run))

    def stop(self, which: int) -> None:
        works = [*self.live.values(), *(work for work, *_ in self.asked.values())]
        self.stopping.add(works[which % len(works)])
        self.say(WorkStopping(works[which % len(works)]))

    def configure(self, which: int) -> None:
        gone = list(ACTIONS)[which % len(ACTIONS)]
        kept = {name: action for name, action in ACTIONS.items() if name != gone}
        self.say(ConfigurationLoaded("d2", Configuration(actions=kept)))

    def pause(self, which: int) -> None:
        self.say(PAUSES[which % len(PAUSES)])

    def repeat(self, which: int) -> None:
        """A process reports its end again, a budget its reservation."""
        said = [fact for fact, _ in self.told if isinstance(fact, RunEnded | FundsReserved)]
        if said:
            self.say(said[which % len(said)])

    def possible(self) -> list[Callable[[int], None]]:
        """What could happen next, the usual more often than the rest."""
        return [
            *([self.release] * 3 if self.waiting else []),
            *([self.pay, self.pay, self.pay, self.refuse] if self.asked else []),
            *([self.end] * 4 if self.live else []),
            *([self.stop] if self.live or self.asked else []),
            self.configure,
            self.pause,
            self.repeat,
        ]

    def move(self, number: int) -> None:
        possible = self.possible()
        possible[number % len(possible)](number // len(possible))

    def finish(self) -> None:
        """Everything that waits is released, paid and ended until nothing is left."""
        for resumed in (Resumed("all"), Resumed("lane", "main")):
            self.say(resumed)
        while self.waiting or self.asked or self.live:
            assert self.position < 10_000, "it never ends"
            self.possible()[0](self.position)

    def decisions(self) -> list[AnyDecision]:
        return [decision for _, decided in self.told for decision in decided]


steps = some.builds(
    Step,
    action=some.sampled_from(list(ACTIONS)),
    when=some.sampled_from(["success", "failure", "always"]),
)
works = some.lists(some.lists(steps, min_size=1, max_size=4), min_size=1, max_size=4)
moves = some.tuples(works, some.lists(some.integers(0, 999), min_size=10, max_size=60))
Moves = tuple[list[list[Step]], list[int]]


def lived(moved: Moves, restarts: bool = False) -> World:
    planned, numbers = moved
    world = World(restarts)
    for work in planned:
        world.plan(work)
    for number in numbers:
        world.move(number)
    world.finish()
    return world


@for_any(moves)
def test_a_run_starts_at_most_once_and_has_one_verdict(moved: Moves) -> None:
    world = lived(moved)
    decided = world.decisions()
    starts = Counter(one.run for one in decided if isinstance(one, RunStarting))
    closes = Counter(one.run for one in decided if isinstance(one, RunClosed))
    paid = {fact.run for fact, _ in world.told if isinstance(fact, FundsReserved)}
    assert set(starts.values()) <= {1}
    assert closes == Counter(paid)


@for_any(moves)
def test_each_work_ends_once_and_is_forgotten(moved: Moves) -> None:
    world = lived(moved)
    ends = Counter(one.work for one in world.decisions() if isinstance(one, WorkFinished))
    ends += Counter(fact.work for fact, _ in world.told if isinstance(fact, WorkCancelled))
    planned = {fact.work for fact, _ in world.told if isinstance(fact, WorkPlanned)}
    assert ends == Counter(planned)
    assert (world.state.works, world.state.asked, world.state.runs) == ({}, {}, {})


@for_any(moves)
def test_no_step_has_more_attempts_than_it_may(moved: Moves) -> None:
    for one in lived(moved).decisions():
        match one:
            case (
                RunStarting(action=action, attempt=attempt)
                | RunRetrying(action=action, attempt=attempt)
            ):
                of = ACTIONS[action]
                assert attempt <= max(of.attempts, 2 if of.safe_to_repeat else 1)
            case WorkBuried(action=action, attempts=attempts):
                assert attempts == ACTIONS[action].attempts > 1


@for_any(moves)
def test_nothing_starts_beside_a_live_run_of_the_same_work(moved: Moves) -> None:
    live: dict[str, str] = {}
    for one in lived(moved).decisions():
        match one:
            case RunStarting(run=run, work=work):
                assert live.setdefault(work, run) == run
            case RunClosed(run=run, work=work) if live.get(work) == run:
                del live[work]
            case StepReached(work=work) | RunRetrying(work=work) | WorkFinished(work=work):
                assert work not in live


@for_any(moves)
def test_an_end_told_twice_changes_nothing(moved: Moves) -> None:
    world = lived(moved)
    for fact, _ in [told for told in world.told if isinstance(told[0], RunEnded)]:
        before = msgpack.encode(world.state)
        world.say(fact)
        assert (world.told[-1][1], msgpack.encode(world.state)) == ([], before)


@for_any(moves)
def test_restarted_at_every_position_it_decides_the_same(moved: Moves) -> None:
    straight, restarted = lived(moved), lived(moved, restarts=True)
    assert straight.told == restarted.told
    assert straight.state == restarted.state


@for_any(moves)
def test_nothing_more_begins_of_work_that_is_stopped(moved: Moves) -> None:
    stopped: set[str] = set()
    for fact, decided in lived(moved).told:
        if isinstance(fact, WorkStopping):
            stopped.add(fact.work)
        for one in decided:
            if isinstance(one, RunStarting | StepReached | RunRetrying):
                assert one.work not in stopped


@for_any(moves)
def test_nothing_begins_that_is_paid_for_while_it_is_paused(moved: Moves) -> None:
    paused: set[str] = set()
    for fact, decided in lived(moved).told:
        match fact:
            case Paused(scope, name) if name in ("", "main"):
                paused.add(scope)
            case DaemonStarted():
                paused.add("all")
            case Resumed(scope):
                paused.discard(scope)
        assert not (paused and any(isinstance(one, RunStarting) for one in decided))


@for_any(moves)
def test_steps_only_go_forward(moved: Moves) -> None:
    latest: dict[str, int] = {}
    for one in lived(moved).decisions():
        if isinstance(one, StepReached):
            assert one.step > latest.get(one.work, 1)
            latest[one.work] = one.step
