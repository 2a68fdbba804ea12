"""The life of a run that we start ourselves, from its folder to what is said of its end."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from actors.executor import identity
from actors.executor.aside import Room
from actors.executor.asked_for import judged
from actors.executor.brief import RunBrief
from actors.executor.child import Child, Usage
from actors.executor.custody import Custody, Kin
from actors.executor.door import Now
from actors.executor.endings import Seen, ended, not_started, too_late
from actors.executor.environment import allowed, presented, token
from actors.executor.folders import Folders, folders_of
from actors.executor.kept import keep, kept
from actors.executor.limits import limit
from actors.executor.loop import Steps, Task
from actors.executor.marks import mark_of, marking
from actors.executor.output import Output
from actors.executor.programs.registry import program_of
from actors.executor.readiness import Surroundings
from actors.executor.sandbox import bare
from actors.executor.spawning import NotStarted, Spawned, arguments, launched, prepared
from actors.executor.talk import begun_talk
from actors.executor.watching import Process, Stopped, Taker, Watch
from actors.executor.wish import Wish
from events.runs import ProbeEnded, RunAdopted, RunEnded, RunStarted, Trouble

if TYPE_CHECKING:
    from actors.executor.listening import Listening

Observed = RunStarted | RunAdopted | RunEnded | ProbeEnded
NOT_ALL_ENDED = "some of its processes could not be ended"
LEFT_RUNNING = "what it had left running was ended with it"


class World(NamedTuple):
    """What all runs of a daemon's life have in common."""

    data: Path
    boot: str
    tell: Callable[[int, Sequence[Observed]], None]
    now: Now
    environment: Mapping[str, str]  # the daemon's own
    umask: int  # of the processes; -1: the daemon's own
    births: identity.Births
    custody: Custody | None = None  # Only a keeper has it.


class Life:
    """One run in this life of the daemon. `live` takes as long as the run does."""

    def __init__(self, world: World, brief: RunBrief, answers: int, task: Task) -> None:
        self.world, self.brief, self.task = world, brief, task
        self.wish = Wish(task.nudge)
        self.around = Surroundings(brief, folders_of(brief, world.data), world.environment)
        self._answers = answers
        self._mark = mark_of(token(brief.run, world.boot), world.data)
        self.kin = Kin(world.custody, self._mark, task)
        self._begun_as: RunStarted | None = None
        self._pid = 0  # of its process, while that is watched

    @property
    def folders(self) -> Folders:
        """Where its files are, and where it works."""
        return self.around.folders

    def tell(self, seen: Observed) -> None:
        """Answer the decision by which it was started."""
        self.world.tell(self._answers, [seen])

    def told_again(self, answers: int, started: RunStarted | None) -> None:
        """Another life of the daemon asks for it, whose log knows of this beginning."""
        self._answers = answers
        if started is None and self._begun_as is not None:
            self.tell(self._begun_as)
        if self._pid:
            self.tell(RunAdopted(self.brief.run, self._pid))

    def keep(self, ended: RunEnded) -> None:
        """Write down how it ended, before it is told."""
        keep(self.world.data, ended)

    def kept(self) -> RunEnded | None:
        """Its end, if that was written down."""
        return kept(self.world.data, self.brief.run)

    def watching(self, pid: int) -> None:
        """This is its process; 0: there is none any more."""
        self._pid = pid

    def live(self) -> Steps[RunEnded | None]:
        """Start it, if that may still be, and watch it to its end; None when the daemon stops
        before it begins, for then it is the next life's."""
        unbegun = self._unwanted() or (yield from self._arranged()) or self._unwanted()
        if unbegun is not None and self.wish.trouble == "daemon_stopped":
            return None
        ended = unbegun or self._prepared() or (yield from self._begun())
        return (yield from self.around.left(self.room(), ended))

    def _unwanted(self) -> RunEnded | None:
        """Why it may not begin now, if so."""
        now = self.world.now()
        if self.wish.reason is not None:
            return not_started(self.brief, now, NotStarted("cancelled", self.wish.reason))
        return too_late(self.brief, now) if now > self.brief.not_after else None

    def _arranged(self) -> Steps[RunEnded | None]:
        unfit = yield from self.around.arranged(self.room)
        return None if unfit is None else not_started(self.brief, self.world.now(), unfit)

    def _prepared(self) -> RunEnded | None:
        unfit = prepared(self.brief, self.folders)
        return None if unfit is None else not_started(self.brief, self.world.now(), unfit)

    def room(self) -> Room:
        """Where its commands live, as things are now."""
        world, around = self.world, self.around
        return Room(
            self.brief,
            around.folders,
            self._environment(),
            around.wall,
            world.umask,
            world.boot,
            world.custody,
            self.wish,
            self.task,
            around.veil,
        )

    def paused(self) -> RunEnded:
        """It never began, and may not begin now."""
        return not_started(self.brief, self.world.now(), NotStarted("paused", ""))

    def lost(self, detail: str) -> RunEnded:
        """Nobody can know what became of it."""
        return not_started(self.brief, self.world.now(), NotStarted("lost", detail))

    def output(self) -> "Output | Listening":
        """Where what it prints is to go."""
        program = program_of(self.brief.executor)
        if program is None:
            return Output(self.folders.output, self.brief.output_max_bytes)
        from actors.executor.listening import Listening  # Most runs need none of it.

        return Listening(self.brief, self.folders, program, self.wish, self.world.now)

    def ended(self, seen: Seen, output: "Output | Listening") -> RunEnded:
        """Its end, with what it said."""
        veil = self.around.veil
        if veil is not None:
            output.take(veil.rest())
        plain = ended(self.brief, self.world.now(), seen, output, self.folders.result)
        return plain if isinstance(output, Output) else output.finish(plain)

    def _begun(self) -> Steps[RunEnded]:
        world, talk = self.world, begun_talk(self.brief, self.folders)
        if isinstance(talk, NotStarted):
            return not_started(self.brief, world.now(), talk)
        argv = arguments(self.brief.action) if talk is None else talk.words
        stdin = None if talk is None else talk.stdin
        since_ns = identity.boot_ns()
        with marking(self._mark if world.custody is not None else 0):
            spawned = launched(
                argv, self.folders.place, self._environment(), world.umask, self.around.wall, stdin
            )
        if isinstance(spawned, NotStarted):
            return not_started(self.brief, world.now(), spawned)
        output = self.output()
        try:
            if talk is not None:
                output.remark(*talk.remarks)
            ended = self.ended((yield from self._watched(spawned, since_ns, output)), output)
            answer = None if isinstance(output, Output) else output.answered
            return (yield from judged(self.room(), ended, answer))
        finally:
            output.close()

    def _environment(self) -> dict[str, str]:
        names = (*self.brief.environment, *self.brief.action.pass_environment)
        return {
            **allowed(names, self.world.environment),
            **self.brief.action.environment,
            **self.around.secrets,
            **presented(self.brief, self.folders, self.world.boot),
        }

    def watch(self, process: Process, reader: int | None, output: Taker) -> Watch:
        """A watch over its process."""
        grace = self.brief.action.grace_seconds
        taker = self.around.veiling(output)
        return Watch(process, reader, taker, self.wish, self.task, grace, self.kin)

    def _watched(self, spawned: Spawned, since_ns: int, output: Taker) -> Steps[Seen]:
        began, child = monotonic(), Child(spawned.process)
        watch = self.watch(child, spawned.reader, output)
        self.kin.begun(child.pid)
        try:
            limit(child.pid, self.brief.action)
            self._introduce(child.pid, since_ns)
            yield from watch.until_end(self.brief.action.timeout_seconds)
        finally:
            duration_ms = round(1000 * (monotonic() - began))
            if watch.stopped is not None:
                yield from self.kin.cleared(watch.kill_at)
            else:
                self.kin.look_back()
            usage = child.reap()
            self.watching(0)
            all_ended = yield from self.kin.cleared()
            more_cpu_ms = self.kin.ended()
            yield from watch.drain()
        trouble, detail = self._trouble(watch.stopped, usage)
        if not all_ended:
            detail = "; ".join(filter(None, (detail, NOT_ALL_ENDED)))
        elif trouble is None and self.kin.outlived and self.around.wall is bare:
            detail = LEFT_RUNNING
        cpu_ms = usage.cpu_ms + more_cpu_ms
        peak_bytes = max(usage.peak_bytes, watch.peak_bytes, self.kin.peak_bytes)
        return Seen(
            trouble, detail, usage.exit_code, duration_ms, cpu_ms, peak_bytes, self.kin.most
        )

    def _introduce(self, pid: int, since_ns: int) -> None:
        world, now = self.world, self.world.now()
        ticks = world.births.of(pid, since_ns, identity.boot_ns())
        self._begun_as = RunStarted(self.brief.run, pid, world.boot, ticks, now)
        self.watching(pid)
        self.tell(self._begun_as)

    def _trouble(self, stopped: Stopped | None, usage: Usage) -> tuple[Trouble | None, str]:
        if stopped is not None:
            return stopped, self.stopped_because(stopped)
        if usage.exit_code is None:
            return "lost", "its exit status was taken by somebody else"
        return None, ""

    def stopped_because(self, stopped: Stopped) -> str:
        """Why we stopped it."""
        if stopped == "timed_out":
            return f"stopped after {self.brief.action.timeout_seconds} s"
        return self.wish.reason or ""
