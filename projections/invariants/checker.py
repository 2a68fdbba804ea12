"""One pass over a log: every record, every check."""

from collections.abc import Iterable, Mapping

from events.catalogue import AnyFact
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStarted, DaemonStopped
from events.fact import Fact
from events.record import Record
from events.time import ClockStepped, HostSlept, TimePassed
from projections.invariants.alarms import Alarms
from projections.invariants.alerts import Alerts
from projections.invariants.answers import Answers
from projections.invariants.breakers import Breakers
from projections.invariants.buffers import Buffers
from projections.invariants.causes import Causes
from projections.invariants.check import Check, Handler, Tell
from projections.invariants.days import Days
from projections.invariants.executors import Executors
from projections.invariants.expected import Expectations
from projections.invariants.holds import Holds
from projections.invariants.idleness import Idleness
from projections.invariants.intents import Intents
from projections.invariants.keys import Keys
from projections.invariants.lanes import Lanes
from projections.invariants.lives import Lives
from projections.invariants.moments import Moments
from projections.invariants.money import Money
from projections.invariants.occurrences import Occurrences
from projections.invariants.past import ACTORS, Past
from projections.invariants.pauses import Pauses
from projections.invariants.quotas import Quotas
from projections.invariants.revivals import Revivals
from projections.invariants.runs import Runs
from projections.invariants.sweeps import Sweeps
from projections.invariants.tellings import Tellings
from projections.invariants.triggers import Triggers
from projections.invariants.unknowns import Unknowns
from projections.invariants.works import Works

# In this order they hear a fact: money looks at a run before its refusal is the end of it.
CHECKS: tuple[type[Check], ...] = (
    Lives,
    Moments,
    Intents,
    Days,
    Expectations,
    Occurrences,
    Triggers,
    Buffers,
    Keys,
    Alarms,
    Alerts,
    Breakers,
    Tellings,
    Revivals,
    Idleness,
    Works,
    Money,
    Quotas,
    Sweeps,
    Executors,
    Unknowns,
    Runs,
    Holds,
    Pauses,
    Lanes,
)


MOMENTS = frozenset({TimePassed, DaemonStarted, HostSlept, ClockStepped, ConfigurationLoaded})


class Checker:
    """Takes the records of a log in order. `tell` is told of each violation at once.

    Of a log that begins `after` a record little is known: only causes and answers are looked at.
    """

    def __init__(self, tell: Tell, after: int = 0) -> None:
        self.past = Past()
        self._causes, self._answers = Causes(self.past, tell), Answers(self.past, tell)
        self._checks = [] if after else [check(self.past, tell) for check in CHECKS]
        self._heard = [check.handlers() for check in self._checks]
        self._handlers: dict[type[Fact], tuple[Handler, ...]] = {}
        self._last: type[AnyFact] | None = None

    def take(self, records: Iterable[Record]) -> None:
        """Those that follow upon what was taken before."""
        past, known = self.past, self._handlers
        kind = self._last
        for record in records:
            fact = record.fact
            kind = type(fact)
            past.at = at = record.at
            latest = past.latest
            if latest is None or (at > latest and not record.depth):
                past.advance(at, told=kind in MOMENTS)
            if (handlers := known.get(kind)) is None:
                handlers = known[kind] = self._of(kind)
            for handler in handlers:
                handler(record, fact)
            past.head = record.position
        self._last = kind

    def _of(self, kind: type[AnyFact]) -> tuple[Handler, ...]:
        """All that looks at the records of a kind, in order."""
        found = (handlers.get(kind) for handlers in self._heard)
        every = (*self._answers.handlers(kind), self._causes.handler(kind))
        return (*every, *(handler for handler in found if handler is not None))

    def finish(self, considered: Mapping[str, int]) -> None:
        """The log ends here. `considered` is how far the actors are known to have come."""
        for actor in ACTORS:
            known = self.past.considered
            known[actor] = max(known[actor], considered.get(actor, 0))
        self._answers.finish(closed=self._last is DaemonStopped)
        for check in self._checks:
            check.finish(closed=self._last is DaemonStopped)
