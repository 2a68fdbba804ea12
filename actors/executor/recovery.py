"""After a restart: what became of a run of which the log has no end.

Its end may have been written down. Else the processes of an earlier life live on in sessions of
their own, and wait when their pipe is full. One that is found beyond doubt is adopted: watched,
held to what is left of its time, and stopped on request. How it ended nobody can know, for its
status went to another parent; so its end is `lost`, also when it left a result behind, unless it
was stopped here: then it is known why it ended; or unless its parent is another keeper, that
writes its end down. What was never begun is begun, unless it is paused.

Of what it printed is lost what the killed daemon had read and not yet written, and what nobody
had read when the last process that held the pipe ended.
"""

import os
from contextlib import suppress
from signal import SIGKILL
from time import monotonic

from msgspec import structs

from actors.executor import identity
from actors.executor.endings import Seen
from actors.executor.environment import token
from actors.executor.life import Life
from actors.executor.loop import Steps
from actors.executor.spawning import reopened
from actors.executor.watching import Watch, open_pidfd, send
from events.runs import RunAdopted, RunEnded, RunStarted

KEEPER = "HORARIUM_KEEPER"  # in the environment of a keeper, with its data folder
WRITING_SECONDS = 5.0  # that another keeper may take to write an end down
LOOK_SECONDS = 0.02


class Adopted:
    """A process of an earlier life: not our child, so it is known by when it began."""

    def __init__(self, pid: int, ticks: int) -> None:
        self.pid, self._ticks = pid, ticks
        self.pidfd = open_pidfd(pid)

    def has_ended(self) -> bool:
        """Whether that very process is dead."""
        return not identity.is_alive(self.pid, self._ticks)

    def signal(self, number: int) -> None:
        """Send it to the process and its group."""
        if not self.has_ended():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def close(self) -> None:
        """Let go of its descriptor."""
        if self.pidfd is not None:
            os.close(self.pidfd)


def look_after(
    life: Life, started: RunStarted | None, same_boot: bool, paused: bool
) -> Steps[RunEnded | None]:
    """Find out what became of it, and if it lives see it to its end.

    None for one that did not begin before the daemon stopped.
    """
    ended = yield from _found_out(life, started, same_boot, paused)
    return ended and (yield from life.around.found_over(life.room(), ended))


def _found_out(
    life: Life, started: RunStarted | None, same_boot: bool, paused: bool
) -> Steps[RunEnded | None]:
    if started is None and same_boot and not life.folders.run.exists():
        return life.paused() if paused else (yield from life.live())
    if not same_boot:
        return life.kept() or _lost(life, "the machine was started anew")
    found = _known(started)
    if found is None and (finished := life.kept()) is not None:
        return finished
    found = found or _found(life, started)
    if found is not None:
        return (yield from _adopted(life, *found))
    yield from _end_the_rest(life, 0 if started is None else started.pid)
    return _lost(life, "it ended unseen, while the daemon was down")


def _known(started: RunStarted | None) -> tuple[int, int] | None:
    """Its process and when that began, if the log knows it and it lives."""
    if started is not None and identity.is_alive(started.pid, started.start_ticks):
        return started.pid, started.start_ticks
    return None


def _found(life: Life, started: RunStarted | None) -> tuple[int, int] | None:
    """Likewise, by its mark or its token, when the log knows of no process."""
    if started is not None:
        return None
    return _leader(life.kin.living(life.task.woke_at)) or _leader(_bearers(life))


def _leader(pids: list[int]) -> tuple[int, int] | None:
    """The first process of them that leads a session, and when it began, if it lives."""
    seen = ((pid, identity.stat(pid)) for pid in pids)
    leaders = [(at.ticks, pid) for pid, at in seen if at is not None and at.session == pid]
    ticks, pid = min(leaders, default=(0, 0))
    return (pid, ticks) if identity.is_alive(pid, ticks) else None


def _adopted(life: Life, pid: int, ticks: int) -> Steps[RunEnded]:
    process, output, other = Adopted(pid, ticks), life.output(), _keeper_of(life, pid)
    try:
        output.resume()
        watch = life.watch(process, None if other else reopened(pid), output)
        life.watching(pid)
        life.tell(RunAdopted(life.brief.run, pid))
        if not process.has_ended():  # Looked at again, for now its descriptor is held.
            left = life.brief.action.timeout_seconds - identity.age_seconds(ticks)
            yield from watch.until_end(left)
        duration_ms = round(1000 * identity.age_seconds(ticks))
        life.watching(0)
        if watch.stopped is not None:
            yield from life.kin.cleared(watch.kill_at)
        written = None if other is None else (yield from _written(life, *other))
        yield from _end_the_rest(life, pid)
        yield from watch.drain()
        if written is not None:
            return _merged(life, written, watch)
        return life.ended(_seen(life, watch, duration_ms), output)
    finally:
        process.close()
        output.close()


def _keeper_of(life: Life, pid: int) -> tuple[int, int] | None:
    """Another keeper of this data folder whose child it is: that one reads what it prints, and
    will know how it ended."""
    at = identity.stat(pid)
    parent = None if at is None else identity.stat(at.parent)
    if at is None or parent is None or at.parent == os.getpid():
        return None
    keeps = identity.environment(at.parent).get(KEEPER.encode())
    return (at.parent, parent.ticks) if keeps == os.fsencode(life.world.data) else None


def _written(life: Life, keeper: int, ticks: int) -> Steps[RunEnded | None]:
    """The end that the other keeper writes down, if it does."""
    until = monotonic() + WRITING_SECONDS
    while (ended := life.kept()) is None:
        if monotonic() > until or not identity.is_alive(keeper, ticks):
            return life.kept()
        yield monotonic() + LOOK_SECONDS
    return ended


def _merged(life: Life, written: RunEnded, watch: Watch) -> RunEnded:
    """The other keeper saw how it ended; we know why, if we stopped it."""
    if watch.stopped is None:
        return written
    return structs.replace(
        written, trouble=watch.stopped, detail=life.stopped_because(watch.stopped)
    )


def _seen(life: Life, watch: Watch, duration_ms: int) -> Seen:
    why = "its exit status is not known"
    if watch.stopped is not None:
        why = life.stopped_because(watch.stopped)
    return Seen(
        trouble=watch.stopped or "lost",
        detail="; ".join(filter(None, ("adopted after a restart", why))),
        duration_ms=duration_ms,
        peak_bytes=max(watch.peak_bytes, life.kin.peak_bytes),
        processes=life.kin.most,
    )


def _lost(life: Life, detail: str) -> RunEnded:
    """Lost, with what it left."""
    if not life.folders.run.exists():
        return life.lost(detail)
    output = life.output()
    try:
        output.resume()
        return life.ended(Seen("lost", detail), output)
    finally:
        output.close()


def _bearers(life: Life) -> list[int]:
    mark = token(life.brief.run, life.world.boot)
    return list(identity.bearers(mark, life.world.data))


def _end_the_rest(life: Life, leader: int) -> Steps[None]:
    """Kill what is left of it: what bears the run's mark, and what bears its token and is of
    that group still."""
    for pid in _bearers(life) if leader else ():
        pidfd = open_pidfd(pid)
        if pidfd is None:
            continue
        found = identity.stat(pid)
        if found is not None and found.group == leader:
            send(pidfd, SIGKILL)
        os.close(pidfd)
    yield from life.kin.cleared()
