"""An alert is raised once, until it is cleared."""

from collections.abc import Mapping

from events.fact import Fact
from events.intents import AlertCleared, AlertRaised
from events.record import Record
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past


class Alerts(Check):
    """Keeps those that stand."""

    NAME = "alert"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._raised: dict[str, int] = {}  # by name, where

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {AlertRaised: self._raise, AlertCleared: self._clear}

    def _raise(self, record: Record, fact: AlertRaised) -> None:
        if not fact.alert:
            self.wrong(record, "an alert without a name is raised")
        if fact.alert in self._raised:
            self.wrong(record, f"{fact.alert} is raised again, first at {self._raised[fact.alert]}")
        self._raised[fact.alert] = record.position

    def _clear(self, record: Record, fact: AlertCleared) -> None:
        if self._raised.pop(fact.alert, None) is None:
            self.wrong(record, f"{fact.alert} is cleared and was not raised")
