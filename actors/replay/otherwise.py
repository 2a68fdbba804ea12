"""A recorded stretch decided again by the rules under another configuration.

People and the daemon's lives come as they were recorded; a run of the same name ends as it was
recorded, after as long; time is made anew from the configuration, and is silent where the log
shows us down or asleep. A run that never happened gets an end that is drawn from those of the
same action. Nothing is performed: there are rule books here and a feed, and no door.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from heapq import heappop

from msgspec.structs import replace

from actors.recall import Recall
from actors.replay.books import BOOKS
from actors.replay.recorded import Change, Recorded, Seen, observation
from actors.replay.rerunning import NOT_RECORDED, Foreseen, Runs
from actors.replay.simulation import Consumer
from events.catalogue import AnyFact
from events.configuration import Configuration, ConfigurationLoaded
from events.daemon import DaemonStarted, DaemonStopped
from events.record import Record
from events.requests import CancelRequested, MoveRequested, ReleaseRequested, SettleRequested
from events.time import TimePassed

RINGS_WITHIN = timedelta(seconds=60)  # of the instant that the clock waits for


class Otherwise(Runs):
    """`change` makes the configuration to decide by from each recorded one. `prefix` are the
    records up to `recorded.position`; in the middle of a log the other settings come into force
    at `since`. `drawn` names the runs whose ends are invented. As long as nobody decides
    otherwise it `follows` the very order of then.
    """

    def __init__(
        self,
        recorded: Recorded,
        prefix: Iterable[Record],
        change: Change,
        seed: int,
        consumer: Consumer,
        *,
        since: datetime | None = None,
        follows: bool = True,
    ) -> None:
        super().__init__(recorded, seed, consumer)
        self._change = change
        self._in_force = recorded.configuration
        self._since, self._may_follow = since, follows
        self._decided = {book.actor: deque[tuple[Record, AnyFact]]() for book in BOOKS}
        self._remember(prefix)

    def live(self, records: Iterable[Record]) -> None:
        """Decide all of it again, to the end of what was recorded; `records` are those behind
        the beginning."""
        known = self._in_force
        if self._may_follow and (known is None or self._change(known) == known):
            self._follow(records)
        parted_at = self.head
        self._settle()
        self._reconfigure()
        for twin in self._recorded.open_at(parted_at):
            self._end_as(twin, twin.run, twin.position)
        for each in self._recorded.seen:
            if each.record.position > parted_at:
                self._live_through(each)
        if self._recorded.axis is not None:
            self._live_until(self._recorded.axis, NOT_RECORDED - 1)

    def _follow(self, records: Iterable[Record]) -> None:
        """As long as everybody decides what was decided then, let them do so in the very order
        of then, so that nothing differs for having come a moment sooner or later."""
        self._follows = True
        for record in records:
            if record.by in self.books:
                if not self._decides(record):
                    break
                self._append(record.at, record.by, record.cause, record.fact, record.depth)
            elif not self._goes_on(record):
                break
        self._follows = False
        for actor, decided in self._decided.items():
            for cause, fact in decided:
                self._append(cause.at, actor, cause.position, fact, cause.depth + 1)

    def _decides(self, record: Record) -> bool:
        """Whether an actor decides the same here, once it has considered the cause."""
        actor, decided = record.by, self._decided[record.by]
        inbox = self._inboxes[actor]
        while not decided and inbox and inbox[0].position <= (record.cause or 0):
            cause = inbox.popleft()
            for fact in self.books[actor].consider(self.states[actor], cause):
                decided.append((cause, fact))
        if not decided or decided[0][0].position != record.cause or decided[0][1] != record.fact:
            return False
        decided.popleft()
        return True

    def _goes_on(self, record: Record) -> bool:
        """Take an observation as it was; False when time itself is another one from here on."""
        fact = observation(record)
        same_time = True
        if isinstance(fact, ConfigurationLoaded) and fact.configuration is not None:
            recorded = fact.configuration
            fact = self._loaded(fact, recorded)
            same_time = self._in_force is None or _time_of(self._in_force) == _time_of(recorded)
        self._append(record.at, record.by, record.cause, fact, record.depth)
        self._axis = max(self._axis, record.at)
        return same_time

    def _live_through(self, each: Seen) -> None:
        self._live_until(each.axis, each.record.position)
        self._axis = max(self._axis, each.axis)
        if each.record.position in self._recorded.absences:
            self._leave()
        self._hear(each)

    def _remember(self, prefix: Iterable[Record]) -> None:
        recalls = {book.actor: Recall(book, None, 0) for book in BOOKS}
        for record in prefix:
            self.head, self.now = record.position, record.at
            self._learn(record.fact)
            for book in BOOKS:
                if record.by == book.actor or type(record.fact) in book.hears:
                    recalls[book.actor].take(record)
        for actor, recall in recalls.items():
            memory = recall.finish(self.head)
            self.states[actor] = memory.state
            self._inboxes[actor].extend(memory.unheard)

    def _reconfigure(self) -> None:
        """Where deciding anew begins in the middle, the other settings come into force there."""
        if self._in_force is None or self.now is None:
            return
        wanted = self._change(self._in_force)
        if wanted != self._in_force:
            self._in_force = wanted
            self._axis = max(self._axis, self._since or self.now)
            at = max(self.now, self._since or self.now)
            self.say(at, ConfigurationLoaded("whatif", wanted), "daemon")

    def _hear(self, seen: Seen) -> None:
        record, fact = seen.record, observation(seen.record)
        match fact:
            case TimePassed():
                due = self._next_instant(self.states["clock"])
                if due is not None and self._recorded.rings.get(due) == seen.axis:
                    del self._recorded.rings[due]
                if due is None or due > record.at:
                    return
            case ConfigurationLoaded(configuration=configuration) as loaded:
                fact = self._loaded(loaded, configuration)
            case DaemonStopped():
                self._cut_short(self._unrecorded(), record, "daemon_stopped")
            case CancelRequested(subject=subject):
                fact = replace(fact, subject=self._here(subject))
            case SettleRequested(run=run):
                fact = replace(fact, run=self._here(run))
            case ReleaseRequested(work=work) | MoveRequested(work=work):
                fact = replace(fact, work=self._here(work))
        self.say(record.at, fact, record.by)
        if isinstance(fact, DaemonStarted):
            lost, self._lost = self._lost, None
            self._cut_short(lost or (), record, "lost")

    def _loaded(
        self, loaded: ConfigurationLoaded, recorded: Configuration | None
    ) -> ConfigurationLoaded:
        if recorded is None:
            return loaded
        wanted = self._change(recorded)
        told = None if wanted == self._in_force else wanted
        self._in_force = wanted
        return replace(loaded, configuration=told)

    def _here(self, subject: str) -> str:
        """What is called so in the log, by its name here; a stranger stays one."""
        names = self._recorded.names
        if (key := names.works.get(subject)) in self._works and key is not None:
            return self._works[key]
        name = names.runs.get(subject)
        found = self._runs.get(name) if name is not None else None
        return found or f"{subject}?"[-200:]

    def _live_until(self, axis: datetime, position: int) -> None:
        """All that comes before a recorded observation: ends of runs, and time made anew."""
        absence = self._recorded.absences.get(position)
        until = axis if absence is None else absence.since
        while True:
            ring, end = self._ring(), self._ends[0] if self._ends else None
            comes = end is not None and self._comes(end, axis, position, until)
            if end is not None and comes and (ring is None or end[0] <= ring):
                self._axis = max(self._axis, end[0])
                heappop(self._ends)[3]()
            elif ring is None or ring > until or ring >= axis:
                return
            else:
                self._axis = max(self._axis, ring)
                self.say(ring, TimePassed(), "timer")

    def _comes(self, end: Foreseen, axis: datetime, position: int, until: datetime) -> bool:
        """Whether an end is seen before that: what is not on record only while somebody lives."""
        return end[:2] < (axis, position) and (end[1] != NOT_RECORDED or end[0] <= until)

    def _ring(self) -> datetime | None:
        """When the clock rings by itself: not while nobody is there, nor asleep, nor where the
        log is about to say that it rang."""
        instant = self._next_instant(self.states["clock"])
        if instant is None or self._lost is not None:
            return None
        ring = max(instant, self._axis)
        ring = self._recorded.asleep_until(ring) or ring
        rang = self._recorded.rings.get(instant)
        return None if rang is not None and ring <= rang <= ring + RINGS_WITHIN else ring


def _time_of(configuration: Configuration) -> tuple[object, ...]:
    it = configuration
    return it.day, it.phases, it.intents, it.policies, it.clock


def completed(prefix: Iterable[Record], consumer: Consumer) -> None:
    """What the actors had still to say when a log ended: a kill cuts it anywhere."""
    world = Otherwise(Recorded(), (), lambda it: it, 0, consumer)
    world._remember(prefix)
    world._settle()
