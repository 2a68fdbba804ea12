"""Names that stay the same in every retelling: of a work its key, of a run its work's key, step,
attempt and how often that attempt was begun. Ids do not: they are places in one log."""

from typing import NamedTuple

from events.catalogue import AnyFact
from events.plan import WorkWithdrawn
from events.runs import RunClosed, RunStarting
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkPlanned,
    WorkReleased,
)

PLANS_KEPT = 2_000  # templates of a day whose numbers are known


class RunName(NamedTuple):
    """A run, whatever its id. `nth` counts the starts of one attempt, from 1: an attempt that
    was given back is begun again."""

    key: str
    step: int
    attempt: int
    nth: int = 1


class Names:
    """Learns from facts in their order what the ids in them stand for.

    Where a later plan takes work back and chooses its template again, the key is the former
    one: it is the same work, planned anew. With `forgets` only what has not ended is kept.
    """

    def __init__(self, *, forgets: bool = False) -> None:
        self.works: dict[str, str] = {}  # work: key
        self.runs: dict[str, RunName] = {}  # run: its name
        self._begun: dict[str, dict[tuple[int, int], int]] = {}
        self._numbers: dict[str, list[int]] = {}  # template@day: those given
        self._forgets = forgets

    def learn(self, fact: AnyFact) -> None:
        match fact:
            case WorkPlanned(work=work, key=key, source=source):
                self.works[work] = self._numbered(key) if source == "template" else key
            case WorkWithdrawn(work=work) if work in self.works:
                self._withdraw(work)
            case WorkReleased(work=work) | StepReached(work=work) if work in self.works:
                name = RunName(self.works[work], fact.step, fact.attempt, 0)
                self.runs[fact.run] = name
            case RunStarting(run=run, work=work) if work in self.works:
                self._begin(run, work, fact.step, fact.attempt)
            case RunClosed(run=run) if self._forgets:
                self.runs.pop(run, None)
            case WorkFinished() | WorkCancelled() | WorkDropped() if self._forgets:
                self.works.pop(fact.work, None)
                self._begun.pop(fact.work, None)

    def _numbered(self, key: str) -> str:
        """The template@day of a key, with the first number that is free."""
        plan, _, _ = key.rpartition("#")
        given = self._numbers.setdefault(plan, [])
        if len(self._numbers) > PLANS_KEPT:
            del self._numbers[next(iter(self._numbers))]
        number = next(n for n in range(1, len(given) + 2) if n not in given)
        given.append(number)
        return f"{plan}#{number}"

    def _withdraw(self, work: str) -> None:
        plan, _, number = self.works[work].rpartition("#")
        if plan in self._numbers and int(number) in self._numbers[plan]:
            self._numbers[plan].remove(int(number))
        self.works[work] += f" as {work}"

    def _begin(self, run: str, work: str, step: int, attempt: int) -> None:
        begun = self._begun.setdefault(work, {})
        begun[step, attempt] = nth = begun.get((step, attempt), 0) + 1
        self.runs[run] = RunName(self.works[work], step, attempt, nth)
