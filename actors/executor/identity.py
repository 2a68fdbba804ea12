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
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Stat(NamedTuple):
    """A line of /proc/PID/stat, as far as it tells who a process is."""

    state: str  # one letter; Z and X are dead
    group: int
    session: int
    ticks: int  # when it began, in clock ticks since boot


def boot_id() -> str:
    """The kernel's name for this boot; another one means that every process of before is gone."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        import psutil

        return f"{psutil.boot_time():.0f}"


def stat(pid: int) -> Stat | None:
    """Who bears this number now, or None."""
    line = _read(pid, "stat")
    return parsed(line) if line else None


def parsed(line: bytes) -> Stat:
    """The program's name stands in parentheses and may hold anything, also `) R 1`."""
    fields = line[line.rindex(b")") + 2 :].split()
    return Stat(fields[0].decode(), int(fields[2]), int(fields[3]), int(fields[19]))


def is_alive(pid: int, ticks: int) -> bool:
    """Whether that very process still lives. Without `ticks` nobody can know: no."""
    found = stat(pid)
    return found is not None and found.ticks == ticks > 0 and found.state not in "ZX"


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


def bearers(token: str, data: Path) -> Iterator[int]:
    """The processes of our own user whose environment names this run of this data folder."""
    marks = {b"HORARIUM_TOKEN": token.encode(), b"HORARIUM_DATA": os.fsencode(data)}
    own = os.getuid()
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and _owner(entry) == own:
            found = environment(int(entry.name))
            if marks.items() <= found.items():
                yield int(entry.name)


def _owner(process: Path) -> int:
    try:
        return process.stat().st_uid
    except OSError:
        return -1


def _read(pid: int, name: str) -> bytes:
    """A file of a process, empty when that is gone."""
    try:
        descriptor = os.open(f"{PROC}/{pid}/{name}", os.O_RDONLY)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(descriptor, 64 * 1024):
            parts.append(part)
        return b"".join(parts)
    except OSError:  # It ended while we read.
        return b""
    finally:
        os.close(descriptor)
