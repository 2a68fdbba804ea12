"""An alert is raised once for each subject, until it is cleared, by whom it concerns."""

from collections.abc import Mapping

from events.fact import Fact
from events.intents import ALERTS, AlertCleared, AlertRaised
from events.record import Record
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

RAISERS: Mapping[str, str] = {
    "configuration_refused": "clock",
    "clock_stepped": "clock",
    "budget_used": "budget",
    "budget_pace": "budget",
    "breaker_open": "planner",
    "run_unknown": "executor",
    "many_failures": "executor",
    "executor_exhausted": "executor",
    "keeper_gone": "executor",
    "disk_low": "cleanup",
    "sweep_failed": "cleanup",
}


class Alerts(Check):
    """Keeps those that stand."""

    NAME = "alert"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._raised: dict[str, int] = {}  # by name and subject, where

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {AlertRaised: self._raise, AlertCleared: self._clear}

    def _raise(self, record: Record, fact: AlertRaised) -> None:
        name = f"{fact.alert} {fact.subject}".rstrip()
        if not fact.alert:
            self.wrong(record, "an alert without a name is raised")
        elif fact.alert not in ALERTS:
            self.wrong(record, f"there is no alert {fact.alert}")
        if name in self._raised:
            self.wrong(record, f"{name} is raised again, first at {self._raised[name]}")
        self._raised[name] = record.position
        self._is_his(record, fact.alert)

    def _clear(self, record: Record, fact: AlertCleared) -> None:
        name = f"{fact.alert} {fact.subject}".rstrip()
        if self._raised.pop(name, None) is None:
            self.wrong(record, f"{name} is cleared and was not raised")
        self._is_his(record, fact.alert)

    def _is_his(self, record: Record, alert: str) -> None:
        if RAISERS.get(alert, record.by) != record.by:
            self.wrong(record, f"{alert} is not for {record.by} to say")
