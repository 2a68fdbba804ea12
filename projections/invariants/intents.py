"""Which intents are in force, and that nothing becomes due of one that is not."""

from collections.abc import Mapping

from events.configuration import Configuration, ConfigurationLoaded, Intent
from events.fact import Fact
from events.intents import IntentAdded, IntentRemoved, IntentsConfigured, IntentSwitched
from events.record import Record
from events.time import OccurrenceDue
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.past import InForce, Past

NONE = Configuration()


class Intents(Check):
    """Keeps the intents of `Past`. One made by hand stands before a configured one of its name;
    a switch by hand holds until the configured intent itself changes."""

    NAME = "intent"

    def __init__(self, past: Past, tell: Tell) -> None:
        super().__init__(past, tell)
        self._configured: dict[str, Intent] = {}
        self._by_hand: dict[str, Intent] = {}
        self._switched: dict[str, bool] = {}

    def handlers(self) -> Mapping[type[Fact], Handler]:
        return {
            ConfigurationLoaded: self._loaded,
            IntentsConfigured: self._changed,
            IntentAdded: self._added,
            IntentRemoved: self._removed,
            IntentSwitched: self._was_switched,
            OccurrenceDue: self._due,
        }

    def _loaded(self, record: Record, fact: ConfigurationLoaded) -> None:
        if fact.configuration is None:
            return
        before, after = self._configured, fact.configuration.intents
        self._configured = after
        for name in before.keys() | after.keys():
            if before.get(name) == after.get(name):
                continue
            if name not in self._by_hand:
                self._switched.pop(name, None)
                self._enforce(record, name)

    def _changed(self, record: Record, fact: IntentsConfigured) -> None:
        """It says of each name what became of it, once."""
        cause = record.cause or 0
        configured = (self.past.settings(cause) or NONE).intents
        there = (*fact.added, *fact.changed, *fact.name_taken)
        for name in there:
            if name not in configured:
                self.wrong(record, f"{name} is said to be configured and is not")
        for name in fact.removed:
            if name in configured:
                self.wrong(record, f"{name} is said to be gone and is configured")
        if len({*there, *fact.removed}) < len(there) + len(fact.removed):
            self.wrong(record, "two things are said of one intent")

    def _added(self, record: Record, fact: IntentAdded) -> None:
        name = fact.name
        if fact.source == "configuration":
            self.wrong(record, f"{name} is made by hand, and comes from the configuration")
        if name in self._by_hand or self._stood(name, record):
            self.wrong(record, f"{name} is added and was there before")
        self._by_hand[name] = fact.intent
        self._switched.pop(name, None)
        self._enforce(record, name)

    def _removed(self, record: Record, fact: IntentRemoved) -> None:
        name = fact.name
        intent = self._by_hand.pop(name, None)
        if intent is None:
            self.wrong(record, f"{name} is removed and was not made by hand")
        elif fact.reason == "over" and not intent.now and intent.at is None:
            self.wrong(record, f"{name} is over, and comes again and again")
        self._switched.pop(name, None)
        self._enforce(record, name)

    def _was_switched(self, record: Record, fact: IntentSwitched) -> None:
        name = fact.name
        if name not in self._by_hand and not self._stood(name, record):
            self.wrong(record, f"{name} is switched and was never there")
        if self._switched.get(name) == fact.enabled and name not in self.past.broken:
            self.wrong(record, f"{name} is switched to what it was")
        self._switched[name] = fact.enabled
        self._enforce(record, name)

    def _stood(self, name: str, record: Record) -> bool:
        """Whether the configuration had it where the planner looked."""
        settings = self.past.settings(record.cause or 0)
        return settings is not None and name in settings.intents

    def _enforce(self, record: Record, name: str) -> None:
        intent = self._by_hand.get(name) or self._configured.get(name)
        enabled = intent is not None and self._switched.get(name, intent.enabled)
        by_hand = name in self._by_hand
        self.past.enforce(name, InForce(record.position, intent, enabled, by_hand))

    def _due(self, record: Record, fact: OccurrenceDue) -> None:
        known = self.past.intent(fact.intent, record.cause or 0)
        if known is None:
            self.wrong(record, f"{fact.intent} is due and was never in force")
        elif known.intent is None:
            self.wrong(record, f"{fact.intent} is due and is gone since {known.since}")
        elif not known.enabled:
            self.wrong(record, f"{fact.intent} is due and is disabled since {known.since}")
