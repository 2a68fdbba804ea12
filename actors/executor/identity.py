"""Who a process is, beyond doubt: its boot, its number and when it began.

On Linux from /proc; elsewhere a process of an earlier life cannot be told from another that has
got its number, so none is ever taken for ours.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
LINE_BYTES = 4096  # more than the longest line of numbers
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
TICK_NS = 10**9 // TICKS_PER_SECOND


class Stat(NamedTuple):
    """A line of /proc/PID/stat, as far as it tells who a process is."""

    state: str  # one letter, of its first thread; Z and X are dead
    parent: int
    group: int
    session: int
    ticks: int  # when it began, in clock ticks since boot
    threads: int = 1

    @property
    def lives(self) -> bool:
        """Whether it runs: it may have lost its first thread and live on in others."""
        return self.state not in "ZX" or self.threads > 1


def boot_id() -> str:
    """The kernel's name for this boot; another one means that every process of before is gone."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        import psutil

        return f"{psutil.boot_time():.0f}"


def stat(pid: int) -> Stat | None:
    """Who bears this number now, or None."""
    line = _read(pid, "stat", LINE_BYTES)
    return parsed(line) if line else None


def parsed(line: bytes) -> Stat:
    """The program's name stands in parentheses and may hold anything, also `) R 1`."""
    fields = line[line.rindex(b")") + 2 :].split()
    return Stat(fields[0].decode(), *(int(fields[n]) for n in (1, 2, 3, 19, 17)))


class Births:
    """When processes began, in ticks; 0 when nobody can know.

    One that began between two readings of the boot clock within the same tick began in that one.
    To ask the kernel instead would take until the process has become its own program. It is
    asked the first time, and in doubt: only while it agrees is the clock trusted.
    """

    def __init__(self) -> None:
        self._agreed = False

    def of(self, pid: int, since_ns: int, until_ns: int) -> int:
        """`since_ns` and `until_ns` are of `boot_ns`, before and after it was made."""
        first, last = since_ns // TICK_NS, until_ns // TICK_NS
        if self._agreed and first == last:
            return first
        found = stat(pid)
        self._agreed = found is not None and first <= found.ticks <= last
        return 0 if found is None else found.ticks


def boot_ns() -> int:
    """The kernel's clock that nobody sets, where it has one."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else 0


def is_alive(pid: int, ticks: int) -> bool:
    """Whether that very process still lives. Without `ticks` nobody can know: no."""
    found = stat(pid)
    return found is not None and found.ticks == ticks > 0 and found.lives


def age_seconds(ticks: int) -> float:
    """How long ago it began, by the kernel's clock that nobody sets."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / TICKS_PER_SECOND


def peak_bytes(pid: int) -> int:
    """The most memory that it has held so far, 0 when nobody can know."""
    _, found, rest = _read(pid, "status").partition(b"VmHWM:")
    return int(rest.split(None, 1)[0]) * 1024 if found else 0


def environment(pid: int) -> dict[bytes, bytes]:
    """The environment with which it began; empty when it is gone or not ours."""
    lines = _read(pid, "environ").split(b"\0")
    return {name: value for name, _, value in (line.partition(b"=") for line in lines)}


def numbers() -> list[int]:
    """Of all processes there are; none where nobody can know."""
    try:
        names = os.listdir(PROC)  # noqa: PTH208  Names are all that is wanted.
        return [int(name) for name in names if name.isdecimal()]
    except OSError:
        return []


def bearers(token: str, data: Path) -> Iterator[int]:
    """The processes of our own user whose environment names this run of this data folder."""
    marks = {b"HORARIUM_TOKEN": token.encode(), b"HORARIUM_DATA": os.fsencode(data)}
    own = os.getuid()
    for pid in numbers():
        if owner(pid) == own and marks.items() <= environment(pid).items():
            yield pid


def newest() -> int:
    """The number of the process that was made last; -1 where nobody can know."""
    try:
        descriptor = os.open(f"{PROC}/loadavg", os.O_RDONLY)
    except OSError:
        return -1
    try:
        return int(os.read(descriptor, LINE_BYTES).split()[-1])
    except (OSError, ValueError, IndexError):
        return -1
    finally:
        os.close(descriptor)


def threads_of(user: int) -> int:
    """How many threads all processes of a user have, as the kernel counts processes."""
    own = (pid for pid in numbers() if owner(pid) == user)
    found = (_read(pid, "stat", LINE_BYTES) for pid in own)
    return sum(parsed(line).threads for line in found if line)


def owner(pid: int) -> int:
    """The user whose process it is, -1 when it is gone."""
    try:
        return os.stat(f"{PROC}/{pid}").st_uid  # noqa: PTH116  A Path takes ten times as long.
    except OSError:
        return -1


def _read(pid: int, name: str, most: int = 0) -> bytes:
    """A file of a process, empty when that is gone; with `most`, what one look at it shows."""
    try:
        descriptor = os.open(f"{PROC}/{pid}/{name}", os.O_RDONLY)
    except OSError:
        return b""
    try:
        if most:
            return os.read(descriptor, most)
        parts = []
        while part := os.read(descriptor, 64 * 1024):
            parts.append(part)
        return b"".join(parts)
    except OSError:  # It ended while we read.
        return b""
    finally:
        os.close(descriptor)
