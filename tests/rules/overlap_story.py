"""What the stories about occurrences that meet their own work are told with."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from events.catalogue import AnyDecision, AnyFact
from events.configuration import Action, Configuration, Intent, Step
from events.intents import OccurrenceBuffered, OccurrenceEnded, WorkOvertaken
from events.plan import OccurrenceSkipped, SkipReason
from events.policies import Policies
from events.settings import Overlap
from events.time import (
    OccurrenceDue,
    OccurrenceExpired,
    OccurrencesSuperseded,
    SupersedeReason,
)
from events.work import WorkFinished, WorkPlanned
from tests.rules.planner_story import MONEY, PHASES, action, at, given, loaded, when

NOON = at(12)
MINUTE = timedelta(minutes=1)


def with_intent(policies: Policies | None = None, **more: Any) -> Configuration:
    """A house in which the intent `news` reads each minute."""
    return of_intents({"news": Intent(run="read", every_seconds=60, **more)}, policies)


def of_intents(
    intents: dict[str, Intent], policies: Policies | None = None, **actions: Action
) -> Configuration:
    return Configuration(
        phases=PHASES,
        budget=MONEY,
        actions={"read": action(0), "tidy": action(0, category="system", lane="desk"), **actions},
        intents=intents,
        policies=policies or Policies(),
    )


def minute(number: int) -> datetime:
    return NOON + number * MINUTE


def due(number: int = 0, intent: str = "news", data_json: str = "") -> OccurrenceDue:
    return OccurrenceDue(intent, minute(number), data_json=data_json)


def work(number: int, position: int, ordinal: int = 1, **more: Any) -> WorkPlanned:
    """What the occurrence of that minute becomes when it is decided at that position."""
    key = f"news@{minute(number).isoformat().replace('+00:00', 'Z')}"
    settings: dict[str, Any] = {
        "name": "read",
        "source": "intent",
        "key": key,
        "steps": (Step(action="read"),),
        "category": "research",
        "lane": "main",
        "expected_seconds": 1800,
    }
    return WorkPlanned(work=f"w{position}-{ordinal}", **(settings | more))


def buffered(number: int) -> OccurrenceBuffered:
    return OccurrenceBuffered("news", minute(number))


def skipped(number: int, reason: SkipReason) -> OccurrenceSkipped:
    return OccurrenceSkipped("news", minute(number), reason)


def superseded(number: int, reason: SupersedeReason) -> OccurrencesSuperseded:
    return OccurrencesSuperseded("news", minute(number), minute(number), 1, reason)


def expired(number: int) -> OccurrenceExpired:
    return OccurrenceExpired("news", minute(number), "start_deadline")


def overtaken(position: int, number: int, at_once: bool = False) -> WorkOvertaken:
    return WorkOvertaken(f"w{position}-1", "news", minute(number), at_once)


def ended(number: int, state: Any, work: str = "") -> OccurrenceEnded:
    return OccurrenceEnded("news", minute(number), state, work)


def finished(position: int, ordinal: int = 1, state: Any = "completed") -> WorkFinished:
    return WorkFinished(f"w{position}-{ordinal}", state)


class Minutes:
    """A planner that lives through facts, a minute and a position each."""

    def __init__(self, house: Configuration, *before: AnyFact) -> None:
        self.planner, self.number = given(loaded(house), *before), -1

    def hears(self, fact: AnyFact, number: int | None = None) -> list[AnyDecision]:
        self.number = self.number + 1 if number is None else number
        return when(self.planner, fact, minute(self.number), self.number)

    def due(self) -> list[AnyDecision]:
        """The intent is due at the minute that comes now."""
        return self.hears(due(self.number + 1))


def told(overlap: Overlap, facts: Sequence[AnyFact], **more: Any) -> list[AnyDecision]:
    minutes = Minutes(with_intent(overlap=overlap, **more))
    return [decision for fact in facts for decision in minutes.hears(fact)]
