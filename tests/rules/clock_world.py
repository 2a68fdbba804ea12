"""A clock, everything it was told, and the book of occurrences that anybody can keep beside it."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import msgpack

from actors.clock.rules import RULES, Clock, next_instant
from actors.triggers import count_between, due_between
from events.catalogue import AnyDecision, AnyFact
from events.configuration import Configuration, ConfigurationLoaded, Intent
from events.daemon import DaemonStarted
from events.intents import IntentAdded, IntentRemoved
from events.plan import OccurrenceSkipped
from events.record import Record
from events.time import (
    ClockStepped,
    HostSlept,
    OccurrenceDue,
    OccurrenceExpired,
    OccurrenceMissed,
    OccurrencesCoalesced,
    OccurrencesExpected,
    OccurrencesReopened,
    OccurrencesSuperseded,
    TimePassed,
)

STARTED = DaemonStarted(version="0.1.0", pid=1, boot="b")
PASSED = TimePassed()
SECOND, INSTANT = timedelta(seconds=1), timedelta(microseconds=1)
RANGES = (OccurrenceMissed, OccurrencesCoalesced, OccurrencesSuperseded)
SINGLES = (OccurrenceDue, OccurrenceSkipped, OccurrenceExpired)
AT_ONE_INSTANT = 10  # events that the tests let happen at one, and that get instants of their own
MANY = 100_000  # More than that are counted, but not kept one by one.
VERDICTS = (*RANGES, *SINGLES)


class World:
    """A wall clock that can be set, and true time beside it."""

    def __init__(self, now: datetime, configuration: Configuration) -> None:
        self.now, self.clock = now, RULES.state()
        self.log: list[tuple[Record, list[AnyDecision]]] = []
        self.book = Book()
        self.load(configuration)
        self.tell(STARTED)

    def load(self, configuration: Configuration, tzdata: str = "a") -> list[Any]:
        return self.tell(ConfigurationLoaded("d", configuration, tzdata=tzdata))

    def tell(self, fact: AnyFact) -> list[Any]:
        record = Record(len(self.log) + 1, self.now, "door", None, fact)
        decisions = list(RULES.consider(self.clock, record))
        self.log.append((record, decisions))
        self.book.take(record, decisions)
        return decisions

    def pass_time(self, span: timedelta) -> list[Any]:
        """The clock is woken whenever it wants to be."""
        end, told = self.now + span, list[Any]()
        for _ in range(20_000):
            wakes = next_instant(self.clock)
            if wakes is None or wakes > end:
                break
            self.now = max(self.now, wakes)
            told += self.tell(PASSED)
            later = next_instant(self.clock)
            assert later is None or later > self.now, "it would be woken again for nothing"
        else:
            raise AssertionError("it runs for ever")
        self.now = end
        return told

    def be_down(self, span: timedelta) -> list[Any]:
        self.now += span
        return self.tell(STARTED)

    def sleep(self, span: timedelta) -> list[Any]:
        since, self.now = self.now, self.now + span
        return self.tell(HostSlept(span // timedelta(milliseconds=1), since)) + self.tell(PASSED)

    def step(self, span: timedelta) -> list[Any]:
        before, self.now = self.now, self.now + span
        stepped = ClockStepped(span // timedelta(milliseconds=1), before)
        return self.tell(stepped) + self.tell(PASSED)

    @property
    def decided(self) -> list[tuple[datetime, Any]]:
        return [(record.at, fact) for record, decisions in self.log for fact in decisions]

    def dues(self, name: str) -> list[datetime]:
        facts = (fact for _, fact in self.decided if isinstance(fact, OccurrenceDue))
        return [fact.due_at for fact in facts if fact.intent == name]

    def lived_again(self) -> Clock:
        """The same clock, from its log, kept and read back after every record."""
        again = RULES.state()
        for record, decisions in self.log:
            if type(record.fact) in RULES.hears:
                RULES.learn(again, record, decisions)
            again = msgpack.decode(msgpack.encode(again), type=Clock)
        return again


class Again:
    """No verdict yet. One that was superseded may come again by another trigger."""


class Book:
    """What is expected and what became of it, kept from what was told and from nothing else.

    It knows each intent as it was when something was told of it.
    """

    def __init__(self) -> None:
        self.house = Configuration()
        self.intents: dict[str, Intent] = {}
        self.by_hand: dict[str, Intent] = {}
        self.open: dict[str, set[datetime]] = defaultdict(set)
        self.closed: dict[str, dict[datetime, type]] = defaultdict(dict)
        self.started: Counter[tuple[str, datetime]] = Counter()

    def take(self, record: Record, decisions: list[AnyDecision]) -> None:
        old, house = {**self.intents, **self.by_hand}, self.house
        match record.fact:
            case ConfigurationLoaded(configuration=configuration) if configuration is not None:
                self.house, self.intents = configuration, dict(configuration.intents)
            case IntentAdded(name=name, intent=intent):
                self.by_hand[name] = intent
            case IntentRemoved(name=name):
                self.by_hand.pop(name, None)
        new = {**self.intents, **self.by_hand}
        for fact in decisions:
            match fact:
                case OccurrencesReopened(after=after):
                    self._reopen(after)
                case OccurrencesExpected():
                    self._expect(fact, new, record.at)
                case OccurrencesSuperseded():
                    self._close(fact, old, house, record.at)
                case OccurrenceMissed(reason="in_the_past"):
                    pass
                case _ if isinstance(fact, VERDICTS):
                    self._close(fact, new, self.house, record.at)

    def _reopen(self, after: datetime) -> None:
        for closed in self.closed.values():
            for at in [at for at, kind in closed.items() if at > after]:
                if closed[at] is not OccurrenceDue:
                    del closed[at]

    def _expect(self, told: OccurrencesExpected, intents: dict[str, Intent], at: datetime) -> None:
        for one in told.intents:
            self.open[one.intent] = set()
            if one.count:
                found = self._instants(one.intent, intents, self.house, one)
                closed = self.closed[one.intent]
                found = [
                    at for at in found if closed.get(at, Again) in (Again, OccurrencesSuperseded)
                ]
                assert len(found) == one.count, (told, found)
                self.open[one.intent] = set(found)

    def _close(
        self, fact: Any, intents: dict[str, Intent], house: Configuration, now: datetime
    ) -> None:
        name = fact.intent
        if isinstance(fact, SINGLES):
            instants = [fact.due_at]
        else:
            instants = self._instants(name, intents, house, fact)
            assert len(instants) == fact.count or fact.count > MANY, (fact, instants)
        for at in instants:
            before = self.closed[name].get(at, Again)
            assert before in (Again, OccurrencesSuperseded), f"{fact} comes after {before}"
            self.closed[name][at] = type(fact)
            self.open[name].discard(at)
            if not isinstance(fact, OccurrencesSuperseded):
                ahead = AT_ONE_INSTANT if intents[name].on or intents[name].after else 0
                assert at <= now + ahead * INSTANT, f"{fact} comes early"
        if isinstance(fact, OccurrenceDue):
            self.started[name, fact.due_at] += 1
            assert self.started[name, fact.due_at] == 1

    def _instants(
        self, name: str, intents: dict[str, Intent], house: Configuration, of: Any
    ) -> list[datetime]:
        first, last, intent = of.first_due_at, of.last_due_at, intents[name]
        if first == last:
            return [first]
        if of.count > MANY:
            assert count_between(intent, house, first - INSTANT, last) >= of.count
            return []
        found = due_between(intent, house, first - INSTANT, last, MANY)
        if isinstance(of, OccurrencesCoalesced | OccurrencesSuperseded) and len(found) > of.count:
            return [at for at in found if at not in self.closed[name]]
        return found


MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
