"""Nothing goes before its time: phases, backoffs and moments asked for are waited for."""

from collections import deque
from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from events.fact import Fact
from events.record import Record
from events.requests import ReleaseRequested
from events.time import AlarmRang, PhaseEnded, PhaseMissed, PhaseStarted
from events.work import WorkHeld, WorkReleased
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past, Work

WINDOWS_KEPT = 8
WAKES = "work:"  # and the work's id: the alarm of what waits for a time
OF_TIME = frozenset({"phase_not_open", "not_before", "retry_backoff", "paused"})


class Window(Struct):
    """A window of a phase, by the positions at which it was opened and closed."""

    day: date
    since: int
    until: int = 0


class Holds(Check):
    """A release is decided upon its cause, so the windows count that were open there. Work that
    a person released waits for no time any more. Hears a release after `Works`."""

    NAME = "hold"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._windows: dict[str, deque[Window]] = {}

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            PhaseStarted: self._started,
            PhaseEnded: self._ended,
            PhaseMissed: self._ended,
            ReleaseRequested: self._requested,
            AlarmRang: self._rang,
            WorkHeld: self._held,
            WorkReleased: self._released,
        }

    def _started(self, record: Record, fact: PhaseStarted) -> None:
        windows = self._windows.setdefault(fact.phase, deque(maxlen=WINDOWS_KEPT))
        windows.append(Window(fact.day, record.position))

    def _ended(self, record: Record, fact: PhaseEnded | PhaseMissed) -> None:
        for window in self._windows.get(fact.phase, ()):
            if window.day == fact.day and not window.until:
                window.until = record.position

    def _requested(self, record: Record, fact: ReleaseRequested) -> None:
        work = self.past.works.get(fact.work)
        if work is not None and not work.out:
            work.phase = work.not_before = None
            work.freed = True

    def _rang(self, record: Record, fact: AlarmRang) -> None:
        """What was woken has waited, also when it is held for a pause until the clock is back."""
        if fact.setter != "phase_queue" or not fact.alarm.startswith(WAKES):
            return
        work = self.past.works.get(fact.alarm.removeprefix(WAKES))
        if work is not None and work.not_before is not None and work.not_before <= fact.rings_at:
            work.not_before = None

    def _held(self, record: Record, fact: WorkHeld) -> None:
        """What waits for something else than time has waited for its time already."""
        work = self.past.works.get(fact.work)
        if work is not None and work.not_before is not None and fact.reason not in OF_TIME:
            self._wait_no_more(record, fact.work, work)

    def _wait_no_more(self, record: Record, name: str, work: Work) -> None:
        """A clock that goes back does not make it wait again."""
        # A clock may have been set back meanwhile, or far ahead and nobody has noticed.
        latest = max(record.at, self.past.latest or record.at)
        if work.not_before is not None and latest < work.not_before:
            self.wrong(record, f"{name} goes before {work.not_before}")
        work.not_before = None

    def _released(self, record: Record, fact: WorkReleased) -> None:
        work = self.past.works.get(fact.work)
        if work is None:
            return
        self._wait_no_more(record, fact.work, work)
        if work.start_before is not None and record.at > work.start_before and not work.begun:
            self.wrong(record, f"{fact.work} goes after {work.start_before}")
        if not self._may_go(work, record.cause or 0):
            self.wrong(record, f"{fact.work} goes and its phase {work.phase} is not open")

    def _may_go(self, work: Work, cause: int) -> bool:
        if work.phase is None or work.begun:
            return True
        return any(
            window.since <= cause
            and (not window.until or window.until > cause)
            and (work.day is None or work.day <= window.day)
            for window in self._windows.get(work.phase, ())
        )
