"""One key, one piece of work: a client may safely ask twice."""

from collections.abc import Mapping

from events.fact import Fact
from events.record import Record
from events.requests import RequestRepeated, WorkRequested
from events.work import WorkPlanned
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

KEYS_KEPT = 10_000  # as many as the planner promises to know


class Keys(Check):
    """Remembers the latest keys of requests, and of what plans chose, with their works."""

    NAME = "key"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._works: dict[str, str] = {}
        self._asked: dict[int, WorkRequested] = {}  # by position

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            WorkRequested: self._requested,
            WorkPlanned: self._planned,
            RequestRepeated: self._repeated,
        }

    def _requested(self, record: Record, fact: WorkRequested) -> None:
        self._asked[record.position] = fact
        if len(self._asked) > KEYS_KEPT:
            del self._asked[next(iter(self._asked))]

    def _planned(self, record: Record, fact: WorkPlanned) -> None:
        if fact.source in ("intent", "alert"):
            return
        key = f"{fact.source}/{fact.key}"
        if key in self._works:
            self.wrong(record, f"the key {fact.key} became {self._works[key]} and {fact.work}")
        self._works[key] = fact.work
        if len(self._works) > KEYS_KEPT:
            del self._works[next(iter(self._works))]
        if fact.source == "request":
            asked = self._asked.pop(record.cause or 0, None)
            if asked is None or (asked.key, asked.subject) != (fact.key, fact.name):
                self.wrong(record, f"{fact.work} is not what was asked for")

    def _repeated(self, record: Record, fact: RequestRepeated) -> None:
        asked = self._asked.pop(record.cause or 0, None)
        work = self._works.get(f"request/{fact.key}")
        if asked is not None and work is not None and work != fact.work:
            self.wrong(record, f"the key {fact.key} became {work}, not {fact.work}")
