"""Why a thing happened or did not: its chain of causes, what blocked it, what would have let it.

The chain runs from the observation that set the thing off to its end, the newest last. What
blocked it is named with the first reason first; the changes are found by deciding again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import Struct

from actors.recall import Indigestible
from actors.replay.goals import Goal
from actors.replay.past import Past
from actors.replay.reasons import Blocking, blocking
from actors.replay.sentences import Clock, sentence, utc
from actors.replay.standing import (
    asks_for,
    blocked,
    end_of,
    last_trouble,
    latest,
    of_funds,
    of_held,
    of_run,
    overtaken,
    settled,
)
from actors.replay.trying import Scene, Search, Way, root_of, scene
from events.budget import FundsRefused
from events.intents import WorkOvertaken
from events.plan import PlanDrawn
from events.record import Record
from events.runs import RunClosed, RunEnded, RunStarting, RunWaiting
from events.work import (
    StepReached,
    WorkCancelled,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkPlanned,
    WorkReleased,
    WorkReturned,
)

PLAN_RECORDS = 2_000  # In front of planned work: so far off stands the plan that chose it.


class Unknown(Exception):
    """Nothing is recorded of what was asked about; the message says what that was."""


class Line(Struct, frozen=True):
    """A record of the chain, and what it says."""

    position: int
    at: datetime
    by: str
    cause: int | None
    kind: str
    says: str


class Explanation(Struct, frozen=True):
    """`reasons` are those that stood in the way, the first to be dealt with first. Each of
    `ways` would have let it happen by itself; it was decided again from `decided_from` on."""

    subject: str
    about: str  # work, run, occurrence, template, request, phase, record
    verdict: str
    says: str
    reasons: tuple[Blocking, ...] = ()
    ways: tuple[Way, ...] = ()
    decided_from: int = 0
    chain: tuple[Line, ...] = ()


class Teller:
    """Explains what is in a past. `clock` says times; `now` is the moment of the question."""

    def __init__(
        self, past: Past, clock: Clock = utc, now: datetime | None = None, *, tries: bool = True
    ) -> None:
        self.past, self.clock, self.now = past, clock, now
        self._tries = tries

    def work(self, name: str, subject: str = "") -> Explanation:
        """A piece of work, from what set it off to where it stands."""
        records = self.past.about(name)
        planned = next((it for it in records if isinstance(it.fact, WorkPlanned)), None)
        if planned is None:
            raise Unknown(f"no work is called {name}")
        end = next((it for it in reversed(records) if isinstance(it.fact, _ENDS)), None)
        verdict = self._of_end(records, planned, end) if end else self._of_life(records, planned)
        return self.told(subject or name, "work", records, *verdict)

    def run(self, name: str) -> Explanation:
        """One attempt, with the work that it is of."""
        work = self.past.work_of(name)
        if work is None:
            raise Unknown(f"no run is called {name}")
        records = self.past.about(work)
        own = [it for it in records if getattr(it.fact, "run", None) == name]
        planned = next(it for it in records if isinstance(it.fact, WorkPlanned))
        returned = next((it for it in own if isinstance(it.fact, WorkReturned)), None)
        refused = next((it for it in own if isinstance(it.fact, FundsRefused)), None)
        closed = next((it for it in own if isinstance(it.fact, RunClosed)), None)
        verdict: _Verdict
        if returned is not None and isinstance(returned.fact, WorkReturned):
            given = blocking("return", returned.fact.reason, returned.position)
            verdict = ("returned", f"{name} never began: {given.means}", (given,), None)
        elif refused is not None:
            verdict = self._of_refused(refused, planned)
        elif closed is None:
            state = "running" if any(isinstance(it.fact, RunStarting) for it in own) else "released"
            verdict = (state, f"{name} is {state}", (), None)
        elif (told := settled(own)) is not None:
            verdict = (told.reason, f"{name} {told.reason}: {told.means}", (told,), None)
        else:
            over = overtaken(records) if _outcome(closed) == "cancelled" else None
            why = (*((over,) if over else ()), *of_run(records, closed))
            says = f"{name} {_outcome(closed)}{f': {why[0].means}' if why else ''}"
            verdict = (_outcome(closed), says, why, self._again(records, planned, closed))
        return self.told(name, "run", [planned, *own], *verdict)

    def record(self, record: Record) -> Explanation:
        """A money refusal or a hold as it stood then; else a record with what it led to."""
        fact, subject = record.fact, str(record.position)
        if isinstance(fact, FundsRefused | WorkHeld):
            records = [it for it in self.past.about(fact.work) if it.position <= record.position]
            planned = next(it for it in records if isinstance(it.fact, WorkPlanned))
            if isinstance(fact, WorkHeld):
                verdict = self._of_hold(records, record, planned)
            else:
                verdict = self._of_refused(record, planned)
            return self.told(subject, "record", records, *verdict)
        says = sentence(fact, self.clock).rstrip(".")
        followed = self.past.answers(record.position)
        return self.told(subject, "record", [record, *followed], "recorded", says, (), None)

    # What it came to

    def _of_end(self, records: Sequence[Record], planned: Record, end: Record) -> "_Verdict":
        name = _named(planned)
        match end.fact:
            case WorkFinished(state="completed"):
                return "completed", f"{name} ran and is complete", (), None
            case WorkFinished(state="unknown") if (told := settled(records)) is not None:
                return "settled", f"{name} is over: {told.means}", (told,), None
            case WorkFinished(state=state):
                closed = last_trouble(records)
                over = overtaken(records) if state == "cancelled" else None
                why = (
                    *((over,) if over else ()),
                    *(of_run(records, closed) if closed else ()),
                    blocking("end", state, end.position),
                )
                again = self._again(records, planned, closed) if closed else None
                taken = latest(records, WorkOvertaken)
                began = any(isinstance(it.fact, RunStarting) for it in records)
                if taken is not None and not began:
                    again = self._freed(taken, planned)
                return state, f"{name} ended {state}: {why[0].means}", why, again
            case WorkDropped(reason=reason):
                return self._of_drop(records, planned, blocking("drop", reason, end.position))
        return self._of_cancelled(records, planned, end)

    def _of_cancelled(self, records: Sequence[Record], planned: Record, end: Record) -> "_Verdict":
        """What it waited for is said too: that kept it from running before it was ended."""
        note = end.fact.note if isinstance(end.fact, WorkCancelled) else ""
        over, held = overtaken(records), latest(records, WorkHeld)
        taken = latest(records, WorkOvertaken) or held
        asked = Blocking("end", "cancelled", f"somebody ended it{_words(note)}", end.position)
        first = over or asked
        waited = self._why(records, held) if held else ()
        says = f"{_named(planned)} was cancelled while it waited"
        says += f", held because {waited[0].means}; {first.means}" if waited else f": {first.means}"
        again = self._freed(taken, planned) if taken else None
        return "cancelled", says, (first, *waited), again

    def _of_drop(self, records: Sequence[Record], planned: Record, dropped: Blocking) -> "_Verdict":
        closed = latest(records, RunClosed)
        late = closed if dropped.reason == "too_late" else None
        held = [] if late else blocked(records)
        if not held:
            last = latest(records, WorkHeld)
            why = (dropped, *(self._why(records, last) if last else ()))
            says = f"{_named(planned)} never ran: {dropped.means}"
            again = self._again(records, planned, late) if late else None
            return "dropped", says, why, again if late else self._freed(last or planned, planned)
        why = (*(it for hold in held for it in self._why(records, hold)), dropped)
        so = "then" if dropped.reason in _TAKEN_BACK else "and so"
        says = f"{_named(planned)} never ran: {why[0].means}; {so} {dropped.means}"
        return "dropped", says, why, self._freed(held[0], planned)

    def _of_life(self, records: Sequence[Record], planned: Record) -> "_Verdict":
        last = next((it for it in reversed(records) if isinstance(it.fact, _STANDS)), planned)
        name = _named(planned)
        match last.fact:
            case WorkHeld():
                return self._of_hold(records, last, planned)
            case FundsRefused():
                return self._of_refused(last, planned)
            case RunStarting():
                return "running", f"{name} is running", (), None
            case RunWaiting(executor=executor):
                why = f"as many runs of {executor} are open as may be"
                return "waits", f"{name} waits for a place: {why}", (), None
            case WorkReleased() | StepReached():
                return "released", f"{name} goes ahead as soon as it is paid for", (), None
        return "planned", f"{name} was planned, and nothing more is recorded of it", (), None

    def _of_hold(self, records: Sequence[Record], held: Record, planned: Record) -> "_Verdict":
        why = self._why(records, held)
        stands = "has not run" if why[0].within in ("hold", "funds") else "waits to go on"
        says = f"{_named(planned)} {stands}: {why[0].means}"
        until = held.fact.until if isinstance(held.fact, WorkHeld) else None
        if until is not None:
            says += f", until {self.clock(until)}"
        return "waits", says, why, self._freed(held, planned)

    def _why(self, records: Sequence[Record], held: Record) -> tuple[Blocking, ...]:
        behind = self.past.record(held.cause) if held.cause else None
        return tuple(of_held(records, held, behind))

    def _of_refused(self, refused: Record, planned: Record) -> "_Verdict":
        why = (of_funds(refused),)
        says = f"{_named(planned)} was refused money: {why[0].means}"
        return "refused", says, why, self._freed(refused, planned)

    # Where it is decided again

    def _freed(self, obstacle: Record, planned: Record) -> "Again":
        fact = planned.fact
        assert isinstance(fact, WorkPlanned)
        root = root_of(self.past, obstacle)
        goal = _goal_of(fact, planned.position > root.position)
        return lambda: scene(self.past, root, goal)

    def _again(self, records: Sequence[Record], planned: Record, closed: Record) -> "Again | None":
        """Another attempt, or a longer time to start, had its run been decided otherwise."""
        fact, ended = closed.fact, end_of(records, closed)
        asked = next((it for it in records if asks_for(it, closed)), None)
        if isinstance(fact, RunClosed) and ended is None and fact.outcome == "misconfigured":
            return self._freed(closed, planned)
        if not isinstance(fact, RunClosed) or asked is None or ended is None:
            return None
        moment = ended.fact.ended_at if isinstance(ended.fact, RunEnded) else None
        key = planned.fact.key if isinstance(planned.fact, WorkPlanned) else ""
        if fact.outcome == "too_late":
            goal = Goal("in_time", fact.work, key, fact.action, moment=moment)
        elif fact.outcome in ("failed", "timed_out", "unknown"):
            goal = Goal("retry", fact.work, key, fact.action)
        else:
            return None
        then = ended if goal.kind == "retry" else None
        return lambda: scene(self.past, root_of(self.past, asked), goal, then=then)

    # How it is told

    def told(
        self,
        subject: str,
        about: str,
        records: Iterable[Record],
        verdict: str,
        says: str,
        why: tuple[Blocking, ...],
        again: "Again | None",
    ) -> Explanation:
        found, decided_from = tuple[Way, ...](), 0
        if again is not None and self._tries:
            with suppress(Indigestible):  # What an actor choked on cannot be decided again.
                where = again()
                search = Search(where)
                found, decided_from = tuple(search.ways()), where.trigger.position
                why, says = _with_more(why, says, search.more())
        chain = tuple(map(self._line, self._chain(records)))
        return Explanation(
            subject, about, verdict, f"{says}.", why, found, decided_from if found else 0, chain
        )

    def _line(self, record: Record) -> Line:
        fact = record.fact
        says = sentence(fact, self.clock)
        return Line(record.position, record.at, record.by, record.cause, fact.kind, says)

    def _chain(self, records: Iterable[Record]) -> Sequence[Record]:
        """These records, and what they follow from, back to what came by itself."""
        known = {it.position: it for it in records}
        for record in list(known.values()):
            if isinstance(record.fact, WorkPlanned) and record.fact.revision:
                known |= {it.position: it for it in self._plan_of(record)}
            while record.depth and record.cause is not None and record.cause not in known:
                cause = self.past.record(record.cause)
                if cause is None:
                    break
                record = known[cause.position] = cause
        return [known[position] for position in sorted(known)]

    def _plan_of(self, planned: Record) -> Iterator[Record]:
        after = max(planned.cause or 0, planned.position - PLAN_RECORDS)
        for record in self.past.records(after, planned.position):
            if isinstance(record.fact, PlanDrawn) and record.cause == planned.cause:
                yield record


Again = Callable[[], Scene]
_Verdict = tuple[str, str, tuple[Blocking, ...], "Again | None"]
_ENDS = (WorkFinished, WorkCancelled, WorkDropped)
_TAKEN_BACK = ("replanned", "configuration_changed", "alert_over")
_STANDS = (WorkHeld, WorkReleased, StepReached, FundsRefused, RunWaiting, RunStarting)


def _with_more(why: tuple[Blocking, ...], says: str, more: str) -> tuple[tuple[Blocking, ...], str]:
    """What deciding again brought to light about a hold, said wherever the hold is named."""
    held = next((it for it in why if it.within == "hold"), None)
    if held is None or not more:
        return why, says
    known = held._replace(means=f"{held.means}: {more}")
    return tuple(known if it is held else it for it in why), says.replace(held.means, known.means)


def _goal_of(fact: WorkPlanned, comes_later: bool) -> Goal:
    """The work; where its occurrence is decided again too, whatever work that becomes."""
    if fact.source != "intent":
        return Goal("work", fact.work, fact.key)
    name, _, instant = fact.key.rpartition("@")
    if comes_later:
        return Goal("occurrence", name=name, moment=datetime.fromisoformat(instant))
    return Goal("work", fact.work, fact.key, name)


def _named(planned: Record) -> str:
    fact = planned.fact
    assert isinstance(fact, WorkPlanned)
    return f"{fact.work} ({fact.name})"


def _words(note: str) -> str:
    return f" ({note})" if note else ""


def _outcome(closed: Record) -> str:
    return closed.fact.outcome if isinstance(closed.fact, RunClosed) else "closed"


def says_of(way: Way) -> str:
    """The changes of a way in one sentence."""
    return " and ".join(change.says for change in way.changes)
