"""Work that waits for an idle machine goes only after the machine was seen to be idle."""

from collections.abc import Mapping
from datetime import datetime

from events.fact import Fact
from events.intents import IdleAsked
from events.record import Record
from events.time import IdleProbing, IdleSeen
from events.work import WorkHeld, WorkReleased
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

SEEN_KEPT = 1_024
ASKED_KEPT = 100_000


class Idleness(Check):
    """Who asked before the machine was seen may go upon that."""

    NAME = "idle"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._asked: dict[str, int] = {}  # work: the record upon which it was held
        self._asking = 0  # where somebody asked last
        self._probing: dict[int, bool] = {}  # by position: no answer has come
        self._until: datetime | None = None  # so long the clock waits for one
        self._seen: dict[int, bool] = {}  # by position

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            WorkHeld: self._held,
            IdleAsked: self._ask,
            IdleProbing: self._probe,
            IdleSeen: self._answer,
            WorkReleased: self._released,
        }

    def _held(self, record: Record, fact: WorkHeld) -> None:
        work = self.past.works.get(fact.work)
        if fact.reason != "not_idle":
            return
        if work is not None and not work.only_if_idle:
            self.wrong(record, f"{fact.work} waits for an idle machine and need not")
        self._asked[fact.work] = record.cause or 0
        if len(self._asked) > ASKED_KEPT:
            del self._asked[next(iter(self._asked))]

    def _ask(self, record: Record, fact: IdleAsked) -> None:
        work = self.past.works.get(fact.work)
        if work is None or not work.only_if_idle:
            self.wrong(record, f"{fact.work} asks for an idle machine and does not wait for one")
        self._asking = record.position

    def _probe(self, record: Record, fact: IdleProbing) -> None:
        if not self._asking:
            self.wrong(record, "the machine is looked at and nobody asked")
        waits = self._until is not None and record.at <= self._until
        if waits and (record.cause or 0) > self.past.life:
            self.wrong(record, "the machine is looked at and an answer is to come")
        self._probing[record.position], self._until = True, fact.not_after
        if len(self._probing) > SEEN_KEPT:
            del self._probing[next(iter(self._probing))]

    def _answer(self, record: Record, fact: IdleSeen) -> None:
        """A question of an earlier life may still be answered, once."""
        if self._probing.pop(record.cause or 0, None) is None:
            self.wrong(record, "the machine was seen and it was not to be looked at")
        self._until = None
        self._seen[record.position] = fact.idle
        if len(self._seen) > SEEN_KEPT:
            del self._seen[next(iter(self._seen))]

    def _released(self, record: Record, fact: WorkReleased) -> None:
        work, cause = self.past.works.get(fact.work), record.cause or 0
        if work is None or not work.only_if_idle or work.freed:
            return
        asked = self._asked.pop(fact.work, None)
        if not self._seen.get(cause):
            self.wrong(record, f"{fact.work} goes and the machine was not seen to be idle")
        elif asked is None or asked >= cause:
            self.wrong(record, f"{fact.work} goes upon {cause} and had not asked before")
