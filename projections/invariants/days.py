"""Days and phases come once, in order of time, and their plans are counted."""

from collections import deque
from collections.abc import Mapping
from datetime import date

from events.budget import BudgetOpened
from events.configuration import ConfigurationLoaded
from events.fact import Fact
from events.plan import PlanDrawn
from events.record import Record
from events.time import (
    DayStarted,
    OccurrencesReopened,
    PhaseEnded,
    PhaseMissed,
    PhaseStarted,
)
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

PHASES_KEPT = 2_000
DAYS_KNOWN = 8  # Those that started last are started again when the clock comes back to them.
DAYS_KEPT = 64
BUDGETS_KEPT = 16  # openings: a plan may be drawn upon what was asked before the latest

Window = tuple[date, str]


class Days(Check):
    """A phase comes once on a day; only after the configuration changed may it come again.

    The clock goes by the latest moment it has seen, so that nothing comes again when it is put
    back by less than a day.
    """

    NAME = "day"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._day: date | None = None
        self._money: deque[tuple[int, date]] = deque(maxlen=BUDGETS_KEPT)  # opened, where
        self._started_days: dict[date, None] = {}  # those the clock knows, and some before
        self._plans: dict[date, int] = {}  # the latest revision, by day
        self._open: dict[Window, int] = {}
        self._over: dict[Window, int] = {}  # the latest
        self._changed = 0
        self._back = 0  # the record upon which the clock went back

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            DayStarted: self._started,
            BudgetOpened: self._opened,
            PlanDrawn: self._drawn,
            PhaseStarted: self._phase_started,
            PhaseEnded: self._phase_ended,
            PhaseMissed: self._phase_missed,
            OccurrencesReopened: self._reopened,
            ConfigurationLoaded: self._configured,
        }

    def _configured(self, record: Record, fact: ConfigurationLoaded) -> None:
        if fact.configuration is not None:
            self._changed = record.position
            self._over.clear()

    def _reopened(self, record: Record, fact: OccurrencesReopened) -> None:
        """Days and phases that the clock had been ahead of come again."""
        self._changed, self._day, self._back = record.position, None, record.cause or 0
        self._over.clear()

    def _started(self, record: Record, fact: DayStarted) -> None:
        if self._day is not None and fact.day <= self._day:
            self.wrong(record, f"{fact.day} starts after {self._day} has started")
        known = [*self._started_days]
        if fact.again and fact.day not in known:
            self.wrong(record, f"{fact.day} starts again, and never did")
        if not fact.again and fact.day in known[-DAYS_KNOWN:]:
            self.wrong(record, f"{fact.day} starts again, and nobody says so")
        self._started_days.setdefault(fact.day)
        if len(known) > DAYS_KEPT:
            del self._started_days[known[0]]
        latest = self.past.latest
        if latest is not None and not fact.starts_at <= latest < fact.ends_at:
            self.wrong(record, f"{fact.day} starts outside its time")
        if not 0 <= (fact.starts_at.date() - fact.day).days + 1 <= 2:
            self.wrong(record, f"{fact.day} begins at {fact.starts_at}")
        self._day = fact.day

    def _opened(self, record: Record, fact: BudgetOpened) -> None:
        if fact.revision == 1 and fact.day != self._day:
            self.wrong(record, f"the budget of {fact.day} is opened on {self._day}")
        self._money.append((record.position, fact.day))

    def _drawn(self, record: Record, fact: PlanDrawn) -> None:
        before = self._plans.get(fact.day, 0)
        if fact.revision != before + 1:
            self.wrong(record, f"plan {fact.revision} of {fact.day} follows plan {before}")
        known = [day for position, day in self._money if position <= (record.cause or 0)]
        if known[-1:] != [fact.day]:
            self.wrong(record, f"a plan for {fact.day}, whose budget is not open")
        self._plans[fact.day] = fact.revision
        if len(self._plans) > DAYS_KEPT:
            del self._plans[next(iter(self._plans))]

    def _phase_started(self, record: Record, fact: PhaseStarted) -> None:
        window = fact.day, fact.phase
        latest = self.past.latest
        if latest is not None and fact.starts_at > latest:
            self.wrong(record, f"{fact.phase} of {fact.day} starts before its time")
        self._once(record, window, "starts")
        for day, phase in self._open:
            older = phase == fact.phase and day != fact.day
            if older and self._open[day, phase] > self._changed:
                self.wrong(record, f"{phase} of {fact.day} starts and that of {day} has not ended")
        self._open[window] = record.position

    def _phase_ended(self, record: Record, fact: PhaseEnded) -> None:
        window = fact.day, fact.phase
        if self._open.pop(window, None) is None:
            self.wrong(record, f"{fact.phase} of {fact.day} ends and is not open")
        latest = self.past.latest
        if latest is not None and fact.ends_at > latest:
            self.wrong(record, f"{fact.phase} of {fact.day} ends before its time")
        if record.cause != self._back:  # Where the clock goes back, it may come again.
            self._close(window, record.position)

    def _phase_missed(self, record: Record, fact: PhaseMissed) -> None:
        window = fact.day, fact.phase
        self._once(record, window, "is missed")
        self._close(window, record.position)

    def _once(self, record: Record, window: Window, what: str) -> None:
        day, phase = window
        before = self._open.get(window) or self._over.get(window)
        if before is not None:
            self.wrong(record, f"{phase} of {day} {what}, and it came before, at {before}")

    def _close(self, window: Window, position: int) -> None:
        self._over[window] = position
        if len(self._over) > PHASES_KEPT:
            del self._over[next(iter(self._over))]
