"""After a restart: what became of a run of which the log has no end.

The processes of an earlier life live on in sessions of their own, and wait when their pipe is
full. One that is found beyond doubt is adopted: watched, held to what is left of its time, and
stopped on request. How it ended nobody can know, for its status went to another parent; so its
end is `lost`, also when it left a result behind, unless it was stopped here: then it is known
why it ended. What was never begun is begun, unless it is paused.

Of what it printed is lost what the killed daemon had read and not yet written, and what nobody
had read when the last process that held the pipe ended.
"""

import os
import signal
from contextlib import suppress

from actors.executor import identity
from actors.executor.endings import Seen
from actors.executor.environment import token
from actors.executor.life import Life
from actors.executor.spawning import reopened
from actors.executor.watching import Watch, open_pidfd
from events.runs import RunAdopted, RunEnded, RunStarted


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
) -> RunEnded | None:
    """Find out what became of it, and if it lives see it to its end.

    None for one that did not begin before the daemon stopped.
    """
    if not same_boot:
        return _lost(life, "the machine was started anew")
    if started is None and not life.folders.run.exists():
        return life.paused() if paused else life.live()
    found = _found(life, started)
    if found is not None:
        return _adopted(life, *found)
    if started is not None:
        _kill_group(life, started.pid)
    return _lost(life, "it ended unseen, while the daemon was down")


def _found(life: Life, started: RunStarted | None) -> tuple[int, int] | None:
    """Its process and when that began, if it lives: as the log knows it, else by its token."""
    if started is not None:
        known = started.pid, started.start_ticks
        return known if identity.is_alive(*known) else None
    bearers = ((pid, identity.stat(pid)) for pid in _bearers(life))
    leaders = [(at.ticks, pid) for pid, at in bearers if at is not None and at.session == pid]
    ticks, pid = min(leaders, default=(0, 0))
    return (pid, ticks) if identity.is_alive(pid, ticks) else None


def _adopted(life: Life, pid: int, ticks: int) -> RunEnded:
    process, output = Adopted(pid, ticks), life.output()
    try:
        output.resume()
        watch = Watch(process, reopened(pid), output, life.wish, life.brief.action.grace_seconds)
        life.tell(RunAdopted(life.brief.run, pid))
        if not process.has_ended():  # Looked at again, for now its descriptor is held.
            watch.until_end(life.brief.action.timeout_seconds - identity.age_seconds(ticks))
        duration_ms = round(1000 * identity.age_seconds(ticks))
        _kill_group(life, pid)
        watch.drain()
        return life.ended(_seen(life, watch, duration_ms), output)
    finally:
        process.close()
        output.close()


def _seen(life: Life, watch: Watch, duration_ms: int) -> Seen:
    why = "its exit status is not known"
    if watch.stopped is not None:
        why = life.stopped_because(watch.stopped)
    return Seen(
        trouble=watch.stopped or "lost",
        detail="; ".join(filter(None, ("adopted after a restart", why))),
        duration_ms=duration_ms,
        peak_bytes=watch.peak_bytes,
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


def _kill_group(life: Life, leader: int) -> None:
    """Kill what is left of it: what bears the run's token and is of that group still."""
    for pid in _bearers(life):
        pidfd = open_pidfd(pid)
        if pidfd is None:
            continue
        found = identity.stat(pid)
        if found is not None and found.group == leader:
            with suppress(OSError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        os.close(pidfd)
