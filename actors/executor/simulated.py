"""The door of an invented world: runs take the time and the course that a table gives them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Literal, NamedTuple, cast, get_args

from msgspec import Struct

from actors.executor.brief import RunBrief
from actors.executor.door import Now, Tell
from actors.executor.endings import not_started, too_late
from actors.executor.noop import nothing
from actors.executor.spawning import NotStarted
from events.runs import ProbeEnded, RunEnded, RunResult, RunStarted, Trouble

BOOT = "simulated"
ESCAPED = "some of its processes could not be ended"
FOUND = "what it had left running was ended with it"

Ended = Literal[
    "said_failed",
    "at_ceiling",
    "rate_limited",
    "quota_exhausted",
    "misconfigured",
    "refused",
    "too_little",
    "artifact_missing",
    "not_successful",
    "lost",
]
NeverBegan = Literal["program_missing", "not_executable", "not_ready", "sandbox_missing"]
ENDED: frozenset[str] = frozenset(get_args(Ended))
NEVER_BEGAN: frozenset[str] = frozenset(get_args(NeverBegan))


class Course(Struct, frozen=True):
    """How the runs of an action go. One that hangs takes more seconds than it may."""

    seconds: float = 1.0
    outcome: Literal["succeeded", "failed"] | Ended | NeverBegan = "succeeded"
    cost_usd_micros: int | None = None  # None: it reports nothing.
    resets_after_seconds: int | None = None  # when it may work again, by its own word
    escapes: bool = False  # Something of it lives on.
    probe_exit_code: int | None = None  # what its probe says of it, if it is lost


class Live(NamedTuple):
    """A run under way, ordered by when it will end; of those that end together, by its number."""

    ends_at: datetime
    number: int
    brief: RunBrief
    answers: int
    began_at: datetime


class SimulatedDoor:
    """Tells at once that a run has started, and its end when `pass_until` comes to it.

    Time is what `now` says. `courses` is by action; what it does not name succeeds after a
    second. An invented process does not outlive the daemon that invented it.
    """

    def __init__(self, tell: Tell, now: Now, courses: Mapping[str, Course]) -> None:
        self._tell, self._now, self._courses = tell, now, courses
        self._live: dict[str, Live] = {}
        self._ends: list[Live] = []  # a heap; what was stopped is in it still
        self._begun: set[str] = set()
        self._closed = False

    def start(self, brief: RunBrief, answers: int) -> None:
        """See `Door.start`."""
        if self._closed or brief.run in self._live:
            return
        refusal = self._refusal(brief)
        if refusal is not None:
            self._tell(answers, [refusal])
        else:
            self._begin(brief, answers)

    def _refusal(self, brief: RunBrief) -> RunEnded | None:
        """The end of what has no beginning here."""
        now, course = self._now(), self._course(brief)
        if brief.action.executor == "noop":
            return nothing(brief, now)
        if now > brief.not_after:
            return too_late(brief, now)
        if brief.run in self._begun:
            return not_started(brief, now, NotStarted("lost", "it had been started before"))
        if course.outcome in NEVER_BEGAN:
            trouble = cast(NeverBegan, course.outcome)
            return not_started(brief, now, NotStarted(trouble, "as was foreseen"))
        return None

    def _begin(self, brief: RunBrief, answers: int) -> None:
        now, number = self._now(), len(self._begun) + 1
        seconds = min(self._course(brief).seconds, brief.action.timeout_seconds)
        live = Live(now + timedelta(seconds=seconds), number, brief, answers, now)
        self._begun.add(brief.run)
        self._live[brief.run] = live
        heappush(self._ends, live)
        self._tell(answers, [RunStarted(brief.run, number, BOOT, number, now)])

    def stop(self, run: str, at_once: bool = False) -> None:
        """See `Door.stop`."""
        if run in self._live:
            self._stop(self._live[run], "cancelled", "cancelled on request")

    def rouse(self) -> None:
        """See `Door.rouse`."""

    def refuse(self, brief: RunBrief, answers: int, trouble: Trouble) -> None:
        """See `Door.refuse`."""
        if not self._closed:
            self._tell(answers, [not_started(brief, self._now(), NotStarted(trouble, ""))])

    def recover(
        self,
        brief: RunBrief,
        answers: int,
        started: RunStarted | None,
        same_boot: bool,
        paused: bool = False,
    ) -> None:
        """See `Door.recover`."""
        unbegun = same_boot and started is None and brief.run not in self._begun
        unbegun = unbegun or brief.action.executor == "noop"
        if unbegun and paused:
            self.refuse(brief, answers, "paused")
        elif unbegun:
            self.start(brief, answers)
        elif brief.run not in self._live and not self._closed:
            why = NotStarted("lost", "it ended unseen, while the daemon was down")
            self._tell(answers, [not_started(brief, self._now(), why)])

    def probe(self, brief: RunBrief, probe: str, answers: int) -> None:
        """See `Door.probe`."""
        if not self._closed:
            self._tell(answers, [ProbeEnded(probe, self._course(brief).probe_exit_code)])

    def close(self, wait_seconds: float) -> None:
        """See `Door.close`; the wait is of invented time."""
        self._closed = True
        self.pass_until(self._now() + timedelta(seconds=wait_seconds))
        for live in list(self._live.values()):
            self._stop(live, "daemon_stopped", "")

    @property
    def next_end(self) -> datetime | None:
        """When the next run ends."""
        while self._ends and self._ends[0].brief.run not in self._live:
            heappop(self._ends)
        return self._ends[0].ends_at if self._ends else None

    def pass_until(self, moment: datetime) -> None:
        """Tell the ends that come until then, in their order."""
        while (end := self.next_end) is not None and end <= moment:
            live = heappop(self._ends)
            del self._live[live.brief.run]
            self._tell(live.answers, [self._end(live)])

    def _stop(self, live: Live, trouble: Trouble, detail: str) -> None:
        del self._live[live.brief.run]
        now = self._now()
        ended = RunEnded(live.brief.run, True, now, None, trouble, detail, _ms(live, now))
        self._tell(live.answers, [ended])

    def _end(self, live: Live) -> RunEnded:
        course, action = self._course(live.brief), live.brief.action
        trouble = cast(Trouble, course.outcome) if course.outcome in ENDED else None
        if course.seconds > action.timeout_seconds:
            trouble = "timed_out"
        cost, after = course.cost_usd_micros, course.resets_after_seconds
        return RunEnded(
            live.brief.run,
            started=True,
            ended_at=live.ends_at,
            exit_code=None if trouble else int(course.outcome == "failed"),
            trouble=trouble,
            detail=ESCAPED if course.escapes else "",
            duration_ms=_ms(live, live.ends_at),
            result=None if cost is None else RunResult(cost_usd_micros=cost),
            resets_at=None if after is None else live.ends_at + timedelta(seconds=after),
        )

    def _course(self, brief: RunBrief) -> Course:
        return self._courses.get(brief.name, COURSE)


COURSE = Course()


def _ms(live: Live, at: datetime) -> int:
    return round(1000 * (at - live.began_at).total_seconds())
