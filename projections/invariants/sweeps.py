"""A sweep takes away only what is over, and only what it was to take away."""

import re
from collections.abc import Mapping

from events.cleanup import SweepEnded, SweepStarting
from events.fact import Fact
from events.record import Record
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

SWEEPS_KEPT = 64
_RUN = re.compile(r"r([0-9]{1,19})-[0-9]{1,9}")
_WORK = re.compile(r"w([0-9]{1,19})-[0-9]{1,9}")


class Sweeps(Check):
    """Names bear the position from which they come; what is open is known by name."""

    NAME = "sweep"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._starting: dict[str, SweepStarting] = {}  # the latest

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {SweepStarting: self._started, SweepEnded: self._ended}

    def _started(self, record: Record, fact: SweepStarting) -> None:
        for run in fact.runs:
            known = self.past.runs.get(run)
            if known is not None and known.state != "closed":
                self.wrong(record, f"{run} is to be swept and is open")
            elif not _is_earlier(run, _RUN, record.position):
                self.wrong(record, f"{run} is to be swept and is no run of this log")
        for work in fact.works:
            if work in self.past.works:
                self.wrong(record, f"{work} is to be swept and has not ended")
            elif not _is_earlier(work, _WORK, record.position):
                self.wrong(record, f"{work} is to be swept and is no work of this log")
        asking = self.past.runs.get(fact.run)
        if asking is None or asking.starting != record.cause:
            self.wrong(record, f"{fact.sweep} is for {fact.run}, which did not ask for it")
        self._starting[fact.sweep] = fact
        if len(self._starting) > SWEEPS_KEPT:
            del self._starting[next(iter(self._starting))]

    def _ended(self, record: Record, fact: SweepEnded) -> None:
        starting = self._starting.get(fact.sweep)
        if starting is None:
            self.wrong(record, f"{fact.sweep} ends and did not start")
            return
        beyond = {*fact.swept_runs} - {*starting.runs} | {*fact.swept_works} - {*starting.works}
        if beyond:
            self.wrong(record, f"{min(beyond)} was swept and was not to be")
        if fact.items > starting.items_max:
            self.wrong(record, f"{fact.items} things were swept, {starting.items_max} allowed")


def _is_earlier(name: str, form: re.Pattern[str], position: int) -> bool:
    found = form.fullmatch(name)
    return found is not None and 0 < int(found[1]) < position
