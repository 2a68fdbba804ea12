"""The daemon lives one life at a time, and begins each by saying what is in force."""

from collections.abc import Mapping

from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted, DaemonStopped
from events.fact import Fact
from events.record import Record
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past


class Lives(Check):
    """Keeps the settings in force and the beginning of the present life."""

    NAME = "life"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._digest = ""

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            ConfigurationLoaded: self._loaded,
            DaemonStarted: self._started,
            DaemonStopped: self._stopped,
        }

    def _loaded(self, record: Record, fact: ConfigurationLoaded) -> None:
        if fact.configuration is not None:
            self.past.configure(record.position, fact.configuration)
        elif fact.digest != self._digest:
            self.wrong(record, f"settings {fact.digest[:12]} are in force that no record holds")
        self._digest = fact.digest

    def _started(self, record: Record, fact: DaemonStarted) -> None:
        if not self._digest:
            self.wrong(record, "a life begins and no settings are in force")
        self.past.life = record.position

    def _stopped(self, record: Record, fact: DaemonStopped) -> None:
        if not self.past.life:
            self.wrong(record, "the daemon stops and does not live")
        self.past.life = 0
