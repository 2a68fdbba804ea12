"""A sweep takes away only what is over, and only what it was to take away."""

import re
from collections.abc import Mapping

from events.cleanup import DiskSeen, SweepEnded, SweepRequested, SweepStarting
from events.fact import Fact
from events.record import Record
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import Past

SWEEPS_KEPT = 64
FACTS_KEPT = 64  # that may be the cause of a sweep
_RUN = re.compile(r"r([0-9]{1,19})-[0-9]{1,9}")
_WORK = re.compile(r"w([0-9]{1,19})-[0-9]{1,9}")


class Sweeps(Check):
    """Names bear the position from which they come; what is open is known by name."""

    NAME = "sweep"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._starting: dict[str, SweepStarting] = {}  # the latest
        self._causes: dict[int, SweepRequested | DiskSeen] = {}  # likewise, where they stand
        self._sealed = 0

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            SweepRequested: self._caused,
            DiskSeen: self._caused,
            SweepStarting: self._started,
            SweepEnded: self._ended,
        }

    def _caused(self, record: Record, fact: SweepRequested | DiskSeen) -> None:
        self._causes[record.position] = fact
        if len(self._causes) > FACTS_KEPT:
            del self._causes[next(iter(self._causes))]

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
        if why := self._why_uncalled_for(record, fact):
            self.wrong(record, f"{fact.sweep} is {why}")
        if fact.seal is not None and not self._sealed <= fact.seal.after < fact.seal.until:
            self.wrong(record, f"{fact.sweep} is to seal what is sealed, until {self._sealed}")
        elif fact.seal is not None and fact.seal.until >= record.position:
            self.wrong(record, f"{fact.sweep} is to seal what is not written")
        self._starting[fact.sweep] = fact
        if len(self._starting) > SWEEPS_KEPT:
            del self._starting[next(iter(self._starting))]

    def _why_uncalled_for(self, record: Record, fact: SweepStarting) -> str:
        """Why it should not be; "" when somebody asked for it, or the disk was nearly full."""
        if fact.occasion == "run":
            asking = self.past.runs.get(fact.run)
            is_asked = asking is not None and asking.starting == record.cause
            return "" if is_asked else f"for {fact.run}, which did not ask for it"
        if fact.run:
            return f"for {fact.run}, and for another reason"
        cause = self._causes.get(record.cause or 0)
        match cause:
            case SweepRequested(key=key) if fact.occasion == "asked" and key == fact.key:
                return ""
            case DiskSeen(free_bytes=free) if fact.occasion == "disk_low":
                is_low = free < fact.until_free_bytes
                return "" if is_low else f"for a disk of which {free} bytes were free"
        return f"said to be {fact.occasion}, and is not"

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
        self._check_processes(record, starting, fact)
        if fact.sealed is not None:
            self._check_seal(record, starting, fact)

    def _check_processes(self, record: Record, starting: SweepStarting, fact: SweepEnded) -> None:
        """Those of runs that are over, and others only where somebody wants it really."""
        for it in fact.processes:
            run = self.past.runs.get(it.run)
            wanted = starting.foreign.get(it.pattern)
            if it.run and run is not None and run.state != "closed":
                self.wrong(record, f"process {it.pid} of {it.run} was ended, and that is open")
            elif it.run and not _is_earlier(it.run, _RUN, record.position):
                self.wrong(record, f"process {it.pid} was ended for {it.run}, no run of this log")
            elif not it.run and (wanted is None or not wanted.really):
                self.wrong(record, f"process {it.pid} is not ours and was ended unasked")

    def _check_seal(self, record: Record, starting: SweepStarting, fact: SweepEnded) -> None:
        done, wanted = fact.sealed, starting.seal
        assert done is not None
        if wanted is None or (done.after, done.until) != (wanted.after, wanted.until):
            self.wrong(record, f"records {done.after + 1} to {done.until} were sealed unasked")
        self._sealed = max(self._sealed, done.until)


def _is_earlier(name: str, form: re.Pattern[str], position: int) -> bool:
    found = form.fullmatch(name)
    return found is not None and 0 < int(found[1]) < position
