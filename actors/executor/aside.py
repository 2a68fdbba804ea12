"""A command beside a run's own: a test before it, a test after it, a look at what became of it.

It has the run's working directory, environment and walls, but a mark and a token of its own, so
that it is never taken for the run. It gets a bounded time, and of what it prints only the end is
remembered. Nothing of it is left when it has ended.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from actors.executor.brief import RunBrief
from actors.executor.child import Child
from actors.executor.custody import Custody, Kin
from actors.executor.environment import token
from actors.executor.folders import Folders
from actors.executor.limits import limit
from actors.executor.loop import Steps, Task
from actors.executor.marks import mark_of, marking
from actors.executor.output import Output
from actors.executor.sandbox import Wall
from actors.executor.secrets import Veil, Veiled
from actors.executor.spawning import NotStarted, Spawned, launched
from actors.executor.watching import Watch
from actors.executor.wish import Wish
from events.runs import Trouble

SECONDS_MAX = 60.0  # of what is no work by itself: a readiness test, a probe
GRACE_SECONDS = 1.0
WORDS_MAX = 300
TOKEN = "HORARIUM_TOKEN"

Kind = Literal["ready", "success", "probe", "git", "wall"]
KINDS: tuple[Kind, ...] = ("ready", "success", "probe", "git", "wall")


class Room(NamedTuple):
    """Where and as whom a run's commands live."""

    brief: RunBrief
    folders: Folders
    environment: Mapping[str, str]
    wall: Wall
    umask: int
    boot: str
    custody: Custody | None
    wish: Wish
    task: Task
    veil: Veil | None = None  # over its secrets


class Heard(NamedTuple):
    """What it said. Without an exit code nothing: `trouble` says why."""

    exit_code: int | None
    said: str  # the end of what it printed, or why there is none
    trouble: Trouble | None = None

    @property
    def words(self) -> str:
        """The last line of it."""
        return self.said.strip().rpartition("\n")[2][:WORDS_MAX]


def heard(
    room: Room, kind: Kind, argv: Sequence[str], seconds: float, place: Path | None = None
) -> Steps[Heard]:
    """Run it to its end. `place` is another working directory than the run's."""
    mark, name = _mark(room, kind)
    run = room.folders.run
    temporary = str(run if run.is_dir() else room.folders.work)
    environment = {**room.environment, TOKEN: name, "TMPDIR": temporary}
    place = place or room.folders.place
    with marking(mark if room.custody is not None else 0):
        spawned = launched(argv, place, environment, room.umask, room.wall)
    if isinstance(spawned, NotStarted):
        return Heard(None, spawned.detail, spawned.trouble)
    return (yield from _watched(room, spawned, mark, seconds))


def _watched(room: Room, spawned: Spawned, mark: int, seconds: float) -> Steps[Heard]:
    child, output = Child(spawned.process), Output(room.folders.output, 0)
    kin = Kin(room.custody, mark, room.task)
    taker = output if room.veil is None else Veiled(output, room.veil)
    watch = Watch(child, spawned.reader, taker, room.wish, room.task, GRACE_SECONDS, kin)
    kin.begun(child.pid)
    try:
        limit(child.pid, room.brief.action)
        yield from watch.until_end(seconds)
    finally:
        if watch.stopped is not None:
            yield from kin.cleared(watch.kill_at)
        usage = child.reap()
        yield from kin.cleared()
        kin.ended()
        yield from watch.drain()
        if room.veil is not None:
            output.take(room.veil.rest())
    if watch.stopped == "timed_out":
        return Heard(None, f"it took longer than {seconds:.0f} s", "timed_out")
    if watch.stopped is not None:
        return Heard(None, room.wish.reason or "", watch.stopped)
    return Heard(usage.exit_code, output.tail())


def left_alone(room: Room) -> Steps[None]:
    """End what an earlier keeper's life has left of them; of each kind, by its mark."""
    for kind in KINDS:
        yield from Kin(room.custody, _mark(room, kind)[0], room.task).cleared()


def _mark(room: Room, kind: Kind) -> tuple[int, str]:
    name = f"{token(room.brief.run, room.boot)}:{kind}"
    return mark_of(name, room.folders.data), name
