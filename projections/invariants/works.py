"""Each piece of work is planned once, is somebody's at any time, and ends at most once."""

from collections.abc import Mapping

from events.fact import Fact
from events.record import Record
from events.runs import RunRetrying, WorkBuried
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
    WorkStopping,
)
from projections.invariants.check import Check, Handler
from projections.invariants.past import Run, Work

Asked = WorkReleased | StepReached
# An attempt that ended so may go on with another executor, or later.
TURNED = ("rate_limited", "quota_exhausted", "not_ready", "misconfigured")


class Works(Check):
    """Keeps the open works, and brings their runs into being."""

    NAME = "work"

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            WorkPlanned: self._planned,
            WorkHeld: self._held,
            WorkReleased: self._released,
            StepReached: self._reached,
            WorkMoved: self._moved,
            WorkDeferred: self._deferred,
            WorkReturned: self._returned,
            RunRetrying: self._retrying,
            WorkBuried: self._buried,
            WorkStopping: self._stopping,
            WorkFinished: self._finished,
            WorkDropped: self._dropped,
            WorkCancelled: self._cancelled,
        }

    def finish(self, closed: bool) -> None:
        """A log that ends in order leaves no work behind that lives, or waits without a reason."""
        if not closed:
            return
        for name, work in self.past.works.items():
            run = self.past.runs.get(work.live)
            if run is not None and run.lived and not run.ended:
                self.wrong(run.starting, f"{work.live} of {name} lives on after an orderly stop")

    def _planned(self, record: Record, fact: WorkPlanned) -> None:
        if fact.work in self.past.works:
            self.wrong(record, f"{fact.work} is planned twice")
        elif not fact.steps:
            self.wrong(record, f"{fact.work} has no steps")
        else:
            self.past.works[fact.work] = Work(
                record.position,
                fact.steps,
                fact.category,
                fact.lane,
                fact.day,
                fact.phase,
                fact.not_before,
                fact.defer_limit,
                only_if_idle=fact.only_if_idle,
                start_before=fact.start_before,
                action=fact.action,
            )
            if fact.start_before is not None and record.at > fact.start_before:
                self.wrong(record, f"{fact.work} was to start before {fact.start_before}")

    def _held(self, record: Record, fact: WorkHeld) -> None:
        if (work := self._waiting(record, fact.work, "held")) is not None:
            work.reason = fact.reason

    def _released(self, record: Record, fact: WorkReleased) -> None:
        if (work := self._waiting(record, fact.work, "released")) is None:
            return
        work.out, work.reason = True, ""
        self._ask(record, fact, work)
        if (fact.step, fact.attempt) != (work.step, work.attempt):
            wanted = f"step {work.step}, attempt {work.attempt}"
            self.wrong(
                record,
                f"{fact.run} is step {fact.step}, attempt {fact.attempt} and should be {wanted}",
            )

    def _reached(self, record: Record, fact: StepReached) -> None:
        if (work := self._idle(record, fact.work, "goes on to a step")) is None:
            return
        if not work.step < fact.step or fact.attempt != 1:
            why = f"attempt {fact.attempt} of step {fact.step} cannot follow step {work.step}"
            self.wrong(record, why)
        work.step, work.attempt, work.begun, work.buried = fact.step, 1, True, False
        self._ask(record, fact, work)

    def _ask(self, record: Record, fact: Asked, work: Work) -> None:
        if fact.run in self.past.runs:
            self.wrong(record, f"{fact.run} is asked for twice")
            return
        if not 0 < fact.step <= len(work.steps):
            self.wrong(record, f"{fact.work} has no step {fact.step}")
        elif work.steps[fact.step - 1].action != fact.action:
            self.wrong(record, f"step {fact.step} of {fact.work} is not {fact.action}")
        if fact.category != work.category:
            self.wrong(record, f"{fact.work} is of {work.category}, not of {fact.category}")
        work.live = fact.run
        self.past.runs[fact.run] = Run(
            fact.work,
            fact.action,
            fact.step,
            fact.attempt,
            fact.category,
            fact.ceiling_usd_micros,
            fact.priority,
            fact.own_limit,
            fact.takes_what_is_left,
            fact.executors,
        )

    def _moved(self, record: Record, fact: WorkMoved) -> None:
        if (work := self._waiting(record, fact.work, "moved")) is not None:
            work.phase, work.day = fact.phase, None

    def _deferred(self, record: Record, fact: WorkDeferred) -> None:
        if (work := self._waiting(record, fact.work, "deferred")) is None:
            return
        work.deferred += 1
        if fact.times != work.deferred or fact.times > work.defer_limit:
            limit = f"of {work.defer_limit} allowed, the {work.deferred}. by count"
            self.wrong(record, f"{fact.work} is deferred for the {fact.times}. time, {limit}")
        work.deferred, work.phase, work.day = fact.times, fact.phase, fact.day

    def _returned(self, record: Record, fact: WorkReturned) -> None:
        if (work := self._idle(record, fact.work, "is given back")) is not None:
            work.out = False
            if (fact.step, fact.attempt) != (work.step, work.attempt):
                why = f"as attempt {fact.attempt} of step {fact.step}, which it was not"
                self.wrong(record, f"{fact.work} is given back {why}")

    def _retrying(self, record: Record, fact: RunRetrying) -> None:
        if (work := self._idle(record, fact.work, "is tried again")) is None:
            return
        goes_on = fact.attempt == work.attempt and work.outcome in TURNED
        if fact.step != work.step or (fact.attempt != work.attempt + 1 and not goes_on):
            why = f"attempt {fact.attempt} of step {fact.step} after attempt {work.attempt} of step"
            self.wrong(record, f"{why} {work.step}")
        work.out, work.begun = False, True
        work.attempt, work.not_before = fact.attempt, fact.retry_at

    def _buried(self, record: Record, fact: WorkBuried) -> None:
        if (work := self._idle(record, fact.work, "is buried")) is not None:
            work.buried = True
            if fact.attempts != work.attempt:
                self.wrong(record, f"{fact.work} had {work.attempt} attempts, not {fact.attempts}")

    def _stopping(self, record: Record, fact: WorkStopping) -> None:
        """It may have ended meanwhile: then nothing stops."""
        if (work := self.past.works.get(fact.work)) is not None:
            if work.stopping and (work.at_once or not fact.at_once):
                self.wrong(record, f"{fact.work} is stopped twice")
            work.stopping, work.at_once = True, work.at_once or fact.at_once

    def _finished(self, record: Record, fact: WorkFinished) -> None:
        work = self._idle(record, fact.work, "finishes")
        if work is not None and fact.state == "completed" and work.buried:
            self.wrong(record, f"{fact.work} is completed although it was buried")
        self.past.works.pop(fact.work, None)

    def _dropped(self, record: Record, fact: WorkDropped) -> None:
        work = self._waiting(record, fact.work, "dropped")
        if work is not None and work.begun:
            self.wrong(record, f"{fact.work} is dropped although it has begun")
        if work is not None and fact.reason == "start_deadline":
            latest = self.past.latest or record.at
            if work.start_before is None or latest < work.start_before:
                self.wrong(record, f"{fact.work} is dropped for a deadline that has not passed")
        self.past.works.pop(fact.work, None)

    def _cancelled(self, record: Record, fact: WorkCancelled) -> None:
        self._waiting(record, fact.work, "cancelled")
        self.past.works.pop(fact.work, None)

    def _waiting(self, record: Record, name: str, what: str) -> Work | None:
        """The work, which must be the queue's."""
        work = self.past.works.get(name)
        if work is None:
            self.wrong(record, f"{name} is {what}: it was never planned, or has ended")
        elif work.out:
            self.wrong(record, f"{name} is {what} although it is on its way already")
            return None
        return work

    def _idle(self, record: Record, name: str, what: str) -> Work | None:
        """The work, which must be the executor's and have no open run."""
        work = self.past.works.get(name)
        if work is None:
            self.wrong(record, f"{name} {what}: it was never planned, or has ended")
        elif not work.out:
            self.wrong(record, f"{name} {what} although it waits in the queue")
        elif work.live:
            self.wrong(record, f"{name} {what} although {work.live} is open")
        else:
            return work
        return None
