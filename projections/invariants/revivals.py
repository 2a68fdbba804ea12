"""Only what is buried is revived, once, and because somebody asked for it."""

from collections.abc import Mapping

from events.fact import Fact
from events.record import Record
from events.requests import ReviveRequested
from events.work import WorkFinished, WorkPlanned
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

KEPT = 10_000


class Revivals(Check):
    """Remembers the latest works that were buried, and what was asked."""

    NAME = "revival"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._buried: dict[str, int] = {}  # by work, since where
        self._asked: dict[int, str] = {}  # by position, the work

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            ReviveRequested: self._requested,
            WorkFinished: self._finished,
            WorkPlanned: self._planned,
        }

    def _requested(self, record: Record, fact: ReviveRequested) -> None:
        self._asked[record.position] = fact.work
        if len(self._asked) > KEPT:
            del self._asked[next(iter(self._asked))]

    def _finished(self, record: Record, fact: WorkFinished) -> None:
        if fact.state == "buried":
            self._buried[fact.work] = record.position
            if len(self._buried) > KEPT:
                del self._buried[next(iter(self._buried))]

    def _planned(self, record: Record, fact: WorkPlanned) -> None:
        if fact.source != "revival":
            return
        cause = record.cause or 0
        work = self._asked.pop(cause, "")
        if not work:
            self.wrong(record, f"{fact.work} is a revival that nobody asked for")
        elif self._buried.pop(work, record.position) > cause:
            self.wrong(record, f"{fact.work} revives {work}, which is not buried")
