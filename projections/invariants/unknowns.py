"""What became of an unknown run is said once, by somebody who was asked."""

from collections.abc import Mapping

from msgspec import Struct

from events.fact import Fact
from events.record import Record
from events.runs import ProbeEnded, ProbeStarting, RunClosed, RunSettled
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

KEPT = 4_096


class Unknown(Struct):
    """A run of which nobody saw the end."""

    work: str
    probe: str = ""
    said: bool = False  # by its probe
    settled: int = 0  # where


class Unknowns(Check):
    """Keeps the latest of them."""

    NAME = "unknown"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._runs: dict[str, Unknown] = {}
        self._probes: dict[str, str] = {}  # probe: run

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            RunClosed: self._closed,
            ProbeStarting: self._starting,
            ProbeEnded: self._ended,
            RunSettled: self._settled,
        }

    def _closed(self, record: Record, fact: RunClosed) -> None:
        if fact.outcome == "unknown":
            self._runs[fact.run] = Unknown(fact.work)
            if len(self._runs) > KEPT:
                del self._runs[next(iter(self._runs))]

    def _starting(self, record: Record, fact: ProbeStarting) -> None:
        run = self._runs.get(fact.run)
        if run is None or run.work != fact.work or run.settled or run.probe:
            self.wrong(record, f"{fact.probe} looks at {fact.run}, which is not unknown")
            return
        run.probe = fact.probe
        self._probes[fact.probe] = fact.run

    def _ended(self, record: Record, fact: ProbeEnded) -> None:
        """It may be asked again after a restart, and answer twice."""
        run = self._runs.get(self._probes.get(fact.probe, ""))
        if run is None:
            self.wrong(record, f"{fact.probe} answers and was not asked")
        else:
            run.said = True

    def _settled(self, record: Record, fact: RunSettled) -> None:
        run = self._runs.get(fact.run)
        if run is None or run.work != fact.work:
            self.wrong(record, f"{fact.run} is settled and is not unknown")
            return
        if run.settled:
            self.wrong(record, f"{fact.run} is settled again, first at {run.settled}")
        if fact.by == "probe" and not run.said:
            self.wrong(record, f"{fact.run} is settled by a probe that said nothing")
        run.settled = record.position
        self._probes.pop(run.probe, None)
