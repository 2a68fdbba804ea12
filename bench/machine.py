"""Where it was measured: without the machine a figure says nothing."""

import os
import platform
import sqlite3
import statistics
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import psutil

LOAD_MAX = 1.0
SYNCS = 200
PAGE = b"\0" * 4096


class Machine(NamedTuple):
    """`load` is that of the last minute before anything was measured."""

    date: str
    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str
    sqlite: str
    files: str
    sync_ms: float
    load: float


def this_machine(folder: Path) -> Machine:
    """`folder` is where the measurements keep their files."""
    return Machine(
        datetime.now().astimezone().isoformat(" ", "minutes"),
        _processor(),
        os.cpu_count() or 1,
        round(psutil.virtual_memory().total / 2**30, 1),
        f"{platform.system()} {platform.release()}",
        platform.python_version(),
        sqlite3.sqlite_version,
        _file_system(folder),
        _sync_ms(folder / "sync"),
        round(os.getloadavg()[0], 2),
    )


def described(machine: Machine) -> str:
    """The lines above the table, a warning among them when others were at work."""
    lines = [
        f"{machine.date}, {machine.processor}, {machine.cores} cores, {machine.memory_gib} GiB, "
        f"{machine.system}",
        f"Python {machine.python}, SQLite {machine.sqlite}, {machine.files}, "
        f"4 KiB written and synced in {machine.sync_ms:.2f} ms, load {machine.load} at the start",
    ]
    if machine.load > LOAD_MAX:
        lines.append(
            f"WARNING: the load was {machine.load} before anything began: others were at work, "
            "and the figures say less than they could."
        )
    return "\n".join(lines)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _file_system(folder: Path) -> str:
    mounts = [
        mount
        for mount in psutil.disk_partitions(all=True)
        if folder.resolve().is_relative_to(mount.mountpoint)
    ]
    nearest = max(mounts, key=lambda mount: len(mount.mountpoint), default=None)
    return nearest.fstype if nearest else "unknown file system"


def _sync_ms(path: Path) -> float:
    """What it costs to have a page on the disk, at the median."""
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            began = perf_counter()
            file.write(PAGE)
            os.fsync(file.fileno())
            took.append(1000 * (perf_counter() - began))
    return statistics.median(took)
