"""A world in which lives end: at any point of what is going on, with the machine, or in order."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import msgpack

from actors.cleanup.state import open_sweeps
from actors.executor.brief import open_runs
from actors.executor.rules import is_held
from actors.executor.state import OpenRun
from actors.executor.steps import probe_of
from actors.pauses import hear_of_pause
from actors.recall import Recall
from actors.replay.courses import Course
from actors.replay.world import Begun, World, ended_by
from events.configuration import ConfigurationLoaded
from events.daemon import DaemonStopped
from events.record import Record
from events.runs import ProbeEnded, RunAdopted, RunEnded

STOP_WITHIN = timedelta(seconds=10)


class Crash(Exception):
    """Everything in memory is gone."""


class MortalWorld(World):
    """A life ends by Crash, which `live_until` catches; `down` says how long until the next one
    begins, and `paused` whether it begins paused. Memories come from the log where it is kept,
    else from the states, written down and read back.
    """

    lives = 1
    tzdata = ""  # the version of the time zone database

    def live_until(self, end: datetime) -> None:
        """Let true time pass, life after life."""
        while self.true < end:
            try:
                self.run_until(end)
            except Crash:
                self.lives += 1
                self.come_back()

    def down(self) -> timedelta:
        """How long nobody is there before the next life."""
        return timedelta(minutes=1)

    def paused(self) -> bool:
        """Whether the next life begins paused."""
        return False

    def cut_power(self) -> None:
        """The machine goes down: no process is left."""
        self.boot += 1
        self.live.clear()
        raise Crash

    def stop_in_order(self) -> None:
        """What runs may go on for ten seconds; whoever could begin something has gone by then."""
        self.true += STOP_WITHIN
        for run, live in list(self.live.items()):
            del self.live[run]
            if live.ends_at > self.true:
                live = live._replace(course=Course(0, None, "daemon_stopped"))
            end = ended_by(live, self.wall, self.true)
            self._append(self.wall, "process", live.position, end, 0)
        for name in ("executor", "budget", "executor"):
            while self._inboxes[name]:
                self.step(name)
        self._append(self.wall, "daemon", None, DaemonStopped("signal"), 0)
        raise Crash

    def come_back(self) -> None:
        """Another life: memories first, then what had begun is looked after. Nobody knows what
        the clocks showed before it."""
        self._to_do, self._seen = [], None
        unheard = self._remember()
        self.true += self.down()
        self.deaf_until = self.true
        executor = self.states["executor"]
        ended = {record.fact.run for record in unheard if isinstance(record.fact, RunEnded)}
        opened = [run for run in open_runs(executor) if run.run not in ended]
        sweeps = open_sweeps(self.states["cleanup"])
        labels = [*executor.paused]
        for record in unheard:
            hear_of_pause(labels, record.fact)
        held = {run.run for run in opened if is_held(executor, run.work, labels)}
        self._append(
            self.wall, "daemon", None, ConfigurationLoaded(self.digest, tzdata=self.tzdata), 0
        )
        self._append(self.wall, "daemon", None, self._started(paused=self.paused()), 0)
        for run in opened:
            self._recover(run, self.begun[run.run], run.run in held)
        for sweep in sweeps:
            self.sweep(sweep)
        self._look_again(unheard)
        self._settle()

    def _look_again(self, unheard: Sequence[Record]) -> None:
        """Probes that were never answered are asked once more."""
        said = {record.fact.probe for record in unheard if isinstance(record.fact, ProbeEnded)}
        for run in self.states["executor"].probes:
            if probe_of(run) not in said:
                self.probe(probe_of(run), run, self.probing[run])

    def _remember(self) -> Sequence[Record]:
        """Everyone's memory anew; what the executor has still to hear."""
        for name, book in self.books.items():
            if not self.log:
                kept = msgpack.encode(self.states[name])
                self.states[name] = msgpack.decode(kept, type=book.state)
                continue
            recall = Recall(book, None, 0)
            for record in self._heard_by(name):
                recall.take(record)
            memory = recall.finish(self.head)
            self.states[name] = memory.state
            self._inboxes[name].clear()
            self._inboxes[name].extend(memory.unheard)
        return list(self._inboxes["executor"])

    def _heard_by(self, name: str) -> Iterable[Record]:
        hears = self.books[name].hears
        return (record for record in self.log if record.by == name or type(record.fact) in hears)

    def _recover(self, run: OpenRun, begun: Begun, held: bool) -> None:
        """What the door finds of a run without an end, as `actors.executor.recovery` does."""
        live, position = self.live.get(run.run), begun.position
        if run.action.executor == "noop":
            self.live.pop(run.run, None)
            self.later(self.true, lambda: self._begin_again(begun))
        elif live is not None and live.ends_at > self.true:
            unknown = Course(live.course.milliseconds, None, "lost", None, "adopted")
            self.live[run.run] = live._replace(course=unknown)
            self._append(self.wall, "process", position, RunAdopted(run.run, live.pid), 0)
        elif live is not None or run.process is not None or run.boot != str(self.boot):
            self.live.pop(run.run, None)
            lost = RunEnded(run.run, True, self.wall, trouble="lost", detail="ended unseen")
            self.later(self.true, lambda: self._answer(position, lost))
        elif held:
            refused = RunEnded(run.run, False, self.wall, trouble="paused")
            self.later(self.true, lambda: self._answer(position, refused))
        else:
            self.later(self.true, lambda: self._begin_again(begun))
        if run.cancelling:
            self.later(self.true, lambda: self._stop_again(run.run))

    def _stop_again(self, run: str) -> None:
        if run in self.live:
            self.stop(run, "cancelled")

    def _begin_again(self, begun: Begun) -> None:
        run = begun.starting.run
        if run in self.states["executor"].runs and run not in self.live:
            self.start(begun.starting, begun.position)
