"""What would have let a thing happen, found by deciding it again."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from msgspec.structs import replace

from actors.pauses import EVERYTHING
from actors.phase_queue.state import Work
from actors.replay.candidates import candidates, work_id
from actors.replay.changes import Candidate, Change
from actors.replay.forking import Fork, fork
from actors.replay.goals import Goal, Obstacle, obstacle_of, runs, work_in
from actors.replay.past import Past
from events.catalogue import AnyObservation
from events.configuration import ConfigurationLoaded
from events.record import Record
from events.runs import RunEnded

CHANGES_MAX = 12  # together
TRIES_MAX = 200
WAYS_MAX = 3  # that are told
LIVE_ON = timedelta(days=2)


class Scene(NamedTuple):
    """A matter that can be decided again: all before what set it off, and that itself.

    What is `patient` may wait for its phase or its time as it would have done. `then` is said
    afterwards, with the run that started.
    """

    base: Fork
    trigger: Record
    goal: Goal
    patient: bool = False
    then: Record | None = None


class Way(NamedTuple):
    """Changes that together let it happen, and how far it came when it was decided again."""

    changes: tuple[Change, ...]
    shown: str  # started, planned, answered, opened, tried again, begun


def scene(
    past: Past, trigger: Record, goal: Goal, *, patient: bool = False, then: Record | None = None
) -> Scene:
    """Cut a log before what set a matter off. Raises Indigestible."""
    return Scene(fork(past, trigger.position - 1), trigger, goal, patient, then)


def root_of(past: Past, record: Record) -> Record:
    """The observation from which it follows."""
    while record.depth and record.cause is not None:
        cause = past.record(record.cause)
        if cause is None:
            return record
        record = cause
    return record


def play(scene: Scene, changes: Sequence[Change]) -> Fork:
    """Decide it again with these changes."""
    now, trigger = scene.base.copy(), scene.trigger
    fact: AnyObservation = trigger.fact  # type: ignore[assignment]  # It follows from nothing.
    at = min((change.at for change in changes if change.at), default=trigger.at)
    fact = _configured(now, fact, changes)
    for change in changes:
        if change.instead is not None:
            fact = change.instead(fact)
        for said in change.before(now, scene.goal.work) if change.before else ():
            now.say(at, said)
    now.say(at, fact, trigger.by, trigger.cause)
    for change in changes:
        for said in change.after(now, work_id(now, scene.goal)) if change.after else ():
            now.say(scene.goal.moment or at, said)
    if scene.then is not None:
        _end(now, scene)
    return _lived_on(now, scene.goal) if scene.patient else now


def _lived_on(now: Fork, goal: Goal) -> Fork:
    """Until it runs or nothing more can come of it. Where it is dropped or cancelled in the end,
    as it stood before: there is to be seen what it waited for."""
    end = now.at + LIVE_ON
    now.live_until(end, lambda fork: work_in(fork, goal) is not None or runs(fork, goal))
    if runs(now, goal):
        return now
    before = now.kept()
    now.live_until(end, lambda fork: runs(fork, goal))
    obstacle = obstacle_of(now, goal)
    ended = obstacle is not None and obstacle.within in ("drop", "end")
    return before if ended else now


class Search:
    """For the smallest changes that let it happen, each way decided again."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._tries = scene, 0
        self._first = play(scene, ())
        self.obstacle = obstacle_of(self._first, scene.goal)

    def ways(self) -> Iterator[Way]:
        """At most three, each of which begins with another change."""
        if self.obstacle is None:
            return
        told: list[Way] = []
        for candidate in candidates(self.obstacle, self._first, self._scene.goal):
            found = self._pruned(self._through(candidate, (), self.obstacle))
            if found is not None and not any(_alike(found, way) for way in told):
                yield found
                told.append(found)
            if len(told) == WAYS_MAX:
                return

    def more(self) -> str:
        """What else is known of the obstacle: who is in the way, what was said about it."""
        obstacle, queue = self.obstacle, self._first.queue
        work = queue.works.get(obstacle.work) if obstacle is not None else None
        if obstacle is None or obstacle.within != "hold" or work is None:
            return ""
        match obstacle.reason:
            case "lane_full":
                there = [it.name for it in queue.works.values() if _is_in(it, work.lane)]
                return f"in {work.lane} there is {', '.join(there[:5])}"
            case "paused":
                labels = (EVERYTHING, f"category:{work.category}", f"lane:{work.lane}")
                notes = [queue.paused[it] for it in labels if queue.paused.get(it)]
                return ", ".join(notes)
        return ""

    def _through(
        self, candidate: Candidate, changes: tuple[Change, ...], obstacle: Obstacle
    ) -> Way | None:
        """The way that begins with these changes and goes on with that one."""
        change = self._least(candidate, changes, obstacle)
        if change is None or len(changes) == CHANGES_MAX:
            return None
        together = _together(changes, change)
        fork = self._play(together)
        if fork is None:
            return None
        next_one = obstacle_of(fork, self._scene.goal)
        if next_one is None:
            return Way(together, self._shown(fork))
        if self._is_enough(fork, next_one):
            return Way(together, "planned")
        if next_one == obstacle and together == changes:
            return None
        for further in candidates(next_one, fork, self._scene.goal):
            found = self._through(further, together, next_one)
            if found is not None:
                return found
        return None

    def _pruned(self, way: Way | None) -> Way | None:
        """Without what turned out not to be needed."""
        if way is None or len(way.changes) == 1:
            return way
        for change in way.changes:
            fewer = tuple(it for it in way.changes if it is not change)
            fork = self._play(fewer)
            if fork is not None and obstacle_of(fork, self._scene.goal) is None:
                return self._pruned(Way(fewer, way.shown))
        return way

    def _least(
        self, candidate: Candidate, changes: tuple[Change, ...], obstacle: Obstacle
    ) -> Change | None:
        if isinstance(candidate, Change):
            known = any(_same(candidate, change) for change in changes)
            return None if known else candidate
        low, high, make = candidate
        if not self._helps(make(high), changes, obstacle):
            return None
        while low < high:
            middle = (low + high) // 2
            if self._helps(make(middle), changes, obstacle):
                high = middle
            else:
                low = middle + 1
        return make(high)

    def _helps(self, change: Change, changes: tuple[Change, ...], obstacle: Obstacle) -> bool:
        fork = self._play(_together(changes, change))
        if fork is None:
            return False
        after = obstacle_of(fork, self._scene.goal)
        return after is None or (after.within, after.reason) != (obstacle.within, obstacle.reason)

    def _play(self, changes: tuple[Change, ...]) -> Fork | None:
        self._tries += 1
        return None if self._tries > TRIES_MAX else play(self._scene, changes)

    def _shown(self, fork: Fork) -> str:
        match self._scene.goal.kind:
            case "phase":
                return "opened"
            case "retry":
                return "tried again"
            case "in_time":
                return "begun"
            case "request" if not self._scene.goal.name:
                return "answered"
        return "started"

    def _is_enough(self, fork: Fork, obstacle: Obstacle) -> bool:
        """Whether it waits for nothing but its time, and would have had to wait too long to see."""
        waits = obstacle.within == "hold" and obstacle.reason in ("phase_not_open", "not_before")
        return waits and self._scene.patient


def _is_in(work: Work, lane: str) -> bool:
    return work.released and work.lane == lane


def _together(changes: tuple[Change, ...], change: Change) -> tuple[Change, ...]:
    """A later word on the same setting replaces the earlier one."""
    kept = tuple(it for it in changes if not (change.setting and it.setting == change.setting))
    return (*kept, change)


def _same(one: Change, other: Change) -> bool:
    return one[:4] == other[:4]  # What it does follows from what it says.


def _alike(one: Way, other: Way) -> bool:
    return [it[:4] for it in one.changes] == [it[:4] for it in other.changes]


def _configured(now: Fork, fact: AnyObservation, changes: Sequence[Change]) -> AnyObservation:
    """Let the settings be others; what is said may be the configuration itself."""
    wanted = [change.configure for change in changes if change.configure is not None]
    told = fact.configuration if isinstance(fact, ConfigurationLoaded) else None
    old = told or now.planner.configuration
    if old is None or not wanted:
        return fact
    new = old
    for configure in wanted:
        new = configure(new)
    if told is not None:
        return ConfigurationLoaded("", new)
    if new != old:
        now.configure(new)
    return fact


def _end(now: Fork, scene: Scene) -> None:
    """Tell the recorded end to the run that goes by the same natural key."""
    then, work = scene.then, now.executing.works.get(work_id(now, scene.goal))
    if then is not None and isinstance(then.fact, RunEnded) and work is not None and work.live:
        now.say(then.at, replace(then.fact, run=work.live), then.by)
