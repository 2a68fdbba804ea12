"""No lane, and not the daemon as a whole, runs more at once than is configured."""

from collections.abc import Mapping

from events.budget import FundsRefused
from events.fact import Fact
from events.record import Record
from events.runs import RunRetrying
from events.work import WorkFinished, WorkReleased, WorkReturned
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past


class Lanes(Check):
    """A place is taken by the release and free with the end, a retry, a refusal or a return.

    The queue may know less of what is free than the log, never more; so at each release the log
    must count no more than the limit that stood at its cause.
    """

    NAME = "lane"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._places: dict[str, str] = {}  # work: lane
        self._busy: dict[str, int] = {}

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            WorkReleased: self._released,
            WorkFinished: self._left,
            RunRetrying: self._left,
            FundsRefused: self._left,
            WorkReturned: self._left,
        }

    def _released(self, record: Record, fact: WorkReleased) -> None:
        work = self.past.works.get(fact.work)
        if work is None or fact.work in self._places:
            return
        lane = self._places[fact.work] = work.lane
        busy = self._busy[lane] = self._busy.get(lane, 0) + 1
        settings = self.past.settings(record.cause or 0)
        if settings is None:
            return
        if busy > settings.lane(lane).concurrency:
            self.wrong(record, f"{fact.work} is number {busy} in lane {lane}")
        if len(self._places) > settings.executor.concurrency:
            self.wrong(record, f"{fact.work} is number {len(self._places)} of all that runs")

    def _left(
        self, record: Record, fact: WorkFinished | RunRetrying | FundsRefused | WorkReturned
    ) -> None:
        lane = self._places.pop(fact.work, None)
        if lane is not None:
            self._busy[lane] -= 1
            if not self._busy[lane]:
                del self._busy[lane]
