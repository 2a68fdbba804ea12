"""Each run goes one way: asked for, paid for, started, ended, closed; each once, in this order."""

from collections.abc import Mapping

from events.budget import FundsRefused, FundsReserved
from events.fact import Fact
from events.record import Record
from events.runs import (
    KeeperLost,
    RunAdopted,
    RunCancelling,
    RunClosed,
    RunEnded,
    RunStarted,
    RunStarting,
)
from projections.invariants.check import Check, Handler
from projections.invariants.past import Run


class Runs(Check):
    """Follows the runs that `Works` brought into being."""

    NAME = "run"

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            FundsReserved: self._reserved,
            FundsRefused: self._refused,
            RunStarting: self._starting,
            RunStarted: self._started,
            RunAdopted: self._adopted,
            RunEnded: self._ended,
            RunCancelling: self._cancelling,
            RunClosed: self._closed,
            KeeperLost: self._lost_keeper,
        }

    def _reserved(self, record: Record, fact: FundsReserved) -> None:
        if (run := self._asked(record, fact, "paid for")) is not None:
            run.state = "reserved"

    def _refused(self, record: Record, fact: FundsRefused) -> None:
        if self._asked(record, fact, "refused money") is None:
            return
        del self.past.runs[fact.run]
        work = self.past.works.get(fact.work)
        if work is not None and work.live == fact.run:
            work.live, work.out = "", False

    def _asked(self, record: Record, fact: FundsReserved | FundsRefused, what: str) -> Run | None:
        run = self.past.runs.get(fact.run)
        if run is None or run.state != "asked":
            self.wrong(record, f"{fact.run} is {what} and was not asked for")
            return None
        if (fact.work, fact.category) != (run.work, run.category):
            self.wrong(record, f"{fact.run} is of {run.work}, {run.category}")
        return run

    def _starting(self, record: Record, fact: RunStarting) -> None:
        run = self.past.runs.get(fact.run)
        if run is None or run.state != "reserved":
            self.wrong(record, f"{fact.run} starts and {_how(run, 'was not paid for')}")
            return
        told = fact.work, fact.action, fact.step, fact.attempt
        if told != (run.work, run.action, run.step, run.attempt):
            self.wrong(record, f"{fact.run} starts as something else than was released")
        work = self.past.works.get(run.work)
        if work is None:
            self.wrong(record, f"{fact.run} starts and its work has ended")
        elif work.live != fact.run:
            self.wrong(record, f"{fact.run} starts beside {work.live or 'nothing'} of {run.work}")
        if fact.not_after < record.at:
            self.wrong(record, f"{fact.run} was to start before it was decided")
        run.state, run.starting, run.executor = "starting", record.position, fact.executor

    def _started(self, record: Record, fact: RunStarted) -> None:
        run = self._open(record, fact.run, "started")
        if run is not None:
            if run.lived:
                self.wrong(record, f"{fact.run} was started before, at {run.lived}")
            elif run.ended:
                self.wrong(record, f"{fact.run} was started after its end at {run.ended}")
            run.lived = run.lived or record.position

    def _adopted(self, record: Record, fact: RunAdopted) -> None:
        run = self._open(record, fact.run, "was adopted")
        if run is None:
            return
        alone = max(self.past.life, self.past.kept)
        if run.starting > alone:
            self.wrong(record, f"{fact.run} is adopted by the life that started it")
        elif run.adopted > alone:
            self.wrong(record, f"{fact.run} is adopted twice in one life")
        run.adopted = record.position
        run.lived = run.lived or record.position

    def _lost_keeper(self, record: Record, fact: KeeperLost) -> None:
        """Another keeper may find them."""
        self.past.kept = record.position

    def _ended(self, record: Record, fact: RunEnded) -> None:
        """What reports its end twice harms nobody, as long as it is closed once."""
        run = self._open(record, fact.run, "ended", again=True)
        if run is None or run.ended:
            return
        if not fact.started and run.lived:
            self.wrong(record, f"{fact.run} is said not to have started, but lived at {run.lived}")
        run.ended = record.position
        if fact.result is not None and fact.result_fault is None:
            run.reported = fact.result.cost_usd_micros
        if run.reported is None:
            run.reported = fact.priced_usd_micros

    def _open(self, record: Record, name: str, what: str, again: bool = False) -> Run | None:
        run = self.past.runs.get(name)
        if run is None or run.state != "starting":
            if not (again and _is_past(name, record)):
                self.wrong(record, f"{name} {what}, and {_how(run, 'is not open')}")
            return None
        if record.cause is not None and record.cause != run.starting:
            self.wrong(record, f"{name} {what} because of {record.cause}, not of {run.starting}")
        return run

    def _cancelling(self, record: Record, fact: RunCancelling) -> None:
        run = self.past.runs.get(fact.run)
        again = run is not None and run.cancelling and (run.at_once or not fact.at_once)
        if run is None or run.state != "starting" or again:
            self.wrong(record, f"{fact.run} is cancelled, and {_how(run, 'is not open')}")
        else:
            run.cancelling, run.at_once = True, run.at_once or fact.at_once

    def _closed(self, record: Record, fact: RunClosed) -> None:
        run = self.past.runs.get(fact.run)
        if run is None or run.state not in ("reserved", "starting"):
            self.wrong(record, f"{fact.run} is closed, and {_how(run, 'is not open')}")
            return
        if (fact.work, fact.action) != (run.work, run.action):
            self.wrong(record, f"{fact.run} is of {run.work}, {run.action}")
        if run.state == "starting" and not run.ended:
            self.wrong(record, f"{fact.run} is closed and nobody has seen its end")
        if fact.started and run.state == "reserved":
            self.wrong(record, f"{fact.run} is closed as started and never was")
        if fact.cost_usd_micros != run.reported and run.state == "starting":
            self.wrong(record, f"{fact.run} cost {run.reported}, not {fact.cost_usd_micros}")
        if not fact.started and run.lived:
            self.wrong(record, f"{fact.run} is closed as never started, but lived at {run.lived}")
        run.state = "closed"
        work = self.past.works.get(run.work)
        if work is not None and work.live == fact.run:
            work.live, work.outcome = "", fact.outcome


def _how(run: Run | None, otherwise: str) -> str:
    return otherwise if run is None else f"stands at {run.state!r}"


def _is_past(name: str, record: Record) -> bool:
    """Whether a run of that name may have been open and closed: the name says when it began."""
    number = name[1:].partition("-")[0]
    return number.isdecimal() and record.cause is not None and int(number) < record.cause
