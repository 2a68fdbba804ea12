"""What is paused stands still.

After the queue has said that a scope is paused it releases nothing of that scope until it has
said that it is resumed. The executor starts nothing of it whose money was reserved after the
pause was on record; what was paid for before may still start. The planner makes no work of an
occurrence of it. A life that begins paused, or in safe mode, begins with everything paused.
"""

from collections import deque
from collections.abc import Mapping
from datetime import date

from events.budget import BudgetOpened, FundsOverrun
from events.daemon import DaemonStarted
from events.fact import Fact
from events.record import Record
from events.requests import Paused, Resumed
from events.runs import RunStarting
from events.work import WorkPlanned, WorkReleased
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past, Work

CHANGES_KEPT = 64


class Pauses(Check):
    """Labels are `all`, `category:NAME` and `lane:NAME`."""

    NAME = "pause"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._paused: dict[str, int] = {}  # label: position, as the queue has it
        self._changes: dict[str, deque[tuple[int, bool]]] = {}  # as the executor hears it
        self._overrun: dict[tuple[str, date], int] = {}  # categories that may be closed, by day
        self._day: date | None = None  # whose money is given out
        self._opened = 0  # the record upon which it was opened

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            DaemonStarted: self._daemon,
            Paused: self._pause,
            Resumed: self._resume,
            FundsOverrun: self._close,
            BudgetOpened: self._open,
            WorkPlanned: self._planned,
            WorkReleased: self._released,
            RunStarting: self._starting,
        }

    def _daemon(self, record: Record, fact: DaemonStarted) -> None:
        if fact.paused or fact.safe_mode:
            self._change("all", record.position, True)

    def _pause(self, record: Record, fact: Paused) -> None:
        label = _label(fact)
        if label in self._paused:
            self.wrong(record, f"{label} is paused twice, first at {self._paused[label]}")
        self._paused[label] = record.position
        self._change(label, record.position, True)

    def _resume(self, record: Record, fact: Resumed) -> None:
        label = _label(fact)
        known = self._paused.pop(label, None)
        if known is None and not (fact.scope == "category" and self._is_closed(fact.name)):
            self.wrong(record, f"{label} is resumed and was not paused")
        self._change(label, record.position, False)

    def _close(self, record: Record, fact: FundsOverrun) -> None:
        self._overrun[fact.category, fact.day] = record.position
        if len(self._overrun) > CHANGES_KEPT:
            del self._overrun[next(iter(self._overrun))]

    def _open(self, record: Record, fact: BudgetOpened) -> None:
        if fact.day != self._day:
            self._day, self._opened = fact.day, record.cause or 0

    def _is_closed(self, category: str) -> bool:
        """Whether the queue may know it as closed: on this day, or by what it heard since."""
        return any(
            name == category and (day == self._day or at > self._opened)
            for (name, day), at in self._overrun.items()
        )

    def _planned(self, record: Record, fact: WorkPlanned) -> None:
        """An occurrence does not wait for the end of a pause: the next one comes in time."""
        if fact.source != "intent" or not self._changes:
            return
        for label in ("all", f"category:{fact.category}", f"lane:{fact.lane}"):
            since = self._since(label, record.cause or 0)
            if since:
                self.wrong(record, f"{fact.key} is planned and {label} is paused since {since}")

    def _released(self, record: Record, fact: WorkReleased) -> None:
        if self._paused and (work := self.past.works.get(fact.work)) is not None:
            for label in _labels(work):
                if label in self._paused:
                    since = self._paused[label]
                    self.wrong(record, f"{fact.work} goes and {label} is paused since {since}")

    def _starting(self, record: Record, fact: RunStarting) -> None:
        work = self.past.works.get(fact.work)
        if not self._changes or work is None:
            return
        for label in _labels(work):
            since = self._since(label, record.cause or 0)
            if since:
                self.wrong(record, f"{fact.run} starts and {label} is paused since {since}")

    def _change(self, label: str, position: int, paused: bool) -> None:
        self._changes.setdefault(label, deque(maxlen=CHANGES_KEPT)).append((position, paused))

    def _since(self, label: str, position: int) -> int:
        """Where the pause began that stood at a position; 0 when there was none."""
        since = 0
        for at, paused in self._changes.get(label, ()):
            if at < position:
                since = (since or at) if paused else 0
        return since


def _label(fact: Paused | Resumed) -> str:
    return "all" if fact.scope == "all" else f"{fact.scope}:{fact.name}"


def _labels(work: Work) -> tuple[str, str, str]:
    return "all", f"category:{work.category}", f"lane:{work.lane}"
