"""An alarm rings once, not before its moment, and only if somebody set it."""

from collections.abc import Mapping
from datetime import datetime

from events.fact import Fact
from events.record import Record
from events.time import AlarmCleared, AlarmRang, AlarmSet
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

CLEARED_KEPT = 4_096

Name = tuple[str, str]  # setter, alarm


class Alarms(Check):
    """One that was cleared, or set anew, may still ring as it was at the cause of its ringing."""

    NAME = "alarm"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._set: dict[Name, tuple[datetime, int]] = {}  # when it is to ring; set at
        self._gone: dict[Name, tuple[datetime, int]] = {}  # when it was to ring; gone since

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {AlarmSet: self._was_set, AlarmCleared: self._cleared, AlarmRang: self._rang}

    def _was_set(self, record: Record, fact: AlarmSet) -> None:
        if fact.setter != record.by:
            self.wrong(record, f"{record.by} sets an alarm in the name of {fact.setter}")
        name = fact.setter, fact.alarm
        self._leave(name, record.position)
        self._set[name] = fact.rings_at, record.position

    def _cleared(self, record: Record, fact: AlarmCleared) -> None:
        """One that rang meanwhile is cleared in vain."""
        self._leave((fact.setter, fact.alarm), record.position)

    def _rang(self, record: Record, fact: AlarmRang) -> None:
        name, cause = (fact.setter, fact.alarm), record.cause or 0
        if fact.rings_at > record.at:
            self.wrong(record, f"{fact.alarm} rings before {fact.rings_at}")
        moment, place = self._set.get(name, (None, 0))
        if moment == fact.rings_at and place <= cause:
            del self._set[name]
            return
        moment, since = self._gone.pop(name, (None, 0))
        if moment != fact.rings_at or since < cause:
            self.wrong(record, f"{fact.alarm} rings for {fact.rings_at} and is not set")

    def _leave(self, name: Name, position: int) -> None:
        if (found := self._set.pop(name, None)) is not None:
            self._gone.pop(name, None)
            self._gone[name] = found[0], position
            if len(self._gone) > CLEARED_KEPT:
                del self._gone[next(iter(self._gone))]
