"""A scene of the second opinion on policies, lived by the six rule books."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from actors.replay.courses import Course
from actors.replay.world import World
from events.configuration import Action, Configuration, ConfigurationLoaded, Day, Intent, Lane
from events.daemon import DaemonStarted
from events.plan import OccurrenceSkipped
from events.policies import Executor, Plan, Policies
from events.record import Record
from events.requests import PauseRequested, ResumeRequested
from events.runs import RunStarting
from events.time import (
    HostSlept,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
    TimePassed,
)
from events.work import WorkPlanned
from tests.rules.oracle_of_policies import Choice, Scene

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
EDITED = "superseded: edited"
CLOSED = (OccurrenceMissed, OccurrencesCoalesced, OccurrencesSuperseded)


def cron_of(times: Sequence[int]) -> str:
    """Times on the wall that are all at the same minutes of their hours."""
    minutes = sorted({at % 60 for at in times})
    hours = sorted({at // 60 for at in times})
    assert len(minutes) * len(hours) == len(times), "no one expression says this"
    return f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"


def house(scene: Scene, choice: Choice, times: Sequence[int]) -> Configuration:
    window = choice.window
    return Configuration(
        day=Day(timezone="Europe/Vienna"),
        lanes={"main": Lane(concurrency=100)},
        executor=Executor(concurrency=100),
        actions={"read": Action(command=("x",), timeout_seconds=2 * 86_400)},
        intents={"tea": Intent(run="read", cron=cron_of(times))},
        plan=Plan(enabled=False),
        policies=Policies(
            misfire=choice.misfire,  # type: ignore[arg-type]
            misfire_limit=choice.misfire_limit,
            misfire_window_seconds=None if window is None else window * 60,
            overlap=choice.overlap,  # type: ignore[arg-type]
            overlap_limit=choice.overlap_limit,
            dst_gap=choice.gap,  # type: ignore[arg-type]
            dst_overlap=choice.twice,  # type: ignore[arg-type]
        ),
    )


class Lived:
    """The scene, lived from `midnight` on; `log` is all that was recorded."""

    def __init__(self, scene: Scene, choice: Choice, midnight: datetime) -> None:
        self.midnight = midnight
        course = Course(scene.takes * 60_000)
        self.world = World(lambda *_: course)
        self.world.begin(self._at(scene.begin) - SECOND, house(scene, choice, scene.times))
        for at, what in sorted(self._happenings(scene, choice), key=lambda each: each[0]):
            self.world.run_until(self._at(at) - self.world.offset - SECOND)
            what()
        self.world.run_until(self._at(scene.end) - self.world.offset - SECOND)

    @property
    def log(self) -> list[Record]:
        return self.world.log

    def _at(self, minute: int) -> datetime:
        return self.midnight + minute * MINUTE

    def _happenings(self, scene: Scene, choice: Choice) -> list[tuple[int, Any]]:
        found: list[tuple[int, Any]] = []
        if scene.why:
            found.append((scene.away[0], lambda: self._away(scene)))
        if scene.paused[1]:
            found.append((scene.paused[0], lambda: self._say(PauseRequested("all", "p"))))
            found.append((scene.paused[1], lambda: self._say(ResumeRequested("all", "r"))))
        if scene.edited is not None:
            new = ConfigurationLoaded("e", house(scene, choice, scene.new_times))
            found.append((scene.edited, lambda: self._say(new)))
        return found

    def _say(self, fact: Any) -> None:
        self.world.tell("cli", [fact])

    def _away(self, scene: Scene) -> None:
        world, back = self.world, self._at(scene.away[1])
        if scene.why == "daemon_down":
            assert not world.live, "what runs on meanwhile is another matter"
            world.true = back
            world.tell("daemon", [ConfigurationLoaded("e"), DaemonStarted("0", 1, "1")])
        else:
            world.true += SECOND
            since, world.offset = world.wall, world.offset + (back - world.wall)
            span = (back - since) // timedelta(milliseconds=1)
            world.tell("timer", [HostSlept(span, since), TimePassed()])

    def verdicts(self, instants: Sequence[int], old: Sequence[int]) -> Mapping[int, str]:
        """Of each of these instants; no other may have one. An edit takes the `old` ones away."""
        found: dict[int, str] = {}
        for record in self.log:
            fact: Any = record.fact
            match fact:
                case WorkPlanned(source="intent", key=key):
                    at = self._minute(datetime.fromisoformat(key.rpartition("@")[2]))
                    self._add(found, [at], "planned")
                case OccurrenceSkipped() | OccurrenceExpired():
                    kind = "skipped" if isinstance(fact, OccurrenceSkipped) else "expired"
                    self._add(found, [self._minute(fact.due_at)], f"{kind}: {fact.reason}")
                case _ if isinstance(fact, CLOSED):
                    is_edit = isinstance(fact, OccurrencesSuperseded) and fact.reason == "edited"
                    self._add_range(found, fact, old if is_edit else instants, is_edit)
        assert set(found) <= set(instants), "a verdict on what never was to come"
        return found

    def waiting(self) -> list[int]:
        """Those that wait for the end of the one before."""
        waiting = self.world.states["planner"].buffered.get("tea", ())
        return [self._minute(one.due_at) for one in waiting]

    def _add_range(
        self, found: dict[int, str], fact: Any, instants: Sequence[int], is_edit: bool
    ) -> None:
        first, last = self._minute(fact.first_due_at), self._minute(fact.last_due_at)
        closed = [at for at in instants if first <= at <= last and found.get(at, EDITED) == EDITED]
        assert fact.count == len(closed) or is_edit, fact  # It goes to the end of the day.
        match fact:
            case OccurrenceMissed(reason=reason, policy=policy):
                self._add(found, closed, f"missed: {reason}, {policy}")
            case OccurrencesCoalesced(reason=reason, into=into):
                self._add(found, closed, f"coalesced: {reason}, into {self._minute(into)}")
            case OccurrencesSuperseded(reason=reason):
                self._add(found, closed, f"superseded: {reason}")

    def _add(self, found: dict[int, str], instants: Sequence[int], verdict: str) -> None:
        for at in instants:
            before = found.get(at, EDITED)  # What an edit took away may come again by it.
            assert before == EDITED, f"{verdict}, and {before} already"
            found[at] = verdict

    def _minute(self, at: datetime) -> int:
        return (at - self.midnight) // MINUTE


def starts(log: Sequence[Record]) -> Counter[str]:
    """How often work was started, by the key of its occurrence."""
    keys = {r.fact.work: r.fact.key for r in log if isinstance(r.fact, WorkPlanned)}
    return Counter(keys[r.fact.work] for r in log if isinstance(r.fact, RunStarting))


def nothing_came_early(log: Sequence[Record]) -> None:
    for record in log:
        match record.fact:
            case WorkPlanned(source="intent", key=key):
                assert record.at >= datetime.fromisoformat(key.rpartition("@")[2])
