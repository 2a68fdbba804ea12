"""What became of everything in a log, told so that two logs can be laid side by side.

Its subjects have natural keys: pieces of work, requests, occurrences that became no work, phases,
intents made or switched by hand, alerts.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from msgspec import Struct, field

from actors.replay.naming import Names
from events.budget import BudgetOpened, CostCorrected, FundsRefused, FundsSettled
from events.catalogue import AnyFact
from events.intents import (
    AlertCleared,
    AlertRaised,
    BreakerClosed,
    BreakerOpened,
    IntentAdded,
    IntentRemoved,
    IntentSwitched,
)
from events.plan import OccurrenceSkipped, WorkWithdrawn
from events.record import Record
from events.requests import Paused, RequestRefused, RequestRepeated, Resumed
from events.runs import RunClosed, RunStarting
from events.time import (
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesSuperseded,
    PhaseMissed,
    PhaseStarted,
)
from events.work import (
    WorkCancelled,
    WorkDeferred,
    WorkDropped,
    WorkFinished,
    WorkHeld,
    WorkMoved,
    WorkPlanned,
    WorkReleased,
)

MOVED_BY = timedelta(seconds=60)
Kind = Literal["work", "request", "occurrence", "phase", "intent", "alert"]
Closed = OccurrenceMissed | OccurrencesCoalesced | OccurrencesSuperseded


class Story(Struct):
    """What became of a piece of work, or what was said to a request, an occurrence, a phase."""

    name: str = ""
    category: str = ""
    lane: str = ""
    day: date | None = None
    phase: str | None = None
    started_at: datetime | None = None
    state: str = "planned"  # held, released, running, or how it ended
    reason: str = ""
    refused: int = 0  # times that money was refused
    runs: list[str] = field(default_factory=list)  # outcomes, in order
    cost_usd_micros: int = 0


class Difference(NamedTuple):
    """A subject of which the two logs tell different things; None where one knows it not."""

    kind: Kind
    subject: str
    what: str
    recorded: Story | None
    otherwise: Story | None
    drawn: bool = False  # Its end was invented.
    estimated: bool = False  # And no run of the same action told what it costs.


class Stories:
    """Takes the records of a log in order."""

    def __init__(self) -> None:
        self.subjects: dict[tuple[Kind, str], Story] = {}
        self.spend: dict[date, dict[str, int]] = {}  # by day and category
        self.limits: dict[date, int] = {}
        self._names = Names()

    def take(self, record: Record) -> None:
        fact = record.fact
        if isinstance(fact, WorkWithdrawn):
            self.subjects.pop(("work", self._names.works.get(fact.work, "")), None)
        self._names.learn(fact)
        if isinstance(fact, WorkPlanned):
            self.subjects["work", self._names.works[fact.work]] = Story(
                fact.name, fact.category, fact.lane, fact.day, fact.phase
            )
        elif (story := self._story(fact)) is not None:
            _tell(story, fact, record.at)
        else:
            self._note(fact)

    def _story(self, fact: AnyFact) -> Story | None:
        key = self._names.works.get(getattr(fact, "work", ""))
        if isinstance(fact, FundsSettled):
            by_category = self.spend.setdefault(fact.day, {})
            before = by_category.get(fact.category, 0)
            by_category[fact.category] = before + fact.cost_usd_micros
        elif isinstance(fact, CostCorrected):
            by_category = self.spend.setdefault(fact.day, {})
            more = fact.cost_usd_micros - fact.was_usd_micros
            by_category[fact.category] = by_category.get(fact.category, 0) + more
        return None if key is None else self.subjects.get(("work", key))

    def _note(self, fact: AnyFact) -> None:
        match fact:
            case BudgetOpened(day=day, limit_usd_micros=limit):
                self.limits[day] = limit
            case RequestRefused(key=key, reason=refusal):
                self.subjects["request", key] = Story(state="refused", reason=refusal)
            case RequestRepeated(key=key):
                self.subjects["request", key] = Story(state="repeated")
            case OccurrenceSkipped(intent=intent, due_at=due, reason=why):
                self._close(intent, due, "skipped", why)
            case OccurrenceExpired(intent=intent, due_at=due, reason=why):
                self._close(intent, due, "expired", why)
            case OccurrenceMissed() | OccurrencesCoalesced() | OccurrencesSuperseded():
                words = fact.reason if fact.count == 1 else f"{fact.reason}, {fact.count} of them"
                self._close(fact.intent, fact.first_due_at, _CLOSED[type(fact)], words)
            case PhaseStarted(day=day, phase=phase):
                self.subjects["phase", f"{phase}@{day}"] = Story(phase, state="started")
            case PhaseMissed(day=day, phase=phase, reason=missed):
                self.subjects["phase", f"{phase}@{day}"] = Story(
                    phase, state="missed", reason=missed
                )
            case _:
                self._note_of_names(fact)

    def _note_of_names(self, fact: AnyFact) -> None:
        """What happened, one thing after the other, to what keeps its name."""
        match fact:
            case Paused(scope=scope, name=name) | Resumed(scope=scope, name=name):
                state = "paused" if isinstance(fact, Paused) else "resumed"
                self._append("request", f"{scope} {name}".strip(), state)
            case IntentAdded(name=name):
                self._append("intent", name, "added")
            case IntentRemoved(name=name, reason=fate):
                self._append("intent", name, f"removed ({fate})")
            case IntentSwitched(name=name, enabled=enabled):
                self._append("intent", name, "enabled" if enabled else "disabled")
            case AlertRaised(alert=alert, subject=about):
                self._append("alert", f"{alert} {about}".strip(), "raised")
            case AlertCleared(alert=alert, subject=about):
                self._append("alert", f"{alert} {about}".strip(), "cleared")
            case BreakerOpened(intent=intent):
                self._append("intent", intent, "breaker opened")
            case BreakerClosed(intent=intent):
                self._append("intent", intent, "breaker closed")

    def _close(self, intent: str, due: datetime, state: str, reason: str) -> None:
        subject = f"{intent}@{due.isoformat().replace('+00:00', 'Z')}"
        self.subjects["occurrence", subject] = Story(intent, state=state, reason=reason)

    def _append(self, kind: Kind, subject: str, state: str) -> None:
        """What was said of it in the course of time, the last of it as its state."""
        known = self.subjects.setdefault((kind, subject), Story(subject))
        known.state = state
        known.runs.append(state)


_CLOSED: dict[type[Closed], str] = {
    OccurrenceMissed: "missed",
    OccurrencesCoalesced: "coalesced",
    OccurrencesSuperseded: "superseded",
}


def _tell(story: Story, fact: AnyFact, at: datetime) -> None:
    match fact:
        case WorkHeld(reason=held):
            story.state, story.reason = "held", held
        case WorkReleased():
            story.state, story.reason = "released", ""
        case FundsRefused():
            story.refused += 1
        case RunStarting():
            story.started_at = story.started_at or at
            story.state, story.reason = "running", ""
        case RunClosed(outcome=outcome):
            story.runs.append(outcome)
        case FundsSettled(cost_usd_micros=cost):
            story.cost_usd_micros += cost
        case CostCorrected(was_usd_micros=was, cost_usd_micros=cost):
            story.cost_usd_micros += cost - was
        case WorkDeferred(phase=phase, day=day):
            story.phase, story.day = phase, day
        case WorkMoved(phase=phase):
            story.phase = phase
        case WorkFinished(state=state):
            story.state, story.reason = state, ""
        case WorkDropped(reason=dropped):
            story.state, story.reason = "dropped", dropped
        case WorkCancelled():
            story.state, story.reason = "cancelled", ""


def differences(
    recorded: Stories,
    otherwise: Stories,
    is_drawn: Callable[[str], bool] = lambda key: False,
    is_estimated: Callable[[str], bool] = lambda key: False,
) -> Iterator[Difference]:
    """Where the two tell different things, in the order of the recorded one, then the other's."""
    for subject in dict.fromkeys([*recorded.subjects, *otherwise.subjects]):
        kind, name = subject
        before, after = recorded.subjects.get(subject), otherwise.subjects.get(subject)
        if what := _what(kind, before, after):
            drawn = kind == "work" and is_drawn(name)
            estimated = drawn and is_estimated(name)
            yield Difference(kind, name, what, before, after, drawn, estimated)


def _what(kind: Kind, before: Story | None, after: Story | None) -> str:
    """What is different, in a word or two; "" when nothing is that matters."""
    if kind != "work" or before is None or after is None:
        return _what_is_there(before, after) if before != after else ""
    if (before.started_at is None) != (after.started_at is None):
        return "would have run" if after.started_at else "would not have run"
    if before.state != after.state or before.reason != after.reason:
        return "would have ended otherwise"
    if bool(before.refused) != bool(after.refused):
        return "would have been refused money" if after.refused else "would have had money"
    if before.runs != after.runs:
        return "would have run otherwise"
    if (before.day, before.phase) != (after.day, after.phase) or _far(before, after):
        return "would have moved"
    return "would have cost otherwise" if before.cost_usd_micros != after.cost_usd_micros else ""


def _what_is_there(before: Story | None, after: Story | None) -> str:
    if before is None:
        assert after is not None
        return "would have run" if after.started_at else f"would have been {after.state}"
    if after is None:
        return "would not have run" if before.started_at else f"would not have been {before.state}"
    return f"would have been {after.state}"


def _far(before: Story, after: Story) -> bool:
    one, other = before.started_at, after.started_at
    return one is not None and other is not None and abs(one - other) > MOVED_BY
